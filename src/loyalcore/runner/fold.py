"""Folding events through the step, batch by batch, into the store (S3, S11).

A batch is read, decided and committed as a whole. How events fall into batches changes
nothing but speed: duplicates are found in the store and within the batch alike, and rows
are numbered in the order of the events.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from sqlite3 import Connection

from loyalcore.engine.cascade import cascade
from loyalcore.engine.outcome import Outcome
from loyalcore.engine.state import CustomerState, new_state, pack_state, unpack_state
from loyalcore.errors import EventInvalid
from loyalcore.events import Event, Reject, reject_id
from loyalcore.intake import RawEvent, same_data
from loyalcore.program.plan import Program
from loyalcore.runner.past import readable_past
from loyalcore.runner.summary import Summary
from loyalcore.store import State, Writer
from loyalcore.store.customers import load_states
from loyalcore.store.events import StoredEvent, known, list_events
from loyalcore.store.rejects import count_rejects, open_among

BATCH = 10_000
CACHED = 20_000  # customers at hand, or those of one batch: bounds memory, however many


class Fold:
    """One program folding events into one store."""

    def __init__(self, program: Program, connection: Connection, writer: Writer) -> None:
        self.summary = Summary()
        self._program = program
        self._connection = connection
        self._writer = writer
        self._states: dict[str, CustomerState] = {}
        self._any_open = bool(count_rejects(connection))

    def run(
        self,
        raws: Iterable[RawEvent],
        *,
        batch: int = BATCH,
        progress: Callable[[int], None] = lambda handled: None,
    ) -> None:
        """Fold `raws`, which are in the order of a run; call `progress` with the number of
        events handled after each batch. Raises StoreError when the file can't be written;
        what was committed by then stays, and the same run again does the rest."""
        iterator = iter(raws)
        while chunk := list(islice(iterator, batch)):
            self._fold(chunk)
            progress(len(chunk))

    def _fold(self, chunk: list[RawEvent]) -> None:
        """Decide and commit one batch. Outcomes become rows one by one, as the writer asks
        for them: a batch of them at once would be far more memory than its rows."""
        self._load({raw.customer for raw in chunk})
        rejected: list[Reject] = []
        touched: dict[str, None] = {}
        self._writer.commit(
            self._outcomes(chunk, rejected, touched),
            self._packed(touched),
            rejected,
            self._retried(chunk, rejected),
        )
        self.summary.rejected.update(reject.code for reject in rejected)

    def _outcomes(
        self, chunk: list[RawEvent], rejected: list[Reject], touched: dict[str, None]
    ) -> Iterator[Outcome]:
        logged: dict[tuple[str, str], RawEvent | StoredEvent] = {
            **known(self._connection, [raw.key for raw in chunk])
        }
        for raw in chunk:
            try:
                event = self._accepted(raw, logged.get(raw.key))
            except EventInvalid as error:
                rejected.append(raw.reject(error.code, str(error)))
                continue
            if event is None:
                self.summary.duplicates += 1
                continue
            logged[raw.key] = raw
            for outcome in cascade(self._program, self._states, self._load_one, event):
                touched[outcome.event.customer] = None
                self.summary.add(outcome)
                yield outcome

    def _packed(self, touched: Iterable[str]) -> Iterator[tuple[str, State]]:
        for customer in touched:
            state = self._states[customer]
            yield customer, State(state.clock, state.due, pack_state(self._program, state))

    def _retried(self, chunk: list[RawEvent], rejected: list[Reject]) -> Iterator[str]:
        """The open rejects that are none any more: their events are in the log now."""
        if not self._any_open:
            return
        handled = {reject_id(raw.file, raw.line, raw.original) for raw in chunk}
        yield from open_among(self._connection, handled - {reject.id for reject in rejected})

    def _accepted(self, raw: RawEvent, twin: RawEvent | StoredEvent | None) -> Event | None:
        """The event as the program reads it, or None where it is in the log already.

        `twin` is what the log has under its source and id: the same event again is no
        event, other content is refused (S1). Raises EventInvalid.
        """
        if raw.source == self._program.source:
            raise EventInvalid("reserved-source", "the program itself makes the events of it")
        if twin is not None and _same(twin, raw):
            return None
        event = self._program.event(
            source=raw.source,
            id=raw.id,
            type=raw.type,
            customer=raw.customer,
            time=raw.time,
            text=raw.data,
        )
        # Only now: what is no event under any id is refused for that, whichever came first.
        if twin is not None:
            message = "another event has this source and id, with other content"
            raise EventInvalid("conflicting-id", message)
        if raw.time < self._states[raw.customer].clock:
            raise EventInvalid("late", "the customer has later events, decided by an earlier run")
        return event

    def _load(self, customers: set[str]) -> None:
        """Have the states of `customers` at hand, and of others only while there is room."""
        wanted = sorted(customers - self._states.keys())
        if len(self._states) + len(wanted) > CACHED:
            self._states = {c: state for c, state in self._states.items() if c in customers}
        found = load_states(self._connection, wanted)
        for customer in wanted:
            self._states[customer] = self._unpacked(customer, found.get(customer))

    def _load_one(self, customer: str) -> CustomerState:
        return self._unpacked(customer, load_states(self._connection, [customer]).get(customer))

    def _unpacked(self, customer: str, stored: State | None) -> CustomerState:
        if stored is None:
            return new_state(customer)
        return unpack_state(self._program, stored.state, lambda: self._past(customer))

    def _past(self, customer: str) -> Iterator[Event]:
        return readable_past(self._program, list_events(self._connection, customer=customer))


def _same(one: RawEvent | StoredEvent, other: RawEvent) -> bool:
    """Whether two events of one source and id say the same."""
    return (one.type, one.customer, one.time) == (
        other.type,
        other.customer,
        other.time,
    ) and same_data(one.data, other.data)
