"""The functions of the expression language, registered like those of any plugin.

Each is a pure function of values; where it says so, of the program's time zone and
currency too. A result that can't be had is missing, never an error.
"""

from __future__ import annotations

from calendar import isleap
from collections.abc import Callable
from datetime import date
from fractions import Fraction
from math import ceil, floor
from typing import Any

from loyalcore.expression.arithmetic import (
    DAY,
    HOUR,
    MINUTE,
    first_known,
    is_missing,
    settle,
)
from loyalcore.expression.patterns import read_pattern
from loyalcore.expression.scope import ANY, Form, Function
from loyalcore.values import (
    DATE,
    DURATION,
    FLAG,
    ID,
    INTEGER,
    MAX_TEXT,
    MONEY,
    NUMBER,
    TEXT,
    TEXTS,
    TIME,
    Locale,
    Number,
    Type,
    read_time,
    to_datetime,
)

MAX_ROUNDING = 12  # digits after the decimal point that round() can keep

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")

_HALF = Fraction(1, 2)
_WEEKDAY = Type("text", options=WEEKDAYS)
_ORDERED = (INTEGER, NUMBER, MONEY, DATE, TIME, DURATION)


def half_up(number: Number) -> int:
    """The nearest whole number; halves go away from zero, as people round."""
    return floor(number + _HALF) if number >= 0 else -floor(_HALF - number)


def round_number(number: Number, digits: int = 0) -> Number | None:
    """`number` rounded to `digits` after the decimal point."""
    if not 0 <= digits <= MAX_ROUNDING:
        return None
    return settle(Fraction(half_up(number * 10**digits), 10**digits))


def round_money(locale: Locale, amount: Number, digits: int = 0) -> Number | None:
    """`amount` (in minor units) rounded to `digits` after the point of the currency's unit."""
    if not 0 <= digits <= MAX_ROUNDING:
        return None
    unit = Fraction(10**locale.exponent, 10**digits)
    return settle(half_up(amount / unit) * unit)


def _to_unit(whole: Callable[[Number], int]) -> Callable[[Locale, Number], int]:
    """An amount (in minor units) to a whole unit of the currency, as `whole` rounds."""
    return lambda locale, amount: whole(_units(locale, amount)) * 10**locale.exponent


def _units(locale: Locale, amount: Number) -> Fraction:
    return Fraction(amount, 10**locale.exponent)


def length_of_time(unit: int) -> Callable[[Number], int]:
    """From a count of `unit` (in microseconds) to a duration."""
    return lambda number: half_up(number * unit)


def join(*texts: str) -> str | None:
    """The texts one after another; missing beyond the longest text there can be."""
    return "".join(texts) if sum(map(len, texts)) <= MAX_TEXT else None


def local_date(locale: Locale, time: int) -> date | None:
    """The date of `time` in the program's time zone."""
    try:
        return to_datetime(time, locale.zone).date()
    except OverflowError:
        return None


def local_hour(locale: Locale, time: int) -> int | None:
    """The hour of `time`, 0 to 23, in the program's time zone."""
    try:
        return to_datetime(time, locale.zone).hour
    except OverflowError:
        return None


def first_instant(locale: Locale, day: date) -> int:
    """The time at which `day` begins in the program's time zone."""
    return read_time(day, locale.zone)


def days_between(locale: Locale, first: date | int, last: date | int) -> int | None:
    """Whole calendar days from `first` to `last`; negative where `last` is earlier."""
    start = local_date(locale, first) if isinstance(first, int) else first
    end = local_date(locale, last) if isinstance(last, int) else last
    return None if start is None or end is None else (end - start).days


def is_anniversary(first: date, day: date) -> bool:
    """Whether `day` is as many whole years after `first`. What began on 29 February falls
    on 28 February in common years (S5)."""
    if day.year <= first.year:
        return False
    if (first.month, first.day) == (2, 29) and not isleap(day.year):
        return (day.month, day.day) == (2, 28)
    return (day.month, day.day) == (first.month, first.day)


def _same(value: Any) -> Any:
    return value


def _of_date(read: Callable[[date], Any], result: Type) -> tuple[Form, ...]:
    """Something read from a date, or from a time in the program's time zone."""

    def read_local(locale: Locale, time: int) -> Any:
        day = local_date(locale, time)
        return None if day is None else read(day)

    return (
        Form((DATE,), result, read),
        Form((TIME,), result, read_local, local=True),
    )


def _each(types: tuple[Type, ...], call: Callable[..., Any]) -> tuple[Form, ...]:
    """Two or more values of one type, giving one of them."""
    return tuple(Form((type_, type_), type_, call, repeats=True) for type_ in types)


def _about_text(call: Callable[..., bool]) -> tuple[Form, ...]:
    return (Form((TEXT, TEXT), FLAG, call),)


_ALL = (
    Function("missing", "missing(x)", "whether x has no value", (
        Form((ANY,), FLAG, is_missing),
    ), takes_missing=True),
    Function("default", "default(x, y, ...)", "the first of its values that is not missing",
        _each((TEXT, ID, *_ORDERED, FLAG, TEXTS), first_known), takes_missing=True),
    Function("min", "min(x, y, ...)", "the smallest of its values", _each(_ORDERED, min)),
    Function("max", "max(x, y, ...)", "the largest of its values", _each(_ORDERED, max)),
    Function("abs", "abs(x)", "x without its sign", tuple(
        Form((type_,), type_, abs) for type_ in (INTEGER, NUMBER, MONEY, DURATION)
    )),
    Function("round", "round(x, digits)",
        "x to the nearest whole number, or to so many digits; halves go away from zero", (
        Form((NUMBER,), INTEGER, half_up),
        Form((NUMBER, INTEGER), NUMBER, round_number),
        Form((MONEY,), MONEY, round_money, local=True),
        Form((MONEY, INTEGER), MONEY, round_money, local=True),
    )),
    Function("floor", "floor(x)", "x rounded down to a whole number, or a whole amount", (
        Form((NUMBER,), INTEGER, floor),
        Form((MONEY,), MONEY, _to_unit(floor), local=True),
    )),
    Function("ceil", "ceil(x)", "x rounded up to a whole number, or a whole amount", (
        Form((NUMBER,), INTEGER, ceil),
        Form((MONEY,), MONEY, _to_unit(ceil), local=True),
    )),
    Function("lower", "lower(text)", "the text in small letters", (
        Form((TEXT,), TEXT, str.lower),
    )),
    Function("upper", "upper(text)", "the text in capitals", (
        Form((TEXT,), TEXT, str.upper),
    )),
    Function("length", "length(text)", "how many characters a text, or texts a list, has", (
        Form((TEXT,), INTEGER, len),
        Form((TEXTS,), INTEGER, len),
    )),
    Function("concat", "concat(text, text, ...)", "the texts joined into one", (
        Form((TEXT, TEXT), TEXT, join, repeats=True),
    )),
    Function("contains", "contains(text, part)", "whether the part occurs in the text", (
        *_about_text(str.__contains__), Form((TEXTS, TEXT), FLAG, tuple.__contains__),
    )),
    Function("starts_with", "starts_with(text, part)", "whether the text begins with the part",
        _about_text(str.startswith)),
    Function("ends_with", "ends_with(text, part)", "whether the text ends with the part",
        _about_text(str.endswith)),
    Function("matches", "matches(text, 'pattern')",
        "whether the whole text fits a regular expression (RE2), as in 'LP-[0-9]+'", (
        Form((TEXT, TEXT), FLAG, read_pattern, prepare=read_pattern),
    )),
    Function("minutes", "minutes(n)", "a length of time", (
        Form((NUMBER,), DURATION, length_of_time(MINUTE)),
    )),
    Function("hours", "hours(n)", "a length of time", (
        Form((NUMBER,), DURATION, length_of_time(HOUR)),
    )),
    Function("days", "days(n)", "a length of time; a day is 24 hours", (
        Form((NUMBER,), DURATION, length_of_time(DAY)),
    )),
    Function("weeks", "weeks(n)", "a length of time; a week is 168 hours", (
        Form((NUMBER,), DURATION, length_of_time(7 * DAY)),
    )),
    Function("days_between", "days_between(first, last)",
        "the calendar days from one date or time to another", tuple(
        Form((first, last), INTEGER, days_between, local=True)
        for first in (DATE, TIME) for last in (DATE, TIME)
    )),
    Function("anniversary", "anniversary(first, day)",
        "whether the day is a birthday or anniversary of the first one", (
        Form((DATE, DATE), FLAG, is_anniversary),
    )),
    Function("weekday", "weekday(t)", "the day of the week of a date or time, as 'monday'",
        _of_date(lambda day: WEEKDAYS[day.weekday()], _WEEKDAY)),
    Function("day", "day(t)", "the day of the month, 1 to 31", _of_date(lambda d: d.day, INTEGER)),
    Function("month", "month(t)", "the month, 1 to 12", _of_date(lambda d: d.month, INTEGER)),
    Function("year", "year(t)", "the year, as 2026", _of_date(lambda d: d.year, INTEGER)),
    Function("hour", "hour(t)", "the hour of a time, 0 to 23", (
        Form((TIME,), INTEGER, local_hour, local=True),
    )),
    Function("date", "date(t)", "the date of a time, or of a text as '2026-01-31'",
        _of_date(_same, DATE)),
    Function("time", "time(d)", "the first instant of a date, or a text as '2026-01-31T09:30'", (
        Form((TIME,), TIME, _same),
        Form((DATE,), TIME, first_instant, local=True),
    )),
)  # fmt: skip

FUNCTIONS = {function.name: function for function in _ALL}
"""What loyalcore brings itself. any, all, sum and count, which are no functions of values
but read line items one by one, are part of the language (calls.py)."""
