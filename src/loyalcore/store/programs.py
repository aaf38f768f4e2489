"""The programs that have decided here, with their source, and the runs of them.

Decisions stay pinned to the program that took them (S15), so its whole source is kept:
what was decided years ago can be explained by the rules of then. Runs are a log for
people; nothing is computed from them, and they alone may differ between two runs over the
same input.
"""

from __future__ import annotations

import sqlite3
from typing import NamedTuple

from loyalcore.store.query import select, starting


class Program(NamedTuple):
    """`source` is the ruleset as JSON, every file of it."""

    id: int
    hash: str
    name: str
    source: str


class Run(NamedTuple):
    """`finished` and `summary` (JSON) are None while it runs, or for ever if it was killed."""

    id: int
    program: int
    started: int
    finished: int | None
    summary: str | None


_PROGRAM = "select id, hash, name, source from programs"
_RUN = "select id, program, started, finished, summary from runs"


def save_program(connection: sqlite3.Connection, hash: str, name: str, source: str) -> int:
    """The number of the program with this hash, kept from now on if it was unknown."""
    connection.execute(
        "insert into programs (hash, name, source) values (?, ?, ?) on conflict do nothing",
        (hash, name, source),
    )
    (number,) = connection.execute("select id from programs where hash = ?", (hash,)).fetchone()
    return int(number)


def find_program(
    connection: sqlite3.Connection, *, id: int | None = None, hash: str | None = None
) -> Program | None:
    """The program with this number, or with a hash that starts so."""
    asked = {"id = ?": id, **starting("hash", hash)}
    found = select(connection, Program._make, _PROGRAM, asked, order="id desc", limit=1)
    return found[0] if found else None


def latest_program(connection: sqlite3.Connection) -> Program | None:
    """The program that is in force; of a store from which a first run was cut short, the one
    that it was of."""
    number = latest_number(connection)
    return None if number is None else find_program(connection, id=number)


def latest_number(connection: sqlite3.Connection) -> int | None:
    """The number of that program."""
    for query in (
        "select program from activations where begun is not null order by at desc, seq desc",
        "select program from runs order by id desc",
    ):
        if row := connection.execute(f"{query} limit 1").fetchone():
            return int(row[0])
    return None


def list_programs(connection: sqlite3.Connection) -> list[Program]:
    """Every program, the first to decide first."""
    return select(connection, Program._make, _PROGRAM, order="id")


def programs_like(connection: sqlite3.Connection, prefix: str) -> list[Program]:
    """The programs whose hash starts so."""
    return select(connection, Program._make, _PROGRAM, starting("hash", prefix), order="id")


def list_runs(connection: sqlite3.Connection, *, limit: int | None = None) -> list[Run]:
    """The runs, the latest first."""
    return select(connection, Run._make, _RUN, order="id desc", limit=limit)
