"""When windows change by themselves: never too late, never in vain."""

from __future__ import annotations

from array import array
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loyalcore.calendars import Duration, read_duration, read_window
from loyalcore.engine.metrics import Log
from loyalcore.engine.timing.ahead import first_instant, next_change
from loyalcore.program.figures.metric_plan import Feed, MetricPlan
from loyalcore.values import INTEGER, to_microseconds

OSLO = ZoneInfo("Europe/Oslo")
HOUR = 3_600_000_000
WINDOWS = ("90 days", "36 hours", "1 month", "1 year", "this month", "this day", "this week")


def plan(over: str, ending: str = "") -> MetricPlan:
    feed = Feed("purchase", INTEGER, None, None, frozenset(), True, True, "purchase", "purchase")
    since: Duration | None = read_duration(ending) if ending else None
    return MetricPlan("m", "count", feed, INTEGER, read_window(over), since, "m", "")


def log(*times: int) -> dict[str, Log]:
    return {"m": Log(len(times), array("q", sorted(times)), (), ())}


def local(text: str) -> int:
    return to_microseconds(datetime.fromisoformat(text).replace(tzinfo=OSLO))


@pytest.mark.parametrize(
    ("over", "sample", "falls_out"),
    [
        ("90 days", "2026-01-01T12:00", "2026-04-01T13:00"),  # of 24 hours each
        ("1 month", "2026-03-15T12:00", "2026-04-15T12:00"),
        ("1 month", "2026-01-31T12:00", "2026-03-01T00:00"),  # there is no 31 February
        ("1 year", "2024-02-29T12:00", "2025-03-01T00:00"),
        ("this month", "2026-10-10T12:00", "2026-11-01T00:00"),
        ("this week", "2026-10-21T12:00", "2026-10-26T00:00"),  # a week with 25 hours' Sunday
        ("this year", "2026-10-21T12:00", "2027-01-01T00:00"),
    ],
)
def test_a_sample_falls_out_at_one_instant(over: str, sample: str, falls_out: str) -> None:
    """That at which the window no longer has it: a microsecond before, it has."""
    at = local(sample)
    found = next_change([plan(over)], log(at), at, OSLO)
    assert found is not None
    lower, _ = plan(over).bounds(found, OSLO)
    assert lower >= at
    assert plan(over).bounds(found - 1, OSLO)[0] < at
    assert datetime.fromtimestamp(found / 1e6, OSLO).isoformat()[:16] == falls_out


def test_a_window_that_ended_long_ago_gains_samples() -> None:
    """A purchase comes into "90 days, ending 90 days ago" when it is 90 days old."""
    at = local("2026-01-01T12:00")
    before = plan("90 days", ending="90 days")
    found = next_change([before], log(at), at, OSLO)
    assert found == at + 90 * 24 * HOUR
    assert next_change([before], log(at), found, OSLO) == at + 180 * 24 * HOUR
    assert next_change([before], log(at), at + 180 * 24 * HOUR, OSLO) is None


def test_nothing_changes_in_a_window_without_samples() -> None:
    assert next_change([plan("90 days")], {}, 0, OSLO) is None
    assert next_change([], log(0), 0, OSLO) is None


def test_what_never_holds_has_no_first_instant() -> None:
    assert (
        first_instant(lambda at: False, to_microseconds(datetime(2026, 1, 1, tzinfo=UTC))) is None
    )


@given(
    samples=st.lists(st.integers(0, 800 * 24), min_size=1, max_size=6, unique=True),
    after=st.integers(0, 400 * 24),
    over=st.sampled_from(WINDOWS),
    ending=st.sampled_from(["", "10 days", "1 month"]),
)
def test_no_change_is_passed_over(samples: list[int], after: int, over: str, ending: str) -> None:
    """Day by day up to the instant that is found, a window has the same samples; at it,
    others."""
    start = local("2024-01-01T00:00")
    metric = plan(over, ending)
    at = start + (max(samples) + after) * HOUR
    times = [start + sample * HOUR for sample in samples]

    def inside(instant: int) -> list[int]:
        lower, upper = metric.bounds(instant, OSLO)
        return [time for time in times if lower < time <= upper]

    found = next_change([metric], log(*times), at, OSLO)
    now = inside(at)
    end = found if found is not None else at + 500 * 24 * HOUR
    assert all(inside(instant) == now for instant in range(at, end, 24 * HOUR))
    if found is not None:
        assert inside(found - 1) == now
        # A day that no month has is stepped over, with what was on it.
        assert inside(found) != now or (ending and "month" in over + ending)


def test_a_sample_falls_out_when_the_next_membership_year_begins() -> None:
    """That of the customer: from the day of the year on which they came."""
    at, since = local("2026-03-15T12:00"), local("2024-06-10T18:00")
    found = next_change([plan("this membership year")], log(at), at, OSLO, since)
    assert found == local("2026-06-10T00:00")
    assert next_change([plan("this membership year")], log(at), found, OSLO, since) is None
