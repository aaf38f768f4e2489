"""The pure step: in what order things happen inside it, and what each of them may do (S4)."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import fields, is_dataclass
from typing import Any

import pytest
from msgspec import Struct
from msgspec.structs import astuple

from loyalcore.effects.changes import Accrue, Skipped
from loyalcore.engine.state import new_state
from loyalcore.engine.step import step

MakeClub = Callable[[str], Any]

PURCHASES = """
events:
  purchase: {amount: money, discs: integer, weight: number, channel: text, friend: id}
wallets: {points: {}}
"""

MICROSECOND_BEFORE = "2026-01-31T23:59:59.999999"


# --- metrics, facts, rules --------------------------------------------------------------------


def test_s4_the_event_is_in_the_metrics_before_its_rules_look(club: MakeClub) -> None:
    shop = club(f"""{PURCHASES}
metrics: {{orders: {{count: purchase}}, spend: {{sum: purchase.amount}}}}
rules:
  first: {{on: purchase, when: orders == 1, then: [earn: {{points: spend}}]}}
  second: {{on: purchase, when: orders == 2, then: [earn: {{points: spend}}]}}
""")
    shop.happens("purchase", "2026-01-01", amount=10)
    assert shop.effects == [{"effect": "accrue", "wallet": "points", "points": 10}]
    shop.happens("purchase", "2026-01-02", amount=5)
    assert shop.effects == [{"effect": "accrue", "wallet": "points", "points": 15}]


def test_s4_rules_decide_by_priority_and_then_as_written(club: MakeClub) -> None:
    shop = club(f"""{PURCHASES}
rules:
  c: {{on: purchase, then: [earn: {{points: 1}}]}}
  last: {{on: purchase, then: [earn: {{points: 1}}], priority: -1}}
  a: {{on: purchase, then: [earn: {{points: 1}}]}}
  first: {{on: purchase, then: [earn: {{points: 1}}], priority: 5}}
  b: {{on: purchase, then: [earn: {{points: 1}}]}}
""")
    assert shop.happens("purchase", "2026-01-01").fired == ["first", "c", "a", "b", "last"]


def test_s4_all_rules_of_a_step_see_the_same_facts(club: MakeClub) -> None:
    shop = club(f"""{PURCHASES}
customer: {{shop: text}}
rules:
  earn: {{on: purchase, then: [earn: {{points: 10}}, set: {{shop: channel, tags.known: true}}]}}
  rich: {{on: purchase, when: balance.points >= 10, then: [earn: {{points: 1}}]}}
  known: {{on: purchase, when: "'known' in tags", then: [earn: {{points: 1}}]}}
  again: {{on: purchase, when: shop == channel, then: [earn: {{points: 1}}]}}
""")
    assert shop.happens("purchase", "2026-01-01", channel="web").fired == ["earn"]
    everything = ["earn", "rich", "known", "again"]
    assert shop.happens("purchase", "2026-01-02", channel="web").fired == everything
    assert shop.states["ann"].account.balances == {"points": 23}


def test_s6_only_what_is_known_to_be_true_fires(club: MakeClub) -> None:
    shop = club(f"""{PURCHASES}
rules:
  web: {{on: purchase, when: channel == 'web', then: [earn: {{points: 1}}]}}
  not-web: {{on: purchase, when: not channel == 'web', then: [earn: {{points: 1}}]}}
  unknown: {{on: purchase, when: missing(channel), then: [earn: {{points: 1}}]}}
""")
    assert shop.happens("purchase", "2026-01-01", channel="web").fired == ["web"]
    assert shop.happens("purchase", "2026-01-02", channel="till").fired == ["not-web"]
    assert shop.happens("purchase", "2026-01-03").fired == ["unknown"]


# --- selection --------------------------------------------------------------------------------


def test_s4_a_rule_holds_from_its_first_instant_to_the_end_of_its_last_day(club: MakeClub) -> None:
    shop = club(f"""{PURCHASES}
rules:
  sale: {{on: purchase, from: 2026-01-10, until: 2026-01-31, then: [earn: {{points: 1}}]}}
  night: {{on: purchase, until: 2026-01-31T18:00, then: [earn: {{points: 1}}]}}
""")
    assert shop.happens("purchase", "2026-01-09T23:59:59.999999").fired == ["night"]
    assert shop.happens("purchase", "2026-01-10").fired == ["sale", "night"]
    assert shop.happens("purchase", "2026-01-31T17:59:59.999999").fired == ["sale", "night"]
    assert shop.happens("purchase", "2026-01-31T18:00").fired == ["sale"]
    assert shop.happens("purchase", MICROSECOND_BEFORE).fired == ["sale"]
    assert shop.happens("purchase", "2026-02-01").fired == []


LIMITED = f"""{PURCHASES}
rules:
  bonus: {{on: purchase, limit: LIMIT, then: [earn: {{points: 1}}]}}
"""


def test_s4_once_a_day_is_by_the_clock_on_the_wall(club: MakeClub) -> None:
    shop = club(LIMITED.replace("LIMIT", "1 per day"))
    assert shop.happens("purchase", "2026-01-31T00:00").fired == ["bonus"]
    assert shop.happens("purchase", MICROSECOND_BEFORE).held == {"bonus": "limit: 1 per day"}
    assert shop.happens("purchase", "2026-02-01T00:00").fired == ["bonus"]


@pytest.mark.parametrize(
    ("midnight", "last"),
    [
        ("2026-03-29T00:00+01:00", "2026-03-29T23:59:59.999999+02:00"),  # a day of 23 hours
        ("2026-10-25T00:00+02:00", "2026-10-25T23:59:59.999999+01:00"),  # and one of 25
    ],
)
def test_s5_a_day_is_as_long_as_the_clock_change_makes_it(
    club: MakeClub, midnight: str, last: str
) -> None:
    shop = club(LIMITED.replace("LIMIT", "1 per day"))
    assert shop.happens("purchase", midnight).fired == ["bonus"]
    assert shop.happens("purchase", last).fired == []
    assert shop.happens("purchase", shop.states["ann"].clock + 1).fired == ["bonus"]


def test_s5_a_rolling_limit_is_half_open_to_the_microsecond(club: MakeClub) -> None:
    shop = club(LIMITED.replace("LIMIT", "2 per 30 days"))
    assert shop.happens("purchase", "2026-01-01T12:00").fired == ["bonus"]
    assert shop.happens("purchase", "2026-01-05T12:00").fired == ["bonus"]
    assert shop.happens("purchase", "2026-01-31T11:59:59.999999").fired == []
    assert shop.happens("purchase", "2026-01-31T12:00").fired == ["bonus"]
    assert shop.happens("purchase", "2026-02-04T11:59:59.999999").fired == []
    assert shop.happens("purchase", "2026-02-04T12:00").fired == ["bonus"]


def test_s4_once_is_once_for_each_customer(club: MakeClub) -> None:
    shop = club(LIMITED.replace("LIMIT", "once"))
    assert shop.happens("purchase", "2026-01-01").fired == ["bonus"]
    assert shop.happens("purchase", "2036-01-01").held == {"bonus": "limit: once"}
    assert shop.happens("purchase", "2036-01-02", "bob").fired == ["bonus"]


def test_s4_every_limit_of_a_rule_holds(club: MakeClub) -> None:
    shop = club(LIMITED.replace("LIMIT", "[1 per day, 2 per month, 3 per customer]"))
    days = ["01-01", "01-01", "01-02", "01-03", "02-01", "03-01"]
    outcome = [shop.happens("purchase", f"2026-{day}").held.get("bonus", "fired") for day in days]
    assert outcome == [
        "fired",
        "limit: 1 per day",
        "fired",
        "limit: 2 per month",
        "fired",
        "limit: 3 per customer",
    ]


def test_s4_a_rule_on_several_events_has_one_limit(club: MakeClub) -> None:
    shop = club("""
events: {visit: {}, call: {}}
wallets: {points: {}}
rules:
  hello: {on: [visit, call], limit: 1 per week, then: [earn: {points: 1}]}
""")
    assert shop.happens("visit", "2026-01-05").fired == ["hello"]
    assert shop.happens("call", "2026-01-11").held == {"hello": "limit: 1 per week"}
    assert shop.happens("call", "2026-01-12").fired == ["hello"]


def test_s10_a_rule_that_is_held_is_a_decision_that_does_nothing(club: MakeClub) -> None:
    shop = club(LIMITED.replace("LIMIT", "once"))
    shop.happens("purchase", "2026-01-01").happens("purchase", "2026-01-02")
    ((held,),) = (outcome.decisions for outcome in shop.outcomes)
    assert (held.rule, held.reason, held.effects, held.changes) == (
        "bonus",
        "limit: once",
        "[]",
        (),
    )
    assert shop.states["ann"].account.balances == {"points": 1}


# --- effects ----------------------------------------------------------------------------------


def test_s6_points_of_something_missing_are_skipped_and_recorded(club: MakeClub) -> None:
    shop = club(f"{PURCHASES}\nrules: {{earn: {{on: purchase, then: [earn: {{points: amount}}]}}}}")
    ((decision,),) = (one.decisions for one in shop.happens("purchase", "2026-01-01").outcomes)
    why = "points: a value that the formula needs is missing"
    assert decision.fired
    assert decision.changes == (Skipped("earn", why),)
    assert json.loads(decision.effects) == [{"effect": "skipped", "kind": "earn", "reason": why}]
    assert shop.states["ann"].account.balances == {}


@pytest.mark.parametrize("amount", [0, 0.99, -5])
def test_only_more_than_nothing_is_earned(club: MakeClub, amount: float) -> None:
    shop = club(f"{PURCHASES}\nrules: {{earn: {{on: purchase, then: [earn: {{points: amount}}]}}}}")
    shop.happens("purchase", "2026-01-01", amount=amount)
    assert shop.states["ann"].account.balances == {}


def test_points_beyond_all_bounds_are_skipped(club: MakeClub) -> None:
    # A till that writes 10¹⁴ for an amount must not stop the run of everybody else.
    shop = club(f"""{PURCHASES}
rules: {{earn: {{on: purchase, then: [earn: {{points: amount * 100}}]}}}}
""")
    shop.happens("purchase", "2026-01-01", amount=10**13)
    assert shop.states["ann"].account.balances == {"points": 10**15}
    (skipped,) = shop.happens("purchase", "2026-01-02", amount=10**14).effects
    assert skipped["effect"] == "skipped"
    assert shop.states["ann"].account.balances == {"points": 10**15}


SETTING = f"""{PURCHASES}
customer: {{share: number, mean: money, big: integer, shelf: {{type: text, one_of: [a, b]}}}}
rules:
  set: {{on: purchase, then: [set: {{ATTRIBUTE: FORMULA}}]}}
"""


def setting(club: MakeClub, attribute: str, formula: str) -> Any:
    return club(SETTING.replace("ATTRIBUTE", attribute).replace("FORMULA", formula))


def test_s7_a_number_attribute_is_exact(club: MakeClub) -> None:
    shop = setting(club, "share", "weight / 3")
    shop.happens("purchase", "2026-01-01", weight=1)
    assert shop.effects == [{"effect": "set", "attribute": "share", "value": "1/3"}]
    assert str(shop.states["ann"].attributes["share"]) == "1/3"


@pytest.mark.parametrize(
    ("attribute", "formula", "data"),
    [
        ("mean", "amount / 3", {"amount": 1}),  # a third of a cent
        ("big", "discs * discs", {"discs": 2**40}),
        ("shelf", "channel", {"channel": "c"}),
        ("share", "weight * 1000 / 3", {"weight": 10**29}),
    ],
)
def test_an_attribute_keeps_its_value_where_the_new_one_does_not_fit(
    club: MakeClub, attribute: str, formula: str, data: dict[str, object]
) -> None:
    shop = setting(club, attribute, formula)
    good = {"amount": 3, "discs": 3, "channel": "a", "weight": 3}
    before = shop.happens("purchase", "2026-01-01", **good).states["ann"].attributes
    (effect,) = shop.happens("purchase", "2026-01-02", **data).effects
    assert (effect["effect"], effect["kind"]) == ("skipped", "set")
    assert effect["reason"].startswith(f"{attribute}: ")
    assert shop.states["ann"].attributes == before != {}


def test_s6_an_attribute_set_to_something_missing_is_missing(club: MakeClub) -> None:
    shop = setting(club, "share", "weight")
    assert shop.happens("purchase", "2026-01-01", weight=2).states["ann"].attributes == {"share": 2}
    assert shop.happens("purchase", "2026-01-02").states["ann"].attributes == {}


def test_tags_are_put_on_and_taken_off(club: MakeClub) -> None:
    shop = setting(club, "tags.heavy", "weight > 2")
    assert shop.happens("purchase", "2026-01-01", weight=3).states["ann"].tags == ("heavy",)
    assert shop.happens("purchase", "2026-01-01", weight=3).states["ann"].tags == ("heavy",)
    assert shop.happens("purchase", "2026-01-02", weight=1).states["ann"].tags == ()


# --- what a decision is -----------------------------------------------------------------------

TWICE = f"""{PURCHASES}
metrics: {{mean: {{average: purchase.weight, over: 30 days}}}}
rules:
  earn: {{on: purchase, when: mean > 0, then: [earn: {{points: weight * 2}}]}}
"""


def test_s10_a_decision_records_what_it_rested_on(club: MakeClub) -> None:
    shop = club(TWICE)
    shop.happens("purchase", "2026-01-01", weight=1).happens("purchase", "2026-01-02", weight=1.5)
    ((decision,),) = (outcome.decisions for outcome in shop.outcomes)
    assert json.loads(decision.facts) == {"mean": "1.25", "weight": "1.5"}
    assert decision.changes == (Accrue("points", 3),)


def test_s10_the_id_of_a_decision_is_a_hash_of_what_it_is(club: MakeClub) -> None:
    def decided(text: str, **data: object) -> str:
        (outcome,) = club(text).happens("purchase", "2026-01-01", **data).outcomes
        return str(outcome.decisions[0].id)

    assert decided(TWICE, weight=1) == decided(TWICE, weight=1, channel="not looked at")
    others = {
        decided(TWICE, weight=2),
        decided(TWICE.replace("weight * 2", "weight * 3"), weight=1),
        decided(TWICE.replace("earn:", "give:", 1), weight=1),
        decided(TWICE.replace("30 days", "31 days"), weight=1),
    }
    assert len({decided(TWICE, weight=1), *others}) == 5


def test_s2_the_step_changes_nothing_that_it_is_given(club: MakeClub) -> None:
    shop = club(TWICE)
    for day in range(1, 10):
        before = shop.states.get("ann", new_state("ann"))
        event = shop.event("purchase", f"2026-01-{day:02}", weight=day)
        text = (
            repr(before.attributes),
            before.tags,
            dict(before.account.balances),
            dict(before.fired),
        )
        first = step(shop.program, before, event)
        assert step(shop.program, before, event) == first
        assert text == (
            repr(before.attributes),
            before.tags,
            dict(before.account.balances),
            dict(before.fired),
        )
        shop.states["ann"], _ = first


def test_s7_no_binary_float_is_in_what_is_decided_or_kept(club: MakeClub) -> None:
    kinds = ("sum", "average", "min", "max", "latest", "first", "distinct")
    shop = club(f"""
customer: {{share: number, paid: money}}
events: {{purchase: {{amount: money, weight: number, items: [{{price: money, kilos: number}}]}}}}
wallets: {{points: {{rounding: half even}}}}
metrics:
{"".join(f"  m{kind}: {{{kind}: purchase.weight, over: 30 days}}{chr(10)}" for kind in kinds)}
{"".join(f"  a{kind}: {{{kind}: purchase.amount}}{chr(10)}" for kind in kinds)}
rules:
  all:
    on: purchase
    when: {" and ".join(f"not missing(m{kind}) and not missing(a{kind})" for kind in kinds)}
    then:
      - earn: {{points: aaverage * 1.1 + sum(line.price for line in items) / 3}}
      - set: {{share: maverage / 7, paid: amount}}
      - emit: {{type: purchase, data: {{weight: weight / 2, amount: amount}}}}
""")
    items = [{"price": 0.1, "kilos": 0.3}, {"price": 0.2, "kilos": 1e-7}]
    for day in ("01", "02", "03"):
        shop.happens("purchase", f"2026-01-{day}", amount=0.1, weight=1.1, items=items)
        assert len(shop.outcomes) > 2
        for outcome in shop.outcomes:
            assert_no_float(outcome)
            for decision in outcome.decisions:
                json.loads(decision.facts, parse_float=refuse)
                json.loads(decision.effects, parse_float=refuse)
    assert_no_float(shop.states)


def refuse(text: str) -> None:
    raise AssertionError(text)


def assert_no_float(thing: object) -> None:
    """Walk everything that `thing` holds."""
    assert not isinstance(thing, float)
    if isinstance(thing, Struct):
        assert_no_float(astuple(thing))
    elif is_dataclass(thing):
        assert_no_float([getattr(thing, one.name) for one in fields(thing)])
    elif isinstance(thing, dict):
        assert_no_float(list(thing.values()))
    elif isinstance(thing, list | tuple):
        for part in thing:
            assert_no_float(part)
