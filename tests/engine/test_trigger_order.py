"""Triggers in order: those of one instant, and all of a history beside a plain recount of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

MakeClub = Callable[[str], Any]

HOUR = 3_600_000_000
DAY = 24 * HOUR
BEGIN = 1_767_225_600_000_000  # 2026-01-01T00:00:00Z

CLUB = """
events: {purchase: {order: id}, return: {order: id}, survey: {order: id}}
triggers:
  gone: {silence: purchase, for: 3 days, repeat: 2 days}
  ask: {after: purchase, wait: 3 days, unless: return, where: order == earlier.order}
  heard: {after: purchase, then: survey, within: 2 days, where: order == earlier.order}
  sad: {after: gone, wait: 1 day, when: times <= 2}
rules:
  sigh: {on: sad, then: [emit: {type: survey}]}
"""

Fired = tuple[int, str]  # hours after the beginning, and which


def fired(shop: Any) -> list[Fired]:
    """The triggers that came since this was last asked."""
    return [
        ((outcome.event.time - BEGIN) // HOUR, decision.rule.removeprefix("triggers."))
        for outcome in shop.outcomes
        for decision in outcome.decisions
        if decision.rule.startswith("triggers.")
    ]


def test_s4_of_one_instant_they_come_in_the_order_in_which_they_were_set(club: MakeClub) -> None:
    shop = club("""
events: {purchase: {}, visit: {}}
triggers:
  c: {after: visit, wait: 2 days}
  b: {silence: purchase, for: 3 days}
  a: {after: purchase, wait: 3 days}
  d: {every: day}
""")
    shop.happens("purchase", BEGIN - HOUR).happens("visit", BEGIN - HOUR + DAY)
    shop.waits(BEGIN - HOUR + 3 * DAY)
    # That of the next day is set as a day begins.
    assert [name for time, name in fired(shop) if time == 71] == ["b", "a", "c", "d"]


def test_s4_what_one_leads_to_comes_after_all_of_them(club: MakeClub) -> None:
    shop = club("""
events: {purchase: {}, hello: {}}
triggers:
  a: {after: purchase, wait: 3 days}
  b: {silence: purchase, for: 3 days}
rules:
  a: {on: a, then: [emit: {type: hello}]}
  hello: {on: hello, then: [send: m]}
  b: {on: b, then: [send: m]}
messages: {m: {text: Hello}}
""").happens("purchase", BEGIN)
    assert shop.waits(BEGIN + 3 * DAY).fired == ["triggers.a", "triggers.b", "a", "b", "hello"]


# --- a recount --------------------------------------------------------------------------------


@st.composite
def histories(draw: st.DrawFn) -> list[tuple[int, str, str]]:
    """Hours, types and orders of events, in order."""
    hours, events = 0, []
    for _ in range(draw(st.integers(1, 12))):
        hours += draw(st.sampled_from([0, 1, 12, 24, 47, 48, 71, 72, 73, 120]))
        type = draw(st.sampled_from(["purchase", "purchase", "return", "survey"]))
        events.append((hours, type, draw(st.sampled_from("xy"))))
    return events


def silences(events: list[tuple[int, str, str]], until: int) -> Iterator[Fired]:
    bought = [hours for hours, type, _ in events if type == "purchase"]
    for hours, following in pairwise([*bought, until + 1]):
        times, due = 1, hours + 72
        while due <= min(following, until):
            yield due, "gone"
            # A day later comes another, whether or not somebody has bought by then.
            if times <= 2 and due + 24 <= until:
                yield due + 24, "sad"
            times, due = times + 1, due + 48


def waits(events: list[tuple[int, str, str]], until: int) -> Iterator[Fired]:
    for place, (hours, type, order) in enumerate(events):
        if type == "purchase" and hours + 72 <= until:
            meanwhile = events[place + 1 :]
            if not any(
                (other, what) == (order, "return") and at < hours + 72
                for at, what, other in meanwhile
            ):
                yield hours + 72, "ask"


def sequences(events: list[tuple[int, str, str]]) -> Iterator[Fired]:
    used: set[int] = set()
    for place, (hours, type, order) in enumerate(events):
        if type != "survey":
            continue
        for first in reversed(range(place)):
            at, what, other = events[first]
            if (what, other) == ("purchase", order) and first not in used and hours < at + 48:
                used.add(first)
                yield hours, "heard"
                break


@given(histories(), st.integers(0, 400), st.data())
def test_s2_s4_they_come_as_a_plain_recount_has_it_however_time_is_let_pass(
    club: MakeClub, events: list[tuple[int, str, str]], more: int, data: st.DataObject
) -> None:
    until = events[-1][0] + more
    shop = club(CLUB)
    found: list[Fired] = []
    for hours, type, order in events:
        if data.draw(st.booleans(), "a look before"):
            shop.waits(BEGIN + hours * HOUR - data.draw(st.integers(0, 100)) * HOUR)
            found += fired(shop)
        shop.happens(type, BEGIN + hours * HOUR, order=order)
        found += fired(shop)
    shop.waits(BEGIN + until * HOUR)
    found += fired(shop)
    assert [time for time, _ in found] == sorted(time for time, _ in found)
    wanted = [*silences(events, until), *waits(events, until), *sequences(events)]
    assert sorted(found) == sorted(wanted)


@given(st.lists(st.tuples(st.integers(1, 60), st.sampled_from("abc")), min_size=1, max_size=9))
def test_timers_come_in_the_order_of_their_instants(
    club: MakeClub, purchases: list[tuple[int, str]]
) -> None:
    shop = club("""
events: {a: {}, b: {}, c: {}}
triggers:
  one: {after: [a, b], wait: 2 days}
  two: {after: [b, c], wait: 30 hours, at: '09:00'}
  gone: {silence: [a, b, c], for: 1 day, repeat: 1 day, when: times < 5}
""")
    hours, found = 0, []
    for step, type in purchases:
        hours += step
        shop.happens(type, BEGIN + hours * HOUR)
        for state in shop.states.values():
            timers = state.life.timers
            assert state.due == min(timer.due for timer in timers)
            assert len({timer.number for timer in timers}) == len(timers)
        found += fired(shop)
    shop.waits(BEGIN + (hours + 200) * HOUR)
    found += fired(shop)
    assert [time for time, _ in found] == sorted(time for time, _ in found)
    count = {name: sum(one == name for _, one in found) for name in ("one", "two")}
    assert count["one"] == sum(type in "ab" for _, type in purchases)
    assert count["two"] == sum(type in "bc" for _, type in purchases)
