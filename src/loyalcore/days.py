"""Days on which something comes again, and the instant of an hour of such a day (S5).

    next_day(after) -> the day -> at its hour, in a time zone -> an instant

Days are ordinals of the calendar. An hour is what the clock on the wall shows: one that does
not exist, because the clock was set forward past it, is the moment it was; one that is there
twice is the first of them. A day that a month lacks is its last.
"""

from __future__ import annotations

from calendar import isleap, monthrange
from collections.abc import Callable, Iterable
from datetime import MAXYEAR, UTC, date, datetime, time
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from loyalcore.calendars import EARLIEST, Duration, shown_at
from loyalcore.values import LAST_TIME, to_datetime, to_microseconds

NextDay = Callable[[int], int | None]
"""The first day after a day on which something comes; None: never again."""

LAST_OF_MONTH = 31

_DAY = 86_400_000_000
_LATEST = LAST_TIME - 10 * _DAY  # in every zone, the day and those about it are in the calendar
_LAST_DAY = date.max.toordinal() - 10
_UTC = ZoneInfo("UTC")


@lru_cache(maxsize=4096)
def zone_named(name: str) -> ZoneInfo | None:
    """The time zone of an IANA name, or None where there is none."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):  # a folder, say, or a name too long
        return None


# --- instants ---------------------------------------------------------------------------------


@lru_cache(maxsize=4096)
def instant_of(day: int, minutes: int, zone: ZoneInfo) -> int:
    """The instant so many minutes after midnight, by the clock of `zone`, on a day."""
    local = datetime.combine(date.fromordinal(day), time(*divmod(minutes, 60)), zone)
    return shown_at(local, zone)


def local_day(instant: int, zone: ZoneInfo) -> int:
    """The day that it is in `zone`; at the ends of the calendar, one near it."""
    return to_datetime(min(max(instant, EARLIEST), _LATEST), zone).toordinal()


def next_hour(instant: int, minutes: int, zone: ZoneInfo) -> int:
    """The first instant, that one or a later one, at which it is so many minutes after
    midnight in `zone`; LAST_TIME where the calendar ends before."""
    found = next_instant(instant - 1, minutes, zone, every_day)
    return LAST_TIME if found is None else found[0]


def next_instant(
    after: int, minutes: int, zone: ZoneInfo, next_day: NextDay
) -> tuple[int, int] | None:
    """The first instant after an instant that is so many minutes after midnight, in `zone`, on
    a day of `next_day`; and that day. None where there is none."""
    day = local_day(after, zone) - 1
    while (found := next_day(day)) is not None and found <= _LAST_DAY:
        if (instant := instant_of(found, minutes, zone)) > after:
            return instant, found
        day = found
    return None


# --- days -------------------------------------------------------------------------------------


def every_day(after: int) -> int:
    return after + 1


def weekly(weekday: int) -> NextDay:
    """A weekday: 0 is Monday."""
    return lambda after: after + 1 + (weekday - after) % 7


def monthly(day: int, months: Iterable[int]) -> NextDay:
    """A day of those months of each year."""
    within = frozenset(months)

    def next_day(after: int) -> int | None:
        start = date.fromordinal(after + 1)
        year, month = start.year, start.month
        while year <= MAXYEAR:
            if month in within:
                last = monthrange(year, month)[1]
                if (found := date(year, month, min(day, last)).toordinal()) > after:
                    return found
            year, month = (year, month + 1) if month < 12 else (year + 1, 1)
        return None

    return next_day


def once(day: int) -> NextDay:
    """One day, and never again."""
    return lambda after: day if after < day else None


# --- anniversaries ----------------------------------------------------------------------------


def anniversary(first: date, years: int) -> date | None:
    """The day so many years after the first: 28 February in common years where that was 29
    February. None beyond the calendar."""
    year = first.year + years
    if year > MAXYEAR:
        return None
    leap_day_missing = (first.month, first.day) == (2, 29) and not isleap(year)
    return date(year, first.month, 28 if leap_day_missing else first.day)


def moved(day: date, before: Duration | None, later: Duration | None) -> date:
    """The day so long before, or after; the lengths are of whole days."""
    midnight = to_microseconds(datetime.combine(day, time(), UTC))  # where days have 24 hours
    if before is not None:
        midnight = before.before(midnight, _UTC)
    if later is not None:
        midnight = later.after(midnight, _UTC)
    return to_datetime(midnight, _UTC).date()


def next_anniversary(
    after: int,
    first: date,
    least: int,
    minutes: int,
    zone: ZoneInfo,
    before: Duration | None = None,
    later: Duration | None = None,
) -> tuple[int, int] | None:
    """The first instant after an instant that is so many minutes after midnight, in `zone`, on
    an anniversary of `first`, or so long (a year at most) before or later; and how many years
    that is after the first, at least `least`. None where there is none."""
    year = date.fromordinal(local_day(after, zone)).year
    years = max(least, year - first.year - 2)
    while (day := anniversary(first, years)) is not None:
        on = moved(day, before, later).toordinal()
        if on > _LAST_DAY:
            break
        if (instant := instant_of(on, minutes, zone)) > after:
            return instant, years
        years += 1
    return None
