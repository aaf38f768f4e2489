"""Queues: what decisions open for customers, and what becomes of it. Each has a table.

    decisions' changes -> rows to add, to change, to rename -> the queue's table

Only decisions say so (S10). A queue is what they come to, kept up in the transaction that writes
them, so that whose turn it is can be asked at once; `written_again` makes it anew.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

import msgspec

from loyalcore.effects.changes import Carry, Change
from loyalcore.store.binding import Insert


class Queued(Protocol):
    """One of a queue, as its table has it. It is `called` so among the others."""

    @property
    def customer(self) -> str: ...
    @property
    def called(self) -> str: ...


One = TypeVar("One", bound=Queued)


@dataclass(frozen=True)
class Queue(Generic[One]):
    """How a queue is kept. It is of `nouns`: an effect "task" opens one, "task changed" tells
    what became of it, and "carry" of a "task" what it is called now, in the column `name`. The
    `index` finds one by its customer, and its number among the customer's own.

    Of a change that is `opening` one, `row_of` makes what `insert` takes, its number and customer
    given; of one that is `changing` it, `update_of` makes what `update` takes but for `customer`.
    Both are given the time and the number of the decision.
    """

    table: str
    columns: str
    index: str
    nouns: tuple[str, ...]
    name: str
    make: Callable[[Iterable[object]], One]
    opening: tuple[type, ...]
    insert: Insert
    row_of: Callable[[Any, int, str, int, int], tuple[object, ...]]
    changing: tuple[type, ...]
    update: str
    update_of: Callable[[Any, int, int], Mapping[str, object]]

    def written_again(
        self, connection: sqlite3.Connection
    ) -> Iterator[tuple[One | None, One | None]]:
        """What the decisions come to, beside what the table has, where that differs."""
        again = sqlite3.connect(":memory:")
        try:
            again.execute(f"create table {self.table} ({self.columns})")
            again.execute(self.index)
            rows = QueueRows(self, 0)
            for decision, customer, time, effects in connection.execute(self._decided):
                for change in _changes(effects):
                    rows.add(change, customer, time, decision)
            rows.write(again)
            told, kept = self._all(again), self._all(connection)
        finally:
            again.close()
        for seq in sorted({*told, *kept}):
            if told.get(seq) != kept.get(seq):
                yield told.get(seq), kept.get(seq)

    @property
    def _decided(self) -> str:
        about = " or ".join(
            f"""effects like '%"effect":"{noun}%' or effects like '%"what":"{noun}"%'"""
            for noun in self.nouns
        )
        return f"select seq, customer, time, effects from decisions where {about} order by seq"

    def _all(self, connection: sqlite3.Connection) -> dict[int, One]:
        rows = connection.execute(f"select * from {self.table}")
        return {row[0]: self.make(row) for row in rows}

    def id_of(self, connection: sqlite3.Connection, customer: str, number: int) -> int:
        """The number in the table of one that has this number among the customer's own."""
        query = f"select seq from {self.table} where customer = ? and number = ?"
        (seq,) = connection.execute(query, (customer, number)).fetchone()
        return int(seq)


_changes = msgspec.json.Decoder(tuple[Change, ...]).decode


class QueueRows:
    """What decisions do to a queue. `last` is the number of its last row."""

    def __init__(self, queue: Queue[Any], last: int) -> None:
        self.last = last
        self._queue = queue
        self._opened: list[object] = []
        self._changed: list[Mapping[str, object]] = []
        self._renamed: list[tuple[object, ...]] = []

    def add(self, change: Change, customer: str, time: int, decision: int) -> None:
        """Add what a change does to it, if it does anything."""
        queue = self._queue
        if isinstance(change, queue.opening):
            self.last += 1
            self._opened += queue.row_of(change, self.last, customer, time, decision)
        elif isinstance(change, queue.changing):
            self._changed.append({"customer": customer, **queue.update_of(change, time, decision)})
        elif isinstance(change, Carry) and change.what in queue.nouns:
            self._renamed.append((change.to, customer, change.number))

    def write(self, connection: sqlite3.Connection) -> None:
        """Write it, within the caller's transaction."""
        queue = self._queue
        queue.insert(connection, self._opened)
        connection.executemany(queue.update, self._changed)
        rename = f"update {queue.table} set {queue.name} = ? where customer = ? and number = ?"
        connection.executemany(rename, self._renamed)
