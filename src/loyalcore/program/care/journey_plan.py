"""Journeys compiled: who enters, what each step does, and what ends them."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from msgspec import Struct

from loyalcore.calendars import Duration
from loyalcore.effects.kind import Facts
from loyalcore.program.selecting.rule_plan import Experiment, RulePlan
from loyalcore.values import Type, Value

Condition = Callable[[Facts], bool]
Writers = tuple[tuple[str, Callable[[Value], object] | None], ...]


class EntryPlan(Struct, frozen=True):
    """What is asked at an event with which customers enter: whether it is one (`when`), for
    whom, and within which limits (`rule`). `writers` write its fields."""

    when: Condition | None
    rule: RulePlan
    writers: Writers


class StepPlan(Struct, frozen=True):
    """The `number`th step. It comes at once (`now`), so long `after` the anchor (moved on to the
    `hour`, in minutes after midnight), at one of `events`, or once a `condition` holds; or is
    over `within` a time after the one before. What is done is by `rule`, or else by `other`.
    `fields` are those of the event that it waits for which it may read."""

    number: int
    text: str
    now: bool
    after: Duration | None
    hour: int | None
    events: tuple[str, ...]
    fields: tuple[str, ...]
    condition: Condition | None
    within: Duration | None
    within_text: str
    when: Condition | None
    when_text: str
    rule: RulePlan
    other: RulePlan

    @property
    def waits(self) -> bool:
        """Whether it waits for something that may not come."""
        return bool(self.events) or self.condition is not None


class JourneyPlan(Struct, frozen=True):
    """A journey. `kind` is "journey" or "win_back", `place` what its decisions are named.

    `entries` are by type of event, and `fields` what all those have in common; `ends` has the
    outcome by type of the event that ends it. `attribution` is how long it goes on after its last
    step. `repeats` says whether it may be entered more than once; of who is in the `holdout`
    it does nothing.
    """

    kind: str
    name: str
    place: str
    priority: int
    entries: Mapping[str, EntryPlan]
    fields: Mapping[str, Type]
    steps: tuple[StepPlan, ...]
    ends: Mapping[str, str]
    stop: Condition | None
    stop_text: str
    attribution: Duration | None
    cool_off: Duration | None
    repeats: bool
    holdout: Experiment | None

    @property
    def events(self) -> frozenset[str]:
        """The types of events that it is on."""
        waited = (event for step in self.steps for event in step.events)
        return frozenset((*self.entries, *self.ends, *waited))

    @property
    def watches(self) -> bool:
        """Whether it looks at figures, which time may change."""
        return self.stop is not None or any(step.condition is not None for step in self.steps)
