"""One event and all the events it leads to, each by a step of its own (S4, S14)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, MutableMapping

from msgspec.structs import replace

from loyalcore.engine.outcome import Outcome
from loyalcore.engine.state import CustomerState
from loyalcore.engine.step import step
from loyalcore.events import Event
from loyalcore.program.plan import Program

States = MutableMapping[str, CustomerState]


def cascade(
    program: Program, states: States, load: Callable[[str], CustomerState], event: Event
) -> Iterator[Outcome]:
    """Step `event`, then the events it caused, in order, then those they caused.

    `states` holds each customer's latest state and is brought up to date; `load` gives
    the state of a customer who is not in it. An emitted event happens when its customer
    can see it: at the time of its cause, or at the customer's own clock if that is later.
    """
    waiting = [event]
    for event in waiting:  # grows while it is read
        state = states.get(event.customer) or load(event.customer)
        if event.cause and event.time < state.clock:
            event = replace(event, time=state.clock)
        states[event.customer], outcome = step(program, state, event)
        if outcome.emitted:
            waiting += outcome.emitted
        yield outcome
