"""Days that come again and the instants of their hours: never skipped, never twice (S5)."""

from __future__ import annotations

from datetime import date
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from loyalcore.calendars import Duration
from loyalcore.days import (
    LAST_OF_MONTH,
    NextDay,
    anniversary,
    every_day,
    instant_of,
    local_day,
    monthly,
    moved,
    next_anniversary,
    next_hour,
    next_instant,
    once,
    weekly,
    zone_named,
)
from loyalcore.values import FIRST_TIME, LAST_TIME, read_time, to_datetime

OSLO = ZoneInfo("Europe/Oslo")
DAY = 86_400_000_000
MINUTE = 60_000_000
ZONES = [
    ZoneInfo(name)
    for name in (
        "UTC",
        "Europe/Oslo",
        "America/New_York",
        "Asia/Kathmandu",
        "Australia/Lord_Howe",
        "Pacific/Apia",
        "America/Sao_Paulo",
        "Africa/Cairo",
        "America/St_Johns",
    )
]


def at(day: str, hour: str, zone: str) -> str:
    """The instant of an hour of a day, by the clock of the zone."""
    hours, minutes = hour.split(":")
    where = ZoneInfo(zone)
    instant = instant_of(date.fromisoformat(day).toordinal(), int(hours) * 60 + int(minutes), where)
    return to_datetime(instant, where).isoformat()


def days(next_day: NextDay, after: str, number: int) -> list[str]:
    """The next few days after a day."""
    day: int | None = date.fromisoformat(after).toordinal()
    found = []
    for _ in range(number):
        if day is None or (day := next_day(day)) is None:
            break
        found.append(date.fromordinal(day).isoformat())
    return found


# --- the hour of a day ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("day", "hour", "zone", "instant"),
    [
        ("2026-06-01", "09:00", "Europe/Oslo", "2026-06-01T09:00:00+02:00"),
        ("2026-01-15", "09:00", "Asia/Kathmandu", "2026-01-15T09:00:00+05:45"),
        # the clock is set forward, and back
        ("2026-03-29", "02:30", "Europe/Oslo", "2026-03-29T03:00:00+02:00"),
        ("2026-03-29", "03:00", "Europe/Oslo", "2026-03-29T03:00:00+02:00"),
        ("2026-10-25", "02:30", "Europe/Oslo", "2026-10-25T02:30:00+02:00"),
        ("2026-03-08", "02:01", "America/New_York", "2026-03-08T03:00:00-04:00"),
        ("2026-11-01", "01:30", "America/New_York", "2026-11-01T01:30:00-04:00"),
        # by half an hour
        ("2026-10-04", "02:15", "Australia/Lord_Howe", "2026-10-04T02:30:00+11:00"),
        ("2026-04-05", "01:45", "Australia/Lord_Howe", "2026-04-05T01:45:00+11:00"),
        # midnight does not exist
        ("2018-11-04", "00:00", "America/Sao_Paulo", "2018-11-04T01:00:00-02:00"),
        ("2024-04-26", "00:00", "Africa/Cairo", "2024-04-26T01:00:00+03:00"),
        # nor does the day
        ("2011-12-30", "00:00", "Pacific/Apia", "2011-12-31T00:00:00+14:00"),
        ("2011-12-30", "17:00", "Pacific/Apia", "2011-12-31T00:00:00+14:00"),
    ],
)
def test_an_hour_is_that_of_the_clock_on_the_wall(
    day: str, hour: str, zone: str, instant: str
) -> None:
    assert at(day, hour, zone) == instant


@pytest.mark.parametrize(
    ("time", "minutes", "found"),
    [
        ("2026-06-01T08:59:59", 540, "2026-06-01T09:00"),
        ("2026-06-01T09:00", 540, "2026-06-01T09:00"),
        ("2026-06-01T09:00:00.000001", 540, "2026-06-02T09:00"),
        ("2026-12-31T10:00", 540, "2027-01-01T09:00"),
        ("2026-03-29T01:59", 150, "2026-03-29T03:00"),
        ("2026-03-29T03:01", 150, "2026-03-30T02:30"),
        ("2026-10-25T02:30+01:00", 150, "2026-10-26T02:30"),  # the second time it is half past
    ],
)
def test_the_next_hour_is_at_that_moment_or_later(time: str, minutes: int, found: str) -> None:
    assert next_hour(read_time(time, OSLO), minutes, OSLO) == read_time(found, OSLO)


def test_there_is_no_hour_after_the_end_of_the_calendar() -> None:
    assert next_hour(LAST_TIME, 540, OSLO) == LAST_TIME
    assert next_instant(LAST_TIME, 0, OSLO, every_day) is None
    assert next_instant(LAST_TIME, 0, OSLO, weekly(0)) is None


def test_a_time_zone_is_told_by_its_name() -> None:
    assert zone_named("Asia/Kathmandu") == ZoneInfo("Asia/Kathmandu")
    for name in ("", "Oslo", "Europe", "../etc", "/etc/passwd", "a\0b", "Å/ø", "x" * 10_000):
        assert zone_named(name) is None


# --- days -------------------------------------------------------------------------------------


def test_a_weekday_comes_every_week() -> None:
    assert days(weekly(0), "2026-06-01", 2) == ["2026-06-08", "2026-06-15"]  # from a Monday on
    assert days(weekly(4), "2026-12-28", 2) == ["2027-01-01", "2027-01-08"]
    assert days(weekly(6), "2026-06-01", 1) == ["2026-06-07"]


def test_a_day_that_a_month_lacks_is_its_last() -> None:
    every = range(1, 13)
    assert days(monthly(15, every), "2026-12-15", 1) == ["2027-01-15"]
    assert days(monthly(30, every), "2026-01-01", 3) == ["2026-01-30", "2026-02-28", "2026-03-30"]
    assert days(monthly(30, every), "2024-02-01", 1) == ["2024-02-29"]
    assert days(monthly(LAST_OF_MONTH, every), "2026-03-30", 2) == ["2026-03-31", "2026-04-30"]


def test_a_day_of_some_months() -> None:
    quarters = (1, 4, 7, 10)
    assert days(monthly(1, quarters), "2026-07-01", 2) == ["2026-10-01", "2027-01-01"]
    assert days(monthly(31, quarters), "2026-01-31", 2) == ["2026-04-30", "2026-07-31"]
    assert days(monthly(24, (12,)), "2026-12-23", 2) == ["2026-12-24", "2027-12-24"]
    assert days(monthly(29, (2,)), "2026-01-01", 3) == ["2026-02-28", "2027-02-28", "2028-02-29"]


def test_one_day_comes_once() -> None:
    christmas = once(date(2026, 12, 24).toordinal())
    assert days(christmas, "2026-01-01", 2) == ["2026-12-24"]
    assert days(christmas, "2026-12-24", 1) == []


def test_days_end_with_the_calendar() -> None:
    assert monthly(1, (1,))(date.max.toordinal() - 1) is None


NEXT_DAYS = st.one_of(
    st.just(every_day),
    st.builds(weekly, st.integers(0, 6)),
    st.builds(monthly, st.integers(1, 31), st.sets(st.integers(1, 12), min_size=1)),
)


@given(NEXT_DAYS, st.integers(600_000, 800_000))
def test_no_day_is_passed_over(next_day: NextDay, day: int) -> None:
    found = next_day(day)
    assert found is not None
    assert found > day
    assert {next_day(between) for between in range(day, found)} == {found}
    assert next_day(found) != found


@given(
    st.sampled_from(ZONES),
    NEXT_DAYS,
    st.integers(0, 1439),
    st.integers(read_time("1880-01-01", OSLO), read_time("2100-01-01", OSLO)),
)
@example(ZoneInfo("Pacific/Apia"), every_day, 0, 1_325_239_199_999_999)
@example(ZoneInfo("Pacific/Apia"), every_day, 720, 1_325_239_200_000_000)
@example(ZoneInfo("America/St_Johns"), every_day, 0, 1_288_497_690_000_000)
def test_the_next_is_strictly_after_and_skips_none(
    zone: ZoneInfo, next_day: NextDay, minutes: int, time: int
) -> None:
    found = next_instant(time, minutes, zone, next_day)
    start = local_day(time, zone) - 3
    walked = [  # each day by itself, for more than a year
        (instant_of(day, minutes, zone), day)
        for day in range(start, start + 400)
        if next_day(day - 1) == day
    ]
    assert found == min(one for one in walked if one[0] > time)


@given(
    st.sampled_from(ZONES),
    st.integers(0, 1439),
    st.integers(read_time("1880-01-01", OSLO), read_time("2100-01-01", OSLO)),
)
def test_an_hour_is_the_first_instant_at_which_the_clock_shows_it_or_more(
    zone: ZoneInfo, minutes: int, time: int
) -> None:
    day = local_day(time, zone)
    instant = instant_of(day, minutes, zone)
    wanted = (date.fromordinal(day), minutes)

    def shown(at: int) -> tuple[date, int]:
        local = to_datetime(at, zone)
        return local.date(), local.hour * 60 + local.minute

    assert shown(instant) >= wanted
    for ago in (1, MINUTE, 30 * MINUTE, 60 * MINUTE, 3 * 60 * MINUTE, DAY):
        assert shown(instant - ago) < wanted


# --- anniversaries ----------------------------------------------------------------------------


def test_a_leap_day_has_its_anniversary_on_28_february_in_common_years() -> None:
    first = date(2024, 2, 29)
    assert [anniversary(first, years) for years in (0, 1, 4)] == [
        *(date(2024, 2, 29), date(2025, 2, 28), date(2028, 2, 29))
    ]
    assert anniversary(date(1900, 1, 1), 8100) is None


@pytest.mark.parametrize(
    ("before", "later", "found"),
    [
        (None, None, "2026-03-31"),
        (Duration(7 * DAY), None, "2026-03-24"),
        (None, Duration(3 * DAY), "2026-04-03"),
        (Duration(months=1), None, "2026-03-01"),  # February has no 31st: its end
        (None, Duration(months=3), "2026-07-01"),
        (Duration(months=12), None, "2025-03-31"),
    ],
)
def test_a_day_is_moved_by_days_and_months(
    before: Duration | None, later: Duration | None, found: str
) -> None:
    assert moved(date(2026, 3, 31), before, later).isoformat() == found


@pytest.mark.parametrize(
    ("first", "least", "after", "found"),
    [
        ("1990-05-01", 0, "2026-04-30T23:59:59", ("2026-05-01", 36)),
        ("1990-05-01", 0, "2026-05-01", ("2027-05-01", 37)),
        ("2026-05-01", 0, "2026-04-01", ("2026-05-01", 0)),  # the day itself
        ("2026-05-01", 1, "2026-04-01", ("2027-05-01", 1)),
        ("2030-05-01", 0, "2026-04-01", ("2030-05-01", 0)),  # not before it
        ("2024-02-29", 0, "2025-01-01", ("2025-02-28", 1)),
    ],
)
def test_the_next_anniversary_and_how_many_years_it_is(
    first: str, least: int, after: str, found: tuple[str, int]
) -> None:
    day, years = found
    time = read_time(after, OSLO)
    assert next_anniversary(time, date.fromisoformat(first), least, 0, OSLO) == (
        *(read_time(day, OSLO), years),
    )


@pytest.mark.parametrize("year", [1, 9990])
def test_anniversaries_keep_to_the_calendar(year: int) -> None:
    first = date(year, 1, 1)
    for time in (FIRST_TIME, LAST_TIME):
        found = next_anniversary(time, first, 0, 0, OSLO, Duration(months=12))
        assert found is None or time < found[0] <= LAST_TIME
    assert next_anniversary(LAST_TIME, first, 0, 0, OSLO, None, Duration(months=12)) is None


LENGTHS = st.one_of(
    st.none(),
    st.builds(lambda days: Duration(days * DAY), st.integers(1, 366)),
    st.builds(lambda months: Duration(months=months), st.integers(1, 12)),
)


@given(
    st.sampled_from(ZONES),
    st.dates(date(1880, 1, 1), date(2100, 1, 1)),
    st.integers(0, 1),
    st.integers(0, 1439),
    st.tuples(LENGTHS, st.none()) | st.tuples(st.none(), LENGTHS),
    st.integers(read_time("1880-01-01", OSLO), read_time("2100-01-01", OSLO)),
)
@example(ZONES[0], date(1992, 2, 29), 1, 0, (None, Duration(366 * DAY)), 1_772_000_000_000_000)
@example(ZONES[0], date(2000, 12, 31), 1, 540, (None, Duration(366 * DAY)), 1_798_761_600_000_000)
def test_no_anniversary_is_passed_over(
    zone: ZoneInfo,
    first: date,
    least: int,
    minutes: int,
    lengths: tuple[Duration | None, Duration | None],
    time: int,
) -> None:
    walked = (
        (instant_of(moved(day, *lengths).toordinal(), minutes, zone), years)
        for years in range(least, 300)
        if (day := anniversary(first, years)) is not None
    )
    expected = next(found for found in walked if found[0] > time)
    assert next_anniversary(time, first, least, minutes, zone, *lengths) == expected


def test_a_length_before_a_day_keeps_its_hour_over_a_clock_change() -> None:
    spring = date(2000, 4, 1)
    found = next_anniversary(read_time("2026-03-01", OSLO), spring, 0, 540, OSLO, Duration(7 * DAY))
    assert found == (read_time("2026-03-25T09:00", OSLO), 26)
