"""The logged events of a customer, as a program reads them, and the key of their codes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from sqlite3 import Connection

from msgspec.structs import replace

from loyalcore.engine.codes import customer_key
from loyalcore.engine.state import CustomerState, new_state
from loyalcore.errors import EventInvalid
from loyalcore.events import Event
from loyalcore.program.plan import Program
from loyalcore.store.events import StoredEvent
from loyalcore.store.shared import read_secret


class Keys:
    """The keys that customers' codes are made with, where `program` makes codes. They are
    made anew from the secret of the store, never stored with a state."""

    def __init__(self, program: Program, connection: Connection) -> None:
        self._secret = read_secret(connection) if program.offers else b""

    def new_state(self, customer: str) -> CustomerState:
        """A customer of whom nothing is known yet."""
        return new_state(customer, self._of(customer))

    def given(self, state: CustomerState) -> CustomerState:
        """A customer with their key."""
        return replace(state, key=key) if (key := self._of(state.customer)) else state

    def _of(self, customer: str) -> str:
        return customer_key(self._secret, customer) if self._secret else ""


def logged_event(program: Program, stored: StoredEvent, depth: int = 0) -> Event:
    """The event that was logged. Raises EventInvalid where `program` can't read it."""
    return program.event(
        source=stored.source,
        id=stored.id,
        type=stored.type,
        customer=stored.customer,
        time=stored.time,
        text=stored.data,
        cause=stored.cause,
        depth=depth,
    )


def readable_past(program: Program, log: Iterable[StoredEvent]) -> Iterator[Event]:
    """Those events of `log` that `program` can read: what a new metric is made from (S15)."""
    for stored in log:
        try:
            yield logged_event(program, stored)
        except EventInvalid:
            continue
