"""What events do by themselves, rewards and wallets: how they are planned, and every mistake."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from loyalcore.calendars import Duration
from loyalcore.program.compiler import Compiled
from loyalcore.program.points.act_plan import Acts, OriginPlan, Redeems, Reference

Compile = Callable[..., Compiled]
Problems = Callable[..., list[str]]

CLUB = """\
program: club
currency: EUR
timezone: Europe/Oslo
events:
  purchase: {order: id, amount: money, fee: integer, shop: text}
  delivery: {order: id, activates: purchase}
  redeem: {reward: id, n: integer, redeems: {reward: reward, quantity: n}}
  cancel: {redeem: id, cancels: redeem}
  refund: EVENT
wallets:
  beans: {pending: until delivery}
  tier: {kind: qualifying}
rewards:
  mug: {price: {beans: 100}}
rules:
  earn: {on: purchase, then: [earn: {beans: amount}]}
"""


def refunds(event: str) -> str:
    return CLUB.replace("EVENT", event)


def test_events_find_one_another_by_the_id_that_both_have(compiled: Compile) -> None:
    program, warnings = compiled(refunds("{order: id, amount: money, reverses: purchase}"))
    assert warnings == ()
    refund, delivery = program.events["refund"].acts, program.events["delivery"].acts
    assert refund is not None
    assert refund.reverses is not None
    assert delivery is not None
    assert delivery.activates is not None
    assert refund.reverses.reference == Reference("purchase", "order")
    assert refund.reverses.amount == "amount"
    assert delivery.activates.wallets == ("beans",)
    assert program.events["purchase"].acts == Acts(OriginPlan("order", "amount", ()))


@pytest.mark.parametrize(
    ("event", "by"),
    [
        ("{order: id, reverses: purchase}", "order"),
        ("{purchase: id, order: id, reverses: {event: purchase, matching: order}}", "purchase"),
        ("{bill: text, reverses: {event: purchase, by: bill, matching: order}}", "bill"),
    ],
)
def test_the_field_named_as_the_event_comes_first(compiled: Compile, event: str, by: str) -> None:
    program, _ = compiled(refunds(event))
    acts = program.events["refund"].acts
    assert acts is not None
    assert acts.reverses is not None
    assert acts.reverses.reference.by == by
    assert acts.reverses.amount is None


def test_a_redemption_is_known_by_the_id_of_its_event(compiled: Compile) -> None:
    program, _ = compiled(refunds("{}"))
    redeem, cancel = program.events["redeem"], program.events["cancel"]
    assert redeem.acts == Acts(
        OriginPlan("event.id", None, (), remembered=False), redeems=Redeems("reward", "n")
    )
    assert redeem.redemptions_kept
    assert cancel.acts == Acts(cancels=Reference("redeem", "redeem"))
    assert [*redeem.rewards] == ["mug"]
    assert program.events["purchase"].rewards == {}


def test_a_purchase_is_kept_as_long_as_any_event_may_refer_to_it(compiled: Compile) -> None:
    refund = "{order: id, reverses: {event: purchase, within: 30 days}}"
    program, _ = compiled(refunds(refund))
    acts = program.events["purchase"].acts
    assert acts is not None
    assert acts.origin == OriginPlan("order", None, ())  # a delivery may come at any time

    within = "activates: {event: purchase, within: 1 month}"
    program, _ = compiled(refunds(refund).replace("activates: purchase", within))
    acts = program.events["purchase"].acts
    assert acts is not None
    assert acts.origin is not None
    assert acts.origin.kept == (Duration(months=1), Duration(microseconds=30 * 86_400_000_000))


def test_a_program_without_acts_does_nothing_by_itself(compiled: Compile) -> None:
    program, _ = compiled(
        "program: club\nevents: {visit: {}}\nwallets: {beans: {expires: 1 month without visit}}\n"
        "rules: {earn: {on: visit, then: [earn: {beans: 1}]}}\n"
    )
    assert program.events["visit"].acts == Acts(active=("beans",))
    assert program.events["due"].acts == Acts(builtin=True)


@pytest.mark.parametrize(
    ("event", "problem"),
    [
        (
            "{order: id, reverses: purchas}",
            "9:33: error: there is no event 'purchas' (did you mean 'purchase'?) [unknown-name]",
        ),
        (
            "{reverses: purchase}",
            (
                "9:22: error: can't tell which purchase a refund is about: no field of refund"
                " names a purchase (give refund a field `purchase: id`, or write `by: FIELD`)"
                " [bad-reference]"
            ),
        ),
        (
            "{order: id, reverses: {event: purchase, by: ordre}}",
            "9:55: error: refund has no field 'ordre' (did you mean 'order'?) [unknown-name]",
        ),
        (
            "{order: id, reverses: {event: purchase, matching: ordre}}",
            "9:61: error: purchase has no field 'ordre' (did you mean 'order'?) [unknown-name]",
        ),
        (
            "{purchase: money, reverses: purchase}",
            (
                "9:39: error: refund.purchase is money; events are found by an id or text"
                " [bad-reference]"
            ),
        ),
        (
            "{purchase: id, reverses: purchase}",
            (
                "9:36: error: this finds a purchase by its event.id, another event by its order"
                " (give both the same `matching`) [bad-reference]"
            ),
        ),
        (
            "{order: id, reverses: {event: purchase, amount: amuont}}",
            "9:59: error: refund has no field 'amuont' [unknown-name]",
        ),
        (
            "{order: id, shop: text, reverses: {event: purchase, amount: shop}}",
            (
                "9:71: error: refund.shop is text: a share is of money or numbers, alike"
                " [bad-reference]"
            ),
        ),
        (
            "{order: id, fee: money, reverses: {event: purchase, amount: fee}}",
            (
                "9:71: error: purchase.fee is integer: a share is of money or numbers, alike"
                " [bad-reference]"
            ),
        ),
        (
            "{order: id, cancels: purchase}",
            (
                "9:32: error: purchase redeems nothing to be cancelled (write `redeems: FIELD` in"
                " purchase) [bad-reference]"
            ),
        ),
        (
            "{what: id, redeems: waht}",
            "9:31: error: refund has no field 'waht' (did you mean 'what'?) [unknown-name]",
        ),
        (
            "{what: flag, redeems: what}",
            "9:33: error: refund.what is flag; expected id or text [bad-reference]",
        ),
        (
            "{what: id, n: money, redeems: {reward: what, quantity: n}}",
            "9:66: error: refund.n is money; expected integer [bad-reference]",
        ),
        (
            "{order: id, activates: purchase}",
            (
                "9:23: warning: no points wait for a refund (write `pending: until refund` in a"
                " wallet) [unused]"
            ),
        ),
    ],
)
def test_a_mistake_in_what_an_event_does_has_its_place(
    problems: Problems, event: str, problem: str
) -> None:
    assert problems(refunds(event)) == [f"club.yaml:{problem}"]


def test_several_amounts_or_ids_leave_it_to_the_author(problems: Problems) -> None:
    text = """\
program: club
events:
  purchase: {order: id, bill: id, amount: money, freight: money}
  refund: {order: id, bill: id, amount: money, freight: money, reverses: purchase}
  return: {order: id, amount: money, freight: money, reverses: purchase}
"""
    assert problems(text) == [
        (
            "club.yaml:4:74: error: can't tell which purchase a refund is about: both have order"
            " and bill (give refund a field `purchase: id`, or write `by: FIELD`) [bad-reference]"
        ),
        (
            "club.yaml:5:64: error: return and purchase both have amount and freight (name the"
            " field whose share is taken back, as `amount: FIELD`) [bad-reference]"
        ),
    ]


def test_events_agree_on_the_amount_that_is_shared(problems: Problems) -> None:
    text = """\
program: club
events:
  purchase: {amount: money, n: integer}
  refund: {purchase: id, amount: money, reverses: purchase}
  return: {purchase: id, n: integer, reverses: {event: purchase, amount: n}}
  void: {purchase: id, reverses: purchase}
"""
    assert problems(text) == [
        (
            "club.yaml:5:48: error: this takes back a share by n, another event by amount (give"
            " both the same `amount`) [bad-reference]"
        )
    ]


@pytest.mark.parametrize(
    ("reward", "problem"),
    [
        (
            "{price: {baens: 1}}",
            ("14:17: error: there is no wallet 'baens' (did you mean 'beans'?) [unknown-name]"),
        ),
        (
            "{price: {tier: 1}}",
            (
                "14:23: error: tier is a qualifying wallet: its points are counted, not spent"
                " [bad-reward]"
            ),
        ),
        (
            "{price: {beans: amount}}",
            "14:24: error: there is no 'amount' (did you mean 'month'?) [unknown-name]",
        ),
        (
            "{price: {beans: 1}, visible: n}",
            (
                "14:37: error: this is integer, where a condition should be (compare it with"
                " something, as in orders > 0) [not-a-condition]"
            ),
        ),
        (
            "{price: {beans: 1}, then: [isue: {voucher: x}]}",
            ("14:35: error: there is no effect 'isue' (did you mean 'issue'?) [unknown-effect]"),
        ),
    ],
)
def test_a_mistake_in_a_reward_has_its_place(problems: Problems, reward: str, problem: str) -> None:
    text = refunds("{}").replace("{price: {beans: 100}}", reward)
    assert problems(text) == [f"club.yaml:{problem}"]


def test_rewards_that_nothing_redeems_are_told(problems: Problems) -> None:
    text = "program: club\nevents: {visit: {}}\nwallets: {beans: }\n"
    assert problems(f"{text}rewards: {{mug: {{price: {{beans: 1}}}}}}\n") == [
        (
            "club.yaml:4:1: warning: no event redeems rewards (declare one, such as redeem:"
            " {reward: id, redeems: reward}) [unused]"
        )
    ]


@pytest.mark.parametrize(
    ("wallet", "problem"),
    [
        (
            "{pending: until delivry}",
            "11:20: error: there is no event 'delivry' (did you mean 'delivery'?) [unknown-name]",
        ),
        (
            "{pending: until cancel}",
            (
                "11:20: error: cancel does not say what it activates (write `activates: EVENT`"
                " among the fields of cancel) [bad-wallet]"
            ),
        ),
        (
            "{pending: until delivery, expires: 1 year without vsit}",
            "11:45: error: there is no event 'vsit' [unknown-name]",
        ),
        (
            "{pending: until delivery, kind: qualifying, transferable: true}",
            ("11:68: error: qualifying points are counted, not handed on [bad-wallet]"),
        ),
    ],
)
def test_a_mistake_in_a_wallet_has_its_place(problems: Problems, wallet: str, problem: str) -> None:
    text = refunds("{}").replace("{pending: until delivery}", wallet)
    assert f"club.yaml:{problem}" in problems(text)
