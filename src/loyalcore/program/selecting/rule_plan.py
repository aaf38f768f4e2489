"""Rules compiled: condition and effects, and what may hold a rule back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

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
    (None: ever). `key` names what is counted; of a budget, all customers count together.
    Money is in minor units."""

    text: str
    key: str
    what: str
    amount: int
    window: Window | None


@dataclass(frozen=True)
class Bounds:
    """How much there may be of a rule, or of all rules of a group together: firings for each
    customer, points for each customer (`caps`), and what all customers share (`budgets`).

    `key` names whose firings count. Points beyond are cut to what is left where `reduce`.
    `group` names the group, and is empty for a rule's own.
    """

    key: str
    limits: tuple[Limit, ...] = ()
    caps: tuple[Quota, ...] = ()
    budgets: tuple[Quota, ...] = ()
    reduce: bool = True
    group: str = ""

    @cached_property
    def of(self) -> str:
        """What is told with a reason: " (group bonus)", and nothing of a rule's own."""
        return f" (group {self.group})" if self.group else ""

    @cached_property
    def remembered(self) -> int:
        """How many past firings its limits need to know of."""
        return max((limit.times for limit in self.limits), default=0)

    def __bool__(self) -> bool:
        return bool(self.limits or self.caps or self.budgets)


@dataclass(frozen=True)
class GroupPlan:
    """A stacking group; `parent` is the one it is part of, or empty."""

    name: str
    stack: str
    parent: str
    bounds: Bounds


@dataclass(frozen=True)
class Schedule:
    """When a rule is in force beside its from and until: at the times that `open` says."""

    text: str
    open: Callable[[int], bool]


@dataclass(frozen=True)
class Experiment:
    """An experiment; `held_out` says whether a customer is in its control group."""

    name: str
    held_out: Callable[[str], bool]


@dataclass(frozen=True)
class Selection:
    """What may hold a rule back, and what it costs each time.

    `bounds` are its own, limits included, then those of its groups, the innermost first;
    only those that bound anything. `priced` says whether what its effects do may cost
    something by itself: points, messages, what is issued.
    """

    who: Callable[[Facts], bool] | None = None
    who_node: Node | None = None
    who_text: str = ""
    schedule: Schedule | None = None
    groups: tuple[GroupPlan, ...] = ()
    bounds: tuple[Bounds, ...] = ()
    experiment: Experiment | None = None
    cost: Formula | None = None
    priced: bool = False


@dataclass(frozen=True)
class RulePlan:
    """One rule for one event type. `reads` gives the facts it rests on, as a decision
    records them. It holds from `start` up to but not including `end`."""

    name: str
    condition: Node | None
    text: str
    priority: int
    start: int | None
    end: int | None
    effects: tuple[Run, ...]
    reads: tuple[tuple[str, Callable[[Value | None], object] | None], ...]
    selection: Selection = Selection()

    @cached_property
    def free(self) -> bool:
        """Whether nothing but a review may hold it back, and nothing says what it costs."""
        return self.start is None and self.end is None and self.selection == Selection()

    @property
    def limits(self) -> tuple[Limit, ...]:
        """Its own limits, without those of its groups."""
        own = (bounds.limits for bounds in self.selection.bounds if not bounds.group)
        return next(own, ())
