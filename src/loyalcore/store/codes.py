"""Codes of offers that are handed out in batches; each may be used once, by anyone.

They are kept as they are compared (`plain_code`): without the dashes that people see.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from typing import NamedTuple

from msgspec import json

INSERT = "insert into codes values (?, ?, ?)"


class Batch(NamedTuple):
    """Codes of an offer that were made together, and how many of them were used."""

    offer: str
    batch: str
    codes: int
    used: int


def taken(connection: sqlite3.Connection, codes: Iterable[str]) -> set[str]:
    """Those of `codes` that are in a batch already, of any offer."""
    rows = connection.execute(
        "select code from codes where code in (select value from json_each(?))",
        (json.encode(list(codes)).decode(),),
    )
    return {code for (code,) in rows}


def add_codes(connection: sqlite3.Connection, offer: str, batch: str, codes: Iterable[str]) -> None:
    """Keep new codes; within a transaction."""
    connection.executemany(INSERT, ((code, offer, batch) for code in codes))


def list_batches(connection: sqlite3.Connection, offer: str, used_under: str) -> list[Batch]:
    """The batches of an offer, by name. `used_under` is what stands before a code in the key
    under which its use is counted (`batch_key`)."""
    rows = connection.execute(
        "select offer, batch, count(*), "
        "sum(exists(select 1 from draws d where d.key = :prefix || c.code)) "
        "from codes c where offer = :offer group by batch order by batch",
        {"prefix": used_under, "offer": offer},
    )
    return list(map(Batch._make, rows))
