"""Killed anywhere, the store holds whole batches and nothing else (S11)."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from loyalcore.store import Store

WRITER = Path(__file__).with_name("killed.py")


def test_a_killed_writer_leaves_whole_batches(path: Path) -> None:
    for lines in (0, 3, 10, 40):
        # Killed while it is opening, and then after so many batches: in the midst of one.
        command = [sys.executable, str(WRITER), str(path)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            for _ in range(lines):
                process.stdout.readline()
            process.kill()
        if lines:
            check(path)


def check(path: Path) -> None:
    """Events, decisions, points, messages and states all tell of the same purchases."""
    with Store.open(path) as store:
        ask = store.connection.execute
        (events, last) = ask("select count(*), max(seq) from events").fetchone()
        assert events == last
        assert events > 0
        assert events % 50 == 0
        for table in ("decisions", "entries", "outbox"):
            assert ask(f"select count(*), max(seq) from {table}").fetchone() == (events, events)
        for customer, state in ask("select customer, state from customers"):
            assert ask(
                "select sum(points) from entries where customer = ?", (customer,)
            ).fetchone() == (int(state),)
        assert ask("pragma integrity_check").fetchone() == ("ok",)
        assert ask("pragma foreign_key_check").fetchall() == []
