"""Whether a store's points are right: computed again from the entries, and from the events.

    entries -> sums of every lot        no bucket below zero, no point lost or made
    states  against entries             what the next step will find is what was posted
    decisions -> tasks, cases           what people are asked, and answer, is what was decided
    events  -> steps -> decisions, entries    the log, told again, comes out as stored

Each customer is gone through alone, in the order of their names. The first thing that does
not hold is told; what comes after it may only follow from it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import zip_longest
from sqlite3 import Connection
from typing import NamedTuple

from loyalcore.engine.outcome import Outcome
from loyalcore.engine.points.standing import read_kept
from loyalcore.ledger.audit import Audit
from loyalcore.ledger.lots import Entry as Posted
from loyalcore.runner.past import known_as, one_with
from loyalcore.runner.replay import CompiledPrograms, retell
from loyalcore.store import State
from loyalcore.store.customers import each_state, load_states
from loyalcore.store.decisions import StoredDecision, list_decisions
from loyalcore.store.economics import margins_of
from loyalcore.store.events import known
from loyalcore.store.ledger import Entry, draws_of, each_entry, first_orphan, first_stranger
from loyalcore.store.rows import QUEUES
from loyalcore.store.shared import PastShared
from loyalcore.values import write_time


class Difference(NamedTuple):
    """What does not hold: of whom, where, what should be there, and what is."""

    customer: str
    where: str
    expected: str
    found: str


class Verified(NamedTuple):
    """How much was gone through, and the first difference, if there is one. `changed` has
    the hashes of programs that compile to another program here than the one that decided."""

    customers: int
    entries: int
    events: int
    difference: Difference | None
    changed: tuple[str, ...] = ()


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
            difference = next(verifier.customer(customer, state), None)
            if difference is not None:
                break
            progress(1)
    return Verified(
        verifier.customers, verifier.entries, verifier.events, difference, verifier.changed
    )


def _of_rows(connection: Connection) -> Difference | None:
    """What no customer's own entries can show: entries without a cause, or without a
    customer; and tasks and cases that are not what the decisions say."""
    if (orphan := first_orphan(connection)) is not None:
        wanted = "an event of this customer and time, and a decision of its rule"
        return Difference(orphan.customer, f"entry {orphan.seq}", wanted, "none")
    if (stranger := first_stranger(connection)) is not None:
        return Difference(stranger, "the customer's state", "one", "none, but entries")
    for queue in QUEUES:
        for told, kept in queue.written_again(connection):
            one = told or kept
            assert one is not None
            where = f"{one.called} among the {queue.table}"
            return Difference(one.customer, where, str(told), str(kept))
    return None


class _Verifier:
    """Goes through one customer after another, and counts."""

    def __init__(self, connection: Connection, *, quick: bool) -> None:
        self.customers = self.entries = self.events = 0
        self._connection = connection
        self._compiled = None if quick else CompiledPrograms(connection)
        self._shared = PastShared(connection)

    @property
    def changed(self) -> tuple[str, ...]:
        if self._compiled is None:
            return ()
        return tuple(self._compiled[number].hash for number in self._compiled.changed)

    def customer(self, customer: str, state: State) -> Iterator[Difference]:
        """The differences of one customer, as they are found."""
        audit = Audit()
        for finding in audit.add(self._counted(customer)):
            yield Difference(customer, *finding)
        kept = read_kept(state.state)
        if kept.clock != state.clock:
            times = write_time(kept.clock), write_time(state.clock)
            yield Difference(customer, "the customer's clock", *times)
        for finding in audit.against(kept.account):
            yield Difference(customer, *finding)
        if self._compiled is not None:
            yield from self._retold(customer, state, self._compiled)
        self.customers += 1

    def _counted(self, customer: str) -> Iterator[Entry]:
        for entry in each_entry(self._connection, customer):
            self.entries += 1
            yield entry

    def _retold(
        self, customer: str, state: State, compiled: CompiledPrograms
    ) -> Iterator[Difference]:
        """What does not come out as stored when the customer's events are stepped again."""
        connection = self._connection
        decisions: dict[int, list[StoredDecision]] = {}
        for decision in list_decisions(connection, customer=customer):
            decisions.setdefault(decision.event, []).append(decision)
        entries: dict[int, list[Entry]] = {}
        for entry in each_entry(connection, customer):
            entries.setdefault(entry.event, []).append(entry)
        told = None
        for told in retell(connection, customer, compiled, self._shared):
            self.events += 1
            seq = told.stored.seq
            event = f"event {seq} ({told.stored.type} {told.stored.id})"
            for finding in (
                *_decisions(told.outcome, decisions.get(seq, [])),
                *_entries(told.outcome, entries.get(seq, [])),
                *_emitted(connection, told.outcome),
                *_draws(told.outcome, draws_of(connection, seq)),
                *_brought(told.outcome, margins_of(connection, seq)),
            ):
                yield Difference(customer, f"{event}{finding[0]}", *finding[1:])
        if told is None:
            yield Difference(customer, "the event log", "events", "none")
        elif (account := told.after.account) != (kept := read_kept(state.state).account):
            lot = next(
                (a.number for a, b in zip(account.lots, kept.lots, strict=False) if a != b), None
            )
            where = "the account in the customer's state" + (f", lot {lot}" if lot else "")
            yield Difference(customer, where, "as the events make it", "another")


Found = tuple[str, str, str]
"""Where in an event, what was expected, what was found."""


def _decisions(outcome: Outcome, stored: Sequence[StoredDecision]) -> Iterator[Found]:
    for here, there in zip_longest(outcome.decisions, stored):
        if here is None:
            yield f", {there.rule}", "no decision", f"decision {there.id}"
        elif there is None:
            yield f", {here.rule}", f"decision {here.id}", "none"
        else:
            for what in ("rule", "reason", "facts", "effects", "cost", "id"):
                expected, found = getattr(here, what), getattr(there, what)
                if expected != found:
                    yield f", {here.rule}: {what}", str(expected), str(found)
                    break


def _entries(outcome: Outcome, stored: Sequence[Entry]) -> Iterator[Found]:
    made = [(entry, one.rule) for one in outcome.decisions for entry in one.entries]
    for here, there in zip_longest(made, stored):
        expected = "no entry" if here is None else _written(*here)
        found = "none" if there is None else _written(there, there.rule)
        if expected != found:
            number = "" if there is None else f", entry {there.seq}"
            yield number, expected, found


def _written(entry: Entry | Posted, rule: str) -> str:
    times = [
        f" {name} {write_time(time)}"
        for name, time in (("activates", entry.activates), ("expires", entry.expires))
        if time is not None
    ]
    return (
        f"{entry.kind} {entry.points:+,} {entry.wallet} {entry.bucket}, lot {entry.lot}"
        f"{''.join(times)}, by {rule}"
    )


def _emitted(connection: Connection, outcome: Outcome) -> Iterator[Found]:
    if not outcome.emitted:
        return

    def others(customer: str) -> Iterator[str]:
        state = load_states(connection, [customer]).get(customer)
        return iter(()) if state is None else one_with(read_kept(state.state))

    there = known(connection, [(event.source, event.id) for event in outcome.emitted])
    for event in outcome.emitted:
        expected = f"event {event.id} ({event.type} for {event.customer}): {event.text}"
        stored = there.get((event.source, event.id))
        if stored is None:
            yield ", emitted", expected, "none"
        elif (stored.type, stored.data) != (event.type, event.text) or not (
            stored.customer == event.customer or stored.customer in known_as(event.customer, others)
        ):
            found = f"event {stored.id} ({stored.type} for {stored.customer}): {stored.data}"
            yield ", emitted", expected, found


def _brought(outcome: Outcome, stored: Sequence[tuple[int, int]]) -> Iterator[Found]:
    if list(outcome.brought) != list(stored):
        yield ", margin", str(list(outcome.brought)), str(list(stored))


def _draws(outcome: Outcome, stored: Sequence[tuple[str, int]]) -> Iterator[Found]:
    if list(outcome.draws) != list(stored):
        yield ", drawn of what all share", str(dict(outcome.draws)), str(dict(stored))
