"""The logged events of a customer, as a program reads them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from loyalcore.errors import EventInvalid
from loyalcore.events import Event
from loyalcore.program.plan import Program
from loyalcore.store.events import StoredEvent


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
