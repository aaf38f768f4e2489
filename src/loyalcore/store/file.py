"""A store: one SQLite file that holds everything a programme has ever decided."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

from loyalcore.store import lock
from loyalcore.store.schema import open_database, reported, set_up, up_to_date
from loyalcore.store.writer import Writer

PATIENCE = 30.0  # seconds that a writer waits for another to finish


class Store:
    """An open store. Reading needs no lock and never waits for a run; writing does.

    `connection` is for the reading functions of this package.
    """

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        self.path = path
        self.connection = connection

    @classmethod
    def open(cls, path: Path, *, create: bool = False, wait: float = PATIENCE) -> Self:
        """The store at `path`, brought up to date; made new only with `create`.

        Raises StoreError for a file of something else, of another version, or out of reach.
        """
        connection = open_database(path, create=create)
        try:
            with reported(path):
                if not up_to_date(connection):
                    with lock.writing(path, wait):
                        set_up(connection)
        except BaseException:
            connection.close()
            raise
        return cls(path, connection)

    @contextmanager
    def writing(self, *, wait: float = PATIENCE) -> Iterator[Writer]:
        """The right to write, for one process at a time.

        Raises StoreError when another has not finished within `wait` seconds.
        """
        with lock.writing(self.path, wait):
            yield Writer(self.connection, self.path)

    def close(self) -> None:
        self.connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()
