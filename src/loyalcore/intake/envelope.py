"""The envelope of an event, whatever form it came in: who, what, when, and a stable id.

A `RawEvent` has a checked envelope and data that is a JSON object; whether the program
declares such an event, and what its fields mean, is for a later stage.
"""

from __future__ import annotations

from functools import lru_cache
from hashlib import sha256
from typing import NamedTuple
from zoneinfo import ZoneInfo

from msgspec import Raw, Struct
from msgspec.json import Decoder, Encoder

from loyalcore.errors import EventInvalid
from loyalcore.events import MAX_NAME, Reject, check_name, decode_data
from loyalcore.values import ValueInvalid, read_time, write_time

MAX_LINE = 1 << 20  # bytes of one event, line end not counted
KEPT = 1 << 16  # bytes that a reject keeps of what is too long to be an event

DAY = 86_400_000_000  # microseconds

# Real customers have no events outside these: they are the zero and the "never" of other
# systems, and one of them would set a customer's clock for good (S3).
EARLIEST = read_time("1900-01-01", ZoneInfo("UTC"))
LATEST = read_time("2200-01-01", ZoneInfo("UTC"))

# The fields of a RawEvent: a plain tuple is quicker to make.
Row = tuple[int, str, str, str, str, str, str, int, bytes, int]


class RawEvent(NamedTuple):
    """An event whose envelope is good: the first three fields are the order of a run.

    `time` is in microseconds since the epoch. `data` is the text of a JSON object: that of
    a CloudEvent as received, that of the other forms with its fields in order of name.
    `file` is a name without folders; `line` counts from 1. `original` is the text as it was
    received, which a reject keeps. `copy` is for staging: the number of its file, from 1, for
    an event without an id of its own, of which there may be copies in the file.
    """

    time: int
    source: str
    id: str
    type: str
    customer: str
    data: str
    file: str
    line: int
    original: bytes
    copy: int = 0

    @property
    def key(self) -> tuple[str, str]:
        """What is unique to the event (S1)."""
        return self.source, self.id

    def record(self) -> str:
        """The event in normal form, one line of JSON, from which `reread` makes it again."""
        record = _Record(
            source=self.source,
            id=self.id,
            type=self.type,
            customer=self.customer,
            time=write_time(self.time),
            data=Raw(self.data.encode()),
            file=self.file,
            line=self.line,
        )
        return _encode(record).decode()

    def reject(self, code: str, message: str) -> Reject:
        """This event, refused by a later stage."""
        return Reject(code, message, self.file, self.line, self.original, self.record())


class _Record(Struct):
    source: str
    id: str
    type: str
    customer: str
    time: str
    data: Raw
    file: str
    line: int


_encode = Encoder().encode
_decode_record = Decoder(_Record).decode


def reread(record: str, original: bytes) -> RawEvent:
    """The event that `RawEvent.record` wrote, whose text was received as `original`."""
    read = _decode_record(record)
    return RawEvent(
        read_time(read.time, ZoneInfo("UTC")),
        read.source,
        read.id,
        read.type,
        read.customer,
        bytes(read.data).decode(),
        read.file,
        read.line,
        original,
    )


def same_data(one: str, other: str) -> bool:
    """Whether two data texts say the same, however they are spaced and ordered (S1)."""
    if one == other:
        return True
    try:
        return decode_data(one) == decode_data(other)
    except EventInvalid:
        return False  # numbers beyond all bounds: only the text itself is sure to be the same


class Origin(NamedTuple):
    """What holds for every event of one file, unless the event says otherwise.

    `number` counts the files of a run from 1.
    """

    file: str
    number: int
    source: str
    type: str
    zone: ZoneInfo

    def row(
        self,
        line: int,
        original: bytes,
        source: str,
        id: str,
        type: str,
        customer: str,
        time: str,
        data: str,
    ) -> Row:
        """One event with its envelope checked; an empty text is one that was not given.

        An event without an id gets one from its content, so that the same row is the same
        event in every run. Raises EventInvalid, whose message repeats no content.
        """
        source = source or self.source
        type = type or self.type
        names = f"{customer}{type}{source}{id}"
        if not (len(names) <= MAX_NAME and names.isprintable() and customer and type and source):
            check_name("customer", customer)
            check_name("type", type)
            check_name("source", source)
            if id:
                check_name("id", id)
        moment = read_moment(time, self.zone)
        if id:
            return moment, source, id, type, customer, data, self.file, line, original, 0
        id = content_id(type, customer, moment, data)
        number = self.number
        return moment, source, id, type, customer, data, self.file, line, original, number


def content_id(type: str, customer: str, time: int, data: str) -> str:
    """The id of an event that has none of its own: its date and a hash of what it says.

    The date is for people, and for the store: ids in the order of time are quick to add.
    """
    hash = sha256(f"{type}\n{customer}\n{time}\n{data}".encode()).hexdigest()
    return f"{_date(time // DAY)}-{hash[:24]}"


@lru_cache(maxsize=4096)
def _date(day: int) -> str:
    return write_time(day * DAY)[:10]


def copy_id(id: str, copy: int) -> str:
    """The id of the `copy`th of several rows of one file that say exactly the same.

    A till that sells the same thing twice in a second writes two equal rows, and each is an
    event. The number is of fixed width so that ids stand in the order of the rows.
    """
    return id if copy == 1 else f"{id}-{copy:09d}"


def read_moment(text: str, zone: ZoneInfo) -> int:
    """The time of an event; a date is the start of its day in `zone`.

    Raises EventInvalid for what is no time, or one that no customer can have lived.
    """
    if not text:
        raise EventInvalid("bad-envelope", "time is missing")
    try:
        moment = _read_day(text, zone) if len(text) <= 10 else read_time(text, zone)
    except (ValueInvalid, OverflowError):
        raise EventInvalid(
            "bad-time", "time is not in ISO 8601, such as 2026-01-31T09:30:00Z or 2026-01-31"
        ) from None
    if not EARLIEST <= moment < LATEST:
        raise EventInvalid("bad-time", "time is before the year 1900 or after 2199")
    return moment


# A log has thousands of rows of one day, and a local midnight is slow to find.
_read_day = lru_cache(maxsize=4096)(read_time)
