"""Rulesets come from people: whatever stands there, the answer is quick, and a value."""

from __future__ import annotations

import warnings
from time import perf_counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loyalcore.expression import CODES, check, compile_value, draw

LONGEST = 2.0  # seconds; a hundred times what any takes, since tests share a machine

TEXTS = [
    "(" * 2000,
    "(" * 1000 + ")" * 1000,
    "[" * 2000,
    "-" * 1999 + "1",
    "not " * 490 + "gift",
    "a." * 900 + "a",
    "1+" * 999 + "1",
    "1*" * 60 + "9" * 30,
    "a<" * 900 + "a",
    "a if b else " * 160 + "c",
    "missing(" * 200 + "1" + ")" * 200,
    "products[" * 40 + "1" + "]" * 40,
    "unknwn and " * 180 + "unknwn",
    "x " * 999,
    "'" * 2000,
    "\\" * 2000,
    "9" * 2000,
    "amount * " + "*".join(["9" * 30] * 20),
    "\0",
    "gift\0",
    "\ud800",
    "note == '\ud800'",
    "gift\ud800",
    r"note == '\N{nope}\x'",
    "matches(note, '\ud800')",
    "matches(note, '" + "(a*)*" * 39 + "')",
    "matches(note, '((((a{100}){100}){100}){100})')",
    "days(" + "9" * 30 + ")",
    "time + days(" + "9" * 30 + ")",
    "round(score, " + "9" * 30 + ")",
    "time > '0001-01-01' and time < '9999-12-31T23:59:59.999999+23:59'",
    "__import__('os').system('true')",
    "().__class__.__bases__[0].__subclasses__()",
    "(lambda: 1)()",
    "gift if gift else (yield)",
    "(x := 5)",
    "print('x')",
    "1if gift else 2",
    "0x1for x in items",
    "\N{LATIN SMALL LIGATURE FI} == 1",
]


@pytest.mark.parametrize("text", TEXTS, ids=range(len(TEXTS)))
def test_hostile_text(scope, text):
    ask(scope, text)


WORDS = """
    amount orders score channel note purchase time tags items gift kjøp customer.birthday line x
    and or not in if else for true false null is any all sum count min max missing default days
    round contains matches date concat products[note].price 'x' 'web' '2026-01-31' 0 1 0.1 ( ) [
    ] , . + - * / // % == != < <= > >= = & ! ** : { } \\ " ' é \0 #
"""
words = st.sampled_from(WORDS.split())


@given(st.one_of(st.text(max_size=200), st.lists(words, max_size=40).map(" ".join)))
def test_any_text(scope, text):
    ask(scope, text)


def ask(scope, text):
    """Checks `text`, and where it is sound evaluates and draws it with all facts missing."""
    start = perf_counter()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        node, mistakes = check(text, scope)
    assert (node is None) == bool(mistakes)
    for mistake in mistakes:
        assert mistake.code in CODES
        assert 0 <= mistake.span.start <= mistake.span.end <= len(text)
    if node is not None:
        facts = dict.fromkeys(scope.names)
        value = compile_value(node)(facts)
        assert draw(node, facts, text, scope.locale).truth is (
            value if isinstance(value, bool) else None
        )
    assert perf_counter() - start < LONGEST


def test_patterns_take_time_linear_in_the_text(evaluate):
    start = perf_counter()
    assert evaluate("matches(note, '(a|a)*(a*)*(x+x+)+b')", {"note": "a" * 10_000}) is False
    assert perf_counter() - start < LONGEST
