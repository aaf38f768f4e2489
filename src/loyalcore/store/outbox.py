"""Messages on their way out: written with what caused them, sent after the commit (S12)."""

from __future__ import annotations

import sqlite3
from typing import NamedTuple

from loyalcore.store.query import select

INSERT = "insert into outbox values (?, ?, ?, ?, ?, ?, ?, ?, 'pending', 0, ?, null, null, null)"


class Message(NamedTuple):
    """A message of the outbox.

    `key` is the same on every run: a channel that gets it twice can tell. `data` is JSON:
    the values its template names. `status` is pending, sent or dead; `due` is the time
    before which it isn't tried again.
    """

    seq: int
    key: str
    customer: str
    message: str
    channel: str
    data: str
    time: int
    decision: int
    status: str
    attempts: int
    due: int
    sent: int | None
    receipt: str | None
    error: str | None


_MESSAGE = (
    "select seq, key, customer, message, channel, data, time, decision, "
    "status, attempts, due, sent, receipt, error from outbox"
)


def list_messages(
    connection: sqlite3.Connection,
    *,
    customer: str | None = None,
    message: str | None = None,
    status: str | None = None,
    limit: int | None = None,
) -> list[Message]:
    """The messages in the order written."""
    asked = {"customer = ?": customer, "message = ?": message, "status = ?": status}
    return select(connection, Message._make, _MESSAGE, asked, order="seq", limit=limit)


def due_messages(connection: sqlite3.Connection, now: int, limit: int) -> list[Message]:
    """Pending messages that may be tried at `now`, the longest due first."""
    asked = {"status = ?": "pending", "due <= ?": now}
    return select(connection, Message._make, _MESSAGE, asked, order="due, seq", limit=limit)


def mark_sent(connection: sqlite3.Connection, seq: int, now: int, receipt: str) -> None:
    """Note that a channel took the message; `receipt` is what it calls it."""
    connection.execute(
        "update outbox set status = 'sent', attempts = attempts + 1, sent = ?, receipt = ?, "
        "error = null where seq = ?",
        (now, receipt, seq),
    )


def mark_failed(connection: sqlite3.Connection, seq: int, error: str, due: int | None) -> None:
    """Note that a channel refused the message; try again at `due`, or never (None)."""
    connection.execute(
        "update outbox set status = case when :due is null then 'dead' else 'pending' end, "
        "attempts = attempts + 1, due = coalesce(:due, due), error = :error where seq = :seq",
        {"due": due, "error": error, "seq": seq},
    )
