"""Messages on their way out: written with what caused them, sent after the commit (S12).

A deliverer takes messages by a lease: until it ends, nobody else gets them. Who is killed
loses what it held to the next one when the lease ends. All of it is done in short transactions,
beside a run that may be writing: no lock is held while anything is sent.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection
from typing import NamedTuple

from loyalcore.store.binding import Insert
from loyalcore.store.query import select

INSERT = Insert(
    "outbox (seq, key, customer, message, channel, data, time, decision, "
    "status, attempts, due, purpose, reason)",
    "(?, ?, ?, ?, ?, ?, ?, ?, 'pending', 0, ?, ?, ?)",
)

STATUSES = ("pending", "sent", "withheld", "dead", "cancelled")


class Message(NamedTuple):
    """A message of the outbox.

    `key` is the same on every run: a channel that gets it twice can tell. `data` is JSON:
    the values its template names. `status` is one of STATUSES: one that may not go to the
    customer by now is withheld. `due` is the time before which it isn't tried (again),
    `attempts` how many tries were begun. `reason` tells why the last one failed, or why it is
    withheld, or waits, or was cancelled. `lease` is held by who is sending it now, until `due`.
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
    reason: str | None
    lease: str | None
    purpose: str
    program: int


_MESSAGE = (
    "select o.seq, o.key, o.customer, o.message, o.channel, o.data, o.time, o.decision, o.status, "
    "o.attempts, o.due, o.sent, o.receipt, o.reason, o.lease, o.purpose, d.program "
    "from outbox o join decisions d on d.seq = o.decision"
)


def list_messages(
    connection: sqlite3.Connection,
    *,
    seq: int | None = None,
    key: str | None = None,
    customer: str | None = None,
    message: str | None = None,
    channel: str | None = None,
    status: str | None = None,
    lease: str | None = None,
    limit: int | None = None,
) -> list[Message]:
    """The messages in the order written."""
    asked = {
        "o.seq = ?": seq,
        "o.key = ?": key,
        "o.customer = ?": customer,
        "o.message = ?": message,
        "o.channel = ?": channel,
        "o.status = ?": status,
        "o.lease = ?": lease,
    }
    return select(connection, Message._make, _MESSAGE, asked, order="o.seq", limit=limit)


def count_due(connection: sqlite3.Connection, now: int) -> dict[str, int]:
    """How many messages may be tried at `now`, by channel."""
    rows = connection.execute(
        "select channel, count(*) from outbox where status = 'pending' and due <= ? "
        "group by channel order by channel",
        (now,),
    )
    return dict(rows.fetchall())


def any_due(connection: sqlite3.Connection, channel: str, now: int) -> bool:
    """Whether a message of this channel may be tried at `now`."""
    query = "select 1 from outbox where status = 'pending' and channel = ? and due <= ? limit 1"
    return connection.execute(query, (channel, now)).fetchone() is not None


def claim(
    connection: sqlite3.Connection, lease: str, channel: str, *, now: int, until: int, limit: int
) -> list[Message]:
    """Take messages that may be tried at `now`, the longest due first: nobody else gets them
    before `until`. A try of each is begun. `lease` is a word that was never used before."""
    connection.execute(
        "update outbox set lease = ?, due = ?, attempts = attempts + 1 where seq in ("
        "select seq from outbox where status = 'pending' and channel = ? and due <= ? "
        "order by due, seq limit ?)",
        (lease, until, channel, now, limit),
    )
    return list_messages(connection, lease=lease)


def extend(connection: sqlite3.Connection, lease: str, until: int) -> None:
    """Hold what is still being sent under this lease until then."""
    connection.execute(
        "update outbox set due = ? where lease = ? and status = 'pending'", (until, lease)
    )


def mark_sent(connection: sqlite3.Connection, seq: int, now: int, receipt: str) -> None:
    """Note that a channel took the message; `receipt` is what it calls it. That holds whoever
    has a lease of it by now."""
    connection.execute(
        "update outbox set status = 'sent', sent = ?, receipt = ?, reason = null, lease = null "
        "where seq = ? and status <> 'sent'",
        (now, receipt, seq),
    )


def mark_failed(
    connection: sqlite3.Connection,
    seq: int,
    lease: str,
    reason: str,
    due: int | None,
    *,
    tried: bool = True,
) -> bool:
    """Note that a channel did not take the message; try again at `due`, or never (None). What
    was not `tried` doesn't count. False, and nothing noted, where the lease was lost."""
    cursor = connection.execute(
        "update outbox set status = case when :due is null then 'dead' else 'pending' end, "
        "attempts = attempts - :untried, due = coalesce(:due, due), reason = :reason, "
        "lease = null where seq = :seq and lease = :lease",
        {"due": due, "untried": not tried, "reason": reason, "seq": seq, "lease": lease},
    )
    return cursor.rowcount > 0


def mark_withheld(connection: sqlite3.Connection, seq: int, lease: str, reason: str) -> bool:
    """Note that the message may not go to its customer; that it was looked at is no try. False,
    and nothing noted, where the lease was lost."""
    cursor = connection.execute(
        "update outbox set status = 'withheld', attempts = attempts - 1, reason = :reason, "
        "lease = null where seq = :seq and lease = :lease",
        {"reason": reason, "seq": seq, "lease": lease},
    )
    return cursor.rowcount > 0


def revive(connection: sqlite3.Connection, seqs: Collection[int], now: int) -> int:
    """Let messages that wait, are withheld, dead or cancelled be tried at once, as if for the
    first time; how many there were."""
    return _each(
        connection,
        "update outbox set status = 'pending', attempts = 0, due = :now, reason = null, "
        "lease = null where seq = :seq and status <> 'sent' and (lease is null or due <= :now)",
        [{"seq": seq, "now": now} for seq in seqs],
    )


def cancel(connection: sqlite3.Connection, seqs: Collection[int], now: int, reason: str) -> int:
    """Give up messages that are not sent; how many there were. One that is just being sent
    is left."""
    return _each(
        connection,
        "update outbox set status = 'cancelled', reason = :reason, lease = null "
        "where seq = :seq and status in ('pending', 'withheld', 'dead') "
        "and (lease is null or due <= :now)",
        [{"seq": seq, "now": now, "reason": reason} for seq in seqs],
    )


def _each(
    connection: sqlite3.Connection, statement: str, rows: Collection[dict[str, object]]
) -> int:
    return connection.executemany(statement, rows).rowcount if rows else 0
