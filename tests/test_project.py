"""The habits of the tree: what is required is what is imported, and nothing is left out."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

import pytest

import loyalcore

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src" / "loyalcore"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]

# Read by zoneinfo, where the machine has no time zones of its own.
NEVER_IMPORTED = {"tzdata"}

# Part of pydantic, which requires one exact version of it.
PARTS = {"pydantic-core": "pydantic"}


def distribution(requirement: str) -> str:
    """The normal form of a distribution's name: "ruamel.yaml>=0.18" is "ruamel-yaml"."""
    name = re.match(r"[\w.-]+", requirement)
    assert name is not None
    return re.sub(r"[-_.]+", "-", name[0]).lower()


def imported(path: Path) -> Iterator[str]:
    """The modules that the file imports, by their full names."""
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.module is not None
            yield node.module
        elif isinstance(node, ast.Call) and ast.unparse(node.func) == "importlib.import_module":
            yield from (ast.literal_eval(part) for part in node.args)


# Only who tests plugins needs it: `pip install loyalcore[testing]`.
TESTING = SOURCE / "testing" / "fixtures.py"


def test_every_import_is_a_requirement_and_every_requirement_is_imported() -> None:
    paths = [path for path in SOURCE.rglob("*.py") if path != TESTING]
    modules = {module for path in paths for module in imported(path)}
    others = {module.split(".")[0] for module in modules} - sys.stdlib_module_names - {"loyalcore"}
    owners = metadata.packages_distributions()
    used = {distribution(owner) for module in others for owner in owners.get(module, [module])}
    used = {PARTS.get(name, name) for name in used}

    assert used == {distribution(line) for line in PROJECT["dependencies"]} - NEVER_IMPORTED


def test_the_installed_version_is_that_of_the_code() -> None:
    assert metadata.version("loyalcore") == loyalcore.__version__


def test_the_command_is_installed() -> None:
    (command,) = metadata.entry_points(group="console_scripts", name="loyalcore")

    assert command.value == "loyalcore.cli:main"


@pytest.mark.parametrize("word", ["utils", "util", "helpers", "manager", "common", "misc", "data"])
def test_no_room_is_named_for_nothing(word: str) -> None:
    assert [path for path in SOURCE.rglob("*") if path.stem == word] == []


def test_no_test_is_left_out_but_for_an_absent_interpreter() -> None:
    # Put together, so that this file does not hold the words.
    words = "|".join(rf"\b{word}" for word in ("skip" + "if", "skip" + r"\(", "x" + "fail"))
    leaving_out = {
        path.name
        for folder in ("tests", "plugins")
        for path in (ROOT / folder).rglob("*.py")
        if re.search(words, path.read_text(encoding="utf-8"))
    }

    assert leaving_out <= {"test_interpreters.py"}
