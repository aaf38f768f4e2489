"""Writing: everything that a batch of steps decided, in one transaction (S11)."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from msgspec import json

from loyalcore.engine.offering.codes import code_of, customer_key
from loyalcore.engine.outcome import Outcome
from loyalcore.events import Reject
from loyalcore.store import customers, rejects
from loyalcore.store.customers import State
from loyalcore.store.programs import save_program
from loyalcore.store.rows import SEQUENCES, Rows
from loyalcore.store.schema import drop_lookups, make_lookups, transaction

# SQLite sorts an index in as much memory as its cache may have, beside the cache. To sort
# more at a time is not quicker.
SORT_KIB = 2 * 1024


class Writer:
    """The one writer of a store, for as long as it holds the lock (see `Store.writing`).

    `program` is the number of the program whose decisions are written: 0 until `start_run`.
    """

    def __init__(self, connection: sqlite3.Connection, path: Path) -> None:
        self.program = 0
        self.run = 0
        self._connection = connection
        self._path = path
        (self._secret,) = connection.execute(
            "select value from meta where name = 'secret'"
        ).fetchone()
        # Nobody else writes while the lock is held, so the last numbers can be kept.
        self._last = tuple(
            connection.execute(f"select coalesce(max(seq), 0) from {table}").fetchone()[0]
            for table in SEQUENCES
        )

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All that is done within is written, or none of it."""
        with transaction(self._connection, self._path):
            yield

    def _code(self, customer: str, decision: str, position: int) -> str:
        return code_of(customer_key(self._secret, customer), f"{decision}:{position}")

    def _empty(self) -> bool:
        return not any(self._last)

    def start_run(self, *, hash: str, name: str, source: str, now: int) -> int:
        """Begin a run of the program with this hash at `now`; its number.

        The look-up indexes go if the store is empty, and come with `finish_run`. Should the
        run be killed, the next one makes them first.
        """
        with self.transaction():
            if self._empty():
                drop_lookups(self._connection)
            else:
                self._make_lookups()
            self.program = save_program(self._connection, hash, name, source)
            cursor = self._connection.execute(
                "insert into runs (program, started) values (?, ?)", (self.program, now)
            )
        self.run = cursor.lastrowid or 0
        return self.run

    def finish_run(self, *, summary: Mapping[str, object], now: int) -> None:
        """End the run that was started."""
        with self.transaction():
            self._make_lookups()
            self._connection.execute(
                "update runs set finished = ?, summary = ? where id = ?",
                (now, json.encode(summary, order="deterministic").decode(), self.run),
            )

    def _make_lookups(self) -> None:
        """Make the look-up indexes that are not there, in little memory."""
        (cache,) = self._connection.execute("pragma cache_size").fetchone()
        self._connection.execute(f"pragma cache_size = -{SORT_KIB}")
        try:
            make_lookups(self._connection)
        finally:
            self._connection.execute(f"pragma cache_size = {cache}")

    def commit(
        self,
        outcomes: Iterable[Outcome],
        states: Iterable[tuple[str, State]],
        rejected: Iterable[Reject] = (),
        retried: Iterable[str] = (),
    ) -> Rows:
        """Write one batch, whole or not at all. Returns the rows that are written of outcomes.

        `outcomes` are in the order handled, those of emitted events among them; `states`
        are the customers' new states, in the order first touched; `retried` are the ids of
        rejects that are accepted now. All may be generators: `outcomes` is read to its end
        before the others are asked for anything, and before the file is touched; `states` is
        read last but for `rejected`, while the file is written, so it must not read the store.
        Raises StoreError where the file can't take them.
        """
        rows = Rows(self._last, self.program, self._code)
        rows.add(outcomes)
        retried_rows = [(id,) for id in retried]
        with self.transaction():
            rows.write(self._connection)
            state_values: list[object] = []
            for name, (clock, due, state) in states:
                state_values += name, clock, "" if due is None else due, bytearray(state)
            customers.UPSERT(self._connection, state_values)
            self._connection.executemany(rejects.UPSERT, map(rejects.reject_row, rejected))
            self._connection.executemany(rejects.RETRIED, retried_rows)
        self._last = rows.last
        return rows
