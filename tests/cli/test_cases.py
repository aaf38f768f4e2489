"""Cases as operators see them, and whether promises are kept."""

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
events:
  complaint: {ticket: id, severity: text}
  answer: {ticket: id}
  resolution: {ticket: id, happy: flag}
  enquiry: {}
  reply: {}
  visit: {}
wallets: {beans: {price: 0.10}}
tasks: {call: {role: desk, due: 3 days}}
messages: {promo: {purpose: promotional, text: Buy.}}
rules: {push: {on: visit, then: [send: promo]}}
recovery:
  complaints:
    open: complaint
    case: ticket
    promise: [{when: severity == 'high', within: 4 hours}, {within: 3 days}]
    task: call
    answered: answer
    resolved: resolution
    satisfied: happy
    reopens: 30 days
    goodwill: {do: {earn: {beans: 5}}, limit: once}
  enquiries: {open: enquiry, promise: 1 day, answered: reply}
"""

EVENTS = """\
{"id": "1", "customer": "ann", "type": "complaint", "time": "2026-01-01T10:00Z", "ticket": "t-1"}
{"id": "2", "customer": "bob", "type": "complaint", "time": "2026-01-01T11:00Z", "ticket": "t-2", \
"severity": "high"}
{"id": "3", "customer": "ann", "type": "answer", "time": "2026-01-01T12:00Z", "ticket": "t-1"}
{"id": "4", "customer": "ann", "type": "resolution", "time": "2026-01-02T12:00Z", "ticket": "t-1", \
"happy": true}
{"id": "5", "customer": "bob", "type": "visit", "time": "2026-01-02T13:00Z"}
{"id": "6", "customer": "bob", "type": "answer", "time": "2026-01-02T13:00Z", "ticket": "t-9"}
{"id": "7", "customer": "cai", "type": "enquiry", "time": "2026-01-03T13:00Z"}
"""


@pytest.fixture
def db(folded: Callable[..., Path], tmp_path: Path) -> Path:
    return folded(tmp_path, RULESET, EVENTS)


def cases(cli: Cli, db: Path, *options: object) -> list[tuple[object, ...]]:
    found = cli("cases", "list", "--db", db, "--json", *options).json
    return [(one["id"], one["customer"], one["case"], one["status"]) for one in found]


def test_cases_are_listed(cli: Cli, db: Path) -> None:
    ann, bob, cai = (
        (1, "ann", "t-1", "closed"),
        (2, "bob", "t-2", "open"),
        (3, "cai", "7", "open"),
    )
    assert cases(cli, db) == [bob, cai]
    assert cases(cli, db, "--all") == [ann, bob, cai]
    assert cases(cli, db, "--overdue") == [bob]
    assert cases(cli, db, "--customer", "ann", "--all") == [ann]
    assert cases(cli, db, "--recovery", "enquiries") == [cai]
    assert cases(cli, db, "--limit", 1) == [bob]
    assert "2    complaints   t-2    bob " in cli("cases", "list", "--db", db).out
    assert cli("cases", "list", "--db", db, "--customer", "ann").out == "No case is open.\n"


def test_what_is_not_there_is_told(cli: Cli, db: Path) -> None:
    said = cli("cases", "list", "--db", db, "--recovery", "complaint")
    assert (said.status, "did you mean 'complaints'?" in said.err) == (2, True)
    said = cli("cases", "show", 9, "--db", db)
    assert said.status == 2
    assert said.err == "error: there is no case 9; `loyalcore cases list --all` shows them\n"


def test_a_case_is_shown_with_what_became_of_it(cli: Cli, db: Path) -> None:
    said = cli("cases", "show", 1, "--db", db)
    assert said.out.startswith("case 1: t-1 of complaints, for ann, satisfied\n")
    assert "complaints t-1 (1) opened, to be answered before 2026-01-04T10:00:00Z" in said.out
    assert "complaints t-1 (1) closed: satisfied" in said.out
    found = cli("cases", "show", 2, "--db", db, "--json").json
    assert (found["status"], found["overdue"]) == ("open", "2026-01-01T15:00:00Z")
    rules = ["recovery.complaints.opened", "recovery.complaints.overdue"]
    assert [one["rule"] for one in found["history"]] == rules


def test_the_report_tells_what_was_kept(cli: Cli, db: Path) -> None:
    complaints, enquiries = cli("recovery", "report", "--db", db, "--json").json
    assert complaints == {
        "recovery": "complaints",
        "opened": 2,
        "reopened": 0,
        "in_time": 1,
        "late": 0,
        "waiting": 1,
        "median_seconds": 7200.0,
        "outcomes": {"satisfied": 1},
        "goodwill": "0.50",
    }
    assert (enquiries["opened"], enquiries["goodwill"]) == (1, None)
    said = cli("recovery", "report", "--db", db, "--recovery", "complaints")
    assert "2.0 hours   1 satisfied       0.50" in said.out
    (later,) = cli(
        *("recovery", "report", "--db", db, "--recovery", "complaints", "--json"),
        *("--from", "2026-01-02"),
    ).json
    assert later["opened"] == 0


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--recovery", "complaint"), "did you mean 'complaints'?"),
        (("--from", "2026-02-01", "--to", "2026-01-01"), "--from must be before --to"),
        (("--from", "soon"), "--from"),
    ],
)
def test_a_report_on_nothing_is_refused(
    cli: Cli, db: Path, options: tuple[str, ...], told: str
) -> None:
    said = cli("recovery", "report", "--db", db, *options)
    assert (said.status, told in said.err) == (2, True)


def test_a_program_without_promises_has_no_report(cli: Cli, tmp_path: Path, club: Path) -> None:
    said = cli("recovery", "report", "--db", club / "club.db")
    assert (said.status, said.err) == (2, "error: the program club has no recovery\n")


def test_customer_show_tells_open_cases(cli: Cli, db: Path) -> None:
    said = cli("customer", "show", "bob", "--db", db)
    assert "2026-01-01T15:00:00Z, overdue" in said.out
    (case,) = cli("customer", "show", "bob", "--db", db, "--json").json["cases"]
    assert (case["case"], case["overdue"], case["answered"]) == ("t-2", True, None)
    assert cli("customer", "show", "ann", "--db", db, "--json").json["cases"] == []


def test_it_is_explained_why_and_why_not(cli: Cli, db: Path) -> None:
    said = cli("explain", "--db", db, "--customer", "bob", "--rule", "recovery.complaints.answered")
    assert "no case was answered: no such case is known" in said.out
    said = cli("explain", "--db", db, "--customer", "bob", "--rule", "recovery.complaints")
    assert "case 1 is open since 2026-01-01T11:00:00Z, overdue since" in said.out
    said = cli("explain", "--db", db, "--customer", "bob", "--rule", "push")
    assert "paused: a case of complaints is open" in said.out
    said = cli("explain", "--db", db, "--customer", "ann", "--rule", "recovery.complaints.goodwill")
    assert "goodwill was given" in said.out
    assert "once" in said.out


def test_in_a_process_of_its_own(process: Cli, db: Path) -> None:
    assert process("cases", "list", "--overdue", "--db", db, "--json").json[0]["case"] == "t-2"
