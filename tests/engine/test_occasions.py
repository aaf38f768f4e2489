"""Days of the calendar and anniversaries, as they come to a customer: at the hour that the clock
on their wall shows."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loyalcore.engine.cascade import cascade, pass_time
from loyalcore.engine.handover.activation import activation_event
from loyalcore.engine.outcome import Outcome
from loyalcore.engine.state import CustomerState, new_state
from loyalcore.events import Event
from loyalcore.values import read_time, to_datetime, write_time

MakeClub = Callable[[str], Any]

CLUB = """
customer: {birthday: date, seen: time, zone: text}
events:
  visit: {}
  born: {birthday: date}
  move: {zone: text}
  sight: {seen: time}
wallets: {beans: {}}
rules:
  born: {on: born, then: [set: {birthday: birthday}]}
  move: {on: move, then: [set: {zone: zone}]}
  sight: {on: sight, then: [set: {seen: seen}]}
  hail: {on: it, then: [earn: {beans: 1}]}
triggers:
"""


def with_trigger(trigger: str) -> str:
    return f"{CLUB}  it: {trigger}\n"


def came(club: Any, zone: str = "Europe/Oslo") -> list[str]:
    """When the trigger came, in what happened last, by the clocks of a zone."""
    return [
        to_datetime(one.event.time, ZoneInfo(zone)).isoformat()[:16]
        for one in club.outcomes
        if one.event.type == "it"
    ]


# --- the calendar -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("trigger", "days"),
    [
        ("{every: week}", ["2026-11-23T00:00", "2026-11-30T00:00"]),
        ("{every: week, on: sunday, at: 18:30}", ["2026-11-22T18:30", "2026-11-29T18:30"]),
        ("{every: month}", ["2026-12-01T00:00"]),
        ("{every: month, on: last}", ["2026-11-30T00:00"]),
        ("{every: year, on: 24 November, at: 08:00}", ["2026-11-24T08:00"]),
        ("{once: 2026-11-25, at: 09:00}", ["2026-11-25T09:00"]),
        ("{once: 2026-11-22, at: 09:00}", []),  # before the customer came
    ],
)
def test_it_comes_from_the_first_event_on(club: MakeClub, trigger: str, days: list[str]) -> None:
    shop = club(with_trigger(trigger)).happens("visit", "2026-11-22T12:00")
    assert came(shop.waits("2026-12-05")) == days
    assert shop.balance("beans") == len(days)


def test_at_the_very_instant_at_which_the_customer_comes_it_is_too_late(club: MakeClub) -> None:
    shop = club(with_trigger("{every: day}")).happens("visit", "2026-11-22T00:00")
    assert came(shop.waits("2026-11-23T00:00")) == ["2026-11-23T00:00"]


def test_s4_it_comes_before_an_event_of_that_instant(club: MakeClub) -> None:
    shop = club(with_trigger("{every: day}")).happens("visit", "2026-11-22T12:00")
    shop.happens("visit", "2026-11-23T00:00")
    assert shop.states["ann"].life.due == read_time("2026-11-24", ZoneInfo("Europe/Oslo"))
    assert shop.balance("beans") == 1


def test_what_is_over_leaves_nothing_due(club: MakeClub) -> None:
    shop = club(with_trigger("{once: 2026-11-25}")).happens("visit", "2026-11-22T12:00")
    shop.waits("2026-11-26").happens("visit", "2026-11-27T12:00")
    assert shop.states["ann"].due is None


def test_a_condition_is_that_of_the_moment(club: MakeClub) -> None:
    shop = club(with_trigger("{every: day, when: balance.beans < 2}"))
    shop.happens("visit", "2026-11-22T12:00")
    assert len(came(shop.waits("2026-12-01"))) == 2
    assert shop.states["ann"].due is not None  # it goes on


@pytest.mark.parametrize(
    ("at", "days"),
    [
        # an hour that does not exist, and one that is there twice
        ("02:30", ["2026-03-28T02:30", "2026-03-29T03:00", "2026-03-30T02:30"]),
        ("03:00", ["2026-03-28T03:00", "2026-03-29T03:00", "2026-03-30T03:00"]),
    ],
)
def test_s5_it_comes_every_day_though_the_clock_is_set_forward(
    club: MakeClub, at: str, days: list[str]
) -> None:
    shop = club(with_trigger(f"{{every: day, at: {at}}}")).happens("visit", "2026-03-27T12:00")
    assert came(shop.waits("2026-03-30T23:00")) == days


def test_s5_it_comes_once_where_the_hour_is_there_twice(club: MakeClub) -> None:
    shop = club(with_trigger("{every: day, at: 02:30}")).happens("visit", "2026-10-24T12:00")
    shop.waits("2026-10-26T00:00")
    assert [write_time(one.event.time) for one in shop.outcomes if one.event.type == "it"] == [
        "2026-10-25T00:30:00Z"  # in summer time still
    ]


# --- the customer's zone ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("zone", "time"),
    [
        ("Asia/Kathmandu", "2026-06-02T03:15:00Z"),
        ("America/New_York", "2026-06-02T13:00:00Z"),
        ("Australia/Lord_Howe", "2026-06-01T22:30:00Z"),
        ("Pacific/Apia", "2026-06-01T20:00:00Z"),
        ("Oslo", "2026-06-02T07:00:00Z"),  # no zone's name: the program's
        ("../../etc/passwd", "2026-06-02T07:00:00Z"),
    ],
)
def test_the_hour_is_that_of_the_customers_clock(club: MakeClub, zone: str, time: str) -> None:
    shop = club(with_trigger("{every: day, at: 09:00, zone: zone}"))
    shop.happens("move", "2026-06-01T19:00:00Z", zone=zone).waits("2026-06-02T14:00:00Z")
    assert [write_time(one.event.time) for one in shop.outcomes if one.event.type == "it"] == [time]


def test_who_moves_is_told_by_the_clock_of_where_they_are(club: MakeClub) -> None:
    shop = club(with_trigger("{every: week, at: 09:00, zone: zone}"))
    shop.happens("visit", "2026-06-01T12:00")
    assert came(shop.waits("2026-06-08T09:00")) == ["2026-06-08T09:00"]
    shop.happens("move", "2026-06-09T12:00", zone="America/New_York")
    assert len(shop.states["ann"].life.timers) == 1
    assert came(shop.waits("2026-06-16"), "America/New_York") == ["2026-06-15T09:00"]
    shop.happens("move", "2026-06-17T12:00", zone="nowhere")
    assert came(shop.waits("2026-06-23")) == ["2026-06-22T09:00"]


@pytest.mark.parametrize(
    "trigger",
    [
        "{once: 2026-06-10, zone: zone}",
        "{every: month, on: 10, zone: zone}",
        "{anniversary: birthday, zone: zone}",
        "{anniversary: customer.since, zone: zone}",
    ],
)
@pytest.mark.parametrize(
    ("moves", "time"),
    [
        # to the west after it has come, where that day is still to begin
        ([("Pacific/Apia", 5), ("America/New_York", 9.6)], "2026-06-09T11:00:00Z"),
        # to the east before it has come, where that day has begun already
        ([("America/New_York", 5), ("Pacific/Apia", 9.6)], "2026-06-10T04:00:00Z"),
        # and on, within the same day
        (
            [("America/New_York", 5), ("Pacific/Apia", 9.6), ("Asia/Kathmandu", 9.65)],
            "2026-06-09T18:15:00Z",
        ),
        ([("Pacific/Apia", 5), ("America/New_York", 8)], "2026-06-10T04:00:00Z"),
    ],
)
def test_who_moves_about_has_a_day_once(
    club: MakeClub, trigger: str, moves: list[tuple[str, float]], time: str
) -> None:
    shop = club(with_trigger(trigger))
    shop.happens("move", "2025-06-10T10:30Z", zone="Europe/Oslo")
    shop.happens("born", "2026-05-20T11:00Z", birthday="1990-06-10")
    found = []
    for zone, days in moves:
        at = read_time("2026-06-01T00:00Z", ZoneInfo("UTC")) + int((days - 1) * 86_400_000_000)
        shop.waits(at)
        found += shop.outcomes
        shop.happens("move", at, zone=zone)
    shop.waits("2026-07-01")
    found += shop.outcomes
    times = [one.event.time for one in found if one.event.type == "it"]
    assert [write_time(time) for time in times] == [time]


def test_a_day_that_a_zone_skipped_is_the_moment_it_did(club: MakeClub) -> None:
    shop = club(with_trigger("{once: 2011-12-30, at: 12:00, zone: zone}"))
    shop.happens("move", "2011-12-01T12:00", zone="Pacific/Apia")
    assert came(shop.waits("2012-01-05"), "Pacific/Apia") == ["2011-12-31T00:00"]


# --- anniversaries ----------------------------------------------------------------------------


def fields(club: Any) -> list[tuple[str, int]]:
    """When and for what year the trigger came, in what happened last."""
    zone = club.program.locale.zone
    return [
        (to_datetime(one.event.time, zone).date().isoformat(), one.event.data["years"])
        for one in club.outcomes
        if one.event.type == "it"
    ]


def test_a_birthday_comes_every_year(club: MakeClub) -> None:
    shop = club(with_trigger("{anniversary: birthday, at: 09:00}"))
    shop.happens("visit", "2026-01-01T12:00")
    assert shop.states["ann"].due is None  # nobody knows it
    shop.happens("born", "2026-02-01T12:00", birthday="1990-05-01").waits("2028-06-01")
    assert fields(shop) == [("2026-05-01", 36), ("2027-05-01", 37), ("2028-05-01", 38)]
    first = next(one.event for one in shop.outcomes if one.event.type == "it")
    assert first.data == {"years": 36, "since": date(1990, 5, 1)}


def test_who_was_born_on_a_leap_day_has_a_birthday_every_year(club: MakeClub) -> None:
    shop = club(with_trigger("{anniversary: birthday}"))
    shop.happens("born", "2027-01-01T12:00", birthday="2000-02-29").waits("2029-01-01")
    assert fields(shop) == [("2027-02-28", 27), ("2028-02-29", 28)]


def test_a_date_that_is_put_right_is_told_on_its_new_day(club: MakeClub) -> None:
    shop = club(with_trigger("{anniversary: birthday}"))
    shop.happens("born", "2026-01-01T12:00", birthday="1990-05-01")
    shop.happens("born", "2026-01-02T12:00", birthday="1991-03-01").waits("2026-12-31")
    assert fields(shop) == [("2026-03-01", 35)]
    shop.happens("born", "2027-01-02T12:00", birthday="")
    assert shop.states["ann"].life.timers == ()


def test_a_date_that_is_still_to_come_is_told_on_its_own_day_too(club: MakeClub) -> None:
    shop = club(with_trigger("{anniversary: birthday, before: 30 days, at: 08:00}"))
    shop.happens("born", "2026-01-01T12:00", birthday="2026-06-01").waits("2027-12-31")
    assert fields(shop) == [("2026-05-02", 0), ("2027-05-02", 1)]


def test_some_days_later(club: MakeClub) -> None:
    shop = club(with_trigger("{anniversary: birthday, later: 3 days}"))
    shop.happens("born", "2026-05-03T12:00", birthday="1990-05-01").waits("2026-12-31")
    assert fields(shop) == [("2026-05-04", 36)]


def test_the_day_on_which_the_customer_came(club: MakeClub) -> None:
    shop = club(with_trigger("{anniversary: customer.since}"))
    shop.happens("visit", "2024-02-29T00:00").waits("2028-12-31")
    assert fields(shop) == [
        *(("2025-02-28", 1), ("2026-02-28", 2), ("2027-02-28", 3), ("2028-02-29", 4))
    ]


def test_the_day_on_which_the_customer_came_is_no_anniversary(club: MakeClub) -> None:
    shop = club(with_trigger("{anniversary: customer.since, later: 7 days, at: 09:00}"))
    shop.happens("visit", "2026-06-01T12:00").waits("2027-12-31")
    assert fields(shop) == [("2027-06-08", 1)]


def test_s3_who_turns_out_to_have_come_before_has_another_day(club: MakeClub) -> None:
    shop = club(with_trigger("{anniversary: customer.since}"))
    shop.happens("visit", "2026-06-01T12:00").happens("visit", "2026-05-20T12:00")
    assert fields(shop.waits("2027-12-31")) == [("2027-05-20", 1)]


def test_an_instant_stands_for_its_day_where_the_customer_is(club: MakeClub) -> None:
    shop = club(with_trigger("{anniversary: seen, zone: zone}"))
    shop.happens("move", "2026-01-01T12:00", zone="Asia/Kathmandu")
    shop.happens("sight", "2026-01-02T12:00", seen="2025-05-31T23:00:00Z").waits("2026-12-31")
    assert came(shop, "Asia/Kathmandu") == ["2026-06-01T00:00"]
    (event,) = [one.event for one in shop.outcomes if one.event.type == "it"]
    assert write_time(event.data["since"]) == "2025-05-31T23:00:00Z"


# --- another program --------------------------------------------------------------------------


def test_a_program_that_takes_over_sets_its_own_days(club: MakeClub) -> None:
    shop = club(with_trigger("{every: month, on: 15}")).happens("visit", "2026-06-01T12:00")
    other = club(with_trigger("{every: month, on: 20}"))
    other.states = shop.states
    event = activation_event(other.program, "ann", shop.states["ann"].clock + 1)
    list(cascade(other.program, other.states, new_state, event))
    assert came(other.waits("2026-07-01")) == ["2026-06-20T00:00"]


# --- always -----------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def daily(program: Callable[[str], Any]) -> Any:
    return program(with_trigger("{every: day, at: 02:30, zone: zone}"))


@given(
    st.sampled_from(["Europe/Oslo", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu"]),
    st.dates(date(2020, 1, 1), date(2030, 1, 1)),
    st.lists(st.integers(0, 60 * 24 * 12), max_size=8).map(sorted),
)
def test_it_comes_on_every_day_once_whatever_happens_between(
    daily: Any, zone: str, first: date, minutes: list[int]
) -> None:
    where = ZoneInfo(zone)
    start = read_time(f"{first}T12:00", where)
    states: dict[str, CustomerState] = {}
    outcomes: list[Outcome] = []
    for number, after in enumerate([0, *minutes]):
        type_, data = ("visit", {}) if number else ("move", {"zone": zone})
        time = start + after * 60_000_000
        event = Event("till", str(number), type_, "ann", time, data, "{}")
        outcomes += pass_time(daily, states, new_state, time)
        outcomes += cascade(daily, states, new_state, event)
    last = first + timedelta(days=20)
    outcomes += pass_time(daily, states, new_state, read_time(f"{last}T12:00", where))
    days = [to_datetime(one.event.time, where).date() for one in outcomes if one.event.type == "it"]
    assert days == [first + timedelta(days=n) for n in range(1, 21)]
