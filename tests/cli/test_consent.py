"""`loyalcore consent`: who may be written to, and what they have said of it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Cli = Callable[..., Any]

CLUB = """\
program: club
customer: {name: text, email: text}
events:
  join: {name: text, email: text}
  merge: {into: id, merges: into}
rules: {hello: {on: join, then: [set: {name: name, email: email}, send: offer]}}
messages: {offer: {purpose: promotional, channel: email, text: "Hello {{ name }}: {{ orders }}."}}
metrics: {orders: {count: join}}
contact:
  consent: {promotional: register}
  quiet: {hours: 21:00-08:00}
  channels: {to: {email: email}}
"""
EVENTS = (
    {"customer": "ann", "type": "join", "name": "Ann", "email": "a@example.org"},
    {"customer": "ann", "type": "consent_given", "purpose": "promotional", "origin": "shop"},
    {"customer": "bob", "type": "unsubscribed", "channel": "email", "origin": "link", "note": "x"},
)


@pytest.fixture
def db(cli: Cli, tmp_path: Path) -> Path:
    lines = [
        {**event, "id": str(day), "time": f"2026-01-0{day}T12:00Z"}
        for day, event in enumerate(EVENTS, start=1)
    ]
    (tmp_path / "club.yaml").write_text(CLUB)
    (tmp_path / "events.jsonl").write_text("".join(f"{json.dumps(line)}\n" for line in lines))
    done = cli(
        "run", tmp_path / "club.yaml", "--db", tmp_path / "club.db", tmp_path / "events.jsonl"
    )
    assert done.status == 0
    return tmp_path / "club.db"


def test_how_it_stands_with_a_customer_and_since_when(cli: Cli, db: Path) -> None:
    shown = cli("consent", "show", "ann", "--db", db, "--json").json
    assert shown["standing"] == [
        {
            "purpose": "promotional",
            "channel": "email",
            "said": "given",
            "since": "2026-01-02T12:00:00Z",
            "reason": "",
        }
    ]
    (said,) = shown["history"]
    assert (said["event"], said["origin"]) == ("consent_given", "shop")
    assert cli("customer", "show", "ann", "--db", db, "--json").json["contact"] == shown["standing"]
    told = cli("consent", "show", "bob", "--db", db).out
    assert "consent withdrawn: everything by email" in told
    assert "no    withdrawn   2026-01-03T12:00:00Z   consent withdrawn" in told
    assert "no    withdrawn" in cli("customer", "show", "bob", "--db", db).out


def test_all_that_was_said_the_latest_first(cli: Cli, db: Path) -> None:
    said = cli("consent", "list", "--db", db, "--json").json
    assert [(one["customer"], one["result"], one["note"]) for one in said] == [
        ("bob", "consent withdrawn: everything by email", "x"),
        ("ann", "consent given: promotional by any channel", ""),
    ]
    assert cli("consent", "list", "--db", db, "--customer", "ann", "--json").json == said[1:]


def test_a_customer_who_says_so_on_the_phone(cli: Cli, db: Path) -> None:
    asked = (
        "--db",
        db,
        "--customer",
        "ann",
        "--origin",
        "phone",
        "--id",
        "call-1",
        "--time",
        "2026-01-06",
    )
    said = cli("consent", "withdraw", *asked, "--purpose", "promotional")
    assert said.status == 0
    assert said.out.startswith("events.consent_withdrawn: consent withdrawn: promotional by any")
    again = cli("consent", "withdraw", *asked, "--purpose", "promotional")
    assert "call-1 was done before; nothing has changed" in again.out
    (standing,) = cli("consent", "show", "ann", "--db", db, "--json").json["standing"]
    assert standing["reason"] == "consent withdrawn"


def test_who_is_merged_into_another_has_the_stricter_of_both(cli: Cli, db: Path) -> None:
    merge = {"id": "m", "customer": "bob", "type": "merge", "time": "2026-01-05", "into": "ann"}
    (db.parent / "merge.jsonl").write_text(json.dumps(merge))
    cli("run", db.parent / "club.yaml", "--db", db, db.parent / "merge.jsonl")
    shown = cli("consent", "show", "bob", "--db", db, "--json").json
    assert (shown["customer"], shown["standing"][0]["said"]) == ("ann", "withdrawn")
    assert [one["customer"] for one in shown["history"]] == ["bob", "ann"]
    assert cli("consent", "show", "bob", "--db", db).out.startswith("merged into ann\n")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["show", "cat"], "there is no customer 'cat'"),
        (["list", "--customer", "cat"], "there is no customer 'cat'"),
        (["give", "--customer", "ann", "--origin", " "], "--origin: say where"),
        (
            ["give", "--customer", "ann", "--origin", "shop", "--purpose", "promotion"],
            "there is no purpose 'promotion'; did you mean 'promotional'?",
        ),
    ],
)
def test_mistakes(cli: Cli, db: Path, arguments: list[str], says: str) -> None:
    said = cli("consent", *arguments, "--db", db)
    assert (said.status, said.out) == (2, "")
    assert says in said.err


# --- messages of a customer -------------------------------------------------------------------


def test_a_message_as_a_customer_would_get_it(cli: Cli, db: Path) -> None:
    preview = ("message", "preview", db.parent / "club.yaml", "offer", "--db", db)
    ann = cli(*preview, "--customer", "ann", "--time", "2026-02-01T22:00")
    assert ann.out == (
        "text:\nHello Ann: 1.\n\nIt would go to ann by email, not before 2026-02-02T08:00:00Z.\n"
    )
    bob = cli(*preview, "--customer", "bob", "--set", "orders=7", "--json").json
    assert bob["text"] == "Hello : 7."
    assert (bob["channel"], bob["reason"]) == ("", "by email: consent withdrawn")
    told = cli(*preview, "--customer", "bob").out
    assert told.endswith("It would not be sent to bob: by email: consent withdrawn\n")
    said = cli("message", "preview", db.parent / "club.yaml", "offer", "--customer", "ann")
    assert (said.status, "--customer and --db go together" in said.err) == (2, True)


def test_the_outbox_tells_what_for_by_which_channel_and_why_it_waits(cli: Cli, db: Path) -> None:
    late = {"id": "l", "customer": "ann", "type": "join", "time": "2026-01-09T23:00Z", "email": "a"}
    (db.parent / "late.jsonl").write_text(json.dumps(late))
    cli("run", db.parent / "club.yaml", "--db", db, db.parent / "late.jsonl")
    (one,) = cli("outbox", "list", "--db", db, "--json").json
    assert (one["purpose"], one["channel"], one["due"]) == (
        "promotional",
        "email",
        "2026-01-10T08:00:00Z",
    )
    assert "quiet: until 2026-01-10T08:00:00Z" in cli("outbox", "list", "--db", db).out
    assert "purpose    promotional" in cli("outbox", "show", one["seq"], "--db", db).out
    (send,) = [
        line for line in cli("decisions", "list", "--db", db).out.splitlines() if "message" in line
    ]
    assert "message offer by email (promotional), not before 2026-01-10T08:00:00Z" in send


def test_explain_tells_why_nothing_was_sent(cli: Cli, db: Path) -> None:
    said = cli("explain", "--db", db, "--customer", "ann", "--event", "1", "--rule", "hello")
    assert "no send: offer: by email: no consent" in said.out
