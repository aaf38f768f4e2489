"""What is told of a rule, or a section of the ruleset, at one event."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, NamedTuple

from loyalcore.engine.telling.prospects import Prospect
from loyalcore.expression import Drawing

Verdict = Literal["fired", "held", "not in force", "not true"]


@dataclass(frozen=True)
class LimitUse:
    """A limit, and the earlier firings that count against it, the oldest first.

    `since` is where the window begins: a calendar period at its first instant, which
    counts; a rolling one so long ago, which no longer does. Without it, all ever count.
    Those of a `group` are of all its rules.
    """

    limit: str
    times: int
    since: str | None
    firings: tuple[str, ...]
    group: str = ""

    @property
    def reached(self) -> bool:
        return len(self.firings) >= self.times


@dataclass(frozen=True)
class QuotaUse:
    """A cap or budget of `what`, and how much of its `amount` was used before the event: by
    the customer, or (a budget) by all. Money is in plain form, "12.50".

    `among` says, where it is of the first customers, whether this one is one of them.
    """

    kind: Literal["cap", "budget"]
    quota: str
    what: str
    amount: object
    used: object
    reached: bool
    since: str | None
    group: str = ""
    among: bool | None = None


@dataclass(frozen=True)
class GroupUse:
    """A stacking group that the rule is in, and how it stacks."""

    group: str
    stack: str


@dataclass(frozen=True)
class EntryTold:
    """A movement of points: so many into a bucket of a lot, or out of it. The first of a lot
    says when its points turn active and expire, as far as that is known."""

    wallet: str
    lot: int
    kind: str
    bucket: str
    points: int
    activates: str | None = None
    expires: str | None = None


@dataclass(frozen=True)
class RuleExplanation:
    """One rule at one event, or what a section of the ruleset decided there by itself ("fired"
    is then that it happened). Values are in plain JSON form, times ISO 8601 in UTC.

    `reason` says why the verdict is what it is. `decision` is the id of the decision,
    empty where the rule took none. `condition` is None where there is none: always true.
    The rule is in force from `starts` up to but not including `ends`, and then only as its
    `schedule` says; at this event it was `scheduled`, or not. `facts` are those that the
    rule rests on; `effects` is what it did, and `cost` what that cost, None where nothing
    says so. `who` says for whom it is; `groups` has the innermost first; `held_out` is
    whether the customer is in the control group of its `experiment`. `entries` are the
    movements of points that it caused. `prospect` is what is to come of a trigger, a tier
    ladder or a stage that is asked for, as the event has left the customer.
    """

    rule: str
    verdict: Verdict
    reason: str
    decision: str
    condition: Drawing | None
    starts: str | None
    ends: str | None
    limits: tuple[LimitUse, ...]
    facts: Mapping[str, object]
    effects: tuple[Mapping[str, object], ...]
    who: Drawing | None = None
    schedule: str = ""
    scheduled: bool = True
    groups: tuple[GroupUse, ...] = ()
    quotas: tuple[QuotaUse, ...] = ()
    experiment: str = ""
    held_out: bool = False
    cost: object = None
    entries: tuple[EntryTold, ...] = ()
    prospect: Prospect | None = None


class Explained(NamedTuple):
    """Every rule on the type of an event, in the order in which they decide; and what sections
    decided by themselves (rewards, offers, wallets, refunds), in the order in which they did."""

    rules: tuple[RuleExplanation, ...]
    sections: tuple[RuleExplanation, ...]
