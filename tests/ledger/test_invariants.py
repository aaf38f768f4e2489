"""Whatever happens to an account, and in whatever order, what holds of it holds (S8, S9)."""

from __future__ import annotations

from collections import Counter, defaultdict
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from loyalcore.calendars import read_duration
from loyalcore.ledger import (
    BUCKETS,
    EMPTY,
    POLICIES,
    Account,
    Book,
    Entry,
    Lot,
    Parcel,
    Pending,
    Policy,
    Taken,
    Terms,
    read_expiry,
)
from loyalcore.values import read_time

OSLO = ZoneInfo("Europe/Oslo")
START = read_time("2026-01-01", OSLO)
DAY = 86_400_000_000
WALLETS = ("beans", "cups")
ORIGINS = ("till/1", "till/2", "till/3")

terms = st.fixed_dictionaries(
    {
        "pending": st.sampled_from(
            [
                None,
                None,
                Pending(until=read_duration("14 days")),
                Pending(),
                Pending(lapse=read_duration("20 days")),
            ]
        ),
        "expiry": st.sampled_from(
            [
                None,
                *map(
                    read_expiry,
                    [
                        "10 days",
                        "1 month",
                        "end of month",
                        "15 March after 1 month",
                        "anniversary",
                        "30 days without activity",
                        "1 month without visit",
                    ],
                ),
            ]
        ),
        "minimum": st.sampled_from([0, 0, 20, -50, None]),
        "maximum": st.sampled_from([None, None, 300]),
    }
)
wallets = st.sampled_from(WALLETS)
points = st.integers(1, 120)


def spending_order(lot: Lot) -> tuple[float, int, int]:
    return (float("inf") if lot.expires is None else lot.expires, lot.opened, lot.number)


class Customer(RuleBasedStateMachine):
    """One customer, each rule a step of its own; time goes on between them."""

    @initialize(beans=terms, cups=terms)
    def begin(self, beans: dict[str, Any], cups: dict[str, Any]) -> None:
        self.terms = {"beans": Terms("beans", **beans), "cups": Terms("cups", **cups)}
        self.account = EMPTY
        self.now = START
        self.entries: list[Entry] = []
        self.opened: dict[int, int] = {}
        self.taken: list[Taken] = []
        self.parcels: list[tuple[Parcel, ...]] = []
        self.reversed: Counter[int] = Counter()

    def book(self) -> Book:
        return Book(self.account, self.terms, OSLO, START)

    def keep(self, book: Book) -> None:
        """End a step; the account is stored and read back."""
        packed = msgspec.json.encode(book.account)
        self.account = msgspec.json.decode(packed, type=Account)
        assert self.account == book.account
        assert msgspec.json.encode(self.account) == packed
        self.entries += book.entries
        for lot in self.account.lots:
            assert self.opened.setdefault(lot.number, lot.accrued) == lot.accrued
        for entry in book.entries:
            if (entry.kind, entry.bucket) == ("reverse", "reversed"):
                self.reversed[entry.lot] += entry.points

    @rule(days=st.integers(1, 40) | st.just(0), rest=st.integers(0, 2))
    def wait(self, days: int, rest: int) -> None:
        self.now += days * DAY + rest
        book = self.book()
        happened = book.fall_due(self.now)
        assert sum(fallen.points for fallen in happened) > 0 or not book.entries
        self.keep(book)

    @precondition(lambda self: self.account.due is not None)
    @rule()
    def wait_until_something_is_due(self) -> None:
        assert self.account.due is not None
        book = self.book()
        assert book.fall_due(self.account.due - 1) == ()
        assert book.entries == []
        self.now = self.account.due
        assert book.fall_due(self.now) != ()
        self.keep(book)

    @rule(
        wallet=wallets,
        points=points,
        origin=st.sampled_from(ORIGINS),
        share=st.booleans(),
        own=st.sampled_from([{}, {}, {"expires": 5}, {"expires": None}, {"activates": 7}]),
    )
    def accrue(
        self, wallet: str, points: int, origin: str, share: bool, own: dict[str, Any]
    ) -> None:
        book = self.book()
        own = {name: None if days is None else self.now + days * DAY for name, days in own.items()}
        before = book.balance(wallet) + self.account.pending.get(wallet, 0)
        maximum = self.terms[wallet].maximum
        accrued = book.accrue(wallet, points, self.now, origin, share, **own)
        assert accrued == (points if maximum is None else max(0, min(points, maximum - before)))
        self.keep(book)

    @rule(wallet=wallets, points=points)
    def spend(self, wallet: str, points: int) -> None:
        book = self.book()
        before = {lot.number: lot for lot in self.account.lots if lot.wallet == wallet}
        available = book.available(wallet)
        taken = book.spend(wallet, points, self.now)
        assert (taken is None) == (points > available)
        if taken is None:
            assert book.entries == []
            return
        assert sum(part for _, part in taken) == points
        there = [(number, part) for number, part in taken if number in before]
        order = sorted((lot for lot in before.values() if lot.active), key=spending_order)
        assert [number for number, _ in there] == [lot.number for lot in order[: len(there)]]
        assert all(part == before[number].active for number, part in there[:-1])
        self.taken.append(taken)
        self.keep(book)

    @precondition(lambda self: self.taken)
    @rule(data=st.data())
    def give_back(self, data: st.DataObject) -> None:
        taken = self.taken.pop(data.draw(st.integers(0, len(self.taken) - 1)))
        book = self.book()
        assert book.give_back(taken, self.now) == sum(part for _, part in taken)
        self.keep(book)

    @rule(origin=st.sampled_from(ORIGINS))
    def activate(self, origin: str) -> None:
        book = self.book()
        book.activate(origin, self.now)
        assert not any(lot.pending for lot in book.account.lots if lot.origin == origin)
        self.keep(book)

    @rule(
        origin=st.sampled_from(ORIGINS),
        share=st.sampled_from([Fraction(1, 3), Fraction(1, 2), Fraction(2, 3), Fraction(1)]),
        policy=st.sampled_from(POLICIES),
    )
    def refund(self, origin: str, share: Fraction, policy: Policy) -> None:
        book = self.book()
        before = self.account
        asked: Counter[str] = Counter()
        for lot in before.lots:
            if lot.origin == origin and lot.share:
                asked[lot.wallet] += max(0, int(lot.accrued * share) - lot.claimed)
        taken, forgiven = book.reverse(origin, share, policy, self.now)
        assert +asked == Counter(taken) + Counter(forgiven)
        assert book.reverse(origin, share, policy, self.now) == ({}, {})
        for wallet in WALLETS:
            balance = before.balances.get(wallet, 0)
            if policy == "within balance":
                assert book.balance(wallet) >= min(0, balance)
            elif policy == "pending only":
                assert book.balance(wallet) == balance
        self.keep(book)

    @rule(wallet=wallets, points=points, sign=st.sampled_from([1, -1]))
    def adjust(self, wallet: str, points: int, sign: int) -> None:
        book = self.book()
        before = book.balance(wallet)
        minimum = self.terms[wallet].minimum
        applied = book.adjust(wallet, sign * points, self.now)
        if sign > 0 or minimum is None:
            assert applied == sign * points
        else:
            assert applied == -max(0, min(points, before - minimum))
        assert book.balance(wallet) == before + applied
        self.keep(book)

    @rule(wallet=wallets, points=points)
    def transfer_out(self, wallet: str, points: int) -> None:
        book = self.book()
        enough = points <= min(book.available(wallet), book.balance(wallet))
        parcels = book.transfer_out(wallet, points, self.now)
        assert (parcels is not None) == enough
        if parcels is not None:
            assert sum(parcel.points for parcel in parcels) == points
            self.parcels.append(parcels)
        self.keep(book)

    @precondition(lambda self: self.parcels)
    @rule(wallet=wallets)
    def transfer_in(self, wallet: str) -> None:
        book = self.book()
        parcels = self.parcels.pop()
        assert book.transfer_in(wallet, parcels, self.now) == sum(part.points for part in parcels)
        self.keep(book)

    @rule(wallet=wallets, points=points)
    def take_over(self, wallet: str, points: int) -> None:
        book = self.book()
        before = book.balance(wallet)
        taken = book.take_over(wallet, points, self.now)
        assert sum(part for _, part in taken) == points
        assert book.balance(wallet) == before - points
        self.taken.append(taken)
        self.keep(book)

    @rule()
    def surrender(self) -> None:
        book = self.book()
        by_wallet: dict[str, tuple[Parcel, ...]] = {}
        for wallet, parcel in book.surrender(self.now).values():
            by_wallet[wallet] = (*by_wallet.get(wallet, ()), parcel)
        self.parcels += by_wallet.values()
        assert not any(lot.pending or lot.active for lot in book.account.lots)
        if book.surrender_debts():
            self.taken.clear()  # what was spent is another customer's, in part
        assert not any(lot.owed for lot in book.account.lots)
        self.keep(book)

    @rule(wallet=wallets, points=points)
    def reinstate(self, wallet: str, points: int) -> None:
        book = self.book()
        expired = sum(lot.expired for lot in self.account.lots if lot.wallet == wallet)
        assert book.reinstate(wallet, points, self.now) == min(points, expired)
        self.keep(book)

    @rule(wallet=wallets)
    def visit(self, wallet: str) -> None:
        book = self.book()
        book.active(wallet, self.now)
        self.keep(book)

    @rule(wallet=wallets, frozen=st.booleans())
    def freeze_or_thaw(self, wallet: str, frozen: bool) -> None:
        book = self.book()
        (book.freeze if frozen else book.thaw)(wallet)
        assert (wallet in book.account.frozen) == frozen
        assert book.available(wallet) == 0 or not frozen
        self.keep(book)

    @rule()
    def forget(self) -> None:
        book = self.book()
        numbers = {number for taken in self.taken for number, _ in taken}
        spent = {lot.wallet for lot in self.account.lots if lot.number in numbers}
        book.forget(
            lambda lot: (
                lot.origin != "" or lot.number in numbers or (lot.wallet in spent and lot.spent > 0)
            )
        )
        kept = {lot.number for lot in book.account.lots}
        assert all(
            lot.number in kept
            for lot in self.account.lots
            if lot.pending or lot.active or lot.owed or lot.number in numbers
        )
        self.keep(book)

    @invariant()
    def every_lot_is_the_sum_of_its_entries(self) -> None:
        sums: defaultdict[int, Counter[str]] = defaultdict(Counter)
        for entry in self.entries:
            assert entry.points != 0
            sums[entry.lot][entry.bucket] += entry.points
        for lot in self.account.lots:
            assert {bucket: sums[lot.number][bucket] for bucket in BUCKETS} == {
                bucket: getattr(lot, bucket) for bucket in BUCKETS
            }
            assert (lot.kind == "overdraft") == (lot.accrued == 0)
        assert {number: buckets.total() for number, buckets in sums.items()} == self.opened

    @invariant()
    def no_bucket_is_negative_but_what_is_owed_for_points_that_were_used(self) -> None:
        for lot in self.account.lots:
            assert all(getattr(lot, bucket) >= 0 for bucket in BUCKETS if bucket != "owed")
            assert 0 >= lot.owed >= -(lot.spent + lot.moved)
            assert not lot.pending or lot.active == lot.owed == lot.spent == 0

    @invariant()
    def sums_by_wallet_are_right_and_no_wallet_has_points_and_debts_at_once(self) -> None:
        balances, pending, active, owed = (
            Counter[str](),
            Counter[str](),
            Counter[str](),
            Counter[str](),
        )
        for lot in self.account.lots:
            active[lot.wallet] += lot.active
            owed[lot.wallet] += lot.owed
            balances[lot.wallet] += lot.active + lot.owed
            pending[lot.wallet] += lot.pending
        assert {
            name: number for name, number in balances.items() if number
        } == self.account.balances
        assert +pending == Counter(self.account.pending)
        assert not any(active[wallet] and owed[wallet] for wallet in WALLETS)
        by_entries = Counter[str]()
        for entry in self.entries:
            if entry.bucket in ("active", "owed"):
                by_entries[entry.wallet] += entry.points
        assert all(by_entries[wallet] == balances[wallet] for wallet in WALLETS)

    @invariant()
    def no_more_is_reversed_than_was_earned(self) -> None:
        for lot in self.account.lots:
            assert self.reversed[lot.number] <= lot.claimed <= lot.accrued

    @invariant()
    def what_is_due_is_known_and_has_happened(self) -> None:
        book = self.book()
        book.reckon()
        assert book.account.due == self.account.due
        assert self.account.due is None or self.account.due > self.now
        instants = []
        for lot in self.account.lots:
            expiry = self.terms[lot.wallet].expiry
            expires = lot.expires
            if expires is None and expiry is not None and expiry.events:
                activity = self.account.activity.get(lot.wallet, 0)
                expires = expiry.of(lot.opened, START, activity, OSLO)
            instants += [lot.activates or lot.lapses] if lot.pending else []
            instants += [expires] if lot.active else []
        assert self.account.due == min(filter(None, instants), default=None)


TestCustomer = Customer.TestCase
