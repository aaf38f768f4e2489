"""What an effect may do: the closed set of changes that the step knows how to apply.

Effect *kinds* (`earn`, `send`, a plugin's own) are open; each says what it wants as a
series of these changes. So a plugin can add words to the language, but no new way to
move points past the ledger. Values are in their plain JSON form (`write_value`): what is
applied is, to the letter, what the decision records.
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct


class Accrue(Struct, frozen=True, tag_field="effect", tag="accrue"):
    """Points into a new lot of a wallet. `points` is positive."""

    wallet: str
    points: int


class Issue(Struct, frozen=True, tag_field="effect", tag="issue"):
    """A benefit granted, or a voucher whose personal code the store makes."""

    kind: str  # "benefit" or "voucher"
    name: str


class Send(Struct, frozen=True, tag_field="effect", tag="send"):
    """A message by name, with the values that its template names."""

    message: str
    channel: str
    values: Mapping[str, object]


class SetAttribute(Struct, frozen=True, tag_field="effect", tag="set"):
    """A new value of a customer attribute; None clears it."""

    attribute: str
    value: object


class SetTag(Struct, frozen=True, tag_field="effect", tag="tag"):
    """A tag put on the customer, or taken off."""

    tag: str
    on: bool


class Emit(Struct, frozen=True, tag_field="effect", tag="emit"):
    """An event on the same or another customer's stream, at the time of its cause."""

    type: str
    customer: str
    data: Mapping[str, object]


class Skipped(Struct, frozen=True, tag_field="effect", tag="skipped"):
    """An effect that could do nothing, and why. Recorded, never applied."""

    kind: str
    reason: str


Change = Accrue | Issue | Send | SetAttribute | SetTag | Emit | Skipped
