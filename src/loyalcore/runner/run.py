"""One run: staged events through the fold into the store, under its lock.

A run begins with the program that is in force; where another is to take over, all that is due
before that instant happens, then it does, and the run goes on with it (activation.py).
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import islice

from msgspec import to_builtins

from loyalcore.events import Reject
from loyalcore.intake import RawEvent
from loyalcore.plugins.gathering import default_observers
from loyalcore.runner.activation import Ahead, Course, instant_of_run, is_later
from loyalcore.runner.carrying import Told, takeover, untold
from loyalcore.runner.fold import BATCH, Fold
from loyalcore.runner.in_force import earliest, in_force, planned
from loyalcore.runner.loading import Loaded
from loyalcore.runner.observing import Observers, Observing
from loyalcore.runner.summary import Summary
from loyalcore.store import Store, Writer
from loyalcore.store.activations import (
    BEGINNING,
    Activation,
    add_activation,
    begin_activation,
    end_activation,
)
from loyalcore.store.customers import count_customers
from loyalcore.store.programs import save_program
from loyalcore.values import to_microseconds


def run(
    loaded: Loaded,
    store: Store,
    events: Iterable[RawEvent],
    rejects: Iterable[Reject] = (),
    *,
    until: int | None = None,
    batch: int = BATCH,
    wait: float = 30.0,
    progress: Callable[[int], None] = lambda handled: None,
    told: Told = untold,
    observers: Observers | None = None,
) -> Summary:
    """Fold `events`, which are in the order of a run, and keep `rejects`, which are none.

    Each event is decided by the program that is in force when it comes: `loaded`, from the
    store's latest event on, unless it is planned for later; then the one before it until then.
    Time passes to the last event, or to `until` if that is later (microseconds). `told` hears
    of what else takes long; after each commit `observers` do, which are those of all plugins
    where none are given.

    Raises RulesetInvalid, with nothing done, where what customers have can't be carried into
    `loaded`; UsageError where an operator has put another program in its place; StoreError
    when another run holds the store for longer than `wait` seconds.
    """
    with store.writing(wait=wait) as writer:
        at = instant_of_run(loaded, store.connection, told)
        _start(writer, loaded)
        if at is not None:
            _add(store, writer, writer.program, at, writer.run)
        running = _Running(loaded, store, writer, batch, told, observers)
        unread = iter(rejects)
        while kept := list(islice(unread, batch)):
            writer.commit((), (), kept)
            running.summary.rejected.update(reject.code for reject in kept)
        with no_collecting():
            running.run(Ahead(events), until, progress)
        writer.finish_run(summary=to_builtins(running.summary), now=_now())
    return running.summary


def activate(
    loaded: Loaded,
    store: Store,
    at: int | None = None,
    *,
    batch: int = BATCH,
    wait: float = 30.0,
    told: Told = untold,
) -> Summary | None:
    """Put the program in force from the store's latest event on, or plan it for the instant
    `at` after that: then there is no Summary yet. Where it is in force already, what was
    planned for that instant is called off, if there is something; and nothing else happens.

    Raises as `run` does, and UsageError where `at` is before the latest event.
    """
    connection = store.connection
    with store.writing(wait=wait) as writer:
        later = is_later(connection, at)
        takeover(loaded, connection, later=later, told=told).check()
        if at is not None and later:
            program = loaded.program
            with writer.transaction():
                number = save_program(
                    connection, program.hash, program.name, loaded.source.to_json()
                )
            _add(store, writer, number, at, None)
            return None
        _start(writer, loaded)
        now = in_force(connection)
        if now is None or now.program != writer.program:
            _add(store, writer, writer.program, earliest(connection), None)
        running = _Running(loaded, store, writer, batch, told, None)
        with no_collecting():
            running.run(Ahead(()), None, lambda handled: None)
        writer.finish_run(summary=to_builtins(running.summary), now=_now())
    return running.summary


def _start(writer: Writer, loaded: Loaded) -> None:
    program = loaded.program
    writer.start_run(
        hash=program.hash, name=program.name, source=loaded.source.to_json(), now=_now()
    )


def _add(store: Store, writer: Writer, program: int, at: int, run: int | None) -> None:
    """Note an activation. One that is for now begins."""
    first = in_force(store.connection) is None
    now = first or at <= earliest(store.connection)
    with writer.transaction():
        add_activation(store.connection, program, at, run, first=first)
        if now:
            begin_activation(store.connection, at)


class _Running:
    """A run under way. `summary` is of all its programs."""

    def __init__(
        self,
        loaded: Loaded,
        store: Store,
        writer: Writer,
        batch: int,
        told: Told,
        observers: Observers | None,
    ) -> None:
        observers = default_observers() if observers is None else observers
        self._observing = Observing(observers, store.connection, writer)
        self.summary = Summary(unobserved=self._observing.missed)
        self._connection = store.connection
        self._writer = writer
        self._batch = batch
        self._told = told
        self._course = Course(loaded, store.connection)

    def run(self, events: Ahead, until: int | None, progress: Callable[[int], None]) -> None:
        """Fold all events, and let time pass to `until`, each program in its time."""
        while True:
            now, following = in_force(self._connection), planned(self._connection)
            assert now is not None
            fold = self._fold(now)
            end = None if following is None else following.at
            fold.run(events.before(end), batch=self._batch, progress=progress)
            reached = max((time for time in (events.time, until) if time is not None), default=None)
            if following is None or reached is None or reached < following.at:
                fold.run((), until=until, batch=self._batch)
                return
            fold.run((), until=following.at - 1, batch=self._batch)
            self._course.check(following)
            with self._writer.transaction():
                begin_activation(self._connection, following.at)

    def _fold(self, activation: Activation) -> Fold:
        """The fold of the program that is in force, to which everyone is handed over."""
        program = self._course.program(activation.program)
        self._writer.program = activation.program
        fold = Fold(program, self._connection, self._writer, self.summary, self._observing)
        if not activation.done:
            if activation.at > BEGINNING and self._course.concerns_everyone(activation, program):
                total = count_customers(self._connection)
                tell = self._told(total, "handing over")
                fold.take_over(activation, batch=self._batch, progress=tell)
            with self._writer.transaction():
                end_activation(self._connection, activation.seq)
        return fold


@contextmanager
def no_collecting() -> Iterator[None]:
    """Without Python's search for reference cycles. The fold makes none (a test counts
    them), and to look through every cached customer again and again took a third of a run.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _now() -> int:
    """The wall clock, for the log of runs only: nothing is decided by it."""
    return to_microseconds(datetime.now(UTC))
