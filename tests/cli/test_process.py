"""The command line as a process of its own says and does what it does in the tests."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Cli = Callable[..., Any]


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        (["explain", "--customer", "bob"], 0),
        (["decisions", "list", "--limit", "2", "--json"], 0),
        (["explain", "--customer", "eve"], 2),
    ],
)
def test_it_says_the_same(
    cli: Cli, process: Cli, db: Path, arguments: list[str], status: int
) -> None:
    said = process(*arguments, "--db", db)
    assert said.status == status
    assert said == cli(*arguments, "--db", db)


def test_it_leaves_the_same_in_a_store(
    cli: Cli, process: Cli, club: Path, db: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other.db"
    files = (club / "events.jsonl", club / "rejected.jsonl")
    said = process("run", club / "club.yaml", "--db", other, *files)
    assert said.status == 1
    assert said.err == f"3 rejected; see: loyalcore rejects list --db {other}\n"
    for what in ("events", "decisions", "rejects", "outbox"):
        listed = (what, "list", "--json", "--db")
        assert cli(*listed, other).json == cli(*listed, db).json
    retried = process("rejects", "retry", "--db", other, club / "club.yaml")
    assert retried.status == 1
    assert retried.err == f"3 still open; see: loyalcore rejects list --db {other}\n"
