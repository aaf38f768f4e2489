"""Staging: all events of a run in their order, (time, source, id), whatever theirs was (S3).

A small input stays in memory. A large one goes into a temporary SQLite database, which the
operating system removes with the process: in packed blocks as long as it is in order, and
row by row, to be sorted on disk, once it is not. So memory is bounded, whatever the size and
order of the input.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise, starmap
from operator import itemgetter, le
from types import TracebackType
from typing import Any, Self

from msgspec import msgpack

from loyalcore.errors import StoreError
from loyalcore.events import Reject
from loyalcore.intake.envelope import RawEvent, Row, copy_id
from loyalcore.intake.form import Form
from loyalcore.intake.formats import read_rows
from loyalcore.intake.sources import check_paths

IN_MEMORY = 50_000  # events; and no more than
IN_MEMORY_BYTES = 32 << 20  # of data, and of text as it was received
CACHE_KIB = 16 * 1024  # where events are sorted; blocks in order are read once, and need none
PAGE = 16 * 1024  # bytes: rows hold whole texts, and larger pages are written sooner
BLOCK = 1_000  # events packed together: quicker to write and to read than a row each

Progress = Callable[[int, int | None], None]

_order = itemgetter(0, 1, 2)  # time, source, id
_data = itemgetter(5)
_original = itemgetter(8)
_copy = itemgetter(9)

_new = tuple.__new__  # what RawEvent._make calls

_INSERT = "insert into events values (?,?,?,?,?,?,?,?,?,?)"

_pack = msgpack.Encoder().encode
_unpack = msgpack.Decoder(list[Row]).decode


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
        self._rows: list[Row] = []
        self._rejects: list[Reject] = []
        self._size = 0
        self._disk: sqlite3.Connection | None = None
        self._last: tuple[object, ...] = ()
        self._ordered = True
        self._copies = False

    def add(self, rows: Sequence[Row], rejects: Sequence[Reject] = ()) -> None:
        """More of the input."""
        self.accepted += len(rows)
        self.rejected += len(rejects)
        self._rows += rows
        self._rejects += rejects
        self._size += sum(map(len, map(_data, rows)))
        self._size += sum(map(len, map(_original, rows)))
        self._size += sum(len(reject.original) for reject in rejects)
        self._copies = self._copies or any(map(_copy, rows))
        kept = len(self._rows) + len(self._rejects)
        if self._disk or kept > IN_MEMORY or self._size > IN_MEMORY_BYTES:
            self._spill()

    def _spill(self) -> None:
        """Move what is in memory to the disk."""
        with _on_disk():
            if self._disk is None:
                self._disk = _temporary_database()
            self._spill_rows(self._disk)
            self._disk.executemany(
                "insert into rejects values (?,?,?,?,?,?)",
                (
                    (one.code, one.message, one.file, one.line, one.original, one.record)
                    for one in self._rejects
                ),
            )
        self._rows, self._rejects, self._size = [], [], 0

    def _spill_rows(self, disk: sqlite3.Connection) -> None:
        rows = self._rows
        orders = [self._last, *map(_order, rows)]
        self._last = orders[-1]
        if self._ordered and not all(starmap(le, pairwise(orders))):
            self._ordered = False
            disk.execute(f"pragma cache_size = -{CACHE_KIB}")
            disk.executemany(_INSERT, self._in_blocks())
            disk.execute("delete from blocks")
        if self._ordered:
            blocks = (rows[at : at + BLOCK] for at in range(0, len(rows), BLOCK))
            disk.executemany("insert into blocks values (?)", ((_pack(one),) for one in blocks))
        else:
            disk.executemany(_INSERT, rows)

    def __iter__(self) -> Iterator[RawEvent]:
        rows = self._in_order()
        return _number_copies(rows) if self._copies else map(_without_copy, rows)

    def _in_order(self) -> Iterable[Row]:
        if self._disk is None:
            # Sorting is stable, as `rowid` makes it on the disk: of two events with one
            # key, the first in the input is first.
            return sorted(self._rows, key=_order)
        if self._ordered:
            return self._in_blocks()
        return self._read("select * from events order by time, source, id, rowid")

    def _in_blocks(self) -> Iterator[Row]:
        for (block,) in self._read("select rows from blocks order by rowid"):
            yield from _unpack(block)

    def rejects(self) -> Iterator[Reject]:
        """What could not be read, in the order of the input."""
        if self._disk is None:
            return iter(self._rejects)
        return starmap(Reject, self._read("select * from rejects order by rowid"))

    def _read(self, query: str) -> Iterator[Any]:
        assert self._disk is not None
        with _on_disk():
            yield from self._disk.execute(query)

    def close(self) -> None:
        """Give the space back."""
        if self._disk is not None:
            self._disk.close()
        self._rows, self._rejects = [], []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()


def _without_copy(row: Row) -> RawEvent:
    return _new(RawEvent, row[:9])


def _number_copies(rows: Iterable[Row]) -> Iterator[RawEvent]:
    """Rows in order as events; equal rows of one file get ids of their own.

    They stand side by side here, so that a counter is enough, however many there are.
    """
    make = RawEvent._make
    copy = 0
    last: tuple[object, ...] = ()
    for row in rows:
        if not row[9]:
            yield make(row[:9])
            continue
        same = (row[0], row[1], row[2], row[9])
        copy = copy + 1 if same == last else 1
        last = same
        yield make((row[0], row[1], copy_id(row[2], copy), *row[3:9]))


def _temporary_database() -> sqlite3.Connection:
    database = sqlite3.connect("", isolation_level=None)  # a file, but for the first pages
    for setting in (
        "journal_mode = off",
        "synchronous = off",
        "locking_mode = exclusive",
        "temp_store = file",
        f"page_size = {PAGE}",
        "cache_size = -1024",
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
