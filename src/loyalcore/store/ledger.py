"""Ledger entries: append-only, in lots; a balance is the sum of entries (S8).

Lots are numbered for each customer. The first entry of a lot says when its points turn
active and expire.
"""

from __future__ import annotations

import sqlite3
from typing import NamedTuple

from loyalcore.store.query import select

INSERT = "insert into entries values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
DRAW = "insert into draws values (?, ?, ?, ?)"


class Entry(NamedTuple):
    """Points in or out of a bucket of a lot, with their cause: event, decision, rule."""

    seq: int
    customer: str
    wallet: str
    lot: int
    kind: str
    bucket: str
    points: int
    time: int
    event: int
    decision: int
    program: int
    rule: str
    activates: int | None
    expires: int | None


class Balance(NamedTuple):
    """What is in one bucket of a customer's wallet."""

    customer: str
    wallet: str
    bucket: str
    points: int


_ENTRY = (
    "select seq, customer, wallet, lot, kind, bucket, points, time, event, decision, program, "
    "rule, activates, expires from entries"
)


def list_entries(
    connection: sqlite3.Connection,
    *,
    customer: str | None = None,
    wallet: str | None = None,
    since: int | None = None,
    until: int | None = None,
    newest_first: bool = False,
    limit: int | None = None,
) -> list[Entry]:
    """The entries in the order written; times are half-open: since <= time < until."""
    asked = {
        "customer = ?": customer,
        "wallet = ?": wallet,
        "time >= ?": since,
        "time < ?": until,
    }
    order = "seq desc" if newest_first else "seq"
    return select(connection, Entry._make, _ENTRY, asked, order=order, limit=limit)


def list_balances(
    connection: sqlite3.Connection,
    *,
    customer: str | None = None,
    wallet: str | None = None,
    at: int | None = None,
    limit: int | None = None,
) -> list[Balance]:
    """The balances now, or at the instant `at`, including what happened then."""
    asked = {"customer = ?": customer, "wallet = ?": wallet, "time <= ?": at}
    query = "select customer, wallet, bucket, sum(points) from entries"
    return select(
        connection,
        Balance._make,
        query,
        asked,
        group="customer, wallet, bucket",
        order="1, 2, 3",
        limit=limit,
    )


def list_wallets(connection: sqlite3.Connection) -> list[str]:
    """The wallets that have entries."""
    rows = connection.execute("select distinct wallet from entries order by wallet")
    return [wallet for (wallet,) in rows]
