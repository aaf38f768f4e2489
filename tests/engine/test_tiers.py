"""Tier levels: reached, kept, at risk and lost, each at its exact instant."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from loyalcore.engine.cascade import cascade
from loyalcore.engine.handover.activation import activation_event
from loyalcore.engine.state import new_state, pack_state, unpack_state
from loyalcore.values import read_time, to_datetime

MakeClub = Callable[[str], Any]

OSLO = ZoneInfo("Europe/Oslo")

SHOP = """
customer: {staff: flag}
events:
  purchase: {order: id, amount: money, member: flag}
  refund: {order: id, amount: money, reverses: purchase}
  visit: {}
  gift: {}
  join: {staff: flag}
metrics:
  spend: {sum: purchase.amount, over: 365 days}
  spend_year: {sum: purchase.amount, over: this year}
  orders: {count: purchase, over: 90 days}
  lifetime: {sum: purchase.amount}
wallets:
  status: {expires: end of year}
  beans: {}
rules:
  earn: {on: purchase, then: [earn: {status: amount}]}
  staff: {on: join, then: [set: {staff: staff}]}
"""

ROLLING = "by: spend, levels: {member: 0, silver: 100, gold: 500}"


def shop_with(ladder: str, more: str = "") -> str:
    return f"{SHOP}{more}tiers:\n  club: {{{ladder}}}\n"


def moves(shop: Any) -> list[str]:
    """What became of levels, in order, with the day on which it did."""
    told = []
    for outcome in shop.outcomes:
        for decision in outcome.decisions:
            for effect in json.loads(decision.effects):
                match effect:
                    case {"effect": "tier"}:
                        what = f"{effect.get('was', '')} > {effect['level']}, {effect['how']}"
                    case {"effect": "retain"}:
                        what = f"{effect['level']} kept"
                    case {"effect": "at risk"}:
                        what = f"{effect['level']} at risk of {effect['to']}"
                    case _:
                        continue
                until = effect.get("until", "")
                told.append(f"{day(shop, outcome.event.time)}: {what}{until and until_day(until)}")
    return told


def day(shop: Any, time: int) -> str:
    local = to_datetime(time, shop.program.locale.zone)
    return f"{local:%Y-%m-%d}" if local.time() == datetime.min.time() else f"{local:%Y-%m-%dT%H:%M}"


def until_day(text: str) -> str:
    return f" until {datetime.fromisoformat(text).astimezone(OSLO):%Y-%m-%d}"


def level(shop: Any, customer: str = "ann", ladder: str = "club") -> str:
    rank = shop.states[customer].life.tiers.get(ladder)
    return "" if rank is None else str(rank.level)


def just_before(text: str) -> int:
    return read_time(text, OSLO) - 1


# --- reached ----------------------------------------------------------------------------------


def test_a_level_is_reached_by_the_purchase_that_earns_it(club: MakeClub) -> None:
    shop = club(shop_with(ROLLING))
    shop.happens("purchase", "2026-01-05", amount="99.99")
    assert moves(shop) == ["2026-01-05:  > member, qualified"]
    shop.happens("purchase", "2026-01-06", amount="0.01")
    assert moves(shop) == ["2026-01-06: member > silver, qualified"]
    assert json.loads(shop.outcomes[-1].decisions[-1].facts) == {"spend": "100.00"}
    shop.happens("purchase", "2026-01-07", amount=1000)
    assert moves(shop) == ["2026-01-07: silver > gold, qualified"]


def test_without_keep_the_level_is_lost_as_the_window_loses_what_earned_it(club: MakeClub) -> None:
    shop = club(shop_with(ROLLING))
    shop.happens("purchase", "2026-01-05T10:00Z", amount=450)
    shop.happens("purchase", "2026-02-05T10:00Z", amount=50)
    shop.waits(just_before("2027-01-05T10:00Z"))
    assert moves(shop) == []
    shop.waits("2027-01-05T10:00Z")
    assert moves(shop) == ["2027-01-05T11:00: gold > member, dropped"]


def test_a_condition_that_time_makes_true_lifts_by_itself(club: MakeClub) -> None:
    shop = club(shop_with("levels: {busy: 0, quiet: {when: orders == 0}}"))
    shop.happens("purchase", "2026-01-05T10:00Z", amount=1)
    assert level(shop) == "busy"
    shop.waits(just_before("2026-04-05T10:00Z"))
    assert level(shop) == "busy"
    shop.waits("2026-04-05T10:00Z")
    assert moves(shop) == ["2026-04-05T12:00: busy > quiet, qualified"]


@pytest.mark.parametrize(
    ("takes", "reached"),
    [
        ("{all: {spend: 100, orders: 2}}", 2),
        ("{any: {spend: 100, orders: 2}}", 1),
        ("{at_least: 100, when: orders >= 3}", 3),
        ("{at_least: 60, any: {lifetime: 1000, orders: 2}}", 2),
        ("{at_least: lifetime / 2, when: orders >= 2}", 2),
        ("{any: {balance.status: 180}}", 3),
    ],
)
def test_what_is_said_of_a_level_is_joined(club: MakeClub, takes: str, reached: int) -> None:
    shop = club(shop_with(f"by: spend, levels: {{member: 0, gold: {takes}}}"))
    found = []
    for number in range(1, 4):
        shop.happens("purchase", f"2026-01-0{number}", amount=100 if number == 1 else 40)
        found.append(level(shop))
    assert found == ["member"] * (reached - 1) + ["gold"] * (4 - reached)


@pytest.mark.parametrize("keep", ["", ", keep: 12 months"])
def test_a_sum_that_loses_what_was_below_zero_lifts_by_itself(club: MakeClub, keep: str) -> None:
    shop = club(shop_with(f"{ROLLING}{keep}"))
    shop.happens("purchase", "2026-01-05", amount=-100)
    shop.happens("purchase", "2026-01-06", amount=150)
    assert level(shop) == "member"
    shop.waits(just_before("2027-01-05"))
    assert level(shop) == "member"
    shop.waits("2027-01-05")
    assert level(shop) == "silver"


def test_where_the_lowest_level_takes_something_there_may_be_none(club: MakeClub) -> None:
    none = "  none: {on: visit, when: missing(tier.club), then: [earn: {beans: 1}]}\n"
    shop = club(shop_with("by: spend, levels: {silver: 100}", none))
    shop.happens("purchase", "2026-01-05", amount=99).happens("visit", "2026-01-05")
    assert (shop.states["ann"].life.tiers, shop.fired) == ({}, ["none"])
    shop.happens("purchase", "2026-01-06", amount=1)
    assert moves(shop) == ["2026-01-06:  > silver, qualified"]
    shop.waits("2027-01-05")
    assert moves(shop) == ["2027-01-05: silver > , dropped"]
    assert shop.states["ann"].life.tiers == {}


def test_several_ladders_are_climbed_each_on_its_own(club: MakeClub) -> None:
    shop = club(
        f"{SHOP}tiers:\n  club: {{{ROLLING}}}\n"
        "  often: {levels: {no: 0, yes: {all: {orders: 2}}}}"
    )
    shop.happens("purchase", "2026-01-05", amount=600).happens("purchase", "2026-01-06", amount=1)
    assert (level(shop), level(shop, ladder="often")) == ("gold", "yes")
    shop.waits("2026-04-06")
    assert (level(shop), level(shop, ladder="often")) == ("gold", "no")


# --- kept -------------------------------------------------------------------------------------


def test_a_level_is_kept_to_the_microsecond_and_then_earned_again_or_lost(club: MakeClub) -> None:
    shop = club(shop_with(f"{ROLLING}, keep: 12 months"))
    shop.happens("purchase", "2026-03-10T09:00:00+01:00", amount=500)
    assert moves(shop) == ["2026-03-10T09:00:  > gold, qualified until 2027-03-10"]
    shop.waits(just_before("2027-03-10T09:00:00+01:00"))
    assert (moves(shop), level(shop)) == ([], "gold")
    shop.waits("2027-03-10T09:00:00+01:00")
    assert moves(shop) == ["2027-03-10T09:00: gold > silver, dropped until 2028-03-10"]


def test_a_soft_landing_goes_level_by_level_over_years(club: MakeClub) -> None:
    shop = club(shop_with(f"{ROLLING}, keep: end of year after 12 months"))
    shop.happens("purchase", "2026-03-10", amount=500)
    shop.waits("2032-01-01")
    assert moves(shop) == [
        "2028-01-01: gold > silver, dropped until 2029-01-01",
        "2029-01-01: silver > member, dropped",
    ]


def test_who_earns_it_again_keeps_it_again_and_again(club: MakeClub) -> None:
    shop = club(shop_with(f"{ROLLING}, keep: 6 months"))
    for month in ("2026-01", "2026-07", "2027-01"):
        shop.happens("purchase", f"{month}-15", amount=500)
    assert level(shop) == "gold"
    shop.waits("2028-08-01")
    assert moves(shop) == [
        "2027-07-15: gold kept until 2028-01-15",
        "2028-01-15: gold > silver, dropped until 2028-07-15",
        "2028-07-15: silver > member, dropped",
    ]


def test_a_calendar_year_is_judged_as_it_ends(club: MakeClub) -> None:
    year = "by: spend_year, levels: {member: 0, silver: 100, gold: 500}, keep: end of year"
    shop = club(shop_with(year))
    shop.happens("purchase", "2026-03-10", amount=500)
    shop.waits("2027-01-01")
    assert moves(shop) == ["2027-01-01: gold kept until 2028-01-01"]
    shop.happens("purchase", just_before("2028-01-01"), amount="499.99").waits("2028-01-01")
    assert moves(shop) == ["2028-01-01: gold > silver, dropped until 2029-01-01"]
    shop.waits("2029-01-01").happens("purchase", "2029-01-01", amount=500)
    assert moves(shop) == ["2029-01-01: member > gold, qualified until 2030-01-01"]


def test_the_year_ends_at_midnight_in_the_program_s_time_zone(club: MakeClub) -> None:
    shop = club(shop_with("by: spend_year, levels: {member: 0, gold: 500}, keep: end of year"))
    shop.happens("purchase", "2026-12-31T22:59:59Z", amount=500)
    shop.waits("2026-12-31T23:00:00Z")
    assert moves(shop) == ["2027-01-01: gold kept until 2028-01-01"]
    late = club(shop_with("by: spend_year, levels: {member: 0, gold: 500}, keep: end of year"))
    late.happens("purchase", "2026-12-31T23:00:00Z", amount=500)
    assert moves(late) == ["2027-01-01:  > gold, qualified until 2028-01-01"]


def test_points_that_end_with_the_year_count_for_it(club: MakeClub) -> None:
    shop = club(shop_with("by: balance.status, levels: {member: 0, gold: 500}, keep: end of year"))
    shop.happens("purchase", "2026-03-10", amount=500).waits("2027-01-01")
    assert shop.balance("status") == 0
    assert moves(shop) == ["2027-01-01: gold kept until 2028-01-01"]
    shop.waits("2028-01-01")
    assert moves(shop) == ["2028-01-01: gold > member, dropped"]


@pytest.mark.parametrize(
    ("reached", "ends"),
    [
        ("2024-02-29T12:00", ["2025-03-01: gold > silver, dropped until 2026-03-01"]),
        ("2023-02-28", ["2024-02-28: gold > silver, dropped until 2025-02-28"]),
    ],
)
def test_a_year_from_a_leap_day_ends_with_that_february(
    club: MakeClub, reached: str, ends: list[str]
) -> None:
    shop = club(shop_with(f"{ROLLING}, keep: 1 year"))
    shop.happens("purchase", reached, amount=500).waits(ends[0][:10] + "T23:00")
    assert moves(shop) == ends


def test_a_level_may_be_kept_to_the_day_on_which_the_customer_came(club: MakeClub) -> None:
    shop = club(shop_with(f"{ROLLING}, keep: anniversary, drop: by balance"))
    shop.happens("visit", "2024-02-29T15:00").happens("purchase", "2024-06-01", amount=500)
    assert moves(shop)[-1] == "2024-06-01: member > gold, qualified until 2025-02-28"
    shop.waits("2026-03-01")
    assert moves(shop) == [
        "2025-02-28: gold kept until 2026-02-28",
        "2026-02-28: gold > member, dropped",
    ]


def test_a_membership_year_is_judged_as_it_ends(club: MakeClub) -> None:
    text = shop_with("by: mine, levels: {member: 0, gold: 500}, keep: anniversary")
    shop = club(
        text.replace(
            "metrics:", "metrics:\n  mine: {sum: purchase.amount, over: this membership year}"
        )
    )
    shop.happens("visit", "2025-06-15T12:00").happens("purchase", "2025-12-01", amount=500)
    shop.waits("2026-06-15")
    assert moves(shop) == ["2026-06-15: gold kept until 2027-06-15"]
    shop.waits("2027-06-15")
    assert moves(shop) == ["2027-06-15: gold > member, dropped"]


def test_a_level_that_is_never_dropped_stays(club: MakeClub) -> None:
    shop = club(shop_with(f"{ROLLING}, keep: 12 months, drop: never"))
    shop.happens("purchase", "2026-03-10", amount=500).waits("2040-01-01")
    assert (moves(shop), level(shop)) == ([], "gold")
    assert shop.states["ann"].due == shop.states["ann"].account.due
    live = club(shop_with(f"{ROLLING}, drop: never"))
    live.happens("purchase", "2026-03-10", amount=500).waits("2040-01-01")
    assert level(live) == "gold"


def test_by_balance_may_lead_to_none(club: MakeClub) -> None:
    ladder = "by: spend, levels: {silver: 100, gold: 500}, keep: 12 months, drop: by balance"
    shop = club(shop_with(ladder))
    shop.happens("purchase", "2026-03-10", amount=500).waits("2027-03-10")
    assert moves(shop) == ["2027-03-10: gold > , dropped"]
    assert shop.states["ann"].life.tiers == {}


def test_it_may_take_less_to_stay(club: MakeClub) -> None:
    shop = club(
        shop_with(
            "by: spend, levels: {member: 0, gold: {at_least: 500, stay: 50}}, keep: 12 months"
        )
    )
    shop.happens("purchase", "2026-03-10", amount=500).happens("purchase", "2026-08-01", amount=50)
    shop.waits("2028-05-01")
    assert moves(shop) == [
        "2027-03-10: gold kept until 2028-03-10",
        "2028-03-10: gold > member, dropped",
    ]


def test_a_kept_level_outlasts_a_refund_and_a_live_one_does_not(club: MakeClub) -> None:
    by = "by: balance.status, levels: {member: 0, gold: 500}"
    for keep, after in (("", "member"), (", keep: 12 months", "gold")):
        shop = club(shop_with(f"{by}{keep}"))
        shop.happens("purchase", "2026-03-10", order="1", amount=500)
        shop.happens("refund", "2026-03-12", order="1", amount=1)
        assert level(shop) == after


# --- grace and warnings -----------------------------------------------------------------------

GRACE = f"{ROLLING}, keep: 12 months, grace: 1 month"


def test_within_its_grace_a_level_can_be_earned_again(club: MakeClub) -> None:
    shop = club(shop_with(GRACE))
    shop.happens("purchase", "2026-03-10", amount=500).waits("2027-03-10")
    assert moves(shop) == ["2027-03-10: gold at risk of silver until 2027-04-10"]
    shop.waits(just_before("2027-04-10"))
    assert (moves(shop), level(shop)) == ([], "gold")
    shop.happens("purchase", just_before("2027-04-10"), amount=500)
    assert moves(shop) == ["2027-04-09T23:59: gold kept until 2028-04-09"]


def test_after_its_grace_a_level_is_lost(club: MakeClub) -> None:
    shop = club(shop_with(GRACE))
    shop.happens("purchase", "2026-03-10", amount=500)
    shop.happens("purchase", "2027-04-10", amount=500)
    assert moves(shop) == [
        "2027-03-10: gold at risk of silver until 2027-04-10",
        "2027-04-10: gold > silver, dropped until 2028-04-10",
        "2027-04-10: silver > gold, qualified until 2028-04-10",
    ]


def test_a_loss_is_foretold_where_the_level_will_not_be_kept(club: MakeClub) -> None:
    shop = club(shop_with(f"{ROLLING}, keep: 12 months, warn: 30 days"))
    shop.happens("purchase", "2026-03-10", amount=500)
    shop.waits(just_before("2027-02-08"))
    assert moves(shop) == []
    shop.waits("2027-02-08")
    assert moves(shop) == ["2027-02-08: gold at risk of silver until 2027-03-10"]
    shop.waits("2027-03-09")
    assert moves(shop) == []


def test_who_has_earned_it_is_not_warned(club: MakeClub) -> None:
    shop = club(shop_with(f"{ROLLING}, keep: 12 months, warn: 30 days"))
    shop.happens("purchase", "2026-03-10", amount=500).happens("purchase", "2026-09-01", amount=500)
    shop.waits("2027-03-10")
    assert moves(shop) == ["2027-03-10: gold kept until 2028-03-10"]


def test_what_happens_to_levels_is_told_where_rules_want_to_know(club: MakeClub) -> None:
    told = """
  told: {on: [tier_entered, tier_left], then: [earn: {beans: 1}]}
  kept: {on: tier_retained, when: level == 'gold' and until > time, then: [earn: {beans: 10}]}
  risk: {on: tier_at_risk, when: to == 'silver', then: [earn: {beans: 100}]}
  first: {on: tier_entered, when: missing(was) and how == 'qualified', then: [earn: {beans: 1000}]}
"""
    shop = club(shop_with(f"{ROLLING}, keep: 6 months, warn: 10 days", told.replace("\n", "", 1)))
    shop.happens("purchase", "2026-03-10", amount=500)
    assert shop.balance("beans") == 1001
    shop.waits("2026-09-10")
    assert shop.balance("beans") == 1011
    shop.waits("2027-03-09")
    assert shop.balance("beans") == 1111
    shop.waits("2027-03-10")
    assert shop.balance("beans") == 1113
    emitted = [outcome.event for outcome in shop.outcomes if outcome.event.cause]
    assert [(event.type, json.loads(event.text)) for event in emitted] == [
        ("tier_left", {"ladder": "club", "level": "gold", "to": "silver", "how": "dropped"}),
        ("tier_entered", {"ladder": "club", "level": "silver", "was": "gold", "how": "dropped"}),
    ]


def test_levels_that_chase_each_other_come_to_an_end(club: MakeClub) -> None:
    chase = """
  down: {on: tier_entered, when: level == 'gold', then: [spend: {beans: 10}]}
  up: {on: tier_left, when: level == 'gold', then: [earn: {beans: 10}]}
  start: {on: visit, then: [earn: {beans: 10}]}
"""
    shop = club(
        shop_with("by: balance.beans, levels: {member: 0, gold: 10}", chase.replace("\n", "", 1))
    )
    shop.happens("visit", "2026-01-01")
    assert max(outcome.event.depth for outcome in shop.outcomes) == 8
    assert any(effect["effect"] == "skipped" for effect in shop.effects)


# --- reviews ----------------------------------------------------------------------------------


def test_at_review_a_level_is_reached_by_what_the_period_came_to(club: MakeClub) -> None:
    ladder = "by: spend_year, levels: {member: 0, silver: 100, gold: 500}"
    shop = club(shop_with(f"{ladder}, upgrade: at review, review: year, keep: end of year"))
    shop.happens("purchase", "2026-03-10", amount=600)
    assert moves(shop) == ["2026-03-10:  > member, qualified"]
    shop.waits(just_before("2027-01-01"))
    assert (moves(shop), level(shop)) == ([], "member")
    shop.waits("2027-01-01")
    assert moves(shop) == ["2027-01-01: member > gold, review until 2028-01-01"]
    shop.happens("purchase", "2027-05-01", amount=100).waits("2029-01-01")
    assert moves(shop) == [
        "2028-01-01: gold > silver, dropped until 2029-01-01",
        "2029-01-01: silver > member, dropped",
    ]


def test_without_keep_a_review_leads_both_ways(club: MakeClub) -> None:
    ladder = "by: spend_year, levels: {member: 0, silver: 100, gold: 500}"
    shop = club(shop_with(f"{ladder}, upgrade: at review, review: quarter"))
    shop.happens("purchase", "2026-03-10", amount=600).waits("2027-02-01")
    assert moves(shop) == ["2026-04-01: member > gold, review"]
    shop.waits("2027-05-01")
    assert moves(shop) == ["2027-04-01: gold > member, dropped"]


def test_a_membership_year_is_reviewed_on_the_day_on_which_the_customer_came(
    club: MakeClub,
) -> None:
    shop = club(shop_with(f"{ROLLING}, upgrade: at review, review: membership year, keep: 1 year"))
    shop.happens("purchase", "2024-02-29T18:00", amount=600)
    shop.happens("purchase", "2025-02-27T23:59", amount=600)
    assert moves(shop) == []
    shop.waits("2025-02-28")
    assert moves(shop) == ["2025-02-28: member > gold, review until 2026-02-28"]


# --- lifted -----------------------------------------------------------------------------------

LIFTS = """  lift: {on: gift, then: [upgrade: {club: LEVEL}]}
"""


def test_an_effect_lifts_to_a_level_by_invitation_only(club: MakeClub) -> None:
    ladder = (
        "by: spend, keep: 12 months, "
        "levels: {member: 0, gold: 500, black: {invitation: true, at_least: 900}}"
    )
    shop = club(shop_with(ladder, LIFTS.replace("LEVEL", "black")))
    shop.happens("purchase", "2026-01-10", amount=5000)
    assert level(shop) == "gold"
    shop.happens("gift", "2026-02-10")
    assert moves(shop) == ["2026-02-10: gold > black, invited until 2027-02-10"]
    shop.happens("gift", "2026-02-11")
    assert shop.effects == [
        {"effect": "skipped", "kind": "upgrade", "reason": "club: at black already"}
    ]
    shop.happens("purchase", "2027-02-01", amount=900).waits("2029-02-10")
    assert moves(shop) == [
        "2027-02-10: black kept until 2028-02-10",
        "2028-02-10: black > gold, dropped until 2029-02-10",
        "2029-02-10: gold > member, dropped",
    ]


def test_a_challenge_is_a_fast_track(club: MakeClub) -> None:
    offers = """offers:
  challenge:
    open: {on: visit}
    lasts: 60 days
    reach: {count: purchase, at_least: 2}
    then: [upgrade: {club: {level: gold, keep: 90 days}}]
"""
    shop = club(shop_with(f"{ROLLING}, keep: 12 months", offers))
    shop.happens("visit", "2026-01-01")
    shop.happens("purchase", "2026-01-02", amount=1).happens(
        "purchase", "2026-01-03T12:00", amount=1
    )
    assert moves(shop) == ["2026-01-03T12:00: member > gold, upgraded until 2026-04-03"]
    shop.waits("2026-04-04")
    assert moves(shop) == ["2026-04-03T13:00: gold > silver, dropped until 2027-04-03"]


def test_a_level_given_for_a_time_is_held_where_levels_are_not_kept(club: MakeClub) -> None:
    shop = club(shop_with(ROLLING, LIFTS.replace("LEVEL", "{level: gold, keep: 90 days}")))
    shop.happens("gift", "2026-01-01").happens("visit", "2026-02-01")
    assert level(shop) == "gold"
    shop.waits(just_before("2026-04-01T01:00"))
    assert level(shop) == "gold"
    shop.waits("2026-04-01T01:00")
    assert moves(shop) == ["2026-04-01T01:00: gold > member, dropped"]


def test_an_operator_sets_a_level(club: MakeClub) -> None:
    shop = club(shop_with(f"{ROLLING}, keep: 12 months"))
    shop.happens("visit", "2026-01-01")
    shop.happens("set_tier", "2026-02-01", ladder="club", level="gold", note="a friend")
    assert moves(shop) == ["2026-02-01: member > gold, set until 2027-02-01"]
    shop.happens("set_tier", "2026-03-01", ladder="club", level="gold")
    assert moves(shop) == ["2026-03-01: gold kept until 2027-03-01"]
    shop.happens("set_tier", "2026-03-02", ladder="club", level="silver")
    assert moves(shop) == ["2026-03-02: gold > silver, set until 2027-03-02"]


def test_an_operator_takes_a_level_away(club: MakeClub) -> None:
    shop = club(shop_with("by: spend, levels: {silver: 100, gold: 500}, keep: 12 months"))
    shop.happens("visit", "2026-01-01")
    shop.happens("set_tier", "2026-02-01", ladder="club", level="gold")
    shop.happens("set_tier", "2026-03-01", ladder="club", note="a mistake")
    assert moves(shop) == ["2026-03-01: gold > , set"]
    assert shop.states["ann"].life.tiers == {}


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        ({"level": "gold"}, "ladder is missing"),
        ({"ladder": "club"}, "everyone is at member at least"),
        ({"ladder": "top"}, "they have no level"),
        (
            {"ladder": "clubb", "level": "gold"},
            "there is no tier ladder 'clubb' (did you mean 'club'?)",
        ),
        ({"ladder": "club", "level": "glod"}, "club has no level 'glod' (did you mean 'gold'?)"),
        (
            {"ladder": "club", "level": "member"},
            "silver is earned, and would be reached again at once",
        ),
        (
            {"ladder": "live", "level": "gold"},
            "gold is not earned, and live has no keep: it would be lost at once",
        ),
        ({"ladder": "live", "level": "silver"}, "they are at silver already"),
    ],
)
def test_what_an_operator_can_not_set(club: MakeClub, data: dict[str, str], reason: str) -> None:
    shop = club(
        f"{SHOP}tiers:\n  club: {{{ROLLING}, keep: 1 year}}\n  live: {{{ROLLING}}}\n"
        "  top: {by: spend, levels: {gold: 500}}\n"
    )
    shop.happens("purchase", "2026-01-01", amount=100).happens("set_tier", "2026-01-02", **data)
    assert shop.held == {"events.set_tier": reason}
    assert moves(shop) == []


# --- what it brings ---------------------------------------------------------------------------


def test_benefits_of_the_level_count_in_formulas(club: MakeClub) -> None:
    ladder = (
        "by: spend, levels: {member: {benefits: {times: 1, gift: tea}}, silver: 100, "
        "gold: {at_least: 500, benefits: {times: 1.5, lounge: true}}}"
    )
    rules = """  multiplied: {on: purchase, then: [earn: {beans: amount * benefit.club.times}]}
  lounge: {on: visit, when: benefit.club.lounge, then: [earn: {beans: 1000}]}
  tea: {on: visit, when: benefit.club.gift == 'tea' and tier.club == 'gold', then: [send: tea]}
  since: {on: visit, when: tier.club.since < time, then: [send: tea]}
messages: {tea: {text: tea}}
"""
    shop = club(shop_with(ladder, rules))
    shop.happens("purchase", "2026-01-01", amount=500)
    assert shop.balance("beans") == 500  # the rules see the level as it was
    shop.happens("purchase", "2026-01-02", amount=100)
    assert shop.balance("beans") == 650
    shop.happens("visit", "2026-01-03")
    assert shop.fired == ["lounge", "tea", "since"]


# --- a clock that comes late, and another program ---------------------------------------------


def test_what_was_due_long_ago_happens_at_its_own_instants_in_one_step(club: MakeClub) -> None:
    shop = club(shop_with(f"{ROLLING}, keep: 1 month, grace: 10 days, warn: 5 days"))
    shop.happens("purchase", "2024-01-10", amount=500)
    state = shop.states["ann"]
    late = read_time("2026-01-10", OSLO)
    shop.states["ann"] = replace(state, clock=late)
    shop.waits(late)
    assert {one.event.time for one in shop.outcomes} == {late}
    since = shop.states["ann"].life.tiers["club"].since
    assert (level(shop), day(shop, since)) == ("member", "2024-03-30")
    assert shop.states["ann"].life.due is None


def activated(shop: Any, text: str, at: str) -> Any:
    """The same customers under another program, from then on."""
    after = type(shop)(text)
    after.states = shop.states
    event = activation_event(after.program, "ann", read_time(at, OSLO))
    after.outcomes = [*cascade(after.program, after.states, new_state, event, after.shared)]
    return after


def test_another_program_finds_a_place_for_everyone_and_tells_nothing(club: MakeClub) -> None:
    told = "  told: {on: [tier_entered, tier_left], then: [earn: {beans: 1}]}\n"
    shop = club(shop_with(f"{ROLLING}, keep: 12 months"))
    shop.happens("purchase", "2026-01-10", amount=500).happens("visit", "2026-02-01")
    new = f"{ROLLING}, keep: 6 months".replace("500", "600")
    text = shop_with(new, told).replace("  club:", "  other: {by: spend, levels: {x: 1}}\n  club:")
    shop = activated(shop, text, "2026-03-01")
    assert moves(shop) == ["2026-03-01:  > x, activated"]
    assert (level(shop), shop.balance("beans")) == ("gold", 0)
    shop.waits("2027-01-10")
    assert moves(shop) == [
        "2027-01-10: x > , dropped",
        "2027-01-10: gold > silver, dropped until 2027-07-10",
    ]


def test_a_ladder_that_begins_to_keep_keeps_from_then_on(club: MakeClub) -> None:
    shop = club(shop_with(ROLLING)).happens("purchase", "2026-01-10", amount=500)
    shop = activated(shop, shop_with(f"{ROLLING}, keep: 24 months"), "2026-03-01").waits(
        "2028-03-01"
    )
    assert moves(shop) == ["2028-03-01: gold > silver, dropped until 2030-03-01"]


# --- whatever happens -------------------------------------------------------------------------

JANUARY = int(datetime(2026, 1, 1, tzinfo=UTC).timestamp()) * 1_000_000
DAY = timedelta(days=1) // timedelta(microseconds=1)

histories = st.lists(
    st.tuples(st.integers(0, 120), st.sampled_from((0, 40, 60, 100, 500))), min_size=1, max_size=20
)


@given(histories, st.booleans())
def test_moves_are_those_of_a_walk_through_the_history(
    club: MakeClub, history: list[tuple[int, int]], grace: bool
) -> None:
    shop = club(shop_with(f"{ROLLING}, keep: 100 days{', grace: 20 days' if grace else ''}"))
    reach = (0, 100, 500)
    walked: list[tuple[int, str]] = []
    seen: list[tuple[int, str]] = []
    bought: list[tuple[int, int]] = []
    rung, until, ends = -1, 0, 0
    now = JANUARY

    def earned(at: int) -> int:
        spent = sum(amount for time, amount in bought if at - 365 * DAY < time <= at)
        return max(n for n, least in enumerate(reach) if spent >= least)

    def pass_time(to: int) -> None:
        nonlocal rung, until, ends
        while rung > 0 and (due := ends or until) <= to:
            if earned(due) >= rung:
                until = due + 100 * DAY
                walked.append((due, "retain"))
            elif grace and not ends:
                ends = due + 20 * DAY
                walked.append((due, "at risk"))
            else:
                rung, until, ends = rung - 1, due + 100 * DAY, 0
                walked.append((due, f"tier {rung}"))

    def look(outcomes: list[Any]) -> None:
        for outcome in outcomes:
            for decision in outcome.decisions:
                if decision.rule == "tiers.club":
                    (effect,) = json.loads(decision.effects)
                    level = ("member", "silver", "gold").index(effect["level"])
                    what = f"tier {level}" if effect["effect"] == "tier" else effect["effect"]
                    seen.append((outcome.event.time, what))

    for days, amount in [*history, (1000, 0)]:
        now += days * DAY
        shop.waits(now)
        look(shop.outcomes)
        shop.outcomes = []
        shop.happens("purchase", now, amount=amount)
        look(shop.outcomes)
        pass_time(now)
        bought.append((now, amount))
        if (best := earned(now)) > rung:
            rung, until, ends = best, now + 100 * DAY, 0
            walked.append((now, f"tier {best}"))
        elif ends and best >= rung:
            until, ends = now + 100 * DAY, 0
            walked.append((now, "retain"))
        state = shop.states["ann"]
        assert state.due is None or state.due > now
        assert unpack_state(shop.program, pack_state(shop.program, state), lambda: ()) == state
    assert seen == walked
