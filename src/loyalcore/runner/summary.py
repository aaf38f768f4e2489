"""What a run did, in figures."""

from __future__ import annotations

from collections import Counter

from msgspec import Struct, field

from loyalcore.effects.changes import Accrue, Issue, Send
from loyalcore.engine.outcome import Outcome


class Summary(Struct):
    """Counts of one run: events from outside and emitted ones, decisions by rule, points
    by wallet, messages, what was issued, and rejects by code."""

    events: int = 0
    emitted: int = 0
    duplicates: int = 0
    fired: Counter[str] = field(default_factory=Counter)
    held: Counter[str] = field(default_factory=Counter)
    points: Counter[str] = field(default_factory=Counter)
    messages: Counter[str] = field(default_factory=Counter)
    issued: Counter[str] = field(default_factory=Counter)
    rejected: Counter[str] = field(default_factory=Counter)

    def add(self, outcome: Outcome) -> None:
        """Count what one step decided."""
        if outcome.event.cause:
            self.emitted += 1
        else:
            self.events += 1
        for decision in outcome.decisions:
            if decision.reason:
                self.held[decision.rule] += 1
                continue
            self.fired[decision.rule] += 1
            for change in decision.changes:
                if type(change) is Accrue:
                    self.points[change.wallet] += change.points
                elif type(change) is Send:
                    self.messages[change.message] += 1
                elif type(change) is Issue:
                    self.issued[change.name] += 1
