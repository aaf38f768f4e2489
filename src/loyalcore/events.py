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

MAX_NAME = 256  # characters of a customer, type, source or id


class EventKey(NamedTuple):
    """What makes an event the same event, and the order of a run (S1, S3)."""

    time: int
    source: str
    id: str


class Event(Struct, frozen=True, gc=False):
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


def check_name(field: str, text: str) -> None:
    """Raise EventInvalid unless `text` can name something: 1 to 256 visible characters."""
    if 0 < len(text) <= MAX_NAME and text.isprintable():
        return
    if not text:
        raise EventInvalid("bad-envelope", f"{field} is missing")
    if len(text) > MAX_NAME:
        raise EventInvalid("bad-envelope", f"{field} is longer than {MAX_NAME} characters")
    if any("\ud800" <= letter <= "\udfff" for letter in text):
        raise EventInvalid("bad-text", "not UTF-8")
    # What Python can't print is more than control characters: the no-break space, say.
    if any(ord(letter) < 32 or 127 <= ord(letter) < 160 for letter in text):
        raise EventInvalid("bad-envelope", f"{field} has control characters")
