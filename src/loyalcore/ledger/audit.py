"""Whether entries hold together: each lot is summed again, row by row."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import NamedTuple, Protocol

from loyalcore.ledger.lots import BUCKETS, Account, Lot


class Row(Protocol):
    """An entry as it is stored."""

    @property
    def seq(self) -> int: ...
    @property
    def wallet(self) -> str: ...
    @property
    def lot(self) -> int: ...
    @property
    def bucket(self) -> str: ...
    @property
    def points(self) -> int: ...
    @property
    def event(self) -> int: ...


class Finding(NamedTuple):
    """Something that does not hold: where, what should be there, and what is."""

    where: str
    expected: str
    found: str


class _Sums:
    """One lot, as its entries so far make it."""

    def __init__(self, opening: Row) -> None:
        self.wallet = opening.wallet
        # Points are opened as pending or active; a lot that owes is opened with nothing.
        opens = opening.bucket in ("pending", "active") and opening.points > 0
        self.opened = opening.points if opens else 0
        self.buckets: dict[str, int] = {}

    def add(self, row: Row) -> None:
        self.buckets[row.bucket] = self.buckets.get(row.bucket, 0) + row.points


class Audit:
    """The entries of one customer, added up. `lots` has the sums of each lot by bucket."""

    def __init__(self) -> None:
        self._lots: dict[int, _Sums] = {}

    def add(self, entries: Iterable[Row]) -> Iterator[Finding]:
        """What is wrong with `entries`, in the order written: a bucket that goes below zero
        (only `owed` does), points that come from nowhere or vanish within one event, a lot
        that is skipped or changes its wallet."""
        lots = self._lots
        for _, group in groupby(entries, lambda row: row.event):
            touched = {}
            for row in group:
                sums = lots.get(row.lot)
                if sums is None:
                    if row.lot != len(lots) + 1:
                        yield Finding(
                            f"entry {row.seq}", f"lot {len(lots) + 1} next", f"lot {row.lot}"
                        )
                    sums = lots[row.lot] = _Sums(row)
                sums.add(row)
                touched[row.lot] = row.seq
                yield from _row_findings(row, sums)
            for number, seq in touched.items():
                sums = lots[number]
                if (total := sum(sums.buckets.values())) != sums.opened:
                    yield Finding(
                        f"lot {number} after entry {seq}",
                        f"{sums.opened:,} points in all, as it was opened with",
                        f"{total:,}",
                    )

    def against(self, account: Account) -> Iterator[Finding]:
        """Where `account`, as the customer's state keeps it, is not what the entries say.

        Lots in which nothing is left may have been dropped from a state."""
        kept = {lot.number: lot for lot in account.lots}
        for number in sorted({*kept, *self._lots}):
            sums, lot = self._lots.get(number), kept.get(number)
            there = {} if sums is None else sums.buckets
            if lot is None:
                open_ = {name: there.get(name, 0) for name in ("pending", "active", "owed")}
                if any(open_.values()):
                    yield Finding(f"lot {number}", _written(there), "not in the customer's state")
            elif sums is None:
                if any(getattr(lot, bucket) for bucket in BUCKETS):
                    yield Finding(f"lot {number}", "entries of it", "none")
            elif differing := _differing(there, lot):
                yield Finding(
                    f"lot {number} in the customer's state",
                    _written({name: there.get(name, 0) for name in differing}),
                    _written({name: getattr(lot, name) for name in differing}),
                )
        yield from self._sums_of(account)

    def _sums_of(self, account: Account) -> Iterator[Finding]:
        balances: dict[str, int] = {}
        pending: dict[str, int] = {}
        for sums in self._lots.values():
            there = sums.buckets.get("active", 0) + sums.buckets.get("owed", 0)
            balances[sums.wallet] = balances.get(sums.wallet, 0) + there
            waiting = sums.buckets.get("pending", 0)
            pending[sums.wallet] = pending.get(sums.wallet, 0) + waiting
        for what, ours, theirs in (
            ("balance", balances, account.balances),
            ("pending", pending, account.pending),
        ):
            for wallet in sorted({*ours, *theirs}):
                if ours.get(wallet, 0) != theirs.get(wallet, 0):
                    yield Finding(
                        f"{what} of {wallet} in the customer's state",
                        f"{ours.get(wallet, 0):,}",
                        f"{theirs.get(wallet, 0):,}",
                    )


def _row_findings(row: Row, sums: _Sums) -> Iterator[Finding]:
    if row.bucket not in BUCKETS:
        yield Finding(f"entry {row.seq}", f"a bucket: {', '.join(BUCKETS)}", row.bucket)
        return
    if row.wallet != sums.wallet:
        yield Finding(f"entry {row.seq}, lot {row.lot}", sums.wallet, row.wallet)
    points = sums.buckets[row.bucket]
    if points > 0 if row.bucket == "owed" else points < 0:
        wanted = "0 or less" if row.bucket == "owed" else "0 or more"
        yield Finding(f"entry {row.seq}, lot {row.lot}", f"{row.bucket} {wanted}", f"{points:,}")


def _differing(there: dict[str, int], lot: Lot) -> list[str]:
    return [name for name in BUCKETS if there.get(name, 0) != getattr(lot, name)]


def _written(buckets: dict[str, int]) -> str:
    return ", ".join(f"{name} {points:,}" for name, points in buckets.items() if points) or "0"
