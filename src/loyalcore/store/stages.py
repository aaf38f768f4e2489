"""Moves between stages: the decisions that changed a customer's stage (S10)."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from typing import NamedTuple

from loyalcore.store.decided import OF_CUSTOMER


class Move(NamedTuple):
    """A stage entered. `was` is the one before, "" where there was none; `way` what led here,
    as written. `facts` are those that it rested on, as JSON."""

    customer: str
    time: int
    stage: str
    was: str
    way: str
    decision: str
    facts: str


# The beginning of the effects tells it at once: what a decision does with a stage is all it does.
_MOVES = """
    select customer, time, json_extract(effects, '$[0].stage'),
        coalesce(json_extract(effects, '$[0].was'), ''),
        coalesce(json_extract(effects, '$[0].way'), ''), id, facts
    from decisions
    where substr(effects, 1, 18) = '[{"effect":"stage"'
"""


def each_move(connection: sqlite3.Connection, *, until: int | None = None) -> Iterator[Move]:
    """Every move before `until`, by customer, in the order taken."""
    rows = connection.execute(
        f"{_MOVES} and (? is null or time < ?) order by customer, seq", (until, until)
    )
    return map(Move._make, rows)


def moves_of(connection: sqlite3.Connection, customer: str) -> list[Move]:
    """The moves of one customer, in the order taken."""
    rows = connection.execute(f"{_MOVES} and {OF_CUSTOMER} order by seq", (customer,))
    return [Move._make(row) for row in rows]
