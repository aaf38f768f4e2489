"""In what form the input is: told by the operator, or seen from its first line."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from loyalcore.errors import UsageError, did_you_mean

if TYPE_CHECKING:
    from loyalcore.intake.reader import EventReader

FORMATS = ("cloudevents", "short", "csv")
ENVELOPE = ("customer", "type", "time", "id", "source")


@dataclass(frozen=True)
class Form:
    """How to read the input of a run.

    `zone` is that of the program: for times without an offset. `format` is one of FORMATS,
    or of the `readers` that plugins bring, or empty: look. `source` and `type` are for events
    that name none. `names` maps a name of ours to the column, or top-level name, that has it in
    the files.
    """

    zone: ZoneInfo
    format: str = ""
    source: str = ""
    type: str = ""
    names: Mapping[str, str] = field(default_factory=dict)
    readers: Mapping[str, EventReader] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.format and self.format not in (known := (*FORMATS, *self.readers)):
            hint = did_you_mean(self.format, known) or f"there are {', '.join(known)}"
            raise UsageError(f"there is no format '{self.format}'; {hint}")


def read_names(pairs: Iterable[str], fields: Collection[str]) -> dict[str, str]:
    """The names in texts such as "customer=cust_no,amount=dollars": ours to theirs.

    `fields` are the event fields that the program declares. Raises UsageError for a name
    that is neither of the envelope nor a field.
    """
    names = {}
    for pair in ",".join(pairs).split(","):
        ours, equals, theirs = (part.strip() for part in pair.partition("="))
        if not (ours and equals and theirs):
            raise UsageError(f"--map wants NAME=COLUMN, such as customer=cust_no, not {pair!r}")
        if ours not in ENVELOPE and ours not in fields:
            known = ", ".join((*ENVELOPE, *sorted(fields)))
            raise UsageError(f"--map {pair}: there is no {ours}; there are {known}")
        if ours in names:
            raise UsageError(f"--map names {ours} twice")
        names[ours] = theirs
    return names
