"""Whether a store's points are right: computed again from the entries, and from the events.

    entries -> sums of every lot        no bucket below zero, no point lost or made
    states  against entries             what the next step will find is what was posted
    events  -> steps -> decisions, entries    the log, told again, comes out as stored

Each customer is gone through alone, in the order of their names. The first thing that does
not hold is told; what comes after it may only follow from it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from sqlite3 import Connection
from typing import NamedTuple

from loyalcore.engine.standing import read_kept
from loyalcore.ledger.audit import Audit
from loyalcore.store.customers import each_state
from loyalcore.store.ledger import Entry, each_entry, first_orphan, first_stranger


class Difference(NamedTuple):
    """What does not hold: of whom, where, what should be there, and what is."""

    customer: str
    where: str
    expected: str
    found: str


class Verified(NamedTuple):
    """How much was gone through, and the first difference, if there is one."""

    customers: int
    entries: int
    events: int
    difference: Difference | None


def verify(
    connection: Connection,
    *,
    quick: bool = False,
    progress: Callable[[int], None] = lambda customers: None,
) -> Verified:
    """Verify all customers; without their events where `quick`. Calls `progress` with 1 after
    each. Raises StoreError where a program that decided can't be compiled any more."""
    verifier = _Verifier(connection, quick=quick)
    difference = _of_rows(connection)
    if difference is None:
        for customer, state in each_state(connection):
            difference = verifier.customer(customer, state.clock, state.state)
            if difference is not None:
                break
            progress(1)
    return Verified(verifier.customers, verifier.entries, verifier.events, difference)


def _of_rows(connection: Connection) -> Difference | None:
    """What no customer's own entries can show: entries without a cause, or without a
    customer."""
    if (orphan := first_orphan(connection)) is not None:
        return Difference(
            orphan.customer,
            f"entry {orphan.seq}",
            "an event of this customer and time, and a decision of its rule",
            "none",
        )
    if (stranger := first_stranger(connection)) is not None:
        return Difference(stranger, "the customer's state", "one", "none, but entries")
    return None


class _Verifier:
    def __init__(self, connection: Connection, *, quick: bool) -> None:
        self.customers = self.entries = self.events = 0
        self._connection = connection
        self._quick = quick

    def customer(self, customer: str, clock: int, packed: bytes) -> Difference | None:
        """The first difference of one customer."""
        audit = Audit()
        for finding in audit.add(self._counted(customer)):
            return Difference(customer, *finding)
        kept = read_kept(packed)
        if kept.clock != clock:
            return Difference(customer, "the clock in the state", str(clock), str(kept.clock))
        for finding in audit.against(kept.account):
            return Difference(customer, *finding)
        self.customers += 1
        return None

    def _counted(self, customer: str) -> Iterator[Entry]:
        for entry in each_entry(self._connection, customer):
            self.entries += 1
            yield entry
