"""Staging: all events of a run in their order, (time, source, id), whatever theirs was (S3).

They go into a temporary SQLite database, which the operating system removes with the process,
and of which SQLite writes to the disk what its cache can't hold: in packed blocks as long as
they are in order, and row by row, to be sorted, once they are not. So memory is bounded,
whatever the size and order of the input.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from itertools import chain, pairwise, starmap
from operator import attrgetter, itemgetter, le
from types import TracebackType
from typing import Any, Self

from msgspec import msgpack

from loyalcore.errors import StoreError
from loyalcore.events import Reject
from loyalcore.intake.envelope import RawEvent, Row, copy_id
from loyalcore.intake.form import Form
from loyalcore.intake.formats import read_rows
from loyalcore.intake.sources import check_paths

CACHE_KIB = 16 * 1024
PAGE = 16 * 1024  # bytes: rows hold whole texts, and larger pages are written sooner

Progress = Callable[[int, int | None], None]

_copy = itemgetter(9)
_reject = attrgetter("code", "message", "file", "line", "original", "record")
_event = partial(tuple.__new__, RawEvent)  # what RawEvent._make calls

_pack = msgpack.Encoder().encode
_unpack = msgpack.Decoder(list[RawEvent]).decode


def stage(paths: Sequence[str], form: Form, progress: Progress | None = None) -> Staged:
    """Read every file of `paths` ("-" is standard input) to its end.

    `progress` is told the bytes read so far and in all, None where that can't be known.
    Raises UsageError when one can't be read as a whole: then nothing has been handled yet.
    """
    total = check_paths(paths)
    done = 0

    def advance(size: int) -> None:
        nonlocal done
        done += size
        if progress:
            progress(done, total)

    staged = Staged()
    try:
        for number, path in enumerate(paths, start=1):
            rejects: list[Reject] = []
            for rows in read_rows(path, number, form, rejects, advance):
                staged.add(rows, rejects)
                rejects.clear()
    except BaseException:
        staged.close()
        raise
    return staged


class Staged:
    """The input of a run: iterate for its events in order; `rejects` for what is none.

    An event that comes twice is there twice, the first one first. `accepted` and
    `rejected` count them.
    """

    def __init__(self) -> None:
        self.accepted = 0
        self.rejected = 0
        self._disk = _temporary_database()
        self._last: Row | tuple[()] = ()
        self._ordered = True
        self._copies = False

    def add(self, rows: Sequence[Row], rejects: Sequence[Reject] = ()) -> None:
        """More of the input."""
        self.accepted += len(rows)
        self.rejected += len(rejects)
        self._copies = self._copies or any(map(_copy, rows))
        with _on_disk():
            if rows:
                self._add(rows)
            self._disk.executemany(
                "insert into rejects values (?,?,?,?,?,?)", map(_reject, rejects)
            )

    def _add(self, rows: Sequence[Row]) -> None:
        if self._ordered and not all(starmap(le, pairwise((self._last, *rows)))):
            self._ordered = False
            self._insert(self._in_blocks())
            self._disk.execute("delete from blocks")
        self._last = rows[-1]
        if self._ordered:  # packed together, rows are quicker to write and to read
            self._disk.execute("insert into blocks values (?)", (_pack(rows),))
        else:
            self._insert(rows)

    def _insert(self, rows: Iterable[Row]) -> None:
        self._disk.executemany("insert into events values (?,?,?,?,?,?,?,?,?,?)", rows)

    def __iter__(self) -> Iterator[RawEvent]:
        events = self._in_blocks() if self._ordered else self._sorted()
        return _number_copies(events) if self._copies else events

    def _in_blocks(self) -> Iterator[RawEvent]:
        blocks = self._read("select rows from blocks order by rowid")
        return chain.from_iterable(_unpack(block) for (block,) in blocks)

    def _sorted(self) -> Iterator[RawEvent]:
        # Of two events with one key, the first in the input is first.
        return map(_event, self._read("select * from events order by time, source, id, rowid"))

    def rejects(self) -> Iterator[Reject]:
        """What could not be read, in the order of the input."""
        return starmap(Reject, self._read("select * from rejects order by rowid"))

    def _read(self, query: str) -> Iterator[Any]:
        with _on_disk():
            # Not from the cursor itself: who stops halfway closes it, be it after the database,
            # which is an error.
            yield from iter(self._disk.execute(query).fetchone, None)

    def close(self) -> None:
        """Give the space back."""
        self._disk.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()


def _number_copies(events: Iterable[RawEvent]) -> Iterator[RawEvent]:
    """Events in order; equal ones of one file get ids of their own.

    They stand side by side here, so that a counter is enough, however many there are.
    """
    number = 0
    last: tuple[object, ...] = ()
    for event in events:
        if event.copy:
            same = (event.time, event.source, event.id, event.copy)
            number = number + 1 if same == last else 1
            last = same
            event = event._replace(id=copy_id(event.id, number))
        yield event


def _temporary_database() -> sqlite3.Connection:
    database = sqlite3.connect("", isolation_level=None)  # a file, but for the first pages
    for setting in (
        "journal_mode = off",
        "synchronous = off",
        "locking_mode = exclusive",
        "temp_store = file",
        f"page_size = {PAGE}",
        f"cache_size = -{CACHE_KIB}",
    ):
        database.execute(f"pragma {setting}")
    database.execute(
        "create table events (time, source, id, type, customer, data, file, line, original, copy)"
    )
    database.execute("create table blocks (rows)")
    database.execute("create table rejects (code, message, file, line, original, record)")
    database.execute("begin")  # one transaction for all: there is nobody to commit for
    return database


@contextmanager
def _on_disk() -> Iterator[None]:
    try:
        yield
    except sqlite3.OperationalError as error:
        raise StoreError(
            f"the events could not be sorted on disk ({error}); make room in the folder for "
            "temporary files, or set SQLITE_TMPDIR to another"
        ) from error
