"""Refunds: what a purchase earned is taken back, in proportion, never more than it was (S9)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

MakeClub = Callable[[str], Any]

SHOP = """
events:
  purchase: {order: id, amount: money}
  refund: {order: id, amount: money, reverses: REVERSES}
  adopt: {}
wallets: {beans: WALLET}
rules:
  earn: {on: purchase, then: [earn: {beans: amount}]}
  use: {on: adopt, then: [spend: {beans: balance.beans}]}
"""


def shop_of(club: MakeClub, reverses: str = "{event: purchase}", wallet: str = "") -> Any:
    return club(SHOP.replace("REVERSES", reverses).replace("WALLET", wallet))


def taken(shop: Any) -> tuple[str, dict[str, int], dict[str, int]]:
    """The share that the refund brought it to, and the beans taken and forgiven."""
    (reverse,) = (effect for effect in shop.effects if effect["effect"] == "reverse")
    return reverse["share"], reverse["taken"], reverse["forgiven"]


# --- shares -----------------------------------------------------------------------------------


def test_s9_three_thirds_are_the_whole(club: MakeClub) -> None:
    shop = shop_of(club).happens("purchase", "2026-01-01", order="A", amount=100)
    shop.happens("refund", "2026-01-02", order="A", amount=33.33)
    assert taken(shop) == ("3333/10000", {"beans": 33}, {})
    shop.happens("refund", "2026-01-03", order="A", amount=33.33)
    assert taken(shop) == ("3333/5000", {"beans": 33}, {})
    shop.happens("refund", "2026-01-04", order="A", amount=33.34)
    assert taken(shop) == ("1", {"beans": 34}, {})
    assert shop.balance("beans") == 0


def test_s9_a_purchase_refunded_in_full_has_nothing_left(club: MakeClub) -> None:
    shop = shop_of(club).happens("purchase", "2026-01-01", order="A", amount=100)
    shop.happens("purchase", "2026-01-01", order="B", amount=100)
    shop.happens("refund", "2026-01-02", order="A", amount=100)
    assert taken(shop) == ("1", {"beans": 100}, {})
    shop.happens("refund", "2026-01-03", order="A", amount=100)
    assert shop.held == {
        "events.refund.reverses": "nothing is left: purchase A was refunded in full"
    }
    assert shop.balance("beans") == 100


def test_s9_no_more_is_taken_than_was_earned(club: MakeClub) -> None:
    shop = shop_of(club).happens("purchase", "2026-01-01", order="A", amount=100)
    shop.happens("refund", "2026-01-02", order="A", amount=60)
    shop.happens("refund", "2026-01-02", order="A", amount=60)
    assert taken(shop) == ("1", {"beans": 40}, {})


def test_s9_what_is_refunded_still_counts_against_limits_and_caps(club: MakeClub) -> None:
    bounded = "earn: {on: purchase, limit: 2 per customer, cap: {beans: 150}, then"
    shop = club(
        SHOP.replace("REVERSES", "purchase")
        .replace("WALLET", "")
        .replace("earn: {on: purchase, then", bounded)
    )
    shop.happens("purchase", "2026-01-01", order="A", amount=100)
    shop.happens("refund", "2026-01-02", order="A", amount=100)
    shop.happens("purchase", "2026-01-03", order="B", amount=100)
    assert shop.balance("beans") == 50
    shop.happens("purchase", "2026-01-04", order="C", amount=100)
    assert shop.held == {"earn": "limit: 2 per customer"}


@pytest.mark.parametrize("amount", [None, -100, 100])
def test_s9_without_an_amount_all_of_it_is_taken_and_signs_say_nothing(
    club: MakeClub, amount: int | None
) -> None:
    shop = shop_of(club).happens("purchase", "2026-01-01", order="A", amount=100)
    shop.happens("refund", "2026-01-02", order="A", amount=amount)
    assert taken(shop) == ("1", {"beans": 100}, {})


def test_s9_an_amount_of_nothing_takes_nothing(club: MakeClub) -> None:
    shop = shop_of(club).happens("purchase", "2026-01-01", order="A", amount=100)
    shop.happens("refund", "2026-01-02", order="A", amount=0)
    assert taken(shop) == ("0", {}, {})


def test_s9_a_purchase_of_no_known_amount_is_refunded_as_a_whole(club: MakeClub) -> None:
    shop = club("""
events:
  purchase: {order: id, amount: money}
  refund: {order: id, amount: money, reverses: purchase}
wallets: {beans: }
rules: {earn: {on: purchase, then: [earn: {beans: 5}]}}
""")
    shop.happens("purchase", "2026-01-01", order="A")
    shop.happens("refund", "2026-01-02", order="A", amount=1)
    assert taken(shop) == ("1", {"beans": 5}, {})


def test_s9_a_purchase_in_parts_is_one(club: MakeClub) -> None:
    shop = shop_of(club).happens("purchase", "2026-01-01", order="A", amount=30)
    shop.happens("purchase", "2026-01-02", order="A", amount=70)
    shop.happens("refund", "2026-01-03", order="A", amount=50)
    assert taken(shop) == ("1/2", {"beans": 50}, {})
    assert shop.entries == [
        "beans 1 reverse: -15 active",
        "beans 1 reverse: +15 reversed",
        "beans 2 reverse: -35 active",
        "beans 2 reverse: +35 reversed",
    ]


def test_s9_a_share_may_be_of_a_number(club: MakeClub) -> None:
    shop = club("""
events:
  purchase: {weight: number}
  refund: {purchase: id, weight: number, reverses: {event: purchase, amount: weight}}
wallets: {beans: }
rules: {earn: {on: purchase, then: [earn: {beans: 100}]}}
""")
    shop.happens("purchase", "2026-01-01", weight=1.5)
    shop.happens("refund", "2026-01-02", purchase="1", weight=0.3)
    assert taken(shop) == ("1/5", {"beans": 20}, {})


# --- where the points are ----------------------------------------------------------------------


def test_s9_pending_points_go_first_whatever_the_policy(club: MakeClub) -> None:
    for policy in ("within balance", "may go negative", "pending only"):
        shop = shop_of(club, f"{{event: purchase, take: {policy}}}", "{pending: 14 days}")
        shop.happens("purchase", "2026-01-01", order="A", amount=100)
        shop.happens("refund", "2026-01-14T23:59:59.999999", order="A", amount=25)
        assert taken(shop) == ("1/4", {"beans": 25}, {})
        assert shop.entries == ["beans 1 reverse: -25 pending", "beans 1 reverse: +25 reversed"]
        shop.waits("2026-01-15")
        assert shop.balance("beans") == 75


def test_s9_pending_only_leaves_what_is_active_already(club: MakeClub) -> None:
    policy = "{event: purchase, take: pending only}"
    shop = shop_of(club, policy, "{pending: 14 days}")
    shop.happens("purchase", "2026-01-01", order="A", amount=100)
    shop.happens("refund", "2026-01-15", order="A", amount=25)
    assert shop.fired == ["wallets.beans.pending", "events.refund.reverses"]
    assert taken(shop) == ("1/4", {}, {"beans": 25})


def test_s9_spent_points_are_taken_within_the_balance_and_the_rest_forgiven(
    club: MakeClub,
) -> None:
    shop = shop_of(club).happens("purchase", "2026-01-01", order="A", amount=100)
    shop.happens("adopt", "2026-01-02").happens("purchase", "2026-01-03", order="B", amount=30)
    shop.happens("refund", "2026-01-04", order="A", amount=100)
    assert taken(shop) == ("1", {"beans": 30}, {"beans": 70})
    assert shop.entries == [
        "beans 1 reverse: -30 spent",
        "beans 1 reverse: +30 reversed",
        "beans 2 reverse: -30 active",
        "beans 2 reverse: +30 spent",
    ]
    assert shop.balance("beans") == 0


def test_s9_a_debt_is_settled_by_what_is_earned_next(club: MakeClub) -> None:
    shop = shop_of(club, "{event: purchase, take: may go negative}")
    shop.happens("purchase", "2026-01-01", order="A", amount=100).happens("adopt", "2026-01-02")
    shop.happens("refund", "2026-01-04", order="A", amount=100)
    assert taken(shop) == ("1", {"beans": 100}, {})
    assert shop.balance("beans") == -100
    shop.happens("purchase", "2026-01-05", order="B", amount=130)
    assert shop.balance("beans") == 30
    assert shop.entries == [
        "beans 2 accrue: +130 active",
        "beans 1 settle: -100 spent",
        "beans 1 settle: +100 owed",
        "beans 2 settle: -100 active",
        "beans 2 settle: +100 spent",
    ]


def test_s9_expired_points_are_taken_from_where_they_are(club: MakeClub) -> None:
    shop = shop_of(club, wallet="{expires: 10 days}")
    shop.happens("purchase", "2026-01-01", order="A", amount=100)
    shop.happens("refund", "2026-01-11", order="A", amount=40)
    assert shop.fired == ["wallets.beans.expires", "events.refund.reverses"]
    assert shop.entries[2:] == ["beans 1 reverse: -40 expired", "beans 1 reverse: +40 reversed"]


# --- too early, too late, another's -------------------------------------------------------------


def test_s9_a_refund_before_its_purchase_is_applied_when_that_comes(club: MakeClub) -> None:
    shop = shop_of(club).happens("refund", "2026-01-01", order="A", amount=20)
    assert shop.held == {"events.refund.reverses": "waiting: no purchase A yet"}
    shop.happens("refund", "2026-01-01", order="A", amount=30)
    shop.happens("purchase", "2026-01-02", order="A", amount=100)
    assert shop.fired == ["earn", "events.refund.reverses", "events.refund.reverses"]
    assert [effect["share"] for effect in shop.effects[1:]] == ["1/5", "1/2"]
    assert shop.balance("beans") == 50
    assert shop.states["ann"].waiting == ()


def test_s14_a_refund_of_another_customer_never_meets_the_purchase(club: MakeClub) -> None:
    shop = shop_of(club).happens("purchase", "2026-01-01", "ann", order="A", amount=100)
    shop.happens("refund", "2026-01-02", "bob", order="A", amount=100)
    assert shop.held == {"events.refund.reverses": "waiting: no purchase A yet"}
    assert shop.balance("beans", "ann") == 100


WITHIN = "{event: purchase, within: 30 days}"


def test_s9_a_refund_counts_up_to_its_last_microsecond(club: MakeClub) -> None:
    shop = shop_of(club, WITHIN).happens("purchase", "2026-01-01", order="A", amount=100)
    shop.happens("refund", "2026-01-30T23:59:59.999999", order="A", amount=10)
    assert taken(shop) == ("1/10", {"beans": 10}, {})
    shop.happens("refund", "2026-01-31", order="A", amount=10)
    assert shop.held == {
        "events.refund.reverses": "too late: purchase A was at 2025-12-31T23:00:00Z"
    }


def test_purchases_are_known_twice_as_long_as_they_may_be_refunded(club: MakeClub) -> None:
    shop = shop_of(club, WITHIN)
    known: list[str] = []
    for order, day in (("A", "2026-01-01"), ("B", "2026-03-01"), ("C", "2026-03-02")):
        shop.happens("purchase", day, order=order, amount=10).happens("adopt", f"{day}T12:00")
        known = [*shop.states["ann"].origins]
        lots = [lot.origin for lot in shop.states["ann"].account.lots]
        assert lots == known
    assert known == ["purchase:B", "purchase:C"]


def test_a_refund_waits_no_longer_than_it_could_have_come(club: MakeClub) -> None:
    shop = shop_of(club, WITHIN).happens("refund", "2026-01-01", order="A", amount=1)
    shop.happens("refund", "2026-01-20", order="B", amount=1)
    shop.happens("refund", "2026-01-31", order="C", amount=1)
    assert [one.key for one in shop.states["ann"].waiting] == ["purchase:B", "purchase:C"]


def test_a_refund_that_names_nothing_is_told_so(club: MakeClub) -> None:
    shop = shop_of(club).happens("refund", "2026-01-01", amount=1)
    assert shop.held == {"events.refund.reverses": "order is missing"}
    shop.happens("purchase", "2026-01-02", amount=1)
    assert shop.states["ann"].origins == {}


def test_what_two_events_say_of_a_purchase_goes_together(club: MakeClub) -> None:
    shop = club("""
events:
  purchase: {order: id, amount: money}
  refund: {order: id, amount: money, reverses: purchase}
  void: {order: id, reverses: {event: purchase, take: may go negative}}
wallets: {beans: }
rules: {earn: {on: purchase, then: [earn: {beans: amount}]}}
""")
    shop.happens("purchase", "2026-01-01", order="A", amount=100)
    shop.happens("refund", "2026-01-02", order="A", amount=30)
    shop.happens("void", "2026-01-03", order="A")
    assert taken(shop) == ("1", {"beans": 70}, {})
    shop.happens("refund", "2026-01-04", order="A", amount=70)
    assert list(shop.held) == ["events.refund.reverses"]
