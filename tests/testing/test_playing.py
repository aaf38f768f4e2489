"""Playing: a ruleset and a few events, and what is decided, by the real run."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

import pytest

from loyalcore.effects.changes import Issue
from loyalcore.effects.kind import EffectKind
from loyalcore.errors import RulesetInvalid
from loyalcore.hookspecs import hookimpl
from loyalcore.ruleset.model import RuleSpec
from loyalcore.testing import Played, PlayedMessage, play

CLUB = """\
program: club
events: {purchase: {amount: {type: money, required: true}}}
metrics: {orders: {count: purchase}}
wallets: {points: {expires: 30 days}}
rules:
  earn: {on: purchase, then: [{earn: {points: amount}}]}
  first:
    on: purchase
    when: orders == 1
    then: [{issue: {benefit: mug}}, {send: hello}]
  daily: {on: purchase, limit: 1 per day, then: [{earn: {points: 1}}]}
messages: {hello: {channel: post, text: 'You have {{ orders }}.'}}
"""


def bought(day: str, amount: object = 10) -> dict[str, object]:
    return {"customer": "ann", "type": "purchase", "time": day, "amount": amount}


def test_what_was_decided_is_told() -> None:
    played = play(
        CLUB,
        [
            bought("2026-01-01"),
            bought("2026-01-01T10:00"),
            bought("x"),
            bought("2026-01-02", "much"),
        ],
    )
    assert played.fired == ("earn", "first", "daily", "earn")
    assert played.held == {"daily": "limit: 1 per day"}
    assert played.balances == {"ann": {"points": 21}}
    assert played.issued == {"ann": ("mug",)}
    assert played.messages == (PlayedMessage("ann", "hello", "post", {"orders": 1}),)
    assert [(one.line, one.code) for one in played.rejects] == [(3, "bad-time"), (4, "bad-field")]
    first = played.decisions[1]
    assert (first.customer, first.event, first.time) == ("ann", "purchase", "2026-01-01T00:00:00Z")
    assert first.facts == {"orders": 1}
    assert [effect["effect"] for effect in first.effects] == ["issue", "send"]


def test_time_passes_as_far_as_is_asked() -> None:
    assert play(CLUB, [bought("2026-01-01")]).balances == {"ann": {"points": 11}}
    assert play(CLUB, [bought("2026-01-01")], until="2026-03-01").balances != {
        "ann": {"points": 11}
    }


def test_events_are_lines_as_well(tmp_path: Path) -> None:
    line = '{"customer": "ann", "type": "purchase", "time": "2026-01-01", "amount": 10}'
    (tmp_path / "club.yaml").write_text(CLUB)
    assert play(tmp_path / "club.yaml", line).program == play(CLUB, [bought("2026-01-01")]).program


def test_a_ruleset_with_problems_is_refused() -> None:
    with pytest.raises(RulesetInvalid, match="there is no event 'purchse'"):
        play(CLUB.replace("on: purchase", "on: purchse"), [])


def test_a_plugin_under_test_needs_no_installation() -> None:
    plugin = ModuleType("gifts")

    @hookimpl
    def loyalcore_effects() -> list[EffectKind[RuleSpec]]:
        return [
            EffectKind(
                "gift", RuleSpec, lambda spec, planner: lambda facts: [Issue("benefit", "pen")]
            )
        ]

    vars(plugin)["loyalcore_effects"] = loyalcore_effects
    ruleset = CLUB.replace("issue: {benefit: mug}", "gift: {on: x, then: [{}]}")
    assert play(ruleset, [bought("2026-01-01")], plugins={"gifts": plugin}).issued == {
        "ann": ("pen",)
    }


def test_nothing_is_decided_of_nothing() -> None:
    played = play(CLUB, "")
    assert played == Played(played.program, (), {}, {}, (), {}, ())
