"""Which program is in force when: the activations of a store (S15).

One program is in force at a time. An activation is written when it is decided, begun when
its instant comes in a run, and done when every customer is handed over who must be.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from typing import NamedTuple

from msgspec import json

from loyalcore.store.query import select

BEGINNING = -(2**62)  # of the first activation: before every event


class Activation(NamedTuple):
    """A program (by number) that is in force from the instant `at` on.

    `run` is the run that activated it, None where an operator did. `begun` is the number of
    the last event before it took over, None while it is only planned.
    """

    seq: int
    program: int
    at: int
    run: int | None
    begun: int | None
    done: bool


class Decided(NamedTuple):
    """What a program (by number) has done: its first and its last run, by the wall clock, and
    how many events it has decided."""

    program: int
    first: int | None
    last: int | None
    events: int


_ACTIVATION = "select seq, program, at, run, begun, done from activations"


def list_activations(connection: sqlite3.Connection) -> list[Activation]:
    """All activations in the order in which the programs are in force."""
    return select(connection, _read, _ACTIVATION, order="at, seq")


def _read(row: Iterable[object]) -> Activation:
    activation = Activation._make(row)
    return activation._replace(done=bool(activation.done))


def decided_by(connection: sqlite3.Connection) -> list[Decided]:
    """What each program has done."""
    query = (
        "select p.id, (select min(started) from runs where program = p.id), "
        "(select max(started) from runs where program = p.id), coalesce(n.events, 0) "
        "from programs p left join "
        "(select program, count(*) as events from events group by program) n on n.program = p.id"
    )
    return select(connection, Decided._make, query, order="p.id")


def add_activation(
    connection: sqlite3.Connection, program: int, at: int, run: int | None, *, first: bool = False
) -> None:
    """Plan an activation, in place of one that is planned for the same instant; one of a
    store's `first` program is done at once."""
    connection.execute("delete from activations where begun is null and at = ?", (at,))
    connection.execute(
        "insert into activations (program, at, run, begun, done) values (?, ?, ?, ?, ?)",
        (program, at, run, 0 if first else None, first),
    )


def begin_activation(connection: sqlite3.Connection, at: int) -> None:
    """The program that is planned for the instant `at` takes over."""
    connection.execute(
        "update activations set begun = (select coalesce(max(seq), 0) from events) "
        "where begun is null and at = ?",
        (at,),
    )


def end_activation(connection: sqlite3.Connection, seq: int) -> None:
    """Everyone is handed over."""
    connection.execute("update activations set done = 1 where seq = ?", (seq,))


def were_there(
    connection: sqlite3.Connection, customers: Iterable[str], event: int
) -> frozenset[str]:
    """Those of `customers` who had events up to the one of this number."""
    rows = connection.execute(
        "select value from json_each(?) "
        "where (select min(seq) from events where customer = value) <= ?",
        (json.encode(list(customers)).decode(), event),
    )
    return frozenset(customer for (customer,) in rows)
