"""Queues of tasks and approvals in a store: they are what the log says, however it was run."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loyalcore.ruleset.source import Source
from loyalcore.runner.loading import load_from
from loyalcore.runner.run import activate
from loyalcore.runner.verify import verify
from loyalcore.store import Store
from loyalcore.store.tasks import QUEUE, list_asked
from runner.histories import Line, NewShop, histories, on, run_anyhow

RULESET = """\
program: shop
timezone: Europe/Oslo
events:
  complaint: {about: text}
  loss: {amount: money}
  merge: {into: id, merges: into}
  split: {customer_id: id, unmerges: customer_id}
wallets: {beans: {expires: 20 days}}
people: {anna: adviser, bo: manager, cid: manager}
tasks:
  call:
    role: adviser
    due: 3 days
    remind: 1 day
    escalate: [{after: 1 day, to: manager}, {after: 2 days, to: manager}]
    outcomes: [reached, refused]
    then: {reached: [earn: {beans: 5}], refused: [task: call, approval: gift]}
approvals:
  gift:
    role: manager
    eyes: 2
    expires: 5 days
    approved: [earn: {beans: 50}]
    expired: [task: {call: {note: "'nobody decided'"}}]
rules:
  call: {on: complaint, then: [task: {call: {note: about}}]}
  ask: {on: loss, then: [approval: {gift: {lost: amount}}]}
  again: {on: task_escalated, limit: 1 per week, then: [task: {call: {due: 1 day}}]}
"""

KINDS: list[Mapping[str, object]] = [
    {"type": "complaint", "about": "tea"},
    {"type": "loss", "amount": 5},
    {"type": "task_done", "task": "call", "outcome": "reached", "by": "anna"},
    {"type": "task_done", "task": "call", "outcome": "refused", "by": "anna"},
    {"type": "task_done", "number": 1, "outcome": "reached", "by": "bo"},
    {"type": "task_assigned", "task": "call", "to": "anna", "by": "bo"},
    {"type": "approval_given", "approval": "gift", "approved": True, "by": "bo"},
    {"type": "approval_given", "approval": "gift", "approved": True, "by": "cid"},
    {"type": "approval_given", "approval": "gift", "approved": False, "by": "cid"},
    {"type": "merge", "into": "ann"},
    {"type": "split", "customer_id": "bob"},
]


def queues(shop: Any) -> list[Any]:
    return shop.ask("select * from tasks order by seq")  # type: ignore[no-any-return]


@given(
    histories(
        lambda number: st.sampled_from(KINDS),
        gaps=[0, 1, 24, 72, 96],
        customers=["ann", "bob"],
        most=14,
    ),
    st.data(),
)
def test_s2_s10_s11_the_queues_are_what_the_log_says(
    new_shop: NewShop, lines: list[Line], data: st.DataObject
) -> None:
    until = on(days=90)
    with new_shop() as simple, new_shop() as odd:
        simple.run(RULESET, lines)
        run_anyhow(odd, RULESET, lines, data)
        assert queues(odd) == queues(simple)
        odd.check()
        as_customers_say(odd)
        simple.run(RULESET, until=until)
        run_anyhow(odd, RULESET, [], data, until=until)
        assert queues(odd) == queues(simple)
        assert odd.history() == simple.history()
        odd.check()


def as_customers_say(shop: Any) -> None:
    """What is open in the table is what customers have open, and comes of the decisions."""
    with Store.open(shop.path) as store:
        assert list(QUEUE.written_again(store.connection)) == []
        rows = {(one.customer, one.number): one for one in of_both(store)}
    for name, state in shop.customers().items():
        for task in state.life.tasks:
            row = rows.pop((name, task.number))
            assert (row.kind, row.name, row.due, row.note) == (
                *("task", task.task),
                *(task.due, task.note),
            )
            assert (row.roles, row.assignee) == (task.roles, task.assignee)
        for approval in state.life.approvals:
            row = rows.pop((name, approval.number))
            assert (row.kind, row.name, row.due) == (
                "approval",
                approval.approval,
                approval.expires,
            )
    assert rows == {}


def of_both(store: Store) -> list[Any]:
    return [one for kind in ("task", "approval") for one in list_asked(store.connection, kind)]


EVENTS: list[dict[str, object]] = [
    {"id": "1", "customer": "ann", "type": "complaint", "time": "2026-01-01T10:00Z"},
    {"id": "2", "customer": "bob", "type": "complaint", "time": "2026-01-02T10:00Z"},
    {"id": "3", "customer": "bob", "type": "loss", "time": "2026-01-02T11:00Z", "amount": 3},
]


@pytest.mark.parametrize(
    "change",
    [
        "update tasks set status = 'done' where seq = 2",
        "update tasks set roles = '[]' where seq = 1",
        "delete from tasks where seq = 3",
        (
            "insert into tasks select 9, kind, customer, 9, name, status, roles, assignee, due, "
            "note, given, reminded, escalated, outcome, by, created, decision, closed, closing "
            "from tasks where seq = 1"
        ),
    ],
)
def test_a_queue_that_was_tampered_with_is_found(shop: Any, change: str) -> None:
    shop.run(RULESET, EVENTS)
    with sqlite3.connect(shop.path) as connection:
        connection.execute(change)
    connection.close()
    with Store.open(shop.path) as store:
        difference = verify(store.connection, quick=True).difference
        assert difference is not None
        assert difference.where.endswith("among the tasks")


def test_a_queue_is_asked_by_what_matters(shop: Any) -> None:
    shop.run(RULESET, EVENTS, until="2026-01-05T10:00Z")
    with Store.open(shop.path) as store:

        def found(**asked: Any) -> list[int]:
            return [one.seq for one in list_asked(store.connection, "task", **asked)]

        assert found() == [1, 2, 4]
        assert found(customer="bob") == [2]
        assert found(role="manager") == [1]
        assert found(role="adviser") == [1, 2, 4]
        due = list_asked(store.connection, "task")[1].due
        assert due is not None
        assert (found(overdue=due - 1), found(overdue=due)) == ([1], [1, 2])
        assert [one.name for one in list_asked(store.connection, "approval")] == ["gift"]


def test_two_operators_do_the_same_task_and_the_second_is_refused(shop: Any) -> None:
    shop.run(RULESET, EVENTS)
    done = {
        "customer": "bob",
        "type": "task_done",
        "time": "2026-01-02T12:00Z",
        "task": "call",
        "number": 1,
        "outcome": "reached",
    }
    first = {**done, "id": "x", "by": "anna"}
    shop.run(RULESET.replace("bo: manager", "bo: [manager, adviser]"), [first])
    shop.run(
        RULESET.replace("bo: manager", "bo: [manager, adviser]"), [{**done, "id": "y", "by": "bo"}]
    )
    assert shop.ask("select reason from decisions where rule = 'events.task_done'") == [
        "task call 1 is not open any more"
    ]
    assert shop.ask("select by from tasks where customer = 'bob' and number = 1") == ["anna"]


def test_s15_what_a_program_has_no_more_is_withdrawn(shop: Any) -> None:
    shop.run(RULESET, EVENTS)
    text = RULESET.replace("  ask: {on: loss, then: [approval: {gift: {lost: amount}}]}\n", "")
    begin, end = text.index("approvals:"), text.index("rules:")
    text = f"{text[:begin]}{text[end:]}".replace(", approval: gift", "")
    loaded = load_from(Source({"shop.yaml": text}, "shop.yaml"), "compiled")
    with Store.open(shop.path) as store:
        activate(loaded, store)
        assert verify(store.connection).difference is None
    assert shop.ask("select name, status from tasks order by seq") == [
        ("call", "open"),
        ("call", "open"),
        ("gift", "withdrawn"),
    ]
