"""Sections of `loyalcore report`: named tables that are made of a store."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from loyalcore.store.decisions import count_by_rule


@dataclass(frozen=True)
class ReportSection:
    """A table, as a plugin registers it.

    `name` is what the command line calls it, `about` a line for people. `rows` gets a
    connection to the store that can only read, and yields as many values a row as there are
    `columns`.
    """

    name: str
    about: str
    columns: tuple[str, ...]
    rows: Callable[[sqlite3.Connection], Iterable[Sequence[object]]]


def _outbox(connection: sqlite3.Connection) -> Iterable[Sequence[object]]:
    return connection.execute(
        "select channel, message, status, count(*) from outbox group by 1, 2, 3 order by 1, 2, 3"
    )


SECTIONS = (
    ReportSection(
        "rules",
        "how often each rule fired, and was held back",
        ("rule", "fired", "held back"),
        count_by_rule,
    ),
    ReportSection(
        "messages",
        "what became of the messages, by channel",
        ("channel", "message", "status", "count"),
        _outbox,
    ),
)
"""Those of loyalcore."""
