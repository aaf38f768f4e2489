"""The typed values that events, attributes and expressions are made of.

How a value of each type is held while deciding (a missing value is always `None`):

========  =========================================================================
text, id  str (an id is compared, never ordered or searched in)
integer   int within 64 bits
number    int, or Fraction where it has decimals: exact, no binary float (S7)
money     int of minor units: 12.34 EUR is 1234 (ISO 4217 exponent of the program)
flag      bool
date      datetime.date
time      int, microseconds since 1970-01-01T00:00:00Z
duration  int, microseconds (in expressions only)
texts     tuple of str
lines     tuple of dict, field name to value: the line items of an event
========  =========================================================================

`read_value` makes one from what a JSON or CSV event holds; `write_value` makes the plain
JSON form that decisions store and people see.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Context, Decimal, Inexact, InvalidOperation, Overflow
from fractions import Fraction
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

Number = int | Fraction
Scalar = str | int | Fraction | bool | date | tuple[str, ...]
Value = Scalar | tuple[Mapping[str, "Scalar | None"], ...]

MAX_INTEGER = 2**63 - 1
MAX_TEXT = 10_000  # characters of one text field: an event is a fact, not a document
MAX_DIGITS = 30  # of a number: keeps exact arithmetic bounded whatever an event carries

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
FIRST_TIME = -62_135_596_800_000_000  # 0001-01-01T00:00:00Z, as datetime has it
LAST_TIME = 253_402_300_799_999_999  # the last microsecond of the year 9999

# No more than this is written as a number: not 1_000, and no digits of other scripts.
_DECIMAL = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,9})?", re.ASCII)
_RATIO = re.compile(rf"-?\d{{1,{MAX_DIGITS}}}/[1-9]\d{{0,{MAX_DIGITS - 1}}}", re.ASCII)


@dataclass(frozen=True)
class Type:
    """The type of a field, attribute, metric or expression.

    `options` closes a text to a set of words, so that a misspelt one is found before
    anything runs. `fields` are those of a line item, for kind `lines` only.
    """

    kind: str
    options: tuple[str, ...] = ()
    fields: Mapping[str, Type] = field(default_factory=dict, hash=False)

    def __str__(self) -> str:
        return {"texts": "list of text", "lines": "line items"}.get(self.kind, self.kind)


TEXT = Type("text")
ID = Type("id")
INTEGER = Type("integer")
NUMBER = Type("number")
MONEY = Type("money")
FLAG = Type("flag")
DATE = Type("date")
TIME = Type("time")
DURATION = Type("duration")
TEXTS = Type("texts")


@dataclass(frozen=True)
class Locale:
    """What reading and writing a value depends on: the program's currency and time zone."""

    currency: str
    exponent: int  # decimals of the currency: 2 for EUR, 0 for JPY
    zone: ZoneInfo

    @cached_property
    def unit(self) -> int:
        """How many minor units the major one has: 100 for EUR."""
        unit: int = 10**self.exponent
        return unit


class ValueInvalid(ValueError):
    """A raw value that is not of its declared type; the message says what was expected."""


def read_value(type_: Type, raw: object, locale: Locale) -> Value | None:
    """The typed value of `raw` (from JSON, CSV or YAML), or None where it is missing.

    JSON null and, for types other than text, the empty text of a CSV cell are missing.
    Raises ValueInvalid, whose message never repeats a text (it may be personal data).
    """
    if raw is None:
        return None
    return _READERS[type_.kind](type_, raw, locale)


Reader = Callable[[Type, object, Locale], Value | None]


def value_reader(type_: Type) -> Reader:
    """How `read_value` reads the values of a type that are there, for use many times over."""
    return _READERS[type_.kind]


def _read_text(type_: Type, raw: object, locale: Locale) -> str | None:
    if isinstance(raw, str):
        text = raw
    else:
        raise ValueInvalid(f"expected text, got {_shown(raw)}")
    if len(text) > MAX_TEXT:
        raise ValueInvalid(f"text of {len(text)} characters; at most {MAX_TEXT} are kept")
    if type_.options and text not in type_.options:
        if not text:
            return None
        raise ValueInvalid(f"expected one of {', '.join(type_.options)}")
    return text


def _read_id(type_: Type, raw: object, locale: Locale) -> str | None:
    if isinstance(raw, int) and not isinstance(raw, bool):
        raw = str(raw)
    if not isinstance(raw, str):
        raise ValueInvalid(f"expected an id (text or whole number), got {_shown(raw)}")
    if len(raw) > MAX_TEXT:
        raise ValueInvalid(f"id of {len(raw)} characters; at most {MAX_TEXT} are kept")
    return raw or None


def read_decimal(raw: object) -> Decimal | None:
    """The exact decimal in `raw`: an int, a Decimal or a text such as "12.50"."""
    if isinstance(raw, str):
        text = raw.strip()
        if not text:
            return None
        if not _DECIMAL.fullmatch(text):
            raise ValueInvalid("expected a number such as 12.50")
        number = Decimal(text)
    elif isinstance(raw, int | Decimal) and not isinstance(raw, bool):
        number = Decimal(raw)
    elif isinstance(raw, float):  # YAML and Python callers; repr is what the author wrote
        number = Decimal(repr(raw))
    else:
        raise ValueInvalid(f"expected a number, got {_shown(raw)}")
    if not number.is_finite():
        raise ValueInvalid("expected a finite number")
    _, digits, exponent = number.as_tuple()
    assert isinstance(exponent, int)
    if len(digits) + max(exponent, 0) > MAX_DIGITS or -exponent > MAX_DIGITS:
        raise ValueInvalid(f"number of more than {MAX_DIGITS} digits")
    return number


def _read_number(type_: Type, raw: object, locale: Locale) -> Number | None:
    if type(raw) is int and -MAX_INTEGER <= raw <= MAX_INTEGER:
        return raw
    if isinstance(raw, str) and _RATIO.fullmatch(raw):  # as write_value writes it
        return _settled(Fraction(raw))
    number = read_decimal(raw)
    return None if number is None else exact(number)


def exact(number: Decimal) -> Number:
    """`number` as an int where it is whole, else as a Fraction."""
    whole = int(number)
    return whole if whole == number else Fraction(number)


def _settled(ratio: Fraction) -> Number:
    return ratio.numerator if ratio.denominator == 1 else ratio


def _read_integer(type_: Type, raw: object, locale: Locale) -> int | None:
    number = _read_number(type_, raw, locale)
    if number is None:
        return None
    if not isinstance(number, int):
        raise ValueInvalid("expected a whole number")
    if not -MAX_INTEGER <= number <= MAX_INTEGER:
        raise ValueInvalid("whole number beyond 64 bits")
    return number


def _read_money(type_: Type, raw: object, locale: Locale) -> int | None:
    if type(raw) is int and -(10**14) < raw < 10**14:
        return raw * locale.unit
    if type(raw) is Decimal:
        try:
            minor = int(_WHOLE.to_integral_exact(_WHOLE.multiply(raw, locale.unit)))
        except ArithmeticError:
            pass  # not a whole number of minor units, or an extreme one: told below
        else:
            if -MAX_INTEGER <= minor <= MAX_INTEGER:
                return minor
    number = read_decimal(raw)
    return None if number is None else minor_units(number, locale)


def minor_units(amount: Decimal, locale: Locale) -> int:
    """`amount` in minor units. Raises ValueInvalid for a fraction of a minor unit."""
    scaled = amount.scaleb(locale.exponent, _EXACT)
    minor = int(scaled)
    if minor != scaled:
        raise ValueInvalid(f"{locale.currency} has {locale.exponent} decimals, here are more")
    if not -MAX_INTEGER <= minor <= MAX_INTEGER:
        raise ValueInvalid("amount beyond 64 bits of minor units")
    return minor


# Wide enough for MAX_DIGITS and every currency: Decimal's own context rounds at 28 digits.
_EXACT = Context(prec=2 * MAX_DIGITS)
_WHOLE = Context(prec=MAX_DIGITS, traps=[Inexact, InvalidOperation, Overflow])

_FLAGS = {"true": True, "false": False}


def _read_flag(type_: Type, raw: object, locale: Locale) -> bool | None:
    if isinstance(raw, bool):
        return raw
    if isinstance(raw, str):
        if not raw.strip():
            return None
        if (flag := _FLAGS.get(raw.strip().lower())) is not None:
            return flag
    raise ValueInvalid("expected true or false")


def _read_date(type_: Type, raw: object, locale: Locale) -> date | None:
    if isinstance(raw, datetime):
        raise ValueInvalid("expected a date such as 2026-01-31, got a time")
    if isinstance(raw, date):
        return raw
    if isinstance(raw, str):
        if not raw.strip():
            return None
        try:
            return date.fromisoformat(raw.strip())
        except ValueError:
            pass
    raise ValueInvalid("expected a date such as 2026-01-31")


def _read_time(type_: Type, raw: object, locale: Locale) -> int | None:
    if isinstance(raw, str) and not raw.strip():
        return None
    time = read_time(raw, locale.zone)
    if not FIRST_TIME <= time <= LAST_TIME:  # its offset takes it out of the calendar
        raise ValueInvalid("expected a time in the years 1 to 9999")
    return time


def read_time(raw: object, zone: ZoneInfo) -> int:
    """Microseconds since the epoch of an ISO 8601 text, date or datetime.

    A date means its first instant in `zone`; a time without an offset is local to `zone`
    (in the repeated hour of a clock change, the first of the two).
    """
    if isinstance(raw, str):
        try:
            moment = datetime.fromisoformat(raw.strip())
        except ValueError:
            raise ValueInvalid("expected a time such as 2026-01-31T09:30:00Z") from None
    elif isinstance(raw, datetime):
        moment = raw
    elif isinstance(raw, date):
        moment = datetime(raw.year, raw.month, raw.day)
    else:
        raise ValueInvalid("expected a time such as 2026-01-31T09:30:00Z")
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=zone)
    return to_microseconds(moment)


def to_microseconds(moment: datetime) -> int:
    """Microseconds since the epoch of an aware datetime."""
    return (moment - EPOCH) // MICROSECOND


def to_datetime(time: int, zone: ZoneInfo) -> datetime:
    """The aware local datetime of `time` (microseconds since the epoch) in `zone`."""
    seconds, microseconds = divmod(time, 1_000_000)
    local = datetime.fromtimestamp(seconds, zone)  # of whole seconds: exact
    return local.replace(microsecond=microseconds) if microseconds else local


def _read_texts(type_: Type, raw: object, locale: Locale) -> tuple[str, ...] | None:
    if isinstance(raw, str):  # a CSV cell
        return tuple(part.strip() for part in raw.split("|")) if raw.strip() else None
    if not isinstance(raw, list | tuple) or not all(isinstance(item, str) for item in raw):
        raise ValueInvalid("expected a list of texts")
    return tuple(raw)


def _read_lines(
    type_: Type, raw: object, locale: Locale
) -> tuple[Mapping[str, Scalar | None], ...]:
    if not isinstance(raw, list | tuple):
        raise ValueInvalid(f"expected a list of line items, got {_shown(raw)}")
    lines = []
    for number, item in enumerate(raw, start=1):
        if not isinstance(item, Mapping):
            raise ValueInvalid(f"line item {number}: expected fields, got {_shown(item)}")
        line = {}
        for name, field_type in type_.fields.items():
            try:
                line[name] = read_value(field_type, item.get(name), locale)
            except ValueInvalid as error:
                raise ValueInvalid(f"line item {number}, {name}: {error}") from None
        lines.append(line)
    return tuple(lines)  # type: ignore[arg-type]


_READERS: Mapping[str, Reader] = {
    "text": _read_text,
    "id": _read_id,
    "integer": _read_integer,
    "number": _read_number,
    "money": _read_money,
    "flag": _read_flag,
    "date": _read_date,
    "time": _read_time,
    "texts": _read_texts,
    "lines": _read_lines,
}


def _shown(raw: object) -> str:
    """The JSON word for what `raw` is, never its content."""
    if isinstance(raw, bool):
        return "true or false"
    if isinstance(raw, str):
        return "text"
    if isinstance(raw, int | float | Decimal):
        return "a number"
    if isinstance(raw, Mapping):
        return "fields"
    if isinstance(raw, list | tuple):
        return "a list"
    return type(raw).__name__


def write_value(type_: Type, value: Value | None, locale: Locale) -> object:
    """The plain JSON form of `value`: what decisions store and people read.

    Money and numbers are decimal texts ("12.50"), times ISO 8601 in UTC. A number whose
    decimals never end is written as an exact ratio ("1/3").
    """
    if value is None:
        return None
    write = value_writer(type_, locale)
    return value if write is None else write(value)


def value_writer(type_: Type, locale: Locale) -> Callable[[Any], object] | None:
    """How `write_value` writes the values of a type that are not missing, for use many
    times over; None where they are plain JSON as they are."""
    match type_.kind:
        case "money":
            exponent = locale.exponent
            return lambda value: write_money(value, exponent)
        case "number" | "integer":
            return lambda value: value if type(value) is int else write_number(value)
        case "time":
            return write_time
        case "duration":
            return lambda value: f"{write_number(Fraction(value, 86_400_000_000))} days"
        case "date":
            return date.isoformat
        case "texts":
            return list
        case "lines":
            fields = tuple(type_.fields.items())
            return lambda lines: [
                {name: write_value(field, line.get(name), locale) for name, field in fields}
                for line in lines
            ]
    return None


def write_money(minor: int | Fraction, exponent: int) -> str:
    """Minor units as a decimal text: 1234 with exponent 2 is "12.34"."""
    if not isinstance(minor, int):
        return write_number(minor / 10**exponent)
    if exponent == 0:
        return str(minor)
    digits = str(minor).zfill(exponent + 1 + (minor < 0))  # one before the point, at least
    return f"{digits[:-exponent]}.{digits[-exponent:]}"


def write_number(number: Number) -> str:
    """The shortest exact text of `number`: "3", "2.5", or "1/3" where decimals never end."""
    if isinstance(number, int):
        return str(number)
    numerator, denominator = number.numerator, number.denominator
    twos = (denominator & -denominator).bit_length() - 1
    rest, fives = denominator >> twos, 0
    while rest % 5 == 0:
        rest, fives = rest // 5, fives + 1
    if rest != 1:
        return f"{numerator}/{denominator}"
    places = max(twos, fives)
    return write_money(numerator * 10**places // denominator, places)


def write_time(time: int) -> str:
    """ISO 8601 in UTC, with a fraction of a second only where there is one."""
    moment = EPOCH + timedelta(microseconds=time)
    return moment.isoformat().replace("+00:00", "Z")
