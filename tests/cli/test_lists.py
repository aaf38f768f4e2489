"""The commands that list what is in a store: as tables, as JSON, and when there is nothing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Cli = Callable[..., Any]


def test_customers(cli: Cli, db: Path) -> None:
    assert cli("customer", "list", "--db", db, "--json").json == [
        {"customer": "ann", "clock": "2026-01-04T10:00:00Z", "events": 3, "decisions": 3},
        {"customer": "bob", "clock": "2026-01-03T12:00:00Z", "events": 3, "decisions": 7},
    ]
    said = cli("customer", "list", "b", "--db", db)
    header, _, *rows = said.out.splitlines()
    assert header.split() == ["customer", "clock", "events", "decisions"]
    assert [row.split() for row in rows] == [["bob", "2026-01-03T12:00:00Z", "3", "7"]]


def test_a_customer(cli: Cli, db: Path) -> None:
    bob = cli("customer", "show", "bob", "--db", db, "--json").json
    issued = bob.pop("issued")
    assert bob == {
        "customer": "bob",
        "since": "2026-01-02T10:00:00Z",
        "clock": "2026-01-03T12:00:00Z",
        "attributes": {"name": "Bob", "birthday": "1990-01-20", "referrer": "ann"},
        "tags": ["new"],
        "metrics": {"orders": 2, "spend": "55.50"},
        "balances": {"points": 65, "stars": 0},
        "tiers": {},
        "stage": None,
        "timers": [],
        "merged": "",
        "absorbed": [],
        "work": [],
        "cases": [],
        "dissolution": None,
        "contact": [],
        "scores": {},
    }
    assert [(one["kind"], one["name"]) for one in issued] == [("voucher", "cake")] * 2
    assert len({one["code"] for one in issued}) == 2
    said = cli("customer", "show", "bob", "--db", db)
    assert said.out.startswith("bob, since 2026-01-02T10:00:00Z, latest event 2026-01-03T12")
    assert issued[0]["code"] in said.out


def test_customers_who_are_one(cli: Cli, tmp_path: Path) -> None:
    ruleset, events, store = (tmp_path / name for name in ("one.yaml", "one.csv", "one.db"))
    ruleset.write_text("program: one\nevents: {merge: {into: id, merges: into}}\n")
    events.write_text("id,type,customer,time,into\n1,merge,bob,2026-01-01T10:00Z,ann\n")
    cli("run", ruleset, events, "--db", store)
    said = cli("customer", "show", "bob", "--db", store).out
    assert said.splitlines()[1] == "merged into ann, whose all later events are"
    said = cli("customer", "show", "ann", "--db", store).out
    assert said.splitlines()[1] == "merged into this customer: bob"


def test_decisions(cli: Cli, db: Path) -> None:
    decisions = cli("decisions", "list", "--db", db, "--customer", "bob", "--rule", "web-bonus")
    header, _, *rows = decisions.out.splitlines()
    assert header.split() == ["decision", "time", "customer", "rule", "result", "effects", "event"]
    assert [row.split()[1:] for row in rows] == [
        ["2026-01-03T12:00:00Z", "bob", "web-bonus", "limit:", "1", "per", "day", "purchase", "b2"],
        ["2026-01-03T10:00:00Z", "bob", "web-bonus", "fired", "+10", "points", "purchase", "b1"],
    ]


@pytest.mark.parametrize(
    ("filters", "rules"),
    [
        (["--held"], ["web-bonus"]),
        (["--fired", "--since", "2026-01-04"], ["earn"]),
        (["--until", "2026-01-02"], ["welcome"]),
        (["--since", "2026-01-01T10:00Z", "--until", "2026-01-01T10:00Z"], []),
        (["--rule", "welcome"], ["welcome", "welcome"]),
    ],
)
def test_some_decisions(cli: Cli, db: Path, filters: list[str], rules: list[str]) -> None:
    decisions = cli("decisions", "list", "--db", db, *filters, "--json").json
    assert [decision["rule"] for decision in decisions] == rules


def test_a_rule_that_decided_nothing(cli: Cli, db: Path) -> None:
    said = cli("decisions", "list", "--db", db, "--rule", "erna")
    assert said.status == 0
    assert said.out.startswith("No decision is like that. These rules have decided: birthday, ")


def test_what_is_left_out_is_told_apart_from_the_output(cli: Cli, db: Path) -> None:
    said = cli("decisions", "list", "--db", db, "--limit", 2, "--json")
    assert len(said.json) == 2
    assert said.err == "Only the first 2 are shown; --limit shows more.\n"
    assert cli("decisions", "list", "--db", db, "--limit", 11).err == ""


def test_events(cli: Cli, db: Path) -> None:
    event, emitted, *_ = cli("events", "list", "--db", db, "--customer", "ann", "--json").json
    assert (event["id"], event["data"]) == ("a1", {"amount": 12})
    assert (emitted["type"], emitted["source"]) == ("referral", "loyalcore:club")
    cause = cli("explain", "--db", db, emitted["cause"], "--json").json
    assert (cause["event_id"], cause["rules"][0]["rule"]) == ("b1", "thank-referrer")
    said = cli("events", "list", "--db", db, "--type", "sign_up", "--until", "2026-01-02")
    assert said.out.splitlines()[-1].split() == [
        *("1", "2026-01-01T10:00:00Z", "ann", "sign_up", "events", "s1", "name", "=", "Ann"),
    ]


def test_the_outbox(cli: Cli, db: Path) -> None:
    first, second = cli("outbox", "list", "--db", db, "--json").json
    assert (first["customer"], second["customer"]) == ("ann", "bob")
    assert first["data"] == {"name": "Ann"}
    assert (first["status"], first["time"]) == ("pending", "2026-01-01T10:00:00Z")
    assert first["key"] == f"{first['decision']}-4"
    said = cli("outbox", "list", "--db", db, "--status", "sent")
    assert said.out == "No message is like that.\n"


@pytest.mark.parametrize(
    ("arguments", "answer"),
    [
        (["customer", "show", "eve"], "error: there is no customer 'eve'; 2 are known: ann, bob\n"),
        (["ledger", "balance", "--customer", "eve"], "there is no customer 'eve'"),
        (["decisions", "list", "--since", "yesterday"], "expected 2026-01-31 or 2026-01-31T09:30"),
        (
            ["outbox", "list", "--status", "lost"],
            "'lost' is not one of 'pending', 'sent', 'withheld'",
        ),
    ],
)
def test_mistakes(cli: Cli, db: Path, arguments: list[str], answer: str) -> None:
    said = cli(*arguments, "--db", db)
    assert (said.status, said.out) == (2, "")
    assert answer in said.err


def test_no_store(cli: Cli, tmp_path: Path) -> None:
    said = cli("customer", "list", "--db", tmp_path / "club.db")
    assert said.status == 2
    assert said.err == (
        f"error: there is no store at {tmp_path / 'club.db'}; "
        f"`loyalcore run --db {tmp_path / 'club.db'}` makes one\n"
    )
    assert list(tmp_path.iterdir()) == []


def test_something_else_than_a_store(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "club.db").write_text("not a store, but longer than the header of one " * 20)
    said = cli("customer", "list", "--db", tmp_path / "club.db")
    assert (said.status, said.out) == (1, "")
    assert said.err == f"error: {tmp_path / 'club.db'}: not an SQLite file\n"
