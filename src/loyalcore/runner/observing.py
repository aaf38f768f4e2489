"""Telling observers what was committed: each batch at most once, and what is missed is said.

A mark in the store says up to which event an observer has been told. It moves on when the
observer has returned; where it is behind at the start of a run, an earlier run was killed
between a commit and that.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from sqlite3 import Connection

from loyalcore.engine.outcome import Outcome
from loyalcore.observers import Committed, ObservedDecision, ObservedEvent, Observer
from loyalcore.store import Writer
from loyalcore.store.observed import last_event, read_mark, set_mark

_log = logging.getLogger(__name__)

Observers = Mapping[str, tuple[str, Observer]]
"""By name, each with its plugin."""


class Observing:
    """The observers of a run that writes by `writer`. Whom a store has never told of anything
    hears of what comes from now on. `missed` counts the events that went unobserved."""

    def __init__(self, observers: Observers, connection: Connection, writer: Writer) -> None:
        self.missed: Counter[str] = Counter()
        self._connection = connection
        self._observers = observers
        self._writer = writer
        self._events: list[ObservedEvent] = []
        for name in observers:
            last, mark = last_event(connection), read_mark(connection, name)
            if mark is not None and mark < last:
                self._miss(name, mark + 1, last, "an earlier run ended before it was told")
            self._mark(name, last)

    def watch(self, outcomes: Iterable[Outcome]) -> Iterable[Outcome]:
        """The same outcomes; what observers may see of them is kept until `tell`."""
        return self._watched(outcomes) if self._observers else outcomes

    def _watched(self, outcomes: Iterable[Outcome]) -> Iterator[Outcome]:
        for outcome in outcomes:
            self._events.append(_observed(outcome))
            yield outcome

    def tell(self, program: str) -> None:
        """Tell all observers of what was watched, which is committed now."""
        if not self._events:
            return
        batch = Committed(program, tuple(self._events))
        self._events = []
        last = last_event(self._connection)
        for name, (plugin, observer) in self._observers.items():
            try:
                observer.observe(batch)
            except (Exception, SystemExit) as error:  # noqa: BLE001 (it is somebody else's code)
                why = f"plugin '{plugin}': {type(error).__name__}: {error}"
                self._miss(name, last - len(batch.events) + 1, last, why)
            self._mark(name, last)

    def _miss(self, name: str, first: int, last: int, why: str) -> None:
        self.missed[name] += last - first + 1
        told = f"warning: observer '{name}' missed the events {first} to {last}: {why}"
        _log.warning(told)

    def _mark(self, name: str, last: int) -> None:
        with self._writer.transaction():
            set_mark(self._connection, name, last)


def _observed(outcome: Outcome) -> ObservedEvent:
    event = outcome.event
    return ObservedEvent(
        event.source,
        event.id,
        event.type,
        event.customer,
        event.time,
        event.text,
        event.cause,
        tuple(
            ObservedDecision(one.id, one.rule, one.reason, one.effects) for one in outcome.decisions
        ),
    )
