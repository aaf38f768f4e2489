"""The ledger as people see it: entries, and balances at any instant, past or to come."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Cli = Callable[..., Any]


def test_entries(cli: Cli, db: Path) -> None:
    entries = cli("ledger", "show", "--db", db, "--customer", "ann", "--json").json
    assert [(entry["rule"], entry["points"]) for entry in entries] == [("earn", 12), ("bonus", 50)]
    assert list(entries[0]) == [
        *("seq", "time", "customer", "wallet", "lot", "kind", "bucket", "points"),
        *("activates", "expires", "rule", "event", "decision"),
    ]
    assert [entry["lot"] for entry in entries] == [2, 1]
    assert entries[0]["event"] == "purchase a1"
    then = cli("ledger", "show", "--db", db, "--at", "2026-01-03T10:00Z", "--json").json
    assert [entry["rule"] for entry in then] == ["bonus", "web-bonus", "earn"]
    (one,) = cli("ledger", "show", "--db", db, "--customer", "bob", "--lot", 2, "--json").json
    assert one["rule"] == "web-bonus"
    said = cli("ledger", "show", "--db", db, "--wallet", "star")
    assert (said.status, said.err) == (
        2,
        "error: there is no wallet 'star'; did you mean 'stars'?\n",
    )
    assert cli("ledger", "balance", "--db", db, "--wallet", "star").status == 2
    said = cli("ledger", "show", "--db", db, "--wallet", "stars")
    assert (said.status, said.out) == (0, "No points were moved.\n")


@pytest.mark.parametrize(
    ("at", "points"),
    [
        ("2026-01-03T09:59:59.999999Z", {}),
        ("2026-01-03T10:00:00Z", {"ann": 50, "bob": 35}),
        ("2026-01-03T13:00:00+01:00", {"ann": 50, "bob": 65}),
        ("2026-01-05", {"ann": 62, "bob": 65}),
    ],
)
def test_balances_at_an_instant(cli: Cli, db: Path, at: str, points: dict[str, int]) -> None:
    balances = cli("ledger", "balance", "--db", db, "--at", at, "--json").json
    assert {one["customer"]: one["balance"] for one in balances} == points


def test_a_customer_is_shown_every_wallet(cli: Cli, db: Path) -> None:
    rows = cli("ledger", "balance", "--db", db, "--customer", "ann", "--json").json
    assert [(row["wallet"], row["balance"]) for row in rows] == [("points", 62), ("stars", 0)]


def test_balances_of_a_store_without_customers(cli: Cli, club: Path, tmp_path: Path) -> None:
    (tmp_path / "none.jsonl").write_text("")
    db = tmp_path / "club.db"
    assert cli("run", club / "club.yaml", tmp_path / "none.jsonl", "--db", db).status == 0
    assert cli("ledger", "balance", "--db", db).out == "Nobody has any points.\n"


TIMED = """\
program: timed
timezone: Europe/Oslo
events:
  purchase: {amount: money}
  note: {}
wallets:
  beans: {pending: 2 days, expires: 10 days}
  leaves: {expires: 5 days without activity}
  seeds: {expires: 5 days without purchase}
rules:
  earn: {on: purchase, then: [{earn: {beans: amount, leaves: 1, seeds: 2}}]}
"""

PURCHASES = """\
{"id": "p1", "customer": "ann", "type": "purchase", "time": "2026-01-01T10:00Z", "amount": 10}
{"id": "p2", "customer": "ann", "type": "purchase", "time": "2026-01-02T10:00Z", "amount": 20}
{"id": "n1", "customer": "ann", "type": "note", "time": "2026-01-02T12:00Z"}
"""


@pytest.fixture(scope="module")
def timed(cli: Cli, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store whose points are pending for two days and expire after ten, or five idle ones."""
    folder = tmp_path_factory.mktemp("timed")
    (folder / "timed.yaml").write_text(TIMED)
    (folder / "purchases.jsonl").write_text(PURCHASES)
    db = folder / "timed.db"
    said = cli("run", folder / "timed.yaml", folder / "purchases.jsonl", "--db", db)
    assert said.status == 0, said.err
    return db


BEANS = [
    # the balance, pending, what expires next and when
    (None, 0, 30, 0, None),
    ("2026-01-03T09:59:59.999999Z", 0, 30, 0, None),
    ("2026-01-03T10:00:00Z", 10, 20, 10, "2026-01-11T10:00:00Z"),
    ("2026-01-11T09:59:59.999999Z", 30, 0, 10, "2026-01-11T10:00:00Z"),
    ("2026-01-11T10:00:00Z", 20, 0, 20, "2026-01-12T10:00:00Z"),
    ("2026-01-12T10:00:00Z", 0, 0, 0, None),
    ("2026-01-01T10:00:00Z", 0, 10, 0, None),
]


@pytest.mark.parametrize(("at", "balance", "pending", "expiring", "expires"), BEANS)
def test_what_time_will_bring(
    cli: Cli,
    timed: Path,
    at: str | None,
    balance: int,
    pending: int,
    expiring: int,
    expires: str | None,
) -> None:
    instant = () if at is None else ("--at", at)
    (row,) = cli(
        *("ledger", "balance", "--db", timed, "--customer", "ann", "--wallet", "beans"),
        *(*instant, "--json"),
    ).json
    assert row == {
        "customer": "ann",
        "wallet": "beans",
        "balance": balance,
        "owed": 0,
        "pending": pending,
        "expiring": expiring,
        "expires": expires,
    }


@pytest.mark.parametrize("wallet", ["leaves", "seeds"])
@pytest.mark.parametrize(
    ("at", "expires"),
    [
        ("2026-01-01T10:00:00Z", "2026-01-06T10:00:00Z"),
        ("2026-01-02T10:00:00Z", "2026-01-07T10:00:00Z"),
        ("2026-01-07T09:59:59Z", "2026-01-07T10:00:00Z"),
        ("2026-01-07T10:00:00Z", None),
    ],
)
def test_what_expires_by_inactivity(
    cli: Cli, timed: Path, wallet: str, at: str, expires: str | None
) -> None:
    said = cli(
        *("ledger", "balance", "--db", timed, "--customer", "ann", "--wallet", wallet),
        *("--at", at, "--json"),
    )
    assert said.json[0]["expires"] == expires


def test_asking_for_a_time_to_come_changes_nothing(cli: Cli, timed: Path) -> None:
    before = timed.read_bytes()
    cli("ledger", "balance", "--db", timed, "--at", "2030-01-01")
    assert timed.read_bytes() == before
    assert len(cli("ledger", "show", "--db", timed, "--json").json) == 6
