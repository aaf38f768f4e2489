"""Where customers stand on tier ladders, as operators see it, and levels set by hand."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Cli = Callable[..., Any]

RULESET = """\
program: shop
currency: EUR
timezone: Europe/Oslo
events: {purchase: {amount: money}, visit: {}}
metrics:
  spend: {sum: purchase.amount, over: this year}
  orders: {count: purchase}
tiers:
  club:
    by: spend
    levels:
      member: {benefits: {times: 1}}
      silver: 100
      gold: {at_least: 500, any: {orders: 5, spend: 1000}, benefits: {times: 1.5, lounge: true}}
      black: {invitation: true, when: orders > 0}
    keep: end of year
  often: {levels: {yes: {all: {orders: 3}}}}
"""

EVENTS = """\
{"id": "p1", "customer": "ann", "type": "purchase", "time": "2026-01-01T10:00Z", "amount": 130}
{"id": "p2", "customer": "bob", "type": "purchase", "time": "2026-01-02T10:00Z", "amount": 1000}
{"id": "v1", "customer": "cat", "type": "visit", "time": "2026-01-03T10:00Z"}
{"id": "p3", "customer": "ann", "type": "purchase", "time": "2026-02-01T10:00Z", "amount": 20.50}
"""


LATER = "2026-03-02"


@pytest.fixture
def db(folded: Callable[..., Path], tmp_path: Path) -> Path:
    return folded(tmp_path, RULESET, EVENTS)


def test_a_customer_is_shown_with_what_is_missing_and_what_will_come(cli: Cli, db: Path) -> None:
    shown = cli("tier", "show", "--db", db, "ann", "--ladder", "club", "--json").json
    (ladder,) = shown["ladders"]
    assert {name: ladder[name] for name in ("level", "until", "benefits", "next")} == {
        "level": "silver",
        "until": "2026-12-31T23:00:00Z",
        "benefits": {"times": 1},
        "next": "gold",
    }
    assert [(n["figure"], n["have"], n["wanted"], n["missing"]) for n in ladder["to_next"]] == [
        ("spend", "150.50", "500.00", "349.50"),
        ("orders", 2, 5, 3),
        ("spend", "150.50", "1000.00", "849.50"),
    ]
    assert [need["one_of"] for need in ladder["to_next"]] == [False, True, True]
    assert [(need["met"], need["missing"]) for need in ladder["to_stay"]] == [(True, "0.00")]
    assert (ladder["projected"], ladder["projected_at"]) == ("silver", "2026-12-31T23:00:00Z")
    (moved,) = shown["history"]
    assert moved["facts"] == {"orders": 1, "spend": "130.00"}
    assert moved["change"]["how"] == "qualified"


def test_people_see_it_as_tables(cli: Cli, db: Path) -> None:
    said = cli("tier", "show", "--db", db, "ann")
    assert said.status == 0
    assert "club: silver since 2026-01-01T10:00:00Z, kept until 2026-12-31T23:00:00Z" in said.out
    assert "brings times = 1" in said.out
    assert "if nothing else happens, silver at 2026-12-31T23:00:00Z" in said.out
    assert "349.50" in said.out
    assert "often: no level" in said.out
    assert "tiers.club" in said.out
    bob = cli("tier", "show", "--db", db, "bob", "--ladder", "club").out
    assert "brings times = 1.5, lounge = true" in bob


def test_a_condition_is_shown_as_it_is_written(cli: Cli, db: Path) -> None:
    cli(
        "tier",
        "set",
        "--db",
        db,
        "bob",
        "club",
        "black",
        "--note",
        "a friend",
        "--time",
        "2026-03-01",
    )
    (ladder,) = cli("tier", "show", "--db", db, "bob", "--ladder", "club", "--json").json["ladders"]
    assert (ladder["level"], ladder["how"], ladder["next"]) == ("black", "set", None)
    assert ladder["to_stay"] == [
        {
            "figure": "orders > 0",
            "met": True,
            "have": None,
            "wanted": None,
            "missing": None,
            "one_of": False,
        }
    ]
    assert "orders > 0" in cli("tier", "show", "--db", db, "bob").out


def test_customers_are_counted_by_level(cli: Cli, db: Path) -> None:
    assert cli("tier", "list", "--db", db, "--json").json == [
        {"ladder": "club", "level": "member", "customers": 1},
        {"ladder": "club", "level": "silver", "customers": 1},
        {"ladder": "club", "level": "gold", "customers": 1},
        {"ladder": "club", "level": "black", "customers": 0},
        {"ladder": "often", "level": "yes", "customers": 0},
        {"ladder": "often", "level": None, "customers": 3},
    ]
    only = cli("tier", "list", "--db", db, "--ladder", "club", "--level", "gold", "--json").json
    assert only == [{"ladder": "club", "level": "gold", "customers": 1}]
    assert "(none)" in cli("tier", "list", "--db", db).out


def test_customers_are_listed(cli: Cli, db: Path) -> None:
    asked = ("tier", "list", "--db", db, "--ladder", "club", "--customers")
    shown = cli(*asked, "--json").json
    assert [(one["customer"], one["level"]) for one in shown] == [
        ("ann", "silver"),
        ("bob", "gold"),
        ("cat", "member"),
    ]
    assert [one["customer"] for one in cli(*asked, "--level", "gold", "--json").json] == ["bob"]
    limited = cli(*asked, "--limit", 1)
    assert "ann" in limited.out
    assert "bob" not in limited.out
    assert "Only the first 1 are shown" in limited.err


def test_an_operator_sets_a_level_and_it_is_kept_with_the_reason(cli: Cli, db: Path) -> None:
    asked = ("tier", "set", "--db", db, "cat", "club", "silver", "--time", "2026-03-01")
    done = cli(*asked, "--note", "a complaint", "--id", "1")
    assert (done.status, done.err) == (0, "")
    assert "club silver until 2026-12-31T23:00:00Z (was member), set" in done.out
    assert cli(*asked, "--note", "a complaint", "--id", "1", "--json").json["again"] is True
    shown = cli("tier", "show", "--db", db, "cat", "--json").json
    assert [one["rule"] for one in shown["history"]] == ["tiers.club", "events.set_tier"]
    assert shown["history"][1]["facts"]["note"] == "a complaint"
    away = cli("tier", "set", "--db", db, "cat", "club", "--note", "x", "--time", LATER)
    assert (away.status, "everyone is at member at least" in away.out) == (1, True)
    refused = cli(
        "tier", "set", "--db", db, "bob", "club", "member", "--note", "x", "--time", LATER
    )
    assert refused.status == 1
    assert "gold is earned, and would be reached again at once" in refused.out


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (("show", "dan"), "there is no customer 'dan'"),
        (("show", "ann", "--ladder", "clubb"), "there is no tier ladder 'clubb'; did you mean"),
        (("list", "--level", "glod"), "there is no level 'glod'; did you mean 'gold'?"),
        (("set", "ann", "club", "glod", "--note", "x"), "there is no level of club 'glod'"),
        (("set", "ann", "club", "gold", "--note", " "), "--note: say why"),
    ],
)
def test_what_is_not_there_is_told(
    cli: Cli, db: Path, arguments: tuple[str, ...], problem: str
) -> None:
    said = cli("tier", *arguments, "--db", db)
    assert said.status == 2
    assert problem in said.err


def test_a_program_without_tiers_says_so(cli: Cli, club: Path) -> None:
    said = cli("tier", "list", "--db", club / "club.db")
    assert (said.status, said.err) == (2, "error: the program club has no tiers\n")
