"""Lots and accounts as they lie in a customer's state, and the entries that are written.

A lot is points that came together and expire together. Each of its points is in one bucket,
and moving one is two entries, out of a bucket and into another. So the sum of a lot's buckets
is for ever what it was opened with, and the sum of its entries is the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal

from msgspec import Struct
from msgspec.msgpack import Decoder, Encoder
from msgspec.structs import replace

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
    rename={
        "number": "n",
        "wallet": "w",
        "opened": "o",
        "expires": "e",
        "origin": "of",
        "active": "a",
    },
):
    """Points of a wallet that were opened together, by bucket. Numbered from 1 for each
    customer. Times are microseconds since 1970 in UTC.

    `kind` is how it was opened: "accrue", "adjust", "transfer in", "move in", "reinstate",
    "convert", or "overdraft", whose points were used before there were any. Pending points turn
    active at `activates`; without it they wait to be activated, until `lapses` where there is one.
    At the instant `expires` active points are expired; None is never, or as the wallet's
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


_write_lot = Encoder().encode
_HEAD = 5  # bytes of a MessagePack array before its items: a sign, and how many there are

read_lots = Decoder(tuple[Lot, ...]).decode
"""Lots that lie written."""

NO_LOTS = b"\xdd" + bytes(4)


def _added(written: bytes, lots: tuple[Lot, ...]) -> bytes:
    """Lots that lie written, with these behind them."""
    head = int.from_bytes(written[:_HEAD], "big") + len(lots)
    return b"".join((head.to_bytes(_HEAD, "big"), written[_HEAD:], *map(_write_lot, lots)))


class Account(
    Struct,
    frozen=True,
    omit_defaults=True,
    eq=False,
    gc=False,
    rename={"written": "l", "last": "n", "balances": "b"},
):
    """All lots of one customer, in order of number, and what is known of them at once.

    A step rarely asks for the lots that are there already, and to read and write them all
    would be most of its work. So those that came from the store stay as they are `written`
    there, in MessagePack, until somebody looks; `unwritten` are those after them.

    `last` is the last number given. `balances` (active and owed) and `pending` are sums by
    wallet, without those that are 0. `activity` is when wallets that expire by inactivity
    were last active. Points of the `frozen` wallets can't be spent. `due` is the earliest
    instant at which points turn active, lapse or expire by themselves.
    """

    written: bytes = NO_LOTS
    last: int = 0
    balances: Mapping[str, int] = {}
    pending: Mapping[str, int] = {}
    activity: Mapping[str, int] = {}
    frozen: tuple[str, ...] = ()
    due: int | None = None
    unwritten: tuple[Lot, ...] = ()

    @property
    def lots(self) -> tuple[Lot, ...]:
        """The lots, those that are written read anew each time."""
        if self.written == NO_LOTS:
            return self.unwritten
        return (*read_lots(self.written), *self.unwritten)

    def with_lots(self, lots: Iterable[Lot]) -> Account:
        """The account with these lots in place of its own."""
        return replace(self, written=NO_LOTS, unwritten=tuple(lots))

    def to_store(self) -> Account:
        """The account as it is stored: all lots written."""
        if not self.unwritten:
            return self
        return replace(self, written=_added(self.written, self.unwritten), unwritten=())

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Account) and self._told() == other._told()

    def __ne__(self, other: object) -> bool:  # of Struct, which would look at the fields
        return not self == other

    def _told(self) -> tuple[object, ...]:
        sums = self.balances, self.pending, self.activity
        return self.lots, self.last, *sums, self.frozen, self.due


EMPTY = Account()
