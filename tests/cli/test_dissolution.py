"""Who is parted with, how far that has come, what it would come to, and what people do about it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Cli = Callable[..., Any]

RULESET = """\
program: club
timezone: Europe/Oslo
customer: {language: text}
languages: {default: en, of: language}
events:
  purchase: {amount: money}
  wish: {}
  speak: {language: text}
wallets: {points: {price: 0.01}}
people: {anna: boss, bo: clerk}
approvals: {part: {role: boss, expires: 30 days}}
messages:
  part: {subject: Goodbye, text: {en: "Until {{ dissolution.partners.redeem_until }}", nb: Farvel}}
rules:
  earn: {on: purchase, then: [{earn: {points: amount}}]}
  speak: {on: speak, then: [{set: {language: language}}]}
dissolution:
  partners:
    reasons: {wish: wish}
    approval: part
    phases: {announced: {do: {send: part}, lasts: 10 days}, redemption: {lasts: 20 days}}
    settle: {points: pay out}
"""

EVENTS = """\
{"id": "1", "customer": "ann", "type": "purchase", "time": "2026-01-01T10:00Z", "amount": 70}
{"id": "2", "customer": "bob", "type": "speak", "time": "2026-01-02T10:00Z", "language": "nb"}
{"id": "3", "customer": "ann", "type": "wish", "time": "2026-01-03T10:00Z"}
"""


@pytest.fixture
def db(folded: Callable[..., Path], tmp_path: Path) -> Path:
    return folded(tmp_path, RULESET, EVENTS)


def asked(cli: Cli, *command: object) -> Any:
    return cli(*command, "--json").json


def approve(cli: Cli, db: Path, time: str = "2026-01-04") -> None:
    cli("approvals", "approve", "1", "--db", db, "--as", "anna", "--time", time)


def test_who_is_in_it(cli: Cli, db: Path) -> None:
    (one,) = asked(cli, "dissolution", "list", "--db", db)
    assert (one["customer"], one["phase"], one["reason"]) == ("ann", "proposed", "wish")
    approve(cli, db)
    (one,) = asked(cli, "dissolution", "list", "--db", db, "--phase", "announced")
    assert one["until"] == "2026-01-14T00:00:00Z"
    assert asked(cli, "dissolution", "list", "--db", db, "--phase", "closed") == []
    assert "announced" in cli("dissolution", "list", "--db", db).out
    assert "announced" in cli("customer", "show", "ann", "--db", db).out
    known = asked(cli, "customer", "show", "ann", "--db", db)["dissolution"]
    assert known == {
        "dissolution": "partners",
        "phase": "announced",
        "reason": "wish",
        "since": "2026-01-04T00:00:00Z",
        "until": "2026-01-14T00:00:00Z",
        "held": "",
    }
    assert asked(cli, "customer", "show", "bob", "--db", db)["dissolution"] is None


def test_the_preview_is_told_in_the_words_of_the_customer(cli: Cli, db: Path) -> None:
    told = asked(cli, "dissolution", "preview", "ann", "--db", db, "--at", "2026-01-04")
    assert told["wallets"] == {"points": {"balance": 70, "pending": 0}}
    assert [one["phase"] for one in told["phases"]] == [
        *("announced", "redemption", "settlement", "closed")
    ]
    (paid,) = told["points"]
    assert (paid["time"], paid["amount"]) == ("2026-02-03T00:00:00Z", "0.70")
    (message,) = told["messages"]
    assert (message["subject"], message["text"][:11]) == ("Goodbye", "Until Febru")
    told = asked(cli, "dissolution", "preview", "bob", "--db", db, "--at", "2026-01-04")
    assert told["messages"][0]["text"] == "Farvel"
    shown = cli("dissolution", "preview", "ann", "--db", db).out
    assert "70 points paid out for 0.70" in shown
    assert cli("dissolution", "preview", "zoe", "--db", db).status == 2
    assert cli("dissolution", "preview", "ann", "--db", db, "--name", "x").status == 2


def test_an_approval_shows_what_granting_it_would_come_to(cli: Cli, db: Path) -> None:
    told = asked(cli, "approvals", "show", "1", "--db", db)
    assert told["preview"]["points"][0]["how"] == "paid out"
    assert (
        "If it is approved, and nothing else happens"
        in cli("approvals", "show", "1", "--db", db).out
    )
    approve(cli, db)
    assert asked(cli, "approvals", "show", "1", "--db", db)["preview"] is None


def test_people_hold_it_let_it_go_on_and_withdraw_it(cli: Cli, db: Path) -> None:
    approve(cli, db)

    def by_hand(command: str, by: str, day: str) -> Any:
        return cli(
            *("dissolution", command, "ann", "--db", db, "--as", by),
            *("--reason", "talks", "--time", day, "--json"),
        )

    refused = by_hand("pause", "bo", "2026-01-05")
    assert refused.status == 1
    assert refused.json["decisions"][0]["reason"] == "bo has not the role boss"
    assert by_hand("pause", "anna", "2026-01-05").status == 0
    (one,) = asked(cli, "dissolution", "list", "--db", db)
    assert (one["held"], one["until"]) == ("by hand", None)
    assert "held: by hand" in cli("customer", "show", "ann", "--db", db).out
    assert by_hand("resume", "anna", "2026-01-09").status == 0
    (one,) = asked(cli, "dissolution", "list", "--db", db)
    assert one["until"] == "2026-01-18T00:00:00Z"
    assert by_hand("reopen", "anna", "2026-01-10").status == 1
    assert by_hand("withdraw", "anna", "2026-01-10").status == 0
    assert asked(cli, "dissolution", "list", "--db", db) == []
    (one,) = asked(cli, "dissolution", "list", "--db", db, "--all")
    assert one["outcome"] == "withdrawn"
    (now,) = asked(cli, "dissolution", "report", "--db", db)
    assert (now["begun"], now["outcomes"]) == (1, {"withdrawn": 1})


def test_all_that_was_decided_is_told_from_the_wish_to_the_way_back(cli: Cli, db: Path) -> None:
    approve(cli, db)
    ruleset = str(Path(db).with_name("club.yaml"))
    cli("run", ruleset, "--db", db, "--until", "2026-03-01")
    told = asked(cli, "dissolution", "show", "ann", "--db", db)
    (one,) = told["dissolutions"]
    assert (one["outcome"], one["settled"][0]["amount"]) == ("closed", "0.70")
    assert [entry["rule"].rpartition(".")[2] for entry in told["history"]] == [
        *("proposed", "announced", "redemption", "settlement", "settled", "closed")
    ]
    assert "70 points paid out for 0.70" in cli("dissolution", "show", "ann", "--db", db).out
    assert "Nothing was decided" in cli("dissolution", "show", "bob", "--db", db).out
    (summary,) = asked(cli, "dissolution", "report", "--db", db)
    assert summary["settled"] == [
        {"wallet": "points", "how": "paid out", "points": 70, "amount": "0.70"}
    ]
    assert "0.70" in cli("dissolution", "report", "--db", db).out
    reopened = cli(
        *("dissolution", "reopen", "ann", "--db", db, "--as", "anna", "--reason", "back"),
        *("--time", "2026-03-02"),
    )
    assert reopened.status == 0
    (one,) = asked(cli, "dissolution", "list", "--db", db, "--all")
    assert one["reopened"] == "2026-03-02T00:00:00Z"
    assert cli("ledger", "verify", "--db", db).status == 0
    explained = cli(*("explain", "--customer", "ann", "--rule", "dissolution.partners", "--db", db))
    assert "the customer is not in it; it ended at 2026-03-02" in explained.out


def test_a_program_without_dissolutions_says_so(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "club.yaml").write_text("program: club\nevents: {purchase: {}}\n")
    (tmp_path / "events.jsonl").write_text(
        '{"id": "1", "customer": "ann", "type": "purchase", "time": "2026-01-01T10:00Z"}\n'
    )
    db = str(tmp_path / "club.db")
    cli("run", str(tmp_path / "club.yaml"), str(tmp_path / "events.jsonl"), "--db", db)
    assert cli("dissolution", "preview", "ann", "--db", db).status == 2
    assert "no dissolutions" in cli("dissolution", "report", "--db", db).out
    assert "Nobody" in cli("dissolution", "list", "--db", db).out
