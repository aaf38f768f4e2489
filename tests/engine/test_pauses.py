"""Promotional messages pause while a condition holds; service messages never do."""

from __future__ import annotations

import json
from collections.abc import Callable

from tests.engine.conftest import Club

SHOP = """\
customer: {quiet: flag}
events:
  purchase: {amount: money, quiet: text}
  complaint: {}
  answer: {}
metrics: {complaints: {count: complaint}, answers: {count: answer}}
segments: {upset: complaints > answers}
messages:
  come-back: {channel: sms, purpose: promotional, text: Come back.}
  receipt: {text: Thank you.}
costs: {send: {sms: 0.40}}
pause:
  promotional: segment.upset or quiet
rules:
  promote: {on: [purchase, complaint, answer], budget: {money: 1}, then: [send: come-back]}
  thank: {on: purchase, then: [send: receipt]}
"""

MakeClub = Callable[[str], Club]


def test_a_promotional_message_is_not_sent_while_a_complaint_is_open(club: MakeClub) -> None:
    shop = club(SHOP).happens("complaint", "2026-01-01")  # the complaint itself counts
    reason = "come-back: paused: segment.upset or quiet"
    assert shop.effects == [{"effect": "skipped", "kind": "send", "reason": reason}]
    shop.happens("purchase", "2026-01-02", amount=1)
    assert [effect["effect"] for effect in shop.effects] == ["skipped", "send"]
    shop.happens("answer", "2026-01-03")
    assert shop.effects == [
        {
            "effect": "send",
            "message": "come-back",
            "channel": "sms",
            "values": {},
            "purpose": "promotional",
        }
    ]


def test_the_decision_tells_that_it_was_paused_and_costs_nothing(club: MakeClub) -> None:
    shop = club(SHOP).happens("complaint", "2026-01-01")
    ((decision,),) = (outcome.decisions for outcome in shop.outcomes)
    assert json.loads(decision.facts) == {"paused.promotional": True}
    assert decision.fired
    assert decision.cost is None
    assert shop.shared.drawn("budget promote money") == 0


def test_a_field_of_the_event_hides_no_attribute_from_the_condition(club: MakeClub) -> None:
    shop = club(SHOP + "  hush: {on: answer, when: complaints == 0, then: [set: {quiet: true}]}\n")
    shop.happens("answer", "2026-01-01")
    shop.happens("purchase", "2026-01-02", amount=1, quiet="no")
    assert [effect["effect"] for effect in shop.effects] == ["skipped", "send"]


def test_what_is_unknown_pauses_nothing(club: MakeClub) -> None:
    shop = club(SHOP).happens("purchase", "2026-01-01", amount=1)  # quiet is missing
    assert [effect["effect"] for effect in shop.effects] == ["send", "send"]
