"""Every type: what is read as one, what is refused, and how it is written (S6, S7)."""

from __future__ import annotations

import decimal
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from loyalcore.values import (
    DATE,
    DURATION,
    FLAG,
    ID,
    INTEGER,
    MAX_INTEGER,
    MAX_TEXT,
    MONEY,
    NUMBER,
    TEXT,
    TEXTS,
    TIME,
    Locale,
    Type,
    ValueInvalid,
    read_time,
    read_value,
    to_datetime,
    to_microseconds,
    write_number,
    write_value,
)

OSLO = ZoneInfo("Europe/Oslo")
EUR = Locale("EUR", 2, OSLO)
JPY = Locale("JPY", 0, OSLO)
KWD = Locale("KWD", 3, OSLO)

SECOND = 1_000_000
HOUR = 3_600 * SECOND

COLOUR = Type("text", options=("red", "blue"))
LINES = Type("lines", fields={"sku": ID, "amount": MONEY})


# --- what is read -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("type_", "raw", "value"),
    [
        (TEXT, "Ola ", "Ola "),
        (TEXT, "", ""),
        (COLOUR, "red", "red"),
        (COLOUR, "", None),
        (ID, "A-17", "A-17"),
        (ID, 17, "17"),
        (ID, "", None),
        (INTEGER, 3, 3),
        (INTEGER, "3", 3),
        (INTEGER, "3.0", 3),
        (INTEGER, Decimal("4e2"), 400),
        (INTEGER, MAX_INTEGER, MAX_INTEGER),
        (NUMBER, 3, 3),
        (NUMBER, "2.5", Fraction(5, 2)),
        (NUMBER, Decimal("2.50"), Fraction(5, 2)),
        (NUMBER, " 0.10 ", Fraction(1, 10)),
        (NUMBER, "1e-3", Fraction(1, 1000)),
        (NUMBER, "1/3", Fraction(1, 3)),
        (NUMBER, ".5", Fraction(1, 2)),
        (MONEY, 129, 12_900),
        (MONEY, Decimal("129.5"), 12_950),
        (MONEY, "12.50", 1_250),
        (MONEY, "-12.5", -1_250),
        (MONEY, "+5", 500),
        (MONEY, "1e-2", 1),
        (MONEY, Decimal("1e3"), 100_000),
        (MONEY, "-0.0", 0),
        (MONEY, "  ", None),
        (FLAG, True, True),
        (FLAG, "false", False),
        (FLAG, " TRUE ", True),
        (FLAG, "", None),
        (DATE, "2026-01-31", date(2026, 1, 31)),
        (DATE, date(2024, 2, 29), date(2024, 2, 29)),
        (DATE, "", None),
        (TIME, "1970-01-01T00:00:01Z", SECOND),
        (TIME, "1970-01-01T02:00:00+01:00", HOUR),
        (TIME, "1970-01-01T01:00:00.000001", 1),  # no offset: a time in Oslo
        (TIME, "1970-01-02", 23 * HOUR),  # the first instant of the day in Oslo
        (TIME, " ", None),
        (TEXTS, ["a", "b"], ("a", "b")),
        (TEXTS, "a | b|c", ("a", "b", "c")),  # a CSV cell
        (TEXTS, "", None),
        (TEXTS, [], ()),
        (LINES, [{"sku": 7, "amount": "9.90"}], ({"sku": "7", "amount": 990},)),
        (LINES, [{"sku": "A", "colour": "red"}], ({"sku": "A", "amount": None},)),
        (LINES, [], ()),
    ],
)
def test_a_value_is_read(type_: Type, raw: object, value: object) -> None:
    read = read_value(type_, raw, EUR)
    assert read == value
    assert type(read) is type(value)


@pytest.mark.parametrize(
    "type_", [TEXT, COLOUR, ID, INTEGER, NUMBER, MONEY, FLAG, DATE, TIME, TEXTS, LINES], ids=str
)
def test_null_is_missing_whatever_the_type(type_: Type) -> None:
    assert read_value(type_, None, EUR) is None
    assert write_value(type_, None, EUR) is None


@pytest.mark.parametrize(
    ("type_", "raw", "says"),
    [
        (TEXT, 12, "expected text, got a number"),
        (TEXT, True, "expected text, got true or false"),
        (TEXT, ["a"], "expected text, got a list"),
        (TEXT, {"a": 1}, "expected text, got fields"),
        (TEXT, "x" * (MAX_TEXT + 1), "text of 10001 characters; at most 10000 are kept"),
        (COLOUR, "green", "expected one of red, blue"),
        (ID, 1.5, "expected an id (text or whole number), got a number"),
        (ID, False, "expected an id (text or whole number), got true or false"),
        (ID, "x" * (MAX_TEXT + 1), "id of 10001 characters; at most 10000 are kept"),
        (INTEGER, "2.5", "expected a whole number"),
        (INTEGER, 2**63, "whole number beyond 64 bits"),
        (INTEGER, True, "expected a number, got true or false"),
        (NUMBER, "twelve", "expected a number such as 12.50"),
        (NUMBER, "1,5", "expected a number such as 12.50"),
        (NUMBER, "1_000", "expected a number such as 12.50"),
        (NUMBER, "١٢", "expected a number such as 12.50"),
        (NUMBER, "0x10", "expected a number such as 12.50"),
        (NUMBER, "NaN", "expected a number such as 12.50"),
        (NUMBER, "1/0", "expected a number such as 12.50"),
        (NUMBER, Decimal("Infinity"), "expected a finite number"),
        (NUMBER, float("nan"), "expected a finite number"),
        (NUMBER, [1], "expected a number, got a list"),
        (NUMBER, "1e30", "number of more than 30 digits"),
        (NUMBER, Decimal("1e999999"), "number of more than 30 digits"),
        (NUMBER, "1e-999999999", "number of more than 30 digits"),
        (NUMBER, "9" * 5_000, "number of more than 30 digits"),
        (NUMBER, 10**30, "number of more than 30 digits"),
        (MONEY, "12.505", "EUR has 2 decimals, here are more"),
        (MONEY, Decimal("0.001"), "EUR has 2 decimals, here are more"),
        # 30 digits: Decimal's own context would round the last of them away.
        (MONEY, "1.00000000000000000000000000001", "EUR has 2 decimals, here are more"),
        (MONEY, 10**18, "amount beyond 64 bits of minor units"),
        (MONEY, "EUR 5", "expected a number such as 12.50"),
        (FLAG, "yes", "expected true or false"),
        (FLAG, 1, "expected true or false"),
        (DATE, "31.01.2026", "expected a date such as 2026-01-31"),
        (DATE, "2026-02-29", "expected a date such as 2026-01-31"),
        (DATE, "2026-01-31T09:00", "expected a date such as 2026-01-31"),
        (DATE, datetime(2026, 1, 31), "expected a date such as 2026-01-31, got a time"),
        (TIME, "noon", "expected a time such as 2026-01-31T09:30:00Z"),
        (TIME, 1_700_000_000, "expected a time such as 2026-01-31T09:30:00Z"),
        (TIME, "0001-01-01T00:00:00+05:00", "expected a time in the years 1 to 9999"),
        (TIME, "9999-12-31T23:59:59-05:00", "expected a time in the years 1 to 9999"),
        (TEXTS, ["a", 1], "expected a list of texts"),
        (TEXTS, 5, "expected a list of texts"),
        (LINES, "A", "expected a list of line items, got text"),
        (LINES, [{"sku": "A"}, 5], "line item 2: expected fields, got a number"),
        (LINES, [{"amount": "dear"}], "line item 1, amount: expected a number such as 12.50"),
    ],
)
def test_what_is_not_of_its_type_is_refused(type_: Type, raw: object, says: str) -> None:
    with pytest.raises(ValueInvalid) as refused:
        read_value(type_, raw, EUR)
    assert str(refused.value) == says


@pytest.mark.parametrize("type_", [COLOUR, NUMBER, MONEY, FLAG, DATE, TIME], ids=str)
def test_a_refusal_never_repeats_what_may_be_personal(type_: Type) -> None:
    with pytest.raises(ValueInvalid) as refused:
        read_value(type_, "Kari Nordmann", EUR)
    assert "Kari" not in str(refused.value)


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.decimals() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["sku", "amount"]), inner),
    max_leaves=5,
)


@given(
    st.sampled_from([TEXT, COLOUR, ID, INTEGER, NUMBER, MONEY, FLAG, DATE, TIME, LINES]), anything
)
@example(TIME, "9999-12-31T23:59:59-23:59")
@example(DATE, "0000-00-00")
@example(NUMBER, Decimal("sNaN"))
def test_whatever_arrives_is_read_or_refused_and_what_is_read_can_be_written(
    type_: Type, raw: object
) -> None:
    try:
        value = read_value(type_, raw, EUR)
    except ValueInvalid:
        return
    assert read_value(type_, write_value(type_, value, EUR), EUR) == value


# --- money (S7) -------------------------------------------------------------------------------


def test_the_currency_says_how_many_decimals_money_has() -> None:
    assert [read_value(MONEY, "1250", locale) for locale in (JPY, EUR, KWD)] == [
        1_250,
        125_000,
        1_250_000,
    ]
    assert read_value(MONEY, "1.250", KWD) == 1_250
    assert read_value(MONEY, Decimal("1250.00"), JPY) == 1_250
    with pytest.raises(ValueInvalid, match="JPY has 0 decimals, here are more"):
        read_value(MONEY, "0.5", JPY)


def test_an_amount_is_exact_where_a_binary_float_would_not_be() -> None:
    # As binary floats, 1.1 + 2.2 is 3.3000000000000003 and 4.35 * 100 is 434.99999999999994.
    parts = [read_value(MONEY, text, EUR) for text in ("1.1", "2.2", "4.35")]
    assert parts == [110, 220, 435]
    assert read_value(MONEY, 4.35, EUR) == 435  # from Python or YAML: what its author wrote


amounts = st.integers(-(10**17), 10**17)


@given(amounts, st.sampled_from([EUR, JPY, KWD]))
@example(1, EUR)
@example(-5, KWD)
def test_money_is_the_same_written_and_read_again(minor: int, locale: Locale) -> None:
    written = write_value(MONEY, minor, locale)
    assert isinstance(written, str)
    assert read_value(MONEY, written, locale) == minor
    assert read_value(MONEY, Decimal(written), locale) == minor


@given(amounts, st.integers(1, 6))
def test_reading_money_does_not_depend_on_the_decimal_context(minor: int, digits: int) -> None:
    written = write_value(MONEY, minor, EUR)
    with decimal.localcontext(prec=digits):
        assert read_value(MONEY, written, EUR) == minor


# --- what is written --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("type_", "value", "written"),
    [
        (TEXT, "Ola", "Ola"),
        (ID, "17", "17"),
        (INTEGER, 3, 3),
        (NUMBER, 3, 3),
        (NUMBER, Fraction(5, 2), "2.5"),
        (NUMBER, Fraction(-1, 1000), "-0.001"),
        (NUMBER, Fraction(1, 3), "1/3"),
        (MONEY, 1_234, "12.34"),
        (MONEY, -5, "-0.05"),
        (MONEY, 0, "0.00"),
        (MONEY, Fraction(2_469, 2), "12.345"),  # a mean of amounts, half a cent in it
        (MONEY, Fraction(100, 3), "1/3"),
        (FLAG, True, True),
        (DATE, date(2026, 1, 31), "2026-01-31"),
        (TIME, 0, "1970-01-01T00:00:00Z"),
        (TIME, -1, "1969-12-31T23:59:59.999999Z"),
        (DURATION, 36 * HOUR, "1.5 days"),
        (TEXTS, ("a", "b"), ["a", "b"]),
        (LINES, ({"sku": "7", "amount": 990},), [{"sku": "7", "amount": "9.90"}]),
        (LINES, ({"sku": "7"},), [{"sku": "7", "amount": None}]),
    ],
)
def test_a_value_is_written(
    type_: Type, value: str | int | Fraction | date | tuple[str, ...], written: object
) -> None:
    assert write_value(type_, value, EUR) == written


def test_money_of_a_currency_without_decimals_is_written_without_a_point() -> None:
    assert write_value(MONEY, 1_250, JPY) == "1250"
    assert write_value(MONEY, 1_250, KWD) == "1.250"


ratios = st.fractions(max_denominator=10**9).filter(lambda ratio: abs(ratio) < 10**12)


@given(ratios)
@example(Fraction(1, 10**12))
@example(Fraction(7, 2**20))
def test_a_number_is_the_same_written_and_read_again(ratio: Fraction) -> None:
    number = ratio.numerator if ratio.denominator == 1 else ratio
    assert read_value(NUMBER, write_value(NUMBER, number, EUR), EUR) == number
    assert Fraction(write_number(number)) == ratio


times = st.datetimes(datetime(1, 1, 3), datetime(9999, 12, 29), timezones=st.just(UTC))


@given(times)
def test_a_time_is_the_same_written_and_read_again(moment: datetime) -> None:
    time = to_microseconds(moment)
    assert read_value(TIME, write_value(TIME, time, EUR), EUR) == time
    assert to_datetime(time, OSLO) == moment


# --- local times ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("zone", "local", "utc"),
    [
        ("Europe/Oslo", "2026-01-31T09:30", "2026-01-31T08:30:00Z"),
        ("Europe/Oslo", "2026-07-31T09:30", "2026-07-31T07:30:00Z"),
        ("Europe/Oslo", "2026-10-25T02:30", "2026-10-25T00:30:00Z"),  # the first of the two
        ("Europe/Oslo", "2026-03-29T02:30", "2026-03-29T01:30:00Z"),  # a time that never was
        ("Asia/Kathmandu", "2026-01-31T00:00", "2026-01-30T18:15:00Z"),
        ("Australia/Lord_Howe", "2026-01-31", "2026-01-30T13:00:00Z"),
        # Midnight itself was left out: the day began at one o'clock.
        ("America/Sao_Paulo", "2018-11-04", "2018-11-04T03:00:00Z"),
        # Midnight came twice: the day began at the first.
        ("America/Havana", "2026-11-01", "2026-11-01T04:00:00Z"),
    ],
)
def test_a_time_without_an_offset_is_local(zone: str, local: str, utc: str) -> None:
    assert write_value(TIME, read_time(local, ZoneInfo(zone)), EUR) == utc


def test_a_time_is_made_of_python_values_too() -> None:
    moment = datetime(2026, 1, 31, 9, 30, tzinfo=UTC)
    assert read_time(moment, OSLO) == read_time("2026-01-31T09:30Z", OSLO)
    assert read_time(date(2026, 1, 31), OSLO) == read_time("2026-01-31T00:00+01:00", OSLO)
    assert to_datetime(read_time(moment, OSLO), OSLO).utcoffset() == timedelta(hours=1)


def test_types_say_what_they_are_in_the_words_of_authors() -> None:
    words: Callable[[Type], str] = str
    assert [words(type_) for type_ in (MONEY, TEXTS, LINES)] == [
        "money",
        "list of text",
        "line items",
    ]
