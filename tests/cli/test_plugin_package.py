"""`loyalcore plugins new`: packages that pass their own tests, ruff and mypy as they are laid."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import loyalcore
from loyalcore.cli.plugin_package import KINDS, package

Cli = Callable[..., Any]

SOURCE = Path(loyalcore.__file__).parents[1]


def tool(folder: Path, *arguments: str) -> None:
    """Run a tool on the packages in `folder`; it must be content."""
    sources = [str(path) for path in folder.glob("*/src")]
    path = os.pathsep.join([*sources, str(SOURCE)])
    done = subprocess.run(
        [sys.executable, "-m", *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": path, "MYPYPATH": os.pathsep.join(sources)},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module")
def laid(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a package of each kind."""
    folder = tmp_path_factory.mktemp("laid")
    for kind in KINDS:
        for path, text in package(kind, f"a-{kind}").items():
            (folder / kind / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / kind / path).write_text(text)
    return folder


def test_their_own_tests_pass(laid: Path) -> None:
    options = ["-q", "-p", "no:cacheprovider", "-W", "error", "--import-mode=importlib"]
    tool(laid, "pytest", *options, *KINDS)


def test_ruff_finds_nothing(laid: Path) -> None:
    tool(laid, "ruff", "check", "--no-cache", ".")
    tool(laid, "ruff", "format", "--no-cache", "--check", ".")


def test_mypy_finds_nothing(laid: Path) -> None:
    # All at once, and what they import taken as it is: that is checked elsewhere.
    tool(laid, "mypy", "--strict", "--follow-imports=silent", "--cache-dir", os.devnull, ".")


@pytest.mark.parametrize("kind", KINDS)
def test_a_package_has_all_it_needs(laid: Path, kind: str) -> None:
    made = {str(path.relative_to(laid / kind)) for path in (laid / kind).rglob("*")}
    assert {
        "pyproject.toml",
        "README.md",
        ".gitignore",
        ".github/workflows/test.yml",
        f"src/loyalcore_a_{kind}/__init__.py",
        f"src/loyalcore_a_{kind}/py.typed",
        f"tests/test_a_{kind}.py",
    } <= made
    assert "${{ matrix.python }}" in (laid / kind / ".github/workflows/test.yml").read_text()
    assert f"a-{kind} = " in (laid / kind / "pyproject.toml").read_text()


def test_the_command_lays_it_and_overwrites_nothing(cli: Cli, tmp_path: Path) -> None:
    said = cli("plugins", "new", "effect", "stamp", tmp_path / "mine")
    assert said.status == 0
    assert f"wrote {tmp_path / 'mine' / 'pyproject.toml'}" in said.out
    said = cli("plugins", "new", "effect", "stamp", tmp_path / "mine")
    assert said.status == 2
    assert "is already there; choose another folder" in said.err


@pytest.mark.parametrize(
    "name", ["Stamp", "1st", "a_b", "a--b", "-a", "loyalcore", "x" * 41, "../a"]
)
def test_a_name_that_is_none_is_refused(cli: Cli, tmp_path: Path, name: str) -> None:
    said = cli("plugins", "new", "effect", "--", name, tmp_path)
    assert said.status == 2
    assert "can't name a plugin" in said.err
    assert list(tmp_path.iterdir()) == []
