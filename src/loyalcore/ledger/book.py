"""The book: what one step does to a customer's account.

    Account, Terms -> Book -> Account, entries

The account that is given stays as it was. Times are microseconds since 1970 in UTC; a step's
do not go back, and what is due by then (`Account.due`) is to fall due first. Points are whole
and positive, at most MAX_POINTS in one movement.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Mapping
from fractions import Fraction

from msgspec import UNSET, UnsetType

from loyalcore.ledger.falling import Fallen, activate, catch_up, fall_due, next_due
from loyalcore.ledger.lots import MAX_POINTS, Account, Bucket, Lot, Parcel
from loyalcore.ledger.postings import Postings
from loyalcore.ledger.reversal import Policy, Reversed, reverse, take_back
from loyalcore.ledger.spending import USED, Taken, arrive, give_back, overdraw, take
from loyalcore.values import MAX_INTEGER


class Book(Postings):
    """Moves points of one customer.

    `terms` are those of the program's wallets; `since` is the customer's first event. Every
    method that moves points adds to `entries`. A wallet that the program no longer declares
    keeps its lots, on plain terms.
    """

    @property
    def account(self) -> Account:
        """The account as it is now."""
        if not self.due_known:  # to find it, lots may be read
            self.earliest, self.due_known = next_due(self), True
        return Account(
            self.written,
            self.last,
            self.balances,
            self.pending,
            self.activity,
            self.frozen,
            self.earliest,
            tuple(self.unwritten),
        )

    def reckon(self) -> None:
        """Find anew what is due: after the terms have changed."""
        self.due_known = False

    def accrue(
        self,
        wallet: str,
        points: int,
        now: int,
        origin: str = "",
        share: bool = True,
        kind: str = "accrue",
        expires: int | UnsetType | None = UNSET,
        activates: int | UnsetType | None = UNSET,
    ) -> int:
        """Open a lot, and settle debts with what is active at once. Returns the points taken:
        all of them, or those that the wallet's maximum has room for.

        Where `expires` or `activates` is given it stands in place of the wallet's terms;
        None is never and at once.
        """
        _check(points)
        terms = self.terms(wallet)
        if terms.plain and expires is UNSET and activates is UNSET:  # by far the most usual
            self.add(wallet, kind, now, points, origin, share)
            if self.owes(wallet, points):
                arrive(self, self.latest, now)
            return points
        if terms.maximum is not None:
            room = terms.maximum - self.balance(wallet) - self.pending.get(wallet, 0)
            points = min(points, max(0, room))
            if not points:
                return 0
        if activates is UNSET:
            pending = terms.pending is not None
            activates, lapses = terms.pending.of(now, self.zone) if terms.pending else _NEVER
        else:
            pending, lapses = activates is not None and activates > now, None
        if expires is UNSET:
            expires = terms.expires(now, self.since, self.zone)
        if terms.renews:
            self.active(wallet, now)
        self.open(
            wallet,
            kind,
            now,
            points,
            pending=pending,
            activates=activates,
            expires=expires,
            lapses=lapses,
            origin=origin,
            share=share,
        )
        over = terms.idle is not None or (expires is not None and expires <= now)
        if not pending and (over or self.owes(wallet, points)):
            arrive(self, self.latest, now)
        return points

    def balance(self, wallet: str) -> int:
        """The active points of a wallet, less those that are owed."""
        return self.balances.get(wallet, 0)

    def available(self, wallet: str) -> int:
        """How many points may be spent: none while the wallet is frozen, MAX_INTEGER where it
        has no minimum."""
        if wallet in self.frozen:
            return 0
        minimum = self.terms(wallet).minimum
        return MAX_INTEGER if minimum is None else max(0, self.balance(wallet) - minimum)

    def spend(self, wallet: str, points: int, now: int, kind: str = "redeem") -> Taken | None:
        """Spend points, those that expire first, or below zero out of an overdraft. Returns
        the lots they came from; None, with nothing done, where so many are not available."""
        _check(points)
        if points > self.available(wallet):
            return None
        if self.terms(wallet).renews:
            self.active(wallet, now)
        taken = take(self, wallet, points, kind, "spent")
        missing = points - sum(part for _, part in taken)
        if missing:
            taken += ((overdraw(self, wallet, missing, kind, now), missing),)
        return taken

    def give_back(self, taken: Taken, now: int, kind: str = "cancel redemption") -> int:
        """Undo a spending: what its lots owe is cancelled, other points turn active again,
        and those past their expiry expire at once. Returns the points given back; those of
        lots that were dropped are not."""
        return give_back(self, taken, now, kind)

    def activate(self, lots: str | Iterable[int], now: int) -> tuple[Fallen, ...]:
        """Turn pending points active: of an origin, or of lots by number."""
        if isinstance(lots, str):
            indexes = [i for i, lot in enumerate(self.lots) if lots and lot.origin == lots]
        else:
            found = map(self.find, lots)
            indexes = [index for index in found if index is not None]
        return activate(self, indexes, now)

    def fall_due(self, now: int) -> tuple[Fallen, ...]:
        """Let everything happen that is due at or before `now`. Returns what did, one for
        each kind and wallet."""
        return fall_due(self, now)

    def reverse(self, origin: str, share: Fraction, policy: Policy, now: int) -> Reversed:
        """Take back what `origin` earned, up to `share` of it over all refunds so far: never
        more than was earned, however many there are. reversal.py tells the policies."""
        if not 0 <= share <= 1:
            raise ValueError(f"a share is from 0 to 1, here {share}")
        return reverse(self, origin, share, policy)

    def take_back(self, lots: Iterable[int], policy: Policy) -> Reversed:
        """Take back all points of lots, by number; those that were dropped had none left."""
        found = map(self.find, lots)
        indexes = [index for index in found if index is not None]
        return take_back(self, indexes, Fraction(1), policy)

    def adjust(self, wallet: str, points: int, now: int, origin: str = "") -> int:
        """Give points (a lot of its own, active at once, whatever the maximum) or, where they
        are negative, reverse those that expire first, down to the wallet's minimum. Returns
        the points that were given, or taken as a negative number."""
        _check(abs(points))
        if points > 0:
            return self._give(wallet, "adjust", points, now, origin)
        minimum = self.terms(wallet).minimum
        asked = -points
        if minimum is not None:
            asked = min(asked, max(0, self.balance(wallet) - minimum))
        taken = take(self, wallet, asked, "adjust", "reversed")
        missing = asked - sum(part for _, part in taken)
        if missing:
            overdraw(self, wallet, missing, "adjust", now)
        return -asked

    def transfer_out(self, wallet: str, points: int, now: int) -> tuple[Parcel, ...] | None:
        """Points on their way to another customer, those that expire first; None, with
        nothing done, where there are not so many. Nobody transfers what they would owe."""
        _check(points)
        if points > min(self.available(wallet), self.balance(wallet)):
            return None
        taken = take(self, wallet, points, "transfer out", "moved")
        return tuple(Parcel(part, self._lot(number).expires) for number, part in taken)

    def transfer_in(
        self, wallet: str, parcels: Iterable[Parcel], now: int, kind: str = "transfer in"
    ) -> int:
        """Points from another customer, each parcel a lot, whatever the maximum; what has
        become due on the way happens at once. Returns how many points came."""
        total = 0
        for parcel in parcels:
            _check(parcel.points)
            self.open(
                wallet,
                kind,
                now,
                parcel.points,
                pending=parcel.pending,
                activates=parcel.activates,
                expires=parcel.expires,
                lapses=parcel.lapses,
                origin=parcel.origin,
                share=parcel.share,
            )
            index = self.latest
            if not parcel.pending:
                arrive(self, index, now)
            catch_up(self, index, now)
            total += parcel.points
        return total

    def surrender(
        self, now: int, lots: Container[int] | None = None, kind: str = "transfer out"
    ) -> Mapping[int, tuple[str, Parcel]]:
        """All pending and active points, or those of some lots, on their way to another
        customer, where the two are merged: by number of the lot, its wallet and a parcel. What
        earned them has nothing left here. Debts stay."""
        parcels = {}
        for index, lot in enumerate(self.lots):
            if lots is not None and lot.number not in lots:
                continue
            if lot.pending:
                parcel = Parcel(
                    lot.pending,
                    lot.expires,
                    lot.activates,
                    lot.lapses,
                    True,
                    lot.origin,
                    lot.share,
                )
                self.move(index, kind, "pending", "moved", lot.pending)
            elif lot.active:
                parcel = Parcel(lot.active, lot.expires, origin=lot.origin, share=lot.share)
                self.move(index, kind, "active", "moved", lot.active)
            else:
                continue
            self.disown(index)
            parcels[lot.number] = lot.wallet, parcel
        return parcels

    def surrender_debts(
        self, wallet: str | None = None, kind: str = "transfer out"
    ) -> Mapping[str, int]:
        """Cancel all debts, or those of one wallet, for another customer to take over: by
        wallet, how many points."""
        debts: dict[str, int] = {}
        for index, lot in enumerate(self.lots):
            if wallet not in (None, lot.wallet):
                continue
            for bucket in USED:
                debtor = self.lots[index]
                part = min(-debtor.owed, getattr(debtor, bucket))
                self.move(index, kind, bucket, "owed", part)
            if lot.owed:
                debts[lot.wallet] = debts.get(lot.wallet, 0) - lot.owed
        return debts

    def take_over(self, wallet: str, points: int, now: int, kind: str = "transfer in") -> Taken:
        """Owe what another customer has owed: it is spent from what is there, the rest below
        zero, whatever the minimum. Returns the lots it came from."""
        taken = take(self, wallet, points, kind, "spent")
        missing = points - sum(part for _, part in taken)
        if missing:
            taken += ((overdraw(self, wallet, missing, kind, now), missing),)
        return taken

    def clear(self, wallet: str, kind: str, target: Bucket) -> int:
        """Move all active points of a wallet into `target`, whatever its minimum, and whether it
        is frozen or not. Returns how many there were."""
        points = sum(self.lots[index].active for index in self.in_order(wallet))
        take(self, wallet, points, kind, target)
        return points

    def lapse(self, wallet: str) -> int:
        """Let all pending points of a wallet expire. Returns how many there were."""
        points = 0
        for index, lot in enumerate(self.lots):
            if lot.wallet == wallet and lot.pending:
                self.move(index, "expire", "pending", "expired", lot.pending)
                points += lot.pending
        return points

    def give(self, wallet: str, points: int, now: int, kind: str) -> None:
        """Give points in place of others, active at once and whatever the maximum."""
        _check(points)
        self._give(wallet, kind, points, now)

    def move_wallet(self, wallet: str, into: str, now: int) -> int | None:
        """Move all that is in `wallet` into another of the same customer: its points, which
        keep their expiry and what earned them, its debts, its activity, and whether it is
        frozen. Returns the points moved less the debts; None where there was nothing."""
        lots = {lot.number for lot in self.lots if lot.wallet == wallet}
        parcels = self.surrender(now, lots, "move out")
        debts = self.surrender_debts(wallet, "move out").get(wallet, 0)
        points = self.transfer_in(into, (parcel for _, parcel in parcels.values()), now, "move in")
        if debts:
            self.take_over(into, debts, now, "move in")
        if wallet in self.activity:
            times = dict(self.activity)
            time = times.pop(wallet)
            self.activity = {**times, into: max(time, times.get(into, time))}
            self.due_known = False
        if wallet in self.frozen:
            self.thaw(wallet)
            self.freeze(into)
        return points - debts if parcels or debts else None

    def reinstate(self, wallet: str, points: int, now: int) -> int:
        """Bring expired points back, the latest to expire first, as one lot with an expiry of
        its own. Returns how many there were, `points` at most."""
        _check(points)
        rest = points
        for index in sorted(range(len(self.lots)), key=self._expired_at, reverse=True):
            lot = self.lots[index]
            if lot.wallet == wallet:
                part = min(rest, lot.expired)
                self.move(index, "reinstate", "expired", "moved", part)
                rest -= part
        if rest < points:
            self._give(wallet, "reinstate", points - rest, now)
        return points - rest

    def freeze(self, wallet: str) -> None:
        """Let nothing be spent or transferred from a wallet. Points still come and go."""
        self.frozen = tuple(sorted({*self.frozen, wallet}))

    def thaw(self, wallet: str) -> None:
        """Undo `freeze`."""
        self.frozen = tuple(name for name in self.frozen if name != wallet)

    def forget(self, keep: Callable[[Lot], bool]) -> None:
        """Drop the lots in which nothing is pending, active or owed, but for those to `keep`:
        what is dropped can't be given back, reversed or reinstated.

        While a spending may be given back, keep the lots that it came from, empty ones too,
        and all lots of that wallet with spent points: others may have covered it since.
        """
        self.keep(lot for lot in self.lots if lot.pending or lot.active or lot.owed or keep(lot))

    def _give(self, wallet: str, kind: str, points: int, now: int, origin: str = "") -> int:
        """Open a lot that is active at once and has no maximum."""
        expires = self.terms(wallet).expires(now, self.since, self.zone)
        self.open(wallet, kind, now, points, expires=expires, origin=origin)
        arrive(self, self.latest, now)
        return points

    def _lot(self, number: int) -> Lot:
        index = self.find(number)
        assert index is not None
        return self.lots[index]

    def _expired_at(self, index: int) -> tuple[int, int]:
        """Sorts lots by their expiry or, where that was by inactivity, by when they came."""
        lot = self.lots[index]
        return lot.expires or lot.opened, lot.number


_NEVER = (None, None)


def _check(points: int) -> None:
    if not 0 < points <= MAX_POINTS:
        raise ValueError(f"points are moved in numbers from 1 to {MAX_POINTS:,}, here {points}")
