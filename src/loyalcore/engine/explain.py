"""Why each rule did, or did not do, something at one event.

The verdict on a rule is the step's own; what stands beside it (the condition drawn, the
limits, the facts) is evaluated on what the step saw. Pure, as the step is: who asks years
later gives the state as it was, and gets what was decided then.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal
from zoneinfo import ZoneInfo

import msgspec

from loyalcore.calendars import Calendar, Window
from loyalcore.engine.bounds import budget_key, used
from loyalcore.engine.decide import rested_on
from loyalcore.engine.holding import in_force
from loyalcore.engine.outcome import Decision
from loyalcore.engine.shared import NOTHING, Shared
from loyalcore.engine.state import CustomerState
from loyalcore.engine.step import see, step
from loyalcore.engine.turn import Turn
from loyalcore.events import Event
from loyalcore.expression import Drawing, Facts, draw, names
from loyalcore.program.plan import Program
from loyalcore.program.rule_plan import Bounds, Limit, Quota, RulePlan
from loyalcore.values import MONEY, read_time, write_time, write_value

YEAR_1 = read_time("0001-01-01T00:00:00Z", ZoneInfo("UTC"))  # before it nothing is written

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
class RuleExplanation:
    """One rule at one event. Values are in plain JSON form, times ISO 8601 in UTC.

    `reason` says why the verdict is what it is. `decision` is the id of the decision,
    empty where the rule took none. `condition` is None where there is none: always true.
    The rule is in force from `starts` up to but not including `ends`, and then only as its
    `schedule` says; at this event it was `scheduled`, or not. `facts` are those that the
    rule rests on; `effects` is what it did, and `cost` what that cost, None where nothing
    says so. `who` says for whom it is; `groups` has the innermost first; `held_out` is
    whether the customer is in the control group of its `experiment`.
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


def explain(
    program: Program, state: CustomerState, event: Event, shared: Shared = NOTHING
) -> tuple[RuleExplanation, ...]:
    """Every rule on the type of `event`, in the order in which they decide.

    `state` is the customer just before it, and `shared` what all customers share, as it was
    then; neither is changed.
    """
    plan = program.events[event.type]
    _, outcome = step(program, state, event, shared)
    decisions = {decision.rule: decision for decision in outcome.decisions}
    facts = see(program, state, event).facts
    before = Turn(program, plan, state, event, facts, shared)
    return tuple(_explained(rule, decisions.get(rule.name), facts, before) for rule in plan.rules)


def _explained(
    rule: RulePlan, decision: Decision | None, facts: Facts, before: Turn
) -> RuleExplanation:
    """`before` is the turn with nothing done yet."""
    locale, now, selection = before.program.locale, before.now, rule.selection
    condition = None
    if rule.condition is not None:
        condition = draw(rule.condition, facts, rule.text, locale)
    who = None
    if selection.who_node is not None:
        who = draw(selection.who_node, facts, selection.who_text, locale)
    verdict, reason = _verdict(rule, decision, condition, facts, now)
    every = selection.bounds or (Bounds(rule.name, rule.limits),)
    experiment, schedule = selection.experiment, selection.schedule
    return RuleExplanation(
        rule=rule.name,
        verdict=verdict,
        reason=reason,
        decision=decision.id if decision else "",
        condition=condition,
        starts=None if rule.start is None else write_time(rule.start),
        ends=None if rule.end is None else write_time(rule.end),
        limits=tuple(_use(limit, bounds, before) for bounds in every for limit in bounds.limits),
        facts=rested_on(rule, facts),
        effects=_decode(decision.effects) if decision else (),
        who=who,
        schedule=schedule.text if schedule else "",
        scheduled=schedule is None or schedule.open(now),
        groups=tuple(GroupUse(group.name, group.stack) for group in selection.groups),
        quotas=tuple(_quotas(every, before)),
        experiment=experiment.name if experiment else "",
        held_out=experiment is not None and experiment.held_out(before.event.customer),
        cost=write_value(MONEY, decision.cost, locale) if decision else None,
    )


_decode = msgspec.json.Decoder(tuple[dict[str, object], ...]).decode


def _verdict(
    rule: RulePlan, decision: Decision | None, condition: Drawing | None, facts: Facts, now: int
) -> tuple[Verdict, str]:
    if decision is not None and decision.reason:
        return "held", decision.reason
    if decision is not None:
        return "fired", "its condition is true" if condition else "it has no condition"
    if not in_force(rule, now):
        if rule.start is not None and now < rule.start:
            return "not in force", "it had not begun yet"
        if rule.end is not None and now >= rule.end:
            return "not in force", "it had ended"
        schedule = rule.selection.schedule
        return "not in force", f"its schedule is {schedule.text if schedule else ''}"
    if condition is not None and condition.truth is None and rule.condition is not None:
        missing = [name for name in sorted(names(rule.condition)) if facts[name] is None]
        why = f"{_listed(missing)} missing" if missing else "a value in it is missing"
        return "not true", f"its condition is unknown: {why}"
    return "not true", "its condition is false"


def _listed(missing: list[str]) -> str:
    *others, last = missing
    return f"{', '.join(others)} and {last} are" if others else f"{last} is"


def _use(limit: Limit, bounds: Bounds, before: Turn) -> LimitUse:
    firings, zone = before.fired.get(bounds.key, ()), before.program.locale.zone
    since = None if limit.window is None else limit.window.since(before.now, zone)
    counted = firings if since is None else tuple(time for time in firings if time > since)
    return LimitUse(
        limit.text,
        limit.times,
        _begins(limit.window, before),
        tuple(write_time(time) for time in counted),
        bounds.group,
    )


def _quotas(every: Iterable[Bounds], before: Turn) -> Iterator[QuotaUse]:
    locale, now = before.program.locale, before.now

    def plain(quota: Quota, amount: int) -> object:
        return write_value(MONEY, amount, locale) if quota.what == "money" else amount

    for bounds in every:
        for cap in bounds.caps:
            amount = used(before.used, cap, now, locale.zone)
            yield QuotaUse(
                kind="cap",
                quota=cap.text,
                what=cap.what,
                amount=cap.amount,
                used=amount,
                reached=amount >= cap.amount,
                since=_begins(cap.window, before),
                group=bounds.group,
            )
        for budget in bounds.budgets:
            amount = before.drawn(budget_key(budget, now, locale.zone))
            among = None
            if budget.what == "customers":
                among = used(before.used, budget, now, locale.zone) > 0
            yield QuotaUse(
                kind="budget",
                quota=budget.text,
                what=budget.what,
                amount=plain(budget, budget.amount),
                used=plain(budget, amount),
                reached=amount >= budget.amount and not among,
                since=_begins(budget.window, before),
                group=bounds.group,
                among=among,
            )


def _begins(window: Window | None, before: Turn) -> str | None:
    """Where a window begins, as LimitUse tells it."""
    if window is None:
        return None
    since = window.since(before.now, before.program.locale.zone)
    if isinstance(window, Calendar):
        since += 1  # its window says the last moment before
    return None if since < YEAR_1 else write_time(since)
