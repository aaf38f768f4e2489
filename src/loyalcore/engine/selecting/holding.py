"""What holds a rule, a reward or an offer back, and what is counted when nothing does.

In this order (S4): whom it is for, limits, caps, budgets (bounds.py), the control group of an
experiment, which uses up nothing, and last the reviews of plugins (reviewing.py).
"""

from __future__ import annotations

from collections.abc import Iterable

from loyalcore.effects.changes import Change
from loyalcore.effects.kind import Facts
from loyalcore.engine.selecting import bounds
from loyalcore.engine.selecting.bounds import Register
from loyalcore.engine.selecting.reviewing import vetoed
from loyalcore.program.selecting.rule_plan import RulePlan


def held(turn: Register, rule: RulePlan, wanted: Iterable[Change], facts: Facts) -> str:
    """Why `rule`, which wants these changes on these facts, is held back: "limit: 1 per day".

    Empty where nothing does. Stacking groups are no matter of one rule: they are not asked.
    """
    return (
        not_for(rule, facts)
        or beyond(turn, rule, wanted, facts)
        or held_out(turn, rule)
        or vetoed(turn, rule, wanted, facts)
    )


def fitted(turn: Register, rule: RulePlan, wanted: Iterable[Change], facts: Facts) -> list[Change]:
    """The changes that `rule` wants, cut to what its caps and budgets leave of them."""
    if not rule.selection.bounds:
        return list(wanted)
    return bounds.fit(turn, rule, wanted, facts)[0]


def cost_of(turn: Register, rule: RulePlan, done: Iterable[Change], facts: Facts) -> int | None:
    """What it costs the business that `rule` did `done`, in minor units; None where nothing
    says so."""
    selection = rule.selection
    if selection.cost is None and not selection.priced:
        return None
    return bounds.whole_cost(turn, rule, done, facts)


def use(turn: Register, rule: RulePlan, done: Iterable[Change], cost: int | None) -> None:
    """Count that `rule` fired, and did `done`, against its limits, caps and budgets."""
    if rule.selection.bounds:
        bounds.count(turn, rule, done, cost)


def in_force(rule: RulePlan, now: int) -> bool:
    """Whether `now` is within the rule's from and until, and its schedule."""
    schedule = rule.selection.schedule
    return (
        (rule.start is None or now >= rule.start)
        and (rule.end is None or now < rule.end)
        and (schedule is None or schedule.open(now))
    )


def not_for(rule: RulePlan, facts: Facts) -> str:
    """Why the customer is none of those whom it is for."""
    who = rule.selection.who
    return "" if who is None or who(facts) else f"who: {rule.selection.who_text}"


def beyond(turn: Register, rule: RulePlan, wanted: Iterable[Change], facts: Facts) -> str:
    """Which of its limits, caps and budgets holds it back."""
    if not rule.selection.bounds:
        return ""
    return bounds.over_limits(turn, rule) or bounds.fit(turn, rule, wanted, facts)[1]


def held_out(turn: Register, rule: RulePlan) -> str:
    """In the control group of which experiment the customer is, where they are in that of
    the rule's own."""
    experiment = rule.selection.experiment
    if experiment is None or not experiment.held_out(turn.event.customer):
        return ""
    return f"holdout: {experiment.name}"
