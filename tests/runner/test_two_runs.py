"""Two runs on one file: one waits for the other or is refused, and readers never wait (S11)."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import pytest

from loyalcore.store import Store
from loyalcore.store.ledger import list_balances

MakeShop = Callable[[Path], Any]

RULESET = """\
program: shop
events: {purchase: {amount: money}}
metrics: {spend: {sum: purchase.amount, over: 3 days}}
wallets: {points: {}}
rules:
  earn: {on: purchase, then: [earn: {points: spend}]}
"""


def purchases(shop: str, count: int) -> str:
    """The purchases at one of several shops, each of customers of its own."""
    lines = (
        {
            "id": f"{shop}-{number:06}",
            "type": "purchase",
            "customer": f"{shop}-{number % 9}",
            "time": f"2026-01-{1 + number % 28:02}",
            "amount": number % 9,
        }
        for number in range(count)
    )
    return "".join(f"{json.dumps(line)}\n" for line in lines)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a ruleset and the events of a large shop and a small one."""
    folder = tmp_path_factory.mktemp("two")
    (folder / "shop.yaml").write_text(RULESET)
    (folder / "large.jsonl").write_text(purchases("large", 600))
    (folder / "small.jsonl").write_text(purchases("small", 20))
    return folder


def command(folder: Path, events: str, db: Path, *options: str) -> list[str]:
    command = [sys.executable, "-m", "loyalcore", "run", "--db", str(db), *options]
    return [*command, str(folder / "shop.yaml"), str(folder / events)]


@pytest.fixture
def running(folder: Path, shop: Any) -> Iterator[subprocess.Popen[bytes]]:
    """A run of the large shop's events that stands still in the midst of it."""
    start = command(folder, "large.jsonl", shop.path, "--batch", "1")
    with subprocess.Popen(start, stdout=subprocess.DEVNULL) as run:
        deadline = monotonic() + 60
        while not shop.path.exists() or not entries(shop):
            assert run.poll() is None
            assert monotonic() < deadline
            sleep(0.001)
        run.send_signal(signal.SIGSTOP)
        yield run
        run.kill()


def go_on(run: subprocess.Popen[bytes]) -> int:
    """Let the run come to its end."""
    run.send_signal(signal.SIGCONT)
    return run.wait(60)


def entries(shop: Any) -> int:
    if not shop.ask("select 1 from sqlite_master where name = 'entries'"):
        return 0
    (count,) = shop.ask("select count(*) from entries")
    return int(count)


def test_s11_the_second_run_waits_and_then_both_are_in(
    folder: Path,
    shop: Any,
    running: subprocess.Popen[bytes],
    shop_in: MakeShop,
    tmp_path: Path,
) -> None:
    start = command(folder, "small.jsonl", shop.path, "--wait", "60")
    with subprocess.Popen(start, stdout=subprocess.DEVNULL) as second:
        with pytest.raises(subprocess.TimeoutExpired):
            second.wait(1)
        assert shop.ask("select count(*) from events where customer like 'small%'") == [0]
        assert (go_on(running), second.wait(60)) == (0, 0)
    (tmp_path / "one").mkdir()
    after_another = shop_in(tmp_path / "one")
    for events in ("large.jsonl", "small.jsonl"):
        one = command(folder, events, after_another.path)
        subprocess.run(one, check=True, stdout=subprocess.DEVNULL)
    assert shop.history() == after_another.history()


def test_s11_without_waiting_the_second_run_is_refused(
    folder: Path, shop: Any, running: subprocess.Popen[bytes]
) -> None:
    second = subprocess.run(
        command(folder, "small.jsonl", shop.path, "--wait", "0"),
        capture_output=True,
        text=True,
        check=False,
    )
    assert second.returncode == 1
    assert second.stdout == ""
    assert f"is being written by process {running.pid}; waited 0 s" in second.stderr
    assert "Traceback" not in second.stderr
    assert go_on(running) == 0
    assert shop.ask("select count(*) from events where customer like 'small%'") == [0]
    assert shop.ask("select count(*) from runs") == [1]


def test_readers_do_not_wait_for_a_run(shop: Any, running: subprocess.Popen[bytes]) -> None:
    def points() -> int:
        with Store.open(shop.path) as store:
            return sum(balance.points for balance in list_balances(store.connection))

    before = points()
    assert before > 0
    assert go_on(running) == 0
    assert points() > before


def test_two_runs_that_both_make_the_file_are_both_in(folder: Path, shop: Any) -> None:
    starts = [command(folder, events, shop.path) for events in ("large.jsonl", "small.jsonl")]
    runs = [subprocess.Popen(start, stdout=subprocess.DEVNULL) for start in starts]
    assert [run.wait(60) for run in runs] == [0, 0]
    assert shop.ask("select count(*), max(seq) from events") == [(620, 620)]
    assert shop.ask("select count(*) from programs") == [1]
    assert shop.ask("pragma integrity_check") == ["ok"]
