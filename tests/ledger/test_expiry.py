"""When points expire, at the first instant at which they are gone, by the clocks of Oslo."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loyalcore.ledger import read_expiry
from loyalcore.values import LAST_TIME, ValueInvalid, read_time, to_datetime

OSLO = ZoneInfo("Europe/Oslo")
SINCE = "2020-02-29T12:00"


def expires(text: str, opened: str, *, activity: str = "2020-01-01", since: str = SINCE) -> str:
    instant = read_expiry(text).of(
        read_time(opened, OSLO), read_time(since, OSLO), read_time(activity, OSLO), OSLO
    )
    assert instant is not None
    return to_datetime(instant, OSLO).isoformat()


@pytest.mark.parametrize(
    ("text", "opened", "instant"),
    [
        ("90 days", "2026-01-01", "2026-04-01T01:00:00+02:00"),  # to the second: 90 x 24 hours
        ("24 months", "2026-01-15T09:30", "2028-01-15T09:30:00+01:00"),
        ("1 month", "2026-01-31T09:30", "2026-03-01T00:00:00+01:00"),
        ("1 month", "2026-02-28T02:30", "2026-03-28T02:30:00+01:00"),
        ("13 months", "2025-02-28T02:30", "2026-03-28T02:30:00+01:00"),
        ("1 year", "2025-03-29T02:30", "2026-03-29T03:00:00+02:00"),  # there was no half past two
        ("1 year", "2024-02-29T12:00", "2025-03-01T00:00:00+01:00"),
    ],
)
def test_a_lot_lasts_from_its_opening(text: str, opened: str, instant: str) -> None:
    assert expires(text, opened) == instant


@pytest.mark.parametrize(
    ("text", "opened", "instant"),
    [
        ("31 December", "2026-05-01", "2027-01-01T00:00:00+01:00"),
        ("31 December", "2026-12-31T23:59:59.999999", "2027-01-01T00:00:00+01:00"),
        ("31 December", "2027-01-01", "2028-01-01T00:00:00+01:00"),
        ("31 december after 1 year", "2026-01-01", "2027-01-01T00:00:00+01:00"),
        ("31 December after 1 year", "2026-01-01T00:00:01", "2028-01-01T00:00:00+01:00"),
        ("28 March", "2026-01-01", "2026-03-29T00:00:00+01:00"),
        ("29 March", "2026-01-01", "2026-03-30T00:00:00+02:00"),
        ("29 February", "2027-06-01", "2028-03-01T00:00:00+01:00"),
        ("29 February", "2026-06-01", "2027-03-01T00:00:00+01:00"),
        ("28 February", "2027-06-01", "2028-02-29T00:00:00+01:00"),
    ],
)
def test_a_lot_lasts_to_the_end_of_a_day_of_the_year(text: str, opened: str, instant: str) -> None:
    assert expires(text, opened) == instant


@pytest.mark.parametrize(
    ("text", "opened", "instant"),
    [
        ("end of month", "2026-02-28T23:59:59", "2026-03-01T00:00:00+01:00"),
        ("end of month", "2026-03-01", "2026-04-01T00:00:00+02:00"),
        ("end of month", "2026-12-15", "2027-01-01T00:00:00+01:00"),
        ("end of month after 12 months", "2026-03-10", "2027-04-01T00:00:00+02:00"),
        ("end of month after 1 month", "2026-01-31T12:00", "2026-04-01T00:00:00+02:00"),
        ("end of quarter", "2026-03-31", "2026-04-01T00:00:00+02:00"),
        ("end of quarter after 1 year", "2026-11-01", "2028-01-01T00:00:00+01:00"),
        ("end of year", "2026-11-01", "2027-01-01T00:00:00+01:00"),
        ("end of year after 2 years", "2026-11-01", "2029-01-01T00:00:00+01:00"),
        ("end of week", "2026-03-28", "2026-03-30T00:00:00+02:00"),
        ("end of day", "2026-03-29T12:00", "2026-03-30T00:00:00+02:00"),
    ],
)
def test_a_lot_lasts_to_the_end_of_a_period(text: str, opened: str, instant: str) -> None:
    assert expires(text, opened) == instant


@pytest.mark.parametrize(
    ("text", "opened", "instant"),
    [
        ("anniversary", "2026-07-01", "2027-02-28T00:00:00+01:00"),  # of 29 February
        ("anniversary", "2027-07-01", "2028-02-29T00:00:00+01:00"),
        ("anniversary", "2027-02-27T23:59:59", "2027-02-28T00:00:00+01:00"),
        ("anniversary", "2027-02-28", "2028-02-29T00:00:00+01:00"),
        ("anniversary after 1 year", "2026-07-01", "2028-02-29T00:00:00+01:00"),
        ("anniversary after 1 year", "2026-02-28", "2027-02-28T00:00:00+01:00"),
        ("anniversary", SINCE, "2021-02-28T00:00:00+01:00"),
    ],
)
def test_a_lot_lasts_to_the_day_on_which_the_customer_came(
    text: str, opened: str, instant: str
) -> None:
    assert expires(text, opened) == instant


def test_a_wallet_lasts_from_its_last_activity() -> None:
    text = "12 months without purchase,  visit"
    assert read_expiry(text).events == ("purchase", "visit")
    assert expires(text, "2026-01-01", activity="2026-05-01") == "2027-05-01T00:00:00+02:00"


def test_points_last_from_when_they_came_though_the_customer_was_idle_for_long() -> None:
    text = "12 months without purchase"
    assert expires(text, "2026-01-01", activity="2020-05-01") == "2027-01-01T00:00:00+01:00"


@pytest.mark.parametrize("text", ["24 months", "31  December", "12 months without activity"])
def test_an_expiry_says_what_its_author_wrote(text: str) -> None:
    assert read_expiry(text).text == " ".join(text.split())
    assert read_expiry(text) == read_expiry(f" {text} ")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("soon", "expected when points expire, such as 24 months"),
        ("", "expected when points expire"),
        ("31 Decembre", "expected when points expire"),
        ("0 months", "expected when points expire"),
        ("31 April", "April has 30 days at most"),
        ("30 February", "February has 29 days at most"),
        ("0 May", "May has 31 days at most"),
        ("end of fortnight", "expected the end of a day, week, month, quarter or year"),
        ("end of month after a while", "expected a length of time"),
        ("long without purchase", "expected a length of time"),
        ("1 year without purchase,", "name the events"),
    ],
)
def test_anything_else_is_no_expiry(text: str, told: str) -> None:
    with pytest.raises(ValueInvalid, match=told):
        read_expiry(text)


TEXTS = (
    "90 days",
    "24 months",
    "999999 years",
    "29 February",
    "31 December after 1 year",
    "end of day",
    "end of week after 1 month",
    "end of quarter",
    "end of year after 999999 weeks",
    "anniversary",
    "anniversary after 6 months",
    "12 months without activity",
)
moments = st.integers(read_time("1970-01-01", OSLO), read_time("2100-01-01", OSLO))


@given(
    st.sampled_from(TEXTS),
    moments,
    st.integers(0, 10**13),
    st.sampled_from(["Europe/Oslo", "America/Sao_Paulo", "Australia/Lord_Howe", "UTC"]),
)
def test_what_comes_later_expires_later_and_never_before_it_came(
    text: str, opened: int, later: int, name: str
) -> None:
    zone = ZoneInfo(name)
    since = read_time("1969-02-28T12:00", zone)
    first = read_expiry(text).of(opened, since, since, zone)
    second = read_expiry(text).of(opened + later, since, since, zone)

    assert first is not None
    assert second is not None
    assert opened < first <= second <= LAST_TIME


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("name", ["Pacific/Kiritimati", "Etc/GMT+12"])
@pytest.mark.parametrize("before_the_end", [0, 36, 24 * 8, 24 * 11, 24 * 400])
def test_the_calendar_ends_with_the_year_9999(text: str, name: str, before_the_end: int) -> None:
    opened = LAST_TIME - before_the_end * 3_600_000_000
    instant = read_expiry(text).of(opened, opened, opened, ZoneInfo(name))
    assert instant is not None
    assert opened <= instant <= LAST_TIME
