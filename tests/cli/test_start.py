"""How soon a command begins: it imports what it needs, and no more."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

IMPORTED = """
import sys
from loyalcore.cli import main
main(sys.argv[1:], standalone_mode=False)
print(*{name.partition(".")[0] for name in sys.modules})
"""

# What some commands need: sqlite-utils to make a store (and numpy comes with it, where it is
# installed), rich to draw tables, babel to write to customers, and so on.
RARE = {"asyncio", "babel", "junitparser", "numpy", "rich", "smtplib", "sqlite_utils"}


@pytest.mark.parametrize("command", ["run", "check", "decisions"])
def test_a_command_imports_no_more_than_it_needs(copy: Path, command: str) -> None:
    arguments = {
        "run": [copy / "club.yaml", copy / "events.jsonl", "--db", copy / "club.db", "--json"],
        "check": [copy / "club.yaml"],
        "decisions": ["list", "--db", copy / "club.db", "--json"],
    }
    done = subprocess.run(
        [sys.executable, "-c", IMPORTED, command, *map(str, arguments[command])],
        env={**os.environ, "LOYALCORE_PLUGINS": "loyalcore"},  # those of others may need more
        check=True,
        capture_output=True,
        text=True,
    )
    imported = set(done.stdout.splitlines()[-1].split())
    assert "loyalcore" in imported
    assert not imported & RARE
