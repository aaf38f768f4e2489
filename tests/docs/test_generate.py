"""What is made from the code is up to date, and `docs/generate.py` says so when it isn't."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[2] / "docs"


def generate(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, folder / "generate.py", *options],
        capture_output=True,
        encoding="utf-8",
        check=False,
    )


@pytest.fixture
def docs(tmp_path: Path) -> Path:
    return Path(shutil.copytree(DOCS, tmp_path / "docs"))


def test_the_pages_are_up_to_date() -> None:
    ended = generate(DOCS, "--check")

    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "", "")


def test_a_page_that_is_out_of_date_is_told_and_then_written(docs: Path) -> None:
    page = docs / "language.md"
    fresh = page.read_text("utf-8")
    page.write_text(fresh.replace("whether x has no value", "something else"), "utf-8")

    told = generate(docs, "--check")
    assert told.returncode == 1
    assert "-| `missing(x)` | something else |" in told.stdout
    assert "+| `missing(x)` | whether x has no value |" in told.stdout
    assert "out of date: language.md" in told.stderr

    assert generate(docs).stdout == "wrote language.md\n"
    assert page.read_text("utf-8") == fresh
