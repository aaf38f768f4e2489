"""What time brings by itself, as events: points turn active or expire, offers end, timers run
out (S4).

    state.due -> an event of type `due` -> a step as any other

There is no other clock than that of the events: whoever runs steps makes these events, up
to the time of the next one, or as far as was asked.
"""

from __future__ import annotations

from hashlib import blake2b

from loyalcore.engine.state import CustomerState
from loyalcore.events import Event
from loyalcore.program.builtin_events import DUE
from loyalcore.program.plan import Program
from loyalcore.values import write_time


def due_event(program: Program, state: CustomerState) -> Event:
    """The event at which what is due next for a customer happens, who has something due.

    It comes at that instant, or at the customer's clock where that is later already: what
    a refund opens again may have ended meanwhile. Its id is made of what is due, so it is
    the same whenever it is made; what is due again at the same instant came later, and is
    told by the number of the latest lot, offer or timer.
    """
    due, clock = state.due, state.clock
    assert due is not None
    time = max(due, clock)
    latest = f"{state.account.last}\0{state.opened}\0{state.life.set}"
    found = f"{state.customer}\0{due}\0{time}\0{latest}"
    # The day, for the store: ids in the order of time are quick to add.
    id = f"due-{write_time(time)[:10]}-{blake2b(found.encode(), digest_size=12).hexdigest()}"
    return Event(program.source, id, DUE, state.customer, time, {}, "{}")


def check_settled(event: Event, state: CustomerState) -> None:
    """Raise where the clock has come to a customer and left something due: it would come
    again and again, for ever."""
    if state.due is not None and state.due <= event.time:
        raise RuntimeError(f"the event {event.id} has left something due at its own instant")
