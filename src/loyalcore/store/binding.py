"""Binding the values of many rows, which takes longer than all else about a row.

Of some values it is slow: of each None, and of bytes, sqlite3 asks anew whether anything adapts
it. Of texts, whole numbers and bytearrays it doesn't.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from typing import Any

MAYBE = "nullif(?, '')"
"""A number that may be missing: then an empty text is bound for it."""

AT_ONCE = 900  # values of one statement: every build of SQLite takes 999


class Insert:
    """Rows into a table, many by one statement: to run one costs sqlite3 more than a row costs
    SQLite. `row` has a place for each value; `then` says what to do about a row that is there."""

    def __init__(self, into: str, row: str, then: str = "") -> None:
        self._width = row.count("?")
        many = AT_ONCE // self._width
        self._size = many * self._width
        self._many = f"insert into {into} values {', '.join([row] * many)} {then}"
        self._one = f"insert into {into} values {row} {then}"

    def __call__(self, connection: sqlite3.Connection, values: Sequence[object]) -> None:
        """Insert rows, whose values lie one after the other."""
        size, rest = self._size, len(values) % self._size
        for at in range(0, len(values) - rest, size):
            connection.execute(self._many, values[at : at + size])
        last = iter(values[len(values) - rest :])
        connection.executemany(self._one, zip(*[last] * self._width, strict=True))

    def columns(self, values: Sequence[Any], *places: int) -> Iterator[tuple[Any, ...]]:
        """Of each row, the values at these places."""
        return zip(*(values[place :: self._width] for place in places), strict=True)
