"""A store: one SQLite file that holds everything a programme has ever decided."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

from sqlite_utils import Database

from loyalcore.store import lock
from loyalcore.store.schema import migrations, open_database, reported, set_up
from loyalcore.store.writer import Writer

PATIENCE = 30.0  # seconds that a writer waits for another to finish


class Store:
    """An open store. Reading needs no lock and never waits for a run; writing does.

    `database` is for look-ups through sqlite-utils, `connection` for what must be quick and
    for the reading functions of this package.
    """

    def __init__(self, path: Path, database: Database) -> None:
        self.path = path
        self.database = database

    @classmethod
    def open(cls, path: Path, *, create: bool = False, wait: float = PATIENCE) -> Self:
        """The store at `path`, brought up to date; made new only with `create`.

        Raises StoreError for a file of something else, of another version, or out of reach.
        """
        database = open_database(path, create=create)
        try:
            with reported(path):
                if migrations.pending(database):
                    with lock.writing(path, wait):
                        set_up(database)
        except BaseException:
            database.close()
            raise
        return cls(path, database)

    @property
    def connection(self) -> sqlite3.Connection:
        return self.database.conn

    @contextmanager
    def writing(self, *, wait: float = PATIENCE) -> Iterator[Writer]:
        """The right to write, for one process at a time.

        Raises StoreError when another has not finished within `wait` seconds.
        """
        with lock.writing(self.path, wait):
            yield Writer(self.connection, self.path)

    def close(self) -> None:
        self.database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()
