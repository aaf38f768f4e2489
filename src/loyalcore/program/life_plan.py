"""Triggers, tiers and stages compiled: what time and change bring about for a customer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from loyalcore.calendars import Duration
from loyalcore.effects.kind import Facts, Formula
from loyalcore.ledger.expiry import Expiry
from loyalcore.program.metric_plan import MetricPlan
from loyalcore.values import Value

Condition = Callable[[Facts], bool]
Writers = tuple[tuple[str, Callable[[Value], object] | None], ...]
"""Facts by name, each with how it is written in plain JSON form (None: as it is)."""


@dataclass(frozen=True)
class TriggerPlan:
    """A trigger. It comes only where `when` holds of the customer then; `reads` are the facts
    that this rests on. `touched` are the event types that set it, put it off, or bring it
    about."""

    name: str
    when: Condition | None
    reads: Writers
    touched: frozenset[str]

    @property
    def place(self) -> str:
        """Where the ruleset declares it, as its decisions are named."""
        return f"triggers.{self.name}"


@dataclass(frozen=True)
class Silence(TriggerPlan):
    """None of `events` for `length`; again after each `repeat`. It begins with the first of
    them, or as the customer comes where `enrolment`."""

    events: tuple[str, ...]
    length: Duration
    repeat: Duration | None
    enrolment: bool


@dataclass(frozen=True)
class After(TriggerPlan):
    """`wait` after each of `events`, moved on to the hour `at`, unless one of `unless` comes
    that `belongs` (by event type; none there: any does). It has their fields, which `writers`
    write."""

    events: tuple[str, ...]
    wait: Duration
    at: Hour | None
    unless: tuple[str, ...]
    belongs: Mapping[str, Condition]
    writers: Mapping[str, Writers]


@dataclass(frozen=True)
class Sequence(TriggerPlan):
    """One of `events`, and within `within` one of `then` that `belongs` to it (as in After).
    It has the fields of the latter, and those of the former as earlier.NAME."""

    events: tuple[str, ...]
    then: tuple[str, ...]
    within: Duration
    belongs: Mapping[str, Condition]
    writers: Mapping[str, Writers]


@dataclass(frozen=True)
class Hour:
    """An hour of the day, in minutes after midnight, in the program's time zone, or in that
    which the customer's attribute `zone` names."""

    minutes: int = 0
    zone: str = ""


@dataclass(frozen=True)
class Calendar(TriggerPlan):
    """At the hour `at` of days that `next_day` gives: the first day after a day (a date's
    ordinal) on which it comes; None: never again."""

    at: Hour
    next_day: Callable[[int], int | None]


@dataclass(frozen=True)
class Anniversary(TriggerPlan):
    """Every year on the day of the date attribute `of` ("": of the customer's coming), so long
    `before` it or `later`, at the hour `at`."""

    of: str
    before: Duration | None
    later: Duration | None
    at: Hour


@dataclass(frozen=True)
class Crossing(TriggerPlan):
    """As `holds` becomes true of the customer (or false, where `falling`)."""

    holds: Condition
    falling: bool


@dataclass(frozen=True)
class Expiring(TriggerPlan):
    """So long `before` points of `wallet` expire."""

    wallet: str
    before: Duration


@dataclass(frozen=True)
class Ending(TriggerPlan):
    """So long `before` an `offer` ends uncompleted."""

    offer: str
    before: Duration


@dataclass(frozen=True)
class Criterion:
    """A figure that must be at least so much: `text` and `wanted_text` as written."""

    figure: Formula
    wanted: Formula
    text: str
    wanted_text: str


@dataclass(frozen=True)
class Criteria:
    """All of `all`, one of `any` if there are some, and `when`."""

    all: tuple[Criterion, ...] = ()
    any: tuple[Criterion, ...] = ()
    when: Condition | None = None
    when_text: str = ""


@dataclass(frozen=True)
class LevelPlan:
    """A level: what it takes to `reach` and to `stay`, and its benefits, those of the levels
    below included."""

    name: str
    reach: Criteria
    stay: Criteria
    invitation: bool
    benefits: Mapping[str, Value]


@dataclass(frozen=True)
class LadderPlan:
    """A tier ladder, its levels from the lowest on. `review` is None where levels are reached
    at once. `reads` are the facts that its levels rest on."""

    name: str
    levels: tuple[LevelPlan, ...]
    review: str | None
    keep: Expiry | None
    grace: Duration | None
    drop: str
    warn: Duration | None
    reads: Writers

    @property
    def place(self) -> str:
        return f"tiers.{self.name}"

    @property
    def base(self) -> LevelPlan | None:
        """The level of who has reached none: the lowest, where that takes nothing."""
        lowest = self.levels[0]
        return lowest if lowest.reach == Criteria() and not lowest.invitation else None


@dataclass(frozen=True)
class Way:
    """A way into `to` from `sources`: at events of the types `on` (none: at any time), where
    `when` holds. `text` tells it in decisions, which rest on `reads`."""

    to: str
    sources: frozenset[str]
    on: frozenset[str]
    when: Condition | None
    text: str
    reads: Writers


@dataclass(frozen=True)
class StagesPlan:
    """The stages in order, the first of which is where customers begin; the ways out of each,
    in the order in which they are tried; and how long customers stay at least."""

    stages: tuple[str, ...]
    ways: Mapping[str, tuple[Way, ...]]
    dwell: Mapping[str, Duration]
    responsible: Mapping[str, str]


@dataclass(frozen=True)
class LifePlan:
    """All that time and change bring about. `metrics` are those with windows that watched
    conditions rest on: they change by themselves."""

    triggers: tuple[TriggerPlan, ...] = ()
    ladders: tuple[LadderPlan, ...] = ()
    stages: StagesPlan | None = None
    metrics: tuple[MetricPlan, ...] = ()
    by_name: Mapping[str, TriggerPlan] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.triggers or self.ladders or self.stages)

    @cached_property
    def recurring(self) -> bool:
        """Whether any trigger is on the calendar or an anniversary."""
        return any(isinstance(trigger, Calendar | Anniversary) for trigger in self.triggers)

    @cached_property
    def expiring(self) -> tuple[Expiring, ...]:
        """The triggers that tell of points before they expire."""
        return tuple(trigger for trigger in self.triggers if isinstance(trigger, Expiring))

    @cached_property
    def ending(self) -> tuple[Ending, ...]:
        """The triggers that tell of offers before they end."""
        return tuple(trigger for trigger in self.triggers if isinstance(trigger, Ending))
