"""Why each rule did, or did not do, something at one event, and what sections did there.

The verdict on a rule is the step's own; what stands beside it (the condition drawn, the
limits, the facts) is evaluated on what the step saw. Pure, as the step is: who asks years
later gives the state as it was, and gets what was decided then.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from zoneinfo import ZoneInfo

from msgspec import json

from loyalcore.calendars import Calendar, Window
from loyalcore.engine.decide import rested_on
from loyalcore.engine.outcome import Decision
from loyalcore.engine.selecting.bounds import budget_key, used
from loyalcore.engine.selecting.holding import in_force
from loyalcore.engine.shared import NOTHING, Shared
from loyalcore.engine.state import CustomerState
from loyalcore.engine.step import see, step
from loyalcore.engine.telling.explanation import (
    EntryTold,
    Explained,
    GroupUse,
    LimitUse,
    QuotaUse,
    RuleExplanation,
    Verdict,
)
from loyalcore.engine.telling.prospects import At, Prospect, prospect
from loyalcore.engine.turn import Turn
from loyalcore.events import Event
from loyalcore.expression import Behind, Drawing, Facts, draw, names
from loyalcore.ledger.lots import Entry
from loyalcore.program.plan import Program
from loyalcore.program.selecting.rule_plan import Bounds, Limit, Quota, RulePlan
from loyalcore.values import MONEY, read_time, write_time, write_value

YEAR_1 = read_time("0001-01-01T00:00:00Z", ZoneInfo("UTC"))  # before it nothing is written


def explain(
    program: Program,
    state: CustomerState,
    event: Event,
    shared: Shared = NOTHING,
    asked: str = "",
) -> Explained:
    """What everything that could decide `event` made of it.

    `state` is the customer just before it, and `shared` what all customers share, as it was
    then; neither is changed. A trigger, ladder or stage that is `asked` for by the name of its
    decisions is told of even where it decided nothing.
    """
    plan = program.events[event.type]
    after, outcome = step(program, state, event, shared)
    decisions = {decision.rule: decision for decision in outcome.decisions}
    _, facts = see(program, state, event)
    before = Turn(program, plan, state, event, facts, shared)
    rules = {rule.name for rule in plan.rules}
    sections = [
        _of_section(decision, facts, before)
        for decision in outcome.decisions
        if decision.rule not in rules
    ]
    if asked and (to_come := prospect(program, after, asked, At(event, facts))) is not None:
        found = [replace(one, prospect=to_come) for one in sections if one.rule == asked]
        sections = found or [_undecided(asked, to_come, facts, before)]
    return Explained(
        tuple(_explained(rule, decisions.get(rule.name), facts, before) for rule in plan.rules),
        tuple(sections),
    )


def _undecided(name: str, to_come: Prospect, facts: Facts, before: Turn) -> RuleExplanation:
    told = _explained(_bare(name), None, facts, before)
    return replace(told, verdict="not true", reason=to_come.now, prospect=to_come)


def _bare(name: str) -> RulePlan:
    """What no rule decides, with no more than a name."""
    return RulePlan(name, None, "", 0, None, None, (), ())


def _of_section(decision: Decision, facts: Facts, before: Turn) -> RuleExplanation:
    """What a section decided. Rewards, and offers that are opened or completed, are held back
    as rules are."""
    program, name = before.program, decision.rule
    section, _, rest = name.partition(".")
    rule = None
    if section == "rewards" and rest in before.plan.rewards:
        rule = before.plan.rewards[rest].rule
    elif section == "offers" and (offer := program.offers.get(rest.removesuffix(".opened"))):
        rule = next((one for one in (offer.opened, offer.completed) if one.name == name), None)
    elif section == "recovery" and program.life is not None:
        rule = program.life.goodwill.get(name)
    if rule is None:
        rule = _bare(name)
    told = _explained(rule, decision, facts, before)
    verdict: Verdict = "fired" if decision.fired else "held"
    if decision.reason and not in_force(rule, before.now):
        verdict = "not in force"
    return replace(told, verdict=verdict, reason=decision.reason)


def _explained(
    rule: RulePlan, decision: Decision | None, facts: Facts, before: Turn
) -> RuleExplanation:
    """`before` is the turn with nothing done yet."""
    locale, now, selection = before.program.locale, before.now, rule.selection
    behind = Behind(before.program.derived, _outside(facts, before))
    condition = None
    if rule.condition is not None:
        condition = draw(rule.condition, facts, rule.text, locale, behind)
    who = None
    if selection.who_node is not None:
        who = draw(selection.who_node, facts, selection.who_text, locale, behind)
    verdict, reason = _verdict(rule, decision, condition, facts, now)
    experiment, schedule = selection.experiment, selection.schedule
    return RuleExplanation(
        rule=rule.name,
        verdict=verdict,
        reason=reason,
        decision=decision.id if decision else "",
        condition=condition,
        starts=None if rule.start is None else write_time(rule.start),
        ends=None if rule.end is None else write_time(rule.end),
        limits=tuple(
            _use(limit, bounds, before) for bounds in selection.bounds for limit in bounds.limits
        ),
        facts=json.decode(decision.facts) if decision else rested_on(rule, facts),
        effects=_decode(decision.effects) if decision else (),
        who=who,
        schedule=schedule.text if schedule else "",
        scheduled=schedule is None or schedule.open(now),
        groups=tuple(GroupUse(group.name, group.stack) for group in selection.groups),
        quotas=tuple(_quotas(selection.bounds, before)),
        experiment=experiment.name if experiment else "",
        held_out=experiment is not None and experiment.held_out(before.event.customer),
        cost=write_value(MONEY, decision.cost, locale) if decision else None,
        entries=tuple(map(_told, decision.entries)) if decision else (),
    )


def _outside(facts: Facts, before: Turn) -> Facts:
    """What segments are made of: an attribute is there though a field of the event hides it."""
    attributes = {
        name: facts[f"customer.{name}"]
        for name in before.plan.fields
        if f"customer.{name}" in facts
    }
    return {**facts, **attributes}


def _told(entry: Entry) -> EntryTold:
    times = (
        None if time is None else write_time(time) for time in (entry.activates, entry.expires)
    )
    return EntryTold(entry.wallet, entry.lot, entry.kind, entry.bucket, entry.points, *times)


_decode = json.Decoder(tuple[dict[str, object], ...]).decode


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
