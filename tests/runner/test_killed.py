"""Killed anywhere and run again, the file ends the same (S11)."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import pytest

MakeShop = Callable[[Path], Any]

RULESET = """\
program: shop
events: {purchase: {amount: money, friend: id}, hello: {}}
metrics:
  spend: {sum: purchase.amount, over: 3 days}
  orders: {count: purchase}
wallets: {points: {}, stars: {pending: 1 day, expires: 2 days}}
rules:
  earn: {on: purchase, then: [earn: {points: spend / 2}]}
  star: {on: purchase, budget: {stars: 100 per day}, then: [earn: {stars: 2}]}
  sorry: {on: points_expired, then: [emit: {type: hello, customer: "'c0'"}]}
  often: {on: purchase, when: orders > 2, limit: 1 per day, then: [issue: {voucher: cake}]}
  call: {on: hello, limit: 1 per week, then: [task: call]}
  tell: {on: purchase, when: not missing(friend), then: [emit: {type: hello, customer: friend}]}
  thank: {on: hello, then: [send: thanks, earn: {points: 1}]}
tasks: {call: {role: desk, due: 1 day, remind: 6 hours, escalate: boss}}
messages: {thanks: {text: Thank you}}
"""
EVENTS = 2_500
BATCH = 25


def lines() -> Iterator[str]:
    """Purchases of sixty customers, not in order; some twice, some that are refused."""
    chance = random.Random(1)
    numbers = [*range(EVENTS), *chance.sample(range(EVENTS), 100)]
    chance.shuffle(numbers)
    for number in numbers:
        day, minute = divmod(number * 10, 1440)
        month, day = divmod(day, 28)
        line = {
            "id": f"{number:06}",
            "type": "purchase",
            "customer": f"c{number * 7 % 60}",
            "time": f"2026-{1 + month:02}-{1 + day:02}T{minute // 60:02}:{minute % 60:02}Z",
            "amount": number % 50 if number % 97 else "much",
        }
        if number % 11 == 0:
            line["friend"] = f"c{number % 60}"
        yield json.dumps(line) if number % 101 else "{"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with shop.yaml and events.jsonl."""
    folder = tmp_path_factory.mktemp("killed")
    (folder / "shop.yaml").write_text(RULESET)
    (folder / "events.jsonl").write_text("".join(f"{line}\n" for line in lines()))
    return folder


def command(folder: Path, db: Path) -> list[str]:
    """Run the events into the store, as an operator would."""
    command = [sys.executable, "-m", "loyalcore", "run", "--batch", str(BATCH), "--allow-rejects"]
    return [*command, "--db", str(db), str(folder / "shop.yaml"), str(folder / "events.jsonl")]


def test_s11_a_run_that_was_killed_is_simply_run_again(
    folder: Path, shop_in: MakeShop, tmp_path: Path
) -> None:
    undisturbed, killed = (tmp_path / name for name in ("undisturbed", "killed"))
    undisturbed.mkdir()
    killed.mkdir()
    whole, shop = shop_in(undisturbed), shop_in(killed)
    subprocess.run(command(folder, whole.path), check=True, stdout=subprocess.DEVNULL)
    history = whole.history()
    assert {table for table, rows in history.items() if not rows} == {"cases"}
    types = whole.ask("select distinct type from events order by type")
    assert types == ["due", "hello", "points_expired", "purchase"]

    # A moment after each of these: so while it opens the file, or in the midst of a batch.
    for enough in (0, 1, EVENTS // 3, 2 * EVENTS // 3):
        with subprocess.Popen(command(folder, shop.path), stdout=subprocess.DEVNULL) as run:
            wait_for(shop, enough, run)
            run.kill()
        assert enough <= logged(shop) < len(history["events"])
    subprocess.run(command(folder, shop.path), check=True, stdout=subprocess.DEVNULL)

    assert shop.history() == history
    assert shop.ask("pragma integrity_check") == ["ok"]
    assert shop.ask("pragma foreign_key_check") == []
    assert shop.ask("select count(*) from runs where finished is null")[0] >= 2
    indexes = "select name, sql from sqlite_master where type = 'index' order by name"
    assert shop.ask(indexes) == whole.ask(indexes)


def wait_for(shop: Any, enough: int, run: subprocess.Popen[bytes]) -> None:
    """Wait until the file is there with so many events, and some milliseconds more."""
    deadline = monotonic() + 60
    while not shop.path.exists() or logged(shop) < enough:
        assert run.poll() is None, "the run ended before it was killed"
        assert monotonic() < deadline
        sleep(0.003)
    sleep(random.uniform(0, 0.03))
    assert run.poll() is None, "the run ended before it was killed"


def logged(shop: Any) -> int:
    """How many events are in the store, which may have no tables yet."""
    if not shop.ask("select 1 from sqlite_master where name = 'events'"):
        return 0
    (count,) = shop.ask("select coalesce(max(seq), 0) from events")
    return int(count)
