"""A customer's state: a value, that comes out of the store as it went in (S2, S11, S15)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loyalcore.engine.points.standing import read_kept
from loyalcore.engine.state import CustomerState, new_state, pack_state, unpack_state
from loyalcore.engine.step import step
from loyalcore.engine.telling.profile import profile
from loyalcore.events import Event
from loyalcore.program.plan import Program

MakeClub = Callable[[str], Any]
MakeProgram = Callable[[str], Program]

FIELDS = (
    "name: text, referrer: id, visits: integer, share: number, paid: money, member: flag, "
    "birthday: date, met: time, interests: [text], kind: {type: text, one_of: [a, b]}"
)
SIGN_UP = f"""
customer: {{{FIELDS}}}
events: {{sign_up: {{{FIELDS}}}}}
rules:
  keep:
    on: sign_up
    then:
      - set:
          {{name: name, referrer: referrer, visits: visits, share: share / 3, paid: paid,
          member: member, birthday: birthday, met: met, interests: interests, kind: kind}}
"""
ANN = {
    "name": "Ann ☕",
    "referrer": "bob",
    "visits": 3,
    "share": "2",
    "paid": "12.34",
    "member": False,
    "birthday": "2000-02-29",
    "met": "2026-01-01T09:00",
    "interests": ["tea", "cake"],
    "kind": "a",
}


def nothing() -> list[Event]:
    return []


def test_s11_attributes_of_every_type_come_back_as_they_were(club: MakeClub) -> None:
    shop = club(SIGN_UP).happens("sign_up", "2026-01-02", **ANN)
    state = shop.states["ann"]
    assert state.attributes == {
        "name": "Ann ☕",
        "referrer": "bob",
        "visits": 3,
        "share": Fraction(2, 3),
        "paid": 1234,
        "member": False,
        "birthday": date(2000, 2, 29),
        "met": 1_767_254_400_000_000,
        "interests": ("tea", "cake"),
        "kind": "a",
    }
    packed = pack_state(shop.program, state)
    back = unpack_state(shop.program, packed, nothing)
    assert back == state
    assert pack_state(shop.program, back) == packed


@pytest.mark.parametrize("number", [2**63 - 1, 2**64, 10**29, -(10**29)])
def test_s7_numbers_of_any_size_come_back_as_they_were(club: MakeClub, number: int) -> None:
    shop = club("""
customer: {share: number}
events: {purchase: {kilos: number, amount: money, share: number}}
metrics:
  all: {sum: purchase.kilos}
  some: {sum: purchase.kilos, over: 30 days}
  spend: {sum: purchase.amount, over: 30 days}
  orders: {count: purchase, over: 30 days}
wallets: {points: {}}
rules: {earn: {on: purchase, then: [earn: {points: amount}, set: {share: share}]}}
""")
    for day in (2, 3, 4):
        shop.happens("purchase", f"2026-01-0{day}", kilos=number, amount=day, share=number)
    state = shop.states["ann"]
    packed = pack_state(shop.program, state)
    back = unpack_state(shop.program, packed, nothing)
    assert back == state
    assert pack_state(shop.program, back) == packed
    assert read_kept(packed).account == state.account
    shown = profile(shop.program, back)
    assert shown.metrics == {"all": 3 * number, "some": 3 * number, "spend": "9.00", "orders": 3}
    assert shown.attributes == {"share": number}


def test_s15_an_attribute_that_is_gone_vanishes(club: MakeClub, program: MakeProgram) -> None:
    shop = club(SIGN_UP).happens("sign_up", "2026-01-02", **ANN)
    packed = pack_state(shop.program, shop.states["ann"])
    smaller = program("customer: {name: text, visits: integer}\nevents: {sign_up: {}}")
    state = unpack_state(smaller, packed, nothing)
    assert state.attributes == {"name": "Ann ☕", "visits": 3}
    assert pack_state(smaller, state) != packed


def test_s15_an_attribute_of_another_type_is_kept_where_it_fits(
    club: MakeClub, program: MakeProgram
) -> None:
    shop = club(SIGN_UP).happens("sign_up", "2026-01-02", **ANN)
    packed = pack_state(shop.program, shop.states["ann"])
    other = program("""
customer:
  {name: date, visits: number, paid: number, member: text, kind: {type: text, one_of: [b, c]}}
events: {sign_up: {}}
""")
    state = unpack_state(other, packed, nothing)
    assert state.attributes == {"visits": 3, "paid": Fraction(617, 50)}


# --- a program that changes -------------------------------------------------------------------

SHOP = """
events:
  purchase: {amount: money, kilos: number}
  visit: {}
wallets: {points: {}}
metrics:
  orders: {count: purchase}
  spend: {sum: purchase.amount, over: 30 days}
rules:
  earn: {on: purchase, limit: 2 per week, then: [earn: {points: amount}, set: {tags.a: true}]}
"""
LATER = SHOP.replace(
    "  spend: {sum: purchase.amount, over: 30 days}\n",
    "  spend: {sum: purchase.amount, over: 60 days}\n"
    "  light: {min: purchase.kilos, over: 60 days}\n"
    "  visits: {count: visit}\n",
)


class Told:
    """A customer's events, and where asked for, the states before and after each."""

    def __init__(self, shop: Any) -> None:
        self.shop = shop
        self.log: list[Event] = []

    def happens(self, type: str, time: str, **data: object) -> None:
        self.shop.happens(type, time, **data)
        self.log += [outcome.event for outcome in self.shop.outcomes]

    def read_by(self, program: Program) -> list[Event]:
        return [
            program.event(
                source=event.source,
                id=event.id,
                type=event.type,
                customer=event.customer,
                time=event.time,
                text=event.text,
            )
            for event in self.log
        ]


def test_s15_a_new_metric_is_made_from_the_log(club: MakeClub, program: MakeProgram) -> None:
    before, always = Told(club(SHOP)), Told(club(LATER))
    for told in (before, always):
        told.happens("purchase", "2026-01-01", amount=1, kilos=0.5)
        told.happens("visit", "2026-01-02")
        told.happens("purchase", "2026-02-20", amount=2, kilos=1.25)
        told.happens("purchase", "2026-02-21", amount=4)
    later = program(LATER)
    packed = pack_state(before.shop.program, before.shop.states["ann"])
    state = unpack_state(later, packed, lambda: before.read_by(later))
    shown = profile(later, state)
    assert shown == profile(later, always.shop.states["ann"])
    assert shown.metrics == {"orders": 3, "spend": "7.00", "light": "0.5", "visits": 1}
    # What was decided stays as it was: the limit knows of the firings, the points are there.
    assert state.fired == before.shop.states["ann"].fired
    assert (state.account.balances, state.tags) == ({"points": 7}, ("a",))


def test_s15_the_log_is_read_only_when_the_metrics_have_changed(
    club: MakeClub, program: MakeProgram
) -> None:
    told = Told(club(SHOP))
    told.happens("purchase", "2026-01-01", amount=1)
    packed = pack_state(told.shop.program, told.shop.states["ann"])

    def past() -> list[Event]:
        raise AssertionError

    other_rules = program(SHOP.replace("points: amount", "points: amount * 2"))
    assert unpack_state(other_rules, packed, past).metrics == told.shop.states["ann"].metrics
    with pytest.raises(AssertionError):
        unpack_state(program(LATER), packed, past)


def test_s15_a_metric_of_another_meaning_is_made_anew(club: MakeClub, program: MakeProgram) -> None:
    told = Told(club(SHOP))
    told.happens("purchase", "2026-01-01", amount=1)
    packed = pack_state(told.shop.program, told.shop.states["ann"])
    for change in (
        ("count: purchase}", "count: purchase, where: weekday == 'friday'}"),
        ("count: purchase}", "count: visit}"),
    ):
        other = program(SHOP.replace(*change))
        state = unpack_state(other, packed, lambda other=other: told.read_by(other))
        assert profile(other, state).metrics["orders"] == 0


# --- at random --------------------------------------------------------------------------------

RANDOM = """
customer: {share: number, seen: date, level: integer}
events:
  purchase: {amount: money, kilos: number}
  visit: {}
wallets: {points: {}, stars: {rounding: half even}}
metrics:
  orders: {count: purchase, over: this month}
  mean: {average: purchase.kilos}
  heavy: {max: purchase.kilos, over: 10 days}
  kinds: {distinct: purchase.kilos}
rules:
  earn: {on: purchase, limit: 3 per 10 days, then: [earn: {points: amount, stars: kilos}]}
  share: {on: [purchase, visit], when: mean > 1, then: [set: {share: mean / orders, seen: date}]}
  heavy: {on: visit, when: heavy > share, limit: 1 per week, then: [set: {tags.heavy: true}]}
  tally: {on: visit, when: kinds > 1 and balance.stars > 2, then: [set: {level: kinds}]}
"""


@pytest.fixture(scope="module")
def at_random(club: MakeClub) -> Callable[[], Any]:
    def shop() -> Any:
        return made

    made = club(RANDOM)
    return shop


gaps = st.sampled_from([0, 1, 86_400_000_000, 5 * 86_400_000_000, 20 * 86_400_000_000])
kilos = st.none() | st.integers(0, 3) | st.sampled_from(["0.1", "2.5"])
events = st.lists(st.tuples(gaps, st.none() | kilos, st.booleans()), min_size=1, max_size=25)


@given(events)
def test_s2_neither_the_store_nor_what_came_after_changes_an_outcome(
    at_random: Callable[[], Any], history: list[Any]
) -> None:
    shop = at_random()
    program: Program = shop.program
    now = 1_767_222_000_000_000
    kept, stored = new_state("ann"), new_state("ann")
    told: list[tuple[CustomerState, Event, Any, Any]] = []
    for number, (gap, weight, put_away) in enumerate(history):
        now += gap
        type_ = "visit" if weight is None else "purchase"
        event = shop.event(type_, now, amount=number, kilos=weight)
        if put_away and number:
            stored = unpack_state(program, pack_state(program, stored), nothing)
        before = kept
        kept, outcome = step(program, kept, event)
        stored, again = step(program, stored, event)
        assert outcome == again
        assert pack_state(program, kept) == pack_state(program, stored)
        told.append((before, event, outcome, profile(program, kept)))
    for before, event, outcome, shown in reversed(told):
        after, again = step(program, before, event)
        assert again == outcome
        assert profile(program, after) == shown
        back = unpack_state(program, pack_state(program, after), nothing)
        assert profile(program, back) == shown
