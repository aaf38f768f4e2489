"""Rule tests that look at what messages say, and at what is in the events that are emitted."""

from __future__ import annotations

from pathlib import Path

import pytest

from loyalcore.errors import RulesetInvalid
from runner.suites import load, outcome

CLUB = """\
program: club
timezone: Europe/Oslo
currency: EUR
customer: {tongue: text}
languages: {default: en, of: tongue}
events:
  purchase: {order: id, amount: money}
  ask: {about: id, amount: money, note: text}
rules:
  hello: {on: purchase, then: [send: hello, send: short]}
  ask:
    on: purchase
    when: amount > 5
    then: [emit: {type: ask, data: {about: order, amount: amount * 2}}]
messages:
  hello: {text: {en: "Order {{ order }} for {{ amount }}\\n", no: "Ordre {{ order }}"}}
  short: {text: Thanks}
"""


def expecting(expect: str, who: str = "") -> str:
    """A test of a purchase of one customer."""
    purchase = "{type: purchase, time: 2026-01-06, order: a-1, amount: 9.5}"
    return f"{{customer: {{{who}}}, events: [{purchase}], expect: {expect}}}"


@pytest.mark.parametrize(
    ("expect", "who"),
    [
        ("{messages: [{hello: Order a-1 for €9.50}, short]}", ""),
        ("{messages: [hello, {short: Thanks}]}", ""),
        ("{messages: [{hello: Ordre a-1}, {short: Thanks}]}", "tongue: 'no'"),
        ("{emitted: [ask]}", ""),
        ("{emitted: [{ask: {about: a-1, amount: 19}}]}", ""),
        ("{emitted: [{ask: {amount: 19.00, note: }}]}", ""),
    ],
)
def test_what_is_said_is_as_expected(tmp_path: Path, expect: str, who: str) -> None:
    assert outcome(tmp_path, CLUB, expecting(expect, who)).passed


@pytest.mark.parametrize(
    ("expect", "what", "rows"),
    [
        (
            "{messages: [{hello: Order a-2}, short]}",
            "messages",
            (("hello: Order a-2", "hello: Order a-1 for €9.50"), ("short", "short")),
        ),
        (
            "{messages: [{short: Thank}]}",
            "messages",
            (("short: Thank", "hello"), ("", "short: Thanks")),
        ),
        ("{emitted: []}", "emitted", (("", "ask"),)),
        (
            "{emitted: [{ask: {about: a-1, amount: 18}}]}",
            "emitted",
            (("ask: {about: a-1, amount: 18.00}", "ask: {about: a-1, amount: 19.00}"),),
        ),
    ],
)
def test_what_is_said_otherwise_is_told(
    tmp_path: Path, expect: str, what: str, rows: tuple[tuple[str, str], ...]
) -> None:
    (failure,) = outcome(tmp_path, CLUB, expecting(expect)).failures
    (mismatch,) = failure.mismatches
    assert mismatch == (what, rows)


@pytest.mark.parametrize(
    ("expect", "problem"),
    [
        ("{messages: [{hallo: Hi}]}", "there is no message 'hallo' (did you mean 'hello'?)"),
        ("{messages: [{hello: {a: b}}]}", "expected the text of the message"),
        ("{messages: [{hello: Hi, short: Hi}]}", "expected a name, or one name: what is expected"),
        ("{emitted: [asks]}", "there is no event 'asks' (did you mean 'ask'?)"),
        ("{emitted: [{ask: hello}]}", "expected fields of the event"),
        ("{emitted: [{ask: {abuot: a}}]}", "there is no field 'abuot' (did you mean 'about'?)"),
        ("{emitted: [{ask: {amount: much}}]}", "expected a number such as 12.50"),
    ],
)
def test_slips_are_told(tmp_path: Path, expect: str, problem: str) -> None:
    with pytest.raises(RulesetInvalid) as refused:
        load(tmp_path, CLUB, expecting(expect))
    (told,) = refused.value.problems
    assert problem in str(told)
