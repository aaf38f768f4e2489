"""A case through the step, in memory: the same cascade that a run folds events with, and
time passes as in a run."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from msgspec import json
from msgspec.structs import replace

from loyalcore.effects.kind import Facts
from loyalcore.engine.cascade import States, cascade, owner, pass_time
from loyalcore.engine.handover.joining import joined
from loyalcore.engine.offering.codes import code_of
from loyalcore.engine.outcome import Outcome
from loyalcore.engine.shared import Pool, Tally
from loyalcore.engine.state import CustomerState, kept_anew, new_state
from loyalcore.engine.step import see
from loyalcore.events import Event
from loyalcore.program.plan import Program
from loyalcore.program.selecting.rule_plan import RulePlan
from loyalcore.runner.rule_tests.cases import Case
from loyalcore.values import to_datetime


@dataclass(frozen=True)
class Taken:
    """One step that was taken: a customer, and what all share, before; what was decided; the
    customer after."""

    program: Program
    before: CustomerState
    shared: Pool
    outcome: Outcome
    after: CustomerState

    @property
    def event(self) -> Event:
        return self.outcome.event

    @property
    def rules(self) -> tuple[RulePlan, ...]:
        """The rules on this type of event."""
        return self.program.events[self.event.type].rules

    @property
    def facts(self) -> Facts:
        """The facts that the rules rested on, seen again: they are a function of the rest."""
        return see(self.program, self.before, self.event)[1]

    def __str__(self) -> str:
        local = to_datetime(self.event.time, self.program.locale.zone)
        return f"{self.event.type} of {local:%Y-%m-%d %H:%M}"


def take(program: Program, case: Case) -> Iterator[Taken]:
    """Every step of `case`, those of emitted events and of what is due too, in the order they
    were taken."""
    states = dict(case.states)
    shared = Tally(case.shared)
    before = dict(states)
    draws = dict(case.shared.draws)
    log: list[Event] = []
    for outcome in _outcomes(program, case, states, shared):
        customer = outcome.event.customer
        log.append(outcome.event)
        if outcome.recount:
            states[customer] = _recounted(program, states[customer], log)
        yield Taken(
            program,
            before.get(customer) or new_state(customer),
            Pool(dict(draws), case.shared.codes),
            outcome,
            states[customer],
        )
        before[customer] = states[customer]
        for key, amount in outcome.draws:
            draws[key] = draws.get(key, 0) + amount


def _recounted(program: Program, state: CustomerState, log: list[Event]) -> CustomerState:
    """The customer, with metrics of all events of the test that are theirs by now."""

    def events(customer: str) -> Iterator[tuple[int, Event]]:
        return ((n, event) for n, event in enumerate(log) if event.customer == customer)

    return kept_anew(program, state, joined(events, state.customer, state.absorbed))


def _outcomes(program: Program, case: Case, states: States, shared: Tally) -> Iterator[Outcome]:
    for event in case.events:
        yield from pass_time(program, states, new_state, event.time, shared)
        if (offer := case.presented.get(event.key)) is not None:
            state = states.get(event.customer)
            if state is not None:
                state = owner(state, states, new_state)
            event = _presenting(program, event, state, offer)
        yield from cascade(program, states, new_state, event, shared)
    yield from pass_time(program, states, new_state, case.until, shared)


def _presenting(program: Program, event: Event, state: CustomerState | None, offer: str) -> Event:
    """The event with the customer's personal code of `offer`: of the latest that is open, or
    else of the latest there was. Without one it stays as it is, which is no code."""
    use = program.events[event.type].offers
    assert use is not None
    theirs = [one for one in state.offers if one.offer == offer and one.code] if state else []
    if state is None or not theirs:
        return event
    latest = max(theirs, key=lambda one: (not one.closed, one.number))
    code = code_of(state.key, latest.code)
    text = json.encode({**json.decode(event.text), use.presents: code}).decode()
    return replace(event, data={**event.data, use.presents: code}, text=text)
