"""The lots of one account while a step moves points.

Every entry is made here, by `open` or `move`, so what must hold of each lot, and of the sums
by wallet, holds by construction. What to move is told by the modules beside this one.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping
from operator import attrgetter
from zoneinfo import ZoneInfo

from msgspec.structs import replace

from loyalcore.ledger.lots import NO_LOTS, Account, Bucket, Entry, Lot, read_lots
from loyalcore.ledger.terms import Terms

_number = attrgetter("number")


class Postings:
    """What has become of an account, which itself stays as it was.

    Lots are told by index. It is the same until lots are dropped; the lot behind it is a new
    value after each movement. `earliest` is when anything is due next, as long as `due_known`
    (falling.py). `entries` are all that were made so far, in order.
    """

    due_known = True

    def __init__(
        self, account: Account, terms: Mapping[str, Terms], zone: ZoneInfo, since: int
    ) -> None:
        self.written = account.written
        self.unwritten = list(account.unwritten)
        self.last = account.last
        self.balances = account.balances
        self.pending = account.pending
        self.activity = account.activity
        self.frozen = account.frozen
        self.earliest = account.due
        self.entries: list[Entry] = []
        self.zone = zone
        self.since = since
        self._terms = terms

    @property
    def lots(self) -> list[Lot]:
        """The lots as they are now: those that lay written are read when somebody looks."""
        if self.written != NO_LOTS:
            self.unwritten[:0] = read_lots(self.written)
            self.written = NO_LOTS
        return self.unwritten

    def keep(self, lots: Iterable[Lot]) -> None:
        """Have these lots only."""
        self.unwritten, self.written = list(lots), NO_LOTS

    @property
    def latest(self) -> int:
        """The index of the lot that was opened last."""
        return len(self.lots) - 1

    def owes(self, wallet: str, points: int) -> bool:
        """Whether there are debts in a wallet to which so many points have come."""
        return self.balances.get(wallet, 0) < points

    def terms(self, wallet: str) -> Terms:
        """The terms of a wallet; plain ones where the program no longer declares it."""
        return self._terms.get(wallet) or Terms(wallet)

    def find(self, number: int) -> int | None:
        """The index of the lot with this number, or None where it was dropped."""
        index = bisect_left(self.lots, number, key=_number)
        return index if index < len(self.lots) and self.lots[index].number == number else None

    def open(
        self,
        wallet: str,
        kind: str,
        now: int,
        points: int,
        *,
        entry: str = "",
        pending: bool = False,
        activates: int | None = None,
        expires: int | None = None,
        lapses: int | None = None,
        origin: str = "",
        share: bool = True,
    ) -> None:
        """Add a lot of `points`, pending or active, by an entry of the kind `entry` or that of
        the lot. 0 points make no entry."""
        self.last = number = self.last + 1
        waiting, active = (points, 0) if pending else (0, points)
        lot = Lot(
            number, wallet, kind, now, activates, expires, origin, share, waiting, active,
            lapses=lapses,
        )  # fmt: skip
        self.unwritten.append(lot)
        if points:
            bucket: Bucket = "pending" if pending else "active"
            self.entries.append(
                Entry(wallet, number, entry or kind, bucket, points, activates, expires)
            )
            if pending:
                self.pending = _changed(self.pending, wallet, points)
            else:
                self.balances = _changed(self.balances, wallet, points)
            self._watch(lot)

    def add(self, wallet: str, kind: str, now: int, points: int, origin: str, share: bool) -> None:
        """Open a lot of points that are active at once and never expire."""
        self.last = number = self.last + 1
        lot = Lot(number, wallet, kind, now, None, None, origin, share, 0, points)
        self.unwritten.append(lot)
        self.entries.append(Entry(wallet, number, kind, "active", points))
        self.balances = _changed(self.balances, wallet, points)

    def move(self, index: int, kind: str, source: Bucket, target: Bucket, points: int) -> None:
        """Move points of one lot from one bucket into another. 0 is no movement."""
        if not points:
            return
        lot = self.lots[index]
        changes = {
            source: getattr(lot, source) - points,
            target: getattr(lot, target) + points,
        }
        self.lots[index] = replace(lot, **changes)
        for bucket, signed in ((source, -points), (target, points)):
            self.entries.append(Entry(lot.wallet, lot.number, kind, bucket, signed))
            if bucket in ("active", "owed"):
                self.balances = _changed(self.balances, lot.wallet, signed)
            elif bucket == "pending":
                self.pending = _changed(self.pending, lot.wallet, signed)
        self.due_known = False

    def claim(self, index: int, points: int) -> None:
        """Note that refunds have asked for so many points of the lot, in all."""
        self.lots[index] = replace(self.lots[index], claimed=points)

    def disown(self, index: int) -> None:
        """Let the lot be of no origin from now on: its points are elsewhere."""
        if self.lots[index].origin:
            self.lots[index] = replace(self.lots[index], origin="")

    def active(self, wallet: str, now: int) -> None:
        """Note an activity that puts off the expiry of a wallet, where it is by inactivity.
        (Accruals and spendings do so by themselves, where the wallet counts them.)"""
        if self.terms(wallet).idle and self.activity.get(wallet, now - 1) < now:
            self.activity = {**self.activity, wallet: now}
            self.due_known = False

    def in_order(self, wallet: str) -> list[int]:
        """The lots of a wallet with active points, in the order in which they are spent: what
        expires first, was opened first, came first."""
        lots = self.lots
        found = [i for i, lot in enumerate(lots) if lot.active and lot.wallet == wallet]
        found.sort(key=lambda index: spending_order(lots[index]))
        return found

    def expires(self, lot: Lot) -> int | None:
        """When the active points of a lot expire: as it says itself, or by inactivity."""
        if lot.expires is None and (idle := self.terms(lot.wallet).idle):
            activity = self.activity.get(lot.wallet, lot.opened)
            return idle.of(lot.opened, self.since, activity, self.zone)
        return lot.expires

    def falls(self, lot: Lot) -> int | None:
        """The next instant at which something happens to the lot by itself. (A lot is pending
        or has been active, never in part.)"""
        if lot.pending:
            return lot.lapses if lot.activates is None else lot.activates
        return self.expires(lot) if lot.active else None

    def _watch(self, lot: Lot) -> None:
        """Let `due` know of a lot that was opened."""
        if self.due_known:
            self.earliest = earlier(self.earliest, self.falls(lot))


def _changed(sums: Mapping[str, int], wallet: str, points: int) -> Mapping[str, int]:
    changed = dict(sums)
    changed[wallet] = total = changed.get(wallet, 0) + points
    if not total:
        del changed[wallet]
    return changed


def earlier(first: int | None, second: int | None) -> int | None:
    """The earlier of two instants, where None is never."""
    if first is None or second is None:
        return second if first is None else first
    return min(first, second)


def spending_order(lot: Lot) -> tuple[bool, int, int, int]:
    """Sorts lots into the order in which they are spent."""
    return lot.expires is None, lot.expires or 0, lot.opened, lot.number
