"""From one file to rows: its form is told by the operator, or seen from its first line."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

from loyalcore.errors import UsageError
from loyalcore.events import Reject
from loyalcore.intake.envelope import Origin, Row
from loyalcore.intake.form import Form
from loyalcore.intake.jsonl import looks_like, read_cloud_events, read_short
from loyalcore.intake.reader import read_by
from loyalcore.intake.sources import Advance, Lines, display_name, read_lines, source_name
from loyalcore.intake.table import read_csv


def read_rows(
    path: str, number: int, form: Form, rejects: list[Reject], advance: Advance
) -> Iterator[list[Row]]:
    """The events of file `number` of a run, in its own order, some at a time.

    What can't be read is added to `rejects`, which the caller empties between two lists.
    Raises UsageError for a file that can't be read as a whole.
    """
    if (reader := form.readers.get(form.format)) is not None:
        origin = _origin(path, number, form)
        return read_by(reader, path, origin, rejects, form.names, advance)
    blocks = read_lines(path, advance)
    begun: list[Lines] = []
    for lines in blocks:
        begun.append(lines)
        first = next((line for line in lines if line.strip()), None)
        if first is not None:
            break
    else:
        return iter(())  # nothing but empty lines
    origin = _origin(path, number, form)
    everything = chain(begun, blocks)
    match form.format or _format(first, path):
        case "csv":
            return read_csv(everything, origin, rejects, form.names)
        case "short":
            return read_short(everything, origin, rejects, form.names)
    if form.names:
        raise UsageError(f"--map is for CSV and short JSONL; {path} has CloudEvents")
    return read_cloud_events(everything, origin, rejects)


def _origin(path: str, number: int, form: Form) -> Origin:
    source = form.source or source_name(path)
    return Origin(display_name(path), number, source, form.type, form.zone)


def _format(first: bytes, path: str) -> str:
    """The format of a file by its first line that isn't empty."""
    start = first.lstrip()[:1]
    if start == b"[":
        raise UsageError(f"{path} is a JSON list; write one event a line (jq -c '.[]')")
    return looks_like(first) if start == b"{" else "csv"
