"""Triggers, tiers, stages, tasks, journeys and recoveries compiled: what time and change bring
about."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import NamedTuple

from msgspec import Struct, field

from loyalcore.calendars import Duration
from loyalcore.effects.kind import Facts, Formula
from loyalcore.expression import Node
from loyalcore.ledger.expiry import Expiry
from loyalcore.program.care.journey_plan import JourneyPlan
from loyalcore.program.care.recovery_plan import RecoveryPlan
from loyalcore.program.care.task_plan import WorkPlan
from loyalcore.program.figures.metric_plan import MetricPlan
from loyalcore.program.parting.dissolution_plan import DissolutionPlan
from loyalcore.program.selecting.rule_plan import RulePlan
from loyalcore.values import Number, Value

Condition = Callable[[Facts], bool]
Writers = tuple[tuple[str, Callable[[Value], object] | None], ...]
"""Facts by name, each with how it is written in plain JSON form (None: as it is)."""


class Written(NamedTuple):
    """A condition as its author wrote it: what is drawn to tell why it holds, or not."""

    node: Node
    text: str


class TriggerPlan(Struct, frozen=True, kw_only=True):
    """A trigger. It comes only where `when` holds of the customer then; `reads` are the facts
    that this rests on. `touched` are the event types that set it, put it off, or bring it
    about. `condition` is `when` as written."""

    name: str
    when: Condition | None
    reads: Writers
    touched: frozenset[str]
    condition: Written | None = None

    @property
    def place(self) -> str:
        """Where the ruleset declares it, as its decisions are named."""
        return f"triggers.{self.name}"


class Silence(TriggerPlan, frozen=True, kw_only=True):
    """None of `events` for `length`; again after each `repeat`. It begins with the first of
    them, or as the customer comes where `enrolment`."""

    events: tuple[str, ...]
    length: Duration
    repeat: Duration | None
    enrolment: bool


class After(TriggerPlan, frozen=True, kw_only=True):
    """`wait` after each of `events`, moved on to the hour `at`, unless one of `unless` comes
    that `belongs` (by event type; none there: any does). It has their fields, which `writers`
    write."""

    events: tuple[str, ...]
    wait: Duration
    at: Hour | None
    unless: tuple[str, ...]
    belongs: Mapping[str, Condition]
    writers: Writers


class Sequence(TriggerPlan, frozen=True, kw_only=True):
    """One of `events`, and within `within` one of `then` that `belongs` to it (as in After).
    It has the fields of the latter, which `second` writes, and those of the former as
    earlier.NAME, which `first` writes."""

    events: tuple[str, ...]
    then: tuple[str, ...]
    within: Duration
    belongs: Mapping[str, Condition]
    first: Writers
    second: Writers


class Hour(Struct, frozen=True):
    """An hour of the day, in minutes after midnight, in the program's time zone, or in that
    which the customer's attribute `zone` names."""

    minutes: int = 0
    zone: str = ""


class Calendar(TriggerPlan, frozen=True, kw_only=True):
    """At the hour `at` of days that `next_day` gives: the first day after a day (a date's
    ordinal) on which it comes; None: never again."""

    at: Hour
    next_day: Callable[[int], int | None]


class Anniversary(TriggerPlan, frozen=True, kw_only=True):
    """Every year on the day of the date attribute `of` ("": of the customer's coming), so long
    `before` it or `later`, at the hour `at`."""

    of: str
    before: Duration | None
    later: Duration | None
    at: Hour


class Crossing(TriggerPlan, frozen=True, kw_only=True):
    """As `holds` becomes true of the customer (or false, where `falling`). Where it is unknown,
    it is taken to be as it was. `metric` is what crosses a line ("": a segment is), `line` what
    holds, as it would be written."""

    metric: str
    holds: Callable[[Facts], bool | None]
    falling: bool
    line: Written | None = None


class Expiring(TriggerPlan, frozen=True, kw_only=True):
    """So long `before` points of `wallet` expire."""

    wallet: str
    before: Duration


class Ending(TriggerPlan, frozen=True, kw_only=True):
    """So long `before` an `offer` ends uncompleted."""

    offer: str
    before: Duration


class Criterion(Struct, frozen=True):
    """A figure that must be at least so much: `text` and `wanted_text` as written. `write`
    gives the plain JSON form of both (None: as they are); `constant` is what is wanted, where
    that is a number."""

    figure: Formula
    wanted: Formula
    text: str
    wanted_text: str
    write: Callable[[Value], object] | None = None
    constant: Number | None = None


class Criteria(Struct, frozen=True):
    """All of `all`, one of `any` if there are some, and `when`, which is `condition` as it is
    written."""

    all: tuple[Criterion, ...] = ()
    any: tuple[Criterion, ...] = ()
    when: Condition | None = None
    condition: Written | None = None


class LevelPlan(Struct, frozen=True):
    """A level: what it takes to `reach` and to `stay`, and its benefits, those of the levels
    below included."""

    name: str
    reach: Criteria
    stay: Criteria
    invitation: bool
    benefits: Mapping[str, Value]


class LadderPlan(Struct, frozen=True, dict=True):
    """A tier ladder, its levels from the lowest on. `review` is None where levels are reached
    at once. `reads` are the facts that its levels rest on; `sinking` says that nothing less of
    any of them makes a level be reached or kept."""

    name: str
    levels: tuple[LevelPlan, ...]
    review: str | None
    keep: Expiry | None
    grace: Duration | None
    drop: str
    warn: Duration | None
    reads: Writers
    sinking: bool = False

    @property
    def place(self) -> str:
        return f"tiers.{self.name}"

    @property
    def base(self) -> LevelPlan | None:
        """The level of who has reached none: the lowest, where that takes nothing."""
        lowest = self.levels[0]
        return lowest if lowest.reach == Criteria() and not lowest.invitation else None

    def rung(self, level: str) -> int:
        """The place of a level, the lowest being 0; -1 for none that the ladder has."""
        return self._rungs.get(level, -1)

    @cached_property
    def _rungs(self) -> Mapping[str, int]:
        return {one.name: rung for rung, one in enumerate(self.levels)}


class Ground(Struct, frozen=True):
    """What a way rests on: whether its condition `holds` (None: it has none), and the facts
    that it reads. `condition` is the same as written."""

    holds: Condition | None
    reads: Writers
    condition: Written | None = None


class Way(Struct, frozen=True):
    """A way into the stage `to`. `text` tells it in decisions. It has a ground for each type
    of event that it is on; or one that is watched, of one that is open at any time."""

    to: str
    text: str
    on: Mapping[str, Ground]
    watched: Ground | None


class StagesPlan(Struct, frozen=True):
    """The stages in order, the first of which is where customers begin; the ways out of each,
    in the order in which they are tried; until when customers stay at least, by when they came;
    and who is responsible for them."""

    stages: tuple[str, ...]
    ways: Mapping[str, tuple[Way, ...]]
    dwell: Mapping[str, Callable[[int], int]]
    responsible: Mapping[str, str]

    @property
    def on(self) -> frozenset[str]:
        """The types of events that any way is on."""
        return frozenset(event for ways in self.ways.values() for way in ways for event in way.on)


class LifePlan(Struct, frozen=True, dict=True):
    """All that time and change bring about, and what people are asked. `metrics` are those with
    windows that watched conditions rest on: they change by themselves."""

    triggers: tuple[TriggerPlan, ...] = ()
    ladders: tuple[LadderPlan, ...] = ()
    stages: StagesPlan | None = None
    metrics: tuple[MetricPlan, ...] = ()
    by_name: Mapping[str, TriggerPlan] = {}
    work: WorkPlan = field(default_factory=WorkPlan)
    journeys: tuple[JourneyPlan, ...] = ()
    recoveries: tuple[RecoveryPlan, ...] = ()
    dissolutions: tuple[DissolutionPlan, ...] = ()

    def __bool__(self) -> bool:
        told = self.triggers or self.ladders or self.stages or self.work or self.journeys
        return bool(told or self.recoveries or self.dissolutions)

    def dissolution(self, name: str) -> DissolutionPlan | None:
        """The dissolution of this name, where there is one."""
        return next((one for one in self.dissolutions if one.name == name), None)

    @cached_property
    def by_place(self) -> Mapping[str, JourneyPlan]:
        """The journeys, by what their decisions are named."""
        return {journey.place: journey for journey in self.journeys}

    @cached_property
    def entered(self) -> Mapping[str, tuple[JourneyPlan, ...]]:
        """The journeys that are entered by events of each type, in the order of their turn."""
        turns = sorted(self.journeys, key=lambda journey: -journey.priority)
        events = dict.fromkeys(event for journey in turns for event in journey.entries)
        return {event: tuple(j for j in turns if event in j.entries) for event in events}

    @cached_property
    def journeys_watch(self) -> bool:
        """Whether any journey looks at figures."""
        return any(journey.watches for journey in self.journeys)

    @cached_property
    def recovery(self) -> Mapping[str, RecoveryPlan]:
        """The recoveries by name."""
        return {recovery.name: recovery for recovery in self.recoveries}

    @cached_property
    def goodwill(self) -> Mapping[str, RulePlan]:
        """What is given after cases that ended well, by what its decisions are named."""
        every = (one.goodwill.rule for one in self.recoveries if one.goodwill is not None)
        return {rule.name: rule for rule in every}

    @cached_property
    def about_cases(self) -> Mapping[str, tuple[RecoveryPlan, ...]]:
        """The recoveries that are on events of each type."""
        events = {event for recovery in self.recoveries for event in recovery.events}
        return {
            event: tuple(recovery for recovery in self.recoveries if event in recovery.events)
            for event in events
        }

    def concerned(self, event: str) -> bool:
        """Whether a way between stages, a journey, a recovery or a dissolution is on events of this
        type."""
        ways = self.stages is not None and event in self.stages.on
        return (
            ways
            or event in self.about_cases
            or any(event in journey.events for journey in self.journeys)
            or any(event in dissolution.events for dissolution in self.dissolutions)
        )

    @cached_property
    def watches(self) -> bool:
        """Whether figures are watched, beside timers that are set."""
        return bool(self.crossings or self.ladders or self.stages)

    @cached_property
    def recurring(self) -> tuple[Calendar | Anniversary, ...]:
        """The triggers on the calendar, and the anniversaries."""
        return tuple(t for t in self.triggers if isinstance(t, Calendar | Anniversary))

    @cached_property
    def crossings(self) -> tuple[Crossing, ...]:
        """The triggers that come as a line is crossed."""
        return tuple(trigger for trigger in self.triggers if isinstance(trigger, Crossing))

    @cached_property
    def expiring(self) -> tuple[Expiring, ...]:
        """The triggers that tell of points before they expire."""
        return tuple(trigger for trigger in self.triggers if isinstance(trigger, Expiring))

    @cached_property
    def ending(self) -> tuple[Ending, ...]:
        """The triggers that tell of offers before they end."""
        return tuple(trigger for trigger in self.triggers if isinstance(trigger, Ending))
