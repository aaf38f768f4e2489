"""The effects on points: what each wants at a firing, what comes of it, and every mistake."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from loyalcore.effects.changes import (
    Adjust,
    Change,
    Freeze,
    Reinstate,
    Skipped,
    Spend,
    Transfer,
)
from loyalcore.engine.cascade import cascade, pass_time
from loyalcore.engine.outcome import Outcome
from loyalcore.engine.state import CustomerState, new_state
from loyalcore.program.compiler import Compiled
from loyalcore.program.plan import Program
from loyalcore.values import Value, read_time

Compile = Callable[..., Compiled]
Problems = Callable[..., list[str]]

CLUB = """\
program: club
events:
  visit: {n: integer, friend: id}
  earned: {n: integer}
wallets:
  beans: {expires: 10 days, transferable: true}
  cups: {minimum: -5}
  tier: {kind: qualifying}
rules:
  earn: {on: earned, then: [earn: {beans: n, cups: n}]}
  r:
    on: visit
    then:
    - """


def wants(compiled: Compile, effect: str, **facts: Value | None) -> list[Change]:
    """What the effect wants at a visit with these facts."""
    program, _ = compiled(CLUB + effect)
    (rule,) = program.events["visit"].rules
    known = {**{name: None for name, _ in rule.reads}, **facts}
    return [change for run in rule.effects for change in run(known)]


class Visits:
    """A club whose customers have earned 20 of each on 1 January, and visit on the 2nd."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.states: dict[str, CustomerState] = {}

    def happens(self, type: str, day: str, data: str = "{}") -> list[Outcome]:
        time = read_time(day, self.program.locale.zone)
        event = self.program.event(
            source="till", id=f"{type} {day}", type=type, customer="ann", time=time, text=data
        )
        due = [*pass_time(self.program, self.states, new_state, time)]
        return [*due, *cascade(self.program, self.states, new_state, event)]


def does(compiled: Compile, effect: str, day: str = "2026-01-02", **data: Any) -> tuple[Any, Any]:
    """What the effect did at a visit, and the balances of all customers after it."""
    club = Visits(compiled(CLUB + effect).program)
    club.happens("earned", "2026-01-01", '{"n": 20}')
    outcomes = club.happens(
        "visit", day, "{" + ", ".join(f'"{k}": "{v}"' for k, v in data.items()) + "}"
    )
    changes = [
        change
        for outcome in outcomes
        for decision in outcome.decisions
        if decision.rule == "r"
        for change in decision.changes
    ]
    return changes, {name: dict(state.account.balances) for name, state in club.states.items()}


# --- spend ------------------------------------------------------------------------------------


def test_spend_takes_all_of_it_or_nothing(compiled: Compile) -> None:
    spent = {"ann": {"beans": 5, "cups": -5}}
    assert does(compiled, "spend: {beans: 15, cups: 25}") == (
        [Spend({"beans": 15, "cups": 25})],
        spent,
    )
    changes, balances = does(compiled, "spend: {cups: 1, beans: 21}")
    assert changes == [Skipped("spend", "insufficient balance: 20 of 21 beans")]
    assert balances == {"ann": {"beans": 20, "cups": 20}}


def test_spend_needs_all_its_formulas(compiled: Compile) -> None:
    effect = "spend: {beans: 10, cups: n}"
    assert wants(compiled, effect, n=None) == [
        Skipped("spend", "cups: a value that the formula needs is missing")
    ]
    assert wants(compiled, effect, n=-1) == [
        Skipped("spend", "cups: the formula gave -1; only more than 0 is spent")
    ]
    assert wants(compiled, effect, n=0) == [Spend({"beans": 10})]
    assert wants(compiled, "spend: {cups: n}", n=0) == []


# --- transfer ---------------------------------------------------------------------------------

GIVE = "transfer: {wallet: beans, points: n, to: friend}"


def test_transfer_takes_points_and_their_expiry_to_another(compiled: Compile) -> None:
    (change,), balances = does(compiled, GIVE, n=15, friend="bob")
    assert isinstance(change, Transfer)
    assert (change.wallet, change.points, change.to) == ("beans", 15, "bob")
    assert [parcel.points for parcel in change.parcels] == [15]
    assert balances == {"ann": {"beans": 5, "cups": 20}, "bob": {"beans": 15}}


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        ({"n": 21, "friend": "bob"}, "insufficient balance: 20 of 21 beans"),
        ({"n": 1, "friend": "ann"}, "beans: to the same customer"),
        ({"n": 1}, "beans: the customer is missing"),
        ({"friend": "bob"}, "beans: a value that the formula needs is missing"),
        (
            {"n": -1, "friend": "bob"},
            "beans: the formula gave -1; only more than 0 is transferred",
        ),
        ({"n": 1, "friend": "b" * 257}, "customer is longer than 256 characters"),
    ],
)
def test_what_can_not_be_transferred_stays(
    compiled: Compile, data: dict[str, Any], reason: str
) -> None:
    changes, balances = does(compiled, GIVE, **data)
    assert changes == [Skipped("transfer", reason)]
    assert balances == {"ann": {"beans": 20, "cups": 20}}


def test_nobody_transfers_what_they_would_owe(compiled: Compile) -> None:
    owing = CLUB.replace(
        "{expires: 10 days, transferable: true}", "{minimum: none, transferable: true}"
    )
    club = Visits(compiled(owing + GIVE).program)
    (outcome,) = club.happens("visit", "2026-01-01", '{"n": 1, "friend": "bob"}')
    assert outcome.decisions[0].changes == (
        Skipped("transfer", "beans: only points that are there can go"),
    )


# --- adjust, reinstate, freeze ----------------------------------------------------------------


def test_adjust_gives_and_takes_down_to_the_minimum(compiled: Compile) -> None:
    changes, balances = does(compiled, "adjust: {beans: 5, cups: -99}")
    assert changes == [Adjust("beans", 5), Adjust("cups", -25)]
    assert balances == {"ann": {"beans": 25, "cups": -5}}
    assert wants(compiled, "adjust: {beans: n, cups: 0}", n=None) == [
        Skipped("adjust", "beans: a value that the formula needs is missing")
    ]


def test_reinstate_brings_back_what_has_expired(compiled: Compile) -> None:
    changes, balances = does(compiled, "reinstate: {beans: 50, cups: 1}", day="2026-01-20")
    assert changes == [
        Reinstate("beans", 20),
        Skipped("reinstate", "cups: nothing has expired"),
    ]
    assert balances == {"ann": {"beans": 20, "cups": 20}}
    assert wants(compiled, "reinstate: {beans: n}", n=-1) == [
        Skipped("reinstate", "beans: the formula gave -1; only more than 0 is reinstated")
    ]


def test_freeze_holds_a_wallet_until_it_is_unfrozen(compiled: Compile) -> None:
    frozen = """freeze: beans
    - spend: {beans: 1}
    - earn: {beans: 1}
    - unfreeze: beans
    - spend: {beans: 1}"""
    changes, balances = does(compiled, frozen)
    assert changes[:2] == [Freeze("beans", on=True), Skipped("spend", "frozen: beans")]
    assert changes[3:] == [Freeze("beans", on=False), Spend({"beans": 1})]
    assert balances["ann"]["beans"] == 20


# --- mistakes ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("effect", "problem"),
    [
        ("spend: {baens: 1}", "14:15: error: there is no wallet 'baens' (did you mean 'beans'?)"),
        (
            "spend: {tier: 1}",
            "14:21: error: tier is a qualifying wallet: its points are counted, not spent",
        ),
        ("spend: {beans: friend}", "14:22: error: this is id, where number or money should be"),
        (
            "transfer: {wallet: cups, points: 1, to: friend}",
            (
                "14:26: error: points of cups may not go to other customers (write `transferable:"
                " true` in the wallet)"
            ),
        ),
        (
            "transfer: {wallet: beans, points: 1, to: n}",
            "14:48: error: this is integer, where id should be",
        ),
        (
            "transfer: {wallet: baens, points: 1, to: friend}",
            "14:26: error: there is no wallet 'baens' (did you mean 'beans'?)",
        ),
        (
            "transfer: {wallet: beans, points: friend, to: friend}",
            "14:41: error: this is id, where number or money should be",
        ),
        ("adjust: {bean: 1}", "14:16: error: there is no wallet 'bean' (did you mean 'beans'?)"),
        ("reinstate: {bean: 1}", "14:19: error: there is no wallet 'bean' (did you mean 'beans'?)"),
        ("freeze: bean", "14:15: error: there is no wallet 'bean' (did you mean 'beans'?)"),
        ("unfreeze: bean", "14:17: error: there is no wallet 'bean' (did you mean 'beans'?)"),
    ],
)
def test_a_mistake_in_an_effect_has_its_place(
    problems: Problems, effect: str, problem: str
) -> None:
    (told,) = problems(CLUB + effect)
    assert told.rpartition(" [")[0] == f"club.yaml:{problem}"
