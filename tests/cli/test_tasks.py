"""Queues of tasks and approvals, as people see and answer them."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Cli = Callable[..., Any]

RULESET = """\
program: shop
currency: EUR
timezone: Europe/Oslo
customer: {adviser: text}
events: {complaint: {about: text}, loss: {amount: money}}
wallets: {beans: {price: 0.10}}
people: {anna: adviser, bo: [adviser, manager], cid: manager, dag: }
tasks:
  call:
    about: Call and listen.
    role: adviser
    due: 3 days
    remind: 1 day
    escalate: manager
    outcomes: [reached, refused]
    then: {reached: [earn: {beans: 5}]}
approvals:
  dissolve:
    about: Part from them.
    role: manager
    eyes: 2
    expires: 30 days
    approved: [set: {tags.gone: true}]
rules:
  call: {on: complaint, then: [task: {call: {note: about}}, earn: {beans: 100}]}
  end: {on: loss, then: [approval: {dissolve: {lost: amount, beans: balance.beans}}]}
"""

EVENTS = """\
{"id": "1", "customer": "ann", "type": "complaint", "time": "2026-01-01T10:00Z", "about": "Tea"}
{"id": "2", "customer": "bob", "type": "complaint", "time": "2026-01-03T10:00Z", "about": "Late"}
{"id": "3", "customer": "ann", "type": "loss", "time": "2026-01-04T10:00Z", "amount": 7}
"""

LATER = ("--time", "2026-01-05T10:00Z")


@pytest.fixture
def db(folded: Callable[..., Path], tmp_path: Path) -> Path:
    return folded(tmp_path, RULESET, EVENTS)


def tasks(cli: Cli, db: Path, *options: object) -> list[tuple[object, ...]]:
    found = cli("tasks", "list", "--db", db, "--json", *options).json
    return [(one["id"], one["customer"], one["status"]) for one in found]


def test_a_queue_is_listed(cli: Cli, db: Path) -> None:
    ann, bob = (1, "ann", "open"), (2, "bob", "open")
    assert tasks(cli, db) == [ann, bob]
    assert tasks(cli, db, "--customer", "bob") == [bob]
    assert tasks(cli, db, "--overdue") == [ann]
    assert tasks(cli, db, "--role", "manager") == [ann]
    assert tasks(cli, db, "--role", "director") == []
    assert tasks(cli, db, "--limit", 1) == [ann]
    said = cli("tasks", "list", "--db", db)
    assert (
        "1    call   ann        adviser or manager   2026-01-04T10:00:00Z   open     Tea"
        in said.out
    )
    assert cli("tasks", "list", "--db", db, "--customer", "zoe").status == 2


def test_a_task_is_shown_with_what_has_become_of_it(cli: Cli, db: Path) -> None:
    shown = cli("tasks", "show", 1, "--db", db, "--json").json
    assert {name: shown[name] for name in ("name", "note", "about", "due", "escalated")} == {
        "name": "call",
        "note": "Tea",
        "about": "Call and listen.",
        "due": "2026-01-04T10:00:00Z",
        "escalated": "2026-01-04T10:00:00Z",
    }
    assert [one["rule"] for one in shown["history"]] == [
        "call",
        "tasks.call.reminded",
        "tasks.call.escalated",
    ]
    said = cli("tasks", "show", 1, "--db", db)
    assert "task 1: call for ann, open\n  Call and listen.\n" in said.out
    assert "task call (1) escalated to manager" in said.out
    said = cli("tasks", "show", 3, "--db", db)
    assert (said.status, said.err) == (
        2,
        "error: there is no task 3; `loyalcore tasks list --all` shows them\n",
    )


def test_a_task_is_done_once(cli: Cli, db: Path) -> None:
    answer = ("tasks", "done", 1, "--db", db, "--as", "cid", "--outcome", "reached", *LATER)
    said = cli(*answer, "--note", "Glad", "--id", "d1")
    assert said.status == 0, said.err
    assert said.out == (
        "tasks.call.done: task call (1) done by cid: reached (Glad), +5 beans\n"
        "event d1 of operator at 2026-01-05T10:00:00Z\n"
    )
    assert tasks(cli, db) == [(2, "bob", "open")]
    assert (1, "ann", "done") in tasks(cli, db, "--all")
    said = cli(*answer, "--id", "d2")
    assert said.status == 1
    assert "events.task_done: task call 1 is not open any more" in said.out
    assert cli(*answer, "--note", "Glad", "--id", "d1").status == 0  # the same again
    said = cli("explain", "--db", db, "--customer", "ann", "--rule", "tasks.call.done")
    assert "the task was done" in said.out
    listed = cli("decisions", "list", "--db", db, "--customer", "ann", "--json").json
    assert {"tasks.call.done", "events.task_done"} < {one["rule"] for one in listed}
    assert cli("ledger", "verify", "--db", db).status == 0


def test_what_is_told_of_it_names_its_id_and_not_the_customers_own_number(
    cli: Cli, db: Path
) -> None:
    answer = ("tasks", "done", 2, "--db", db, "--as", "anna", "--outcome", "reached", *LATER)
    said = cli(*answer)
    assert said.out.startswith("tasks.call.done: task call (2) done by anna: reached, +5 beans\n")
    assert cli(*answer).out.startswith("events.task_done: task call 2 is not open any more\n")
    said = cli("tasks", "show", 2, "--db", db)
    assert "task call (2) for adviser, due 2026-01-06T10:00:00Z" in said.out
    assert "task call (2) done by anna: reached" in said.out
    answer = ("approvals", "reject", 3, "--db", db, "--as", "cid", "--reason", "No", *LATER)
    assert "approval dissolve (3) rejected by cid (No)\n" in cli(*answer).out
    assert "approval dissolve 3 is not open any more\n" in cli(*answer).out


def test_it_is_told_of_a_merged_customer_by_the_one_they_are_part_of_now(
    cli: Cli, tmp_path: Path
) -> None:
    (tmp_path / "shop.yaml").write_text(
        "program: shop\ncurrency: EUR\ntimezone: Europe/Oslo\n"
        "events: {merge: {into: id, merges: into}, complaint: {}}\n"
        "wallets: {beans: {}}\n"
        "tasks: {call: {role: desk}}\n"
        "rules: {check: {on: [complaint, adjust_points], then: [task: call]}}\n"
    )
    (tmp_path / "events.jsonl").write_text(
        '{"id": "1", "customer": "cid", "type": "complaint", "time": "2026-01-01T10:00Z"}\n'
        '{"id": "2", "customer": "ann", "type": "complaint", "time": "2026-01-01T10:00Z"}\n'
        '{"id": "3", "customer": "bob", "type": "merge", "time": "2026-01-02T10:00Z", '
        '"into": "ann"}\n'
    )
    db = tmp_path / "shop.db"
    assert cli("run", tmp_path / "shop.yaml", tmp_path / "events.jsonl", "--db", db).status == 0
    options = ("--customer", "bob", "--wallet", "beans", "--points", 5, "--note", "Sorry")
    said = cli("ledger", "adjust", "--db", db, *options, *LATER)
    assert "check: task call (3) for desk\n" in said.out
    assert (3, "ann", "open") in tasks(cli, db)


@pytest.mark.parametrize(
    ("options", "status", "told"),
    [
        (("--as", "anna", "--outcome", "reachd"), 2, "there is no outcome of call 'reachd'"),
        (("--as", "anna"), 1, "outcome is missing: reached, refused"),
        (("--as", "dag", "--outcome", "reached"), 1, "dag has not the role adviser or manager"),
        (("--as", "zoe", "--outcome", "reached"), 1, "zoe is none of the people"),
        (("--outcome", "reached"), 2, "Missing option '--as'"),
    ],
)
def test_what_can_not_be_done_is_told(
    cli: Cli, db: Path, options: tuple[str, ...], status: int, told: str
) -> None:
    said = cli("tasks", "done", 1, "--db", db, *options, *LATER)
    assert said.status == status
    assert told in said.out + said.err
    assert (1, "ann", "open") in tasks(cli, db)


def test_a_task_is_handed_on(cli: Cli, db: Path) -> None:
    said = cli("tasks", "assign", 1, "--db", db, "--to", "anna", "--as", "dag", *LATER)
    assert said.status == 0, said.err
    assert "tasks.call.assigned: task call (1) assigned to anna by dag" in said.out
    assert tasks(cli, db, "--assignee", "anna") == [(1, "ann", "open")]
    said = cli("tasks", "assign", 1, "--db", db, "--to", "dag", "--as", "bo", *LATER)
    assert said.status == 1
    assert "dag has not the role adviser or manager" in said.out


def test_two_operators_at_once_do_it_once(cli: Cli, db: Path) -> None:
    command = [sys.executable, "-m", "loyalcore", "tasks", "done", "1", "--db", str(db)]
    command += ["--outcome", "reached", "--time", "2026-01-05T10:00Z", "--wait", "60"]
    both = [
        subprocess.Popen([*command, "--as", by], stdout=subprocess.PIPE, encoding="utf-8")
        for by in ("anna", "bo")
    ]
    outs = [one.communicate()[0] for one in both]
    assert sorted(one.returncode for one in both) == [0, 1]
    assert sum("is not open any more" in out for out in outs) == 1
    rows = cli("ledger", "balance", "--db", db, "--customer", "ann", "--json").json
    assert rows[0]["balance"] == 105


def test_an_approval_is_shown_with_its_evidence(cli: Cli, db: Path) -> None:
    shown = cli("approvals", "show", 3, "--db", db, "--json").json
    assert shown["evidence"] == {"lost": "7.00", "beans": 100}
    assert shown["outstanding"] == [
        {"wallet": "beans", "active": 100, "pending": 0, "value": "10.00"}
    ]
    assert [(one["name"], one["status"]) for one in shown["tried"]] == [("call", "open")]
    said = cli("approvals", "show", 3, "--db", db)
    assert "approval 3: dissolve for ann, open\n  Part from them.\n" in said.out
    assert "asked of manager at 2026-01-04T10:00:00Z, expires 2026-02-03T10:00:00Z" in said.out
    assert cli("approvals", "show", 1, "--db", db).status == 2


def test_an_approval_shows_what_was_tried_before_it(cli: Cli, db: Path, tmp_path: Path) -> None:
    (tmp_path / "later.jsonl").write_text(
        '{"id": "4", "customer": "ann", "type": "complaint", "time": "2026-01-05T10:00Z", '
        '"about": "Tea again"}\n'
    )
    assert cli("run", db.parent / "shop.yaml", tmp_path / "later.jsonl", "--db", db).status == 0
    assert (4, "ann", "open") in tasks(cli, db)
    shown = cli("approvals", "show", 3, "--db", db, "--json").json
    assert [(one["id"], one["note"]) for one in shown["tried"]] == [(1, "Tea")]


def test_two_must_approve(process: Cli, db: Path) -> None:
    answer = ("approvals", "approve", 3, "--db", db, *LATER)
    said = process(*answer, "--as", "bo", "--reason", "It is time")
    assert (said.status, said.err) == (0, "")
    assert "approval dissolve (3) given by bo (It is time)" in said.out
    listed = process("approvals", "list", "--db", db, "--role", "manager", "--json").json
    assert [(one["id"], one["given"], one["status"]) for one in listed] == [(3, 1, "open")]
    said = process(*answer, "--as", "bo")
    assert said.status == 1
    assert "bo has approved it already; another person must" in said.out
    said = process(*answer, "--as", "anna")
    assert "anna has not the role manager" in said.out
    said = process(*answer, "--as", "cid", "--json")
    assert [one["rule"] for one in said.json["decisions"]] == ["approvals.dissolve.approved"]
    assert process("approvals", "list", "--db", db).out == "No approval is open.\n"
    said = process("approvals", "list", "--db", db, "--all")
    assert "approved" in said.out
    assert process("customer", "show", "ann", "--db", db, "--json").json["tags"] == ["gone"]


def test_one_rejects_and_must_say_why(cli: Cli, db: Path) -> None:
    answer = ("approvals", "reject", 3, "--db", db, "--as", "cid", *LATER)
    assert cli(*answer).status == 2
    said = cli(*answer, "--reason", "Not yet")
    assert said.status == 0
    assert "approval dissolve (3) rejected by cid (Not yet)" in said.out
    shown = cli("approvals", "show", 3, "--db", db, "--json").json
    assert (shown["status"], shown["by"]) == ("rejected", "cid")
    assert shown["history"][-1]["effect"]["note"] == "Not yet"


def test_it_expires_as_time_passes(cli: Cli, db: Path) -> None:
    assert cli("run", db.parent / "shop.yaml", "--db", db, "--until", "2026-02-10").status == 0
    shown = cli("approvals", "show", 3, "--db", db, "--json").json
    assert (shown["status"], shown["closed"]) == ("expired", "2026-02-03T10:00:00Z")


def test_a_customer_is_shown_with_what_is_asked(cli: Cli, db: Path) -> None:
    shown = cli("customer", "show", "ann", "--db", db, "--json").json
    assert shown["work"] == [
        {
            "kind": "task",
            "name": "call",
            "number": 1,
            "asked_of": "adviser or manager",
            "due": "2026-01-04T10:00:00Z",
            "note": "Tea",
        },
        {
            "kind": "approval",
            "name": "dissolve",
            "number": 2,
            "asked_of": "manager",
            "due": "2026-02-03T10:00:00Z",
            "note": "",
        },
    ]
    said = cli("customer", "show", "ann", "--db", db)
    assert "task       call            1   adviser or manager" in said.out
