"""Which of the rules whose conditions are true take effect, and what holds back the others.

In this order (S4): whom it is for, priority, stacking group (stacking.py), limits, caps,
budgets (bounds.py), the control group of an experiment, which uses up nothing, and last the
reviews of plugins (reviewing.py).

Rewards and offers, which are selected as rules are, call `held`, and then `fire`; or, where
they do more between, `fitted`, `use` and `cost_of` (all in holding.py).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from loyalcore.effects.changes import Change
from loyalcore.effects.kind import Facts
from loyalcore.engine.apply import apply
from loyalcore.engine.decide import hold_back, record, rested_on
from loyalcore.engine.outcome import Decision
from loyalcore.engine.selecting.bounds import Trial, fit, over_limits, worth
from loyalcore.engine.selecting.holding import (
    beyond,
    cost_of,
    fitted,
    held,
    held_out,
    in_force,
    not_for,
    use,
)
from loyalcore.engine.selecting.reviewing import notes, vetoed
from loyalcore.engine.selecting.stacking import Candidate, choose, shut_out
from loyalcore.engine.turn import Turn
from loyalcore.program.selecting.rule_plan import RulePlan


def fire(turn: Turn, rule: RulePlan, wanted: Iterable[Change], facts: Facts) -> Decision:
    """Decide `rule`, which nothing holds back: do what it wants as far as there is room for
    it, count it, and record it with what it cost."""
    return _fire(turn, rule, fitted(turn, rule, wanted, facts), facts)


def _fire(turn: Turn, rule: RulePlan, fitting: list[Change], facts: Facts) -> Decision:
    if turn.plan.reviews:
        fitting = [*fitting, *notes(turn, rule, fitting, facts)]
    done = [apply(turn, change) for change in fitting]
    cost = cost_of(turn, rule, done, facts)
    use(turn, rule, done, cost)
    return record(turn, rule.name, rested_on(rule, facts), done, "", cost)


def select(turn: Turn, matched: Iterable[int]) -> None:
    """Decide the rules of these indexes, in their order."""
    rules, now, facts = turn.plan.rules, turn.now, turn.facts
    if turn.plan.stacked:
        _select_stacked(turn, [rules[at] for at in matched if in_force(rules[at], now)])
        return
    for index in matched:
        rule = rules[index]
        if rule.free and not turn.plan.reviews:  # by far the most usual
            done = [apply(turn, change) for run in rule.effects for change in run(facts)]
            record(turn, rule.name, rested_on(rule, facts), done)
        elif in_force(rule, now):
            _select(turn, rule)


def _select(turn: Turn, rule: RulePlan) -> None:
    """Decide a rule that no other keeps from firing."""
    facts = turn.facts
    if reason := not_for(rule, facts) or over_limits(turn, rule):
        hold_back(turn, rule, reason)
        return
    wanted, reason = fit(turn, rule, _wanted(rule, facts), facts)
    if reason := reason or held_out(turn, rule) or vetoed(turn, rule, wanted, facts):
        hold_back(turn, rule, reason)
    else:
        _fire(turn, rule, wanted, facts)


def _select_stacked(turn: Turn, rules: Sequence[RulePlan]) -> None:
    """Decide rules of which some keep others from firing.

    A rule that something else holds back wins no group: groups are chosen among those that
    nothing does, and that is tried in order; where one of them is held back after all (by
    what those before it use up, by an exclusive group, or as it is in a control group),
    they are chosen anew without it.
    """
    facts, program = turn.facts, turn.program
    wanted = [_wanted(rule, facts) for rule in rules]
    held_back: dict[int, str] = {}
    candidates: list[Candidate] = []
    for place, rule in enumerate(rules):
        if reason := not_for(rule, facts) or beyond(turn, rule, wanted[place], facts):
            held_back[place] = reason
            continue
        groups = rule.selection.groups[::-1]
        gain = worth(program, fitted(turn, rule, wanted[place], facts))
        candidates.append(Candidate(place, rule.name, groups, gain))
    while True:
        choice = choose(candidates)
        trial = Trial(turn)
        fired: list[Candidate] = []
        for one in choice.chosen:
            rule, wants = rules[one.place], wanted[one.place]
            if reason := shut_out(one, fired) or held(trial, rule, wants, facts):
                held_back[one.place] = reason
                candidates.remove(one)
                break
            fitting = fitted(trial, rule, wants, facts)
            use(trial, rule, fitting, cost_of(trial, rule, fitting, facts))
            fired.append(one)
        else:
            break
    held_back |= choice.lost
    for place, rule in enumerate(rules):
        if place in held_back:
            hold_back(turn, rule, held_back[place])
        else:
            fire(turn, rule, wanted[place], facts)


def _wanted(rule: RulePlan, facts: Facts) -> list[Change]:
    return [change for run in rule.effects for change in run(facts)]
