"""What one step decided. Everything the store writes comes from here."""

from __future__ import annotations

from msgspec import Struct

from loyalcore.effects.changes import Change
from loyalcore.events import Event


class Decision(Struct, frozen=True):
    """One rule whose condition held for one event: it fired, or was held back (S10).

    `id` is the hash of everything that makes the decision what it is. `facts` and
    `effects` are JSON: the values the rule rested on, and what it did. `reason` says why
    the rule was held ("limit: 1 per day"), and is empty when it fired.
    """

    id: str
    rule: str
    reason: str
    facts: str
    effects: str
    changes: tuple[Change, ...]

    @property
    def fired(self) -> bool:
        return not self.reason


class Outcome(Struct, frozen=True):
    """The decisions of one event, in the order they were taken, and the events they
    emitted, in order."""

    event: Event
    decisions: tuple[Decision, ...]
    emitted: tuple[Event, ...]
