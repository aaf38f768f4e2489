"""Offers compiled: how each is opened, advanced and ended."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Literal

from msgspec import Struct

from loyalcore.calendars import Duration
from loyalcore.effects.kind import Facts, Formula, Run
from loyalcore.program.selecting.rule_plan import RulePlan
from loyalcore.values import INTEGER, Type

PERSONAL = "personal"
BATCH = "batch"

OPENED = "offer.opened"
NUMBER = "offer.number"
PROGRESS = "offer.progress"
TARGET = "offer.target"

Reads = tuple[tuple[str, Callable[[Any], object] | None], ...]
"""The facts that something rests on, each with how a decision records it."""


class Ending(Struct, frozen=True):
    """What an offer does when it lapses or is revoked: its effects, and the facts they
    read."""

    effects: tuple[Run, ...] = ()
    reads: Reads = ()


class Opening(Struct, frozen=True):
    """One event type opening an offer: where `when` holds, with the values of `fields`."""

    when: Callable[[Facts], bool] | None
    fields: tuple[tuple[str, Callable[[Facts], object]], ...]
    reads: Reads


class Reach(Struct, frozen=True):
    """What completes an offer: events of type `event` for which `where` holds, so many of
    them ("count"), or so much of their `amount` ("sum"), as `target` says at each; or "one".

    `type` is that of the progress and the target.
    """

    event: str
    kind: Literal["count", "sum", "one"]
    type: Type = INTEGER
    amount: Formula | None = None
    where: Callable[[Facts], bool] | None = None
    target: Formula | None = None
    reads: Reads = ()


class OfferPlan(Struct, frozen=True):
    """An offer.

    `fields` are those of each opening, of which the `required` ones must be known. It is
    open for the time `lasts`, or until `ends` says; an event at the very moment of its
    opening counts if `first`, one at its last moment if `last`. What may hold an opening
    back stands in `opened`; what the effects of a completion are held back by, and how far
    they are cut, in `completed`.

    `code` is PERSONAL, BATCH, the code itself as `plain_code` has it, or empty. Of one that
    is `carried`, an opening is made by who presents the code, and by nothing else.
    """

    name: str
    fields: Mapping[str, Type]
    required: tuple[str, ...]
    lasts: Duration | None
    ends: Formula | None
    first: bool
    last: bool
    at_once: int
    priority: int
    consumes: bool
    code: str
    carried: bool
    refunds: Literal["keep", "share", "rejudge"]
    opened: RulePlan
    reach: Reach
    completed: RulePlan
    lapsed: Ending = Ending()
    revoked: Ending = Ending()

    @property
    def place(self) -> str:
        """Where the ruleset declares it, as its decisions are named."""
        return f"offers.{self.name}"


class OfferUse(Struct, frozen=True):
    """What one event type does to offers: those that it may open, and by name those that it
    advances. `presents` is its field with a code ("": none); `codes` are those of the program
    that anyone may present, and `carried` how it opens the offers that only a code opens."""

    opens: tuple[tuple[OfferPlan, Opening], ...] = ()
    advances: Mapping[str, OfferPlan] = {}
    presents: str = ""
    codes: Mapping[str, str] = {}
    carried: Mapping[str, Opening] = {}


def plain_code(code: str) -> str:
    """`code` as it is compared: who types it may use small letters, spaces and dashes."""
    return "".join(letter for letter in code.upper() if letter not in " -")
