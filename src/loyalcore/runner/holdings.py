"""What customers have that a program which takes over calls something else, or has no place for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Set
from typing import Any, NamedTuple

import msgspec
from msgspec import Struct

from loyalcore.engine.life import UNBORN, Life
from loyalcore.engine.state import Instance
from loyalcore.ledger.lots import EMPTY, Account
from loyalcore.program.plan import Program
from loyalcore.values import ValueInvalid, read_value

Key = tuple[str, str]
"""What it is, and its name."""


class Item(NamedTuple):
    """Something that customers have: so many of them, and so many points. `to` is what the new
    program calls it; "" where it lets go of it, None where it has no place for it."""

    what: str
    name: str
    to: str | None
    customers: int
    points: int


class _Having(Struct):
    """What of a packed state may need a new name."""

    attributes: Mapping[str, Any] = {}
    account: Account = EMPTY
    offers: tuple[Instance, ...] = ()
    life: Life = UNBORN
    merged: str = ""


_having = msgspec.json.Decoder(_Having).decode


class Held:
    """Counts who has what of all that is moved, gone, or of another type."""

    def __init__(
        self, moved: Mapping[Key, str], gone: Iterable[Key], retyped: Set[str], program: Program
    ) -> None:
        self.customers: Counter[Key] = Counter()
        self.points: Counter[Key] = Counter()
        self.misfits: Counter[str] = Counter()
        self.attributes = program.attributes
        self._moved, self._retyped, self._program = moved, retyped, program
        self._asked = {*moved, *gone}

    def add(self, packed: bytes) -> None:
        """Count one customer."""
        having = _having(packed)
        if having.merged:
            return
        for key in set(_keys(having)) & self._asked:
            self.customers[key] += 1
        account = having.account
        for sums in (account.balances, account.pending):
            for wallet, points in sums.items():
                self.points["wallet", wallet] += points
        for name in self._retyped & having.attributes.keys():
            here = name if name in self.attributes else self._program.migration.attributes[name]
            try:
                read_value(self.attributes[here], having.attributes[name], self._program.locale)
            except ValueInvalid:
                self.misfits[name] += 1

    def items(self) -> tuple[Item, ...]:
        """All that anyone has, as the new program will have it."""
        return tuple(
            Item(*key, self._moved.get(key), count, self.points[key])
            for key, count in sorted(self.customers.items())
        )


def _keys(having: _Having) -> Iterator[Key]:
    for wallet in (*having.account.balances, *having.account.pending):
        yield "wallet", wallet
    for offer in having.offers:
        if not offer.closed:
            yield "offer", offer.offer
    for ladder, rank in having.life.tiers.items():
        if rank.level:
            yield "tier", ladder
            yield "level", f"{ladder}.{rank.level}"
    if having.life.stage is not None:
        yield "stage", having.life.stage.stage
    if (parting := having.life.dissolution) is not None and not parting.closed:
        yield "dissolution", parting.name
