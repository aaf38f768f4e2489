"""Durations, calendar periods and windows, in event time (S5).

A window is half-open: (t - W, t]. Days, weeks and shorter are exact spans of time; months
and years are steps on the calendar of the program's time zone, as are periods ("this
month"). Where the day does not exist (31 March less one month) the step lands on the end
of that month; where the hour does not, because the clock was set forward, on the moment it
was. So a later moment never looks further back than an earlier one, nor less far ahead.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from calendar import isleap
from datetime import MAXYEAR, MINYEAR, date, datetime, timedelta
from functools import lru_cache
from typing import Protocol
from zoneinfo import ZoneInfo

from msgspec import Struct

from loyalcore.values import (
    FIRST_TIME,
    LAST_TIME,
    MICROSECOND,
    ValueInvalid,
    read_time,
    to_datetime,
    to_microseconds,
)

_UNITS = {
    "second": 1_000_000,
    "minute": 60_000_000,
    "hour": 3_600_000_000,
    "day": 86_400_000_000,
    "week": 604_800_000_000,
}
_MONTHS = {"month": 1, "quarter": 3, "year": 12}
_DURATION = re.compile(r"(\d{1,6})\s+([a-z]+?)s?", re.ASCII)

# Times before this are taken to be this: in every zone, its day and the one before are still
# in the calendar.
EARLIEST = FIRST_TIME + 2 * _UNITS["day"]
_LATEST = LAST_TIME - 2 * _UNITS["day"]

PERIODS = ("day", "week", "month", "quarter", "year")
MONTHS = {
    "January": 31,
    "February": 29,
    "March": 31,
    "April": 30,
    "May": 31,
    "June": 30,
    "July": 31,
    "August": 31,
    "September": 30,
    "October": 31,
    "November": 30,
    "December": 31,
}
"""How many days each has at most."""


class Duration(Struct, frozen=True):
    """A length of time: exact microseconds, or whole calendar months."""

    microseconds: int = 0
    months: int = 0

    def before(self, time: int, zone: ZoneInfo) -> int:
        """The moment this long before `time`, or EARLIEST where that is later."""
        if self.months:
            return max(EARLIEST, _months_from(time, -self.months, zone))
        return max(EARLIEST, time - self.microseconds)

    def after(self, time: int, zone: ZoneInfo) -> int:
        """The moment this long after `time`, or LAST_TIME where that is earlier."""
        if self.months:
            if time > _LATEST:
                return LAST_TIME
            return min(LAST_TIME, _months_from(time, self.months, zone))
        return min(LAST_TIME, time + self.microseconds)

    def due(self, time: int, zone: ZoneInfo) -> int | None:
        """The moment this long after `time`; None beyond the calendar."""
        moment = self.after(time, zone)
        return None if moment >= LAST_TIME else moment

    def __str__(self) -> str:
        if self.months:
            return counted(self.months, "month")
        for unit in ("day", "hour", "minute"):
            number, rest = divmod(self.microseconds, _UNITS[unit])
            if not rest:
                return counted(number, unit)
        return counted(self.microseconds // _UNITS["second"], "second")


def counted(number: int, unit: str) -> str:
    """So many of a unit: "1 day", "2 days"."""
    return f"{number:,} {unit}{'' if number == 1 else 's'}"


def span_text(microseconds: int) -> str:
    """A length of time for people, by its two largest units: "9 days 3 hours"."""
    parts = []
    for unit in ("day", "hour", "minute", "second"):
        number, microseconds = divmod(microseconds, _UNITS[unit])
        if number:
            parts.append(counted(number, unit))
        if len(parts) == 2 or (parts and not number):
            break
    return " ".join(parts) or "under a second"


def read_duration(text: str) -> Duration:
    """`text` such as "90 days", "12 months" or "1 year". Raises ValueInvalid."""
    match = _DURATION.fullmatch(text.strip())
    if match:
        number, unit = int(match[1]), match[2]
        if number and unit in _UNITS:
            return Duration(microseconds=number * _UNITS[unit])
        if number and unit in _MONTHS:
            return Duration(months=number * _MONTHS[unit])
    raise ValueInvalid("expected a length of time such as 90 days, 12 hours, 6 months or 1 year")


def read_length(text: str | None) -> Duration | None:
    """The same, of a text that may be left out."""
    return None if text is None else read_duration(text)


def _months_from(time: int, months: int, zone: ZoneInfo) -> int:
    local = to_datetime(time, zone)
    if local.fold:
        local = _after_repeated_hour(local, time, zone)
    year, month = divmod(local.year * 12 + local.month - 1 + months, 12)
    if year < 1:
        return EARLIEST
    if year > 9999:
        return LAST_TIME
    try:
        moved = local.replace(year=year, month=month + 1)
    except ValueError:  # no such day: the end of that month
        moved = datetime(year + (month == 11), (month + 1) % 12 + 1, 1, tzinfo=zone)
    return shown_at(moved, zone)


def shown_at(local: datetime, zone: ZoneInfo) -> int:
    """The first instant at which the clock on the wall of `zone` shows `local` (whose zone that
    is, and fold 0), or more: where it was set forward past it, the moment it was."""
    skipped = local.replace(fold=1)
    if _offset(skipped) > _offset(local):
        return _clock_change(to_microseconds(skipped), to_microseconds(local), zone)
    return to_microseconds(local)


def _after_repeated_hour(local: datetime, time: int, zone: ZoneInfo) -> datetime:
    """What the clock would show had it not been set back in the hour that is `local`'s.

    All of the repeated hour is that moment: else 02:00, the second time, would look further
    back than 02:59 did, the first time.
    """
    back = _offset(local.replace(fold=0)) - _offset(local)
    change = _clock_change(time - back // MICROSECOND, time, zone)
    return to_datetime(change, zone).replace(fold=0) + back


def _clock_change(before: int, after: int, zone: ZoneInfo) -> int:
    """The instant between two moments at which the clock is changed."""
    old = _offset(to_datetime(before, zone))
    return before + bisect_left(
        range(before, after), True, key=lambda time: _offset(to_datetime(time, zone)) != old
    )


def _offset(moment: datetime) -> timedelta:
    offset = moment.utcoffset()
    assert offset is not None  # `moment` is aware
    return offset


@lru_cache(maxsize=4096)
def _period_start(day: tuple[int, int, int], period: str, zone: ZoneInfo) -> int:
    start = datetime(*day, tzinfo=zone)
    match period:
        case "week":
            start -= timedelta(days=start.weekday())
        case "month":
            start = start.replace(day=1)
        case "quarter":
            start = start.replace(month=(start.month - 1) // 3 * 3 + 1, day=1)
        case "year":
            start = start.replace(month=1, day=1)
    return to_microseconds(start)


def period_start(time: int, period: str, zone: ZoneInfo) -> int:
    """The first instant of the day, week (from Monday), month, quarter or year of `time`."""
    local = to_datetime(time, zone)
    return _period_start((local.year, local.month, local.day), period, zone)


def midnight_after(day: date, zone: ZoneInfo) -> int | None:
    """The first instant after a day: what counts whole ends there. None for the last day
    there is, which has no end."""
    return None if day == date.max else read_time(day + timedelta(days=1), zone)


@lru_cache(maxsize=4096)
def _period_end(day: tuple[int, int, int], period: str, zone: ZoneInfo) -> int:
    start = to_datetime(_period_start(day, period, zone), zone)
    first = datetime(*day) if period == "day" else datetime(start.year, start.month, start.day)
    if period in _MONTHS:
        year, month = divmod(first.year * 12 + first.month - 1 + _MONTHS[period], 12)
        after = first.replace(year=year, month=month + 1)
    else:
        after = first + timedelta(days=7 if period == "week" else 1)
    return to_microseconds(after.replace(tzinfo=zone))


def next_period_start(time: int, period: str, zone: ZoneInfo) -> int:
    """The first instant of the next day, week, month, quarter or year after that of `time`;
    LAST_TIME where the calendar ends before."""
    if time > _LATEST:
        return LAST_TIME
    local = to_datetime(time, zone)
    try:
        return _period_end((local.year, local.month, local.day), period, zone)
    except (ValueError, OverflowError):
        return LAST_TIME


class Window(Protocol):
    """Where a metric's or limit's window begins: what is counted is after `since`."""

    def since(self, time: int, zone: ZoneInfo) -> int:
        """The last moment before the window whose end is `time`."""


class Rolling(Struct, frozen=True):
    """The last so much time: (t - W, t]."""

    length: Duration

    def since(self, time: int, zone: ZoneInfo) -> int:
        return self.length.before(time, zone)


class Calendar(Struct, frozen=True):
    """The calendar period that the moment is in: from its first instant to t."""

    period: str

    def since(self, time: int, zone: ZoneInfo) -> int:
        return period_start(time, self.period, zone) - 1


class MembershipYear(Struct, frozen=True):
    """The year of a membership that the moment is in. It begins with the day of the year on
    which the customer came; for those of 29 February, on the 28th in common years."""

    def start(self, time: int, zone: ZoneInfo, since: int) -> int:
        """The first instant of the year that `time` is in, of a customer since `since`."""
        here, day = _local(time, zone), _day_of_year(since, zone)
        return _year_from(
            here.year - ((here.month, here.day) < _in_year(day, here.year)), day, zone
        )

    def next_start(self, time: int, zone: ZoneInfo, since: int) -> int:
        """The first instant of the next one; LAST_TIME where the calendar ends before."""
        here, day = _local(time, zone), _day_of_year(since, zone)
        return _year_from(
            here.year + ((here.month, here.day) >= _in_year(day, here.year)), day, zone
        )


def _local(time: int, zone: ZoneInfo) -> datetime:
    return to_datetime(min(max(time, EARLIEST), _LATEST), zone)


def _day_of_year(time: int, zone: ZoneInfo) -> tuple[int, int]:
    local = _local(time, zone)
    return local.month, local.day


def _in_year(day: tuple[int, int], year: int) -> tuple[int, int]:
    """The month and day of an anniversary in a year."""
    return (2, 28) if day == (2, 29) and not isleap(year) else day


@lru_cache(maxsize=4096)
def _year_from(year: int, day: tuple[int, int], zone: ZoneInfo) -> int:
    if year < MINYEAR:
        return EARLIEST
    if year > MAXYEAR:
        return LAST_TIME
    start = to_microseconds(datetime(year, *_in_year(day, year), tzinfo=zone))
    return LAST_TIME if start > _LATEST else start


MEMBERSHIP_YEAR = "this membership year"


def read_window(text: str) -> Window | MembershipYear:
    """`text` such as "365 days" (rolling), "this year" (calendar) or "this membership year".
    Raises ValueInvalid."""
    words = text.split()
    if " ".join(words) == MEMBERSHIP_YEAR:
        return MembershipYear()
    if len(words) == 2 and words[0] == "this" and words[1] in PERIODS:
        return Calendar(words[1])
    try:
        return Rolling(read_duration(text))
    except ValueInvalid:
        raise ValueInvalid(
            "expected a window such as 365 days, 12 months, this month or this membership year"
        ) from None
