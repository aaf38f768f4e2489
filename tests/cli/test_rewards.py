"""The catalogue: for everyone, and as it is for a customer."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Cli = Callable[..., Any]

RULESET = """\
program: shelf
timezone: Europe/Oslo
customer: {gold: flag}
events:
  purchase: {amount: {type: money, required: true}}
  redeem: {reward: text, shop: {type: text, required: true}, redeems: reward}
  upgrade: {}
wallets:
  beans: {pending: 10 days, expires: 60 days}
  stars: {}
rewards:
  mug: {name: A mug, price: {beans: 30}, stock: 2}
  cup: {price: {beans: 10, stars: 1}}
  lamp: {price: {beans: 10}, visible: customer.gold}
  trip: {price: {beans: 10}, who: customer.gold}
  cake: {price: {beans: 1}, limit: once}
  tree: {price: {beans: 1}, from: 2026-12-01, until: 2026-12-24}
  bean: {price: {beans: balance.beans + 1}}
rules:
  earn: {on: purchase, then: [{earn: {beans: amount}}]}
  gold: {on: upgrade, then: [{set: {gold: true}}]}
"""

EVENTS = """\
{"id": "p1", "customer": "ann", "type": "purchase", "time": "2026-01-01T10:00Z", "amount": 60}
{"id": "b1", "customer": "bob", "type": "purchase", "time": "2026-01-01T10:00Z", "amount": 5}
{"id": "b2", "customer": "bob", "type": "upgrade", "time": "2026-01-02T10:00Z"}
{"id": "m1", "customer": "ann", "type": "redeem", "time": "2026-01-20T10:00Z", "reward": "mug", \
"shop": "a"}
{"id": "c1", "customer": "ann", "type": "redeem", "time": "2026-01-21T10:00Z", "reward": "cake", \
"shop": "a"}
"""


@pytest.fixture(scope="module")
def shelf(cli: Cli, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("shelf")
    (folder / "shelf.yaml").write_text(RULESET)
    (folder / "events.jsonl").write_text(EVENTS)
    db = folder / "shelf.db"
    said = cli("run", folder / "shelf.yaml", folder / "events.jsonl", "--db", db)
    assert said.status == 0, said.err
    return db


def test_the_catalogue(cli: Cli, shelf: Path) -> None:
    rows = cli("rewards", "list", "--db", shelf, "--json").json
    assert [row["reward"] for row in rows] == [
        *("mug", "cup", "lamp", "trip", "cake", "tree", "bean"),
    ]
    assert rows[0] == {
        "reward": "mug",
        "name": "A mug",
        "price": "30 beans",
        "left": 1,
        "from": None,
        "until": None,
    }
    assert rows[1]["price"] == "10 beans + 1 stars"
    assert (rows[5]["from"], rows[5]["until"]) == ("2026-12-01", "2026-12-24")


ANN = {
    "mug": (True, False, False, "insufficient balance: 29 of 30 beans"),
    "cup": (True, False, False, "insufficient balance: 0 of 1 stars"),
    "lamp": (False, True, False, "not visible: customer.gold"),
    "trip": (True, True, False, "not eligible: customer.gold"),
    "cake": (True, True, False, "limit: once"),
    "tree": (True, True, False, "not on offer yet"),
    "bean": (True, False, False, "insufficient balance: 29 of 30 beans"),
}
BOB = {
    "lamp": (True, False, False, "insufficient balance: 5 of 10 beans"),
    "trip": (True, False, False, "insufficient balance: 5 of 10 beans"),
    "cake": (True, True, True, ""),
}
IN_MARCH = {"cake": (True, False, False, "insufficient balance: 0 of 1 beans")}


@pytest.mark.parametrize(
    ("customer", "at", "wanted"),
    [
        ("ann", None, ANN),
        ("bob", None, BOB),
        ("bob", "2026-03-02T10:00Z", IN_MARCH),
    ],
)
def test_what_a_customer_can_have(
    cli: Cli, shelf: Path, customer: str, at: str | None, wanted: dict[str, Any]
) -> None:
    options = ("--at", at) if at else ()
    rows = cli("rewards", "list", "--db", shelf, "--customer", customer, *options, "--json").json
    there = {
        row["reward"]: (row["visible"], row["affordable"], row["can have"], row["why not"])
        for row in rows
    }
    assert {name: there[name] for name in wanted} == wanted


def test_asking_changes_nothing(cli: Cli, shelf: Path) -> None:
    """What may be had is asked of the step, by an event that nobody keeps."""
    before = cli("events", "list", "--db", shelf, "--json").json
    cli("rewards", "list", "--db", shelf, "--customer", "bob", "--at", "2030-01-01")
    assert cli("events", "list", "--db", shelf, "--json").json == before
    assert cli("ledger", "verify", "--db", shelf).status == 0


def test_for_people(cli: Cli, shelf: Path) -> None:
    said = cli("rewards", "list", "--db", shelf, "--customer", "bob")
    lines = [" ".join(line.split()) for line in said.out.splitlines()]
    assert "cake 1 beans yes yes yes" in lines


def test_the_past_is_not_asked(cli: Cli, shelf: Path) -> None:
    said = cli("rewards", "list", "--db", shelf, "--customer", "ann", "--at", "2026-01-01")
    assert said.status == 2
    assert "is before the customer's latest event, 2026-01-21T10:00:00Z" in said.err


def test_a_program_without_rewards(cli: Cli, db: Path) -> None:
    assert cli("rewards", "list", "--db", db).out == "The program has no rewards.\n"
