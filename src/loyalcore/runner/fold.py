"""Folding events through the step, batch by batch, into the store (S3, S11).

A batch is read, decided and committed as a whole. How events fall into batches changes
nothing but speed: duplicates are found in the store and within the batch alike, and rows
are numbered in the order of the events.

Before each accepted event all that is due by its time happens, to every customer, in the
order of (due, customer), each an event of its own (S4). What is due after the last event is
left to the next run: no clock goes further than what happened, or than was asked.
"""

from __future__ import annotations

import sys
from collections import ChainMap
from collections.abc import Callable, Generator, Iterable, Iterator
from itertools import islice
from sqlite3 import Connection
from typing import cast

from msgspec.structs import replace

from loyalcore.calendars import span_text
from loyalcore.engine.cascade import States, cascade, owner
from loyalcore.engine.handover.joining import joined
from loyalcore.engine.outcome import Outcome
from loyalcore.engine.points.standing import read_kept
from loyalcore.engine.shared import Tally
from loyalcore.engine.state import CustomerState, kept_anew, lots_written, pack_state, unpack_state
from loyalcore.engine.timing.timers import due_event
from loyalcore.errors import EventInvalid, PluginError, PluginFailed
from loyalcore.events import Event, Reject, reject_id
from loyalcore.intake import RawEvent, same_data
from loyalcore.program.plan import Program
from loyalcore.runner.clock import Clock
from loyalcore.runner.handover import Handover
from loyalcore.runner.observing import Observing
from loyalcore.runner.past import Keys, known_as, one_with, own_log, past_of, readable_past
from loyalcore.runner.reckoning import reckon
from loyalcore.runner.summary import Summary
from loyalcore.store import State, Writer
from loyalcore.store.activations import Activation
from loyalcore.store.customers import due_customers, load_states, names_after
from loyalcore.store.events import StoredEvent, known
from loyalcore.store.rejects import count_rejects, open_among
from loyalcore.store.shared import StoredShared
from loyalcore.values import write_time

BATCH = 4_000
CACHED = 10_000  # customers at hand, about 2.5 KiB each: bounds memory, however many there are
LOADED = 500  # customers whose packed states are in memory beside the states made of them
DRAWS_CACHED = 50_000  # keys of what all customers share


def check_late(program: Program, time: int, clock: int) -> None:
    """Raise EventInvalid where `program` takes no event at `time` any more from a customer
    whose clock is at `clock`."""
    allowed = program.allow_late
    if allowed is not None and time >= allowed.before(clock, program.locale.zone):
        return
    rule = "the program has no allow_late" if allowed is None else f"allow_late is {allowed}"
    raise EventInvalid(
        "late",
        f"{span_text(clock - time)} late: the customer has later events, up to "
        f"{write_time(clock)}, and {rule}",
    )


class Fold:
    """One program folding events into one store. What it does is added to `summary`."""

    _first: Callable[[CustomerState], Event | None] | None = None  # while it takes over

    def __init__(
        self,
        program: Program,
        connection: Connection,
        writer: Writer,
        summary: Summary | None = None,
        observing: Observing | None = None,
    ) -> None:
        self.summary = summary or Summary()
        self._observing = observing or Observing({}, connection, writer)
        self._program = program
        self._connection = connection
        self._writer = writer
        self._states: States = {}
        self._keys = Keys(program, connection)
        self._shared = Tally(StoredShared(connection))
        self._clock = Clock(connection)
        reckon(program, connection, writer)
        # Where nothing is ever due, nobody need look.
        self._timed = program.timed or bool(due_customers(connection, limit=1))
        self._any_open = bool(count_rejects(connection))
        self._recent: list[Event] = []  # of this batch, where customers may be merged

    def run(
        self,
        raws: Iterable[RawEvent],
        *,
        until: int | None = None,
        batch: int = BATCH,
        progress: Callable[[int], None] = lambda handled: None,
    ) -> None:
        """Fold `raws`, which are in the order of a run, and let time pass to the last of them,
        or to `until` if that is later; call `progress` with the number of events handled
        after each batch. Raises StoreError when the file can't be written; what was committed
        by then stays, and the same run again does the rest."""
        iterator = iter(raws)
        chunk = list(islice(iterator, batch))
        while chunk:
            handled = self._fold(chunk, batch)
            progress(handled)
            chunk = chunk[handled:]
            chunk += islice(iterator, batch - len(chunk))
        if until is not None and self._timed:
            while self._clock.next(until) is not None:
                self._load(set())
                self._commit(self._passing(until, batch))

    def take_over(
        self,
        activation: Activation,
        *,
        batch: int = BATCH,
        progress: Callable[[int], None] = lambda handled: None,
    ) -> None:
        """Hand every customer who was there before `activation` began over to the program, in
        the order of their names; but before anything is emitted for one of them, that one. Who
        is handed over already, by a run that was cut short, is passed over."""
        handover = Handover(self._program, self._connection, activation)

        def outcomes(customers: Iterable[str]) -> Iterator[Outcome]:
            for customer in customers:
                if (event := handover.next(self._states[customer])) is not None:
                    yield from self._certain(event)

        self._first = handover.first
        last = ""
        while names := names_after(self._connection, last, min(batch, CACHED)):
            if customers := handover.waiting(names):
                self._load(set(customers))
                self._commit(outcomes(customers))
                handover.committed()
            last = names[-1]
            progress(len(names))
        self._first = None

    def _fold(self, chunk: list[RawEvent], batch: int) -> int:
        """Decide and commit one batch: `chunk`, or as much of it as comes before `batch` things
        were due. Returns how many of its events were handled."""
        self._load({raw.customer for raw in chunk})
        handled: list[RawEvent] = []
        rejected: list[Reject] = []
        self._commit(
            self._outcomes(chunk, batch, handled, rejected),
            rejected,
            self._retried(handled, rejected),
        )
        self.summary.rejected.update(reject.code for reject in rejected)
        return len(handled)

    def _commit(
        self,
        outcomes: Iterable[Outcome],
        rejected: Iterable[Reject] = (),
        retried: Iterable[str] = (),
    ) -> None:
        """Outcomes become rows one by one, as the writer asks for them: a batch of them at
        once would be far more memory than its rows."""
        watched = self._observing.watch(outcomes)
        self.summary.add(self._writer.commit(watched, self._packed(), rejected, retried))
        self._observing.tell(self._program.hash)
        self._clock.committed()
        self._recent.clear()
        self._shared.forget(DRAWS_CACHED)

    def _outcomes(
        self,
        chunk: list[RawEvent],
        batch: int,
        handled: list[RawEvent],
        rejected: list[Reject],
    ) -> Iterator[Outcome]:
        keys = [raw.key for raw in chunk]
        logged: dict[tuple[str, str], RawEvent | StoredEvent] = {**known(self._connection, keys)}
        room = batch
        for key, raw in zip(keys, chunk, strict=True):
            try:
                event = self._accepted(raw, logged.get(key))
            except EventInvalid as error:
                handled.append(raw)
                rejected.append(self._refused(raw, error))
                continue
            if event is None:
                handled.append(raw)
                self.summary.duplicates += 1
                continue
            if self._timed:
                room -= yield from self._passing(event.time, room)
                if not room:
                    return
            handled.append(raw)
            try:
                yield from self._decided(event)
            except PluginFailed as error:
                rejected.append(self._refused(raw, error))
                continue
            same = event.customer == raw.customer
            logged[key] = raw if same else raw._replace(customer=event.customer)

    def _passing(self, until: int, most: int) -> Generator[Outcome, None, int]:
        """Let what is due by `until` happen, to so many customers. Returns to how many."""
        for count in range(most):
            customer = self._clock.next(until)
            if customer is None:
                return count
            if customer not in self._states:
                self._add({customer, *self._clock.coming(until)})
            yield from self._certain(due_event(self._program, self._states[customer]))
        return most

    def _refused(self, raw: RawEvent, error: EventInvalid) -> Reject:
        """The event as a reject. Raises PluginError where a plugin failed at it, and the program
        would have the run stop then."""
        if isinstance(error, PluginFailed) and self._program.on_plugin_error == "stop":
            raise PluginError(f"{error} (event {raw.id} of {raw.file}:{raw.line})") from error
        return raw.reject(error.code, str(error))

    def _decided(self, event: Event) -> Iterator[Outcome]:
        """What comes of an event, and of those that it leads to. Where a plugin has a part in it,
        all or nothing: what it fails at leaves everything as it was. Raises PluginFailed then."""
        outcomes = self._whole(event) if self._program.plugins else self._each(event)
        return map(self._noted, outcomes)

    def _certain(self, event: Event) -> Iterator[Outcome]:
        """What comes of an event that time, or the program itself, brings. Raises PluginError
        where a plugin fails at it: there is nothing that could be rejected."""
        try:
            yield from self._decided(event)
        except PluginFailed as error:
            raise PluginError(
                f"{error}; what is due by itself can't be rejected, so the run stops: mend the "
                "plugin, and run again"
            ) from error

    def _whole(self, event: Event) -> list[Outcome]:
        """All that comes of an event; or nothing, and everything is as it was."""
        states, shared, known = self._states, self._shared, len(self._recent)
        new: dict[str, CustomerState] = {}
        self._states, self._shared = (
            ChainMap(new, cast("dict[str, CustomerState]", states)),
            Tally(shared),
        )
        try:
            outcomes = list(self._each(event))
        except PluginFailed:
            del self._recent[known:]
            raise
        finally:
            self._states, self._shared = states, shared
        states.update(new)
        for outcome in outcomes:
            shared.add(outcome.draws)
        return outcomes

    def _noted(self, outcome: Outcome) -> Outcome:
        """The outcome, which the clock knows of now."""
        customer = outcome.event.customer
        if self._timed:
            self._clock.change(customer, self._states[customer].due)
        else:
            self._clock.changed[customer] = None
        return outcome

    def _each(self, event: Event) -> Iterable[Outcome]:
        outcomes = cascade(
            self._program, self._states, self._load_one, event, self._shared, self._first
        )
        return self._remade(outcomes) if self._program.merges else outcomes

    def _remade(self, outcomes: Iterable[Outcome]) -> Iterator[Outcome]:
        """The outcomes; metrics are made anew where one says that others' events count now."""
        states = self._states
        for outcome in outcomes:
            self._recent.append(outcome.event)
            if outcome.recount:
                customer = outcome.event.customer
                states[customer] = self._recounted(states[customer])
            yield outcome

    def _packed(self) -> Iterator[tuple[str, State]]:
        """The customers who have changed. Their keys are not stored beside what they protect."""
        for customer, due in self._clock.changed.items():
            state = self._states[customer] = lots_written(self._states[customer])
            bare = replace(state, key="") if state.key else state
            yield customer, State(state.clock, due, pack_state(self._program, bare))

    def _retried(self, handled: list[RawEvent], rejected: list[Reject]) -> Iterator[str]:
        """The open rejects that are none any more: their events are in the log now."""
        if not self._any_open:
            return
        tried = {reject_id(raw.file, raw.line, raw.original) for raw in handled}
        yield from open_among(self._connection, tried - {reject.id for reject in rejected})

    def _accepted(self, raw: RawEvent, twin: RawEvent | StoredEvent | None) -> Event | None:
        """The event as the program reads it, or None where it is in the log already. It is the
        customer's whom its own is merged into.

        `twin` is what the log has under its source and id: the same event again is no
        event, other content is refused (S1). Raises EventInvalid.
        """
        program, states = self._program, self._states
        time, source, id, type, customer, text = raw[:6]
        if source == program.source:
            raise EventInvalid("reserved-source", "the program itself makes the events of it")
        if type in program.made:
            raise EventInvalid("reserved-type", "only the program itself makes events of this type")
        if twin is not None and self._same(twin, raw):
            return None
        owned_by = states[customer]
        if owned_by.merged:
            owned_by = owner(owned_by, states, self._load_one)
        event = program.event(
            source=source, id=id, type=type, customer=owned_by.customer, time=time, text=text
        )
        # Only now: what is no event under any id is refused for that, whichever came first.
        if twin is not None:
            message = "another event has this source and id, with other content"
            raise EventInvalid("conflicting-id", message)
        if time < owned_by.clock:
            check_late(program, time, owned_by.clock)
        return event

    def _load(self, customers: set[str]) -> None:
        """Have the states of `customers` at hand, and of others only while there is room."""
        states = self._states
        for customer in customers & states.keys():
            states[customer] = states.pop(customer)  # among those who came last
        over = len(states) + len(customers - states.keys()) - CACHED
        if over > 0:
            for customer in list(islice((c for c in states if c not in customers), over)):
                del states[customer]
        self._add(customers)

    def _add(self, customers: set[str]) -> None:
        """Have the states of `customers` at hand too."""
        wanted = sorted(customers - self._states.keys())
        for at in range(0, len(wanted), LOADED):
            some = wanted[at : at + LOADED]
            found = load_states(self._connection, some)
            for customer in some:
                self._states[customer] = self._unpacked(customer, found.get(customer))

    def _load_one(self, customer: str) -> CustomerState:
        return self._unpacked(customer, load_states(self._connection, [customer]).get(customer))

    def _unpacked(self, customer: str, stored: State | None) -> CustomerState:
        if stored is None:
            return self._keys.new_state(customer)
        packed = stored.state

        def past() -> Iterator[Event]:
            absorbed = read_kept(packed).absorbed
            return past_of(self._connection, self._program, customer, absorbed)

        return self._keys.given(unpack_state(self._program, packed, past))

    def _recounted(self, state: CustomerState) -> CustomerState:
        """The customer, with metrics of all events that are theirs by now."""
        log = joined(self._log, state.customer, state.absorbed)
        return kept_anew(self._program, state, readable_past(self._program, log))

    def _log(self, customer: str) -> Iterator[tuple[int, StoredEvent | Event]]:
        """What is logged of a customer, and what will be with this batch."""
        yield from own_log(self._connection, customer)
        for number, event in enumerate(self._recent, start=sys.maxsize):
            if event.customer == customer:
                yield number, event

    def _same(self, one: RawEvent | StoredEvent, other: RawEvent) -> bool:
        """Whether two events of one source and id say the same. What is logged may be that of
        a customer with whom the other's is one."""
        return (
            (one.type, one.time) == (other.type, other.time)
            and (
                one.customer == other.customer
                or one.customer in known_as(other.customer, self._one_with)
            )
            and same_data(one.data, other.data)
        )

    def _one_with(self, customer: str) -> Iterator[str]:
        return one_with(self._states.get(customer) or self._load_one(customer))
