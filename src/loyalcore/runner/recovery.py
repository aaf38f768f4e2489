"""Whether promises to answer were kept: from what was decided of cases.

case, case changed (by customer, number)  ->  promises, each answered or not  ->  a report
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from sqlite3 import Connection
from statistics import median_low
from zoneinfo import ZoneInfo

from msgspec import json

from loyalcore.effects.changes import Carry, Change, ChangeCase, OpenCase
from loyalcore.store.decided import RECOVERY, Decided
from loyalcore.values import read_time

_UTC = ZoneInfo("UTC")
_changes = json.Decoder(tuple[Change, ...]).decode


@dataclass
class Promised:
    """One opening of a case, `since` then (the first, or `again`); when it was `answered` (`late`
    or not), and the `outcome` it has come to ("": it is open). `goodwill` is in minor units."""

    recovery: str
    since: int
    again: bool = False
    answered: int | None = None
    late: bool = False
    outcome: str = ""
    goodwill: int | None = None


@dataclass
class Kept:
    """The promises of one recovery, of a period: how many cases were `opened` and `reopened`;
    how many promises were answered in time and late, or are `waiting`; the outcomes that they
    came to; what goodwill cost, in minor units (None: nothing says)."""

    recovery: str
    opened: int = 0
    reopened: int = 0
    in_time: int = 0
    late: int = 0
    waiting: int = 0
    outcomes: dict[str, int] = field(default_factory=dict)
    goodwill: int | None = None
    times: list[int] = field(default_factory=list)

    @property
    def median(self) -> int | None:
        """The median answer time, in microseconds; of an even number of them the lower one."""
        return median_low(self.times) if self.times else None


def report(
    connection: Connection, recoveries: Iterable[str], since: int | None, until: int | None
) -> list[Kept]:
    """What became of the promises given in since <= time < until, by recovery. What is in memory
    grows with the promises."""
    found = {name: Kept(name) for name in recoveries}
    for one in promises(connection):
        kept = found.get(one.recovery)
        if kept is None or not _within(one.since, since, until):
            continue
        kept.opened += not one.again
        kept.reopened += one.again
        if one.answered is not None:
            kept.late += one.late
            kept.in_time += not one.late
            kept.times.append(one.answered - one.since)
        elif not one.outcome:
            kept.waiting += 1
        if one.outcome:
            kept.outcomes[one.outcome] = kept.outcomes.get(one.outcome, 0) + 1
        if one.goodwill is not None:
            kept.goodwill = (kept.goodwill or 0) + one.goodwill
    return list(found.values())


def _within(time: int, since: int | None, until: int | None) -> bool:
    return (since is None or time >= since) and (until is None or time < until)


def promises(connection: Connection) -> list[Promised]:
    """Every promise that was given, in the order in which they were. A case that went to another
    customer goes on as theirs."""
    telling = _Telling()
    for decided in RECOVERY.each_decided(connection):
        telling.tell(decided)
    return telling.given


class _Telling:
    """Tells promises from decisions. `_latest` has the one that each case is at by now, by
    customer and number; `_moving` those that are on their way, by the customer whom they left."""

    def __init__(self) -> None:
        self.given: list[Promised] = []
        self._latest: dict[tuple[str, int], Promised] = {}
        self._moving: dict[tuple[str, str, str], list[Promised]] = {}

    def tell(self, decided: Decided) -> None:
        for change in _changes(decided.effects):
            match change:
                case OpenCase():
                    self._open((decided.customer, change.number), change)
                case ChangeCase():
                    self._change((decided.customer, change.number), change)
                case Carry(what="case"):
                    self._rename((decided.customer, change.number), change.to)
        if decided.cost is not None and decided.rule.endswith(".goodwill"):
            number = json.decode(decided.facts)["case.number"]
            promised = self._latest[decided.customer, number]
            promised.goodwill = (promised.goodwill or 0) + decided.cost

    def _give(self, key: tuple[str, int], promised: Promised) -> None:
        self._latest[key] = promised
        self.given.append(promised)

    def _open(self, key: tuple[str, int], change: OpenCase) -> None:
        if change.sender:
            moving = self._moving[change.sender, change.recovery, change.case]
            self._latest[key] = moving.pop(0)
        else:
            self._give(key, Promised(change.recovery, _instant(change.opened)))

    def _rename(self, key: tuple[str, int], to: str) -> None:
        promised = self._latest[key]
        if not promised.outcome:
            promised.recovery = to

    def _change(self, key: tuple[str, int], change: ChangeCase) -> None:
        promised = self._latest[key]
        match change.how:
            case "answered":
                promised.answered, promised.late = _instant(change.at), change.late
            case "closed":
                promised.outcome = change.outcome
            case "withdrawn":
                promised.outcome = change.how
            case "reopened":
                self._give(key, Promised(change.recovery, _instant(change.at), again=True))
            case "moved":
                left = (key[0], change.recovery, change.case)
                self._moving.setdefault(left, []).append(promised)


def _instant(text: str) -> int:
    return read_time(text, _UTC)
