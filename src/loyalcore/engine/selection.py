"""Which of the rules whose conditions are true take effect, and what holds back the others."""

from __future__ import annotations

from collections.abc import Iterable
from zoneinfo import ZoneInfo

from loyalcore.effects.changes import Change
from loyalcore.engine.decide import decide
from loyalcore.engine.turn import Turn
from loyalcore.program.rule_plan import RulePlan


def select(turn: Turn, matched: Iterable[int]) -> None:
    """Decide the rules of these indexes, in their order."""
    rules, now = turn.plan.rules, turn.now
    zone, fired = turn.plan.locale.zone, turn.fired
    for index in matched:
        rule = rules[index]
        if not in_force(rule, now):
            continue
        reason = ""
        if rule.limits:
            firings = fired.get(rule.name, ())
            reason = over_limit(rule, firings, now, zone)
            if not reason:
                fired = {**fired, rule.name: (*firings, now)[-rule.remembered :]}
        decide(turn, rule, () if reason else _wanted(turn, rule), reason)
    turn.fired = fired


def in_force(rule: RulePlan, now: int) -> bool:
    """Whether `now` is within the rule's from and until."""
    return (rule.start is None or now >= rule.start) and (rule.end is None or now < rule.end)


def over_limit(rule: RulePlan, firings: tuple[int, ...], now: int, zone: ZoneInfo) -> str:
    """Which limit holds the rule back, given the times it fired; empty where none does."""
    for limit in rule.limits:
        if len(firings) < limit.times:
            continue
        if limit.window is None or firings[-limit.times] > limit.window.since(now, zone):
            return f"limit: {limit.text}"
    return ""


def _wanted(turn: Turn, rule: RulePlan) -> list[Change]:
    changes: list[Change] = []
    for run in rule.effects:
        changes += run(turn.facts)
    return changes
