"""Which of the rules whose conditions are true take effect, and what holds back the others.

In this order (S4): whom it is for, priority, stacking group (stacking.py), limits, caps,
budgets (bounds.py), and last the control group of an experiment, which uses up nothing.

Rewards and offers, which are selected as rules are, call `held`, and then `fire`; or, where
they do more between, `fitted`, `use` and `cost_of`.
"""

from __future__ import annotations

from collections.abc import Iterable

from loyalcore.effects.changes import Change
from loyalcore.effects.kind import Facts
from loyalcore.engine import bounds
from loyalcore.engine.apply import apply
from loyalcore.engine.bounds import Tally, over_limit
from loyalcore.engine.decide import decide, record, rested_on
from loyalcore.engine.outcome import Decision
from loyalcore.engine.turn import Turn
from loyalcore.program.rule_plan import PLAIN, RulePlan


def held(turn: Tally, rule: RulePlan, wanted: Iterable[Change], facts: Facts) -> str:
    """Why `rule`, which wants these changes on these facts, is held back: "limit: 1 per day".

    Empty where nothing does. Stacking groups are no matter of one rule: they are not asked.
    """
    return _not_for(rule, facts) or _beyond(turn, rule, wanted, facts) or _held_out(turn, rule)


def fitted(turn: Tally, rule: RulePlan, wanted: Iterable[Change], facts: Facts) -> list[Change]:
    """The changes that `rule` wants, cut to what its caps and budgets leave of them."""
    if not rule.selection.bounds:
        return list(wanted)
    return bounds.fit(turn, rule, wanted, facts)[0]


def cost_of(turn: Tally, rule: RulePlan, done: Iterable[Change], facts: Facts) -> int | None:
    """What it costs the business that `rule` did `done`, in minor units; None where nothing
    says so."""
    selection = rule.selection
    if selection.cost is None and not selection.priced:
        return None
    return bounds.whole_cost(turn, rule, done, facts)


def use(turn: Tally, rule: RulePlan, done: Iterable[Change], cost: int | None) -> None:
    """Count that `rule` fired, and did `done`, against its limits, caps and budgets."""
    if rule.selection is PLAIN:
        if rule.limits:
            firings = (*turn.fired.get(rule.name, ()), turn.now)[-rule.remembered :]
            turn.fired = {**turn.fired, rule.name: firings}
    elif rule.selection.bounds:
        bounds.count(turn, rule, done, cost)


def fire(turn: Turn, rule: RulePlan, wanted: Iterable[Change], facts: Facts) -> Decision:
    """Decide `rule`, which nothing holds back: do what it wants as far as there is room for
    it, count it, and record it with what it cost."""
    done = [apply(turn, change) for change in fitted(turn, rule, wanted, facts)]
    cost = cost_of(turn, rule, done, facts)
    use(turn, rule, done, cost)
    return record(turn, rule.name, rested_on(rule, facts), done, "", cost)


def in_force(rule: RulePlan, now: int) -> bool:
    """Whether `now` is within the rule's from and until, and its schedule."""
    schedule = rule.selection.schedule
    return (
        (rule.start is None or now >= rule.start)
        and (rule.end is None or now < rule.end)
        and (schedule is None or schedule.open(now))
    )


def select(turn: Turn, matched: Iterable[int]) -> None:
    """Decide the rules of these indexes, in their order."""
    rules, now, facts = turn.plan.rules, turn.now, turn.facts
    for index in matched:
        rule = rules[index]
        if not in_force(rule, now):
            continue
        if rule.selection is PLAIN:  # by far the most usual
            if reason := _beyond(turn, rule, (), facts):
                decide(turn, rule, (), reason)
                continue
            if rule.limits:
                use(turn, rule, (), None)
            decide(turn, rule, _wanted(rule, facts))
            continue
        wanted = _wanted(rule, facts)
        if reason := held(turn, rule, wanted, facts):
            decide(turn, rule, (), reason)
        else:
            fire(turn, rule, wanted, facts)


def _not_for(rule: RulePlan, facts: Facts) -> str:
    who = rule.selection.who
    return "" if who is None or who(facts) else f"who: {rule.selection.who_text}"


def _beyond(turn: Tally, rule: RulePlan, wanted: Iterable[Change], facts: Facts) -> str:
    if rule.selection is PLAIN:
        if not rule.limits:
            return ""
        zone = turn.program.locale.zone
        return over_limit(rule.limits, turn.fired.get(rule.name, ()), turn.now, zone)
    return bounds.fit(turn, rule, wanted, facts)[1] if rule.selection.bounds else ""


def _held_out(turn: Tally, rule: RulePlan) -> str:
    experiment = rule.selection.experiment
    if experiment is None or not experiment.held_out(turn.event.customer):
        return ""
    return f"holdout: {experiment.name}"


def _wanted(rule: RulePlan, facts: Facts) -> list[Change]:
    changes: list[Change] = []
    for run in rule.effects:
        changes += run(facts)
    return changes
