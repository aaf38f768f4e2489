"""The effects of loyalcore: what each does at a firing, and every mistake in one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction

import pytest

from loyalcore.effects.changes import (
    Accrue,
    Change,
    Emit,
    Issue,
    Send,
    SetAttribute,
    SetTag,
    Skipped,
)
from loyalcore.effects.kind import Facts
from loyalcore.program.compiler import Compiled
from loyalcore.values import Scalar, Value

Compile = Callable[..., Compiled]
Problems = Callable[..., list[str]]

SEND = "send names a message: welcome, or {choose: [tea, cake], by: bandit}"

CLUB = """\
program: club
currency: EUR
timezone: Europe/Oslo
customer: {name: text, seen: time, share: number, mean: money, friend: id, \
consent: {email: flag}}
events:
  purchase: {amount: money, n: integer, shop: text, referrer: id, on: date, topics: [text], \
items: [{sku: id, amount: money}]}
  referral: {friend: id, worth: money, shop: {type: text, one_of: [a, b]}, share: number}
wallets: {beans: , stars: }
messages:
  thanks: {channel: email, subject: "{{ name }}", text: "{{ amount }} {{ balance.beans }}"}
rules:
  r:
    on: purchase
    then:
    - """


def does(compiled: Compile, effect: str, **facts: Value | None) -> list[Change]:
    """What the effect does at a purchase with these facts."""
    program, _ = compiled(CLUB + effect)
    (rule,) = program.events["purchase"].rules
    known = {**{name: None for name, _ in rule.reads}, **facts}
    return [change for run in rule.effects for change in run(known)]


def told(problems: Problems, effect: str) -> list[str]:
    return [problem for problem in problems(CLUB + effect) if "[unused]" not in problem]


# --- earn -------------------------------------------------------------------------------------


def test_earn_puts_points_into_wallets(compiled: Compile) -> None:
    effect = "earn: {beans: amount / 10, stars: 1}"
    assert does(compiled, effect, amount=1_299) == [Accrue("beans", 1), Accrue("stars", 1)]


def test_one_wallet_goes_without_the_other(compiled: Compile) -> None:
    effect = "earn: {beans: amount / 10, stars: n}"
    assert does(compiled, effect, amount=None, n=2) == [
        Skipped("earn", "beans: a value that the formula needs is missing"),
        Accrue("stars", 2),
    ]
    assert does(compiled, effect, amount=999, n=-1) == [
        Skipped("earn", "stars: the formula gave -1; only more than 0 is earned")
    ]


# --- issue ------------------------------------------------------------------------------------


def test_issue_grants_a_benefit_or_a_voucher(compiled: Compile) -> None:
    assert does(compiled, "issue: {benefit: free-shipping}") == [Issue("benefit", "free-shipping")]
    assert does(compiled, "issue: {voucher: ten}") == [Issue("voucher", "ten")]


# --- send -------------------------------------------------------------------------------------


def test_send_takes_along_what_the_message_names(compiled: Compile) -> None:
    facts: Facts = {"name": "Ola", "amount": 1_250, "balance.beans": 7}
    assert does(compiled, "send: thanks", **facts) == [
        Send("thanks", "email", {"amount": "12.50", "balance.beans": 7, "name": "Ola"})
    ]


# --- set --------------------------------------------------------------------------------------


def test_set_gives_attributes_and_tags_new_values(compiled: Compile) -> None:
    effect = "set: {name: shop, customer.seen: time, consent.email: n > 1, tags.vip: n > 1}"
    assert does(compiled, effect, shop="A", time=0, n=2) == [
        SetAttribute("name", "A"),
        SetAttribute("seen", "1970-01-01T00:00:00Z"),
        SetAttribute("consent.email", value=True),
        SetTag("vip", on=True),
    ]


def test_what_is_not_known_clears_an_attribute_and_takes_a_tag_off(compiled: Compile) -> None:
    effect = "set: {name: shop, tags.vip: n > 1}"
    assert does(compiled, effect) == [SetAttribute("name", None), SetTag("vip", on=False)]


def test_values_are_written_exactly(compiled: Compile) -> None:
    effect = "set: {share: n / 3, mean: amount / 8}"
    assert does(compiled, effect, n=1, amount=5) == [
        SetAttribute("share", "1/3"),
        SetAttribute("mean", "0.00625"),
    ]


# --- emit -------------------------------------------------------------------------------------


def test_emit_makes_an_event_of_the_same_customer(compiled: Compile) -> None:
    effect = "emit: {type: referral}"
    assert does(compiled, effect, **{"customer.id": "ann"}) == [Emit("referral", "ann", {})]


def test_emit_makes_an_event_of_another_customer_with_data(compiled: Compile) -> None:
    effect = """emit:
        type: referral
        customer: referrer
        data: {friend: customer.id, worth: amount / 4, share: n / 3, shop: "'a'"}"""
    facts: Facts = {"customer.id": "ann", "referrer": "bob", "amount": 1_000, "n": 2}
    assert does(compiled, effect, **facts) == [
        Emit("referral", "bob", {"friend": "ann", "worth": "2.50", "share": "2/3", "shop": "a"})
    ]


def test_a_field_that_is_missing_is_left_out(compiled: Compile) -> None:
    effect = "emit: {type: referral, customer: referrer, data: {worth: amount}}"
    assert does(compiled, effect, referrer="bob") == [Emit("referral", "bob", {})]


def test_an_event_of_nobody_is_skipped(compiled: Compile) -> None:
    effect = "emit: {type: referral, customer: referrer}"
    assert does(compiled, effect) == [Skipped("emit", "referral: the customer is missing")]


def test_values_of_every_type_can_be_handed_on(compiled: Compile) -> None:
    effect = """emit:
        type: purchase
        data: {amount: amount, n: n, shop: shop, referrer: referrer, on: date, topics: topics,
               items: items}"""
    line: Mapping[str, Scalar | None] = {"sku": "A1", "amount": 100}
    data: Facts = {
        "amount": 1_250,
        "n": 3,
        "shop": "A",
        "referrer": "bob",
        "topics": ("tea", "milk"),
        "items": (line,),
    }
    program, _ = compiled(CLUB + effect)
    (change,) = does(compiled, effect, **data, **{"customer.id": "ann", "date": None})
    assert isinstance(change, Emit)
    assert program.events["purchase"].read(change.data) == {**data, "on": None}


# --- mistakes ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("effect", "problem"),
    [
        ("earn: 5", "13: error: expected lines of `name: value` [bad-value]"),
        (
            "earn: {bean: 5}",
            "14: error: there is no wallet 'bean' (did you mean 'beans'?) [unknown-name]",
        ),
        (
            "earn: {points: 5}",
            "14: error: there is no wallet 'points' (wallets: beans, stars) [unknown-name]",
        ),
        ("earn: {beans: [1]}", "21: error: expected text [bad-value]"),
        (
            "earn: {beans: min(n, 5)}",
            "30: error: expected text (in braces, quote an expression with a comma) [bad-value]",
        ),
        (
            "earn: {beans: n > 1}",
            "21: error: this is flag, where number or money should be [type]",
        ),
        ("issue: {}", "14: error: issue names either a benefit or a voucher [bad-effect]"),
        (
            "issue: {benefit: a, voucher: b}",
            "14: error: issue names either a benefit or a voucher [bad-effect]",
        ),
        (
            "issue: {vouchr: b}",
            "15: error: there is no 'vouchr' here (did you mean 'voucher'?) [unknown-key]",
        ),
        (
            "issue: {voucher: a b}",
            (
                "24: error: a name has letters, digits, - _ and ., and starts with a letter"
                " [bad-name]"
            ),
        ),
        ("send: [thanks]", f"13: error: {SEND} [bad-effect]"),
        ("send: {message: thanks}", f"13: error: {SEND} [bad-effect]"),
        (
            "send: thank",
            "13: error: there is no message 'thank' (did you mean 'thanks'?) [unknown-name]",
        ),
        (
            "set: {nam: shop}",
            "13: error: there is no attribute 'nam' (did you mean 'name'?) [unknown-name]",
        ),
        (
            "set: {customer.id: shop}",
            "13: error: there is no attribute 'customer.id' [unknown-name]",
        ),
        ("set: {name: n}", "19: error: this is integer, where text should be [type]"),
        (
            "set: {tags.vip: n}",
            (
                "23: error: this is integer, where a condition should be (compare it with"
                " something, as in orders > 0) [not-a-condition]"
            ),
        ),
        ("set: {tags.: true}", "20: error: a tag has a name (as in tags.vip) [bad-effect]"),
        (
            "set: {tags.a b: true}",
            (
                "13: error: 'tags.a b': a name has letters, digits, - _ and ., and starts with a"
                " letter [bad-name]"
            ),
        ),
        ("emit: {customer: referrer}", "7: error: 'type' is missing [missing-key]"),
        (
            "emit: {type: referal}",
            "20: error: there is no event 'referal' (did you mean 'referral'?) [unknown-name]",
        ),
        (
            "emit: {type: referral, customer: amount}",
            "40: error: this is money, where id should be [type]",
        ),
        (
            "emit: {type: referral, data: {frend: referrer}}",
            "44: error: referral has no field 'frend' (did you mean 'friend'?) [unknown-name]",
        ),
        (
            "emit: {type: referral, data: {worth: shop}}",
            "44: error: this is text, where money should be [type]",
        ),
        (
            "emit: {type: referral, data: {shop: \"'c'\"}}",
            "44: error: it is never 'c' (it is one of a, b) [unknown-option]",
        ),
    ],
)
def test_a_mistake_in_an_effect_has_its_place(
    problems: Problems, effect: str, problem: str
) -> None:
    assert told(problems, effect) == [f"club.yaml:15:{problem}"]


def test_all_mistakes_of_an_effect_are_told(problems: Problems) -> None:
    effect = "emit: {type: referral, customer: amuont, data: {frend: n, worth: shop}}"
    assert [problem.rpartition("[")[2] for problem in told(problems, effect)] == [
        "unknown-name]",
        "unknown-name]",
        "type]",
    ]


def test_a_fraction_is_never_a_binary_float(compiled: Compile) -> None:
    changes = does(compiled, "set: {share: n * 0.1, mean: amount * 1.1}", n=3, amount=330)
    assert changes == [SetAttribute("share", "0.3"), SetAttribute("mean", "3.63")]
    assert Fraction(3, 10) == Fraction("0.3") != Fraction(0.1 * 3)
