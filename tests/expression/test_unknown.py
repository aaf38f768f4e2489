"""Missing values: three-valued logic, and only true fires (S6)."""

from __future__ import annotations

import pytest

LINES = (
    {"sku": "a", "category": None, "amount": 200, "labels": None, "parts": None},
    {"sku": "b", "category": "cd", "amount": None, "labels": None, "parts": None},
)


@pytest.mark.parametrize(
    "text",
    [
        "amount > 100",
        "amount == 100",
        "amount != 100",
        "not amount == 100",
        "channel == 'web'",
        "channel != 'web'",
        "channel in ['web', 'store']",
        "channel not in ['web', 'store']",
        "channel in tags",
        "'vip' in tags",
        "gift",
        "not gift",
        "amount > discount",
        "1 < orders < 5",
        "gift and true",
        "gift or false",
        "any(line.amount > 1 for line in items)",
        "all(line.amount > 1 for line in items)",
        "amount > 1 if gift else amount < 1",
        "weekday(time) == 'monday'",
        "products[note].category == 'cd'",
        "orders / visits == 1",
        "missing(amount) and gift",
    ],
)
def test_nothing_is_known_of_what_is_missing(evaluate, text):
    assert evaluate(text) is None
    assert evaluate(f"not ({text})") is None


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("gift and false", False),
        ("false and gift", False),
        ("gift or true", True),
        ("true or gift", True),
        ("missing(amount)", True),
        ("not missing(amount)", False),
        ("missing(amount > 1)", True),
        ("missing(gift and false)", False),
        ("default(gift, false)", False),
        ("default(amount, discount, 5)", 500),
        ("default(gift and true, true)", True),
        ("amount + 1", None),
        ("-amount", None),
        ("max(amount, 0)", None),
        ("lower(note)", None),
        ("count(items)", None),
        ("sum(line.amount for line in items)", None),
        ("5 if gift else 6", None),
        ("5 if missing(gift) else amount", 500),
    ],
)
def test_what_is_known_all_the_same(evaluate, text, value):
    assert evaluate(text) == value


@pytest.mark.parametrize("text", ["orders / visits", "orders // visits", "orders % visits"])
def test_dividing_by_zero_is_missing(evaluate, text):
    assert evaluate(text, {"orders": 1, "visits": 0}) is None
    assert evaluate(f"{text} > 0", {"orders": 1, "visits": 0}) is None


def test_dividing_by_a_zero_that_was_worked_out_is_missing(evaluate):
    assert evaluate("orders / (visits - visits)", {"orders": 1, "visits": 3}) is None


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("any(line.category == 'cd' for line in items)", True),
        ("any(line.category == 'lp' for line in items)", None),
        ("all(line.category == 'cd' for line in items)", None),
        ("all(line.category == 'lp' for line in items)", False),
        ("any(line.category == 'cd' for line in items if line.amount > 1)", None),
        ("any(line.sku == 'b' for line in items if line.amount > 1)", False),
        ("count(line for line in items if line.amount > 1)", 1),
        ("sum(line.amount for line in items)", None),
        ("min(line.amount for line in items)", None),
        ("sum(line.amount for line in items if line.sku == 'a')", 200),
        ("max(default(line.amount, 0) for line in items)", 200),
        ("max(line.amount for line in items if line.sku == 'c')", None),
        ("any(any(label == 'x' for label in line.labels) for line in items)", None),
    ],
)
def test_line_items_with_missing_fields(evaluate, text, value):
    assert evaluate(text, {"items": LINES}) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("any(line.amount > 1 for line in items)", False),
        ("all(line.amount > 1 for line in items)", True),
        ("sum(line.amount for line in items)", 0),
        ("count(items)", 0),
        ("min(line.amount for line in items)", None),
        ("max(line.amount for line in items)", None),
    ],
)
def test_no_line_items(evaluate, text, value):
    assert evaluate(text, {"items": ()}) == value
