"""What all customers share, as the store has it: what was drawn from it, codes, the secret."""

from __future__ import annotations

import sqlite3


class StoredShared:
    """Implements the engine's `Shared`: as it is now or, with `event`, as it was before the
    event of that number in the log."""

    def __init__(self, connection: sqlite3.Connection, event: int | None = None) -> None:
        self._connection = connection
        self._event = event

    def drawn(self, key: str) -> int:
        query = "select coalesce(sum(amount), 0) from draws where key = ?"
        if self._event is None:
            (total,) = self._connection.execute(query, (key,)).fetchone()
        else:
            query += " and event < ?"
            (total,) = self._connection.execute(query, (key, self._event)).fetchone()
        return int(total)

    def offer_of(self, code: str) -> str | None:
        found = self._connection.execute("select offer from codes where code = ?", (code,))
        row = found.fetchone()
        return None if row is None else str(row[0])


def read_secret(connection: sqlite3.Connection) -> bytes:
    """The secret that voucher codes are made with."""
    (secret,) = connection.execute("select value from meta where name = 'secret'").fetchone()
    return bytes(secret)
