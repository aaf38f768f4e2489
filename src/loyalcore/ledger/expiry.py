"""When points expire: what a wallet says in words -> the instant for each lot.

Days, periods and anniversaries are those of the program's time zone (S5). An expiry is the
first instant at which points are no longer there: "31 December" is the first of 1 January.
"""

from __future__ import annotations

import re
from calendar import isleap
from datetime import MAXYEAR, date, datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

from msgspec import Struct

from loyalcore.calendars import MONTHS, PERIODS, Duration, period_start, read_duration
from loyalcore.values import LAST_TIME, ValueInvalid, to_datetime, to_microseconds

_DAYS = {"day": 1, "week": 7}
_MONTHS_OF = {"month": 1, "quarter": 3, "year": 12}
_NOW = Duration()
_LATEST = LAST_TIME - 10 * 86_400_000_000  # in every zone, the week after is in the calendar

ACTIVITY = "activity"  # any accrual or spending in the wallet itself


class Expiry(Protocol):
    """When a lot expires. `text` is what its author wrote.

    `events` are the event types (or ACTIVITY) that put off the expiry of a whole wallet;
    where there are none, a lot's expiry is known when it is opened.
    """

    @property
    def text(self) -> str: ...

    @property
    def events(self) -> tuple[str, ...]: ...

    def of(self, opened: int, since: int, activity: int, zone: ZoneInfo) -> int | None:
        """The first instant at which a lot of `opened` is expired, never before that, where
        the customer's first event was at `since` and the last activity at `activity`."""


class FromOpening(Struct, frozen=True):
    """So long after the lot was opened."""

    text: str
    length: Duration
    events: tuple[str, ...] = ()

    def of(self, opened: int, since: int, activity: int, zone: ZoneInfo) -> int | None:
        return self.length.after(opened, zone)


class OnDate(Struct, frozen=True):
    """The end of a day of the year, the first that is `least` or more after opening."""

    text: str
    month: int
    day: int
    least: Duration = _NOW
    events: tuple[str, ...] = ()

    def of(self, opened: int, since: int, activity: int, zone: ZoneInfo) -> int | None:
        least = max(opened + 1, self.least.after(opened, zone))
        return _yearly(self.month, self.day, 1, least, zone)


class OnAnniversary(Struct, frozen=True):
    """The beginning of the day on which the customer came, in the first year in which that
    is `least` or more after opening."""

    text: str
    least: Duration = _NOW
    events: tuple[str, ...] = ()

    def of(self, opened: int, since: int, activity: int, zone: ZoneInfo) -> int | None:
        least = max(opened + 1, self.least.after(opened, zone))
        first = to_datetime(min(since, _LATEST), zone)
        return _yearly(first.month, first.day, 0, least, zone)


class EndOf(Struct, frozen=True):
    """The end of the calendar period that is `least` after opening."""

    text: str
    period: str
    least: Duration = _NOW
    events: tuple[str, ...] = ()

    def of(self, opened: int, since: int, activity: int, zone: ZoneInfo) -> int | None:
        time = self.least.after(opened, zone)
        if time > _LATEST:
            return LAST_TIME
        first = to_datetime(period_start(time, self.period, zone), zone).date()
        if self.period in _DAYS:
            return _first_instant(first + timedelta(days=_DAYS[self.period]), zone)
        years, month = divmod(first.month - 1 + _MONTHS_OF[self.period], 12)
        if first.year + years > MAXYEAR:
            return LAST_TIME
        return _first_instant(date(first.year + years, month + 1, 1), zone)


class Inactivity(Struct, frozen=True):
    """So long after the last activity, or the lot's opening where that is later."""

    text: str
    length: Duration
    events: tuple[str, ...]

    def of(self, opened: int, since: int, activity: int, zone: ZoneInfo) -> int | None:
        return self.length.after(max(opened, activity), zone)


def _yearly(month: int, day: int, later: int, least: int, zone: ZoneInfo) -> int:
    """The first instant of a day of the year, or that of so many days later; the first at
    or after `least`."""
    if least > _LATEST:
        return LAST_TIME
    for year in range(to_datetime(least, zone).year - 1, MAXYEAR):
        leap_day_missing = (month, day) == (2, 29) and not isleap(year)
        on = date(year, month, 28 if leap_day_missing else day) + timedelta(days=later)
        if (instant := _first_instant(on, zone)) >= least:
            return instant
    return LAST_TIME


def _first_instant(day: date, zone: ZoneInfo) -> int:
    return to_microseconds(datetime(day.year, day.month, day.day, tzinfo=zone))


_EXPECTED = (
    "expected when points expire, such as 24 months, 31 December, end of year after "
    "12 months, anniversary, or 12 months without purchase"
)
_IDLE = re.compile(r"(?P<length>.+?) without (?P<events>.+)")
_DATED = re.compile(
    r"(?:(?P<day>\d{1,2}) (?P<month>[A-Za-z]+)|end of (?P<period>[a-z]+)|anniversary)"
    r"(?: after (?P<least>.+))?",
    re.ASCII,
)


def read_expiry(text: str) -> Expiry:
    """The expiry that `text` says. Raises ValueInvalid.

    ==========================================  ==========================================
    24 months                                   so long after a lot is opened
    31 December [after 1 year]                  at the end of that day of the year
    end of month [after 12 months]              at the end of the calendar period
    anniversary [after 1 year]                  on the day of the year the customer came
    12 months without activity                  after no accrual or spending for so long
    12 months without purchase, visit           after none of these events for so long
    ==========================================  ==========================================
    """
    text = " ".join(text.split())
    if match := _IDLE.fullmatch(text):
        events = tuple(event.strip() for event in match["events"].split(","))
        if "" in events:
            raise ValueInvalid("name the events that keep points alive, parted by commas")
        return Inactivity(text, read_duration(match["length"]), events)
    try:
        return FromOpening(text, read_duration(text))
    except ValueInvalid:
        pass
    if match := _DATED.fullmatch(text):
        least = read_duration(match["least"]) if match["least"] else _NOW
        if match["period"]:
            if match["period"] not in PERIODS:
                raise ValueInvalid(f"expected the end of a {', '.join(PERIODS[:-1])} or year")
            return EndOf(text, match["period"], least)
        if match["day"]:
            return OnDate(text, *_day_of_year(match["day"], match["month"]), least)
        return OnAnniversary(text, least)
    raise ValueInvalid(_EXPECTED)


def _day_of_year(day: str, name: str) -> tuple[int, int]:
    month = name.capitalize()
    if month not in MONTHS:
        raise ValueInvalid(_EXPECTED)
    if not 1 <= int(day) <= MONTHS[month]:
        raise ValueInvalid(f"{month} has {MONTHS[month]} days at most")
    return [*MONTHS].index(month) + 1, int(day)
