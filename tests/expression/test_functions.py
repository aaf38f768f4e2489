"""Functions are a registered kind: a plugin's are called like loyalcore's own."""

from __future__ import annotations

from dataclasses import replace

import pytest

from loyalcore.expression import FUNCTIONS, Form, Function, check, compile_value
from loyalcore.values import INTEGER, MONEY, TEXT, Locale, ValueInvalid


def vat(locale: Locale, amount: int, percent: int) -> int:
    """Called with the program's locale, as `local` says."""
    assert locale.currency == "NOK"
    return amount * percent // 100


def starts_with_letter(letter: object):
    """Prepares the test for one letter, while the expression is checked."""
    if not isinstance(letter, str) or len(letter) != 1:
        raise ValueInvalid("write one letter")
    return lambda text: text[:1] == letter


@pytest.fixture
def with_plugin(scope):
    added = [
        Function(
            "vat", "vat(amount, percent)", "the tax in an amount",
            (Form((MONEY, INTEGER), MONEY, vat, local=True),),
        ),
        Function(
            "initial", "initial(text, 'letter')", "whether the text begins with the letter",
            (Form((TEXT, TEXT), INTEGER, starts_with_letter, prepare=starts_with_letter),),
        ),
    ]  # fmt: skip
    return replace(scope, functions={**FUNCTIONS, **{each.name: each for each in added}})


def test_a_function_of_a_plugin(with_plugin):
    node, mistakes = check("vat(amount, 25)", with_plugin, MONEY)
    assert not mistakes
    assert node is not None
    assert compile_value(node)({"amount": 1_000}) == 250
    assert compile_value(node)({"amount": None}) is None


def test_a_literal_is_prepared_once(with_plugin):
    node, mistakes = check("initial(note, 'K')", with_plugin)
    assert not mistakes
    assert node is not None
    assert compile_value(node)({"note": "Kari"}) is True
    _, (mistake,) = check("initial(note, 'KA')", with_plugin)
    assert (mistake.code, mistake.message) == ("pattern", "write one letter")


def test_every_function_says_what_it_does():
    for name, function in FUNCTIONS.items():
        assert function.name == name
        assert function.signature.startswith(f"{name}(")
        assert function.doc
        assert function.forms


@pytest.mark.parametrize(
    "text",
    [
        "matches(note, 'a+') and weekday(time) == 'monday' and round(amount) > 5",
        "any(products[line.sku].price > 5 for line in items)",
    ],
)
def test_equal_texts_make_equal_trees(node, text):
    """So that equal conditions of many rules can share one entry in a matcher."""
    assert node(text) == node(f"  {text}")
    assert hash(node(text)) == hash(node(f"  {text}"))


@pytest.mark.parametrize(
    ("first", "day", "holds"),
    [
        ("1990-05-04", "2026-05-04", True),
        ("1990-05-04", "2026-04-05", False),
        ("1990-05-04", "1990-05-04", False),
        ("2000-02-29", "2026-02-28", True),
        ("2000-02-29", "2028-02-28", False),
        ("2000-02-29", "2028-02-29", True),
        ("2000-02-28", "2028-02-29", False),
    ],
)
def test_s5_a_leap_day_is_kept_on_the_last_of_february(scope, first, day, holds):
    text = f"anniversary(date('{first}'), date('{day}'))"
    node, mistakes = check(text, scope)
    assert not mistakes
    assert compile_value(node)({}) is holds
