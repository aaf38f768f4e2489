"""Cases in a store: they are what the log says, however it was run, and so is the report."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loyalcore.ruleset.source import Source
from loyalcore.runner.loading import load_from
from loyalcore.runner.recovery import Kept, report
from loyalcore.runner.run import activate
from loyalcore.runner.verify import verify
from loyalcore.store import Store
from loyalcore.store.cases import QUEUE, list_cases
from loyalcore.values import read_time
from runner.histories import Line, NewShop, histories, on, run_anyhow

RULESET = """\
program: shop
timezone: Europe/Oslo
allow_late: 4 days
events:
  complaint: {ticket: id, severity: text}
  answer: {ticket: id}
  resolution: {ticket: id, happy: flag}
  enquiry: {}
  reply: {}
  merge: {into: id, merges: into}
  split: {customer_id: id, unmerges: customer_id}
wallets: {beans: {price: 0.10, expires: 20 days}}
tasks: {call: {role: adviser, due: 3 days, escalate: boss}}
rules: {again: {on: case_overdue, limit: 1 per week, then: [earn: {beans: 1}]}}
recovery:
  complaints:
    open: complaint
    case: ticket
    promise: [{when: severity == 'high', within: 1 day}, {within: 3 days}]
    task: call
    remind: 6 hours
    answered: answer
    resolved: resolution
    satisfied: happy
    reopens: 5 days
    close: 4 days
    goodwill: {do: {earn: {beans: 5}}, limit: 2 per month, budget: {money: 2.00}}
    survey: {after: 2 days, do: {earn: {beans: 2}}, unless: reply}
    then: {reminded: {earn: {beans: 3}}}
  enquiries: {open: enquiry, promise: 1 day, answered: reply, pause: none}
"""

KINDS: list[Mapping[str, object]] = [
    *(
        {"type": "complaint", "ticket": one, "severity": how}
        for one in "ab"
        for how in ("high", "low")
    ),
    *({"type": "answer", "ticket": one} for one in "ab"),
    *({"type": "resolution", "ticket": one, "happy": how} for one in "ab" for how in (True, False)),
    {"type": "enquiry"},
    {"type": "reply"},
    {"type": "merge", "into": "ann"},
    {"type": "split", "customer_id": "bob"},
]


def rows(shop: Any) -> list[Any]:
    return shop.ask("select * from cases order by seq")  # type: ignore[no-any-return]


@given(
    histories(
        lambda number: st.sampled_from(KINDS),
        gaps=[0, 1, 24, 72, 96],
        customers=["ann", "bob"],
        most=16,
    ),
    st.data(),
)
def test_s2_s10_s11_the_cases_are_what_the_log_says(
    new_shop: NewShop, lines: list[Line], data: st.DataObject
) -> None:
    until = on(days=90)
    with new_shop() as simple, new_shop() as odd:
        simple.run(RULESET, lines)
        run_anyhow(odd, RULESET, lines, data)
        assert rows(odd) == rows(simple)
        odd.check()
        as_customers_say(odd)
        simple.run(RULESET, until=until)
        run_anyhow(odd, RULESET, [], data, until=until)
        assert rows(odd) == rows(simple)
        assert odd.history() == simple.history()
        odd.check()
        as_the_report_says(odd)


@given(st.lists(st.tuples(st.sampled_from(KINDS[:10]), st.integers(0, 96)), min_size=1, max_size=8))
def test_s3_late_events_leave_a_store_that_is_what_the_log_says(
    new_shop: NewShop, kinds: list[tuple[Mapping[str, object], int]]
) -> None:
    with new_shop() as shop:
        for number, (kind, late) in enumerate(kinds):
            event = {"id": f"{number:03}", "customer": "ann", **kind}
            shop.run(RULESET, [{**event, "time": on(96 + 10 * number - late)}])
        shop.check()
        as_customers_say(shop)


def as_customers_say(shop: Any) -> None:
    """What is open in the table is what customers have open, and comes of the decisions."""
    with Store.open(shop.path) as store:
        assert list(QUEUE.written_again(store.connection)) == []
        table = {(one.customer, one.number): one for one in list_cases(store.connection)}
    for name, state in shop.customers().items():
        for case in state.life.cases:
            if case.ended is not None:
                continue
            row = table.pop((name, case.number))
            assert (row.recovery, row.name, row.opened, row.due) == (
                *(case.recovery, case.id),
                *(case.opened, case.due),
            )
            assert (row.times, row.answered) == (case.times, case.answered)
            assert (row.overdue is not None) == case.overdue
            assert row.status == ("open" if case.answered is None else "answered")
    assert table == {}


def as_the_report_says(shop: Any) -> None:
    """Every case was opened once, and stands where the table has it."""
    with Store.open(shop.path) as store:
        every = [one for one in list_cases(store.connection, closed=True) if one.status != "moved"]
        told = report(store.connection, ["complaints", "enquiries"], None, None)
    for kept in told:
        own = [one for one in every if one.recovery == kept.recovery]
        assert kept.opened == len(own)
        assert kept.opened + kept.reopened == sum(one.times for one in own)
        assert kept.waiting == len([one for one in own if one.status == "open"])
        ended = [one for one in own if one.closed is not None]
        assert sum(kept.outcomes.values()) >= len(ended)  # those opened again had ended before


EVENTS: list[dict[str, object]] = [
    {"id": "1", "customer": "ann", "type": "complaint", "time": on(0), "ticket": "a"},
    {"id": "2", "customer": "bob", "type": "enquiry", "time": on(1)},
    {"id": "3", "customer": "ann", "type": "answer", "time": on(2), "ticket": "a"},
    {"id": "4", "customer": "bob", "type": "reply", "time": on(30)},
    {
        "id": "5",
        "customer": "ann",
        "type": "resolution",
        "time": on(31),
        "ticket": "a",
        "happy": True,
    },
    {"id": "6", "customer": "ann", "type": "complaint", "time": on(40), "ticket": "a"},
    {
        "id": "7",
        "customer": "ann",
        "type": "resolution",
        "time": on(41),
        "ticket": "a",
        "happy": False,
    },
    {
        "id": "8",
        "customer": "cat",
        "type": "complaint",
        "time": on(50),
        "ticket": "c",
        "severity": "high",
    },
]


@pytest.mark.parametrize(
    "change",
    [
        "update cases set status = 'closed' where seq = 3",
        "update cases set answered = answered - 1 where seq = 1",
        "delete from cases where seq = 2",
    ],
)
def test_a_case_that_was_tampered_with_is_found(shop: Any, change: str) -> None:
    shop.run(RULESET, EVENTS)
    with sqlite3.connect(shop.path) as connection:
        connection.execute(change)
    connection.close()
    with Store.open(shop.path) as store:
        difference = verify(store.connection, quick=True).difference
        assert difference is not None
        assert difference.where.endswith("among the cases")


def test_a_case_that_went_to_another_customer_is_opened_again_there(shop: Any) -> None:
    merged = {"id": "8", "customer": "ann", "type": "merge", "time": on(42), "into": "bob"}
    again = {**EVENTS[5], "id": "9", "customer": "bob", "time": on(43)}
    shop.run(RULESET, [*EVENTS[:7], merged, again])
    assert shop.ask("select customer, name, times, status from cases order by seq") == [
        ("ann", "a", 2, "moved"),
        ("bob", "2", 1, "closed"),
        ("bob", "a", 3, "open"),
    ]
    with Store.open(shop.path) as store:
        assert verify(store.connection).difference is None
        (complaints,) = report(store.connection, ["complaints"], None, None)
        assert (complaints.opened, complaints.reopened, complaints.waiting) == (1, 2, 1)


def test_cases_are_asked_for_by_what_matters(shop: Any) -> None:
    shop.run(RULESET, EVENTS)
    with Store.open(shop.path) as store:

        def found(**asked: Any) -> list[int]:
            return [one.seq for one in list_cases(store.connection, **asked)]

        assert found() == [3]
        assert found(closed=True) == [1, 2, 3]
        assert found(closed=True, recovery="enquiries") == [2]
        assert found(closed=True, customer="ann") == [1]
        due = list_cases(store.connection)[0].due
        assert due is not None
        assert (found(overdue=due - 1), found(overdue=due)) == ([], [3])


def test_the_report_counts_each_promise(shop: Any) -> None:
    shop.run(RULESET, EVENTS)
    hour = 3_600_000_000
    with Store.open(shop.path) as store:

        def told(since: int | None = None, until: int | None = None) -> list[Kept]:
            return report(store.connection, ["complaints", "enquiries"], since, until)

        complaints, enquiries = told()
        assert (complaints.opened, complaints.reopened) == (2, 1)
        assert (complaints.in_time, complaints.late, complaints.waiting) == (2, 0, 1)
        assert complaints.outcomes == {"satisfied": 1, "unsatisfied": 1}
        assert complaints.goodwill == 50
        assert complaints.median == 1 * hour
        assert (enquiries.in_time, enquiries.late, enquiries.median) == (0, 1, 29 * hour)
        assert enquiries.outcomes == {"answered": 1}
        start = read_time("2026-01-02T16:00:00Z", load(RULESET).program.locale.zone)
        assert [one.opened + one.reopened for one in told(since=start)] == [2, 0]
        assert [one.opened + one.reopened for one in told(until=start)] == [1, 1]


def load(text: str) -> Any:
    return load_from(Source({"shop.yaml": text}, "shop.yaml"), "compiled")


def test_s15_what_a_program_has_no_more_is_withdrawn(shop: Any) -> None:
    shop.run(RULESET, [*EVENTS, {**EVENTS[1], "id": "9", "time": on(51)}])
    begin = RULESET.index("  complaints:\n"), RULESET.index("  enquiries:")
    text = RULESET[: begin[0]] + RULESET[begin[1] :]
    text = text.replace("tasks: {call: {role: adviser, due: 3 days, escalate: boss}}\n", "")
    with Store.open(shop.path) as store:
        activate(load(text), store)
        assert verify(store.connection).difference is None
    assert shop.ask("select recovery, status from cases where customer = 'cat'") == [
        ("complaints", "withdrawn")
    ]
    assert shop.ask("select recovery, status from cases where closed is null") == [
        ("enquiries", "open")
    ]
    assert shop.ask("select name, status from tasks where status <> 'done'") == [
        ("call", "withdrawn")
    ]
    with Store.open(shop.path) as store:
        (complaints,) = report(store.connection, ["complaints"], None, None)
        assert complaints.outcomes["withdrawn"] == 1


def test_s15_another_promise_holds_for_what_is_opened_from_then_on(shop: Any) -> None:
    shop.run(RULESET, EVENTS[-1:])
    with Store.open(shop.path) as store:
        activate(load(RULESET.replace("within: 1 day", "within: 2 hours")), store)
    opened = {**EVENTS[-1], "id": "9", "ticket": "d", "time": on(60)}
    shop.run(RULESET.replace("within: 1 day", "within: 2 hours"), [opened])
    assert shop.ask("select (due - opened) / 3600000000 from cases order by seq") == [24, 2]
