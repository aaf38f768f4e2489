"""What operators do by hand is an event as any other."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Cli = Callable[..., Any]


@pytest.fixture
def db(copy: Path) -> Path:
    return copy / "club.db"


def adjust(cli: Cli, db: Path, *options: object, customer: str = "ann", points: int = 25) -> Any:
    return cli(
        *("ledger", "adjust", "--db", db, "--customer", customer, "--wallet", "points"),
        *("--points", points, "--note", "for the broken cup", *options),
    )


def test_points_given(cli: Cli, db: Path) -> None:
    said = adjust(cli, db, "--time", "2026-01-05T12:00Z", "--id", "a-1")
    assert said.status == 0, said.err
    assert said.out == (
        "events.adjust_points: +25 points by hand\nevent a-1 of operator at 2026-01-05T12:00:00Z\n"
    )
    rows = cli("ledger", "balance", "--db", db, "--customer", "ann", "--json").json
    assert rows[0]["balance"] == 87
    (entry, *_) = cli("ledger", "show", "--db", db, "--json").json
    assert (entry["kind"], entry["points"], entry["event"]) == ("adjust", 25, "adjust_points a-1")
    said = cli("ledger", "statement", "--db", db, "--customer", "ann", "--json")
    last = said.json["wallets"][0]["movements"][-1]
    assert last["what"] == "adjusted by hand: for the broken cup"
    assert cli("ledger", "verify", "--db", db).status == 0


def test_points_taken(cli: Cli, db: Path) -> None:
    assert adjust(cli, db, "--time", "2026-01-05", points=-20).status == 0
    rows = cli("ledger", "balance", "--db", db, "--customer", "ann", "--json").json
    assert rows[0]["balance"] == 42


def test_the_same_id_again_changes_nothing(cli: Cli, db: Path) -> None:
    options = ("--time", "2026-01-05T12:00Z", "--id", "a-1", "--json")
    first, again = adjust(cli, db, *options), adjust(cli, db, *options)
    assert (first.status, again.status) == (0, 0)
    assert (first.json["again"], again.json["again"]) == (False, True)
    assert first.json["decisions"] == again.json["decisions"]
    assert len(cli("ledger", "show", "--db", db, "--customer", "ann", "--json").json) == 3


def test_without_an_id_each_is_its_own(cli: Cli, db: Path) -> None:
    for _ in range(2):
        assert adjust(cli, db).status == 0
    rows = cli("ledger", "balance", "--db", db, "--customer", "ann", "--json").json
    assert rows[0]["balance"] == 62 + 2 * 25


def test_what_can_not_be_done_exits_1(cli: Cli, db: Path) -> None:
    assert adjust(cli, db, "--time", "2026-01-05", points=-1000).status == 0  # down to nothing
    said = adjust(cli, db, "--time", "2026-01-06", points=-1)
    assert (said.status, said.out.splitlines()[0]) == (
        1,
        "events.adjust_points: points: there is nothing to take",
    )


@pytest.mark.parametrize(
    ("options", "answer"),
    [
        (["--time", "2026-01-01"], "--time 2026-01-01T00:00:00Z is before the customer's latest"),
        (["--wallet", "poinst"], "there is no wallet 'poinst'; did you mean"),
        (["--points", str(10**15 + 1)], "1000000000000001 is not in the range"),
        (["--points", "0"], "--points 0 changes nothing"),
        (["--note", " "], "--note: say why"),
        (["--customer", "eve"], "there is no customer 'eve'"),
    ],
)
def test_mistakes(cli: Cli, db: Path, options: list[str], answer: str) -> None:
    said = adjust(cli, db, *options)
    assert said.status == 2
    assert answer in said.err
    assert cli("rejects", "list", "--db", db).out.count("operator") == 0
