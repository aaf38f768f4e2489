"""Benefits granted, and vouchers issued with their personal codes."""

from __future__ import annotations

import sqlite3
from typing import NamedTuple

from loyalcore.store.binding import Insert
from loyalcore.store.query import select

INSERT = Insert("issued", "(?, ?, ?, ?, ?, ?, ?)")


class Issued(NamedTuple):
    """A benefit (`code` is empty) or a voucher of a customer."""

    seq: int
    customer: str
    kind: str
    name: str
    code: str
    time: int
    decision: int


def list_issued(
    connection: sqlite3.Connection,
    *,
    customer: str | None = None,
    kind: str | None = None,
    limit: int | None = None,
) -> list[Issued]:
    """What was issued, in order."""
    return select(
        connection,
        Issued._make,
        "select seq, customer, kind, name, code, time, decision from issued",
        {"customer = ?": customer, "kind = ?": kind},
        order="seq",
        limit=limit,
    )
