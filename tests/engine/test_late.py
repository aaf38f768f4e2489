"""Events that come late: they count at their own time, and are decided at the customer's clock
(S3)."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from fractions import Fraction
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loyalcore.calendars import read_duration
from loyalcore.engine.state import CustomerState, kept_anew, new_state, pack_state, unpack_state
from loyalcore.engine.step import see
from loyalcore.events import Event
from loyalcore.program.plan import Program
from loyalcore.values import Value, read_time, to_datetime

MakeClub = Callable[[str], Any]

OSLO = ZoneInfo("Europe/Oslo")
HOUR = 3_600_000_000
DAY = 24 * HOUR

# --- by example -------------------------------------------------------------------------------

FIGURE = """
allow_late: 90 days
events: {purchase: {amount: money, channel: text}, ask: {}}
metrics: {figure: METRIC}
rules:
  look: {on: [purchase, ask], when: figure == figure, then: [set: {tags.seen: true}]}
"""


def figure(shop: Any) -> object:
    ((decision,),) = (outcome.decisions for outcome in shop.outcomes)
    return json.loads(decision.facts)["figure"]


def test_s3_a_late_event_counts_in_a_window_at_its_own_time(club: MakeClub) -> None:
    shop = club(FIGURE.replace("METRIC", "{sum: purchase.amount, over: 10 days}"))
    shop.happens("purchase", "2026-03-20", amount=1)
    assert figure(shop.happens("purchase", "2026-03-11", amount=2)) == "3.00"  # at 20 March
    assert figure(shop.happens("purchase", "2026-03-10", amount=4)) == "3.00"
    assert figure(shop.happens("ask", "2026-03-20T23:59")) == "3.00"
    assert figure(shop.happens("ask", "2026-03-21")) == "1.00"


def test_a_late_event_comes_into_a_window_that_ended(club: MakeClub) -> None:
    metric = "{sum: purchase.amount, over: 10 days, ending: 10 days ago}"
    shop = club(FIGURE.replace("METRIC", metric))
    shop.happens("purchase", "2026-03-20", amount=1)
    assert figure(shop.happens("purchase", "2026-03-05", amount=2)) == "2.00"
    assert figure(shop.happens("purchase", "2026-03-15", amount=4)) == "2.00"
    assert figure(shop.happens("ask", "2026-03-26")) == "4.00"


@pytest.mark.parametrize("over", ["", ", over: 90 days"])
@pytest.mark.parametrize(
    ("kind", "seen"),
    [("latest", ["b", "b", "b", "d"]), ("first", ["b", "a", "a", "a"])],
)
def test_the_first_and_the_latest_go_by_the_time_of_the_event(
    club: MakeClub, kind: str, over: str, seen: list[str]
) -> None:
    shop = club(FIGURE.replace("METRIC", f"{{{kind}: purchase.channel{over}}}"))
    times = {"b": "2026-03-20", "a": "2026-03-01", "c": "2026-03-10", "d": "2026-03-20"}
    found = [figure(shop.happens("purchase", at, channel=name)) for name, at in times.items()]
    assert found == seen


def test_s3_a_late_event_is_decided_at_the_clock(club: MakeClub) -> None:
    shop = club("""
allow_late: 9 days
events: {purchase: {amount: money}}
wallets: {beans: {expires: 10 days}}
rules:
  daily: {on: purchase, limit: 1 per day, then: [earn: {beans: 1}]}
  monday: {on: purchase, when: weekday == 'monday', then: [set: {tags.monday: true}]}
""")
    shop.happens("purchase", "2026-03-04T10:00")
    shop.happens("purchase", "2026-03-02T10:00")  # a Monday, and another day
    assert shop.fired == ["monday"]
    assert shop.held == {"daily": "limit: 1 per day"}
    assert shop.states["ann"].clock == shop.outcomes[0].at == read_time("2026-03-04T10:00", OSLO)
    shop.happens("purchase", "2026-03-05T10:00").happens("purchase", "2026-03-03T10:00")
    (first, second) = shop.states["ann"].account.lots
    assert (second.expires, first.expires) == tuple(
        read_time(f"2026-03-{day}T10:00", OSLO) for day in (15, 14)
    )


def test_points_of_a_late_event_expire_from_the_clock_on(club: MakeClub) -> None:
    shop = club("""
allow_late: 9 days
events: {purchase: {}}
wallets: {beans: {expires: 10 days}}
rules: {earn: {on: purchase, when: month == 2, then: [earn: {beans: 1}]}}
""")
    shop.happens("purchase", "2026-03-04").happens("purchase", "2026-02-27")
    (lot,) = shop.states["ann"].account.lots
    assert (lot.opened, lot.expires) == (
        read_time("2026-03-04", OSLO),
        read_time("2026-03-14", OSLO),
    )


REFUNDS = """
allow_late: 9 days
events:
  purchase: {amount: money}
  refund: {purchase: id, reverses: {event: purchase, within: 10 days}}
wallets: {beans: {}}
rules: {earn: {on: purchase, then: [earn: {beans: 5}]}}
"""


def test_a_refund_has_its_time_from_that_of_a_late_purchase(club: MakeClub) -> None:
    shop = club(REFUNDS).happens("purchase", "2026-03-10").happens("purchase", "2026-03-05")
    assert shop.balance("beans") == 10
    assert shop.happens("refund", "2026-03-15", purchase="2").held == {
        "events.refund.reverses": "too late: purchase 2 was at 2026-03-04T23:00:00Z"
    }
    assert shop.happens("refund", "2026-03-15", purchase="1").balance("beans") == 5


def test_a_late_refund_was_made_in_time(club: MakeClub) -> None:
    shop = club(REFUNDS).happens("purchase", "2026-03-01").happens("purchase", "2026-03-14")
    assert shop.happens("refund", "2026-03-10T23:59", purchase="1").balance("beans") == 5
    shop.happens("refund", "2026-03-20", purchase="2").happens("refund", "2026-03-12", purchase="9")
    assert shop.held == {"events.refund.reverses": "waiting: no purchase 9 yet"}


OFFER = """
allow_late: 9 days
events: {purchase: {}, visit: {}}
wallets: {beans: {}}
offers:
  three:
    open: {on: visit}
    lasts: 10 days
    reach: {count: purchase, at_least: 2}
    then: [earn: {beans: 7}]
"""


def test_a_late_event_counts_towards_an_offer_that_was_open_then_and_still_is(
    club: MakeClub,
) -> None:
    shop = club(OFFER).happens("visit", "2026-03-05").happens("purchase", "2026-03-09")
    assert shop.happens("purchase", "2026-03-04").balance("beans") == 0
    assert shop.happens("purchase", "2026-03-08").balance("beans") == 7


def test_a_late_event_does_not_count_towards_an_offer_that_has_ended(club: MakeClub) -> None:
    shop = club(OFFER).happens("visit", "2026-03-05").happens("purchase", "2026-03-09")
    shop.happens("visit", "2026-03-16").happens("purchase", "2026-03-10")
    assert shop.balance("beans") == 0


# --- against plain lists ----------------------------------------------------------------------

KINDS = ("count", "sum", "average", "min", "max", "first", "latest", "distinct")
WINDOWS = (
    ("", ""),
    ("10 days", ""),
    ("10 days", "5 days"),
    ("1 month", "1 month"),
    ("this month", ""),
    ("this week", "10 days"),
    ("this membership year", ""),
    ("this membership year", "1 year"),
)
METRICS = {
    f"{kind}_{number}": (kind, *window) for number, window in enumerate(WINDOWS) for kind in KINDS
}


def declared() -> Iterator[str]:
    """The ruleset: a `look` reads every metric, a `peek` every third."""
    yield "allow_late: 90 days"
    yield "events: {buy: {amount: number}, look: {}, peek: {}}"
    yield "metrics:"
    for name, (kind, over, ending) in METRICS.items():
        window = (f", over: {over}" if over else "") + (f", ending: {ending} ago" if ending else "")
        yield f"  {name}: {{{kind}: buy{'' if kind == 'count' else '.amount'}{window}}}"
    yield "rules:"
    for number, name in enumerate(METRICS):
        on = "look" if number % 3 else "[look, peek]"
        yield f"  r{number}: {{on: {on}, when: missing({name}), then: [set: {{tags.a: true}}]}}"


@pytest.fixture(scope="module")
def everything(program: Callable[[str], Program]) -> Program:
    return program("\n".join(declared()))


class Bought(NamedTuple):
    time: int
    amount: int


def counted(bought: Sequence[Bought], over: str, ending: str, now: int, since: int) -> list[int]:
    """The amounts that count at `now`, the earliest first."""
    if ending:
        now = read_duration(ending).before(now, OSLO)
    here = to_datetime(now, OSLO)

    def counts(time: int) -> bool:
        there = to_datetime(time, OSLO)
        match over:
            case "":
                return True
            case "this month":
                return (there.year, there.month) == (here.year, here.month)
            case "this week":
                return there.isocalendar()[:2] == here.isocalendar()[:2]
            case "this membership year":
                return years(since, time) == years(since, now)
        return time > read_duration(over).before(now, OSLO)

    found = [one for one in bought if one.time <= now and counts(one.time)]
    return [one.amount for one in sorted(found, key=lambda one: one.time)]


def years(since: int, time: int) -> int:
    """How many birthdays of a membership came by `time`."""
    came, there = to_datetime(since, OSLO).date(), to_datetime(time, OSLO).date()
    if (came.month, came.day) == (2, 29):
        came = date(came.year, 2, 28)
        if there.month == 2 and there.day == 28 and there.year % 4 == 0:
            there = date(there.year, 2, 27)
    return there.year - came.year - ((there.month, there.day) < (came.month, came.day))


def of_all(kind: str, amounts: Sequence[int]) -> Value | None:
    match kind:
        case "count":
            return len(amounts)
        case "sum":
            return sum(amounts)
        case "distinct":
            return len(set(amounts))
        case _ if not amounts:
            return None
        case "average":
            return Fraction(sum(amounts), len(amounts))
        case "min" | "max":
            return min(amounts) if kind == "min" else max(amounts)
    return amounts[0] if kind == "first" else amounts[-1]


def unpacked(program: Program, packed: bytes) -> CustomerState:
    def past() -> list[Event]:
        raise AssertionError("the same program needs nothing of the log")

    return unpack_state(program, packed, past)


STARTS = st.sampled_from(["2026-03-20", "2024-02-28T23:30", "2024-02-29T12:00", "2025-12-31"])
SPANS = [0, 1, HOUR, 5 * DAY, 10 * DAY, 40 * DAY]
STEPS = st.tuples(
    st.sampled_from(["buy", "buy", "buy", "buy", "many", "look", "pack", "anew"]),
    st.sampled_from([*SPANS, 300 * DAY]),
    st.sampled_from([*SPANS, 5 * DAY + HOUR, 15 * DAY, 50 * DAY]),
    st.integers(-3, 9),
)


@given(start=STARTS, steps=st.lists(STEPS, min_size=4, max_size=20))
def test_s5_whenever_events_come_every_figure_is_what_plain_lists_give(
    everything: Program, start: str, steps: list[tuple[str, int, int, int]]
) -> None:
    """Time goes on by steps, and events come by as much late: all windows, whatever they have
    passed, have the samples of their time, the same as when made anew from the log."""
    state = new_state("ann")
    clock = read_time(start, OSLO)
    bought: list[Bought] = []
    log: list[Event] = []

    def happens(type: str, time: int, **data: object) -> dict[str, Value | None]:
        nonlocal state
        read = everything.events[type].read(data)
        log.append(Event("till", str(len(log)), type, "ann", time, read, "{}"))
        state, facts = see(everything, state, log[-1])
        return dict(facts)

    def look(type: str) -> None:
        facts = happens(type, clock)
        names = list(METRICS) if type == "look" else list(METRICS)[::3]
        since = min(event.time for event in log)
        for name in names:
            kind, over, ending = METRICS[name]
            expected = of_all(kind, counted(bought, over, ending, clock, since))
            assert facts[name] == expected, name

    look("look")
    for what, gap, late, amount in steps:
        clock += gap
        look("peek")  # so far the clock is, whatever comes late
        match what:
            case "buy" | "many":  # more than is kept of what no window sees any more
                for number in range(1 if what == "buy" else 70):
                    time = clock - late + number
                    clock = max(clock, time)
                    happens("buy", time, amount=amount + number % 5)
                    bought.append(Bought(time, amount + number % 5))
            case "pack":
                state = unpacked(everything, pack_state(everything, state))
            case "anew":
                state = kept_anew(everything, state, log)
        look("look")
    state = kept_anew(everything, state, log)
    look("look")


def test_a_past_version_of_a_state_does_not_see_what_came_late(everything: Program) -> None:
    def bought(state: CustomerState, time: str) -> CustomerState:
        read = everything.events["buy"].read({"amount": 1})
        at = read_time(time, OSLO)
        return see(everything, state, Event("till", time, "buy", "ann", at, read, "{}"))[0]

    def count(state: CustomerState) -> object:
        look = Event("till", "look", "look", "ann", state.clock, {}, "{}")
        return see(everything, state, look)[1]["sum_1"]

    first = bought(bought(new_state("ann"), "2026-03-01"), "2026-03-03")
    late = bought(first, "2026-03-02")
    other = bought(first, "2026-03-04")
    assert [count(state) for state in (first, late, other)] == [2, 3, 3]
