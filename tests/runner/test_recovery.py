"""Cases in a store: they are what the log says, however it was run, and so is the report."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import asdict

from loyalcore.engine.state import CustomerState
from loyalcore.ruleset.source import Source
from loyalcore.runner.loading import load_from
from loyalcore.runner.recovery import Kept, report
from loyalcore.runner.replay import CompiledPrograms, current_state, retell
from loyalcore.runner.run import activate
from loyalcore.runner.verify import verify
from loyalcore.store import Store
from loyalcore.store.cases import QUEUE, list_cases
from loyalcore.store.customers import each_state
from loyalcore.values import read_time

MakeShop = Callable[[Path], Any]

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

CUSTOMERS = ["ann", "bob"]
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


def on(hours: int) -> str:
    return f"{datetime(2026, 1, 1) + timedelta(hours=hours):%Y-%m-%dT%H:%MZ}"


@st.composite
def histories(draw: st.DrawFn) -> list[dict[str, object]]:
    """Lines of events in the order of a run."""
    lines: list[dict[str, object]] = []
    hours = 0
    for number in range(draw(st.integers(1, 16))):
        hours += draw(st.sampled_from([0, 1, 24, 72, 96]))
        envelope = {"id": f"{number:03}", "customer": draw(st.sampled_from(CUSTOMERS))}
        lines.append({**envelope, "time": on(hours), **draw(st.sampled_from(KINDS))})
    return lines


def rows(shop: Any) -> list[Any]:
    return shop.ask("select * from cases order by seq")  # type: ignore[no-any-return]


def states(store: Store) -> dict[str, CustomerState]:
    program = CompiledPrograms(store.connection)[1]
    return {
        name: current_state(store.connection, program, name, state)
        for name, state in each_state(store.connection)
    }


@given(histories(), st.data())
def test_s2_s10_s11_the_cases_are_what_the_log_says(
    shop_in: MakeShop, lines: list[dict[str, object]], data: st.DataObject
) -> None:
    until = on(90 * 24)
    cut = data.draw(st.integers(0, len(lines)), "events of the first run")
    batches = st.sampled_from([1, 2, 5, 10_000])
    with TemporaryDirectory() as one, TemporaryDirectory() as other:
        simple, odd = shop_in(Path(one)), shop_in(Path(other))
        simple.run(RULESET, lines)
        odd.run(RULESET, lines[:cut], batch=data.draw(batches, "batch"))
        odd.run(RULESET, lines[cut:], batch=data.draw(batches, "next batch"))
        assert rows(odd) == rows(simple)
        with Store.open(odd.path) as store:
            assert list(QUEUE.written_again(store.connection)) == []
            as_states_say(store)
        simple.run(RULESET, until=until)
        odd.run(RULESET, until=until, batch=data.draw(batches, "last batch"))
        assert rows(odd) == rows(simple)
        assert odd.history() == simple.history()
        with Store.open(odd.path) as store:
            assert verify(store.connection).difference is None
            as_the_report_says(store)


@given(st.lists(st.tuples(st.sampled_from(KINDS[:10]), st.integers(0, 96)), min_size=1, max_size=8))
def test_s3_late_events_leave_a_store_that_is_what_the_log_says(
    shop_in: MakeShop, kinds: list[tuple[Mapping[str, object], int]]
) -> None:
    with TemporaryDirectory() as folder:
        shop = shop_in(Path(folder))
        for number, (kind, late) in enumerate(kinds):
            event = {"id": f"{number:03}", "customer": "ann", **kind}
            shop.run(RULESET, [{**event, "time": on(96 + 10 * number - late)}])
        with Store.open(shop.path) as store:
            assert verify(store.connection).difference is None
            as_states_say(store)


def as_states_say(store: Store) -> None:
    """What is open in the table is what customers have open, now and as the log is told again."""
    table = {(one.customer, one.number): one for one in list_cases(store.connection)}
    for name, state in states(store).items():
        *_, told = retell(store.connection, name)
        assert asdict(told.after.life) == asdict(state.life)
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


def as_the_report_says(store: Store) -> None:
    """Every case was opened once, and stands where the table has it."""
    every = [one for one in list_cases(store.connection, closed=True) if one.status != "moved"]
    for kept in report(store.connection, ["complaints", "enquiries"], None, None):
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
