"""Events that cause events: their order, whose they are, when, and where they end (S4, S14)."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from loyalcore.engine.apply import MAX_DEPTH

MakeClub = Callable[[str], Any]

REFERRALS = """
events:
  purchase: {amount: money, friend: id}
  thanks: {by: id, worth: number}
  noted: {}
metrics:
  orders: {count: purchase}
  thanked: {count: thanks}
wallets: {points: {}}
rules:
  thank:
    on: purchase
    when: not missing(friend)
    then:
      - emit: {type: thanks, customer: friend, data: {by: customer.id, worth: 4.5}}
      - emit: {type: noted}
  again:
    on: purchase
    when: orders >= 2
    then: [emit: {type: noted}]
  reward:
    on: thanks
    then:
      - earn: {points: worth}
      - emit: {type: noted, customer: customer.id}
"""


def told(club: Any) -> list[tuple[str, str, int]]:
    """Whose events happened, of what type, and how deep."""
    return [(o.event.customer, o.event.type, o.event.depth) for o in club.outcomes]


def test_s4_emitted_events_follow_in_order_and_then_what_they_cause(club: MakeClub) -> None:
    shop = club(REFERRALS).happens("purchase", "2026-01-01", "ann")
    shop.happens("purchase", "2026-01-02", "ann", friend="bob")
    assert told(shop) == [
        ("ann", "purchase", 0),
        ("bob", "thanks", 1),
        ("ann", "noted", 1),
        ("ann", "noted", 1),
        ("bob", "noted", 2),
    ]


def test_s14_another_customer_is_reached_by_an_event_of_their_own(club: MakeClub) -> None:
    shop = club(REFERRALS).happens("purchase", "2026-01-01T10:00", "ann", friend="bob")
    ann, bob = shop.states["ann"], shop.states["bob"]
    assert (ann.account.balances, bob.account.balances) == ({}, {"points": 4})
    assert bob.clock == bob.since == ann.clock
    (thanks,) = (o.event for o in shop.outcomes if o.event.type == "thanks")
    assert json.loads(thanks.text) == {"by": "ann", "worth": "4.5"}


def test_s10_an_emitted_event_names_the_decision_that_caused_it(club: MakeClub) -> None:
    shop = club(REFERRALS).happens("purchase", "2026-01-01", "ann", friend="bob")
    cause, thanks, noted = (outcome.event for outcome in shop.outcomes[:3])
    (decision,) = shop.outcomes[0].decisions
    assert cause.cause == ""
    assert thanks.cause == noted.cause == decision.id
    assert thanks.source == noted.source == "loyalcore:club"
    assert (thanks.id, noted.id) == (f"{decision.id}.0", f"{decision.id}.1")


def test_s3_a_customer_whose_clock_is_ahead_sees_it_at_their_clock(club: MakeClub) -> None:
    shop = club(REFERRALS).happens("purchase", "2026-03-01", "bob")
    late = shop.states["bob"].clock
    shop.happens("purchase", "2026-01-01", "ann", friend="bob")
    times = {outcome.event.customer: outcome.event.time for outcome in shop.outcomes[:2]}
    assert times["ann"] < times["bob"] == shop.states["bob"].clock == late


def test_s14_a_customer_may_reach_themselves(club: MakeClub) -> None:
    shop = club(REFERRALS).happens("purchase", "2026-01-01", "ann", friend="ann")
    assert [name for name, _, _ in told(shop)] == ["ann"] * 4
    assert shop.states["ann"].account.balances == {"points": 4}


def test_s4_the_depth_is_bounded_and_what_lies_beyond_is_recorded(club: MakeClub) -> None:
    shop = club("""
events: {ping: {}}
wallets: {points: {}}
rules:
  echo: {on: ping, then: [earn: {points: 1}, emit: {type: ping}]}
""").happens("ping", "2026-01-01")
    assert [depth for _, _, depth in told(shop)] == list(range(MAX_DEPTH + 1))
    assert shop.states["ann"].account.balances == {"points": MAX_DEPTH + 1}
    assert shop.effects[-1] == {
        "effect": "skipped",
        "kind": "emit",
        "reason": "ping: events caused events 8 deep already",
    }


def test_s4_the_number_of_events_is_bounded_though_each_causes_several(club: MakeClub) -> None:
    shop = club("""
events: {ping: {}}
rules:
  echo: {on: ping, then: [emit: {type: ping}, emit: {type: ping}]}
""").happens("ping", "2026-01-01")
    assert len(shop.outcomes) == 2 ** (MAX_DEPTH + 1) - 1
    assert len({outcome.event.id for outcome in shop.outcomes}) == len(shop.outcomes)


FORWARD = """
events:
  call: {to: id, discs: integer}
  called: {discs: {type: integer, required: true}}
rules:
  forward: {on: call, then: [emit: {type: called, customer: to, data: {discs: discs}}]}
"""


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        ({"discs": 1}, "called: the customer is missing"),
        ({"to": "bob"}, "called.discs is required"),
        ({"to": "b\0b", "discs": 1}, "customer has control characters"),
        ({"to": "b" * 257, "discs": 1}, "customer is longer than 256 characters"),
    ],
)
def test_s6_what_would_not_be_accepted_from_outside_is_not_emitted(
    club: MakeClub, data: dict[str, object], reason: str
) -> None:
    shop = club(FORWARD).happens("call", "2026-01-01", **data)
    assert shop.effects == [{"effect": "skipped", "kind": "emit", "reason": reason}]
    assert list(shop.states) == ["ann"]
