"""Redemptions: rewards bought with points, all or nothing, and cancelled (S8)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

MakeClub = Callable[[str], Any]

SHOP = """
customer: {age: integer}
events:
  visit: {beans: integer, stars: integer}
  redeem: {reward: id, quantity: integer, redeems: {reward: reward, quantity: quantity}}
  cancel: {redeem: id, cancels: redeem}
  police: {}
wallets:
  beans: {expires: 30 days}
  stars: {minimum: -10}
rewards:
  coffee: {price: {beans: 50}}
  mug: {price: {beans: 20, stars: 5}, stock: 3, cost: 2.50}
  OTHER
rules:
  earn: {on: visit, then: [earn: {beans: beans, stars: stars}]}
  hold: {on: police, then: [freeze: beans]}
"""


def shop_of(club: MakeClub, other: str = "tea: {price: {beans: 10}}") -> Any:
    return club(SHOP.replace("OTHER", other))


def bought(club: Any) -> bool:
    return any(effect["effect"] == "spend" for effect in club.effects)


# --- the price --------------------------------------------------------------------------------


def test_s8_points_are_spent_from_what_expires_first(club: MakeClub) -> None:
    shop = shop_of(club).happens("visit", "2026-01-01", beans=30)
    shop.happens("visit", "2026-01-02", beans=30)
    shop.happens("redeem", "2026-01-03", reward="coffee")
    assert shop.entries == [
        "beans 1 redeem: -30 active",
        "beans 1 redeem: +30 spent",
        "beans 2 redeem: -20 active",
        "beans 2 redeem: +20 spent",
    ]


def test_s8_a_balance_is_enough_or_it_is_not(club: MakeClub) -> None:
    shop = shop_of(club).happens("visit", "2026-01-01", beans=49)
    shop.happens("redeem", "2026-01-02", reward="coffee")
    assert shop.held == {"rewards.coffee": "insufficient balance: 49 of 50 beans"}
    shop.happens("visit", "2026-01-02", beans=1).happens("redeem", "2026-01-02", reward="coffee")
    assert bought(shop)
    assert shop.balance("beans") == 0


def test_s8_two_wallets_pay_together_or_not_at_all(club: MakeClub) -> None:
    shop = shop_of(club).happens("visit", "2026-01-01", beans=100)
    shop.happens("redeem", "2026-01-02", reward="mug", quantity=3)
    # Stars may go down to -10: no further.
    assert shop.held == {"rewards.mug": "insufficient balance: 10 of 15 stars"}
    assert shop.entries == []
    shop.happens("redeem", "2026-01-02", reward="mug", quantity=2)
    assert (shop.balance("beans"), shop.balance("stars")) == (60, -10)
    assert shop.outcomes[0].decisions[0].cost == 500


def test_s8_a_debt_is_settled_by_what_is_earned_next(club: MakeClub) -> None:
    shop = shop_of(club).happens("visit", "2026-01-01", beans=20)
    shop.happens("redeem", "2026-01-02", reward="mug").happens("visit", "2026-01-03", stars=8)
    assert shop.balance("stars") == 3
    shop.happens("cancel", "2026-01-04", redeem="2")
    assert shop.effects == [
        {"effect": "cancel", "redemption": "2", "price": {"beans": 20, "stars": 5}}
    ]
    assert shop.balance("stars") == 8


@pytest.mark.parametrize(
    ("data", "rule", "reason"),
    [
        ({}, "events.redeem.redeems", "reward is missing"),
        ({"reward": "moon"}, "events.redeem.redeems", "unknown reward"),
        (
            {"reward": "tea", "quantity": 0},
            "rewards.tea",
            "0 at once; from 1 to 1,000 can be had",
        ),
        (
            {"reward": "tea", "quantity": 1001},
            "rewards.tea",
            "1001 at once; from 1 to 1,000 can be had",
        ),
    ],
)
def test_s8_what_is_not_in_the_catalogue_is_not_sold(
    club: MakeClub, data: dict[str, object], rule: str, reason: str
) -> None:
    shop = shop_of(club).happens("visit", "2026-01-01", beans=50)
    assert shop.happens("redeem", "2026-01-02", **data).held == {rule: reason}


def test_s8_a_price_is_a_formula_that_may_lack_a_value(club: MakeClub) -> None:
    shop = shop_of(club, "ticket: {price: {beans: age - 20}}")
    shop.happens("redeem", "2026-01-02", reward="ticket")
    assert shop.held == {"rewards.ticket": "beans: a value that the price needs is missing"}

    shop = shop_of(club, "ticket: {price: {beans: hour - 20}}")
    shop.happens("redeem", "2026-01-02T19:00", reward="ticket")
    assert shop.held == {"rewards.ticket": "beans: the price came to -1"}
    shop.happens("redeem", "2026-01-02T20:00", reward="ticket")
    assert shop.effects[0] == {
        "effect": "spend",
        "price": {},
        "redemption": "2",
        "reward": "ticket",
    }


# --- what holds a reward back -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("terms", "reason"),
    [
        ("from: 2026-02-01", "not on offer yet"),
        ("until: 2026-01-01", "not on offer any more"),
        ("schedule: {weekdays: monday}", "on offer only on monday"),
        ("who: age >= 18", "not eligible: age >= 18"),
        ("visible: \"'vip' in tags\"", "not visible: 'vip' in tags"),
    ],
)
def test_s4_a_reward_says_when_and_for_whom_it_is(club: MakeClub, terms: str, reason: str) -> None:
    shop = shop_of(club, f"beer: {{price: {{beans: 10}}, {terms}}}")
    shop.happens("visit", "2026-01-01", beans=50)
    shop.happens("redeem", "2026-01-02", reward="beer")  # a Friday
    assert shop.held == {"rewards.beer": reason}
    assert shop.entries == []


def test_s4_limits_count_each_of_those_bought_at_once(club: MakeClub) -> None:
    shop = shop_of(club, "beer: {price: {beans: 10}, limit: 2 per day}")
    shop.happens("visit", "2026-01-01", beans=90)
    shop.happens("redeem", "2026-01-01", reward="beer", quantity=3)
    assert shop.held == {"rewards.beer": "limit: 2 per day"}
    assert bought(shop.happens("redeem", "2026-01-01", reward="beer", quantity=2))
    shop.happens("redeem", "2026-01-01", reward="beer")
    assert shop.held == {"rewards.beer": "limit: 2 per day"}
    assert bought(shop.happens("redeem", "2026-01-02", reward="beer"))


def test_s14_a_budget_is_shared_and_counts_each(club: MakeClub) -> None:
    shop = shop_of(club, "beer: {price: {beans: 10}, cost: 4, budget: {money: 10 per month}}")
    shop.happens("visit", "2026-01-01", "ann", beans=90)
    shop.happens("visit", "2026-01-01", "bob", beans=90)
    assert bought(shop.happens("redeem", "2026-01-01", "ann", reward="beer"))
    shop.happens("redeem", "2026-01-01", "bob", reward="beer", quantity=2)
    assert shop.held == {"rewards.beer": "budget: 10 per month"}
    assert bought(shop.happens("redeem", "2026-01-01", "bob", reward="beer"))


def test_s14_the_stock_is_shared_by_all_customers(club: MakeClub) -> None:
    shop = shop_of(club)
    for customer in ("ann", "bob"):
        shop.happens("visit", "2026-01-01", customer, beans=200, stars=50)
    shop.happens("redeem", "2026-01-02", "ann", reward="mug", quantity=2)
    assert bought(shop)
    shop.happens("redeem", "2026-01-02", "bob", reward="mug", quantity=2)
    assert shop.held == {"rewards.mug": "out of stock: 1 of 2 left"}
    assert bought(shop.happens("redeem", "2026-01-02", "bob", reward="mug"))
    shop.happens("redeem", "2026-01-02", "bob", reward="mug")
    assert shop.held == {"rewards.mug": "out of stock"}

    shop.happens("cancel", "2026-01-03", "ann", redeem="3")
    shop.happens("redeem", "2026-01-04", "bob", reward="mug", quantity=2)
    assert bought(shop)


def test_s8_nothing_is_bought_from_a_frozen_wallet(club: MakeClub) -> None:
    shop = shop_of(club).happens("visit", "2026-01-01", beans=90).happens("police", "2026-01-01")
    shop.happens("redeem", "2026-01-02", reward="coffee")
    assert shop.held == {"rewards.coffee": "frozen: beans"}


# --- what it gives ----------------------------------------------------------------------------


def test_effects_happen_for_each_but_messages_once(club: MakeClub) -> None:
    shop = club("""
events:
  visit: {}
  redeem: {reward: id, n: integer, redeems: {reward: reward, quantity: n}}
wallets: {beans: , stars: }
messages: {thanks: {text: "{{ n }} of {{ reward }}"}}
rewards:
  voucher:
    price: {beans: 10}
    then: [issue: {voucher: lunch}, earn: {stars: 1}, send: thanks]
rules: {earn: {on: visit, then: [earn: {beans: 100}]}}
""")
    shop.happens("visit", "2026-01-01").happens("redeem", "2026-01-02", reward="voucher", n=2)
    assert [effect["effect"] for effect in shop.effects] == [
        "spend",
        "issue",
        "accrue",
        "send",
        "issue",
        "accrue",
    ]
    assert (shop.balance("beans"), shop.balance("stars")) == (80, 2)


# --- cancelling -------------------------------------------------------------------------------


def test_s8_a_redemption_is_cancelled_once(club: MakeClub) -> None:
    shop = shop_of(club).happens("visit", "2026-01-01", beans=60)
    shop.happens("redeem", "2026-01-02", reward="coffee")
    shop.happens("cancel", "2026-01-03", redeem="2")
    assert shop.balance("beans") == 60
    shop.happens("cancel", "2026-01-03", redeem="2")
    assert shop.held == {"events.cancel.cancels": "already cancelled"}
    assert shop.balance("beans") == 60


def test_s8_what_was_never_bought_can_not_be_cancelled(club: MakeClub) -> None:
    shop = shop_of(club).happens("cancel", "2026-01-03", redeem="2")
    assert shop.held == {"events.cancel.cancels": "no redeem 2"}
    assert shop.happens("cancel", "2026-01-03").held == {
        "events.cancel.cancels": "redeem is missing"
    }


def test_s14_another_customer_can_not_cancel_it(club: MakeClub) -> None:
    shop = shop_of(club).happens("visit", "2026-01-01", beans=60)
    shop.happens("redeem", "2026-01-02", reward="coffee")
    shop.happens("cancel", "2026-01-03", "bob", redeem="2")
    assert shop.held == {"events.cancel.cancels": "no redeem 2"}


def test_s8_points_given_back_after_their_time_expire_at_once(club: MakeClub) -> None:
    shop = shop_of(club).happens("visit", "2026-01-01", beans=60)
    shop.happens("visit", "2026-01-10", beans=60)
    shop.happens("redeem", "2026-01-11", reward="coffee", quantity=2)
    shop.happens("cancel", "2026-01-31", redeem="3")
    assert shop.effects[-2:] == [
        {"effect": "cancel", "redemption": "3", "price": {"beans": 100}},
        {"effect": "expire", "points": {"beans": 60}},
    ]
    assert shop.entries[-6:] == [
        "beans 2 cancel redemption: -40 spent",
        "beans 2 cancel redemption: +40 active",
        "beans 1 cancel redemption: -60 spent",
        "beans 1 cancel redemption: +60 active",
        "beans 1 expire: -60 active",
        "beans 1 expire: +60 expired",
    ]
    assert shop.balance("beans") == 60


def test_s8_what_covered_for_a_refund_is_still_given_back(club: MakeClub) -> None:
    shop = club("""
events:
  purchase: {amount: money}
  refund: {purchase: id, amount: money, reverses: purchase}
  redeem: {reward: id, redeems: reward}
  cancel: {redeem: id, cancels: {event: redeem, within: 10 days}}
wallets: {beans: }
rewards: {cup: {price: {beans: 50}}}
rules: {earn: {on: purchase, then: [earn: {beans: amount}]}}
""")
    shop.happens("purchase", "2026-01-01", amount=50).happens("redeem", "2026-01-02", reward="cup")
    shop.happens("purchase", "2026-01-03", amount=50).happens("refund", "2026-01-04", purchase="1")
    assert shop.balance("beans") == 0  # the second purchase has paid for the cup instead
    shop.happens("cancel", "2026-01-11T23:59:59.999999", redeem="2")
    assert shop.entries == [
        "beans 2 cancel redemption: -50 spent",
        "beans 2 cancel redemption: +50 active",
    ]


def test_s8_a_cancelled_redemption_counts_against_no_limit(club: MakeClub) -> None:
    shop = shop_of(club, "beer: {price: {beans: 10}, limit: [2 per customer, 2 per day]}")
    shop.happens("visit", "2026-01-01", beans=90)
    shop.happens("redeem", "2026-01-02T10:00", reward="beer")
    shop.happens("redeem", "2026-01-02T11:00", reward="beer")
    shop.happens("redeem", "2026-01-02T12:00", reward="beer")
    assert shop.held == {"rewards.beer": "limit: 2 per customer"}
    shop.happens("cancel", "2026-01-02T13:00", redeem="2")
    assert bought(shop.happens("redeem", "2026-01-02T14:00", reward="beer"))
    shop.happens("redeem", "2026-01-03", reward="beer")
    assert shop.held == {"rewards.beer": "limit: 2 per customer"}


def test_s8_of_several_bought_at_once_all_are_cancelled(club: MakeClub) -> None:
    shop = shop_of(club, "beer: {price: {beans: 10}, limit: 3 per 7 days}")
    shop.happens("visit", "2026-01-01", beans=90)
    shop.happens("redeem", "2026-01-02T10:00", reward="beer", quantity=2)
    shop.happens("redeem", "2026-01-02T10:00", reward="beer")
    shop.happens("cancel", "2026-01-03", redeem="2")
    assert len(shop.states["ann"].fired["rewards.beer"]) == 1
    assert bought(shop.happens("redeem", "2026-01-03", reward="beer", quantity=2))
    assert not bought(shop.happens("redeem", "2026-01-03", reward="beer"))


BOUNDED = """
customer: {age: integer}
events:
  visit: {}
  redeem: {reward: id, redeems: reward}
  cancel: {redeem: id, cancels: redeem}
wallets: {beans: , stars: {price: 0.10}}
groups: {drinks: {cap: {stars: 8 PER}}}
rewards:
  beer: {price: {beans: 10}, then: [earn: {stars: 5}], group: drinks, BUDGET}
rules: {earn: {on: visit, then: [earn: {beans: 500}]}}
"""


def bar_of(club: MakeClub, per: str, budget: str = "cost: 1") -> Any:
    bar = club(BOUNDED.replace("PER", per).replace("BUDGET", budget))
    return bar.happens("visit", "2026-01-01", "ann").happens("visit", "2026-01-01", "bob")


@pytest.mark.parametrize("per", ["per month", "per 30 days", ""])
def test_s8_a_cancelled_redemption_counts_against_no_cap(club: MakeClub, per: str) -> None:
    bar = bar_of(club, per)
    for day in ("2026-01-02", "2026-01-03"):
        bar.happens("redeem", day, reward="beer")
    assert bar.effects[-1]["points"] == 3  # of 5: the cap is reached
    bar.happens("cancel", "2026-01-04", redeem="3")
    bar.happens("cancel", "2026-01-04", redeem="4")
    bar.happens("redeem", "2026-01-05", reward="beer")
    assert bar.effects[-1]["points"] == 5


def test_s8_points_that_a_cancelled_redemption_earned_are_taken_back(club: MakeClub) -> None:
    bar = bar_of(club, "per month")
    for day in range(2, 9):  # again and again
        bar.happens("redeem", f"2026-01-0{day}T10:00", reward="beer")
        bar.happens("cancel", f"2026-01-0{day}T11:00", redeem=str(2 * day - 1))
        assert [effect["effect"] for effect in bar.effects] == ["cancel", "reverse"]
    assert (bar.balance("beans"), bar.balance("stars")) == (500, 0)


def test_s8_what_was_used_in_an_earlier_period_is_not_given_back_in_this_one(
    club: MakeClub,
) -> None:
    bar = bar_of(club, "per month")
    bar.happens("redeem", "2026-01-31T23:59", reward="beer")
    bar.happens("redeem", "2026-02-01T00:00", reward="beer")
    bar.happens("cancel", "2026-02-02", redeem="3")
    bar.happens("redeem", "2026-02-03", reward="beer")
    assert bar.effects[-1]["points"] == 3


@pytest.mark.parametrize("budget", ["count: 2 per month", "money: 3 per month", "stars: 10"])
def test_s14_a_cancelled_redemption_gives_back_what_it_drew(club: MakeClub, budget: str) -> None:
    bar = bar_of(club, "per day", f"cost: 1, budget: {{{budget}}}")
    bar.happens("redeem", "2026-01-31", "ann", reward="beer")
    bar.happens("redeem", "2026-01-31", "bob", reward="beer")
    bar.happens("redeem", "2026-01-31", "bob", reward="beer")
    assert bar.held["rewards.beer"].startswith("budget: ")
    bar.happens("cancel", "2026-02-01", "ann", redeem="3")
    (key, drawn) = bar.outcomes[-1].draws[0]
    assert drawn < 0
    assert "2026-02" not in key  # of the period that it was drawn in
    spent = [bar.shared.drawn(each) for each, _ in bar.outcomes[-1].draws]
    assert all(amount > 0 for amount in spent)


def test_s14_of_the_first_customers_is_who_keeps_anything(club: MakeClub) -> None:
    bar = bar_of(club, "per day", "budget: {customers: 1}")
    bar.happens("redeem", "2026-01-02", "ann", reward="beer")
    bar.happens("redeem", "2026-01-03", "ann", reward="beer")
    bar.happens("cancel", "2026-01-04", "ann", redeem="3")
    bar.happens("redeem", "2026-01-05", "bob", reward="beer")
    assert bar.held == {"rewards.beer": "budget: 1"}  # she has another
    bar.happens("cancel", "2026-01-06", "ann", redeem="4")
    assert bought(bar.happens("redeem", "2026-01-07", "bob", reward="beer"))
    bar.happens("redeem", "2026-01-08", "ann", reward="beer")
    assert bar.held == {"rewards.beer": "budget: 1"}


CANCEL_BY_ORDER = """
events:
  visit: {}
  redeem: {order: id, reward: id, redeems: reward}
  cancel: {order: id, cancels: {event: redeem, within: 10 days}}
wallets: {beans: }
rewards: {cup: {price: {beans: 50}}}
rules: {earn: {on: visit, then: [earn: {beans: 500}]}}
"""


def test_s8_a_redemption_may_be_known_by_an_id_of_its_own(club: MakeClub) -> None:
    shop = club(CANCEL_BY_ORDER).happens("visit", "2026-01-01")
    shop.happens("redeem", "2026-01-01", order="X", reward="cup")
    assert shop.effects[0]["redemption"] == "X"
    shop.happens("redeem", "2026-01-02", order="X", reward="cup")
    assert shop.held == {"rewards.cup": "there is a redeem X already"}
    shop.happens("cancel", "2026-01-11", order="X")
    assert shop.held == {"events.cancel.cancels": "too late: redeem X was at 2025-12-31T23:00:00Z"}


def test_redemptions_are_known_twice_as_long_as_they_may_be_cancelled(club: MakeClub) -> None:
    shop = club(CANCEL_BY_ORDER).happens("visit", "2026-01-01")
    for order, day in (("X", "2026-01-01"), ("Y", "2026-01-20"), ("Z", "2026-01-21")):
        shop.happens("redeem", day, order=order, reward="cup")
    assert [*shop.states["ann"].redemptions] == ["redeem:Y", "redeem:Z"]
