"""CSV: one event a row, with the names of the columns in the first row.

Every cell is text here; what it means is declared in the ruleset. Columns may be parted by
comma, semicolon or tab, whichever the header has most of.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from msgspec.json import Encoder

from loyalcore.errors import EventInvalid, UsageError
from loyalcore.events import Reject
from loyalcore.intake.envelope import KEPT, MAX_LINE, Origin, Row
from loyalcore.intake.form import ENVELOPE
from loyalcore.intake.sources import Lines

ROWS = 1_000  # handed on at a time

_encode = Encoder().encode


class _Columns(NamedTuple):
    """Where in a row things are: the envelope's cells in the order of ENVELOPE, -1 where
    there is no such column, and the data's by name."""

    width: int
    envelope: tuple[int, ...]
    data: Mapping[str, int]


def read_csv(
    blocks: Iterable[Lines], origin: Origin, rejects: list[Reject], names: Mapping[str, str]
) -> Iterator[list[Row]]:
    """The events of a CSV file; what can't be read is added to `rejects`.

    Raises UsageError for a header that lacks what every event needs, or what `names` names.
    """
    taken: Lines = []  # the lines of the row being read
    lines = _decoded(blocks, taken)
    header = next((line for line in lines if line.strip()), "")
    delimiter = max(",;\t", key=header.count)
    columns = _columns(next(csv.reader([header], delimiter=delimiter), []), origin, names)
    above = len(taken)
    taken.clear()
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    rows: list[Row] = []
    while True:
        number = above + reader.line_num + 1
        try:
            cells = next(reader)
            if cells or len(taken[0]) > MAX_LINE:
                rows.append(_row(cells, columns, origin, number, taken))
        except StopIteration:
            break
        except csv.Error:
            rejects.append(_reject("bad-row", _UNCLOSED, origin, number, taken))
        except UnicodeError:
            rejects.append(_reject("bad-text", "not UTF-8", origin, number, taken))
        except EventInvalid as error:
            rejects.append(_reject(error.code, str(error), origin, number, taken))
        taken.clear()
        if len(rows) + len(rejects) >= ROWS:
            yield rows
            rows = []
    yield rows


_UNCLOSED = "a quoted cell is not closed, or goes on after its closing quote"


def _decoded(blocks: Iterable[Lines], taken: Lines) -> Iterator[str]:
    """The lines as text, each also put into `taken` as it is.

    Bytes that are not UTF-8 pass as lone surrogates, which can't be written as JSON: they
    are found when the row is, without a look at every cell.
    """
    for block in blocks:
        for line in block:
            taken.append(line)
            yield "" if len(line) > MAX_LINE else line.decode("utf-8", "surrogateescape") + "\n"


def _columns(header: Sequence[str], origin: Origin, names: Mapping[str, str]) -> _Columns:
    """What is where. Raises UsageError for a header that can't be used."""
    try:
        "".join(header).encode()
    except UnicodeEncodeError:
        raise UsageError(f"{origin.file} is not UTF-8 text; save it as UTF-8 CSV") from None
    places: dict[str, int] = {}
    for place, text in enumerate(header):
        name = text.strip()
        if name in places:
            raise UsageError(f"{origin.file} has two columns {name}")
        if name:
            places[name] = place
    shown = f"the columns of {origin.file} are: {', '.join(places)}"
    for ours, theirs in names.items():
        if theirs not in places:
            raise UsageError(f"--map {ours}={theirs}: no such column; {shown}")
    ours_at = {ours: places[theirs] for ours, theirs in names.items()}
    for theirs in names.values():
        places.pop(theirs, None)
    places.update(ours_at)
    needed = ("customer", "time") if origin.type else ("customer", "time", "type")
    for name in needed:
        if name not in places:
            raise UsageError(
                f"{origin.file} has no column {name}; {shown}. "
                f"Say which it is: --map {name}=COLUMN{_or_type(name)}"
            )
    envelope = tuple(places.pop(name, -1) for name in ENVELOPE)
    return _Columns(len(header), envelope, dict(sorted(places.items())))


def _or_type(name: str) -> str:
    return ", or --type TYPE for all rows" if name == "type" else ""


def _row(cells: list[str], columns: _Columns, origin: Origin, line: int, taken: Lines) -> Row:
    if sum(map(len, taken)) > MAX_LINE:
        raise EventInvalid("too-long", f"longer than {MAX_LINE} bytes")
    if len(cells) != columns.width:
        raise EventInvalid(
            "bad-row", f"has {len(cells)} cells, where the header has {columns.width}"
        )
    data = _encode({name: cells[place] for name, place in columns.data.items()}).decode()
    cells.append("")  # what an absent column finds at -1
    customer, type, time, id, source = [cells[place].strip() for place in columns.envelope]
    return origin.row(line, b"\n".join(taken), source, id, type, customer, time, data)


def _reject(code: str, message: str, origin: Origin, line: int, taken: Lines) -> Reject:
    return Reject(code, message, origin.file, line, b"\n".join(taken)[:KEPT])
