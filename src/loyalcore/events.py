"""Customer events: the CloudEvents 1.0 envelope (S1).

`Event` is what the step is given: who, what, when, and the typed values of the fields
that the program declares. `text` is its data as received, as JSON; the store keeps that,
so that fields declared later can still be read from the log.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from hashlib import sha256
from typing import NamedTuple

from msgspec import DecodeError, Struct
from msgspec.json import Decoder

from loyalcore.errors import EventInvalid
from loyalcore.values import Value


class EventKey(NamedTuple):
    """What makes an event the same event, and the order of a run (S1, S3)."""

    time: int
    source: str
    id: str


class Event(Struct, frozen=True):
    """Something a customer did, or that happened to them.

    `time` is in microseconds since the epoch. `data` has every declared field of the
    event type, None where missing. `cause` is the id of the decision that emitted the
    event, or empty for an event from outside; `depth` counts emissions since then.
    """

    source: str
    id: str
    type: str
    customer: str
    time: int
    data: Mapping[str, Value | None]
    text: str
    cause: str = ""
    depth: int = 0

    @property
    def key(self) -> EventKey:
        return EventKey(self.time, self.source, self.id)


class Reject(Struct, frozen=True):
    """An event that was not accepted, kept with its reason so that it can be tried again.

    `code` is a stable, documented word. `original` is the text as it was received, from
    `line` of `file` (its name without folders). `record` is the event in normal form, as
    JSON, where that much could be read. `message` names fields, never their content.
    """

    code: str
    message: str
    file: str
    line: int
    original: bytes
    record: str | None = None

    @property
    def id(self) -> str:
        """The same for the same text at the same place, so a second run adds nothing."""
        return reject_id(self.file, self.line, self.original)


def reject_id(file: str, line: int, original: bytes) -> str:
    """The id that the text `original` has, or would have, as a reject."""
    return sha256(f"{file}\n{line}\n".encode() + original).hexdigest()[:32]


_decode = Decoder(dict[str, object], float_hook=Decimal).decode


def decode_data(text: str) -> dict[str, object]:
    """The fields of an event's data from its JSON, decimals exact (S7).

    Raises EventInvalid where it is not a JSON object.
    """
    try:
        return _decode(text)
    except (DecodeError, RecursionError, InvalidOperation):
        raise EventInvalid("bad-json", "data is not a JSON object") from None
