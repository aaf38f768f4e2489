"""What happens to points by themselves: they turn active, lapse and expire, each at its
instant."""

from __future__ import annotations

from collections.abc import Iterable
from heapq import heapify, heappop, heappush
from typing import Literal, NamedTuple

from loyalcore.ledger.lots import Bucket
from loyalcore.ledger.postings import Postings, earlier
from loyalcore.ledger.spending import arrive


class Fallen(NamedTuple):
    """Points of one wallet that turned active or expired, and the numbers of their lots."""

    kind: Literal["activated", "expired"]
    wallet: str
    points: int
    lots: tuple[int, ...]


def next_due(postings: Postings) -> int | None:
    """The earliest instant at which `fall_due` would do something."""
    due = None
    oldest: dict[str, int] = {}  # lot in each wallet that expires by inactivity
    for index, lot in enumerate(postings.lots):
        if lot.active and lot.expires is None and postings.terms(lot.wallet).idle:
            known = oldest.setdefault(lot.wallet, index)
            if lot.opened < postings.lots[known].opened:
                oldest[lot.wallet] = index
        else:
            due = earlier(due, postings.falls(lot))
    for index in oldest.values():  # one step on the calendar for each wallet, not each lot
        due = earlier(due, postings.falls(postings.lots[index]))
    return due


def fall_due(postings: Postings, now: int) -> tuple[Fallen, ...]:
    """Let everything happen that is due at or before `now`, in the order in which it is: of
    one instant, by number of the lot, and of one lot, activation before expiry."""
    waiting = [
        (due, index)
        for index, lot in enumerate(postings.lots)
        if (due := postings.falls(lot)) is not None and due <= now
    ]
    heapify(waiting)
    happened: list[Fallen] = []
    while waiting:
        due, index = heappop(waiting)
        happened += _fall(postings, index, due)
        later = postings.falls(postings.lots[index])
        if later is not None and later <= now:
            heappush(waiting, (later, index))
    return _grouped(happened)


def catch_up(postings: Postings, index: int, now: int) -> None:
    """Let everything happen to one lot that is due at or before `now`."""
    while (due := postings.falls(postings.lots[index])) is not None and due <= now:
        _fall(postings, index, now)


def _fall(postings: Postings, index: int, due: int) -> tuple[Fallen, ...]:
    lot = postings.lots[index]
    if lot.pending and lot.activates is not None:
        return activate(postings, (index,), due)
    bucket: Bucket = "pending" if lot.pending else "active"
    points = getattr(lot, bucket)
    postings.move(index, "expire", bucket, "expired", points)
    return (Fallen("expired", lot.wallet, points, (lot.number,)),) if points else ()


def activate(postings: Postings, indexes: Iterable[int], now: int) -> tuple[Fallen, ...]:
    """Turn the pending points of lots active. What is past its expiry then expires."""
    happened = []
    for index in indexes:
        lot = postings.lots[index]
        if lot.pending:
            postings.move(index, "activate", "pending", "active", lot.pending)
            happened.append(Fallen("activated", lot.wallet, lot.pending, (lot.number,)))
            if expired := arrive(postings, index, now):
                happened.append(Fallen("expired", lot.wallet, expired, (lot.number,)))
    return _grouped(happened)


def _grouped(happened: Iterable[Fallen]) -> tuple[Fallen, ...]:
    """What happened, one for each kind and wallet, in the order in which they came first."""
    groups: dict[tuple[str, str], Fallen] = {}
    for fallen in happened:
        kind, wallet, points, lots = fallen
        if (group := groups.get((kind, wallet))) is not None:
            fallen = Fallen(kind, wallet, group.points + points, group.lots + lots)
        groups[kind, wallet] = fallen
    return tuple(groups.values())
