"""How late events come: those that were taken, those that were not, and what it would take.

An event is late by as much as its customer's clock was past it when it was handled; one that
was rejected, by as much as that clock is past it now: so late it is when it is tried again.
"""

from __future__ import annotations

from collections.abc import Iterable
from sqlite3 import Connection
from statistics import median_high
from typing import NamedTuple

from loyalcore.calendars import read_duration
from loyalcore.engine.points.standing import read_kept
from loyalcore.intake import reread
from loyalcore.store.customers import load_states
from loyalcore.store.events import each_late
from loyalcore.store.rejects import each_readable

ALLOWANCES = (
    *("1 hour", "12 hours", "1 day", "2 days", "3 days", "7 days", "14 days"),
    *("30 days", "60 days", "90 days", "180 days", "365 days"),
)


class Lateness(NamedTuple):
    """How late events of one type came, in microseconds: the median of them, and the most."""

    type: str
    events: int
    median: int
    most: int


class Allowance(NamedTuple):
    """How many of the rejected ones `allow_late` would let in."""

    allow_late: str
    takes: int


class LateEvents(NamedTuple):
    """By type, what came late and was taken, and what was too late; and a few allowances, each
    of which lets in more than the one before."""

    accepted: tuple[Lateness, ...]
    rejected: tuple[Lateness, ...]
    allowances: tuple[Allowance, ...]


def late_events(
    connection: Connection, *, since: int | None = None, until: int | None = None
) -> LateEvents:
    """The late events whose own time is in since <= time < until."""
    rejected = list(_rejected(connection, since, until))
    allowances: list[Allowance] = []
    for text in ALLOWANCES:
        most = read_duration(text).microseconds
        takes = sum(late <= most for _, late in rejected)
        if takes > (allowances[-1].takes if allowances else 0):
            allowances.append(Allowance(text, takes))
    return LateEvents(
        _by_type(each_late(connection, since=since, until=until)),
        _by_type(rejected),
        tuple(allowances),
    )


def _by_type(events: Iterable[tuple[str, int]]) -> tuple[Lateness, ...]:
    found: dict[str, list[int]] = {}
    for type, late in events:
        found.setdefault(type, []).append(late)
    return tuple(
        Lateness(type, len(all), median_high(all), max(all)) for type, all in sorted(found.items())
    )


def _rejected(
    connection: Connection, since: int | None, until: int | None
) -> Iterable[tuple[str, int]]:
    clocks: dict[str, int | None] = {}
    for reject in each_readable(connection, code="late"):
        assert reject.record is not None
        raw = reread(reject.record, reject.original)
        if (since is not None and raw.time < since) or (until is not None and raw.time >= until):
            continue
        if raw.customer not in clocks:
            clocks[raw.customer] = _clock(connection, raw.customer)
        if (clock := clocks[raw.customer]) is not None:
            yield raw.type, clock - raw.time


def _clock(connection: Connection, customer: str) -> int | None:
    """The clock of who has the events of a customer: they, or whom they are merged into."""
    while (state := load_states(connection, [customer]).get(customer)) is not None:
        if not (into := read_kept(state.state).merged):
            return state.clock
        customer = into
    return None
