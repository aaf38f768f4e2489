"""JSON, one event a line: CloudEvents 1.0, and the short form with its fields on top.

Data is never decoded here, only found and checked to be JSON: its text goes to the store
as it came.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from msgspec import MsgspecError, Raw, Struct, ValidationError
from msgspec.json import Decoder, Encoder

from loyalcore.errors import EventInvalid
from loyalcore.events import Reject
from loyalcore.intake.envelope import KEPT, MAX_LINE, Origin, Row
from loyalcore.intake.form import ENVELOPE
from loyalcore.intake.sources import Lines


class _CloudEvent(Struct, gc=False):
    """What is read of a CloudEvent. Extension attributes are not kept."""

    specversion: str = ""
    id: str | int = ""
    source: str = ""
    type: str = ""
    subject: str | int = ""
    time: str = ""
    data: Raw = Raw(b"{}")
    data_base64: Raw = Raw(b"")


_decode_cloud_event = Decoder(_CloudEvent).decode
_decode_fields = Decoder(dict[str, Raw]).decode
_decode_name = Decoder(str | int | None).decode
_encode = Encoder(order="deterministic").encode

ReadLine = Callable[[bytes, int], Row]


def read_cloud_events(
    blocks: Iterable[Lines], origin: Origin, rejects: list[Reject]
) -> Iterator[list[Row]]:
    """The events of a CloudEvents file; what can't be read is added to `rejects`."""

    def read(line: bytes, number: int) -> Row:
        event = _decode_cloud_event(line)
        if event.specversion not in ("1.0", ""):
            raise EventInvalid("bad-envelope", "specversion is not 1.0")
        data = bytes(event.data)
        if data[:1] != b"{":
            raise EventInvalid("bad-data", "data is not a JSON object")
        if event.data_base64:
            raise EventInvalid("bad-data", "data_base64 can't be read; use data")
        if event.id == "":
            raise EventInvalid("bad-envelope", "id is missing")
        return origin.row(
            number,
            line,
            event.source,
            str(event.id),
            event.type,
            str(event.subject),
            event.time,
            data.decode(),
        )

    return _read(blocks, origin, rejects, read)


def read_short(
    blocks: Iterable[Lines], origin: Origin, rejects: list[Reject], names: Mapping[str, str]
) -> Iterator[list[Row]]:
    """The events of a short-form file."""
    return _read(blocks, origin, rejects, short_line(origin, names))


def short_line(origin: Origin, names: Mapping[str, str]) -> ReadLine:
    """How to read one event in the short form: what is not envelope is data."""
    renamed = [(ours, theirs) for ours, theirs in names.items() if ours != theirs]

    def read(line: bytes, number: int) -> Row:
        fields = _decode_fields(line)
        if renamed:
            given = {ours: fields.pop(theirs) for ours, theirs in renamed if theirs in fields}
            fields.update(given)
        customer, type, time, id, source = [
            _name(name, fields.pop(name)) if name in fields else "" for name in ENVELOPE
        ]
        data = _encode(fields).decode()
        return origin.row(number, line, source, id, type, customer, time, data)

    return read


def _name(field: str, raw: Raw) -> str:
    """An envelope text, where a whole number will do as well."""
    try:
        name = _decode_name(raw)
    except ValidationError:
        raise EventInvalid("bad-envelope", f"{field} is not text") from None
    return "" if name is None else str(name)


def _read(
    blocks: Iterable[Lines], origin: Origin, rejects: list[Reject], read: ReadLine
) -> Iterator[list[Row]]:
    """Each block as rows; a line that is no event is a reject and stops nothing."""
    above = 0
    for lines in blocks:
        rows = []
        for number, line in enumerate(lines, start=above + 1):
            try:
                if len(line) > MAX_LINE:
                    raise EventInvalid("too-long", f"longer than {MAX_LINE} bytes")
                rows.append(read(line, number))
            except (EventInvalid, MsgspecError, UnicodeError, RecursionError) as error:
                if line.strip():
                    code, message = explained(error)
                    rejects.append(Reject(code, message, origin.file, number, line[:KEPT]))
        above += len(lines)
        yield rows


def explained(error: Exception) -> tuple[str, str]:
    """Code and message. The decoder's own messages name places and types, never content."""
    match error:
        case EventInvalid():
            return error.code, str(error)
        case ValidationError():
            return "bad-envelope", str(error)
        case MsgspecError():
            return "bad-json", str(error)
        case UnicodeError():
            return "bad-text", "not UTF-8"
    return "bad-json", "nested too deep"


def looks_like(line: bytes) -> str:
    """The format of a file of JSON lines whose first line is `line`."""
    try:
        names = _decode_fields(line).keys()
    except (MsgspecError, UnicodeError, RecursionError):
        return "cloudevents" if b'"specversion"' in line else "short"
    subject = "subject" in names and "customer" not in names
    return "cloudevents" if subject or "specversion" in names else "short"
