"""What a run did, in figures."""

from __future__ import annotations

from collections import Counter, defaultdict

from msgspec import Struct, field

from loyalcore.effects.changes import Accrue, Send, issued
from loyalcore.engine.outcome import Outcome
from loyalcore.program.builtin_events import DUE, PROGRAM_ACTIVATED

Counts = defaultdict[str, int]  # a Counter's += takes three times as long


def _none() -> Counts:
    return defaultdict(int)


class Summary(Struct):
    """Counts of one run: events from outside, emitted ones, and times when something was due
    by itself; customers handed over to another program; decisions by rule; points by wallet,
    those earned, and those spent (less what was given back), expired and taken back; messages,
    what was issued, rejects by code, and events of which observers were not told."""

    events: int = 0
    emitted: int = 0
    timers: int = 0
    handed_over: int = 0
    duplicates: int = 0
    fired: Counts = field(default_factory=_none)
    held: Counts = field(default_factory=_none)
    points: Counts = field(default_factory=_none)
    spent: Counts = field(default_factory=_none)
    expired: Counts = field(default_factory=_none)
    reversed: Counts = field(default_factory=_none)
    messages: Counts = field(default_factory=_none)
    issued: Counts = field(default_factory=_none)
    rejected: Counter[str] = field(default_factory=Counter)
    unobserved: Counter[str] = field(default_factory=Counter)

    def add(self, outcome: Outcome) -> None:
        """Count what one step decided."""
        event = outcome.event
        if event.cause:
            self.emitted += 1
        elif event.type == DUE:
            self.timers += 1
        elif event.type == PROGRAM_ACTIVATED:
            self.handed_over += 1
        else:
            self.events += 1
        for decision in outcome.decisions:
            if decision.reason:
                self.held[decision.rule] += 1
                continue
            self.fired[decision.rule] += 1
            for entry in decision.entries:
                if entry.kind == "accrue":  # by far the most usual
                    self.points[entry.wallet] += entry.points
                elif entry.bucket == "expired":
                    self.expired[entry.wallet] += entry.points
                elif entry.bucket == "reversed":
                    self.reversed[entry.wallet] += entry.points
                elif entry.bucket == "spent" and entry.kind in ("redeem", "cancel redemption"):
                    self.spent[entry.wallet] += entry.points
            for change in decision.changes:
                if type(change) is Accrue:  # told by its entry
                    continue
                if type(change) is Send:
                    self.messages[change.message] += 1
                elif (name := issued(change)) is not None:
                    self.issued[name] += 1
