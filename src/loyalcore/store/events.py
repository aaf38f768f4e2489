"""The event log: every accepted event, in the order in which it was handled."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from msgspec import json

from loyalcore.store.binding import MAYBE, Insert
from loyalcore.store.query import select, starting

INSERT = Insert("events", f"(?, ?, ?, ?, ?, ?, ?, ?, ?, {MAYBE})")


class StoredEvent(NamedTuple):
    """`data` is JSON as received. `cause` is the id of the decision that emitted the event,
    empty for one from outside. `program` is the number of the program that handled it, and
    `at` the customer's clock then, None where that was the event's own time."""

    seq: int
    source: str
    id: str
    type: str
    customer: str
    time: int
    data: str
    cause: str
    program: int
    at: int | None = None


_EVENT = "select seq, source, id, type, customer, time, data, cause, program, at from events"


def known(
    connection: sqlite3.Connection, keys: Iterable[tuple[str, str]]
) -> dict[tuple[str, str], StoredEvent]:
    """Those of `keys` (source, id) that are in the log already, with what is there (S1)."""
    by_source: dict[str, list[str]] = {}
    for source, id in keys:
        by_source.setdefault(source, []).append(id)
    found = {}
    for source, ids in by_source.items():
        rows = connection.execute(
            f"{_EVENT} where source = ? and id in (select value from json_each(?))",
            (source, json.encode(ids).decode()),
        )
        for row in rows:
            found[row[1], row[2]] = StoredEvent._make(row)
    return found


def find_event(
    connection: sqlite3.Connection,
    *,
    seq: int | None = None,
    id: str | None = None,
    source: str | None = None,
) -> list[StoredEvent]:
    """The events with this number, or with this id from any source, or from `source`."""
    asked = {"seq = ?": seq, "id = ?": id, "source = ?": source}
    return select(connection, StoredEvent._make, _EVENT, asked, order="seq")


def events_like(
    connection: sqlite3.Connection,
    prefix: str,
    *,
    customer: str | None = None,
    source: str | None = None,
    limit: int | None = None,
) -> list[StoredEvent]:
    """The events whose id starts with `prefix`, by id."""
    asked = {"customer = ?": customer, "source = ?": source, **starting("id", prefix)}
    return select(connection, StoredEvent._make, _EVENT, asked, order="id, seq", limit=limit)


def list_events(
    connection: sqlite3.Connection,
    *,
    customer: str | None = None,
    type: str | None = None,
    since: int | None = None,
    until: int | None = None,
    newest_first: bool = False,
    limit: int | None = None,
) -> list[StoredEvent]:
    """The events in the order handled; times are half-open: since <= time < until."""
    asked = {
        "customer = ?": customer,
        "type = ?": type,
        "time >= ?": since,
        "time < ?": until,
    }
    order = "seq desc" if newest_first else "seq"
    return select(connection, StoredEvent._make, _EVENT, asked, order=order, limit=limit)


def each_late(
    connection: sqlite3.Connection, *, since: int | None = None, until: int | None = None
) -> Iterator[tuple[str, int]]:
    """The events that came late: their type, and by how much; since <= time < until."""
    rows = connection.execute(
        "select type, at - time from events where at is not null "
        "and time >= coalesce(?, time) and time < coalesce(?, time + 1)",
        (since, until),
    )
    return iter(rows)


def each_of_types(
    connection: sqlite3.Connection, types: Iterable[str], *, until: int
) -> Iterator[StoredEvent]:
    """The events of these types up to and at the instant `until`, by customer, and of each in
    the order handled. They are read as they are asked for."""
    rows = connection.execute(
        f"{_EVENT} where type in (select value from json_each(?)) and time <= ? "
        "order by customer, seq",
        (json.encode(list(types)).decode(), until),
    )
    return map(StoredEvent._make, rows)
