"""Whether a store is sound: what SQLite says of the file, and what its rows say of each other."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

from loyalcore.store.file import Store

TABLES = ("programs", "events", "customers", "decisions", "entries", "issued", "outbox", "rejects")


def health(store: Store) -> tuple[dict[str, object], tuple[str, ...]]:
    """How much the store holds, and every kind of damage found in it, in plain words.

    Of a file that SQLite finds damaged nothing more is told: its rows can't be trusted.
    """
    connection = store.connection
    try:
        damage = tuple(_broken_pages(connection))
        return ({}, damage) if damage else (_figures(connection), tuple(_orphans(connection)))
    except sqlite3.DatabaseError as error:
        return {}, (f"SQLite: {error}",)


def _broken_pages(connection: sqlite3.Connection) -> Iterator[str]:
    for (lines,) in connection.execute("pragma quick_check"):
        for line in lines.splitlines():
            if line != "ok" and not line.startswith("***"):
                yield f"SQLite: {line}"


def _orphans(connection: sqlite3.Connection) -> Iterator[str]:
    for table, row, parent, _ in connection.execute("pragma foreign_key_check"):
        yield f"{table} row {row} refers to a missing row of {parent}"


def _figures(connection: sqlite3.Connection) -> dict[str, object]:
    figures: dict[str, object] = {
        table: connection.execute(f"select count(*) from {table}").fetchone()[0] for table in TABLES
    }
    unfinished = connection.execute("select count(*) from runs where finished is null").fetchone()
    return {**figures, "runs cut short": unfinished[0]}
