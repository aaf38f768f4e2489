"""Triggers on days of the calendar: every week, once, on anniversaries."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import Any

from loyalcore.calendars import Duration, read_duration
from loyalcore.days import LAST_OF_MONTH, NextDay, every_day, monthly, once, weekly
from loyalcore.errors import did_you_mean
from loyalcore.expression.functions import WEEKDAYS
from loyalcore.program.report import Place
from loyalcore.program.selecting.schedule import read_date, read_weekday
from loyalcore.program.timing.life_plan import Anniversary, Calendar, Hour
from loyalcore.program.timing.watching import Watching
from loyalcore.ruleset.triggers import TriggerSpec
from loyalcore.values import ValueInvalid

SINCE = "customer.since"

_HOUR = re.compile(r"(\d{1,2}):(\d\d)", re.ASCII)
_DAY = 86_400_000_000
_YEAR = Duration(microseconds=366 * _DAY, months=12)


def plan_occasion(
    name: str, spec: TriggerSpec, common: Mapping[str, Any], watching: Watching
) -> Calendar | Anniversary | None:
    """The calendar trigger or anniversary of this name; None where a mistake was reported.
    `common` is what all triggers have."""
    place: Place = ("triggers", name)
    at = read_hour(spec, place, watching)
    if spec.anniversary is not None:
        of = _attribute(spec.anniversary, place, watching)
        before = _length(spec.before, (*place, "before"), watching)
        later = _length(spec.later, (*place, "later"), watching)
        if at is None or of is None:
            return None
        return Anniversary(**common, of=of, before=before, later=later, at=at)
    key = "on" if spec.once is None else "once"
    try:
        next_day = _days(spec)
    except ValueInvalid as error:
        hint = did_you_mean(spec.on or "", WEEKDAYS) if spec.every == "week" else ""
        watching.report.problem("bad-value", str(error), (*place, key), hint=hint)
        return None
    return None if at is None else Calendar(**common, at=at, next_day=next_day)


def read_hour(spec: TriggerSpec, place: Place, watching: Watching) -> Hour | None:
    """The hour that the trigger at `place` says, midnight without one, and in whose time zone;
    None where a mistake was reported."""
    minutes: int | None = 0
    if spec.at is not None:
        match = _HOUR.fullmatch(spec.at.strip())
        hour, minute = (int(match[1]), int(match[2])) if match else (24, 0)
        minutes = hour * 60 + minute if hour < 24 and minute < 60 else None
        if minutes is None:
            watching.report.problem(
                "bad-value", "expected an hour of the day such as 09:00", (*place, "at")
            )
    zone: str | None = ""
    if spec.zone is not None:
        zone = _known(spec.zone, ("text",), (*place, "zone"), watching)
    return None if minutes is None or zone is None else Hour(minutes, zone)


def _known(name: str, kinds: tuple[str, ...], place: Place, watching: Watching) -> str | None:
    """The attribute of that name, which is of one of these kinds."""
    *above, key = place
    planner = watching.planner().below(tuple(above))
    type_ = planner.attribute(name, key)
    if type_ is None:
        return None
    if type_.kind not in kinds:
        planner.problem(
            "bad-trigger", f"expected an attribute that is a {' or '.join(kinds)}, not {type_}", key
        )
        return None
    attribute = name.removeprefix("customer.")
    planner.read.add(attribute)  # it is used
    return attribute


def _attribute(name: str, place: Place, watching: Watching) -> str | None:
    if name == SINCE:
        return ""
    return _known(name, ("date", "time"), (*place, "anniversary"), watching)


def _length(text: str | None, place: Place, watching: Watching) -> Duration | None:
    if text is None:
        return None
    length = read_duration(text)
    if length.microseconds % _DAY:
        watching.report.problem(
            "bad-value", "expected whole days", place, hint="say the hour beside it: at: 09:00"
        )
    elif length.microseconds > _YEAR.microseconds or length.months > _YEAR.months:
        watching.report.problem("bad-value", "expected a year at most", place)
    return length


# --- days -------------------------------------------------------------------------------------


def _days(spec: TriggerSpec) -> NextDay:
    """The days that `spec` says. Raises ValueInvalid."""
    if spec.once is not None:
        try:
            return once(date.fromisoformat(spec.once.strip()).toordinal())
        except ValueError:
            raise ValueInvalid("expected a day such as 2026-12-24") from None
    on = None if spec.on is None else " ".join(spec.on.split())
    match spec.every:
        case "week":
            return weekly(0 if on is None else read_weekday(on))
        case "month":
            return monthly(_day_of_month(on), range(1, 13))
        case "quarter":
            return monthly(_day_of_month(on), (3, 6, 9, 12) if on == "last" else (1, 4, 7, 10))
        case "year":
            return _yearly(on)
    if on is not None:
        raise ValueInvalid("every day is on every day: leave on out, or say every: week")
    return every_day


def _day_of_month(on: str | None) -> int:
    if on is None:
        return 1
    if on == "last":
        return LAST_OF_MONTH
    if on.isascii() and on.isdigit() and 1 <= int(on[:3]) <= LAST_OF_MONTH:
        return int(on)
    raise ValueInvalid("expected a day of the month, from 1 to 31, or last")


def _yearly(on: str | None) -> NextDay:
    if on is None:
        return monthly(1, (1,))
    try:
        year, month, day = read_date(on)
    except ValueInvalid:
        year, month, day = 0, 0, 0
    if year is None:
        return monthly(day, (month,))
    raise ValueInvalid("expected a day of each year, such as 24 December")
