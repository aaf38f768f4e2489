"""What events do by themselves, compiled: refunds, deliveries, redemptions, and rewards."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from msgspec import Struct

from loyalcore.calendars import Duration
from loyalcore.effects.kind import Facts
from loyalcore.ledger.reversal import Policy
from loyalcore.program.selecting.rule_plan import RulePlan
from loyalcore.values import Value


class Reference(Struct, frozen=True):
    """An event that is about an earlier one of type `event`: its field `by` has its id. It
    counts for less than `within` after that event (None: for good)."""

    event: str
    by: str
    within: Duration | None = None


class Reversal(Struct, frozen=True):
    """A refund of what `reference` names. The share that it takes back is that of its field
    `amount` (None: all). `write` gives the plain JSON form of an amount."""

    reference: Reference
    amount: str | None
    take: Policy
    write: Callable[[Value], object] | None = None


class Activation(Struct, frozen=True):
    """A delivery of what `reference` names: points of these wallets wait for it."""

    reference: Reference
    wallets: tuple[str, ...]


class Redeems(Struct, frozen=True):
    """The fields that name a reward and how many of it."""

    reward: str
    quantity: str | None


class OriginPlan(Struct, frozen=True):
    """An event that others refer to: by its field `id` (or "event.id"), and as shares of its
    field `amount`. `kept` is how long they may, each of them (empty: for good). One that can
    only be cancelled is not `remembered`: its redemption is."""

    id: str
    amount: str | None
    kept: tuple[Duration, ...]
    remembered: bool = True


class Acts(Struct, frozen=True):
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


class RewardPlan(Struct, frozen=True):
    """A reward of the catalogue, for one event type that redeems it. `rule` says when and
    for whom, within which limits, and with which effects; `price` is points by wallet. All
    customers share its `stock` (None: there is always more)."""

    name: str
    rule: RulePlan
    price: Mapping[str, Callable[[Facts], int | None]]
    stock: int | None
    visible: Callable[[Facts], bool] | None
    visible_text: str = ""
