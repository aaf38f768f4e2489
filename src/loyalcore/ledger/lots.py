"""Lots and accounts as they lie in a customer's state, and the entries that are written.

A lot is points that came together and expire together. Each of its points is in one bucket,
and moving one is two entries, out of a bucket and into another. So the sum of a lot's buckets
is for ever what it was opened with, and the sum of its entries is the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal

from msgspec import Raw, Struct
from msgspec.json import Decoder, Encoder

Bucket = Literal["pending", "active", "owed", "spent", "expired", "reversed", "moved"]

BUCKETS: tuple[Bucket, ...] = (
    "pending",
    "active",
    "owed",
    "spent",
    "expired",
    "reversed",
    "moved",
)

MAX_POINTS = 10**15  # of one movement: so that sums of thousands stay within 64 bits


class Lot(
    Struct,
    frozen=True,
    omit_defaults=True,
    gc=False,
    rename={"number": "n", "wallet": "w", "opened": "at"},
):
    """Points of a wallet that were opened together, by bucket. Numbered from 1 for each
    customer. Times are microseconds since 1970 in UTC.

    `kind` is how it was opened: "accrue", "adjust", "transfer in", "move in", "reinstate", or
    "overdraft", whose points were used before there were any. Pending points turn active at
    `activates`; without it they wait to be activated, until `lapses` where there is one. At
    the instant `expires` active points are expired; None is never, or as the wallet's
    inactivity has it.

    Most lots are accrued and were never used: written with what is not usual, they are short.

    `origin` is the key of what earned the points ("" where nothing refers to it); where
    `share` holds, a refund of it takes them back in proportion, and `claimed` is how many
    refunds have asked for. `owed` is never positive, all other buckets never negative.
    """

    number: int
    wallet: str
    kind: str = "accrue"
    opened: int = 0
    activates: int | None = None
    expires: int | None = None
    origin: str = ""
    share: bool = True
    pending: int = 0
    active: int = 0
    owed: int = 0
    spent: int = 0
    expired: int = 0
    reversed: int = 0
    moved: int = 0
    lapses: int | None = None
    claimed: int = 0

    @property
    def accrued(self) -> int:
        """What the lot was opened with; 0 for an overdraft."""
        return (
            self.pending
            + self.active
            + self.owed
            + self.spent
            + self.expired
            + self.reversed
            + self.moved
        )


class Entry(Struct, frozen=True, gc=False):
    """A signed movement of points, never 0, in or out of one bucket of a lot. The first
    entry of a lot says when its points turn active and expire, as far as that is known."""

    wallet: str
    lot: int
    kind: str
    bucket: Bucket
    points: int
    activates: int | None = None
    expires: int | None = None


class Parcel(Struct, frozen=True, omit_defaults=True):
    """Points on their way to another customer. They keep their expiry, and if they are
    pending, when that ends; where the two customers are merged, also what earned them."""

    points: int
    expires: int | None = None
    activates: int | None = None
    lapses: int | None = None
    pending: bool = False
    origin: str = ""
    share: bool = True


_encode = Encoder().encode

read_lots = Decoder(tuple[Lot, ...]).decode
"""The lots that were `written`."""

NO_LOTS = Raw(b"[]")


def written(lots: Iterable[Lot]) -> Raw:
    """Lots as an account has them."""
    return Raw(_encode(tuple(lots)))


def written_with(lots: Raw, lot: Lot) -> Raw:
    """Lots with one more, as an account has them."""
    text = bytes(lots)
    return Raw(b"%b%b%b]" % (text[:-1], b"," if len(text) > 2 else b"", _encode(lot)))


class Account(Struct, frozen=True, omit_defaults=True, rename={"written": "lots"}):
    """All lots of one customer, in order of number, and what is known of them at once.

    The lots are kept as they are `written` in the store (JSON): a step rarely asks for those
    that are there already, and to read and write them all would be most of its work.

    `last` is the last number given. `balances` (active and owed) and `pending` are sums by
    wallet, without those that are 0. `activity` is when wallets that expire by inactivity
    were last active. Points of the `frozen` wallets can't be spent. `due` is the earliest
    instant at which points turn active, lapse or expire by themselves.
    """

    written: Raw = NO_LOTS
    last: int = 0
    balances: Mapping[str, int] = {}
    pending: Mapping[str, int] = {}
    activity: Mapping[str, int] = {}
    frozen: tuple[str, ...] = ()
    due: int | None = None

    @property
    def lots(self) -> tuple[Lot, ...]:
        """The lots, read anew each time."""
        return read_lots(self.written)


EMPTY = Account()
