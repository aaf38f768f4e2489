"""What decisions cost and what events brought, customer by customer, for who reckons with it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from loyalcore.program.builtin_events import CUSTOMER_MERGED
from loyalcore.store.binding import Insert

INSERT = Insert("margins", "(?, ?, ?, ?, ?)")

BY_ITSELF = ("wallets", "events", "triggers", "tiers", "stages", "scores")
"""Sections whose decisions are no effort of the business's: bookkeeping, and signs of time."""

OF_SOME = ("journeys", "win_back", "recovery", "dissolution", "tasks", "approvals")
"""Sections that keep books too: of these, what costs something, or does more than that."""
BOOKS = (
    *("end", "task changed", "approval changed", "case", "case changed"),
    *("part", "parted", "hold", "settle", "approval", "close", "stage", "tier"),
)
"""The effects that are bookkeeping."""


class Effort(NamedTuple):
    """A decision that fired, or was held back from the control group (`held`). Of a journey it
    is the entry, and each step. `customer` is who has the events by now; `cost` is in minor
    units."""

    customer: str
    time: int
    rule: str
    held: bool
    cost: int | None


class Brought(NamedTuple):
    """Margin that came at `time`, in minor units; below 0 what a refund took back of it."""

    customer: str
    time: int
    amount: int


def has_merged(connection: sqlite3.Connection) -> bool:
    """Whether any customer was ever merged into another."""
    query = "select 1 from events where type = ? limit 1"
    return connection.execute(query, (CUSTOMER_MERGED,)).fetchone() is not None


def set_owners(connection: sqlite3.Connection, owners: Mapping[str, str]) -> None:
    """Note who has the events of customers who are merged, for the readings below."""
    connection.execute("drop table if exists temp.owners")
    connection.execute(
        "create temp table owners (customer text primary key, owner text not null) without rowid"
    )
    connection.executemany("insert into temp.owners values (?, ?)", owners.items())
    connection.commit()


_OWNED = "left join temp.owners o on o.customer = x.customer"
_OWNER = "coalesce(o.owner, x.customer)"
_HELD_OUT = """x.effects glob '[[]{"effect":"enter",*"held_out":true*'"""
_DOES_MORE = (
    "exists (select 1 from json_each(x.effects) e where json_extract(e.value, '$.effect') "
    f"not in ({', '.join(repr(book) for book in BOOKS)}))"
)


def each_effort(
    connection: sqlite3.Connection, *, since: int | None, until: int | None, rule: str | None
) -> Iterator[Effort]:
    """Every effort in since <= time < until, by customer and time: SQLite sorts them, in as
    much memory as its cache has."""
    asked = {"x.time >= ?": since, "x.time < ?": until, "x.rule = ?": rule}
    given = {text: value for text, value in asked.items() if value is not None}
    own = [f"x.rule not glob '{section}.*'" for section in BY_ITSELF]
    some = " or ".join(f"x.rule glob '{section}.*'" for section in OF_SOME)
    conditions = [
        "(x.reason = '' or x.reason glob 'holdout*')",
        "x.rule <> 'migration'",
        "x.rule not glob 'offers.*.advanced'",
        f"(not ({some}) or x.reason <> '' or x.cost is not null or {_DOES_MORE})",
        *own,
        *given,
    ]
    rows = connection.execute(
        f"select {_OWNER}, x.time, x.rule, x.reason <> '' or {_HELD_OUT}, x.cost "
        f"from decisions x {_OWNED} "
        f"where {' and '.join(conditions)} order by 1, 2",
        [*given.values()],
    )
    return map(Effort._make, rows)


def each_brought(connection: sqlite3.Connection, *, since: int | None) -> Iterator[Brought]:
    """All margin from `since` on, by customer and time."""
    where, given = ("", ()) if since is None else ("where x.time >= ? ", (since,))
    rows = connection.execute(
        f"select {_OWNER}, x.time, x.amount from margins x {_OWNED} {where}order by 1, 2", given
    )
    return map(Brought._make, rows)


def margins_of(connection: sqlite3.Connection, event: int) -> list[tuple[int, int]]:
    """What an event brought: amounts, each with the time it counts at."""
    query = "select amount, time from margins where event = ? order by seq"
    return [(amount, time) for amount, time in connection.execute(query, (event,))]


def drawn_in_periods(connection: sqlite3.Connection, key: str) -> dict[str, int]:
    """How much was drawn under `key` in each period: "month 2026-03-01"; "" for good."""
    rows = connection.execute(
        "select key, sum(amount) from draws where key = ? or (key > ? and key < ?) "
        "group by key order by key",
        (key, f"{key} ", f"{key}!"),
    )
    return {name.removeprefix(key).strip(): amount for name, amount in rows}
