"""What all tests share: how long Hypothesis searches, programs from a few lines of YAML, and
the log of real purchases."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest
from filelock import FileLock
from hypothesis import HealthCheck, settings

from loyalcore.errors import RulesetInvalid
from loyalcore.plugins.gathering import default_vocabulary
from loyalcore.program.compiler import Compiled, compile_program
from loyalcore.ruleset.load import draft
from loyalcore.ruleset.source import Source

ROOT = Path(__file__).parents[1]

# Every run draws other examples. No deadline and no complaint of slowness: two cores under
# coverage say nothing of the code's speed (tests/benchmarks do).
settings.register_profile(
    "dev", max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("ci", settings.get_profile("dev"), print_blob=True)
settings.register_profile("long", settings.get_profile("ci"), max_examples=5_000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "dev"))


@pytest.fixture(scope="session")
def compiled() -> Callable[..., Compiled]:
    """The program that a text describes, and the warnings; the text is that of club.yaml,
    `files` are others, by name."""
    vocabulary = default_vocabulary()

    def compile_(text: str, files: Mapping[str, str] | None = None) -> Compiled:
        source = Source({"club.yaml": text, **(files or {})}, "club.yaml")
        return compile_program(draft(source), vocabulary, "compiled")

    return compile_


@pytest.fixture(scope="session")
def problems(compiled: Callable[..., Compiled]) -> Callable[..., list[str]]:
    """Everything that is wrong with a text, warnings too, as authors are told."""

    def found(text: str, files: Mapping[str, str] | None = None) -> list[str]:
        try:
            return [str(problem) for problem in compiled(text, files).warnings]
        except RulesetInvalid as invalid:
            return [str(problem) for problem in invalid.problems]

    return found


@pytest.fixture(scope="session")
def cdnow() -> Path:
    """The folder with the CDNOW log: CDNOW_master.txt as it was published, and cdnow.csv,
    the events that `rulesets/record-shop/fetch.py` writes of it."""
    build = ROOT / "build"
    build.mkdir(exist_ok=True)
    fetch = ROOT / "rulesets" / "record-shop" / "fetch.py"
    with FileLock(build / "cdnow.lock"):
        subprocess.run([sys.executable, fetch, build], check=True, stdout=subprocess.DEVNULL)
    return build


@pytest.fixture(scope="session")
def shared_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that all processes of a test run share: what is in it is made once."""
    folder = tmp_path_factory.getbasetemp()
    return folder.parent if "PYTEST_XDIST_WORKER" in os.environ else folder


@pytest.fixture(scope="session")
def decided(shared_folder: Path) -> Callable[..., Path]:
    """The store, by name, that the command line makes of a ruleset and events."""

    def decide(name: str, *arguments: object) -> Path:
        db = shared_folder / f"{name}.db"
        with FileLock(shared_folder / f"{name}.lock"):
            if not (shared_folder / f"{name}.done").exists():
                command = [sys.executable, "-m", "loyalcore", "run", "--db", db, *arguments]
                subprocess.run(list(map(str, command)), check=True, stdout=subprocess.DEVNULL)
                (shared_folder / f"{name}.done").touch()
        return db

    return decide


@pytest.fixture(scope="session")
def shop(cdnow: Path, decided: Callable[..., Path]) -> Iterator[sqlite3.Connection]:
    """The store of the record shop, after all of its log."""
    ruleset = ROOT / "rulesets" / "record-shop" / "record-shop.yaml"
    db = decided("shop", ruleset, "--map", "time=date", cdnow / "cdnow.csv")
    connection = sqlite3.connect(db)
    yield connection
    connection.close()
