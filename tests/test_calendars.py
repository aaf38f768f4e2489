"""Lengths of time and calendar periods: exact, half-open, and never turning back (S5)."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from loyalcore.calendars import PERIODS, read_duration, read_window
from loyalcore.values import ValueInvalid, read_time, to_datetime

OSLO = ZoneInfo("Europe/Oslo")
NEW_YORK = ZoneInfo("America/New_York")
MINUTE = 60_000_000


def before(length: str, time: str) -> str:
    """The moment `length` before `time`, by the clocks of Oslo."""
    moment = read_duration(length).before(read_time(time, OSLO), OSLO)
    return to_datetime(moment, OSLO).isoformat()


def since(window: str, time: str) -> str:
    """The first moment that counts at `time`, where windows are of whole periods."""
    return to_datetime(read_window(window).since(read_time(time, OSLO), OSLO) + 1, OSLO).isoformat()


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


def test_periods_begin_at_local_midnight() -> None:
    moment = "2026-05-20T15:30"  # a Wednesday
    assert since("this day", moment) == "2026-05-20T00:00:00+02:00"
    assert since("this week", moment) == "2026-05-18T00:00:00+02:00"
    assert since("this month", moment) == "2026-05-01T00:00:00+02:00"
    assert since("this quarter", moment) == "2026-04-01T00:00:00+02:00"
    assert since("this year", moment) == "2026-01-01T00:00:00+01:00"


def test_what_begins_with_the_period_is_in_it() -> None:
    for period in PERIODS:
        window = read_window(f"this {period}")
        start = read_time("2026-01-01", OSLO)  # of a day, month, quarter and year
        assert window.since(start, OSLO) < start
        assert window.since(start - 1, OSLO) < start - 1


# Half of the moments are about those at which the clocks of either place change.
changes = ["2026-03-29T01:00Z", "2026-10-25T01:00Z", "2026-03-08T07:00Z", "2026-11-01T06:00Z"]
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
    st.sampled_from([OSLO, NEW_YORK]),
)
@example(read_time("2026-04-29T02:59", OSLO), 2 * MINUTE, "1 month", OSLO)
@example(read_time("2026-10-25T02:59+02:00", OSLO), 2 * MINUTE, "1 month", OSLO)
def test_s5_a_later_moment_never_looks_further_back(
    time: int, later: int, window: str, zone: ZoneInfo
) -> None:
    since = read_window(window).since
    assert since(time, zone) <= since(time + later, zone)
    assert since(time, zone) < time


@pytest.mark.parametrize(
    "text", ["", "90", "days", "0 days", "-1 days", "1.5 days", "90 dayss", "9999999 days", "١ day"]
)
def test_anything_else_is_no_length_of_time(text: str) -> None:
    with pytest.raises(ValueInvalid, match="expected a length of time"):
        read_duration(text)
    with pytest.raises(ValueInvalid, match="expected a window"):
        read_window(text)
