"""Readers that plugins bring: files of other forms, as events in the short form.

open file -> EventReader.read -> Record (position, mapping) -> rows, as of short JSONL
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import BinaryIO, NamedTuple

from msgspec import MsgspecError
from msgspec.json import Encoder

from loyalcore.errors import EventInvalid, UsageError
from loyalcore.events import Reject
from loyalcore.intake.envelope import KEPT, MAX_LINE, Origin, Row
from loyalcore.intake.jsonl import explained, short_line
from loyalcore.intake.sources import Advance, open_source

TOGETHER = 1_000  # events that are handed on at a time

_encode = Encoder(decimal_format="number", order="deterministic").encode


class Record(NamedTuple):
    """One event of a file: where it stands there (its line, or number, from 1) and the event in
    the short form, plain JSON. Without an event, `problem` says why there is none: it becomes
    a reject."""

    position: int
    event: Mapping[str, object] | None
    problem: str = ""


@dataclass(frozen=True)
class EventReader:
    """A form of files, as a plugin registers it.

    `name` is what `--format` calls it; `about` is a line for people. `read` takes the open
    file, unpacked where it was gzip, and yields its records in their order. It holds no more
    of the file in memory than it must, and raises where the file as a whole is no such file:
    then nothing is handled.
    """

    name: str
    about: str
    read: Callable[[BinaryIO], Iterable[Record]]


def read_by(
    reader: EventReader,
    path: str,
    origin: Origin,
    rejects: list[Reject],
    names: Mapping[str, str],
    advance: Advance,
) -> Iterator[list[Row]]:
    """The events that `reader` finds in a file; what is none is added to `rejects`. Raises
    UsageError, naming the reader, where it fails."""
    read = short_line(origin, names)
    rows: list[Row] = []
    with open_source(path, advance) as file:
        for position, event, problem in _records(reader, file, path):
            line = b"" if event is None else _line(reader, event, path)
            try:
                if event is None:
                    raise EventInvalid("bad-record", problem)
                if len(line) > MAX_LINE:
                    raise EventInvalid("too-long", f"longer than {MAX_LINE} bytes")
                rows.append(read(line, position))
            except (EventInvalid, MsgspecError) as error:
                code, message = explained(error)
                rejects.append(Reject(code, message, origin.file, position, line[:KEPT]))
            if len(rows) + len(rejects) >= TOGETHER:
                yield rows
                rows = []
    yield rows


def _records(reader: EventReader, file: BinaryIO, path: str) -> Iterator[Record]:
    try:
        for record in reader.read(file):
            if not isinstance(record, Record):
                raise TypeError(f"a {type(record).__name__} is no Record")
            yield record
    except (Exception, SystemExit) as error:
        raise UsageError(
            f"--format {reader.name} can't read {path}: {type(error).__name__}: {error}; nothing "
            "was handled"
        ) from error


def _line(reader: EventReader, event: Mapping[str, object], path: str) -> bytes:
    try:
        return _encode(dict(event))
    except (TypeError, ValueError, MsgspecError) as error:
        raise UsageError(
            f"--format {reader.name} gave no plain JSON for an event of {path}: {error}; nothing "
            "was handled"
        ) from error
