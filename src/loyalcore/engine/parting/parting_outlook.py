"""What the ending of a relationship would come to, if it were approved and nothing else happened:
stepped through by the same pure step as everything, on a copy that nobody keeps."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from msgspec.structs import replace

from loyalcore.effects.changes import Expire, Part, Send, Settle
from loyalcore.engine.cascade import cascade
from loyalcore.engine.life import Dissolution
from loyalcore.engine.outcome import Outcome
from loyalcore.engine.parting.phases import NEVER
from loyalcore.engine.state import CustomerState
from loyalcore.engine.timing.timers import due_event
from loyalcore.program.plan import Program


class Begins(NamedTuple):
    """A phase, and when it would begin."""

    time: int
    phase: str


class Comes(NamedTuple):
    """What would become of points: as they are settled, or as they expire by themselves."""

    time: int
    change: Settle


class Writes(NamedTuple):
    """A message of the dissolution that would be sent, with the values that it names."""

    time: int
    send: Send


class Outlook(NamedTuple):
    """What would happen, in order. `held` is what would keep it from going on ("": nothing)."""

    phases: tuple[Begins, ...]
    points: tuple[Comes, ...]
    messages: tuple[Writes, ...]
    held: str


def outlook(
    program: Program,
    state: CustomerState,
    name: str,
    at: int,
    load: Callable[[str], CustomerState],
) -> Outlook:
    """What the dissolution `name` would come to for the customer of `state`, were it approved at
    the instant `at`, not before their clock; or, once it was, what is still to come of it. `load`
    gives the state of others, whom what is due may concern."""
    state = _until(program, state, at, load)
    one = state.life.dissolution
    if one is not None and one.name == name and one.begins:
        life = state.life
    else:
        number = state.life.parted.get(name, NEVER).number + 1
        one = Dissolution(name, number, "", at, "approved", at, at) if one is None else one
        approved = replace(one, phase="approved", came=at, anchor=at, due=at)
        asked = tuple(a for a in state.life.approvals if a.number != one.approval)
        life = replace(state.life, dissolution=approved, approvals=asked, due=at)
        life = replace(life, set=life.set + 1)
    phases: list[Begins] = []
    points: list[Comes] = []
    messages: list[Writes] = []
    state = replace(state, life=life)
    while (one := state.life.dissolution) is not None and not one.closed and state.due is not None:
        state, outcomes = _step(program, state, load)
        for outcome in outcomes:
            _note(outcome, state.customer, phases, points, messages)
        one = state.life.dissolution
        if one is not None and one.held:
            return Outlook(tuple(phases), tuple(points), tuple(messages), one.held)
    return Outlook(tuple(phases), tuple(points), tuple(messages), "")


def _note(
    outcome: Outcome,
    customer: str,
    phases: list[Begins],
    points: list[Comes],
    messages: list[Writes],
) -> None:
    if outcome.event.customer != customer:
        return
    time = outcome.event.time
    for decision in outcome.decisions:
        for change in decision.changes:
            match change:
                case Part(phase=phase):
                    phases.append(Begins(time, phase))
                case Settle():
                    points.append(Comes(time, change))
                case Expire(fallen):
                    points += (
                        Comes(time, Settle(wallet, number, "expired"))
                        for wallet, number in fallen.items()
                    )
                case Send() if decision.rule.startswith("dissolution."):
                    messages.append(Writes(time, change))


def _until(
    program: Program, state: CustomerState, at: int, load: Callable[[str], CustomerState]
) -> CustomerState:
    """The customer once all has happened that is due by then."""
    while state.due is not None and state.due <= at:
        state, _ = _step(program, state, load)
    return state


def _step(
    program: Program, state: CustomerState, load: Callable[[str], CustomerState]
) -> tuple[CustomerState, list[Outcome]]:
    states = {state.customer: state}
    outcomes = [*cascade(program, states, load, due_event(program, state))]
    return states[state.customer], outcomes
