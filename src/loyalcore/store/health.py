"""Whether a store is sound: what SQLite says of the file, and what its rows say of each other."""

from __future__ import annotations

from loyalcore.store.file import Store

FIGURES = ("programs", "events", "customers", "decisions", "entries", "issued", "outbox", "rejects")


def health(store: Store) -> tuple[dict[str, object], tuple[str, ...]]:
    """How much the store holds, and every kind of damage found in it, in plain words."""
    connection = store.connection
    figures: dict[str, object] = {
        table: connection.execute(f"select count(*) from {table}").fetchone()[0]
        for table in FIGURES
    }
    damage = [
        f"SQLite: {line}" for (line,) in connection.execute("pragma quick_check") if line != "ok"
    ]
    orphans = connection.execute("pragma foreign_key_check").fetchall()
    damage += [
        f"{table} row {row} refers to a missing row of {parent}"
        for table, row, parent, _ in orphans
    ]
    unfinished = connection.execute("select count(*) from runs where finished is null").fetchone()
    figures["runs cut short"] = unfinished[0]
    return figures, tuple(damage)
