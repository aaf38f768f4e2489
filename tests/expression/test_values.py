"""What expressions come to: amounts, numbers, times, texts, line items and tables."""

from __future__ import annotations

from datetime import UTC, date, datetime
from fractions import Fraction

import pytest

from loyalcore.values import to_microseconds

DAY = 86_400_000_000
ITEMS = (
    {"sku": "LP-1", "category": "vinyl", "amount": 20_000, "labels": ("new",), "parts": None},
    {"sku": "CD-1", "category": "cd", "amount": 9_900, "labels": (), "parts": ({"weight": 3},)},
)


def at(text: str) -> int:
    return to_microseconds(datetime.fromisoformat(text).replace(tzinfo=UTC))


# Facts for the examples: 123.45 kroner, on Tuesday 31 March 2026 at half past eleven at night
# in UTC, which is Wednesday 1 April in Oslo.
FACTS = {
    "amount": 12_345,
    "discount": 1_000,
    "orders": 7,
    "visits": 2,
    "score": Fraction(5, 2),
    "channel": "web",
    "note": "Happy Birthday",
    "purchase": "p-1",
    "time": at("2026-03-31T23:30"),
    "joined": at("2026-03-01T00:00"),
    "tags": ("vip", "oslo"),
    "items": ITEMS,
    "gift": True,
    "kjøp": 100,
    "customer.birthday": date(1990, 2, 28),
    "customer.name": "Kari",
    "consent.email": False,
    "balance.beans": 40,
}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        # amounts are in minor units; a plain number beside one is an amount
        ("amount", 12_345),
        ("amount + 1", 12_445),
        ("100 - discount", 9_000),
        ("amount - discount", 11_345),
        ("amount / 10", Fraction(2469, 2)),
        ("amount * 2", 24_690),
        ("2 * amount", 24_690),
        ("amount * 0.2", 2_469),
        ("0.2 * amount", 2_469),
        ("amount / 0.5", 24_690),
        ("amount / discount", Fraction(2469, 200)),
        ("amount // 100", 1),
        ("amount % 100", 2_345),
        ("-amount", -12_345),
        ("max(amount - 200, 0)", 0),
        ("min(amount, discount, 50)", 1_000),
        ("round(amount)", 12_300),
        ("round(amount / 10, 1)", 1_230),
        ("floor(amount)", 12_300),
        ("ceil(amount)", 12_400),
        ("abs(discount - amount)", 11_345),
        ("kjøp", 100),
        # numbers are exact
        ("0.1 + 0.2", Fraction(3, 10)),
        ("0.1 + 0.2 == 0.3", True),
        ("1_000", 1_000),
        ("orders / 2", Fraction(7, 2)),
        ("(orders + 1) / 2", 4),
        ("orders // 2", 3),
        ("-orders // 2", -4),
        ("orders % 4", 3),
        ("-orders % 4", 1),
        ("score + 0.5", 3),
        ("score * 2", 5),
        ("score * orders - 0.5", 17),
        ("round(score)", 3),
        ("round(-score)", -3),
        ("round(2.5)", 3),
        ("round(2.345, 2)", Fraction(47, 20)),
        ("round(score / 7, 2)", Fraction(9, 25)),
        ("floor(score)", 2),
        ("ceil(score)", 3),
        ("abs(-score)", Fraction(5, 2)),
        ("min(3, score)", Fraction(5, 2)),
        ("+5", 5),
        ("5 if orders > 5 else 2.5", 5),
        ("amount if gift else 0", 12_345),
        ("default(orders, 0) + 1", 8),
        # comparisons, chained too
        ("1 < orders <= 7", True),
        ("1 < orders < 7", False),
        ("orders >= 6.5", True),
        ("amount >= 123.45", True),
        ("amount in (100, 123.45)", True),
        ("orders not in [1, 2, 3, 4, 5, 6]", True),
        ("purchase == 'p-1'", True),
        ("purchase in ['p-2', 'p-3']", False),
        ("customer.name != purchase", True),
        ("'vip' in tags", True),
        ("note not in tags", True),
        ("gift", True),
        ("gift == true and consent.email == False", True),
        ("true != gift", False),
        ("false", False),
        # texts
        ("lower(note)", "happy birthday"),
        ("upper(customer.name)", "KARI"),
        ("length(note)", 14),
        ("length(tags)", 2),
        ("concat(customer.name, ', ', note)", "Kari, Happy Birthday"),
        ("concat('Order ', purchase)", "Order p-1"),
        ("concat(default(purchase, note), '!')", "p-1!"),
        ("matches(purchase, 'p-[0-9]+') and starts_with(upper(purchase), 'P')", True),
        ("default(purchase, 'none') == purchase", True),
        ("contains(note, 'Birth')", True),
        ("contains(tags, 'vip')", True),
        ("starts_with(note, 'Happy') and not ends_with(note, 'Happy')", True),
        ("matches(customer.name, 'K[a-z]+')", True),
        ("matches(note, 'Happy')", False),
        (r"matches('A1', '\w\d')", True),
        ('"it\'s"', "it's"),
        # dates and times, in the time zone of the program
        ("customer.birthday > '1990-01-01'", True),
        ("customer.birthday == date('1990-02-28')", True),
        ("time >= '2026-04-01'", True),
        ("time >= '2026-04-01T02:00'", False),
        ("time < '2026-03-31T23:30:00.000001Z'", True),
        ("date(time)", date(2026, 4, 1)),
        ("weekday(time) == 'wednesday'", True),
        ("weekday(customer.birthday)", "wednesday"),
        ("day(time)", 1),
        ("month(time)", 4),
        ("year('2024-02-29')", 2024),
        ("hour(time)", 1),
        ("time(customer.birthday) == time('1990-02-28')", True),
        ("time - joined > days(30)", True),
        ("time - joined", 30 * DAY + 23 * DAY // 24 + DAY // 48),
        ("time - days(1) < time", True),
        ("days(1) + time == time + hours(24)", True),
        ("date(time) - customer.birthday >= weeks(52)", True),
        ("customer.birthday + days(1)", date(1990, 3, 1)),
        ("customer.birthday - weeks(1)", date(1990, 2, 21)),
        ("minutes(90) / hours(1)", Fraction(3, 2)),
        ("days(1) + hours(12)", DAY * 3 // 2),
        ("days_between(joined, time)", 31),
        ("days_between('2024-02-28', '2024-03-01')", 2),
        ("days_between(time, customer.birthday) < 0", True),
        # line items
        ("count(items)", 2),
        ("count(tags)", 2),
        ("count(line for line in items if line.amount > 100)", 1),
        ("sum(line.amount for line in items)", 29_900),
        ("sum(line.amount for line in items if line.category == 'book')", 0),
        ("sum(line.amount * 0.5 for line in items)", 14_950),
        ("min(line.amount for line in items)", 9_900),
        ("max(line.amount for line in items if line.sku in ['CD-1', 'CD-2'])", 9_900),
        ("any(line.category == 'cd' for line in items)", True),
        ("all(line.amount > 100 for line in items)", False),
        ("any(line.amount > amount for line in items)", True),
        ("any(starts_with(tag, 'o') for tag in tags)", True),
        ("any(any(label == 'new' for label in line.labels) for line in items)", True),
        ("sum(line.amount for line in items if line.amount > 1 if line.sku == 'LP-1')", 20_000),
        ("sum(products[line.sku].price for line in items if line.category == 'vinyl')", 20_000),
        # tables
        ("products['LP-1'].category", "vinyl"),
        ("missing(products['CD-1'].price)", True),
        ("missing(products[note].price)", True),
        ("products[purchase].price", None),
    ],
)
def test_value(evaluate, text, value):
    found = evaluate(text, FACTS)
    assert found == value
    assert type(found) is type(value)  # whole numbers are int, never 2/1


def test_text_may_span_lines(evaluate):
    assert evaluate("\n  amount > 100\n  and orders > 1\n", FACTS) is True


def test_half_of_a_surrogate_pair_is_text_like_any(evaluate):
    assert evaluate("matches(note, '.')", {"note": "\ud800"}) is True


def test_what_leaves_the_calendar_is_missing(evaluate):
    last = {"time": at("9999-12-31T23:30"), "customer.birthday": date(9999, 12, 31)}
    assert evaluate("missing(time + days(1)) and missing(date(time))", last) is True
    assert evaluate("missing(hour(time)) and missing(weekday(time))", last) is True
    assert evaluate("missing(customer.birthday + days(orders))", last | {"orders": 1}) is True
    assert evaluate("missing(customer.birthday + hours(orders))", last | {"orders": 1}) is True
    first = {"time": at("0001-01-01T00:00")}
    assert evaluate("missing(time - minutes(1))", first) is True


def test_rounding_to_digits_that_no_number_has_is_missing(evaluate):
    assert evaluate("missing(round(score, orders))", {"score": 1, "orders": 1_000_000}) is True
    assert evaluate("missing(round(amount, orders))", {"amount": 1, "orders": -1}) is True


def test_joined_texts_have_a_longest_length(evaluate):
    assert evaluate("missing(concat(note, note))", {"note": "x" * 6_000}) is True
