"""What a run did, in figures."""

from __future__ import annotations

from collections import Counter, defaultdict

from msgspec import Struct, field

from loyalcore.program.builtin_events import DUE, PROGRAM_ACTIVATED
from loyalcore.store.rows import Rows


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
    fired: Counter[str] = field(default_factory=Counter)
    held: Counter[str] = field(default_factory=Counter)
    points: Counter[str] = field(default_factory=Counter)
    spent: Counter[str] = field(default_factory=Counter)
    expired: Counter[str] = field(default_factory=Counter)
    reversed: Counter[str] = field(default_factory=Counter)
    messages: Counter[str] = field(default_factory=Counter)
    issued: Counter[str] = field(default_factory=Counter)
    rejected: Counter[str] = field(default_factory=Counter)
    unobserved: Counter[str] = field(default_factory=Counter)

    def add(self, rows: Rows) -> None:
        """Count what a batch has come to."""
        own = Counter(type for type, cause in rows.events() if not cause)
        self.emitted += sum(1 for _, cause in rows.events() if cause)
        self.timers += own.pop(DUE, 0)
        self.handed_over += own.pop(PROGRAM_ACTIVATED, 0)
        self.events += own.total()
        self.fired.update(rule for rule, reason in rows.decisions() if not reason)
        self.held.update(rule for rule, reason in rows.decisions() if reason)
        moved: defaultdict[tuple[str, str, str], int] = defaultdict(int)
        for wallet, kind, bucket, points in rows.entries():
            moved[wallet, kind, bucket] += points
        for (wallet, kind, bucket), points in moved.items():
            if kind == "accrue":
                self.points[wallet] += points
            elif bucket == "expired":
                self.expired[wallet] += points
            elif bucket == "reversed":
                self.reversed[wallet] += points
            elif bucket == "spent" and kind in ("redeem", "cancel redemption"):
                self.spent[wallet] += points
        self.messages.update(name for (name,) in rows.messages())
        self.issued.update(name for (name,) in rows.issued())
