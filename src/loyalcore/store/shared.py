"""What all customers share, as the store has it: what was drawn from it, codes, the secret."""

from __future__ import annotations

import sqlite3
from array import array
from bisect import bisect_left
from itertools import accumulate
from typing import NamedTuple


class StoredShared:
    """Implements the engine's `Shared`: all that was drawn so far, and all codes."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def drawn(self, key: str) -> int:
        query = "select coalesce(sum(amount), 0) from draws where key = ?"
        (total,) = self._connection.execute(query, (key,)).fetchone()
        return int(total)

    def offer_of(self, code: str) -> str | None:
        found = self._connection.execute("select offer from codes where code = ?", (code,))
        row = found.fetchone()
        return None if row is None else str(row[0])


class PastShared:
    """What all customers shared at any event of the log. All draws under a key are read and
    summed up when it is first asked for, so that asking for each event is quick."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._stored = StoredShared(connection)
        self._connection = connection
        self._draws: dict[str, tuple[array[int], array[int]]] = {}

    def before(self, event: int) -> SharedBefore:
        """As it was before the event of that number."""
        return SharedBefore(self, event)

    def drawn(self, key: str, event: int) -> int:
        """How much was drawn under `key` before the event of that number."""
        if key not in self._draws:
            query = "select event, amount from draws where key = ? order by event"
            rows = self._connection.execute(query, (key,)).fetchall()
            sums = accumulate((amount for _, amount in rows), initial=0)
            self._draws[key] = array("q", [event for event, _ in rows]), array("q", sums)
        events, totals = self._draws[key]
        return totals[bisect_left(events, event)]

    def offer_of(self, code: str) -> str | None:
        return self._stored.offer_of(code)


class SharedBefore(NamedTuple):
    """Implements the engine's `Shared`, as of an event."""

    past: PastShared
    event: int

    def drawn(self, key: str) -> int:
        return self.past.drawn(key, self.event)

    def offer_of(self, code: str) -> str | None:
        return self.past.offer_of(code)


def read_secret(connection: sqlite3.Connection) -> bytes:
    """The secret that voucher codes are made with."""
    (secret,) = connection.execute("select value from meta where name = 'secret'").fetchone()
    return bytes(secret)
