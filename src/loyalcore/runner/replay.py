"""The past of one customer, told again from the event log.

Each logged event goes through the same step once more, under the program that handled it,
so a customer can be seen as they were just before any event. Decisions are content hashes
(S10): where one comes out differently here than it is stored, that is told.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from sqlite3 import Connection
from typing import NamedTuple

from loyalcore.engine.outcome import Outcome
from loyalcore.engine.points.reckoning import reckoned
from loyalcore.engine.points.standing import read_kept
from loyalcore.engine.shared import Shared
from loyalcore.engine.state import CustomerState, kept_anew, pack_state, unpack_state
from loyalcore.engine.step import step
from loyalcore.errors import EventInvalid, RulesetInvalid, StoreError
from loyalcore.events import Event
from loyalcore.program.plan import Program
from loyalcore.ruleset.source import Source
from loyalcore.runner.loading import load_from
from loyalcore.runner.past import Keys, logged_event, past_of
from loyalcore.store import State, programs
from loyalcore.store.customers import load_states
from loyalcore.store.decisions import find_decision, list_decisions
from loyalcore.store.events import StoredEvent, find_event, list_events
from loyalcore.store.shared import PastShared


class CompiledPrograms:
    """The programs of a store by number, each compiled when it is first asked for.

    `changed` has those that compile to another program here than the one that decided,
    with the hash they have here. They keep the hash that their decisions carry.
    """

    def __init__(self, connection: Connection) -> None:
        self.changed: dict[int, str] = {}
        self._connection = connection
        self._compiled: dict[int, Program] = {}

    def __getitem__(self, number: int) -> Program:
        """Raises StoreError where the program can't be compiled any more."""
        if number not in self._compiled:
            self._compiled[number] = self._compile(number)
        return self._compiled[number]

    def latest(self) -> Program:
        """The program of the latest run. Raises StoreError as above."""
        number = programs.latest_number(self._connection)
        if number is None:
            raise StoreError("nothing was run into the store yet")
        return self[number]

    def current(self, customer: str) -> CustomerState | None:
        """A customer as the latest program knows them by now; None where the store doesn't."""
        stored = load_states(self._connection, [customer]).get(customer)
        if stored is None:
            return None
        return current_state(self._connection, self.latest(), customer, stored)

    def _compile(self, number: int) -> Program:
        stored = programs.find_program(self._connection, id=number)
        if stored is None:
            raise StoreError(f"the store has lost its program number {number}; it is damaged")
        try:
            # Either matcher decides the same (S2). This one is ready sooner for a few
            # events, and checks the other where that one decided.
            program = load_from(Source.from_json(stored.source), "compiled").program
        except RulesetInvalid as invalid:
            raise StoreError(
                f"the program {stored.name} ({stored.hash[:12]}), which decided, can't be compiled "
                f"here: {invalid.problems[0]}. Are the plugins that it used installed?"
            ) from None
        if program.hash != stored.hash:
            self.changed[number] = program.hash
        return replace(program, hash=stored.hash)


class Replayed(NamedTuple):
    """A logged event, with its customer, and what all share, as they were just before it.

    `warnings` say where the past does not come out here as it is stored; then what is
    told of this event may not be what was seen then.
    """

    program: Program
    state: CustomerState
    event: Event
    shared: Shared
    warnings: tuple[str, ...]


def replay(connection: Connection, logged: StoredEvent) -> Replayed:
    """Tell the past of the customer of `logged` again, up to that event and with it.

    Raises StoreError where a program that decided can't be compiled any more.
    """
    compiled = CompiledPrograms(connection)
    stored = _stored_ids(connection, logged.customer)
    log = list_events(connection, customer=logged.customer)
    log = [event for event in log if event.seq <= logged.seq]
    differing = 0
    told: Told | None = None
    for told in _retold(connection, compiled, PastShared(connection), log):
        differing += told.ids != stored.get(told.stored.seq, {})
    assert told is not None
    here = list(_differences(told.ids, stored.get(logged.seq, {})))
    earlier = _difference_before(differing - bool(here), len(log) - 1)
    warnings = [*_changes(connection, compiled), *earlier, *here]
    if warnings and not differing:
        warnings.append("all the same, everything decided for this customer comes out as stored")
    return Replayed(told.program, told.before, told.event, told.shared, tuple(warnings))


def current_state(
    connection: Connection, program: Program, customer: str, stored: State
) -> CustomerState:
    """A customer's stored state as `program` reads it."""

    def past() -> Iterator[Event]:
        return past_of(connection, program, customer, read_kept(stored.state).absorbed)

    return Keys(program, connection).given(unpack_state(program, stored.state, past))


class Told(NamedTuple):
    """One logged event told again: the customer before and after it, what all customers
    shared before it, and what comes of it here."""

    stored: StoredEvent
    program: Program
    before: CustomerState
    event: Event
    shared: Shared
    after: CustomerState
    outcome: Outcome

    @property
    def ids(self) -> Mapping[str, str]:
        """The ids of its decisions, by rule."""
        return _by_rule((one.rule, one.id) for one in self.outcome.decisions)


def retell(
    connection: Connection,
    customer: str,
    compiled: CompiledPrograms | None = None,
    shared: PastShared | None = None,
) -> Iterator[Told]:
    """Step everything that is logged of a customer once more, from their first event on, each
    under the program that handled it. What comes of it here can be held against what is stored.

    `compiled` and `shared` spare who asks for many customers doing for each of them what is
    the same for all. Raises StoreError where
    a program that decided can't be compiled any more.
    """
    log = list_events(connection, customer=customer)
    compiled = compiled or CompiledPrograms(connection)
    yield from _retold(connection, compiled, shared or PastShared(connection), log)


def _retold(
    connection: Connection,
    compiled: CompiledPrograms,
    past: PastShared,
    log: Sequence[StoredEvent],
) -> Iterator[Told]:
    """All the events of one customer, from the first on."""
    if not log:
        return
    number = log[0].program
    state = Keys(compiled[number], connection).new_state(log[0].customer)
    for stored in log:
        program = compiled[stored.program]
        if stored.program != number:
            state = _handed_over(connection, compiled[number], program, state, stored.seq)
            state = Keys(program, connection).given(state)
            number = stored.program
        try:
            event = logged_event(program, stored, _depth(connection, stored.cause))
        except EventInvalid as error:
            raise StoreError(
                f"event {stored.id} of {stored.source} can't be read here by the program that "
                f"handled it ({program.hash[:12]}): {error}"
            ) from None
        before, shared = state, past.before(stored.seq)
        state, outcome = step(program, before, event, shared)
        if outcome.recount:
            state = _recounted(connection, program, state, stored.seq + 1)
        yield Told(stored, program, before, event, shared, state, outcome)


def _handed_over(
    connection: Connection, old: Program, new: Program, state: CustomerState, before: int
) -> CustomerState:
    """The state that `old` left in the store, as `new` found it there (S15): it is that before
    the event of this number."""

    def past() -> Iterator[Event]:
        return past_of(connection, new, state.customer, state.absorbed, before)

    return reckoned(new, unpack_state(new, pack_state(old, state), past))


def _recounted(
    connection: Connection, program: Program, state: CustomerState, before: int
) -> CustomerState:
    """`state` once customers were merged, or taken apart again."""
    past = past_of(connection, program, state.customer, state.absorbed, before)
    return kept_anew(program, state, past)


def _depth(connection: Connection, cause: str) -> int:
    """How many events caused each other before the one that the decision `cause` emitted."""
    depth = 0
    while cause and (decision := find_decision(connection, cause)) is not None:
        depth += 1
        (event,) = find_event(connection, seq=decision.event)
        cause = event.cause
    return depth


def _stored_ids(connection: Connection, customer: str) -> dict[int, dict[str, str]]:
    """The ids of a customer's decisions, by event and rule."""
    ids: dict[int, list[tuple[str, str]]] = {}
    for decision in list_decisions(connection, customer=customer):
        ids.setdefault(decision.event, []).append((decision.rule, decision.id))
    return {event: _by_rule(pairs) for event, pairs in ids.items()}


def _by_rule(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Ids by rule. An offer may be completed twice by one event: it is told which."""
    ids: dict[str, str] = {}
    for rule, id in pairs:
        name, number = rule, 1
        while name in ids:
            number += 1
            name = f"{rule} ({number})"
        ids[name] = id
    return ids


def _changes(connection: Connection, compiled: CompiledPrograms) -> Iterator[str]:
    for number, here in compiled.changed.items():
        program = compiled[number]
        yield (
            f"the program {program.name} ({program.hash[:12]}) compiles to another one here "
            f"({here[:12]}): loyalcore or a plugin has another version than when it decided"
        )


def _difference_before(differing: int, events: int) -> Iterator[str]:
    if differing:
        yield (
            f"{differing} of this customer's {events} earlier events are decided differently "
            "here than stored, so the values shown may not be those of then"
        )


def _differences(here: Mapping[str, str], stored: Mapping[str, str]) -> Iterator[str]:
    for rule in sorted({*here, *stored}):
        match here.get(rule), stored.get(rule):
            case None, id:
                yield f"{rule}: decision {id} is stored, but comes to nothing here"
            case id, None:
                yield f"{rule}: a decision comes out here ({id}) that is not stored"
            case told, kept if told != kept:
                yield f"{rule}: decision {kept} is stored, but comes out as {told} here"
