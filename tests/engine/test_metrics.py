"""Figures over a customer's events, against the same worked out from plain lists (S5)."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime
from fractions import Fraction
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loyalcore.calendars import read_duration
from loyalcore.engine.state import CustomerState, new_state, pack_state, unpack_state
from loyalcore.engine.step import see
from loyalcore.engine.telling.profile import profile
from loyalcore.events import Event
from loyalcore.program.plan import Program
from loyalcore.values import Value, read_time, to_datetime, write_value

MakeClub = Callable[[str], Any]

OSLO = ZoneInfo("Europe/Oslo")
DAY = 86_400_000_000

# --- by example -------------------------------------------------------------------------------

PURCHASES = """
events:
  purchase: {amount: money, channel: text}
  ask: {}
metrics: {figure: METRIC}
rules:
  look:
    on: [purchase, ask]
    when: missing(figure) or not missing(figure)
    then: [set: {tags.seen: true}]
"""


def figures(club: MakeClub, metric: str, *times: str | int) -> list[object]:
    """The metric at each purchase; they are of 1, 2, 3 euros and so on."""
    shop = club(PURCHASES.replace("METRIC", metric))
    return [figure(shop.happens("purchase", time, amount=n)) for n, time in enumerate(times, 1)]


def figure(shop: Any) -> object:
    ((decision,),) = (outcome.decisions for outcome in shop.outcomes)
    return json.loads(decision.facts)["figure"]


@pytest.mark.parametrize(
    ("metric", "expected"),
    [
        ("{count: purchase}", [1, 2, 3]),
        ("{sum: purchase.amount}", ["1.00", "3.00", "6.00"]),
        ("{average: purchase.amount}", ["1.00", "1.50", "2.00"]),
        ("{min: purchase.amount}", ["1.00", "1.00", "1.00"]),
        ("{max: purchase.amount}", ["1.00", "2.00", "3.00"]),
        ("{first: purchase.amount}", ["1.00", "1.00", "1.00"]),
        ("{latest: purchase.amount}", ["1.00", "2.00", "3.00"]),
        ("{distinct: purchase.amount}", [1, 2, 3]),
        ("{sum: purchase, of: amount * 2}", ["2.00", "6.00", "12.00"]),
        ("{count: purchase, where: amount >= 2}", [0, 1, 2]),
        ("{latest: purchase.amount, where: amount < 2}", ["1.00", "1.00", "1.00"]),
        ("{count: purchase, where: weekday == 'friday'}", [0, 1, 1]),
    ],
)
def test_what_each_kind_of_metric_is(club: MakeClub, metric: str, expected: list[object]) -> None:
    assert figures(club, metric, "2026-01-01", "2026-01-02", "2026-01-03") == expected


COUNTED = """
events:
  purchase: {amount: {type: money, required: true}, tip: money, channel: text}
metrics:
  orders: {count: purchase, over: 3 days}
  web_orders: {count: purchase, where: channel == 'web', over: 3 days}
  tips: {sum: purchase.tip, over: 3 days}
  spend: {sum: purchase.amount, over: 2 days}
rules:
  look:
    on: purchase
    when: orders + web_orders >= 0 and tips + spend >= 0
    then: [set: {tags.seen: true}]
"""


def test_a_count_looks_at_the_values_that_all_it_counts_have(club: MakeClub) -> None:
    shop = club(COUNTED)
    for day, channel in enumerate(["web", "app", "app", "web", "app"], start=1):
        tip = {"tip": 1} if day == 1 else {}
        shop.happens("purchase", f"2026-01-0{day}", amount=day, channel=channel, **tip)

    state = shop.states["ann"]
    assert {name: len(log.times) for name, log in state.logs.items()} == {
        "spend": 5,  # and the orders
        "web_orders": 2,
        "tips": 1,
    }
    assert profile(shop.program, state).metrics == {
        "orders": 3,
        "web_orders": 1,
        "tips": "0.00",
        "spend": "9.00",
    }


@pytest.mark.parametrize("kind", ["average", "min", "max", "first", "latest"])
@pytest.mark.parametrize("over", ["", ", over: 30 days"])
def test_s6_a_figure_of_nothing_is_missing(club: MakeClub, kind: str, over: str) -> None:
    shop = club(PURCHASES.replace("METRIC", f"{{{kind}: purchase.amount{over}}}"))
    assert figure(shop.happens("ask", "2026-01-01")) is None
    assert figure(shop.happens("purchase", "2026-01-02")) is None  # its amount is missing
    assert figure(shop.happens("purchase", "2026-01-03", amount=2)) == "2.00"


@pytest.mark.parametrize("over", ["", ", over: 30 days"])
def test_nothing_is_counted_and_summed_as_0(club: MakeClub, over: str) -> None:
    for metric, nothing in (("count: purchase", 0), ("sum: purchase.amount", "0.00")):
        shop = club(PURCHASES.replace("METRIC", f"{{{metric}{over}}}"))
        assert figure(shop.happens("ask", "2026-01-01")) == nothing


def test_s5_a_window_is_half_open_to_the_microsecond(club: MakeClub) -> None:
    times = "2026-01-01T12:00", "2026-01-31T11:59:59.999999", "2026-01-31T12:00"
    assert figures(club, "{count: purchase, over: 30 days}", *times) == [1, 2, 2]


def test_s5_a_window_that_ended_is_half_open_too(club: MakeClub) -> None:
    metric = "{sum: purchase.amount, over: 10 days, ending: 5 days ago}"
    shop = club(PURCHASES.replace("METRIC", metric)).happens("purchase", "2026-01-01", amount=1)
    seen = {
        time: figure(shop.happens("ask", time))
        for time in (
            "2026-01-05T23:59:59.999999",
            "2026-01-06",
            "2026-01-15T23:59:59.999999",
            "2026-01-16",
        )
    }
    assert list(seen.values()) == ["0.00", "1.00", "1.00", "0.00"]


def test_s5_this_month_begins_at_local_midnight(club: MakeClub) -> None:
    times = "2026-01-31T23:59:59.999999", "2026-02-01T00:00", "2026-02-28", "2026-03-01"
    assert figures(club, "{count: purchase, over: this month}", *times) == [1, 1, 2, 1]


def test_events_at_one_time_are_counted_as_they_come(club: MakeClub) -> None:
    times = ["2026-01-01"] * 3
    assert figures(club, "{sum: purchase.amount, over: 1 day}", *times) == ["1.00", "3.00", "6.00"]


def test_s7_a_sum_of_fractions_that_is_whole_is_a_whole_number(club: MakeClub) -> None:
    for over in ("", ", over: 30 days"):
        metric = f"{{sum: purchase, of: hour / 2{over}}}"
        assert figures(club, metric, "2026-01-01T01:00", "2026-01-02T03:00") == ["0.5", 2]


def test_s7_a_sum_may_be_more_than_one_amount_can_be(club: MakeClub) -> None:
    text = "allow_late: 9 days\n" + PURCHASES.replace(
        "METRIC", "{sum: purchase.amount, over: 30 days}"
    )
    shop, most = club(text), "92233720368547758.07"
    seen = [
        figure(shop.happens("purchase", f"2026-01-{day}", amount=amount))
        for day, amount in [("02", most), ("03", most), ("01", most), ("04", "0.01"), ("31", most)]
    ]
    assert seen[:4] == [
        most,
        "184467440737095516.14",
        "276701161105643274.21",
        "276701161105643274.22",
    ]
    assert seen[4] == "276701161105643274.22"  # the first is behind
    packed = pack_state(shop.program, shop.states["ann"])
    state = unpacked(shop.program, packed)
    assert pack_state(shop.program, state) == packed
    assert profile(shop.program, state).metrics == {"figure": "276701161105643274.22"}


# --- every kind and window, at random ---------------------------------------------------------


class Window(NamedTuple):
    over: str
    ending: str


WINDOWS = [
    Window("", ""),
    Window("10 days", ""),
    Window("10 days", "5 days"),
    Window("2 months", ""),
    Window("1 month", "1 month"),
    Window("this month", ""),
    Window("this week", "10 days"),
]
KINDS = ("count", "sum", "average", "min", "max", "first", "latest", "distinct")
METRICS = {
    f"{field}_{kind}_{number}": (field, kind, window)
    for number, window in enumerate(WINDOWS)
    for field in ("amount", "made")
    for kind in KINDS
    if field == "amount" or kind not in ("count", "sum", "average")
}


def declared() -> Iterator[str]:
    """The ruleset: a `look` reads every metric, a `peek` every third."""
    yield "events: {buy: {amount: number, made: date, keep: flag}, look: {}, peek: {}}"
    yield "metrics:"
    for name, (field, kind, (over, ending)) in METRICS.items():
        over = f", over: {over}" if over else ""
        ending = f", ending: {ending} ago" if ending else ""
        source = "buy" if kind == "count" else f"buy.{field}"
        yield f"  {name}: {{{kind}: {source}, where: keep{over}{ending}}}"
    yield "rules:"
    for number, name in enumerate(METRICS):
        on = "look" if number % 3 else "[look, peek]"
        yield f"  r{number}: {{on: {on}, when: missing({name}), then: [set: {{tags.a: true}}]}}"


@pytest.fixture(scope="module")
def begin(program: Callable[[str], Program]) -> Begin:
    """Makes the history of a customer of whom nothing is known but that they are there."""
    everything = program("\n".join(declared()))

    def history() -> History:
        customer = History(everything)
        customer.look("look", 0)
        return customer

    return history


class Bought(NamedTuple):
    time: int
    amount: int | Fraction | None
    made: date | None
    there: datetime  # on the clocks of Oslo


def inside(window: Window, bought: Sequence[Bought], now: int) -> list[Bought]:
    """What counts at `now`."""
    if window.ending:
        now = read_duration(window.ending).before(now, OSLO)
    past = [one for one in bought if one.time <= now]
    here = to_datetime(now, OSLO)
    match window.over:
        case "":
            return past
        case "this month":
            month = (here.year, here.month)
            return [one for one in past if (one.there.year, one.there.month) == month]
        case "this week":
            week = here.isocalendar()[:2]
            return [one for one in past if one.there.isocalendar()[:2] == week]
    start = read_duration(window.over).before(now, OSLO)
    return [one for one in past if one.time > start]


def worked_out(bought: Sequence[Bought], now: int) -> dict[str, Value | None]:
    """What every metric is at `now`, from all that was bought."""
    counted = {window: inside(window, bought, now) for window in WINDOWS}
    return {
        name: of_all(kind, [getattr(one, field) for one in counted[window]])
        for name, (field, kind, window) in METRICS.items()
    }


def of_all(kind: str, values: Sequence[Any]) -> Value | None:
    """The figure of these values, of which some may be missing."""
    known = [value for value in values if value is not None]
    match kind:
        case "count":
            return len(values)
        case "sum":
            return whole(sum(known, Fraction(0)))
        case "distinct":
            return len(set(known))
        case _ if not known:
            return None
        case "average":
            return whole(sum(known, Fraction(0)) / len(known))
        case "min":
            return min(known)
        case "max":
            return max(known)
    return known[0] if kind == "first" else known[-1]


def whole(number: Fraction) -> int | Fraction:
    return number.numerator if number.denominator == 1 else number


gaps = st.sampled_from([0, 1, 3_600_000_000, 5 * DAY - 1, 5 * DAY, 10 * DAY, 31 * DAY])
amounts = st.none() | st.integers(-3, 3) | st.sampled_from([Fraction(1, 2), Fraction(-5, 4)])
days = st.none() | st.dates(date(2026, 1, 1), date(2026, 1, 3))
buys = st.tuples(st.just("buy"), gaps, amounts, days, st.sampled_from([True, True, False, None]))
others = st.tuples(
    st.sampled_from(["look", "peek", "pack", "many"]), gaps, st.none(), st.none(), st.none()
)


class History:
    """A customer, and plain lists of what they did."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.state = new_state("ann")
        self.now = read_time("2026-03-20", OSLO)
        self.bought: list[Bought] = []
        self.number = 0

    def happens(self, what: str, gap: int = 0, **data: object) -> dict[str, Value | None]:
        """Bring an event, `gap` later, to the customer; the facts its rules see."""
        self.now += gap
        self.number += 1
        event = Event("till", str(self.number), what, "ann", self.now, self.read(what, data), "{}")
        self.state, facts = see(self.program, self.state, event)
        return dict(facts)

    def read(self, what: str, data: dict[str, object]) -> dict[str, Value | None]:
        return self.program.events[what].read(data)

    def buy(
        self, gap: int, amount: int | Fraction | None, made: date | None, keep: bool | None
    ) -> None:
        text = None if amount is None else str(Fraction(amount))
        self.happens("buy", gap, amount=text, made=made, keep=keep)
        if keep:
            self.bought.append(Bought(self.now, amount, made, to_datetime(self.now, OSLO)))

    def look(self, what: str, gap: int) -> None:
        """See that every metric that an event of this type reads is right."""
        facts = self.happens(what, gap)
        names = list(METRICS) if what == "look" else list(METRICS)[::3]
        expected = worked_out(self.bought, self.now)
        assert {name: facts[name] for name in names} == {name: expected[name] for name in names}
        for name in names:  # 2/1 equals 2, but is not written so
            assert type(facts[name]) is type(expected[name])

    def pack(self) -> None:
        """Put the customer away, and take them out again."""
        packed = pack_state(self.program, self.state)
        self.state = unpacked(self.program, packed)
        assert pack_state(self.program, self.state) == packed

    def do(
        self,
        what: str,
        gap: int,
        amount: int | Fraction | None,
        made: date | None,
        keep: bool | None,
    ) -> None:
        match what:
            case "buy":
                self.buy(gap, amount, made, keep)
            case "many":  # more than is kept of what no window sees any more
                for number in range(70):
                    self.buy(gap // 50, number % 7, None, keep=True)
            case "pack":
                self.pack()
            case _:
                self.look(what, gap)

    def copy(self) -> History:
        other = History(self.program)
        other.state, other.now, other.bought = self.state, self.now, list(self.bought)
        return other


Begin = Callable[[], History]


def unpacked(program: Program, packed: bytes) -> CustomerState:
    def past() -> list[Event]:
        raise AssertionError("the same program needs nothing of the log")

    return unpack_state(program, packed, past)


@given(st.lists(buys | others, max_size=25))
def test_s5_every_figure_is_what_plain_lists_give(begin: Begin, history: list[Any]) -> None:
    ann = begin()
    for what in history:
        ann.do(*what)
    ann.look("look", 0)
    shown = profile(ann.program, ann.state).metrics
    for name, figure in worked_out(ann.bought, ann.now).items():
        type_ = ann.program.metrics[name].type
        assert shown[name] == write_value(type_, figure, ann.program.locale)


@given(st.lists(buys | others, min_size=1, max_size=12), st.data())
@settings(max_examples=30)
def test_s2_a_state_of_the_past_stays_what_it_was(
    begin: Begin, history: list[Any], data: st.DataObject
) -> None:
    # Later versions share the lists of earlier ones: none may see what another adds.
    versions = [begin()]
    for what in history:
        version = data.draw(st.sampled_from(versions[-3:])).copy()
        version.do(*what)
        versions.append(version)
    for version in versions:
        again = version.copy()
        again.look("look", DAY)
        version.buy(1, 1, None, keep=True)
        version.look("look", 0)
