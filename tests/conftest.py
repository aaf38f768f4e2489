"""What all tests share: how long Hypothesis searches, programs from a few lines of YAML, and
the log of real purchases."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from filelock import FileLock
from hypothesis import HealthCheck, settings

from loyalcore.errors import RulesetInvalid
from loyalcore.plugins import default_vocabulary
from loyalcore.program.compiler import Compiled, compile_program
from loyalcore.ruleset.load import draft
from loyalcore.ruleset.source import Source

ROOT = Path(__file__).parents[1]

# Every run draws other examples. No deadline and no complaint of slowness: two cores under
# coverage say nothing of the code's speed (tests/benchmarks do).
settings.register_profile(
    "dev", max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("ci", settings.get_profile("dev"), max_examples=100, print_blob=True)
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
