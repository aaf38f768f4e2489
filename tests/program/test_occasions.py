"""Calendar triggers and anniversaries compiled: their days, and every mistake at its place."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest

from loyalcore.program.compiler import Compiled
from loyalcore.program.timing.life_plan import Anniversary, Calendar, Hour

Compile = Callable[..., Compiled]
Problems = Callable[..., list[str]]

CLUB = """\
program: club
currency: EUR
timezone: Europe/Oslo
customer: {birthday: date, seen: time, zone: text, height: integer, home: {zone: text}}
events: {visit: {}}
wallets: {beans: {}}
rules: {greet: {on: it, then: [earn: {beans: 1}]}}
triggers:
"""


def club(trigger: str) -> str:
    return f"{CLUB}  it: {trigger}\n"


def days(compiled: Compile, trigger: str, after: str, number: int = 3) -> list[str]:
    """The next few days after a day on which the trigger comes."""
    life = compiled(club(trigger)).program.life
    assert life is not None
    (calendar,) = life.triggers
    assert isinstance(calendar, Calendar)
    day: int | None = date.fromisoformat(after).toordinal()
    found = []
    for _ in range(number):
        if day is None or (day := calendar.next_day(day)) is None:
            break
        found.append(date.fromordinal(day).isoformat())
    return found


@pytest.mark.parametrize(
    ("trigger", "found"),
    [
        ("{every: day}", ["2026-11-23", "2026-11-24", "2026-11-25"]),
        ("{every: week}", ["2026-11-23", "2026-11-30", "2026-12-07"]),
        ("{every: week, on: friday}", ["2026-11-27", "2026-12-04", "2026-12-11"]),
        ("{every: month}", ["2026-12-01", "2027-01-01", "2027-02-01"]),
        ("{every: month, on: 30}", ["2026-11-30", "2026-12-30", "2027-01-30"]),
        ("{every: month, on: last}", ["2026-11-30", "2026-12-31", "2027-01-31"]),
        ("{every: quarter}", ["2027-01-01", "2027-04-01", "2027-07-01"]),
        ("{every: quarter, on: 31}", ["2027-01-31", "2027-04-30", "2027-07-31"]),
        ("{every: quarter, on: last}", ["2026-12-31", "2027-03-31", "2027-06-30"]),
        ("{every: year}", ["2027-01-01", "2028-01-01", "2029-01-01"]),
        ("{every: year, on: 24 December}", ["2026-12-24", "2027-12-24", "2028-12-24"]),
        ("{every: year, on: 29 february}", ["2027-02-28", "2028-02-29", "2029-02-28"]),
        ("{once: 2026-12-24}", ["2026-12-24"]),
    ],
)
def test_days_come_again(compiled: Compile, trigger: str, found: list[str]) -> None:
    assert days(compiled, trigger, "2026-11-22") == found


@pytest.mark.parametrize(
    ("keys", "hour"),
    [
        ("", Hour()),
        (", at: 09:00", Hour(540)),
        (", at: 9:05", Hour(545)),
        (", at: 23:59, zone: zone", Hour(1439, "zone")),
        (", zone: customer.home.zone", Hour(0, "home.zone")),
    ],
)
def test_the_hour_and_whose_clock_shows_it(compiled: Compile, keys: str, hour: Hour) -> None:
    life = compiled(club(f"{{every: day{keys}}}")).program.life
    assert life is not None
    assert life.recurring[0].at == hour


@pytest.mark.parametrize(
    ("trigger", "of"),
    [
        ("{anniversary: birthday, before: 7 days, at: 09:00}", "birthday"),
        ("{anniversary: customer.birthday, later: 1 month}", "birthday"),
        ("{anniversary: seen, before: 1 year}", "seen"),
        ("{anniversary: customer.since, later: 52 weeks, zone: home.zone}", ""),
    ],
)
def test_an_anniversary_is_of_a_date_or_of_the_customers_coming(
    compiled: Compile, trigger: str, of: str
) -> None:
    result = compiled(club(trigger))
    assert result.program.life is not None
    (anniversary,) = result.program.life.recurring
    assert isinstance(anniversary, Anniversary)
    assert anniversary.of == of
    told = [problem.message for problem in result.warnings]
    assert not [message for message in told if of and f"'{of}'" in message]  # it is used


@pytest.mark.parametrize(
    ("trigger", "problem"),
    [
        (
            "{every: week, on: fryday}",
            (
                "25: error: expected a weekday: monday, tuesday, wednesday, thursday, friday, "
                "saturday, sunday (did you mean 'friday'?) [bad-value]"
            ),
        ),
        (
            "{every: day, on: friday}",
            "24: error: every day is on every day: leave on out, or say every: week [bad-value]",
        ),
        (
            "{every: month, on: 32}",
            "26: error: expected a day of the month, from 1 to 31, or last [bad-value]",
        ),
        (
            "{every: month, on: first}",
            "26: error: expected a day of the month, from 1 to 31, or last [bad-value]",
        ),
        (
            "{every: quarter, on: 0}",
            "28: error: expected a day of the month, from 1 to 31, or last [bad-value]",
        ),
        (
            "{every: year, on: 2026-12-24}",
            "25: error: expected a day of each year, such as 24 December [bad-value]",
        ),
        (
            "{every: year, on: 31 June}",
            "25: error: expected a day of each year, such as 24 December [bad-value]",
        ),
        ("{once: 24 December}", "14: error: expected a day such as 2026-12-24 [bad-value]"),
        (
            "{once: 2026-12-24, at: 24:00}",
            "30: error: expected an hour of the day such as 09:00 [bad-value]",
        ),
        (
            "{every: day, at: noon}",
            "24: error: expected an hour of the day such as 09:00 [bad-value]",
        ),
        (
            "{every: day, zone: zoon}",
            "26: error: there is no attribute 'zoon' (did you mean 'zone'?) [unknown-name]",
        ),
        (
            "{every: day, zone: height}",
            "26: error: expected an attribute that is a text, not integer [bad-trigger]",
        ),
        (
            "{anniversary: birthdy}",
            "21: error: there is no attribute 'birthdy' (did you mean 'birthday'?) [unknown-name]",
        ),
        (
            "{anniversary: height}",
            "21: error: expected an attribute that is a date or time, not integer [bad-trigger]",
        ),
        (
            "{anniversary: birthday, before: 12 hours}",
            "39: error: expected whole days (say the hour beside it: at: 09:00) [bad-value]",
        ),
        (
            "{anniversary: birthday, before: 367 days}",
            "39: error: expected a year at most [bad-value]",
        ),
        (
            "{anniversary: birthday, later: 2 years}",
            "38: error: expected a year at most [bad-value]",
        ),
    ],
)
def test_mistakes_are_told_at_their_place(problems: Problems, trigger: str, problem: str) -> None:
    assert problems(club(trigger))[:1] == [f"club.yaml:9:{problem}"]
