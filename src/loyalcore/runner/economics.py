"""What rules cost, whom they reached, and what those brought afterwards: from a store's rows.

    decisions (by customer, time)  +  margins (by customer, time)  ->  a reckoning by rule, ...

One customer is in memory at a time. Who was merged into another counts as that one.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from operator import itemgetter
from sqlite3 import Connection
from typing import Literal, NamedTuple
from zoneinfo import ZoneInfo

from loyalcore.calendars import Calendar, Duration
from loyalcore.engine.selecting.bounds import budget_key
from loyalcore.engine.state import Stored, stored_reader
from loyalcore.program.care.journey_plan import JourneyPlan
from loyalcore.program.plan import Program
from loyalcore.program.selecting.rule_plan import Quota, RulePlan
from loyalcore.runner.uplift import Difference, Sample, welch
from loyalcore.store.customers import each_state
from loyalcore.store.economics import (
    Brought,
    Effort,
    drawn_in_periods,
    each_brought,
    each_effort,
    has_merged,
    set_owners,
)
from loyalcore.values import to_datetime

By = Literal["rule", "section", "experiment", "month"]


@dataclass
class Reckoning:
    """What one rule (or section, experiment, month) came to.

    `fired` times, for `reached` customers, at `cost` minor units (`priced`: whether anything
    says what it costs). `responded` of them bought within the time asked for after it fired,
    and all of them brought `margin` then. `treated` and `held` are the margin of each customer
    after the first time that the rule fired, or was held back from the control group; who was in
    both (`mixed`: merged customers) is in neither. `running` is how many customers have such
    time left by the store's latest event.
    """

    key: str
    experiment: str = ""
    fired: int = 0
    reached: int = 0
    cost: int = 0
    priced: bool = False
    responded: int = 0
    margin: int = 0
    running: int = 0
    treated: Sample = field(default_factory=Sample)
    held: Sample = field(default_factory=Sample)
    mixed: int = 0

    @property
    def uplift(self) -> Difference | None:
        """By how much margin a customer who was reached is above one held out; None where
        there is no control group, or too little of it."""
        return welch(self.treated, self.held)


class BudgetUse(NamedTuple):
    """How much of a budget was used in a period ("" for good), and how much is left: minor
    units of money, points, or pieces. `of` is the rule, or the group, whose it is."""

    of: str
    what: str
    text: str
    period: str
    used: int
    left: int


@dataclass(frozen=True)
class Asked:
    """What is reckoned with: efforts in since <= time < until, by what, of which rule, what
    counts as an answer to them (`within` so long), and by when (`now`)."""

    by: By
    within: Duration
    now: int
    since: int | None = None
    until: int | None = None
    rule: str | None = None


def reckon(
    connection: Connection,
    program: Program,
    asked: Asked,
    progress: Callable[[int], None] = lambda customers: None,
) -> list[Reckoning]:
    """Everything that was asked for, by name. Calls `progress` with 1 after each customer."""
    set_owners(connection, _owners(connection) if has_merged(connection) else {})
    reckoner = _Reckoner(asked, program.locale.zone, dict(_experiments(program)))
    efforts = each_effort(connection, since=asked.since, until=asked.until, rule=asked.rule)
    brought = each_brought(connection, since=asked.since)
    for own, margins in _by_customer(efforts, brought):
        reckoner.add(own, margins)
        progress(1)
    return [reckoner.found[key] for key in sorted(reckoner.found)]


class _Merged(Stored, frozen=True):
    """What a packed state says of merging."""

    merged: str = ""


_read_merged = stored_reader(_Merged)


def _owners(connection: Connection) -> Mapping[str, str]:
    """Who has the events of each customer who is merged."""
    into = {
        name: merged
        for name, state in each_state(connection)
        if (merged := _read_merged(state.state).merged)
    }
    owners = {}
    for name in into:
        owner = name
        while owner in into:
            owner = into[owner]
        owners[name] = owner
    return owners


def _by_customer(
    efforts: Iterable[Effort], brought: Iterable[Brought]
) -> Iterator[tuple[Sequence[Effort], Sequence[Brought]]]:
    """The efforts for each customer, with what they brought; both are sorted by customer."""
    margins = groupby(brought, itemgetter(0))
    ahead = next(margins, None)
    for customer, own in groupby(efforts, itemgetter(0)):
        while ahead is not None and ahead[0] < customer:
            ahead = next(margins, None)
        theirs = tuple(ahead[1]) if ahead is not None and ahead[0] == customer else ()
        yield tuple(own), theirs


class _Reckoner:
    """Adds up customer after customer; what was `found` is by key."""

    def __init__(self, asked: Asked, zone: ZoneInfo, experiments: Mapping[str, str]) -> None:
        self.found: dict[str, Reckoning] = {}
        self._asked = asked
        self._zone = zone
        self._experiments = experiments

    def add(self, efforts: Sequence[Effort], margins: Sequence[Brought]) -> None:
        parted: dict[str, list[Effort]] = {}
        for effort in efforts:
            if (key := self._key(effort)) is not None:
                parted.setdefault(key, []).append(effort)
        for key, own in parted.items():
            experiment = key if self._asked.by == "experiment" else self._experiments.get(key, "")
            one = self.found.setdefault(key, Reckoning(key, experiment))
            self._add(one, own, margins)

    def _key(self, effort: Effort) -> str | None:
        match self._asked.by:
            case "rule":
                return effort.rule
            case "section":
                return section_of(effort.rule)
            case "experiment":
                return self._experiments.get(effort.rule)
            case "month":
                return f"{to_datetime(effort.time, self._zone):%Y-%m}"

    def _add(self, one: Reckoning, efforts: Sequence[Effort], margins: Sequence[Brought]) -> None:
        fired = [effort.time for effort in efforts if not effort.held]
        held = [effort.time for effort in efforts if effort.held]
        for effort in efforts:
            if effort.cost is not None:
                one.priced = True
                one.cost += effort.cost
        if fired:
            one.fired += len(fired)
            one.reached += 1
            within = [each for each in margins if self._follows(each.time, fired)]
            one.margin += sum(each.amount for each in within)
            one.responded += any(each.amount > 0 for each in within)
            one.running += self._end(fired[-1]) > self._asked.now
        if self._asked.by in ("rule", "experiment"):
            if fired and held:
                one.mixed += 1
                return
            first = (fired or held)[:1]
            figure = sum(each.amount for each in margins if self._follows(each.time, first))
            (one.treated if fired else one.held).add(figure)

    def _follows(self, time: int, efforts: Sequence[int]) -> bool:
        """Whether `time` is after one of the efforts, and no more than so long."""
        earlier = bisect_left(efforts, time)
        return earlier > 0 and time <= self._end(efforts[earlier - 1])

    def _end(self, time: int) -> int:
        return self._asked.within.after(time, self._zone)


SECTIONS = ("rewards", "offers", "win_back", "recovery", "journeys", "dissolution", "tasks")


def section_of(rule: str) -> str:
    """The section that a decision is of: `rules` for those that are named by their rule alone."""
    section, dot, _ = rule.partition(".")
    return section if dot and section in SECTIONS else "rules"


def rule_plans(program: Program) -> Iterator[RulePlan]:
    """Everything in the program that is selected as rules are, some of it more than once."""
    for event in program.events.values():
        yield from event.rules
        yield from (reward.rule for reward in event.rewards.values())
    for offer in program.offers.values():
        yield from (offer.opened, offer.completed)
    for journey in _journeys(program):
        yield from (entry.rule for entry in journey.entries.values())
        for step in journey.steps:
            yield from (step.rule, step.other)
    yield from () if program.life is None else program.life.goodwill.values()


def _journeys(program: Program) -> Iterable[JourneyPlan]:
    return () if program.life is None else program.life.by_place.values()


def _experiments(program: Program) -> Iterator[tuple[str, str]]:
    """The experiments that say who is held out, each by the name of what holds them out."""
    for plan in rule_plans(program):
        if plan.selection.experiment is not None:
            yield plan.name, plan.selection.experiment.name
    for journey in _journeys(program):
        if journey.holdout is not None:
            yield journey.place, journey.holdout.name


# --- budgets ------------------------------------------------------------------------------------


def budget_uses(connection: Connection, program: Program, asked: Asked) -> list[BudgetUse]:
    """How much of each budget of the program was used and is left, period by period: of those
    that reach into the time asked for, and of the one that is now."""
    quotas: dict[str, tuple[str, Quota]] = {}
    for plan in rule_plans(program):
        if asked.rule in (None, plan.name):
            for bounds in plan.selection.bounds:
                of = f"group {bounds.group}" if bounds.group else plan.name
                quotas |= {quota.key: (of, quota) for quota in bounds.budgets}
    return [
        BudgetUse(of, quota.what, quota.text, period, used, quota.amount - used)
        for of, quota in quotas.values()
        for period, used in _used(connection, quota, program.locale.zone, asked)
    ]


def _used(
    connection: Connection, quota: Quota, zone: ZoneInfo, asked: Asked
) -> Iterator[tuple[str, int]]:
    drawn = drawn_in_periods(connection, quota.key)
    if not isinstance(quota.window, Calendar):
        yield "", drawn.get("", 0)
        return

    def period_of(time: int) -> str:
        return budget_key(quota, time, zone).removeprefix(quota.key).strip()

    first = "" if asked.since is None else period_of(asked.since)
    last = period_of(asked.now if asked.until is None else asked.until - 1)
    for period in sorted({period_of(asked.now), *drawn}):
        if period.startswith(quota.window.period) and first <= period <= last:
            yield period, drawn.get(period, 0)
