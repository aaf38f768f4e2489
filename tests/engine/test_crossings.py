"""Lines that are crossed, by events and by time: once for each crossing, at its own instant."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loyalcore.engine.cascade import cascade, pass_time
from loyalcore.engine.handover.activation import activation_event
from loyalcore.engine.outcome import Outcome
from loyalcore.engine.state import CustomerState, kept_anew, new_state
from loyalcore.events import Event
from loyalcore.values import write_time

MakeClub = Callable[[str], Any]

CLUB = """
customer: {goal: money, city: text, vip: flag}
events:
  buy: {amount: money}
  rate: {stars: integer}
  move: {city: text, goal: money}
wallets: {beans: {}}
metrics:
  orders: {count: buy, over: 30 days}
  before: {count: buy, over: 30 days, ending: 30 days ago}
  spend: {sum: buy.amount}
  rating: {average: rate.stars, over: 10 days}
segments: {regulars: orders >= 2, locals: "city == 'Oslo'"}
rules:
  note: {on: move, then: [set: {city: city, goal: goal}]}
  hail: {on: it, then: [earn: {beans: 1}]}
triggers:
"""


def with_trigger(trigger: str) -> str:
    return f"{CLUB}  it: {trigger}\n"


def came(club: Any) -> list[str]:
    """When the trigger came, in what happened last."""
    return [write_time(one.event.time) for one in club.outcomes if one.event.type == "it"]


# --- by events --------------------------------------------------------------------------------


def test_a_figure_rises_to_a_line(club: MakeClub) -> None:
    shop = club(with_trigger("{metric: spend, rises_to: 100}"))
    assert came(shop.happens("buy", "2026-06-01T10:00Z", amount=99.99)) == []
    assert came(shop.happens("buy", "2026-06-02T10:00Z", amount=0.01)) == ["2026-06-02T10:00:00Z"]
    assert came(shop.happens("buy", "2026-06-03T10:00Z", amount=1)) == []  # it is there already
    assert shop.balance("beans") == 1


def test_the_first_event_may_cross_a_line(club: MakeClub) -> None:
    shop = club(with_trigger("{metric: spend, rises_to: 100}"))
    assert came(shop.happens("buy", "2026-06-01T10:00Z", amount=100)) == ["2026-06-01T10:00:00Z"]


def test_nobody_falls_who_was_never_above(club: MakeClub) -> None:
    shop = club(with_trigger("{metric: spend, falls_below: 100}"))
    assert came(shop.happens("buy", "2026-06-01T10:00Z", amount=1)) == []
    assert came(shop.happens("buy", "2026-06-02T10:00Z", amount=99)) == []
    assert came(shop.happens("buy", "2026-06-03T10:00Z", amount=-1)) == ["2026-06-03T10:00:00Z"]


def test_a_line_may_move(club: MakeClub) -> None:
    shop = club(with_trigger("{metric: spend, rises_to: goal}"))
    assert came(shop.happens("buy", "2026-06-01T10:00Z", amount=50)) == []  # no goal: unknown
    assert came(shop.happens("move", "2026-06-02T10:00Z", goal=60, city="Oslo")) == []
    assert came(shop.happens("move", "2026-06-03T10:00Z", goal=40, city="Oslo")) == [
        "2026-06-03T10:00:00Z"
    ]


def test_a_decision_says_what_it_rested_on(club: MakeClub) -> None:
    shop = club(with_trigger("{metric: spend, rises_to: goal, when: city == 'Oslo'}"))
    shop.happens("move", "2026-06-01T10:00Z", goal=60, city="Oslo")
    shop.happens("buy", "2026-06-02T10:00Z", amount=60.50)
    (decision,) = shop.outcomes[0].decisions
    assert decision.rule == "triggers.it"
    assert json.loads(decision.facts) == {"city": "Oslo", "goal": "60.00", "spend": "60.50"}
    assert shop.effects[0] == {
        "effect": "emit",
        "type": "it",
        "customer": "ann",
        "data": {"value": "60.50"},
    }


def test_where_the_condition_does_not_hold_it_does_not_come_later_either(club: MakeClub) -> None:
    shop = club(with_trigger("{metric: spend, rises_to: 100, when: city == 'Oslo'}"))
    assert came(shop.happens("buy", "2026-06-01T10:00Z", amount=100)) == []
    shop.happens("move", "2026-06-02T10:00Z", city="Oslo", goal=1)
    assert came(shop) == []
    assert came(shop.happens("buy", "2026-06-03T10:00Z", amount=1)) == []


def test_a_segment_is_entered_and_left_by_events(club: MakeClub) -> None:
    inn, out = club(with_trigger("{enters: locals}")), club(with_trigger("{leaves: locals}"))
    for shop, days in ((inn, ["1", "3"]), (out, ["2"])):
        found = []
        for day, city in (("1", "Oslo"), ("2", "Bergen"), ("3", "Oslo")):
            shop.happens("move", f"2026-06-0{day}T10:00Z", city=city, goal=1)
            found += [time[9:10] for time in came(shop)]
        assert found == days


def test_what_is_unknown_is_as_it_was(club: MakeClub) -> None:
    shop = club(with_trigger("{metric: rating, falls_below: 4}"))
    shop.happens("rate", "2026-06-01T10:00Z", stars=5)
    assert came(shop.waits("2026-07-01T10:00Z")) == []  # no ratings are not bad ones
    assert shop.states["ann"].life.watched == ("it",)
    assert came(shop.happens("rate", "2026-08-01T10:00Z", stars=3)) == ["2026-08-01T10:00:00Z"]


def test_several_come_in_the_order_written(club: MakeClub) -> None:
    more = "  b: {metric: spend, rises_to: 20}\n  a: {metric: spend, rises_to: 10}\n"
    shop = club(with_trigger("{metric: spend, rises_to: 30}") + more)
    shop.happens("buy", "2026-06-01T10:00Z", amount=30)
    rules = [decision.rule for decision in shop.outcomes[0].decisions]
    assert rules == ["triggers.it", "triggers.b", "triggers.a"]
    assert shop.states["ann"].life.watched == ("it", "b", "a")


def test_it_is_not_emitted_where_nothing_is_on_it(club: MakeClub) -> None:
    shop = club(with_trigger("{metric: spend, rises_to: 30}") + "  b: {enters: locals}\n")
    shop.happens("move", "2026-06-01T10:00Z", city="Oslo", goal=1)
    assert shop.fired == ["note", "triggers.b"]
    assert [one.event.type for one in shop.outcomes] == ["move"]


# --- by time ----------------------------------------------------------------------------------


def test_a_figure_falls_at_the_instant_at_which_its_window_loses_an_event(club: MakeClub) -> None:
    shop = club(with_trigger("{metric: orders, falls_below: 2}"))
    shop.happens("buy", "2026-06-01T10:00Z", amount=1).happens("buy", "2026-06-05T10:00Z", amount=1)
    assert came(shop.waits("2026-07-01T09:59:59.999999Z")) == []
    assert came(shop.waits("2026-12-01")) == ["2026-07-01T10:00:00Z"]  # (t - 30 days, t]
    assert shop.states["ann"].due is None


def test_a_segment_is_left_by_time(club: MakeClub) -> None:
    shop = club(with_trigger("{leaves: regulars}"))
    shop.happens("buy", "2026-06-01T10:00Z", amount=1).happens("buy", "2026-06-05T10:00Z", amount=1)
    assert came(shop.waits("2026-12-01")) == ["2026-07-01T10:00:00Z"]


def test_a_figure_may_rise_by_time(club: MakeClub) -> None:
    shop = club(with_trigger("{metric: before, rises_to: 2}"))
    shop.happens("buy", "2026-06-01T10:00Z", amount=1).happens("buy", "2026-06-05T10:00Z", amount=1)
    assert came(shop.waits("2026-12-01")) == ["2026-07-05T10:00:00Z"]


def test_what_has_fallen_by_time_can_rise_again(club: MakeClub) -> None:
    shop = club(with_trigger("{metric: orders, rises_to: 2}"))
    shop.happens("buy", "2026-06-01T10:00Z", amount=1)
    assert came(shop.happens("buy", "2026-06-05T10:00Z", amount=1)) == ["2026-06-05T10:00:00Z"]
    assert came(shop.happens("buy", "2026-07-02T10:00Z", amount=1)) == ["2026-07-02T10:00:00Z"]


def test_what_falls_and_rises_at_one_instant_has_done_both(club: MakeClub) -> None:
    shop = club(with_trigger("{metric: orders, rises_to: 2}"))
    shop.happens("buy", "2026-06-01T10:00Z", amount=1).happens("buy", "2026-06-05T10:00Z", amount=1)
    assert came(shop.happens("buy", "2026-07-01T10:00Z", amount=1)) == ["2026-07-01T10:00:00Z"]


def test_s5_a_figure_falls_by_a_share_of_what_it_was_before(club: MakeClub) -> None:
    shop = club(with_trigger("{metric: orders, falls_by: 50 %, against: before}"))
    for day in ("01", "02", "03", "04"):
        shop.happens("buy", f"2026-06-{day}T10:00Z", amount=1)
    # The first day of June falls out of one window, and into the other: 3 against 1, 2 against 2,
    # then 1 against 3, which is less than half.
    assert came(shop.waits("2026-12-01")) == ["2026-07-03T10:00:00Z"]


# --- what nobody crossed ----------------------------------------------------------------------


def test_a_program_that_draws_a_line_finds_people_on_either_side(club: MakeClub) -> None:
    shop = club(with_trigger("{metric: spend, rises_to: 1000}"))
    shop.happens("buy", "2026-06-01T10:00Z", amount=150)
    drawn = club(with_trigger("{metric: spend, rises_to: 100}"))
    drawn.states = shop.states
    event = activation_event(drawn.program, "ann", shop.states["ann"].clock + 1)
    drawn.outcomes = [*cascade(drawn.program, drawn.states, new_state, event)]
    assert came(drawn) == []
    assert drawn.states["ann"].life.watched == ("it",)
    assert came(drawn.happens("buy", "2026-06-03T10:00Z", amount=1)) == []


def test_who_is_merged_has_crossed_no_line(club: MakeClub) -> None:
    declared = with_trigger("{metric: spend, rises_to: 100}")
    shop = club(declared.replace("events:", "events:\n  merge: {merges: other, other: id}"))
    bought = []
    for customer in ("ann", "bob"):
        shop.happens("buy", "2026-06-01T10:00Z", customer, amount=60)
        bought += [one.event for one in shop.outcomes]
    merge = shop.event("merge", "2026-06-03T10:00Z", "bob", other="ann")
    for outcome in cascade(shop.program, shop.states, new_state, merge):
        if outcome.recount:  # as whoever runs the steps does
            ann = shop.states["ann"]
            shop.states["ann"] = kept_anew(shop.program, ann, bought)
    assert shop.states["ann"].due == shop.states["ann"].clock
    shop.waits("2026-06-03T10:00Z")
    assert [one.event.type for one in shop.outcomes] == ["due"]
    assert shop.states["ann"].life.watched == ("it",)
    assert came(shop.happens("buy", "2026-06-04T10:00Z", "ann", amount=1)) == []


# --- always -----------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def counting(program: Callable[[str], Any]) -> Any:
    more = "  up: {metric: orders, rises_to: 2}\n  down: {metric: orders, falls_below: 2}\n"
    return program(with_trigger("{enters: regulars}") + more)


@given(st.lists(st.integers(0, 80 * 24), min_size=1, max_size=12).map(sorted))
def test_each_crossing_comes_once_and_at_its_instant(counting: Any, hours: list[int]) -> None:
    """Against a count by hand at every instant at which it can change."""
    hour, window = 3_600_000_000, 30 * 24
    states: dict[str, CustomerState] = {}
    outcomes: list[Outcome] = []
    for number, at in enumerate(hours):
        event = Event("till", str(number), "buy", "ann", at * hour, {"amount": 1}, "{}")
        outcomes += pass_time(counting, states, new_state, event.time)
        outcomes += cascade(counting, states, new_state, event)
    outcomes += pass_time(counting, states, new_state, 10_000 * hour)
    came = [
        (decision.rule, one.event.time // hour)
        for one in outcomes
        for decision in one.decisions
        if decision.rule in ("triggers.up", "triggers.down")
    ]
    expected: list[tuple[str, int]] = []
    count = 0
    moves = [(at + window, -1) for at in hours] + [(at, 1) for at in hours]
    for at, change in sorted(moves):  # what falls out does so before what comes at its instant
        before, count = count, count + change
        if before < 2 <= count:
            expected.append(("triggers.up", at))
        if count < 2 <= before:
            expected.append(("triggers.down", at))
    assert came == expected


# --- what moves in the same step --------------------------------------------------------------


@pytest.mark.parametrize("segment", ["tier.club == 'gold'", "stage == 'friend'"])
def test_a_segment_of_level_or_stage_is_entered_as_they_move(club: MakeClub, segment: str) -> None:
    """What is watched is the customer as tiers and stage leave them, in the same step."""
    shop = club(
        f"{CLUB}  it: {{enters: dear}}\n".replace("segments: {", f'segments: {{dear: "{segment}", ')
        + "tiers: {club: {by: spend, levels: {blue: 0, gold: 100}}}\n"
        + "stages: {guest: {}, friend: {enter: spend >= 100}}\n"
    )
    assert came(shop.happens("buy", "2026-06-01T10:00Z", amount=99)) == []
    assert came(shop.happens("buy", "2026-06-02T10:00Z", amount=1)) == ["2026-06-02T10:00:00Z"]
