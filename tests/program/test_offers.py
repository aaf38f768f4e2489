"""Offers compiled: what an author may write in them, and every mistake at its place."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from loyalcore.program.compiler import Compiled
from loyalcore.program.offering.offer_plan import plain_code

Compile = Callable[..., Compiled]
Problems = Callable[..., list[str]]

CLUB = """\
program: club
currency: EUR
timezone: Europe/Oslo
customer: {name: text, fan: flag, channel: text}
events:
  purchase: {amount: money, items: [{sku: text}], channel: text, code: text, presents: code}
  visit: {channel: integer, spend: money}
wallets: {beans: {}}
metrics: {orders: {count: purchase}}
offers:
"""


OPENS = "rules: {opens: {on: visit, then: [open: card]}}\n"


def club(offer: str, more: str = "") -> str:
    return f"{CLUB}  card: {offer}\n{more}"


@pytest.mark.parametrize(
    "offer",
    [
        "{reach: {one: purchase, where: amount > 10 and missing(offer.number)}}",
        "{reach: {sum: purchase.amount, at_least: 10.50}, then: [earn: {beans: offer.progress}]}",
        "{reach: {count: visit, at_least: orders + 1}, then: [earn: {beans: offer.target}]}",
        "{reach: {sum: visit.channel, at_least: 2.5}}",
        "{open: {on: [purchase, visit]}, reach: {one: visit}, lapsed: [earn: {beans: orders}]}",
        "{fields: {on: text}, ends: date, reach: {one: visit}, then: [set: {name: offer.on}]}",
        "{who: orders > 2 and customer.fan, reach: {one: visit}, revoked: [open: card]}",
        "{code: 2026, limit: once, reach: {one: purchase}}",
        "{code: batch, reach: {count: purchase, at_least: 2}}",
        "{reach: {one: offer_lapsed}}",
    ],
)
def test_an_offer_may_be_written_like_this(problems: Problems, offer: str) -> None:
    assert problems(club(offer, OPENS)) == []


@pytest.mark.parametrize(
    ("offer", "problem"),
    [
        (
            "{reach: {one: purchse}}",
            "23: error: there is no event 'purchse' (did you mean 'purchase'?) [unknown-name]",
        ),
        (
            "{reach: {sum: purchase.amuont, at_least: 1}}",
            "23: error: purchase has no field 'amuont' (did you mean 'amount'?) [unknown-name]",
        ),
        (
            "{reach: {sum: purchase, at_least: 1}}",
            "23: error: a sum needs a field (write purchase.FIELD) [bad-offer]",
        ),
        (
            "{reach: {sum: purchase.channel, at_least: 1}}",
            "23: error: there is no sum of text [wrong-type]",
        ),
        (
            "{reach: {sum: purchase.amount, at_least: channel}}",
            "50: error: there is no 'channel' here (write customer.channel) [unknown-name]",
        ),
        (
            "{reach: {sum: purchase.amount, at_least: orders}}",
            "50: error: this is integer, where money should be [type]",
        ),
        (
            "{reach: {one: purchase, where: amount}}",
            (
                "40: error: this is money, where a condition should be "
                "(compare it with something, as in orders > 0) [not-a-condition]"
            ),
        ),
        (
            "{reach: {one: visit}, ends: orders}",
            "37: error: this is integer, where date or time should be [type]",
        ),
        (
            "{fields: {opened: time}, reach: {one: visit}}",
            "19: error: offer.opened is always there (give the field another name) [reserved-name]",
        ),
        (
            "{fields: {items: [{sku: text}]}, reach: {one: visit}}",
            "26: error: an offer's field has one value, or is a list of texts [bad-field]",
        ),
        (
            "{fields: {goal: money}, open: {on: visit, with: {gaol: spend}}, reach: {one: visit}}",
            "58: error: card has no field 'gaol' (did you mean 'goal'?) [unknown-name]",
        ),
        (
            (
                "{fields: {goal: {type: money, required: true}}, open: {on: visit}, "
                "reach: {one: visit}}"
            ),
            (
                "57: error: visit says nothing of the field 'goal', which is required "
                "(say which value it has, below `with`) [bad-offer]"
            ),
        ),
        (
            (
                "{fields: {goal: money}, open: {on: visit, with: {goal: channel}}, "
                "reach: {one: visit}}"
            ),
            "64: error: this is integer, where money should be [type]",
        ),
        (
            "{open: {on: sale}, reach: {one: visit}}",
            "21: error: there is no event 'sale' [unknown-name]",
        ),
        (
            "{code: X, reach: {one: visit}}",
            (
                "16: error: a visit presents no code "
                "(write `presents: FIELD` among the fields of visit) [bad-offer]"
            ),
        ),
        (
            "{code: '- -', reach: {one: purchase}}",
            "16: error: a code has letters or digits [bad-offer]",
        ),
        (
            "{code: X, bounds: end, reach: {one: purchase}}",
            (
                "27: error: an offer that its code opens is advanced at the moment of its opening "
                "(write both or start) [bad-offer]"
            ),
        ),
        (
            "{reach: {one: visit}, then: [earn: {beens: 1}]}",
            "45: error: there is no wallet 'beens' (did you mean 'beans'?) [unknown-name]",
        ),
        (
            "{reach: {one: visit}, lapsed: [earn: {beans: spend}]}",
            "54: error: there is no 'spend' [unknown-name]",
        ),
        (
            "{reach: {one: visit}, revoked: [open: cart]}",
            "41: error: there is no offer 'cart' (did you mean 'card'?) [unknown-name]",
        ),
        (
            "{reach: {one: visit}, then: [open: {card: {goal: 1}}]}",
            "58: error: card has no field 'goal' [unknown-name]",
        ),
    ],
)
def test_a_mistake_in_an_offer_has_its_place(problems: Problems, offer: str, problem: str) -> None:
    assert problems(club(offer)) == [f"club.yaml:11:{problem}"]


def test_codes_are_told_apart_without_case_spaces_and_dashes(problems: Problems) -> None:
    other = "  other: {code: sum-mer 26, reach: {one: purchase}}\n"
    assert problems(club("{code: SUMMER26, reach: {one: purchase}}", other)) == [
        (
            "club.yaml:12:17: error: card has the same code "
            "(small letters, spaces and dashes make no difference) [bad-offer]"
        )
    ]
    assert plain_code("sum-mer 26") == "SUMMER26"


@pytest.mark.parametrize(
    ("field", "problem"),
    [
        ("coed", "purchase has no field 'coed' (did you mean 'code'?) [unknown-name]"),
        ("amount", "purchase.amount is money; a code is a text or id [wrong-type]"),
    ],
)
def test_an_event_presents_a_code_in_a_text(problems: Problems, field: str, problem: str) -> None:
    text = club("{reach: {one: visit}}").replace("presents: code", f"presents: {field}")
    assert problems(text) == [f"club.yaml:6:88: error: {problem}"]


def test_an_event_knows_what_its_offers_read_and_no_more(compiled: Compile) -> None:
    program, _ = compiled(
        club(
            "{who: customer.fan, open: {on: visit}, lapsed: [earn: {beans: balance.beans}], "
            "reach: {one: purchase, where: weekday == 'monday'}}"
        )
    )
    visit, purchase, due = (program.events[name] for name in ("visit", "purchase", "due"))
    assert [fact for fact, _ in visit.attributes] == ["customer.fan"]
    assert (visit.moments, visit.balances) == ((), ())
    assert (purchase.moments, purchase.attributes) == (("weekday",), ())
    assert [fact for fact, _ in due.balances] == ["balance.beans"]
