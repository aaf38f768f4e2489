"""Customers handed over to a program, each once, by an event of their own (S15).

who was there before it began -> not handed over yet -> program_activated, with when they
last had what it listens for
"""

from __future__ import annotations

from collections.abc import Mapping
from sqlite3 import Connection

from loyalcore.engine.handover.activation import activation_event, listened_for
from loyalcore.engine.state import CustomerState
from loyalcore.events import Event
from loyalcore.program.plan import Program
from loyalcore.store.activations import Activation, were_there
from loyalcore.store.events import known
from loyalcore.store.ledger import latest_activity


class Handover:
    """Who is still to be handed over to a program, as `activation` puts it in force."""

    def __init__(self, program: Program, connection: Connection, activation: Activation) -> None:
        self._program = program
        self._connection = connection
        self._at = activation.at
        self._begun = activation.begun or 0
        self._types = listened_for(program)
        self._done: set[str] = set()  # since the last commit

    def waiting(self, customers: list[str]) -> list[str]:
        """Those who were there before, and are not handed over yet."""
        there = were_there(self._connection, customers, self._begun)
        keys = {(one.source, one.id): one.customer for one in map(self._event, customers)}
        logged = {keys[key] for key in known(self._connection, keys)} | self._done
        return [name for name in customers if name in there and name not in logged]

    def first(self, state: CustomerState) -> Event | None:
        """The event that hands a customer over before another one of theirs; None where none is
        to."""
        if state.merged or not self.waiting([state.customer]):
            return None
        return self.next(state)

    def next(self, state: CustomerState) -> Event | None:
        """The event that hands over one who was waiting; None where another has done so since,
        or they are merged into somebody."""
        if state.merged or state.customer in self._done:
            return None
        self._done.add(state.customer)
        return self._event(state.customer, self._latest(state))

    def committed(self) -> None:
        """Let the log tell of those who were handed over."""
        self._done.clear()

    def _event(self, customer: str, latest: Mapping[str, int] | None = None) -> Event:
        return activation_event(self._program, customer, self._at, latest)

    def _latest(self, state: CustomerState) -> Mapping[str, int]:
        """When they last had an event of each type that the program listens for."""
        names = {state.customer, *(n for one in state.absorbed.values() for n in one.logs)}
        times = {}
        for type_ in self._types:
            found = [
                latest_activity(self._connection, name, (type_,), at=self._at, handled=False)
                for name in names
            ]
            if heard := [time for time in found if time is not None]:
                times[type_] = max(heard)
        return times
