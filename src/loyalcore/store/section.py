"""The sections of `loyalcore report` that loyalcore brings."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence

from loyalcore.reports import ReportSection
from loyalcore.store.decisions import count_by_rule


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
