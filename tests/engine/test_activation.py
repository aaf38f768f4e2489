"""The step by which a program takes a customer over: what they have gets its new names (S15)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from loyalcore.effects.changes import Carry
from loyalcore.engine.handover.activation import activation_event, concerns_everyone, listened_for
from loyalcore.engine.outcome import Outcome
from loyalcore.engine.state import CustomerState, pack_state, unpack_state
from loyalcore.engine.step import step
from loyalcore.program.plan import Program
from loyalcore.values import read_time

OLD = """
customer: {nick: text}
events:
  purchase: {amount: money, order: {type: id}}
  refund: {order: id, amount: money, reverses: purchase}
  redeem: {reward: id, redeems: reward}
  undo: {redeem: id, cancels: {event: redeem, by: redeem}}
  named: {nick: text}
metrics: {spend: {sum: purchase.amount}}
wallets: {stars: {expires: 60 days, minimum: -100}, other: {}}
rewards: {cake: {price: {stars: 30}}}
rules:
  earn: {on: purchase, then: [earn: {stars: amount}]}
  name: {on: named, then: [set: {nick: nick}, freeze: stars]}
"""
NEW = OLD.replace("stars", "beans").replace("nick", "name") + (
    "migration: {wallets: {stars: beans}, attributes: {nick: name}}\n"
)


def taken_over(club: Any, text: str, program: Callable[[str], Program]) -> tuple[Any, Outcome]:
    """The club under another program, and what came of handing ann over."""
    new = program(text)
    state = unpack_state(new, pack_state(club.program, club.states["ann"]), lambda: ())
    event = activation_event(new, "ann", state.clock)
    state, outcome = step(new, state, event)
    club.program, club.states = new, {"ann": state}
    return club, outcome


def test_points_debts_and_what_can_be_undone_go_along(
    club: Callable[[str], Any], program: Callable[[str], Program]
) -> None:
    till = club(OLD)
    till.happens("purchase", "2026-01-01", amount=50, order="p1")
    till.happens("redeem", "2026-01-02", reward="cake")
    till, outcome = taken_over(till, NEW, program)
    assert till.balance("beans") == 20
    assert till.balance("stars") == 0
    changes = [change for one in outcome.decisions for change in one.changes]
    assert changes == [Carry("wallet", "stars", "beans", 20)]
    till.happens("undo", "2026-01-03", redeem="2")
    assert till.balance("beans") == 50  # though they came from the other wallet
    assert till.balance("stars") == 0
    till.happens("refund", "2026-01-04", order="p1", amount=20)
    assert till.balance("beans") == 42  # of the lot that went along, what was left in it
    till.waits("2026-04-01")
    assert till.balance("beans") == 0


def test_what_is_owed_goes_along(
    club: Callable[[str], Any], program: Callable[[str], Program]
) -> None:
    till = club(OLD).happens("redeem", "2026-01-02", reward="cake")
    assert till.balance("stars") == -30
    till, _ = taken_over(till, NEW, program)
    assert till.balance("beans") == -30
    assert till.balance("stars") == 0


def test_attributes_and_what_is_frozen_have_new_names(
    club: Callable[[str], Any], program: Callable[[str], Program]
) -> None:
    till = club(OLD).happens("named", "2026-01-01", nick="Annie")
    till, outcome = taken_over(till, NEW, program)
    state: CustomerState = till.states["ann"]
    assert state.attributes == {"name": "Annie"}
    assert state.account.frozen == ("beans",)
    assert outcome.decisions == ()


def test_what_is_named_the_same_is_left_as_it_is(
    club: Callable[[str], Any], program: Callable[[str], Program]
) -> None:
    till = club(OLD).happens("purchase", "2026-01-01", amount=50, order="p1")
    before: CustomerState = till.states["ann"]
    till, outcome = taken_over(till, OLD, program)
    assert outcome.decisions == ()
    assert till.states["ann"] == before


OFFERS = """
events: {purchase: {amount: money}, hello: {}}
offers:
  card: {open: {on: hello}, reach: {count: purchase, at_least: 2}, then: [earn: {stars: 5}]}
wallets: {stars: {}}
"""


@pytest.mark.parametrize(("to", "earned"), [("punch", 5), ("", 0)])
def test_an_open_offer_goes_on_as_far_as_it_has_come_or_is_let_go_of(
    club: Callable[[str], Any], program: Callable[[str], Program], to: str, earned: int
) -> None:
    till = club(OFFERS).happens("hello", "2026-01-01").happens("purchase", "2026-01-02", amount=1)
    text = OFFERS.replace("card", "punch") + f"migration: {{offers: {{card: {to}}}}}\n"
    till, outcome = taken_over(till, text, program)
    (decision,) = outcome.decisions
    assert (decision.rule, decision.effects) == (
        "migration",
        f'[{{"effect":"carry","what":"offer","name":"card","to":"{to}"}}]',
    )
    till.happens("purchase", "2026-01-03", amount=1)
    assert till.balance("stars") == earned


LADDER = """
events: {purchase: {amount: money}}
metrics: {spend: {sum: purchase.amount}}
tiers: {club: {by: spend, levels: {base: , silver: 10, gold: 100}, keep: 12 months}}
stages: {new: , regular: {enter: spend >= 10}}
"""


def standing(till: Any) -> tuple[dict[str, str], str | None]:
    life = till.states["ann"].life
    levels = {ladder: rank.level for ladder, rank in life.tiers.items()}
    return levels, life.stage and life.stage.stage


@pytest.mark.parametrize(
    ("text", "levels", "stage"),
    [
        (LADDER, {"club": "silver"}, "regular"),
        (
            LADDER.replace("silver", "plus") + "migration: {levels: {club: {silver: plus}}}",
            {"club": "plus"},
            "regular",
        ),
        (
            LADDER.replace("club", "circle") + "migration: {tiers: {club: circle}}",
            {"circle": "silver"},
            "regular",
        ),
        (
            LADDER.replace("regular: {enter: spend >= 10}", "known: {enter: spend >= 90}")
            + "migration: {stages: {regular: }}",
            {"club": "silver"},
            "new",
        ),
        (LADDER.replace("silver: 10,", "silver: 10, mid: 15,"), {"club": "mid"}, "regular"),
        (LADDER.partition("tiers:")[0], {}, None),
    ],
)
def test_levels_and_stages_are_carried(
    club: Callable[[str], Any],
    program: Callable[[str], Program],
    text: str,
    levels: dict[str, str],
    stage: str | None,
) -> None:
    till = club(LADDER).happens("purchase", "2026-01-01", amount=20)
    assert standing(till) == ({"club": "silver"}, "regular")
    until = till.states["ann"].life.tiers["club"].until
    till, _ = taken_over(till, text, program)
    assert standing(till) == (levels, stage)
    if "silver" in levels.values():
        assert next(iter(till.states["ann"].life.tiers.values())).until == until


def test_its_event_is_the_same_whenever_it_is_made(program: Callable[[str], Program]) -> None:
    new = program(NEW)
    at = read_time("2026-01-01", new.locale.zone)
    one = activation_event(new, "ann", at)
    assert one == activation_event(program(NEW), "ann", at)
    others = [
        activation_event(new, "bob", at),
        activation_event(new, "ann", at + 1),
        activation_event(replace(new, hash="another"), "ann", at),
    ]
    assert len({one.id, *(other.id for other in others)}) == 4


def test_it_concerns_everyone_only_where_what_they_have_is_another(
    program: Callable[[str], Program],
) -> None:
    old, new = program(OLD), program(NEW)
    assert concerns_everyone(old, new)
    assert not concerns_everyone(
        new, program(NEW.replace("earn: {beans: amount}", "earn: {beans: 2}"))
    )
    assert not concerns_everyone(new, new)
    assert concerns_everyone(program(LADDER), program(LADDER.replace("gold: 100", "gold: 90")))
    assert listened_for(old) == ()
    silence = "triggers: {quiet: {silence: [purchase, named], for: 30 days}}\n"
    assert listened_for(program(f"{OLD}{silence}")) == ("purchase", "named")
