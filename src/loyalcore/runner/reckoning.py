"""Customers whose points expire by inactivity, under a program that has other terms for it."""

from __future__ import annotations

from sqlite3 import Connection

from loyalcore.engine.points.reckoning import idle_terms, reckoned_packed
from loyalcore.program.plan import Program
from loyalcore.store import State, Writer
from loyalcore.store.customers import read_reckoned, save_reckoned, states_after

PAGE = 1_000


def reckon(program: Program, connection: Connection, writer: Writer) -> None:
    """Find anew when something is due for each customer of the store, if that was found by
    other terms than those of `program`. Killed in the midst of it, the next run does it."""
    terms = idle_terms(program)
    if read_reckoned(connection) == terms:
        return
    last = ""
    while page := states_after(connection, last, PAGE):
        changed = []
        for customer, (clock, due, packed) in page:
            found = reckoned_packed(program, packed)
            if found.due != due:
                changed.append((customer, State(clock, *found)))
        writer.commit((), changed)
        last = page[-1][0]
    with writer.transaction():
        save_reckoned(connection, terms)
