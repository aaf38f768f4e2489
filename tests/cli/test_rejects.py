"""`loyalcore rejects`: what was not accepted, as it was received, and trying it again."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Cli = Callable[..., Any]


@pytest.fixture
def visits(copy: Path) -> Path:
    """The folder of the club, whose ruleset knows of visits now."""
    ruleset = (copy / "club.yaml").read_text()
    known = "  referral: {friend: id}\n"
    assert known in ruleset
    (copy / "club.yaml").write_text(ruleset.replace(known, f"{known}  visit: {{}}\n"))
    return copy


def test_the_original_text_is_kept_as_it_was_received(cli: Cli, club: Path, db: Path) -> None:
    rejects = cli("rejects", "list", "--db", db, "--json").json
    assert [reject["original"] for reject in rejects] == (
        club / "rejected.jsonl"
    ).read_text().splitlines()
    assert [(reject["code"], reject["line"]) for reject in rejects] == [
        ("unknown-event", 1),
        ("bad-field", 2),
        ("bad-json", 3),
    ]
    assert [reject["record"] and reject["record"]["id"] for reject in rejects] == ["r1", "r2", None]


def test_the_original_row_of_a_table_is_kept(cli: Cli, copy: Path) -> None:
    row = 'dan,2026-02-01,"1,5",  web'
    (copy / "till.csv").write_bytes(f"customer,time,amount,channel\r\n{row}\r\n".encode())
    arguments = ("--db", copy / "club.db", "--type", "purchase", copy / "till.csv")
    assert cli("run", copy / "club.yaml", *arguments).status == 1
    (reject,) = cli(
        "rejects", "list", "--db", copy / "club.db", "--file", "till.csv", "--json"
    ).json
    assert (reject["code"], reject["original"].rstrip()) == ("bad-field", row)


def test_rejects_for_people(cli: Cli, db: Path) -> None:
    said = cli("rejects", "list", "--db", db)
    assert "purchase.amount: expected a number such as 12.50" in said.out
    assert said.out.endswith("\nopen: 1 bad-field, 1 bad-json, 1 unknown-event\n")
    assert "unknown-event" not in cli("rejects", "list", "--db", db, "--code", "bad-json").out


def test_an_event_with_a_slip_in_its_type_is_told_which_was_meant(cli: Cli, copy: Path) -> None:
    line = '{"id": "s1", "type": "purchas", "customer": "dan", "time": "2026-02-01", "amount": 1}'
    (copy / "slip.jsonl").write_text(f"{line}\n")
    db = copy / "club.db"
    assert cli("run", copy / "club.yaml", "--db", db, copy / "slip.jsonl").status == 1
    (reject,) = cli("rejects", "list", "--db", db, "--file", "slip.jsonl", "--json").json
    expected = "the program declares no event 'purchas' (did you mean 'purchase'?)"
    assert reject["message"] == expected


def test_what_is_accepted_now_is_open_no_more(cli: Cli, visits: Path) -> None:
    db = visits / "club.db"
    said = cli("rejects", "retry", "--db", db, visits / "club.yaml")
    assert said.status == 1
    assert "1 event decided\n" in said.out
    assert said.out.endswith(
        "1 of 3 open rejects accepted\n1 can't be read as events: correct them in their files\n"
    )
    assert said.err == f"2 still open; see: loyalcore rejects list --db {db}\n"
    everything = cli("rejects", "list", "--db", db, "--all", "--json").json
    assert [reject["status"] for reject in everything] == ["retried", "open", "open"]
    (event,) = cli("events", "list", "--db", db, "--customer", "cat", "--json").json
    assert (event["id"], event["type"]) == ("r1", "visit")


def test_what_fails_again_has_the_reason_of_now(cli: Cli, visits: Path) -> None:
    db, ruleset = visits / "club.db", visits / "club.yaml"
    (before, *_) = cli("rejects", "list", "--db", db, "--json").json
    place = "visit: {place: {type: text, required: true}}"
    ruleset.write_text(ruleset.read_text().replace("visit: {}", place))
    said = cli("rejects", "retry", "--db", db, ruleset, "--json")
    assert said.status == 1
    assert (said.json["tried"], said.json["unreadable"], said.json["remaining"]) == (2, 1, 3)
    (after, *_) = cli("rejects", "list", "--db", db, "--json").json
    reason = {"code": "missing-field", "message": "visit.place is required"}
    assert after == {**before, **reason}


def test_the_same_file_run_again_closes_what_it_accepts(cli: Cli, visits: Path) -> None:
    db = visits / "club.db"
    said = cli("run", visits / "club.yaml", "--db", db, visits / "rejected.jsonl")
    assert said.status == 1
    still_open = cli("rejects", "list", "--db", db, "--json").json
    assert [reject["code"] for reject in still_open] == ["bad-field", "bad-json"]


def test_nothing_to_retry(cli: Cli, club: Path, tmp_path: Path) -> None:
    db = tmp_path / "new.db"
    assert cli("run", club / "club.yaml", "--db", db, club / "events.jsonl").status == 0
    said = cli("rejects", "retry", "--db", db, club / "club.yaml")
    assert (said.status, said.out, said.err) == (0, "No reject is open.\n", "")
    assert cli("rejects", "list", "--db", db).out == "No event is rejected.\n"
