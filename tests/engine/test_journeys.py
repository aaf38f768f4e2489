"""Journeys: entered, gone through and ended, each at its exact instant."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loyalcore.engine.cascade import cascade
from loyalcore.engine.handover.activation import activation_event
from loyalcore.engine.state import new_state, pack_state, unpack_state
from loyalcore.program.plan import Program
from loyalcore.values import read_time, to_datetime

MakeClub = Callable[[str], Any]

OSLO = ZoneInfo("Europe/Oslo")

SHOP = """
customer: {consent: {email: flag}, vip: flag}
events:
  sign_up: {name: text, order: id}
  purchase: {amount: money}
  survey: {score: integer}
  opt_out: {}
  complaint: {}
  moved: {}
  visit: {}
  join: {other: id, merges: other}
metrics:
  orders: {count: purchase}
  visits_week: {count: visit, over: 7 days}
  spend: {sum: purchase.amount, over: 90 days}
  spend_before: {sum: purchase.amount, over: 90 days, ending: 90 days ago}
wallets:
  beans: {price: 0.01}
messages:
  hello: {text: "Hello {{ entry.name }}"}
  tips: {text: tips}
  more: {text: more}
  sorry: {text: sorry}
"""


def journey(steps: str, more: str = "", enter: str = "sign_up") -> str:
    return f"{SHOP}journeys:\n  series: {{enter: {enter}, {more} steps: [{steps}]}}\n"


def win_back(more: str = "", steps: str = "now: {send: tips}, after 14 days: {send: more}") -> str:
    listed = ", ".join(f"{{{step}}}" for step in steps.split(", "))
    return (
        f"{SHOP}win_back:\n  lost:\n    silent: {{event: purchase, for: 90 days}}\n"
        f"    steps: [{listed}]\n    until: purchase\n{more}"
    )


def told(shop: Any) -> list[str]:
    """What journeys did, in order, with when they did: what was held back in brackets."""
    found = []
    for outcome in shop.outcomes:
        local = to_datetime(outcome.event.time, shop.program.locale.zone)
        at = f"{local:%Y-%m-%d}" if not (local.hour or local.minute) else f"{local:%Y-%m-%dT%H:%M}"
        for decision in outcome.decisions:
            if not decision.rule.startswith(("journeys.", "win_back.")):
                continue
            if decision.reason:
                found.append(f"{at} [{decision.reason}]")
            for effect in json.loads(decision.effects):
                match effect:
                    case {"effect": "enter"}:
                        found.append(f"{at} in{' held out' if effect.get('held_out') else ''}")
                    case {"effect": "send"}:
                        found.append(f"{at} {effect['message']}")
                    case {"effect": "end"}:
                        found.append(f"{at} {effect['outcome']}")
    return found


def just_before(text: str) -> int:
    return read_time(text, OSLO) - 1


# --- entered, and step by step ----------------------------------------------------------------


def test_steps_count_from_the_entry_and_come_to_the_microsecond(club: MakeClub) -> None:
    shop = club(journey("{now: {send: hello}}, {after 3 days: {send: tips}}"))
    shop.happens("sign_up", "2026-01-01T12:00", name="Ann")
    assert told(shop) == ["2026-01-01T12:00 in", "2026-01-01T12:00 hello"]
    assert shop.effects[-1]["values"] == {"entry.name": "Ann"}
    shop.waits(just_before("2026-01-04T12:00"))
    assert told(shop) == []
    shop.waits("2026-01-04T12:00")
    assert told(shop) == ["2026-01-04T12:00 tips", "2026-01-04T12:00 completed"]
    assert shop.states["ann"].life.journeys == ()


def test_a_step_may_wait_for_an_hour_of_the_day(club: MakeClub) -> None:
    shop = club(journey("{after 3 days at 09:00: {send: tips}}"))
    shop.happens("sign_up", "2026-01-01T12:00")
    shop.waits("2026-02-01")
    assert told(shop)[0] == "2026-01-05T09:00 tips"


def test_a_step_chooses_by_what_holds_then(club: MakeClub) -> None:
    step = "{after 3 days: {do: {send: tips}, when: orders == 0, else: {send: more}}}"
    shop = club(journey(step))
    shop.happens("sign_up", "2026-01-01").happens("sign_up", "2026-01-01", "bob")
    shop.happens("purchase", "2026-01-02", "bob", amount=1)
    shop.waits("2026-01-04")
    assert [line for line in told(shop) if "completed" not in line] == [
        "2026-01-04 tips",
        "2026-01-04 more",
    ]


def test_a_step_without_else_says_why_it_does_nothing(club: MakeClub) -> None:
    shop = club(journey("{after 3 days: {do: {send: tips}, when: orders > 0}}"))
    shop.happens("sign_up", "2026-01-01").waits("2026-01-04")
    assert told(shop) == ["2026-01-04 [when: orders > 0]", "2026-01-04 completed"]


def test_a_step_that_waits_for_an_event_reads_it(club: MakeClub) -> None:
    step = "{on survey: {do: {send: sorry}, when: score < 5, within: 7 days, else: {send: more}}}"
    shop = club(journey(f"{step}, {{after 1 day: {{send: tips}}}}"))
    shop.happens("sign_up", "2026-01-01").happens("survey", "2026-01-02", score=5)
    assert told(shop) == []
    shop.happens("survey", "2026-01-03", score=4)
    assert told(shop) == ["2026-01-03 sorry"]
    shop.waits("2026-01-04")  # a day after that, no more after the entry
    assert told(shop) == ["2026-01-04 tips", "2026-01-04 completed"]


@pytest.mark.parametrize(
    ("answered", "sent"),
    [("2026-01-07T23:59:59", "sorry"), ("2026-01-08", "more"), ("2026-01-09", "more")],
)
def test_waiting_is_over_at_the_end_of_its_time(club: MakeClub, answered: str, sent: str) -> None:
    shop = club(journey("{on survey: {do: {send: sorry}, within: 7 days, else: {send: more}}}"))
    shop.happens("sign_up", "2026-01-01")
    shop.waits(answered)
    outcomes = shop.outcomes
    shop.happens("survey", answered, score=1)
    shop.outcomes = [*outcomes, *shop.outcomes]
    assert [line.split()[1] for line in told(shop)] == [sent, "completed"]


def test_a_step_waits_until_figures_hold(club: MakeClub) -> None:
    shop = club(journey("{once orders >= 2: {send: tips}}, {once visits_week == 0: {send: more}}"))
    shop.happens("sign_up", "2026-01-01").happens("visit", "2026-01-01")
    shop.happens("purchase", "2026-01-01T08:00", amount=1)
    assert told(shop) == []
    shop.happens("purchase", "2026-01-02", amount=1)
    assert told(shop) == ["2026-01-02 tips"]
    shop.waits(just_before("2026-01-08"))
    assert told(shop) == []
    shop.waits("2026-01-08")  # as the visit falls out of its window
    assert told(shop) == ["2026-01-08 more", "2026-01-08 completed"]


# --- ended at once ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("event", "outcome"), [("purchase", "reached"), ("opt_out", "refused"), ("complaint", "upset")]
)
def test_an_event_ends_it_before_a_step_that_waits_for_the_same(
    club: MakeClub, event: str, outcome: str
) -> None:
    ends = "until: purchase, stops: {refused: opt_out, upset: complaint},"
    shop = club(journey(f"{{on {event}: {{send: tips}}}}", ends))
    shop.happens("sign_up", "2026-01-01").happens(event, "2026-01-02")
    assert told(shop) == [f"2026-01-02 {outcome}"]
    shop.waits("2027-01-01")
    assert told(shop) == []


def test_a_step_due_at_the_instant_of_the_stop_comes_first_and_a_later_one_never(
    club: MakeClub,
) -> None:
    text = journey("{after 1 day: {send: tips}}, {after 2 days: {send: more}}", "until: purchase,")
    shop = club(text)
    shop.happens("sign_up", "2026-01-01").waits(just_before("2026-01-02"))
    assert told(shop) == []
    shop.happens("purchase", "2026-01-02", amount=1)
    assert told(shop) == ["2026-01-02 tips", "2026-01-02 reached"]
    shop = club(text)
    shop.happens("sign_up", "2026-01-01").waits("2026-01-02")
    assert told(shop) == ["2026-01-02 tips"]
    shop.happens("purchase", just_before("2026-01-03"), amount=1)
    assert [line.split()[1] for line in told(shop)] == ["reached"]
    shop.waits("2026-02-01")
    assert told(shop) == []


def test_a_condition_ends_it_as_soon_as_it_holds(club: MakeClub) -> None:
    text = journey("{after 10 days: {send: tips}}", "stop: visits_week == 0,")
    shop = club(text)
    shop.happens("visit", "2026-01-01").happens("sign_up", "2026-01-02")
    shop.waits(just_before("2026-01-08"))
    assert told(shop) == []
    shop.waits("2026-01-08")
    assert told(shop) == ["2026-01-08 stopped"]
    shop.happens("sign_up", "2026-01-09", "bob")
    assert shop.held == {"journeys.series": "stop: visits_week == 0"}


# --- again ------------------------------------------------------------------------------------


def test_nobody_is_in_it_twice_and_most_enter_once(club: MakeClub) -> None:
    shop = club(journey("{after 1 day: {send: tips}}"))
    shop.happens("sign_up", "2026-01-01").happens("sign_up", "2026-01-01T08:00")
    assert shop.held == {"journeys.series": "in it already"}
    shop.happens("sign_up", "2026-01-05")
    assert shop.held == {"journeys.series": "again: it was entered before"}


def test_cool_off_counts_from_the_end_to_the_microsecond(club: MakeClub) -> None:
    shop = club(journey("{after 1 day: {send: tips}}", "again: true, cool_off: 10 days,"))
    shop.happens("sign_up", "2026-01-01")
    shop.happens("sign_up", just_before("2026-01-12"))
    assert shop.held == {"journeys.series": "cool off: until 2026-01-11T23:00:00Z"}
    shop.happens("sign_up", "2026-01-12")
    assert told(shop) == ["2026-01-12 in"]
    assert shop.states["ann"].life.journeys[0].number == 2


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ("who: consent.email,", "who: consent.email"),
        ("budget: {customers: 1},", "budget: 1"),
        ("limit: 1 per year,", "limit: 1 per year"),
    ],
)
def test_what_holds_rules_back_holds_entries_back(club: MakeClub, more: str, reason: str) -> None:
    shop = club(journey("{now: {earn: {beans: 5}}}", more))
    shop.happens("sign_up", "2026-01-01", "bob" if "customers" in more else "ann")
    shop.happens("sign_up", "2026-01-02")
    assert shop.held == {"journeys.series": reason}


def test_a_budget_of_money_holds_steps_back_and_the_journey_goes_on(club: MakeClub) -> None:
    more = "cost: 2.00, budget: {money: 3.00},"
    last = "{after 2 days: {do: {send: tips}, cost: 1}}"
    steps = f"{{now: {{send: tips}}}}, {{after 1 day: {{send: more}}}}, {last}"
    shop = club(journey(steps, more))
    shop.happens("sign_up", "2026-01-01")
    assert shop.outcomes[-1].decisions[-1].cost == 200
    shop.waits("2026-01-03")
    assert told(shop) == ["2026-01-02 [budget: 3.00]", "2026-01-03 tips", "2026-01-03 completed"]


# --- win back ---------------------------------------------------------------------------------


def test_who_falls_silent_is_won_back_and_returns(club: MakeClub) -> None:
    shop = club(win_back())
    shop.happens("purchase", "2026-01-01T12:00", amount=1).waits(just_before("2026-04-01T13:00"))
    assert told(shop) == []
    shop.waits("2026-04-01T13:00")  # summer time has come
    assert told(shop) == ["2026-04-01T13:00 in", "2026-04-01T13:00 tips"]
    shop.happens("purchase", "2026-04-02", amount=1)
    assert told(shop) == ["2026-04-02 returned"]


@pytest.mark.parametrize(
    ("returns", "outcome"),
    [("2026-05-15T12:59:59", "returned"), ("2026-05-15T13:00", "lapsed")],
)
def test_a_return_counts_within_attribution_after_the_last_step(
    club: MakeClub, returns: str, outcome: str
) -> None:
    shop = club(win_back())
    shop.happens("purchase", "2026-01-01T12:00", amount=1).waits("2026-05-01")
    shop.waits(returns)
    outcomes = shop.outcomes
    shop.happens("purchase", returns, amount=1)
    shop.outcomes = [*outcomes, *shop.outcomes]
    assert [line.split()[1] for line in told(shop)] == [outcome]


def test_a_decline_and_an_event_enter_too(club: MakeClub) -> None:
    shop = club(
        f"{SHOP}win_back:\n"
        "  less: {decline: {metric: spend, by: 40 %, against: spend_before}, until: visit,"
        " steps: [{now: {send: more}}]}\n"
        "  gone: {enter: moved, until: purchase, steps: [{now: {send: sorry}}]}\n"
    )
    shop.happens("purchase", "2026-01-01", amount=10).happens("purchase", "2026-03-31", amount=6)
    shop.waits("2026-04-01T02:00")  # what was spent before comes to 10, now it is 6
    assert [line.split()[1] for line in told(shop)] == ["in", "more"]
    shop.happens("moved", "2026-04-05")
    assert shop.held == {"win_back.gone": "in win_back.less already"}
    shop.happens("visit", "2026-04-06").happens("moved", "2026-04-07")
    assert [line.split()[1] for line in told(shop)] == ["in", "sorry"]


def test_cool_off_is_that_of_every_win_back(club: MakeClub) -> None:
    steps = "steps: [{now: {send: sorry}}]"
    gone = f"    cool_off: 180 days\n  gone: {{enter: moved, until: purchase, {steps}}}"
    shop = club(win_back(gone))
    shop.happens("purchase", "2026-01-01", amount=1).waits("2026-04-02")
    shop.happens("purchase", "2026-04-03", amount=1).happens("moved", just_before("2026-09-30"))
    assert shop.held["win_back.gone"].startswith("cool off: until 2026-09-29T22:00:00Z after")
    shop.happens("moved", "2026-09-30", "ann")
    assert told(shop)[-1] == "2026-09-30 sorry"


def test_who_is_held_out_goes_through_it_and_gets_nothing(club: MakeClub) -> None:
    shop = club(win_back("    holdout: 100 %"))
    shop.happens("purchase", "2026-01-01", amount=1).waits("2026-06-01")
    assert [line.split(" ", 1)[1] for line in told(shop)] == [
        "in held out",
        "[holdout: win_back.lost]",
        "[holdout: win_back.lost]",
        "lapsed",
    ]


def test_a_late_return_of_before_the_entry_ends_it_as_mistaken(club: MakeClub) -> None:
    shop = club("allow_late: 30 days\n" + win_back())
    shop.happens("purchase", "2026-01-01", amount=1).waits("2026-04-03")
    event = shop.event("purchase", "2026-03-25", amount=1)
    shop.outcomes = [*cascade(shop.program, shop.states, new_state, event, shop.shared)]
    assert [line.split()[1] for line in told(shop)] == ["mistaken"]


# --- told, merged, carried --------------------------------------------------------------------


def test_rules_hear_of_it(club: MakeClub) -> None:
    rules = (
        "rules:\n"
        "  begun: {on: journey_entered, when: kind == 'win_back', then: [earn: {beans: 1}]}\n"
        "  ended: {on: journey_ended, when: outcome == 'returned' and journey == 'lost',"
        " then: [earn: {beans: 10}]}\n"
    )
    shop = club(rules + win_back())
    shop.happens("purchase", "2026-01-01", amount=1).waits("2026-04-03")
    assert "begun" in shop.fired
    shop.happens("purchase", "2026-04-04", amount=1)
    assert shop.balance("beans") == 11


def test_who_is_merged_leaves_and_their_cool_off_goes_along(club: MakeClub) -> None:
    shop = club(win_back("    cool_off: 180 days"))
    shop.happens("purchase", "2026-01-01", "bob", amount=1).waits("2026-04-02")
    assert shop.states["bob"].life.journeys
    shop.happens("join", "2026-04-03", "bob", other="ann")
    assert [line.split()[1] for line in told(shop)] == ["merged"]
    assert shop.states["bob"].life.journeys == ()
    assert set(shop.states["ann"].life.ended) == {"win_back.lost"}


def test_a_program_that_has_it_no_more_withdraws_it(
    club: MakeClub, program: Callable[[str], Program]
) -> None:
    shop = club(win_back())
    shop.happens("purchase", "2026-01-01", amount=1).waits("2026-04-02")
    later = win_back().replace("after 14 days", "after 20 days")
    assert program(later).terms != shop.program.terms
    for text, left in ((later, 1), (SHOP + "stages: {guest: {}}", 0)):
        new = program(text)
        packed = pack_state(shop.program, shop.states["ann"])
        states = {"ann": unpack_state(new, packed, lambda: ())}
        event = activation_event(new, "ann", read_time("2026-04-05", OSLO))
        outcomes = [*cascade(new, states, new_state, event)]
        assert len(states["ann"].life.journeys) == left
        ends = [d for o in outcomes for d in o.decisions if "withdrawn" in d.effects]
        assert len(ends) == 1 - left
        if left:
            assert states["ann"].due == read_time("2026-04-21T01:00", OSLO)


# --- always -----------------------------------------------------------------------------------

TWO = f"""{SHOP}win_back:
  lost:
    silent: {{event: purchase, for: 20 days, repeat: 15 days}}
    steps: [{{now: {{send: tips}}}}, {{after 5 days: {{send: more}}}}]
    until: purchase
    stops: {{refused: opt_out}}
    attribution: 10 days
    cool_off: 25 days
  gone:
    enter: [moved, visit]
    steps: [{{now: {{send: sorry}}}}, {{on survey: {{do: {{send: more}}, within: 9 days}}}}]
    until: purchase
    stops: {{refused: opt_out}}
    attribution: 3 days
    cool_off: 40 days
"""
DAY = 86_400_000_000
TYPES = ("purchase", "moved", "visit", "survey", "opt_out")


@given(
    st.lists(st.tuples(st.integers(0, 400), st.sampled_from(TYPES)), min_size=1, max_size=25).map(
        sorted
    )
)
def test_nobody_is_in_two_nor_hears_of_one_that_is_over(
    club: MakeClub, happenings: list[tuple[int, str]]
) -> None:
    shop = club(TWO)
    begin = read_time("2026-01-01", OSLO)
    outcomes = []
    for hours, type_ in happenings:
        data = {"amount": 1} if type_ == "purchase" else {}
        shop.waits(begin + hours * DAY // 4)
        outcomes += shop.outcomes
        shop.happens(type_, begin + hours * DAY // 4, **data)
        outcomes += shop.outcomes
        assert len(shop.states["ann"].life.journeys) <= 1
    running, rest = "", {"lost": 25 * DAY, "gone": 40 * DAY}
    ended: list[tuple[str, int]] = []
    for outcome in outcomes:
        stopping = outcome.event.type in ("purchase", "opt_out")
        for decision in outcome.decisions:
            for effect in json.loads(decision.effects):
                if effect["effect"] == "enter":
                    assert not running
                    running = effect["journey"]
                    for name, at in ended:
                        cool = max(rest[name], rest[running])
                        assert outcome.event.time >= at + cool
                elif effect["effect"] == "end":
                    assert running == effect["journey"]
                    ended.append((running, outcome.event.time))
                    running = ""
                elif effect["effect"] == "send":
                    assert running
                    assert not stopping
