"""Reading rows as typed values."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Mapping
from typing import TypeVar

Row = TypeVar("Row")


def select(
    connection: sqlite3.Connection,
    make: Callable[[Iterable[object]], Row],
    query: str,
    conditions: Mapping[str, object] | None = None,
    *,
    group: str = "",
    order: str,
    limit: int | None = None,
) -> list[Row]:
    """The rows of `query`, each through `make`.

    `conditions` maps a condition with one `?` to its value; those with None were not
    asked for. `limit` None is all of them.
    """
    asked = {text: value for text, value in (conditions or {}).items() if value is not None}
    where = f" where {' and '.join(asked)}" if asked else ""
    grouped = f" group by {group}" if group else ""
    rows = connection.execute(
        f"{query}{where}{grouped} order by {order} limit ?",
        [*asked.values(), -1 if limit is None else limit],
    )
    return [make(row) for row in rows]


def starting(column: str, prefix: str | None) -> dict[str, object]:
    """Conditions for texts that start with `prefix`: a range, which an index can serve."""
    if prefix is None:
        return {}
    return {f"{column} >= ?": prefix, f"{column} < ?": prefix + "\U0010ffff"}
