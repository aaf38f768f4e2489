"""What customers have that a program which takes over calls something else, or has no place for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Set
from typing import Any, NamedTuple

from loyalcore.engine.life import UNBORN, Life
from loyalcore.engine.state import Instance, Stored, stored_reader
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

    def __str__(self) -> str:
        who = people(self.customers)
        if self.to or self.what not in _ENDS:
            points = f", {self.points:,} points" if self.what == "wallet" else ""
            becomes = f"becomes {self.to}" if self.to else "is let go of"
            return f"{self.what} {self.name} {becomes}: {who}{points}"
        way = _ENDS[self.what]
        one = self.customers == 1
        have = way.has if one else way.have
        gone = "is let go of" if self.to == "" else "the new program has not"
        text = f"{who} {have} {self.name}, which {gone}: {way.ends}"
        if self.to is None:
            old = self.name.rpartition(".")[2]
            text += f" (rename it under migration: {way.section}: {{{old}: NEW}})"
        return text


class _End(NamedTuple):
    """What becomes of something that a program which takes over has not: in words. `section` is
    that of migration which would rename it."""

    has: str
    have: str
    ends: str
    section: str


_ENDS: Mapping[str, _End] = {
    "journey": _End("is in", "are in", "it ends as withdrawn", "journeys"),
    "win-back": _End("is in", "are in", "it ends as withdrawn", "win_back"),
    "case": _End("has open cases of", "have open cases of", "they are withdrawn", "recovery"),
    "dissolution": _End(
        "is being parted with by", "are being parted with by", "it is withdrawn", "dissolution"
    ),
    "parted": _End(
        "was parted with by",
        "were parted with by",
        "that stays so, and only an operator can take it up again",
        "dissolution",
    ),
    "task": _End("has the open task", "have the open task", "it is withdrawn", "tasks"),
    "approval": _End(
        "has the open approval", "have the open approval", "it is withdrawn", "approvals"
    ),
    "score": _End("has the score", "have the score", "nothing asks for it any more", "scores"),
}


def people(customers: int) -> str:
    """So many customers, in words."""
    return f"{customers:,} customer{'s' * (customers != 1)}"


class _Having(Stored, frozen=True):
    """What of a packed state may need a new name."""

    attributes: Mapping[str, Any] = {}
    account: Account = EMPTY
    offers: tuple[Instance, ...] = ()
    life: Life = UNBORN
    merged: str = ""


_having = stored_reader(_Having)


class Held:
    """Counts who has what of all that is moved, gone, or of another type."""

    def __init__(
        self,
        moved: Mapping[Key, str],
        gone: Iterable[Key],
        lost: Iterable[Key],
        retyped: Set[str],
        program: Program,
    ) -> None:
        self.customers: Counter[Key] = Counter()
        self.points: Counter[Key] = Counter()
        self.misfits: Counter[str] = Counter()
        self.attributes = program.attributes
        self._moved, self._retyped, self._program = moved, retyped, program
        self._asked = {*moved, *gone, *lost}

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
    yield from _keys_of_life(having.life)


def _keys_of_life(life: Life) -> Iterator[Key]:
    for run in life.journeys:
        yield kind_of(run.journey), run.journey
        yield "step", f"{run.journey}.{run.step + 1}"
    for case in life.cases:
        if case.ended is None:
            yield "case", case.recovery
    for task in life.tasks:
        yield "task", task.task
    for approval in life.approvals:
        yield "approval", approval.approval
    for score in life.scores:
        yield "score", score
    if (parting := life.dissolution) is not None:
        yield "parted" if parting.closed else "dissolution", parting.name
        yield "phase", f"{parting.name}.{parting.phase}"
        for wallet in parting.expired:  # which would come back
            yield "expired", f"{parting.name}.{wallet}"


def kind_of(place: str) -> str:
    """Which kind of journey is at a place: "journey" or "win-back"."""
    return "win-back" if place.startswith("win_back.") else "journey"
