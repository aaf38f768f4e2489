"""Rejected events: kept with reason and original text until they are tried again (S3)."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from msgspec import json

from loyalcore.events import Reject
from loyalcore.store.query import select

# The same text at the same place is the same reject; what is wrong with it may have
# changed with the ruleset, and it is open again.
UPSERT = """
    insert into rejects values (?, ?, ?, ?, ?, ?, ?, 'open')
    on conflict (id) do update set code = excluded.code, message = excluded.message,
        record = excluded.record, status = 'open'
"""
RETRIED = "update rejects set status = 'retried' where id = ?"


class StoredReject(NamedTuple):
    """A reject; `record` (JSON) is None where the original can't be read as an event."""

    id: str
    code: str
    message: str
    file: str
    line: int
    original: bytes
    record: str | None
    status: str


_REJECT = "select id, code, message, file, line, original, record, status from rejects"


def reject_row(reject: Reject) -> tuple[object, ...]:
    """The values of UPSERT."""
    return (
        reject.id,
        reject.code,
        reject.message,
        reject.file,
        reject.line,
        reject.original,
        reject.record,
    )


def list_rejects(
    connection: sqlite3.Connection,
    *,
    code: str | None = None,
    file: str | None = None,
    status: str | None = "open",
    limit: int | None = None,
) -> list[StoredReject]:
    """Rejects in the order of their files; `status` None is all of them."""
    return select(
        connection,
        StoredReject._make,
        _REJECT,
        {"code = ?": code, "file = ?": file, "status = ?": status},
        order="file, line, id",
        limit=limit,
    )


def each_readable(
    connection: sqlite3.Connection, *, code: str | None = None
) -> Iterator[StoredReject]:
    """The open rejects that can be read as events (they have a record), one at a time: all, or
    those of one code."""
    rows = connection.execute(
        f"{_REJECT} where status = 'open' and record is not null and code = coalesce(?, code)",
        (code,),
    )
    return map(StoredReject._make, rows)


def open_among(connection: sqlite3.Connection, ids: Iterable[str]) -> list[str]:
    """Those of `ids` that are open rejects."""
    rows = connection.execute(
        "select id from rejects where status = 'open' and id in (select value from json_each(?))",
        (json.encode(list(ids)).decode(),),
    )
    return [id for (id,) in rows]


def count_rejects(connection: sqlite3.Connection) -> dict[str, int]:
    """How many rejects are open, by code."""
    rows = connection.execute(
        "select code, count(*) from rejects where status = 'open' group by code order by code"
    )
    return dict(rows.fetchall())
