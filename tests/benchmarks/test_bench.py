"""The benchmark itself works, and its contestants do the same job. Nothing here is timed."""

from __future__ import annotations

import re
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

NAMED = re.compile(r"^(\w+): (\d+\.\d\d)$", re.MULTILINE)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("bench")


@pytest.fixture(scope="module")
def printed(folder: Path) -> str:
    bench = Path(__file__).with_name("bench.py")
    command = [sys.executable, str(bench), "--quick", "--folder", str(folder)]
    ran = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return str(ran.stdout)


def test_the_last_lines_are_the_figures_by_name(printed: str) -> None:
    last = printed.rpartition("\n\n")[2]
    figures = dict(NAMED.findall(last))

    assert len(figures) == len(last.splitlines())
    assert figures.keys() >= {
        "run_vs_handwritten",
        "run_vs_durable_host",
        "run_peak_mib",
        "cost_1m_vs_10k",
        "memory_1m_vs_100k",
        "budget_vs_plain",
        "tiers_vs_plain",
        "long_account_seconds",
        "million_timers_vs_thousand",
        "scores_peak_mib_1m",
        "match_durable_vs_zen",
        "compiled_1000_vs_10",
    }


@pytest.mark.parametrize("table", ["events", "decisions", "entries", "issued", "outbox"])
@pytest.mark.parametrize("other", ["handwritten", "host"])
def test_a_program_written_by_hand_decides_the_same(
    printed: str, folder: Path, table: str, other: str
) -> None:
    ours, theirs = (rows(folder / f"{name}.db", table) for name in ("loyalcore", other))

    assert ours
    assert ours == theirs


def test_every_rule_of_the_benchmark_fires_at_some_event(printed: str, folder: Path) -> None:
    with sqlite3.connect(folder / "loyalcore.db") as connection:
        fired = connection.execute("select distinct rule from decisions where reason = ''")
        assert len(fired.fetchall()) == 20
    connection.close()


def rows(path: Path, table: str) -> list[tuple[object, ...]]:
    connection = sqlite3.connect(path)
    found = connection.execute(f"select * from {table} order by seq").fetchall()
    connection.close()
    return found
