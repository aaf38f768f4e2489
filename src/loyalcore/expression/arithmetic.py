"""What compiled expressions do with exact numbers, and where the result is missing.

Called by the code that `compile` generates; unless it says otherwise, every argument is a
value, never missing.
A result that can't be had (no members, a date beyond the calendar) is None: missing, as S6
wants it, rather than an error in the middle of a run.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

from loyalcore.values import FIRST_TIME, LAST_TIME, MICROSECOND, Number

SECOND = 1_000_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR


def divide(left: Number, right: Number) -> Number:
    """`left / right` (not zero): an int where it comes out even, else a Fraction."""
    whole, rest = divmod(left, right)
    return Fraction(left, right) if rest else whole


def settle(number: Number) -> Number:
    """`number` as an int where it is whole: Fraction arithmetic leaves 2/1 behind."""
    if isinstance(number, int) or number.denominator != 1:
        return number
    return number.numerator


def shift_time(time: int, duration: int) -> int | None:
    """The time `duration` later."""
    moved = time + duration
    return moved if FIRST_TIME <= moved <= LAST_TIME else None


def shift_time_back(time: int, duration: int) -> int | None:
    """The time `duration` earlier."""
    return shift_time(time, -duration)


def shift_date(day: date, duration: int) -> date | None:
    """The date `duration` later: whole days only, since a date has no hour to start from."""
    days, rest = divmod(duration, DAY)
    if rest:
        return None
    try:
        return day + timedelta(days=days)
    except OverflowError:
        return None


def shift_date_back(day: date, duration: int) -> date | None:
    """The date `duration` earlier: whole days only."""
    return shift_date(day, -duration)


def between_dates(later: date, earlier: date) -> int:
    """The duration from `earlier` to `later`, in microseconds."""
    return (later - earlier) // MICROSECOND


def is_missing(value: Any) -> bool:
    """Whether there is no value: the one question that a missing value answers."""
    return value is None


def first_known(*values: Any) -> Any:
    """The first value that is not missing; missing where all are."""
    for value in values:
        if value is not None:
            return value
    return None


# The members of a comprehension. One missing member makes the whole missing (S6); Python
# says so by refusing to add or order None, which costs nothing when none is missing.


def total(members: Iterable[Any]) -> Any:
    """The sum of the members; 0 of none."""
    try:
        return sum(members)
    except TypeError:
        return None


def least(members: list[Any]) -> Any:
    """The smallest member; missing where there is none."""
    try:
        return min(members, default=None)
    except TypeError:
        return None


def greatest(members: list[Any]) -> Any:
    """The largest member; missing where there is none."""
    try:
        return max(members, default=None)
    except TypeError:
        return None


def any_known(members: list[bool | None]) -> bool | None:
    """True where one member is, else unknown where one is, else False."""
    return True in members or (None if None in members else False)


def all_known(members: list[bool | None]) -> bool | None:
    """False where one member is, else unknown where one is, else True."""
    return False not in members and (None if None in members else True)
