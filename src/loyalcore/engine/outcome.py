"""What one step decided. Everything the store writes comes from here."""

from __future__ import annotations

from msgspec import Struct

from loyalcore.effects.changes import Change
from loyalcore.events import Event
from loyalcore.ledger.lots import Entry


class Decision(Struct, frozen=True, gc=False):
    """One rule whose condition held for one event: it fired, or was held back (S10).

    `id` is the hash of everything that makes the decision what it is. `facts` and
    `effects` are JSON: the values the rule rested on, and what it did. `reason` says why
    the rule was held ("limit: 1 per day"), and is empty when it fired. `cost` is in minor
    units of money, None where nothing says what it costs. `entries` are the movements of
    points that it caused.

    What wallets, rewards, offers and events do by themselves is decided by the place in
    the ruleset that says so: `rule` is then "wallets.beans.expires", say.
    """

    id: str
    rule: str
    reason: str
    facts: str
    effects: str
    changes: tuple[Change, ...]
    cost: int | None = None
    entries: tuple[Entry, ...] = ()

    @property
    def fired(self) -> bool:
        return not self.reason


class Outcome(Struct, frozen=True, gc=False):
    """The decisions of one event, in the order they were taken, the events they emitted,
    in order, and what they drew from what all customers share, by key. Where `recount`
    holds, the customer's metrics are to be made anew: whose events count has changed
    (merging.py). `at` is when a late event was decided: None for others, at their own time.
    `brought` is the margin that the event brought, or took back of earlier ones: minor units
    of money, each with the time of what it is margin of."""

    event: Event
    decisions: tuple[Decision, ...]
    emitted: tuple[Event, ...]
    draws: tuple[tuple[str, int], ...] = ()
    recount: bool = False
    at: int | None = None
    brought: tuple[tuple[int, int], ...] = ()
