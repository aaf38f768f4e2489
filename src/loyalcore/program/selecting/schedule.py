"""Schedules: on which weekdays, in which hours, on which days of the calendar."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import date, timedelta
from typing import TypeVar
from zoneinfo import ZoneInfo

from loyalcore.calendars import MONTHS
from loyalcore.errors import did_you_mean
from loyalcore.expression.functions import WEEKDAYS
from loyalcore.program.report import Place, Report
from loyalcore.program.selecting.rule_plan import Schedule
from loyalcore.ruleset.selection import ScheduleSpec
from loyalcore.values import ValueInvalid, to_datetime

Read = TypeVar("Read")

_HOURS = re.compile(r"(\d{1,2}):(\d\d)-(\d{1,2}):(\d\d)", re.ASCII)
_YEARLY = re.compile(r"(\d{1,2}) ([A-Za-z]+)", re.ASCII)
_DAY = timedelta(days=1)
_MIDNIGHT = 24 * 60


def read_schedule(
    spec: ScheduleSpec | None, place: Place, zone: ZoneInfo, report: Report
) -> Schedule | None:
    """When `spec` says that something holds, by the clock on the wall of `zone`.

    Hours that go past midnight (22:00-02:00) belong, all of them, to the day on which they
    begin: that day's weekday and date count. 29 February is in leap years only.
    """
    if spec is None:
        return None
    weekdays = each_of(read_weekday, spec.weekdays, (*place, "weekdays"), report)
    hours = each_of(read_hours, spec.hours, (*place, "hours"), report)
    dates = each_of(read_date, spec.dates, (*place, "dates"), report)
    told = [
        f"on {', '.join(spec.weekdays)}" if spec.weekdays else "",
        f"at {', '.join(spec.hours)}" if spec.hours else "",
        f"on {', '.join(spec.dates)}" if spec.dates else "",
    ]
    text = " ".join(part for part in told if part)
    return Schedule(text, _opening({*weekdays}, hours, {*dates}, zone))


def _opening(
    weekdays: set[int],
    hours: list[tuple[int, int]],
    dates: set[tuple[int | None, int, int]],
    zone: ZoneInfo,
) -> Callable[[int], bool]:
    """Minutes of the day; of a date every year, the year is None."""

    def on(day: date) -> bool:
        return (not weekdays or day.weekday() in weekdays) and (
            not dates
            or (day.year, day.month, day.day) in dates
            or (None, day.month, day.day) in dates
        )

    def is_open(time: int) -> bool:
        local = to_datetime(time, zone)
        day, minute = local.date(), local.hour * 60 + local.minute
        if not hours:
            return on(day)
        for start, end in hours:
            if start < end:
                if start <= minute < end and on(day):
                    return True
            elif (minute >= start and on(day)) or (minute < end and on(day - _DAY)):
                return True
        return False

    return is_open


def each_of(
    read: Callable[[str], Read], texts: Iterable[str], place: Place, report: Report
) -> list[Read]:
    """What each of the texts at `place` says; those that can't be read are reported."""
    found = []
    for position, text in enumerate(texts):
        try:
            found.append(read(text.strip()))
        except ValueInvalid as error:
            hint = did_you_mean(text, WEEKDAYS) if read is read_weekday else ""
            report.problem("bad-value", str(error), (*place, position), hint=hint)
    return found


def read_weekday(text: str) -> int:
    """The number of a weekday: 0 for monday. Raises ValueInvalid."""
    if text not in WEEKDAYS:
        raise ValueInvalid(f"expected a weekday: {', '.join(WEEKDAYS)}")
    return WEEKDAYS.index(text)


def read_hours(text: str) -> tuple[int, int]:
    """From and up to, in minutes of the day; the end is the lesser where it is on the next."""
    match = _HOURS.fullmatch(text)
    if match:
        hour, minute, last_hour, last_minute = map(int, match.groups())
        start, end = hour * 60 + minute, last_hour * 60 + last_minute
        if max(minute, last_minute) < 60 and start < _MIDNIGHT and end <= _MIDNIGHT:
            if start == end:
                raise ValueInvalid("these hours end when they begin; leave them out for all day")
            return start, end
    raise ValueInvalid("expected hours such as 08:00-11:30, or 22:00-02:00 past midnight")


def read_date(text: str) -> tuple[int | None, int, int]:
    """Year, month and day; of a day of each year, the year is None. Raises ValueInvalid."""
    if match := _YEARLY.fullmatch(text):
        month, day = match[2].capitalize(), int(match[1])
        if 1 <= day <= MONTHS.get(month, 0):
            return None, [*MONTHS].index(month) + 1, day
    else:
        try:
            on = date.fromisoformat(text)
        except ValueError:
            pass
        else:
            return on.year, on.month, on.day
    raise ValueInvalid("expected a day such as 2026-12-24 or, of each year, 24 December")
