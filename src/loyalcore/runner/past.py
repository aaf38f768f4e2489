"""The logged events of a customer, as a program reads them, and the key of their codes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from sqlite3 import Connection

from msgspec.structs import replace

from loyalcore.engine.handover.joining import joined
from loyalcore.engine.offering.codes import customer_key
from loyalcore.engine.points.standing import Kept
from loyalcore.engine.state import Absorbed, CustomerState, new_state
from loyalcore.errors import EventInvalid
from loyalcore.events import Event
from loyalcore.program.plan import Program
from loyalcore.store.events import StoredEvent, list_events
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


def readable_past(program: Program, log: Iterable[StoredEvent | Event]) -> Iterator[Event]:
    """Those events of `log` that `program` can read: what a new metric is made from (S15)."""
    for logged in log:
        if isinstance(logged, Event):
            yield logged
            continue
        try:
            yield logged_event(program, logged)
        except EventInvalid:
            continue


def own_log(
    connection: Connection, customer: str, before: int | None = None
) -> Iterator[tuple[int, StoredEvent]]:
    """What is logged of a customer, numbered, up to but not including the number `before`."""
    for stored in list_events(connection, customer=customer):
        if before is not None and stored.seq >= before:
            return
        yield stored.seq, stored


def past_of(
    connection: Connection,
    program: Program,
    customer: str,
    absorbed: Mapping[str, Absorbed],
    before: int | None = None,
) -> Iterator[Event]:
    """The events that count for a customer, as `program` reads them: also those of customers
    merged into them. Those logged before the number `before`, or all."""
    log = joined(lambda name: own_log(connection, name, before), customer, absorbed)
    return readable_past(program, log)


def known_as(customer: str, one_with: Callable[[str], Iterable[str]]) -> Iterator[str]:
    """The customers for whom events of one may be logged: those whom they are or were merged
    into, who are merged into them, and so on. `one_with` tells this of one customer."""
    seen, ahead = {customer}, [customer]
    while ahead:
        for other in one_with(ahead.pop()):
            if other not in seen:
                seen.add(other)
                ahead.append(other)
                yield other


def one_with(state: CustomerState | Kept) -> Iterator[str]:
    """The customers with whom one is the same person, or was taken to be."""
    if state.merged:
        yield state.merged
    yield from state.formerly
    for absorbed in state.absorbed.values():
        yield from absorbed.logs
