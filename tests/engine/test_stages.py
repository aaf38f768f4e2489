"""Stages: entered and left by events and by time, each at its exact moment, with the reasons."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loyalcore.engine.state import pack_state, unpack_state
from loyalcore.values import read_time, write_time

MakeClub = Callable[[str], Any]

CLUB = """
customer: {vip: flag}
events:
  enquiry: {}
  purchase: {amount: money, how: text}
  agreed: {}
  ended: {}
wallets: {beans: {}}
metrics:
  orders: {count: purchase}
  recent: {count: purchase, over: 90 days}
"""
LADDER = f"""{CLUB}
stages:
  prospect: {{}}
  customer: {{enter: orders >= 1}}
  client: {{enter: recent >= 2}}
  partner:
    enter: {{from: [prospect, customer, client, former], on: agreed}}
    leave: {{to: client, on: ended}}
  former:
    enter: {{from: [customer, client], when: recent == 0}}
    leave: {{to: customer, when: recent >= 1}}
"""


def stage(shop: Any, customer: str = "ann") -> str:
    stay = shop.states[customer].life.stage
    return "" if stay is None else str(stay.stage)


def moved(shop: Any) -> list[tuple[str, str, str]]:
    """What happened to stages last: from where, to where, by which way."""
    return [
        (str(effect.get("was", "")), str(effect["stage"]), str(effect.get("way", "")))
        for effect in shop.effects
        if effect["effect"] == "stage"
    ]


# --- where one begins, and where events lead ----------------------------------------------------


def test_the_first_event_begins_with_the_first_stage(club: MakeClub) -> None:
    shop = club(LADDER).happens("enquiry", "2026-01-01T10:00")
    assert shop.fired == ["stages.prospect"]
    assert moved(shop) == [("", "prospect", "")]
    assert write_time(shop.states["ann"].life.stage.since) == "2026-01-01T09:00:00Z"
    assert shop.happens("enquiry", "2026-01-02").fired == []


def test_a_first_purchase_begins_and_leads_on_in_one_step(club: MakeClub) -> None:
    shop = club(LADDER).happens("purchase", "2026-01-01")
    assert moved(shop) == [("", "prospect", ""), ("prospect", "customer", "when orders >= 1")]
    assert shop.fired == ["stages.prospect", "stages.customer"]


def test_a_decision_has_the_figures_that_it_rests_on(club: MakeClub) -> None:
    shop = club(LADDER).happens("purchase", "2026-01-01").happens("purchase", "2026-01-02")
    (outcome,) = shop.outcomes
    (decision,) = outcome.decisions
    assert decision.rule == "stages.client"
    assert json.loads(decision.facts) == {"recent": 2}
    assert json.loads(decision.effects) == [
        {"effect": "stage", "stage": "client", "was": "customer", "way": "when recent >= 2"}
    ]


def test_the_furthest_stage_is_tried_first(club: MakeClub) -> None:
    shop = club(f"{CLUB}stages: {{a: {{}}, b: {{enter: orders > 0}}, c: {{enter: orders > 0}}}}")
    assert moved(shop.happens("purchase", "2026-01-01")) == [
        ("", "a", ""),
        ("a", "c", "when orders > 0"),
    ]


def test_ways_out_come_before_ways_in_as_they_are_written(club: MakeClub) -> None:
    shop = club(
        f"""{CLUB}
stages:
  a: {{leave: [{{to: c, when: orders > 1}}, {{to: b, when: orders > 0}}]}}
  b: {{}}
  c: {{}}
  d: {{enter: orders > 0}}
"""
    )
    shop.happens("purchase", "2026-01-01")
    # From b, the way into d leads on.
    assert moved(shop)[1:] == [("a", "b", "when orders > 0"), ("b", "d", "when orders > 0")]


def test_one_step_leads_through_several_stages_but_into_none_twice(club: MakeClub) -> None:
    shop = club(
        f"""{CLUB}
stages:
  a: {{}}
  b: {{enter: {{from: a, when: orders > 0}}}}
  c: {{enter: {{from: b, when: orders > 0}}, leave: {{to: a, when: orders > 0}}}}
"""
    )
    shop.happens("purchase", "2026-01-01")
    assert [to for _, to, _ in moved(shop)] == ["a", "b", "c"]
    shop.happens("enquiry", "2026-01-02")  # round once more, and no further
    assert [to for _, to, _ in moved(shop)] == ["a", "b"]


def test_several_routes_lead_into_a_stage(club: MakeClub) -> None:
    ruleset = f"""{CLUB}
stages:
  prospect: {{}}
  customer: {{enter: [orders >= 1, {{on: agreed}}]}}
"""
    bought = club(ruleset).happens("enquiry", "2026-01-01").happens("purchase", "2026-01-02")
    assert moved(bought) == [("prospect", "customer", "when orders >= 1")]
    agreed = club(ruleset).happens("enquiry", "2026-01-01").happens("agreed", "2026-01-02")
    assert moved(agreed) == [("prospect", "customer", "on agreed")]


def test_a_way_back_is_only_there_where_it_is_written(club: MakeClub) -> None:
    shop = club(LADDER).happens("purchase", "2026-01-01").happens("agreed", "2026-01-02")
    assert stage(shop) == "partner"
    shop.happens("purchase", "2026-01-03")  # makes a client, were they not beyond
    assert stage(shop) == "partner"
    assert moved(shop.happens("ended", "2026-01-04")) == [("partner", "client", "on ended")]


# --- at events --------------------------------------------------------------------------------


def test_an_event_leads_one_step_by_the_ways_that_are_on_it(club: MakeClub) -> None:
    shop = club(
        f"""{CLUB}
stages:
  prospect: {{}}
  customer: {{enter: {{from: prospect, on: purchase}}}}
  client: {{enter: {{from: customer, on: purchase}}}}
"""
    )
    for day, expected in enumerate(("customer", "client"), 1):
        assert stage(shop.happens("purchase", f"2026-01-0{day}")) == expected


def test_at_an_event_its_fields_decide_and_the_customer_as_it_found_them(club: MakeClub) -> None:
    shop = club(
        f"""{CLUB}
stages:
  a: {{}}
  b: {{enter: {{on: purchase, when: amount >= 10 and how == 'web' and balance.beans == 0}}}}
  c: {{enter: {{from: b, when: balance.beans == 5}}}}
rules: {{gift: {{on: purchase, then: [earn: {{beans: 5}}]}}}}
"""
    )
    shop.happens("purchase", "2026-01-01", amount=10, how="web")
    # The balance was 0 before the event, which is asked at it, and is 5 after it.
    assert [to for _, to, _ in moved(shop)] == ["a", "b", "c"]
    (decision,) = (d for d in shop.outcomes[0].decisions if d.rule == "stages.b")
    assert json.loads(decision.facts) == {"amount": "10.00", "balance.beans": 0, "how": "web"}


def test_conditions_are_asked_of_the_customer_as_the_step_leaves_them(club: MakeClub) -> None:
    shop = club(
        f"""{CLUB}
stages: {{a: {{}}, b: {{enter: customer.vip}}}}
rules: {{vip: {{on: agreed, then: [set: {{vip: true}}]}}}}
"""
    )
    assert stage(shop.happens("enquiry", "2026-01-01")) == "a"
    assert shop.happens("agreed", "2026-01-02").fired == ["vip", "stages.b"]


def test_a_stage_may_be_asked_for_and_since_when(club: MakeClub) -> None:
    shop = club(
        f"""{CLUB}  last: {{latest: purchase, of: time}}
stages:
  a: {{}}
  b: {{enter: {{from: a, when: orders > 0}}}}
  c: {{enter: {{from: b, when: last > stage.since}}}}
rules:
  before: {{on: purchase, when: stage == 'a', then: [earn: {{beans: 1}}]}}
  after: {{on: purchase, when: stage == 'b', then: [earn: {{beans: 1}}]}}
"""
    )
    shop.happens("purchase", "2026-01-01")
    assert shop.fired == ["before", "stages.a", "stages.b"]  # not c: since is this very moment
    assert shop.happens("purchase", "2026-01-02").fired == ["after", "stages.c"]


def test_an_unknown_condition_leads_nowhere(club: MakeClub) -> None:
    shop = club(f"{CLUB}stages: {{a: {{}}, b: {{enter: not customer.vip}}}}")
    assert stage(shop.happens("enquiry", "2026-01-01")) == "a"


# --- time -------------------------------------------------------------------------------------


def test_time_makes_a_condition_true_at_its_exact_instant(club: MakeClub) -> None:
    shop = club(LADDER).happens("purchase", "2026-01-01T10:00+00:00")
    assert shop.waits("2026-04-01T09:59:59.999999+00:00").outcomes == []
    shop.waits("2026-04-01T10:00+00:00")  # 90 days later: the window is (t - 90 days, t]
    assert moved(shop) == [("customer", "former", "when recent == 0")]
    assert write_time(shop.states["ann"].life.stage.since) == "2026-04-01T10:00:00Z"
    assert shop.waits("2030-01-01").outcomes == []
    # Back by a purchase: one of those within 90 days, though the second of all.
    assert moved(shop.happens("purchase", "2030-01-01")) == [
        ("former", "customer", "when recent >= 1")
    ]


def test_two_windows_one_after_the_other(club: MakeClub) -> None:
    shop = club(
        f"""{CLUB}  half: {{count: purchase, over: 45 days}}
stages:
  a: {{}}
  b: {{enter: half == 1}}
  sleepy: {{enter: {{from: b, when: half == 0}}}}
  former: {{enter: {{from: sleepy, when: recent == 0}}}}
"""
    )
    shop.happens("purchase", "2026-01-01T00:00+00:00")
    shop.waits("2026-12-31")
    assert [
        (write_time(outcome.event.time), decision.rule)
        for outcome in shop.outcomes
        for decision in outcome.decisions
    ] == [
        ("2026-02-15T00:00:00Z", "stages.sleepy"),
        ("2026-04-01T00:00:00Z", "stages.former"),
    ]


DWELL = f"""{CLUB}
stages:
  prospect: {{dwell: LENGTH}}
  customer: {{enter: orders >= 1}}
"""


@pytest.mark.parametrize(
    ("length", "until"),
    [
        ("30 days", "2026-02-09T10:00:00+01:00"),
        ("1 month", "2026-02-10T10:00:00+01:00"),
        ("3 months", "2026-04-10T10:00:00+02:00"),  # the clock is another then
    ],
)
def test_nobody_leaves_before_they_have_stayed_long_enough(
    club: MakeClub, length: str, until: str
) -> None:
    ruleset = DWELL.replace("LENGTH", length)
    end = read_time(until, ZoneInfo("UTC"))
    shop = club(ruleset).happens("purchase", "2026-01-10T10:00+01:00")
    assert stage(shop) == "prospect"
    assert shop.waits(end - 1).outcomes == []
    assert moved(shop.waits(end)) == [("prospect", "customer", "when orders >= 1")]
    early = club(ruleset).happens("enquiry", "2026-01-10T10:00+01:00").happens("purchase", end - 1)
    assert stage(early) == "prospect"
    assert stage(early.waits(end)) == "customer"
    late = club(ruleset).happens("enquiry", "2026-01-10T10:00+01:00").happens("purchase", end)
    assert stage(late) == "customer"


def test_an_event_that_came_too_early_is_not_made_up_for(club: MakeClub) -> None:
    shop = club(
        f"""{CLUB}
stages:
  a: {{dwell: 10 days}}
  b: {{enter: {{on: agreed}}}}
"""
    )
    shop.happens("agreed", "2026-01-01")
    assert shop.waits("2026-12-31").outcomes == []  # nothing is watched, so nothing is due
    assert stage(shop.happens("agreed", "2027-01-01")) == "b"


def test_dwelling_stops_the_way_through_several_stages(club: MakeClub) -> None:
    shop = club(
        f"""{CLUB}
stages:
  a: {{}}
  b: {{enter: {{from: a, when: orders > 0}}, dwell: 5 days}}
  c: {{enter: {{from: b, when: orders > 0}}}}
"""
    )
    assert stage(shop.happens("purchase", "2026-01-01")) == "b"
    assert stage(shop.waits("2026-01-05T23:59:59.999999")) == "b"
    assert stage(shop.waits("2026-01-06")) == "c"


def test_a_condition_that_holds_only_while_they_must_stay_leads_nowhere(club: MakeClub) -> None:
    shop = club(
        f"""{CLUB}
stages:
  a: {{dwell: 100 days}}
  b: {{enter: recent == 1}}
"""
    )
    shop.happens("purchase", "2026-01-01")
    assert moved(shop.waits("2026-12-31")) == []
    assert stage(shop) == "a"


# --- what is told -----------------------------------------------------------------------------

TOLD = f"""{CLUB}
stages:
  prospect: {{}}
  customer: {{enter: orders >= 1}}
rules:
  left:
    on: stage_left
    when: left == 'prospect' and to == 'customer' and stage == 'customer'
    then: [earn: {{beans: 1}}]
  first: {{on: stage_entered, when: missing(was), then: [earn: {{beans: 10}}]}}
  entered:
    on: stage_entered
    when: entered == 'customer' and was == 'prospect' and stage == 'customer'
    then: [earn: {{beans: 100}}]
"""


def test_that_a_stage_was_left_and_one_entered_is_told_in_this_order(club: MakeClub) -> None:
    shop = club(TOLD).happens("enquiry", "2026-01-01")
    assert shop.fired == ["stages.prospect", "first"]
    shop.happens("purchase", "2026-01-02")
    assert shop.fired == ["stages.customer", "left", "entered"]
    assert [outcome.event.type for outcome in shop.outcomes] == [
        "purchase",
        "stage_left",
        "stage_entered",
    ]
    assert shop.balance("beans") == 111


def test_what_nothing_is_on_is_not_told(club: MakeClub) -> None:
    shop = club(LADDER).happens("purchase", "2026-01-01")
    assert [outcome.event.type for outcome in shop.outcomes] == ["purchase"]


def test_a_way_may_be_on_what_the_program_itself_brings(club: MakeClub) -> None:
    shop = club(
        f"""{CLUB}
triggers: {{silent: {{silence: purchase, for: 30 days}}}}
stages: {{a: {{}}, b: {{enter: {{on: silent}}}}}}
"""
    )
    shop.happens("purchase", "2026-01-01")
    assert moved(shop.waits("2026-01-31")) == [("a", "b", "on silent")]


# --- by hand ----------------------------------------------------------------------------------


def test_an_operator_sets_a_stage_however_short_they_were_there(club: MakeClub) -> None:
    shop = club(DWELL.replace("LENGTH", "30 days")).happens("enquiry", "2026-01-01")
    shop.happens("set_stage", "2026-01-02", to="customer", note="met at the fair")
    assert shop.fired == ["events.set_stage"]
    assert moved(shop) == [("prospect", "customer", "on set_stage")]
    (decision,) = shop.outcomes[0].decisions
    assert json.loads(decision.facts) == {"to": "customer", "note": "met at the fair"}
    assert stage(shop) == "customer"


def test_what_an_operator_sets_stands_until_more_happens(club: MakeClub) -> None:
    shop = club(LADDER).happens("purchase", "2026-01-01")
    shop.happens("set_stage", "2026-01-02", to="prospect", note="a mistake")
    assert stage(shop) == "prospect"
    assert stage(shop.happens("enquiry", "2026-01-03")) == "customer"


def test_what_is_told_of_a_stage_that_was_set_is_not_more(club: MakeClub) -> None:
    """A rule on it is no reason to take it back."""
    on = "{on: [stage_entered, stage_left], then: [set: {tags.told: true}]}"
    shop = club(f"{LADDER}rules: {{note: {on}}}\n").happens("purchase", "2026-01-01")
    assert stage(shop) == "customer"
    shop.happens("set_stage", "2026-01-02", to="prospect", note="a mistake")
    assert shop.fired == ["events.set_stage", "note", "note"]
    assert stage(shop) == "prospect"
    shop.happens("enquiry", "2026-01-03")
    assert stage(shop) == "customer"


def test_a_new_customer_may_be_set(club: MakeClub) -> None:
    shop = club(LADDER).happens("set_stage", "2026-01-01", to="partner", note="an old friend")
    assert moved(shop) == [("", "partner", "on set_stage")]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        ({"to": "custmer"}, "there is no stage 'custmer' (did you mean 'customer'?)"),
        ({"to": "prospect"}, "the customer is in 'prospect' already"),
        ({"note": "?"}, "to is missing"),
    ],
)
def test_what_can_not_be_set_is_held_back(
    club: MakeClub, data: dict[str, str], reason: str
) -> None:
    shop = club(LADDER).happens("enquiry", "2026-01-01").happens("set_stage", "2026-01-02", **data)
    assert shop.held["events.set_stage"] == reason
    assert stage(shop) == "prospect"


def test_without_stages_there_is_none_to_set(club: MakeClub) -> None:
    shop = club(CLUB).happens("set_stage", "2026-01-01", to="customer")
    assert shop.held == {"events.set_stage": "the program has no stages"}


# --- late, merged, stored ----------------------------------------------------------------------


def test_s3_a_late_event_leads_on_at_the_clock(club: MakeClub) -> None:
    shop = club(LADDER).happens("enquiry", "2026-01-10")
    shop.happens("purchase", "2026-01-05T10:00+00:00")
    assert stage(shop) == "customer"
    assert write_time(shop.states["ann"].life.stage.since) == "2026-01-09T23:00:00Z"
    # It counts at its own time: 90 days from then on.
    assert moved(shop.waits("2026-04-05T09:59+00:00")) == []
    assert moved(shop.waits("2026-04-05T10:00+00:00")) == [
        ("customer", "former", "when recent == 0")
    ]


def test_who_is_merged_into_another_has_no_stage_any_more(club: MakeClub) -> None:
    merging = LADDER.replace("  agreed: {}", "  agreed: {}\n  merge: {into: id, merges: into}")
    shop = club(merging).happens("purchase", "2026-01-01", "bob")
    shop.happens("enquiry", "2026-01-02").happens("merge", "2026-01-03", "bob", into="ann")
    assert stage(shop, "bob") == ""
    assert stage(shop) == "prospect"


events = st.lists(
    st.tuples(
        st.sampled_from(["enquiry", "purchase", "agreed", "ended"]),
        st.integers(0, 60 * 24 * 60),
    ),
    max_size=12,
)


@given(events)
def test_s2_stages_come_out_the_same_from_the_store_after_each_step(
    club: MakeClub, happened: list[tuple[str, int]]
) -> None:
    start = read_time("2026-01-01", ZoneInfo("UTC"))
    rules = """
rules:
  told: {on: [stage_entered, stage_left], then: [earn: {beans: 1}]}
"""
    through, stored = club(LADDER + rules), club(LADDER + rules)
    time = start
    told: list[list[tuple[str, str]]] = []
    for shop in (through, stored):
        time, seen = start, []
        for type_, minutes in happened:
            time += minutes * 60_000_000
            shop.happens(type_, time)
            seen += [(one.rule, one.effects) for o in shop.outcomes for one in o.decisions]
            if shop is stored:
                for customer, state in shop.states.items():
                    packed = pack_state(shop.program, state)
                    shop.states[customer] = unpack_state(shop.program, packed, lambda: ())
        shop.waits(time + 400 * 86_400_000_000)
        seen += [(one.rule, one.effects) for o in shop.outcomes for one in o.decisions]
        told.append(seen)
    assert told[0] == told[1]
    assert through.states == stored.states
    if any(type_ == "purchase" for type_, _ in happened) and stage(through) != "partner":
        assert stage(through) == "former"


# --- another program --------------------------------------------------------------------------

FOLLOWED = f"""{LADDER.replace("prospect: {}", "prospect: {dwell: 1 year}")}
rules: {{told: {{on: [stage_entered, stage_left], then: [earn: {{beans: 1}}]}}}}
"""


def test_s15_who_has_no_stage_is_put_where_the_ways_lead_and_nobody_is_told(
    club: MakeClub,
) -> None:
    before, after = club(CLUB), club(FOLLOWED)
    before.happens("purchase", "2026-01-01").happens("purchase", "2026-01-02")
    after.states = before.states
    after.happens("program_activated", "2026-02-01")
    (outcome,) = after.outcomes
    assert moved(after) == [("", "client", "when recent >= 2")]
    assert json.loads(outcome.decisions[0].facts) == {"recent": 2}
    assert outcome.emitted == ()
    assert after.balance("beans") == 0
    # From then on all is as always: 90 days after the last purchase.
    assert moved(after.waits("2026-04-30")) == [("client", "former", "when recent == 0")]
    assert after.balance("beans") == 2


def test_s15_who_is_in_a_stage_stays_there_until_more_happens(club: MakeClub) -> None:
    before = club(LADDER.replace("recent >= 2", "recent >= 5"))
    before.happens("purchase", "2026-01-01").happens("purchase", "2026-01-02")
    after = club(LADDER)
    after.states = before.states
    assert moved(after.happens("program_activated", "2026-02-01")) == []
    assert stage(after) == "customer"
    assert stage(after.happens("enquiry", "2026-02-02")) == "client"


def test_a_stage_that_is_gone_is_read_as_the_first(club: MakeClub) -> None:
    before = club(LADDER).happens("agreed", "2026-01-01")
    after = club(f"{CLUB}stages: {{a: {{}}, b: {{enter: {{from: a, when: orders > 0}}}}}}")
    after.states = before.states
    after.happens("purchase", "2026-01-02")
    assert moved(after) == [("partner", "a", ""), ("a", "b", "when orders > 0")]


def test_a_level_leads_to_a_stage_and_its_loss_back_in_the_same_step(club: MakeClub) -> None:
    shop = club(
        f"""{CLUB}
tiers: {{club: {{by: recent, levels: {{silver: 1, gold: 2}}}}}}
stages:
  a: {{}}
  b: {{enter: tier.club == 'gold', leave: {{to: a, when: "tier.club == 'silver'"}}}}
"""
    )
    assert stage(shop.happens("purchase", "2026-01-01")) == "a"
    assert shop.happens("purchase", "2026-01-02").fired == ["tiers.club", "stages.b"]
    assert shop.waits("2026-04-01T23:59:59.999999").fired[-2:] == ["tiers.club", "stages.a"]
