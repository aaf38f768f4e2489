"""What an account comes to at an instant: lots as they lie, or as their entries tell them,
and what falls due by then.

Nothing is written here, and nothing but the clock moves: who asks for an instant to come is
told what there will be if nothing else happens until then.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple
from zoneinfo import ZoneInfo

from loyalcore.ledger.book import Book
from loyalcore.ledger.falling import Fallen
from loyalcore.ledger.lots import Account, Lot
from loyalcore.ledger.postings import Postings
from loyalcore.ledger.terms import Terms


class Stood(NamedTuple):
    """An account at an instant, and what fell due on the way there."""

    account: Account
    fallen: tuple[Fallen, ...]


class Standing(NamedTuple):
    """A customer's wallet. `balance` is what is active, less what is owed; `owed` is how much
    of it is below zero. `expiring` points expire next, at the instant `expires` (None: none
    will by themselves)."""

    wallet: str
    balance: int
    owed: int
    pending: int
    expiring: int
    expires: int | None


def stand(
    account: Account, terms: Mapping[str, Terms], zone: ZoneInfo, since: int, at: int
) -> Stood:
    """The account once everything has happened that is due at or before `at`."""
    if account.due is None or account.due > at:
        return Stood(account, ())
    book = Book(account, terms, zone, since)
    fallen = book.fall_due(at)
    return Stood(book.account, fallen)


def rebuild(lots: Iterable[Lot], activity: Mapping[str, int]) -> Account:
    """The account that these lots make, to be looked at: it knows of nothing that is due.
    `activity` is as in Account."""
    kept = tuple(lots)
    balances: dict[str, int] = {}
    pending: dict[str, int] = {}
    for lot in kept:
        if there := lot.active + lot.owed:
            balances[lot.wallet] = balances.get(lot.wallet, 0) + there
        if lot.pending:
            pending[lot.wallet] = pending.get(lot.wallet, 0) + lot.pending
    return Account(
        last=max((lot.number for lot in kept), default=0),
        balances=balances,
        pending=pending,
        activity=activity,
        unwritten=kept,
    )


def expiries(
    account: Account, terms: Mapping[str, Terms], zone: ZoneInfo, since: int
) -> Iterator[tuple[Lot, int | None]]:
    """Each lot that has pending or active points, and when they will expire: as the lot says
    or, by inactivity, if nothing keeps them alive until then."""
    postings = Postings(account, terms, zone, since)
    for lot in postings.lots:
        if lot.active or lot.pending:
            yield lot, postings.expires(lot)


def standings(
    account: Account,
    terms: Mapping[str, Terms],
    zone: ZoneInfo,
    since: int,
    wallets: Iterable[str] = (),
) -> list[Standing]:
    """What is in each wallet: those named, and all others in which there is something."""
    soonest: dict[str, tuple[int, int]] = {}
    owed: dict[str, int] = {}
    for lot in account.lots:
        if lot.owed:
            owed[lot.wallet] = owed.get(lot.wallet, 0) - lot.owed
    for lot, expires in expiries(account, terms, zone, since):
        if expires is None or not lot.active:
            continue
        known, points = soonest.get(lot.wallet, (expires, 0))
        if expires <= known:
            soonest[lot.wallet] = expires, lot.active + (points if expires == known else 0)
    named = dict.fromkeys((*wallets, *sorted({*account.balances, *account.pending, *owed})))
    return [
        Standing(
            wallet,
            account.balances.get(wallet, 0),
            owed.get(wallet, 0),
            account.pending.get(wallet, 0),
            soonest[wallet][1] if wallet in soonest else 0,
            soonest[wallet][0] if wallet in soonest else None,
        )
        for wallet in named
    ]
