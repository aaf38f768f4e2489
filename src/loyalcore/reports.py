"""Report sections: what a plugin writes to add a table to `loyalcore report`."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass


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
