"""Reports for people who answer for the points: a statement of movements, what is
outstanding, and how much of it will perhaps never be asked for.

Pure: they are made of rows and accounts that someone else has read.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fractions import Fraction
from itertools import groupby
from typing import NamedTuple, Protocol
from zoneinfo import ZoneInfo

from loyalcore.ledger.lots import Account
from loyalcore.ledger.standing import expiries
from loyalcore.ledger.terms import Terms
from loyalcore.values import to_datetime

# --- statement --------------------------------------------------------------------------------


class Posted(Protocol):
    """An entry as it is stored."""

    @property
    def wallet(self) -> str: ...
    @property
    def kind(self) -> str: ...
    @property
    def bucket(self) -> str: ...
    @property
    def points(self) -> int: ...
    @property
    def time(self) -> int: ...
    @property
    def event(self) -> int: ...
    @property
    def rule(self) -> str: ...
    @property
    def activates(self) -> int | None: ...


class Movement(NamedTuple):
    """What one rule did to a wallet at one event. `points` is by how much the balance (active
    less owed) changed, `pending` the points that wait; after it they are `balance` and
    `waiting`. Pending points of one lot turn active at `activates`, if that is known."""

    time: int
    what: str
    rule: str
    event: int
    points: int
    pending: int
    balance: int
    waiting: int
    activates: int | None


class Statement(NamedTuple):
    """A wallet in a period: what there was before, every movement, what there is after."""

    wallet: str
    opening: int
    opening_pending: int
    movements: tuple[Movement, ...]
    closing: int
    closing_pending: int


def statements(
    before: Mapping[str, tuple[int, int]], entries: Iterable[Posted]
) -> tuple[Statement, ...]:
    """A statement for each wallet. `before` has the balance and the pending points of each
    at the beginning of the period; `entries` are those within it, in order."""
    by_wallet: dict[str, list[Posted]] = {wallet: [] for wallet in before}
    for entry in entries:
        by_wallet.setdefault(entry.wallet, []).append(entry)
    return tuple(
        _statement(wallet, *before.get(wallet, (0, 0)), moved)
        for wallet, moved in sorted(by_wallet.items())
    )


def _statement(wallet: str, opening: int, pending: int, entries: Iterable[Posted]) -> Statement:
    balance, waiting = opening, pending
    movements = []
    for (event, rule, kind), group in groupby(entries, lambda e: (e.event, e.rule, e.kind)):
        rows = list(group)
        sums: dict[str, int] = {}
        for row in rows:
            sums[row.bucket] = sums.get(row.bucket, 0) + row.points
        points = sums.get("active", 0) + sums.get("owed", 0)
        balance += points
        waiting += sums.get("pending", 0)
        activates = {row.activates for row in rows if row.bucket == "pending"}
        movements.append(
            Movement(
                rows[0].time,
                _words(kind, sums),
                rule,
                event,
                points,
                sums.get("pending", 0),
                balance,
                waiting,
                activates.pop() if len(activates) == 1 else None,
            )
        )
    return Statement(wallet, opening, pending, tuple(movements), balance, waiting)


def _words(kind: str, sums: Mapping[str, int]) -> str:
    """A movement in plain words, by what was done and which buckets it touched."""
    if kind in ("accrue", "transfer in", "move in") and sums.get("pending", 0) > 0:
        return f"{_WORDS[kind]}, pending"
    if kind == "expire" and sums.get("pending", 0) < 0:
        return "lapsed before they were active"
    if kind == "reverse" and not any(sums.get(name) for name in ("pending", "active", "owed")):
        return "taken back of what had expired"
    if sums.get("owed", 0) and not sums.get("active") and kind in _DEBTS:
        return _DEBTS[kind]
    if kind == "redeem" and sums.get("owed", 0) < 0:
        return "spent, in part below zero"
    return _WORDS.get(kind, kind)


_WORDS = {
    "accrue": "earned",
    "activate": "became active",
    "redeem": "spent",
    "cancel redemption": "given back",
    "expire": "expired",
    "reverse": "taken back",
    "adjust": "adjusted by hand",
    "transfer in": "received",
    "transfer out": "sent to another customer",
    "move in": "taken over from another wallet",
    "move out": "moved to another wallet",
    "reinstate": "brought back after expiry",
    "settle": "settled what was owed",
    "pay out": "paid out in money",
    "convert": "converted",
}

_DEBTS = {
    "transfer in": "debt taken over",
    "transfer out": "debt handed over to another customer",
    "move in": "debt taken over from another wallet",
    "move out": "debt moved to another wallet",
    "waive": "debt waived",
    "invoice": "debt invoiced",
}

# --- liability --------------------------------------------------------------------------------

NEVER = "never"  # in place of the month: these points don't expire


class Outstanding(NamedTuple):
    """Points that may still be asked for, and what they cost in minor units of money, exact:
    None where the wallet has no price. They expire in `month` (2026-03, or "never")."""

    wallet: str
    month: str
    active: int
    pending: int
    value: Fraction | None


class Liability(NamedTuple):
    """What is outstanding in a wallet in all, and beside it what customers owe, what has
    expired, and what will perhaps never be asked for: None where history is too short to
    tell (`rate`)."""

    wallet: str
    active: int
    pending: int
    value: Fraction | None
    owed: int
    expired: int
    rate: Fraction | None
    breakage: int | None
    breakage_value: Fraction | None
    months: tuple[Outstanding, ...]


class History(NamedTuple):
    """Lots of a wallet whose life is over: how many, and what became of their points."""

    lots: int
    expired: int
    spent: int


ENOUGH = 30  # lots whose life is over, before a rate is made of them


def breakage_rate(history: History | None) -> Fraction | None:
    """The share of points that expire unused; None where there is not enough history.

    An estimate, from nothing but this wallet's own past:

        expired / (expired + spent), over all lots whose life is over

    A lot's life is over at the instant it expires or, in a wallet whose points have no such
    instant of their own, when none of its points are left. All lots that reached their
    expiry count, those that were wholly spent long before it too, so that the rate does not
    lean towards either. Points that were taken back or sent to another customer were neither
    used nor left to expire, and count on neither side. It needs ENOUGH lots.

    It is what IFRS 15 (B44 to B47) calls breakage: rights that customers are not expected to
    exercise, as far as an entity's own experience lets it say so. It assumes that customers
    will go on as they did; whether they will is for the controller to judge.
    """
    if history is None or history.lots < ENOUGH or not history.expired + history.spent:
        return None
    return Fraction(history.expired, history.expired + history.spent)


class Reckoning:
    """Adds up accounts, one at a time, into what is outstanding.

    Qualifying points are no liability, since nothing can be asked for them; they are left
    out. Points that wait or are active are told apart, and so is what customers owe: it is
    never set off against what others hold.
    """

    def __init__(self, terms: Mapping[str, Terms], zone: ZoneInfo) -> None:
        self._terms = terms
        self._zone = zone
        self._sums: dict[tuple[str, str], list[int]] = {}
        self._owed: dict[str, int] = {}
        self._months: dict[int, str] = {}

    def add(self, account: Account, since: int) -> None:
        """The account of one more customer, who came at `since`."""
        for lot in account.lots:
            if lot.owed:
                self._owed[lot.wallet] = self._owed.get(lot.wallet, 0) - lot.owed
        for lot, expires in expiries(account, self._terms, self._zone, since):
            sums = self._sums.setdefault((lot.wallet, self._month(expires)), [0, 0])
            sums[0] += lot.active
            sums[1] += lot.pending

    def liabilities(
        self, expired: Mapping[str, int], histories: Mapping[str, History]
    ) -> tuple[Liability, ...]:
        """Every wallet in which there is or was something, by name."""
        wallets = {*expired, *histories, *self._owed, *(wallet for wallet, _ in self._sums)}
        return tuple(
            self._liability(wallet, expired.get(wallet, 0), histories.get(wallet))
            for wallet in sorted(wallets)
            if not self._of(wallet).qualifying
        )

    def _liability(self, wallet: str, expired: int, history: History | None) -> Liability:
        price = self._of(wallet).price
        months = tuple(
            Outstanding(wallet, month, active, pending, _value(active + pending, price))
            for (of, month), (active, pending) in sorted(self._sums.items())
            if of == wallet
        )
        active = sum(month.active for month in months)
        pending = sum(month.pending for month in months)
        rate = breakage_rate(history)
        breakage = None if rate is None else int(rate * (active + pending))
        return Liability(
            wallet,
            active,
            pending,
            _value(active + pending, price),
            self._owed.get(wallet, 0),
            expired,
            rate,
            breakage,
            None if breakage is None else _value(breakage, price),
            months,
        )

    def _of(self, wallet: str) -> Terms:
        return self._terms.get(wallet) or Terms(wallet)

    def _month(self, expires: int | None) -> str:
        """The month in which points are there for the last time: those that are there until
        the end of December expire in December."""
        if expires is None:
            return NEVER
        month = self._months.get(expires)
        if month is None:
            last = to_datetime(expires - 1, self._zone)
            month = self._months[expires] = f"{last.year:04}-{last.month:02}"
        return month


def _value(points: int, price: Fraction | int | None) -> Fraction | None:
    return None if price is None else Fraction(price) * points
