"""Ledger entries: append-only, in lots; a balance is the sum of entries (S8).

Lots are numbered for each customer. The first entry of a lot says when its points turn
active and expire.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from msgspec import json

from loyalcore.ledger.lots import BUCKETS, Lot
from loyalcore.ledger.report import History
from loyalcore.store.binding import MAYBE, Insert
from loyalcore.store.query import select

INSERT = Insert("entries", f"(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, {MAYBE}, {MAYBE})")
DRAW = Insert("draws", "(?, ?, ?, ?)")


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


class Cause(NamedTuple):
    """The event that moved points; `data` is JSON."""

    seq: int
    type: str
    id: str
    source: str
    data: str


class Orphan(NamedTuple):
    """An entry that does not agree with the event and decision it names."""

    seq: int
    customer: str


_ENTRY = (
    "select seq, customer, wallet, lot, kind, bucket, points, time, event, decision, program, "
    "rule, activates, expires from entries"
)

_IN_BUCKETS = ", ".join(
    f"sum(case bucket when '{bucket}' then points else 0 end) as {bucket}" for bucket in BUCKETS
)


def list_entries(
    connection: sqlite3.Connection,
    *,
    customer: str | None = None,
    wallet: str | None = None,
    lot: int | None = None,
    bucket: str | None = None,
    since: int | None = None,
    until: int | None = None,
    newest_first: bool = False,
    limit: int | None = None,
) -> list[Entry]:
    """The entries in the order written; times are half-open: since <= time < until."""
    asked = {
        "customer = ?": customer,
        "wallet = ?": wallet,
        "lot = ?": lot,
        "bucket = ?": bucket,
        "time >= ?": since,
        "time < ?": until,
    }
    order = "seq desc" if newest_first else "seq"
    return select(connection, Entry._make, _ENTRY, asked, order=order, limit=limit)


def each_entry(connection: sqlite3.Connection, customer: str) -> Iterator[Entry]:
    """All entries of a customer in the order written, one at a time."""
    rows = connection.execute(f"{_ENTRY} where customer = ? order by seq", (customer,))
    return map(Entry._make, rows)


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


def list_lots(connection: sqlite3.Connection, customer: str, *, at: int) -> list[Lot]:
    """The lots of a customer as their entries make them, up to and with the instant `at`."""
    rows = connection.execute(
        f"select lot, wallet, kind, min(time), max(activates), max(expires), {_IN_BUCKETS} "
        "from entries where customer = ? and time <= ? group by lot order by lot",
        (customer, at),
    )
    return [
        Lot(number, wallet, kind, opened, activates, expires, "", True, *buckets)
        for number, wallet, kind, opened, activates, expires, *buckets in rows
    ]


def balances_before(
    connection: sqlite3.Connection, customer: str, time: int
) -> dict[str, tuple[int, int]]:
    """A customer's balance (active less owed) and pending points by wallet, before `time`."""
    rows = connection.execute(
        "select wallet, sum(iif(bucket in ('active', 'owed'), points, 0)), "
        "sum(iif(bucket = 'pending', points, 0)) "
        "from entries where customer = ? and time < ? group by wallet",
        (customer, time),
    )
    return {wallet: (balance, pending) for wallet, balance, pending in rows}


def totals(connection: sqlite3.Connection, *, at: int) -> dict[str, Mapping[str, int]]:
    """What all customers have together, by wallet and bucket, up to and with `at`."""
    rows = connection.execute(
        f"select wallet, {_IN_BUCKETS} from entries where time <= ? group by wallet", (at,)
    )
    return {wallet: dict(zip(BUCKETS, points, strict=True)) for wallet, *points in rows.fetchall()}


def histories(connection: sqlite3.Connection, *, at: int) -> dict[str, History]:
    """What became of the points of all lots whose life is over at `at`, by wallet: those
    past their expiry and, where they have none of their own, those of which none are left."""
    rows = connection.execute(
        "select wallet, count(*), sum(expired), sum(spent) from ("
        f"select wallet, max(expires) as expires, {_IN_BUCKETS} "
        "from entries where time <= :at group by customer, lot) "
        "where pending = 0 and active = 0 and owed = 0 and expired + spent > 0 "
        "and (expires is null or expires <= :at) group by wallet",
        {"at": at},
    )
    return {wallet: History(lots, expired, spent) for wallet, lots, expired, spent in rows}


def latest_activity(
    connection: sqlite3.Connection,
    customer: str,
    types: tuple[str, ...],
    *,
    at: int,
    handled: bool = True,
) -> int | None:
    """When a customer last had an event of one of these types, up to and with `at`: by when it
    was `handled`, or by its own time."""
    when = "coalesce(at, time)" if handled else "time"
    (time,) = connection.execute(
        f"select max({when}) from events where customer = ? and {when} <= ? "
        "and type in (select value from json_each(?))",
        (customer, at, json.encode(types).decode()),
    ).fetchone()
    return None if time is None else int(time)


def latest_posting(
    connection: sqlite3.Connection, customer: str, wallet: str, *, at: int
) -> int | None:
    """When points were last earned or spent in a customer's wallet, up to and with `at`."""
    (time,) = connection.execute(
        "select max(time) from entries where customer = ? and wallet = ? and time <= ? "
        "and kind in ('accrue', 'redeem')",
        (customer, wallet, at),
    ).fetchone()
    return None if time is None else int(time)


def causes(connection: sqlite3.Connection, events: set[int]) -> dict[int, Cause]:
    """The events with these numbers."""
    rows = connection.execute(
        "select seq, type, id, source, data from events "
        "where seq in (select value from json_each(?))",
        (json.encode(sorted(events)).decode(),),
    )
    return {row[0]: Cause._make(row) for row in rows}


def draws_of(connection: sqlite3.Connection, event: int) -> list[tuple[str, int]]:
    """What the event of this number drew from what all customers share, in order."""
    rows = connection.execute(
        "select key, amount from draws where event = ? order by seq", (event,)
    )
    return [(key, amount) for key, amount in rows]


def first_orphan(connection: sqlite3.Connection) -> Orphan | None:
    """The first entry whose event or decision is missing, or is not of its customer, time
    (that at which the event was handled), rule or program."""
    found = select(
        connection,
        Orphan._make,
        "select n.seq, n.customer from entries n "
        "left join events e on e.seq = n.event and e.customer = n.customer "
        "and coalesce(e.at, e.time) = n.time "
        "left join decisions d on d.seq = n.decision and d.event = n.event "
        "and d.rule = n.rule and d.program = n.program where e.seq is null or d.seq is null",
        order="n.seq",
        limit=1,
    )
    return found[0] if found else None


def first_stranger(connection: sqlite3.Connection) -> str | None:
    """The first customer who has entries but no state."""
    (customer,) = connection.execute(
        "select min(n.customer) from entries n "
        "left join customers c on c.customer = n.customer where c.customer is null"
    ).fetchone()
    return None if customer is None else str(customer)


def list_wallets(connection: sqlite3.Connection) -> list[str]:
    """The wallets that have entries."""
    rows = connection.execute("select distinct wallet from entries order by wallet")
    return [wallet for (wallet,) in rows]
