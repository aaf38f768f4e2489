"""What customers have said of being written to, as it was decided on."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection
from typing import NamedTuple

from msgspec import json

from loyalcore.program.builtin_events import FROM_CUSTOMERS
from loyalcore.store.query import select


class Said(NamedTuple):
    """A decision on what a customer said by an `event` of this type. `facts` and `effects` are
    JSON; `reason` tells why it changed nothing."""

    time: int
    customer: str
    event: str
    decision: str
    facts: str
    effects: str
    reason: str


_TYPES = ", ".join(f"'{name}'" for name in FROM_CUSTOMERS)
_SAID = (
    "select e.time, e.customer, e.type, d.id, d.facts, d.effects, d.reason from events e "
    f"join decisions d on d.event = e.seq and d.rule = 'events.' || e.type and e.type in ({_TYPES})"
)


def list_said(
    connection: sqlite3.Connection,
    *,
    customers: Collection[str] | None = None,
    limit: int | None = None,
) -> list[Said]:
    """All that was said, by these customers, the latest first. Times are those of the events."""
    names = None if customers is None else json.encode(list(customers)).decode()
    asked = {"e.customer in (select value from json_each(?))": names}
    order = "e.time desc, d.seq desc"
    return select(connection, Said._make, _SAID, asked, order=order, limit=limit)
