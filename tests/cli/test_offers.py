"""Offers that are open for a customer, opened and taken back by hand; and batches of codes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Cli = Callable[..., Any]

RULESET = """\
program: cards
timezone: Europe/Oslo
events:
  purchase: {amount: money, code: text, presents: code}
wallets: {beans: {}}
offers:
  card:
    open: {on: purchase, when: amount >= 10}
    lasts: 30 days
    reach: {count: purchase, at_least: 3}
    then: [{earn: {beans: 100}}]
  spree:
    fields: {goal: money, last_day: date}
    ends: offer.last_day
    at_once: 2
    reach: {sum: purchase.amount, at_least: offer.goal}
    then: [{earn: {beans: 50}}]
  gift:
    reach: {one: purchase}
    code: personal
    then: [{earn: {beans: 5}}]
  flyer:
    reach: {one: purchase}
    code: batch
    then: [{earn: {beans: 7}}]
"""

EVENTS = """\
{"id": "p1", "customer": "ann", "type": "purchase", "time": "2026-01-01T10:00Z", "amount": 12.50}
{"id": "p2", "customer": "ann", "type": "purchase", "time": "2026-01-02T10:00Z", "amount": 5}
"""


@pytest.fixture
def db(cli: Cli, tmp_path: Path) -> Path:
    (tmp_path / "cards.yaml").write_text(RULESET)
    db = tmp_path / "cards.db"
    fold(cli, db, EVENTS)
    return db


def fold(cli: Cli, db: Path, events: str) -> Any:
    (db.parent / "events.jsonl").write_text(events)
    said = cli("run", db.parent / "cards.yaml", db.parent / "events.jsonl", "--db", db, "--json")
    assert said.status == 0, said.err
    return said.json


def open_(cli: Cli, db: Path, offer: str, *options: object, day: int = 3) -> Any:
    return cli(
        *("offers", "open", offer, "--db", db, "--customer", "ann"),
        *("--time", f"2026-01-{day:02}T10:00Z", *options),
    )


def listed(cli: Cli, db: Path) -> Any:
    return cli("offers", "list", "--db", db, "--customer", "ann", "--json").json


def test_an_open_offer(cli: Cli, db: Path) -> None:
    assert listed(cli, db) == [
        {
            "offer": "card",
            "number": 1,
            "opened": "2026-01-01T10:00:00Z",
            "until": "2026-01-31T10:00:00Z",
            "progress": 2,
            "target": 3,
            "code": "",
            "fields": {},
        }
    ]
    said = cli("offers", "list", "--db", db, "--customer", "ann")
    assert "card" in said.out


def test_opened_by_hand_with_its_fields(cli: Cli, db: Path) -> None:
    said = open_(cli, db, "spree", "--field", "goal=99.50", "--field", "last_day=2026-02-01")
    assert said.status == 0, said.err
    _, spree = listed(cli, db)
    assert spree == {
        "offer": "spree",
        "number": 2,
        "opened": "2026-01-03T10:00:00Z",
        "until": "2026-02-01T23:00:00Z",
        "progress": "0.00",
        "target": "99.50",
        "code": "",
        "fields": {"goal": "99.50", "last_day": "2026-02-01"},
    }
    fold(
        cli,
        db,
        '{"id": "p3", "customer": "ann", "type": "purchase", "time": "2026-01-04", "amount": 9}',
    )
    assert [(one["offer"], one["progress"]) for one in listed(cli, db)] == [("spree", "9.00")]
    rows = cli("ledger", "balance", "--db", db, "--customer", "ann", "--json").json
    assert rows[0]["balance"] == 100  # the card is complete


def test_what_can_not_be_opened_exits_1(cli: Cli, db: Path) -> None:
    said = open_(cli, db, "card")
    assert said.status == 1
    assert said.out.splitlines()[0] == "offers.card.opened: at once: 1"
    said = open_(cli, db, "spree", "--field", "gaol=1", day=4)
    assert said.status == 1
    assert "it has no field 'gaol'" in said.out


def test_taken_back(cli: Cli, db: Path) -> None:
    for day in (3, 4):
        fields = ("--field", "goal=10", "--field", "last_day=2026-02-01")
        assert open_(cli, db, "spree", *fields, day=day).status == 0
    revoke = ("offers", "revoke", "spree", "--db", db, "--customer", "ann")
    assert cli(*revoke, "--number", 2, "--time", "2026-01-05").status == 0
    assert [one["number"] for one in listed(cli, db)] == [1, 3]
    assert cli(*revoke, "--time", "2026-01-06").status == 0
    assert [one["number"] for one in listed(cli, db)] == [1]
    assert cli(*revoke, "--time", "2026-01-07").status == 1


def test_a_personal_code(cli: Cli, db: Path) -> None:
    assert open_(cli, db, "gift").status == 0
    code = listed(cli, db)[1]["code"]
    assert len(code) == 14
    fold(
        cli,
        db,
        '{"id": "p3", "customer": "ann", "type": "purchase", "time": "2026-01-04", "amount": 1, '
        f'"code": "{code}"}}',
    )
    rows = cli("ledger", "balance", "--db", db, "--customer", "ann", "--json").json
    assert rows[0]["balance"] == 105


def test_a_batch_of_codes(cli: Cli, db: Path) -> None:
    made = cli("offers", "codes", "flyer", "--db", db, "--count", 200)
    codes = made.out.split()
    assert made.err == "200 codes made for flyer, batch 1.\n"
    more = cli("offers", "codes", "flyer", "--db", db, "--count", 3, "--batch", "fair", "--json")
    assert (more.json["offer"], more.json["batch"]) == ("flyer", "fair")
    assert len({*codes, *more.json["codes"]}) == 203
    fold(
        cli,
        db,
        '{"id": "p3", "customer": "ann", "type": "purchase", "time": "2026-01-04", "amount": 1, '
        f'"code": "{codes[7].lower()}"}}\n'
        '{"id": "p4", "customer": "bob", "type": "purchase", "time": "2026-01-04", "amount": 1, '
        f'"code": "{codes[7]}"}}\n'
        '{"id": "p5", "customer": "bob", "type": "purchase", "time": "2026-01-05", "amount": 1, '
        f'"code": "{codes[8]}"}}',
    )
    assert cli("offers", "codes", "flyer", "--db", db, "--json").json == [
        {"offer": "flyer", "batch": "1", "codes": 200, "used": 2},
        {"offer": "flyer", "batch": "fair", "codes": 3, "used": 0},
    ]
    assert cli("ledger", "verify", "--db", db).status == 0


def test_no_codes_yet(cli: Cli, db: Path) -> None:
    said = cli("offers", "codes", "flyer", "--db", db)
    assert said.out == "No codes were made for flyer; --count makes some.\n"


@pytest.mark.parametrize(
    ("arguments", "answer"),
    [
        (["codes", "card", "--count", "1"], "card has no codes in batches; it must say `code: "),
        (["codes", "flier"], "there is no offer 'flier'; did you mean 'flyer'?"),
        (["open", "spree", "--customer", "ann", "--field", "goal"], "expected NAME=VALUE"),
        (["list", "--customer", "eve"], "there is no customer 'eve'"),
    ],
)
def test_mistakes(cli: Cli, db: Path, arguments: list[str], answer: str) -> None:
    said = cli("offers", *arguments, "--db", db)
    assert said.status == 2
    assert answer in said.err
