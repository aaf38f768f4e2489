"""Lengths of time and calendar periods: exact, half-open, and never turning back (S5)."""

from __future__ import annotations

from datetime import date, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from loyalcore.calendars import (
    EARLIEST,
    PERIODS,
    Calendar,
    Duration,
    MembershipYear,
    Rolling,
    midnight_after,
    next_period_start,
    period_start,
    read_duration,
    read_window,
    span_text,
)
from loyalcore.values import LAST_TIME, ValueInvalid, read_time, to_datetime, write_time

OSLO = ZoneInfo("Europe/Oslo")
NEW_YORK = ZoneInfo("America/New_York")
LORD_HOWE = ZoneInfo("Australia/Lord_Howe")
KATHMANDU = ZoneInfo("Asia/Kathmandu")
SECOND = 1_000_000
MINUTE = 60 * SECOND


def before(length: str, time: str) -> str:
    """The moment `length` before `time`, by the clocks of Oslo."""
    moment = read_duration(length).before(read_time(time, OSLO), OSLO)
    return to_datetime(moment, OSLO).isoformat()


def after(length: str, time: str) -> str:
    """The moment `length` after `time`, by the clocks of Oslo."""
    moment = read_duration(length).after(read_time(time, OSLO), OSLO)
    return to_datetime(moment, OSLO).isoformat()


def since(window: str, time: str) -> str:
    """The first moment that counts at `time`, where windows are of whole periods."""
    return to_datetime(read_window(window).since(read_time(time, OSLO), OSLO) + 1, OSLO).isoformat()


@pytest.mark.parametrize(
    ("text", "duration"),
    [
        ("1 second", Duration(SECOND)),
        ("90 minutes", Duration(90 * MINUTE)),
        ("12 hours", Duration(720 * MINUTE)),
        ("365 days", Duration(365 * 1440 * MINUTE)),
        (" 2  weeks ", Duration(14 * 1440 * MINUTE)),
        ("6 months", Duration(months=6)),
        ("1 quarter", Duration(months=3)),
        ("2 years", Duration(months=24)),
    ],
)
def test_a_length_of_time_is_read(text: str, duration: Duration) -> None:
    assert read_duration(text) == duration
    assert read_window(text) == Rolling(duration)


def test_days_are_exact_spans_of_time() -> None:
    assert before("1 day", "2026-03-29T12:00") == "2026-03-28T11:00:00+01:00"
    assert before("36 hours", "2026-01-03T12:00") == "2026-01-02T00:00:00+01:00"
    assert before("2 weeks", "2026-01-15") == before("14 days", "2026-01-15")


def test_months_are_steps_on_the_calendar() -> None:
    assert before("1 month", "2026-04-15T12:00") == "2026-03-15T12:00:00+01:00"
    assert before("1 year", "2026-04-15T12:00") == "2025-04-15T12:00:00+02:00"
    assert before("2 quarters", "2026-04-15") == before("6 months", "2026-04-15")


def test_a_day_that_a_month_lacks_is_the_end_of_that_month() -> None:
    for day in ("29", "30", "31"):
        assert before("1 month", f"2026-03-{day}T12:00") == "2026-03-01T00:00:00+01:00"
    assert before("1 year", "2024-02-29T12:00") == "2023-03-01T00:00:00+01:00"
    assert before("1 month", "2026-12-31T12:00") == "2026-12-01T00:00:00+01:00"
    assert before("1 quarter", "2026-05-31T12:00") == "2026-03-01T00:00:00+01:00"


def test_a_leap_day_is_a_day_where_there_is_one() -> None:
    assert before("1 month", "2024-03-29T12:00") == "2024-02-29T12:00:00+01:00"
    assert before("1 month", "2024-03-30T12:00") == "2024-03-01T00:00:00+01:00"
    assert before("4 years", "2024-02-29T12:00") == "2020-02-29T12:00:00+01:00"
    assert before("1 year", "2025-02-28T12:00") == "2024-02-28T12:00:00+01:00"


def test_a_step_keeps_the_microsecond() -> None:
    assert before("1 month", "2026-03-15T12:00:00.000001") == "2026-02-15T12:00:00.000001+01:00"


def test_an_hour_that_a_day_lacks_is_when_the_clock_was_changed() -> None:
    assert before("1 month", "2026-04-29T01:59") == "2026-03-29T01:59:00+01:00"
    for minute in ("00", "30", "59"):
        assert before("1 month", f"2026-04-29T02:{minute}") == "2026-03-29T03:00:00+02:00"
    assert before("1 month", "2026-04-29T03:01") == "2026-03-29T03:01:00+02:00"


def test_an_hour_that_a_day_has_twice_is_passed_once() -> None:
    assert before("1 month", "2026-10-25T02:30+02:00") == "2026-09-25T02:30:00+02:00"
    for minute in ("00", "30", "59"):
        late = before("1 month", f"2026-10-25T02:{minute}+01:00")
        assert late == "2026-09-25T03:00:00+02:00"
    assert before("1 month", "2026-11-25T02:30") == "2026-10-25T02:30:00+02:00"


def test_steps_ahead_are_as_steps_back() -> None:
    assert after("1 day", "2026-03-28T12:00") == "2026-03-29T13:00:00+02:00"
    assert after("1 month", "2026-03-15T12:00:00.000001") == "2026-04-15T12:00:00.000001+02:00"
    assert after("2 quarters", "2026-08-15") == after("6 months", "2026-08-15")
    assert after("4 years", "2020-02-29T12:00") == "2024-02-29T12:00:00+01:00"


def test_a_step_ahead_to_a_day_that_a_month_lacks_is_the_end_of_that_month() -> None:
    for day in ("29", "30", "31"):
        assert after("1 month", f"2026-01-{day}T12:00") == "2026-03-01T00:00:00+01:00"
    assert after("1 month", "2024-01-29T12:00") == "2024-02-29T12:00:00+01:00"
    assert after("1 year", "2024-02-29T12:00") == "2025-03-01T00:00:00+01:00"


def test_a_step_ahead_knows_when_the_clocks_are_changed() -> None:
    for minute in ("00", "30", "59"):
        assert after("1 month", f"2026-02-28T02:{minute}") == f"2026-03-28T02:{minute}:00+01:00"
        assert after("1 year", f"2025-03-29T02:{minute}") == "2026-03-29T03:00:00+02:00"
        late = after("1 month", f"2026-10-25T02:{minute}+01:00")
        assert late == "2026-11-25T03:00:00+01:00"
    assert after("1 month", "2026-09-25T02:30") == "2026-10-25T02:30:00+02:00"


def test_periods_begin_at_local_midnight() -> None:
    moment = "2026-05-20T15:30"  # a Wednesday
    assert since("this day", moment) == "2026-05-20T00:00:00+02:00"
    assert since("this week", moment) == "2026-05-18T00:00:00+02:00"
    assert since("this month", moment) == "2026-05-01T00:00:00+02:00"
    assert since("this quarter", moment) == "2026-04-01T00:00:00+02:00"
    assert since("this year", moment) == "2026-01-01T00:00:00+01:00"


ZONES = ("Europe/Oslo", "Asia/Kathmandu", "Australia/Lord_Howe", "America/New_York", "UTC")


@pytest.mark.parametrize(
    ("period", "local", "start"),
    [
        ("day", "2026-03-29T23:59:59.999999", "2026-03-29"),
        ("day", "2026-03-29", "2026-03-29"),
        ("week", "2026-01-04T23:59", "2025-12-29"),  # a Sunday: the week began in 2025
        ("week", "2026-01-05", "2026-01-05"),  # a Monday
        ("month", "2024-02-29T12:00", "2024-02-01"),
        ("quarter", "2026-03-31T23:59:59.999999", "2026-01-01"),
        ("quarter", "2026-04-01", "2026-04-01"),
        ("quarter", "2026-12-31T12:00", "2026-10-01"),
        ("year", "2026-12-31T23:59:59", "2026-01-01"),
    ],
)
@pytest.mark.parametrize("name", ZONES)
def test_a_period_begins_where_its_zone_says(
    period: str, local: str, start: str, name: str
) -> None:
    zone = ZoneInfo(name)
    assert period_start(read_time(local, zone), period, zone) == read_time(start, zone)
    assert Calendar(period).since(read_time(local, zone), zone) == read_time(start, zone) - 1


@pytest.mark.parametrize(
    ("name", "day", "minutes"),
    [
        ("Europe/Oslo", "2026-03-29", 23 * 60),
        ("Europe/Oslo", "2026-10-25", 25 * 60),
        ("Australia/Lord_Howe", "2026-04-05", 24 * 60 + 30),  # its clocks change by half an hour
        ("Australia/Lord_Howe", "2026-10-04", 24 * 60 - 30),
        ("Asia/Kathmandu", "2026-03-29", 24 * 60),
        ("America/Sao_Paulo", "2018-11-04", 23 * 60),  # from one o'clock: there was no midnight
    ],
)
def test_a_day_is_as_long_as_its_clocks_make_it(name: str, day: str, minutes: int) -> None:
    zone = ZoneInfo(name)
    start = read_time(day, zone)
    end = start + minutes * MINUTE
    assert period_start(end - 1, "day", zone) == start
    assert period_start(end, "day", zone) == end


def test_one_moment_is_in_different_months_of_different_zones() -> None:
    moment = read_time("2026-01-31T18:20Z", OSLO)
    assert {name: write_time(period_start(moment, "month", ZoneInfo(name))) for name in ZONES} == {
        "Europe/Oslo": "2025-12-31T23:00:00Z",
        "Asia/Kathmandu": "2026-01-31T18:15:00Z",
        "Australia/Lord_Howe": "2026-01-31T13:00:00Z",
        "America/New_York": "2026-01-01T05:00:00Z",
        "UTC": "2026-01-01T00:00:00Z",
    }


def test_what_begins_with_the_period_is_in_it() -> None:
    for period in PERIODS:
        window = read_window(f"this {period}")
        start = read_time("2026-01-01", OSLO)  # of a day, month, quarter and year
        assert window.since(start, OSLO) < start
        assert window.since(start - 1, OSLO) < start - 1


# Half of the moments are about those at which the clocks of one of the places change.
changes = ["2026-03-29T01:00Z", "2026-10-25T01:00Z", "2026-03-08T07:00Z", "2026-11-01T06:00Z"]
changes += ["2026-04-04T15:00Z", "2026-10-03T15:30Z"]
moments = st.integers(
    read_time("2024-01-01T00:00Z", OSLO), read_time("2028-01-01T00:00Z", OSLO)
) | st.builds(
    lambda change, month, minutes, rest: (
        read_time(change, OSLO) + month * 30 * 1440 * MINUTE + minutes * MINUTE + rest
    ),
    st.sampled_from(changes),
    st.integers(-1, 12),
    st.integers(-2880, 2880),
    st.integers(-1, 1),
)


@given(
    moments,
    st.integers(0, 180 * MINUTE),
    st.sampled_from(["1 month", "5 months", "1 year", "3 days", *map("this {}".format, PERIODS)]),
    st.sampled_from([OSLO, NEW_YORK, LORD_HOWE, KATHMANDU]),
)
@example(read_time("2026-04-29T02:59", OSLO), 2 * MINUTE, "1 month", OSLO)
@example(read_time("2026-10-25T02:59+02:00", OSLO), 2 * MINUTE, "1 month", OSLO)
def test_s5_a_later_moment_never_looks_further_back(
    time: int, later: int, window: str, zone: ZoneInfo
) -> None:
    since = read_window(window).since
    assert since(time, zone) <= since(time + later, zone)
    assert since(time, zone) < time


@given(
    moments,
    st.integers(0, 180 * MINUTE),
    st.sampled_from(["1 month", "5 months", "1 year", "3 days"]),
    st.sampled_from([OSLO, NEW_YORK, LORD_HOWE, KATHMANDU]),
)
@example(read_time("2025-03-29T02:59", OSLO), 2 * MINUTE, "1 year", OSLO)
@example(read_time("2026-10-25T02:59+02:00", OSLO), 2 * MINUTE, "1 month", OSLO)
@example(read_time("2026-01-31T23:59", OSLO), 2 * MINUTE, "1 month", OSLO)
def test_a_later_moment_never_looks_less_far_ahead(
    time: int, later: int, length: str, zone: ZoneInfo
) -> None:
    after = read_duration(length).after
    assert time < after(time, zone) <= after(time + later, zone)


@pytest.mark.parametrize("length", ["1 day", "1 month", "999999 weeks", "999999 years"])
@pytest.mark.parametrize("name", ["Pacific/Kiritimati", "Etc/GMT+12", "Europe/Oslo"])
def test_no_moment_is_after_the_year_9999(length: str, name: str) -> None:
    zone = ZoneInfo(name)
    for time in (LAST_TIME, LAST_TIME - 36 * 60 * MINUTE, LAST_TIME - 49 * 60 * MINUTE):
        assert time <= read_duration(length).after(time, zone) <= LAST_TIME
    assert read_duration(length).after(LAST_TIME, zone) == LAST_TIME


@given(moments, st.sampled_from(PERIODS), st.sampled_from([OSLO, NEW_YORK, LORD_HOWE, KATHMANDU]))
def test_every_moment_of_a_period_has_the_same_start(
    time: int, period: str, zone: ZoneInfo
) -> None:
    before_it = Calendar(period).since(time, zone)
    assert Calendar(period).since(before_it + 1, zone) == before_it
    assert Calendar(period).since(before_it, zone) < before_it


@pytest.mark.parametrize("ending", ["999999 days", "999999 weeks", "999999 years", "1900 years"])
@pytest.mark.parametrize("over", ["1 month", "9999 years", *map("this {}".format, PERIODS)])
@pytest.mark.parametrize("name", ["Pacific/Kiritimati", "Etc/GMT+12", "Europe/Oslo"])
def test_however_long_ago_a_window_is_it_has_a_beginning(ending: str, over: str, name: str) -> None:
    zone = ZoneInfo(name)
    upper = read_duration(ending).before(read_time("1900-01-01", zone), zone)
    assert upper >= EARLIEST
    assert timedelta(microseconds=upper - read_window(over).since(upper, zone)) < timedelta(366)


@pytest.mark.parametrize(
    "text", ["", "90", "days", "0 days", "-1 days", "1.5 days", "90 dayss", "9999999 days", "١ day"]
)
def test_anything_else_is_no_length_of_time(text: str) -> None:
    with pytest.raises(ValueInvalid, match="expected a length of time"):
        read_duration(text)
    with pytest.raises(ValueInvalid, match="expected a window"):
        read_window(text)


def test_a_day_ends_at_midnight_of_its_zone_and_the_last_never() -> None:
    oslo = ZoneInfo("Europe/Oslo")
    assert midnight_after(date(2026, 3, 29), oslo) == read_time("2026-03-30T00:00+02:00", oslo)
    assert midnight_after(date.max, oslo) is None


# --- where a period ends, and years of a membership -------------------------------------------


@pytest.mark.parametrize(
    ("time", "period", "next"),
    [
        ("2026-03-28T12:00", "day", "2026-03-29T00:00"),
        ("2026-03-29T12:00", "day", "2026-03-30T00:00"),  # it has 23 hours
        ("2026-03-29T12:00", "week", "2026-03-30T00:00"),
        ("2026-12-31T23:59", "month", "2027-01-01T00:00"),
        ("2026-05-01T00:00", "quarter", "2026-07-01T00:00"),
        ("2026-05-01T00:00", "year", "2027-01-01T00:00"),
    ],
)
def test_where_the_next_period_begins(time: str, period: str, next: str) -> None:
    at = read_time(time, OSLO)
    assert next_period_start(at, period, OSLO) == read_time(next, OSLO)


@given(time=st.integers(EARLIEST, LAST_TIME), period=st.sampled_from(PERIODS))
def test_a_period_ends_where_the_next_one_begins(time: int, period: str) -> None:
    after = next_period_start(time, period, OSLO)
    assert time < after or after == LAST_TIME
    if after < LAST_TIME:
        assert period_start(after, period, OSLO) == after
        assert period_start(after - 1, period, OSLO) == period_start(time, period, OSLO)


@pytest.mark.parametrize(
    ("since", "time", "start", "next"),
    [
        ("2024-03-10T15:00", "2024-03-10T15:00", "2024-03-10", "2025-03-10"),
        ("2024-03-10T15:00", "2026-03-09T23:59", "2025-03-10", "2026-03-10"),
        ("2024-03-10T15:00", "2026-03-10T00:00", "2026-03-10", "2027-03-10"),
        ("2024-02-29T15:00", "2025-02-28T00:00", "2025-02-28", "2026-02-28"),
        ("2024-02-29T15:00", "2028-02-28T12:00", "2027-02-28", "2028-02-29"),
        ("2024-12-31T23:30", "2026-01-01T00:00", "2025-12-31", "2026-12-31"),
    ],
)
def test_a_membership_year_begins_on_the_day_on_which_the_customer_came(
    since: str, time: str, start: str, next: str
) -> None:
    year = read_window("this membership year")
    assert isinstance(year, MembershipYear)
    came, at = read_time(since, OSLO), read_time(time, OSLO)
    assert year.start(at, OSLO, came) == read_time(start, OSLO)
    assert year.next_start(at, OSLO, came) == read_time(next, OSLO)


@given(since=st.integers(EARLIEST, LAST_TIME), time=st.integers(EARLIEST, LAST_TIME))
@example(since=-3_600_000_001, time=253_370_674_800_000_000)  # the next begins on the last day
def test_membership_years_follow_each_other(since: int, time: int) -> None:
    year = MembershipYear()
    start, after = year.start(time, OSLO, since), year.next_start(time, OSLO, since)
    assert start <= time <= after
    if after < LAST_TIME:
        assert year.start(after - 1, OSLO, since) == start
        assert year.start(after, OSLO, since) == after


def test_a_length_of_time_for_people() -> None:
    day = 24 * 60 * MINUTE
    spans = [0, SECOND - 1, SECOND, 59 * MINUTE, 25 * 60 * MINUTE, day + 5 * MINUTE, 400 * day]
    assert [span_text(span) for span in spans] == [
        "under a second",
        "under a second",
        "1 second",
        "59 minutes",
        "1 day 1 hour",
        "1 day",
        "400 days",
    ]


@pytest.mark.parametrize("text", ["7 days", "36 hours", "1 minute", "90 seconds", "6 months"])
def test_a_duration_is_written_as_it_is_read(text: str) -> None:
    assert str(read_duration(text)) == text
