"""Up to which event each observer has been told of a store."""

from __future__ import annotations

import sqlite3

_NAME = "observed."


def last_event(connection: sqlite3.Connection) -> int:
    """The number of the latest event handled, 0 where there is none."""
    (last,) = connection.execute("select coalesce(max(seq), 0) from events").fetchone()
    return int(last)


def read_mark(connection: sqlite3.Connection, observer: str) -> int | None:
    """The event up to which an observer has been told; None where it never was."""
    row = connection.execute(
        "select value from meta where name = ?", (_NAME + observer,)
    ).fetchone()
    return None if row is None else int(row[0])


def set_mark(connection: sqlite3.Connection, observer: str, last: int) -> None:
    """Note that an observer has been told up to an event."""
    connection.execute(
        "insert into meta values (?, ?) on conflict (name) do update set value = excluded.value",
        (_NAME + observer, str(last)),
    )
