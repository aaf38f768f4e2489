"""One event and all the events it leads to, each by a step of its own (S4, S14); and what
time brings by itself."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, MutableMapping
from itertools import chain

from msgspec.structs import replace

from loyalcore.engine.outcome import Outcome
from loyalcore.engine.shared import Tally
from loyalcore.engine.state import CustomerState
from loyalcore.engine.step import step
from loyalcore.engine.timing.timers import check_settled, due_event
from loyalcore.events import Event
from loyalcore.program.builtin_events import CUSTOMER_SPLIT, DUE, HANDING_OVER
from loyalcore.program.plan import Program

States = MutableMapping[str, CustomerState]
Load = Callable[[str], CustomerState]


def cascade(
    program: Program,
    states: States,
    load: Load,
    event: Event,
    shared: Tally | None = None,
    first: Callable[[CustomerState], Event | None] | None = None,
) -> Iterable[Outcome]:
    """Step `event`; then, as they are asked for, the events it caused, in order, then those
    they caused.

    `states` holds each customer's latest state and is brought up to date; `load` gives
    the state of a customer who is not in it. `shared` counts what is drawn. An emitted event
    happens when its customer can see it: at the time of its cause, or at the customer's own
    clock if that is later; and after all that is due for them by then. Events of a customer
    who is merged into another are the other's. `first` gives what must come to a customer
    before anything that is emitted for them.
    """
    shared = Tally() if shared is None else shared
    state = states.get(event.customer) or load(event.customer)
    if not (event.cause or state.merged):
        outcome = _taken(program, states, state, event, shared)
        if not outcome.emitted:  # by far the most usual
            return (outcome,)
        return chain((outcome,), _following(program, states, load, outcome.emitted, shared, first))
    return _following(program, states, load, (event,), shared, first)


def _taken(
    program: Program, states: States, state: CustomerState, event: Event, shared: Tally
) -> Outcome:
    """Take the step of a customer at an event."""
    state, outcome = step(program, state, event, shared)
    if event.type == DUE:
        check_settled(event, state)
    states[event.customer] = state
    if outcome.draws:
        shared.add(outcome.draws)
    return outcome


def _following(
    program: Program,
    states: States,
    load: Load,
    events: Iterable[Event],
    shared: Tally,
    first: Callable[[CustomerState], Event | None] | None,
) -> Iterator[Outcome]:
    """Step `events`, and what they cause."""
    waiting: deque[Event] = deque()
    _line_up(waiting, events)
    while waiting:
        event = waiting.popleft()
        state = states.get(event.customer) or load(event.customer)
        if state.merged and event.type != CUSTOMER_SPLIT:
            state = owner(state, states, load)
            time = max(event.time, state.clock)
            event = replace(event, customer=state.customer, time=time)
        if event.cause:
            if event.time < state.clock:
                event = replace(event, time=state.clock)
            if first is not None and (other := first(state)) is not None:
                waiting.appendleft(event)
                event = other
            elif (due := state.due) is not None and due <= event.time:
                waiting.appendleft(event)
                event = due_event(program, state)
        outcome = _taken(program, states, state, event, shared)
        _line_up(waiting, outcome.emitted)
        yield outcome


def _line_up(waiting: deque[Event], events: Iterable[Event]) -> None:
    for event in events:
        if event.type in HANDING_OVER:  # nobody may come between
            waiting.appendleft(event)
        else:
            waiting.append(event)


def owner(state: CustomerState, states: States, load: Load) -> CustomerState:
    """The customer whose the events of one are: they themselves, or whom they are merged
    into."""
    while state.merged:
        state = states.get(state.merged) or load(state.merged)
    return state


def pass_time(
    program: Program, states: States, load: Load, until: int, shared: Tally | None = None
) -> Iterator[Outcome]:
    """Let everything happen that is due by `until` for the customers of `states`: in the
    order of (due, customer), each with all that it leads to. Looks at every one of them for
    each: for a few customers at hand."""
    shared = Tally() if shared is None else shared
    while dues := [
        (due, customer)
        for customer, state in states.items()
        if (due := state.due) is not None and due <= until
    ]:
        _, customer = min(dues)
        event = due_event(program, states[customer])
        yield from cascade(program, states, load, event, shared)
