"""What the clock and operators do to points, and what wallets do by themselves (S8)."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from msgspec.structs import replace

from loyalcore.engine.state import pack_state, unpack_state
from loyalcore.program.builtin_events import BUILTIN_EVENTS, EMITTED

MakeClub = Callable[[str], Any]


def told(club: Any) -> list[tuple[str, str]]:
    """Each decision, and what it did or why it did not."""
    return [
        (one.rule, one.reason or one.effects.replace('"', ""))
        for outcome in club.outcomes
        for one in outcome.decisions
    ]


# --- a worked example: every decision and every entry ------------------------------------------

COFFEE = """
events:
  purchase: {order: id, amount: money}
  delivery: {order: id, activates: purchase}
  refund: {order: id, amount: money, reverses: purchase}
  redeem: {reward: id, redeems: reward}
  cancel: {redeem: id, cancels: redeem}
wallets:
  beans: {pending: {until: delivery, lapse: 60 days}, expires: 12 months}
rewards:
  mug: {price: {beans: 80}, stock: 5, cost: 3}
rules:
  earn: {on: purchase, then: [earn: {beans: amount}]}
"""


def test_s8_a_year_of_beans_entry_by_entry(club: MakeClub) -> None:
    shop = club(COFFEE)

    shop.happens("purchase", "2026-01-10T12:00", order="A", amount=100)
    assert told(shop) == [("earn", "[{effect:accrue,wallet:beans,points:100}]")]
    assert shop.entries == ["beans 1 accrue: +100 pending"]
    assert shop.balance("beans") == 0

    shop.happens("delivery", "2026-01-14", order="A")
    assert told(shop) == [("events.delivery.activates", "[{effect:activate,points:{beans:100}}]")]
    assert shop.entries == ["beans 1 activate: -100 pending", "beans 1 activate: +100 active"]

    shop.happens("redeem", "2026-02-01", reward="mug")
    assert told(shop) == [
        ("rewards.mug", "[{effect:spend,price:{beans:80},redemption:3,reward:mug}]")
    ]
    assert shop.outcomes[0].decisions[0].cost == 300
    assert shop.outcomes[0].draws == (("rewards.mug:stock", 1),)
    assert shop.entries == ["beans 1 redeem: -80 active", "beans 1 redeem: +80 spent"]

    shop.happens("refund", "2026-02-03", order="A", amount=50)
    assert told(shop) == [
        (
            "events.refund.reverses",
            "[{effect:reverse,origin:purchase:A,share:1/2,taken:{beans:20},forgiven:{beans:30}}]",
        )
    ]
    assert shop.entries == ["beans 1 reverse: -20 active", "beans 1 reverse: +20 reversed"]
    assert shop.balance("beans") == 0

    shop.happens("cancel", "2026-02-04", redeem="3")
    assert told(shop) == [
        ("events.cancel.cancels", "[{effect:cancel,redemption:3,price:{beans:80}}]")
    ]
    assert shop.outcomes[0].draws == (("rewards.mug:stock", -1),)
    assert shop.entries == [
        "beans 1 cancel redemption: -80 spent",
        "beans 1 cancel redemption: +80 active",
    ]

    shop.waits("2027-01-10T11:59:59.999999")
    assert shop.outcomes == []
    shop.waits("2027-01-10T12:00")
    assert told(shop) == [("wallets.beans.expires", "[{effect:expire,points:{beans:80}}]")]
    assert shop.entries == ["beans 1 expire: -80 active", "beans 1 expire: +80 expired"]
    assert shop.states["ann"].due is None


# --- pending ----------------------------------------------------------------------------------


def test_s8_points_turn_active_at_their_instant(club: MakeClub) -> None:
    shop = club("""
events: {visit: {}}
wallets: {beans: {pending: 14 days}}
rules: {earn: {on: visit, then: [earn: {beans: 10}]}}
""")
    shop.happens("visit", "2026-03-20T08:00")  # and 29 March is a day of 23 hours
    shop.waits("2026-04-03T08:59:59.999999")
    assert shop.outcomes == []
    shop.waits("2026-04-03T09:00")
    assert told(shop) == [("wallets.beans.pending", "[{effect:activate,points:{beans:10}}]")]
    assert shop.balance("beans") == 10


def test_s8_points_that_no_delivery_comes_for_lapse(club: MakeClub) -> None:
    shop = club(COFFEE).happens("purchase", "2026-01-10T12:00", order="A", amount=100)
    shop.waits("2026-03-11T11:59:59.999999")
    assert shop.outcomes == []
    shop.waits("2026-03-11T12:00")
    assert told(shop) == [("wallets.beans.expires", "[{effect:expire,points:{beans:100}}]")]
    assert shop.entries == ["beans 1 expire: -100 pending", "beans 1 expire: +100 expired"]
    shop.happens("delivery", "2026-03-11T12:00", order="A")
    assert shop.held == {"events.delivery.activates": "no points of purchase A wait for it"}


def test_s8_a_delivery_makes_active_only_what_waits_for_it(club: MakeClub) -> None:
    shop = club("""
events:
  purchase: {}
  paid: {purchase: id, activates: purchase}
  delivery: {purchase: id, activates: purchase}
wallets:
  beans: {pending: until delivery}
  stars: {pending: until paid}
  cups: {pending: 14 days}
rules: {earn: {on: purchase, then: [earn: {beans: 1, stars: 2, cups: 3}]}}
""")
    shop.happens("purchase", "2026-01-01").happens("delivery", "2026-01-02", purchase="1")
    assert shop.effects == [{"effect": "activate", "points": {"beans": 1}}]
    shop.happens("paid", "2026-01-03", purchase="1")
    assert shop.effects == [{"effect": "activate", "points": {"stars": 2}}]


def test_s8_a_delivery_before_the_purchase_waits_for_it(club: MakeClub) -> None:
    shop = club(COFFEE).happens("delivery", "2026-01-09", order="A")
    assert shop.held == {"events.delivery.activates": "waiting: no purchase A yet"}
    shop.happens("purchase", "2026-01-10", order="A", amount=100)
    assert shop.fired == ["earn", "events.delivery.activates"]
    (_, activated) = shop.outcomes[0].decisions
    assert json.loads(activated.facts) == {"order": "A", "event.id": "1"}
    assert shop.balance("beans") == 100
    assert shop.states["ann"].waiting == ()


# --- expiry and inactivity ---------------------------------------------------------------------

IDLE = """
events: {purchase: {}, visit: {}}
wallets:
  beans: {expires: 12 months without purchase}
  stars: {expires: 12 months without activity}
rules: {earn: {on: visit, then: [earn: {beans: 1, stars: 1}]}}
"""


def test_s8_a_purchase_puts_off_the_expiry_of_a_wallet(club: MakeClub) -> None:
    shop = club(IDLE).happens("visit", "2026-01-01").happens("purchase", "2026-06-01")
    shop.waits("2027-01-01")
    assert shop.fired == ["wallets.stars.expires"]
    shop.waits("2027-05-31T23:59:59.999999")
    assert shop.fired == []
    shop.waits("2027-06-01")
    assert shop.fired == ["wallets.beans.expires"]


def test_s8_an_accrual_is_activity_in_its_own_wallet(club: MakeClub) -> None:
    shop = club(IDLE).happens("visit", "2026-01-01").happens("visit", "2026-06-01")
    shop.waits("2027-05-31")
    # The wallet as a whole lives on with the second visit; of beans, each lot by itself.
    assert shop.fired == ["wallets.beans.expires"]
    assert (shop.balance("beans"), shop.balance("stars")) == (1, 2)


def test_s4_what_is_due_at_an_instant_happens_before_its_events(club: MakeClub) -> None:
    shop = club("""
events: {visit: {}}
wallets: {beans: {expires: 1 day}}
rules:
  earn: {on: visit, when: balance.beans == 0 and pending.beans == 0, then: [earn: {beans: 1}]}
""")
    shop.happens("visit", "2026-01-01T10:00")
    assert shop.happens("visit", "2026-01-02T10:00").fired == ["wallets.beans.expires", "earn"]


# --- rules on what happens by itself ------------------------------------------------------------


def test_s4_a_rule_may_follow_what_happens_by_itself(club: MakeClub) -> None:
    shop = club("""
events: {visit: {}}
customer: {lost: integer}
wallets: {beans: {pending: 1 day, expires: 10 days}}
rules:
  earn: {on: visit, then: [earn: {beans: 7}]}
  told: {on: points_activated, then: [set: {tags.active: true}]}
  lost: {on: points_expired, when: wallet == 'beans', then: [set: {lost: points}]}
""")
    shop.happens("visit", "2026-01-01").waits("2026-01-02")
    assert shop.fired == ["wallets.beans.pending", "told"]
    due, activated = shop.outcomes
    assert activated.event.cause == due.decisions[0].id
    assert activated.event.data == {"wallet": "beans", "points": 7}
    assert shop.waits("2026-01-11").fired == ["wallets.beans.expires", "lost"]
    assert shop.states["ann"].attributes == {"lost": 7}


def test_without_such_a_rule_nothing_is_emitted(club: MakeClub) -> None:
    shop = club(IDLE).happens("visit", "2026-01-01").waits("2028-01-01")
    assert [outcome.emitted for outcome in shop.outcomes] == [()]


def test_nobody_outside_tells_what_only_the_program_knows() -> None:
    assert {"due", "points_activated", "points_expired", "points_received"} <= {*EMITTED}
    assert {"adjust_points"} <= {*BUILTIN_EVENTS} - {*EMITTED}


# --- operators ---------------------------------------------------------------------------------

PLAIN = """
events: {visit: {}}
wallets: {beans: {}, stars: {minimum: -5}}
rules: {earn: {on: visit, then: [earn: {beans: 10, stars: 10}]}}
"""


def test_an_operator_puts_points_right(club: MakeClub) -> None:
    shop = club(PLAIN).happens("adjust_points", "2026-01-01", wallet="beans", points=50)
    assert told(shop) == [
        ("events.adjust_points", "[{effect:adjust,wallet:beans,points:50}]"),
    ]
    assert shop.entries == ["beans 1 adjust: +50 active"]
    shop.happens("adjust_points", "2026-01-02", wallet="beans", points=-80, note="a mistake")
    assert told(shop) == [
        ("events.adjust_points", "[{effect:adjust,wallet:beans,points:-50}]"),
    ]
    assert json.loads(shop.outcomes[0].decisions[0].facts) == {
        "wallet": "beans",
        "points": -80,
        "note": "a mistake",
    }


def test_what_can_not_be_put_right_is_told(club: MakeClub) -> None:
    shop = club(PLAIN)
    for data, reason in (
        ({"wallet": "baens", "points": 5}, "there is no wallet 'baens' (did you mean 'beans'?)"),
        ({"points": 5}, "wallet is missing"),
        ({"wallet": "beans"}, "points is missing"),
        ({"wallet": "beans", "points": 0}, "beans: by 0 points"),
        ({"wallet": "beans", "points": -5}, "beans: there is nothing to take"),
    ):
        shop.happens("adjust_points", "2026-01-01", **data)
        assert shop.held == {"events.adjust_points": reason}


def test_a_wallet_that_may_be_negative_is_adjusted_down_to_its_minimum(club: MakeClub) -> None:
    shop = club(PLAIN).happens("adjust_points", "2026-01-01", wallet="stars", points=-9)
    assert shop.balance("stars") == -5
    assert shop.happens("visit", "2026-01-02").balance("stars") == 5


# --- the state ---------------------------------------------------------------------------------


def test_s2_a_state_with_all_that_may_be_referred_to_is_stored_whole(club: MakeClub) -> None:
    shop = club(COFFEE).happens("delivery", "2026-01-01", order="B")
    shop.happens("refund", "2026-01-01", order="C", amount=0.5)
    shop.happens("adjust_points", "2026-01-01", wallet="beans", points=100)
    shop.happens("purchase", "2026-01-02", order="A", amount=30)
    shop.happens("refund", "2026-01-03", order="A", amount=9.99)
    shop.happens("redeem", "2026-01-04", reward="mug")
    state = shop.states["ann"]
    assert (len(state.waiting), len(state.origins), len(state.redemptions)) == (2, 1, 1)
    assert unpack_state(shop.program, pack_state(shop.program, state), list) == replace(state)


def test_empty_lots_are_let_go_when_nothing_refers_to_them(club: MakeClub) -> None:
    shop = club("""
events: {visit: {}}
wallets: {beans: {}}
rules:
  earn: {on: visit, then: [earn: {beans: 10}]}
  use: {on: visit, then: [spend: {beans: 10}]}
""")
    for day in range(1, 29):
        shop.happens("visit", f"2026-01-{day:02}")
    assert shop.states["ann"].account.lots == ()
    assert shop.states["ann"].account.last == 28
