"""Which program is in force when, and whether another may take over (S15).

    run RULESET -> is it in force, or planned?  -> else it takes over from the latest event on
    planned     -> its instant comes in a run   -> what is due before that happens first

What customers have is gone through before that (carrying.py).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain
from sqlite3 import Connection

from loyalcore.errors import RulesetInvalid, StoreError, UsageError
from loyalcore.intake import RawEvent
from loyalcore.matching import MatcherName
from loyalcore.program.plan import Program
from loyalcore.ruleset.source import Source
from loyalcore.runner.carrying import Told, concerns_all_of, takeover, untold
from loyalcore.runner.in_force import earliest, in_force, previous
from loyalcore.runner.loading import Loaded, load_from
from loyalcore.store import programs
from loyalcore.store.activations import BEGINNING, Activation, list_activations
from loyalcore.store.programs import find_program
from loyalcore.values import write_time


def is_later(connection: Connection, at: int | None) -> bool:
    """Whether what is activated at the instant `at` (None: now) is only planned. Raises
    UsageError where that is over, or nothing is in force that it could take over from."""
    first = earliest(connection)
    if at is not None and in_force(connection) is None:
        raise UsageError(
            "the first program of a store is in force from the beginning; leave out the time"
        )
    if at is not None and at < first:
        raise UsageError(
            f"{write_time(at)} is over: the latest event here is at {write_time(first)}, and what "
            "has been decided stays"
        )
    return at is not None and at > first


def instant_of_run(loaded: Loaded, connection: Connection, told: Told = untold) -> int | None:
    """The instant from which the program that is to be run takes over; None where it is in
    force or planned already. Raises RulesetInvalid where it can't, and UsageError where an
    operator has activated another one instead of it."""
    stored = find_program(connection, hash=loaded.program.hash)
    activations = list_activations(connection)
    now = in_force(connection)
    if now is None:
        return BEGINNING
    number = None if stored is None else stored.id
    if now.program == number:
        return None
    mine = [place for place, one in enumerate(activations) if one.program == number]
    if any(activations[place].begun is None for place in mine):
        return None
    since = [one for one in activations[mine[-1] :] if one.begun is not None] if mine else []
    if any(one.run is None for one in since[1:]):
        other = programs.find_program(connection, id=now.program)
        assert other is not None
        raise UsageError(
            f"{loaded.program.name} ({loaded.program.hash[:12]}) is in force no more: "
            f"{other.hash[:12]} took over{_from(now.at)}. Run that one, or make this one active "
            "again: loyalcore program activate"
        )
    takeover(loaded, connection, told=told).check()
    return earliest(connection)


def _from(at: int) -> str:
    return "" if at == BEGINNING else f" at {write_time(at)}"


class Course:
    """The programs of a store by number, compiled as they come into force."""

    def __init__(self, loaded: Loaded, connection: Connection) -> None:
        self._loaded = loaded
        self._connection = connection

    def program(self, number: int) -> Program:
        """A program of the store, to decide by. Raises StoreError where it is another here."""
        stored = find_program(self._connection, id=number)
        if stored is None:
            raise StoreError(f"the store has lost its program number {number}; it is damaged")
        if stored.hash == self._loaded.program.hash:
            return self._loaded.program
        matcher: MatcherName = (
            "durable" if self._loaded.program.matcher == "durable" else "compiled"
        )
        try:
            program = load_from(Source.from_json(stored.source), matcher).program
        except RulesetInvalid as invalid:
            raise StoreError(
                f"the program {stored.name} ({stored.hash[:12]}), which is to decide, can't be "
                f"compiled here: {invalid.problems[0]}"
            ) from None
        if program.hash != stored.hash:
            raise StoreError(
                f"the program {stored.name} ({stored.hash[:12]}), which is to decide, is another "
                f"one here ({program.hash[:12]}): loyalcore or a plugin has another version. "
                "Activate its ruleset again: loyalcore program activate"
            )
        return program

    def concerns_everyone(self, activation: Activation, program: Program) -> bool:
        """Whether all customers are to be handed over to `program`."""
        before = previous(self._connection, activation)
        stored = None if before is None else find_program(self._connection, id=before.program)
        return stored is None or concerns_all_of(stored.source, program)

    def check(self, activation: Activation) -> None:
        """Raise StoreError where what was planned can't be done any more."""
        stored = find_program(self._connection, id=activation.program)
        assert stored is not None
        source = Source.from_json(stored.source)
        try:
            takeover(Loaded(self.program(activation.program), source), self._connection).check()
        except RulesetInvalid as invalid:
            raise StoreError(
                f"{stored.name} ({stored.hash[:12]}), which is to take over"
                f"{_from(activation.at)}, can't: {invalid.problems[0]}. Plan another one for that "
                "instant: loyalcore program activate"
            ) from None


class Ahead:
    """Events in the order of a run, taken up to an instant."""

    def __init__(self, events: Iterable[RawEvent]) -> None:
        self._events = iter(events)
        self._next = next(self._events, None)

    @property
    def time(self) -> int | None:
        """That of the next event."""
        return None if self._next is None else self._next.time

    def before(self, end: int | None) -> Iterator[RawEvent]:
        """The events before `end`, or all."""
        if end is None:
            first, self._next = self._next, None
            return self._events if first is None else chain((first,), self._events)
        return self._before(end)

    def _before(self, end: int) -> Iterator[RawEvent]:
        while self._next is not None and self._next.time < end:
            event, self._next = self._next, next(self._events, None)
            yield event
