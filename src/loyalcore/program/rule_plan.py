"""Rules compiled: condition and effects, and what may hold a rule back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from loyalcore.calendars import Window
from loyalcore.effects.kind import Facts, Formula, Run
from loyalcore.expression import Node
from loyalcore.values import Value


@dataclass(frozen=True)
class Limit:
    """At most `times` firings for a customer within `window` (None: ever)."""

    text: str
    times: int
    window: Window | None


@dataclass(frozen=True)
class Quota:
    """At most `amount` of `what` (a wallet, "money", "count" or "customers") within `window`
    (None: ever). `key` names what is counted; of a budget, all customers count together."""

    text: str
    key: str
    what: str
    amount: int
    window: Window | None


@dataclass(frozen=True)
class Bounds:
    """How much there may be: firings, points for each customer (`caps`), and what all
    customers share (`budgets`). Points beyond are cut to what is left where `reduce`."""

    limits: tuple[Limit, ...] = ()
    caps: tuple[Quota, ...] = ()
    budgets: tuple[Quota, ...] = ()
    reduce: bool = True


@dataclass(frozen=True)
class GroupPlan:
    """A stacking group; `parent` is the one it is part of, or empty."""

    name: str
    stack: str
    parent: str
    bounds: Bounds


@dataclass(frozen=True)
class Selection:
    """What may hold a rule back beside its limits, and what it costs each time. It holds
    only when `schedule` says so. `holdout` says whether a customer is in the control group
    of the rule's experiment."""

    who: Callable[[Facts], bool] | None = None
    who_text: str = ""
    schedule: Callable[[int, ZoneInfo], bool] | None = None
    group: str = ""
    experiment: str = ""
    holdout: Callable[[str], bool] | None = None
    bounds: Bounds = Bounds()
    cost: Formula | None = None


PLAIN = Selection()


@dataclass(frozen=True)
class RulePlan:
    """One rule for one event type. `reads` gives the facts it rests on, as a decision
    records them. It holds from `start` up to but not including `end`. `selection` is PLAIN
    where only its limits may hold it back, and it costs nothing but points without price."""

    name: str
    condition: Node | None
    text: str
    priority: int
    start: int | None
    end: int | None
    limits: tuple[Limit, ...]
    effects: tuple[Run, ...]
    reads: tuple[tuple[str, Callable[[Value | None], object] | None], ...]
    selection: Selection = PLAIN

    @property
    def remembered(self) -> int:
        """How many past firings its limits need to know of."""
        return max((limit.times for limit in self.limits), default=0)
