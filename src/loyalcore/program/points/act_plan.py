"""What events do by themselves, compiled: refunds, deliveries, redemptions, and rewards."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from loyalcore.calendars import Duration
from loyalcore.effects.kind import Facts
from loyalcore.ledger.reversal import Policy
from loyalcore.program.selecting.rule_plan import RulePlan
from loyalcore.values import Value


@dataclass(frozen=True)
class Reference:
    """An event that is about an earlier one of type `event`: its field `by` has its id. It
    counts for less than `within` after that event (None: for good)."""

    event: str
    by: str
    within: Duration | None = None


@dataclass(frozen=True)
class Reversal:
    """A refund of what `reference` names. The share that it takes back is that of its field
    `amount` (None: all). `write` gives the plain JSON form of an amount."""

    reference: Reference
    amount: str | None
    take: Policy
    write: Callable[[Value], object] | None = None


@dataclass(frozen=True)
class Activation:
    """A delivery of what `reference` names: points of these wallets wait for it."""

    reference: Reference
    wallets: tuple[str, ...]


@dataclass(frozen=True)
class Redeems:
    """The fields that name a reward and how many of it."""

    reward: str
    quantity: str | None


@dataclass(frozen=True)
class OriginPlan:
    """An event that others refer to: by its field `id` (or "event.id"), and as shares of its
    field `amount`. `kept` is how long they may, each of them (empty: for good). One that can
    only be cancelled is not `remembered`: its redemption is."""

    id: str
    amount: str | None
    kept: tuple[Duration, ...]
    remembered: bool = True


@dataclass(frozen=True)
class Acts:
    """What an event type does by itself, before any rule: it takes back, activates, redeems,
    cancels, presents a code, merges. `active` are the wallets whose inactivity it ends."""

    origin: OriginPlan | None = None
    reverses: Reversal | None = None
    activates: Activation | None = None
    redeems: Redeems | None = None
    cancels: Reference | None = None
    merges: str | None = None
    unmerges: str | None = None
    active: tuple[str, ...] = ()
    builtin: bool = False


@dataclass(frozen=True)
class RewardPlan:
    """A reward of the catalogue, for one event type that redeems it. `rule` says when and
    for whom, within which limits, and with which effects; `price` is points by wallet. All
    customers share its `stock` (None: there is always more)."""

    name: str
    rule: RulePlan
    price: Mapping[str, Callable[[Facts], int | None]]
    stock: int | None
    visible: Callable[[Facts], bool] | None
    visible_text: str = ""
