"""Why a case did not come to what was expected, told from the steps it took."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from loyalcore.effects.changes import Accrue, Change, Skipped
from loyalcore.engine.step import in_force
from loyalcore.expression import Drawing, draw
from loyalcore.program.plan import Program, RulePlan
from loyalcore.runner.rule_tests.steps import Taken

MOST = 3  # events told of for one rule: the latest ones


@dataclass(frozen=True)
class Reason:
    """A sentence, and the condition behind it with the value of each part."""

    text: str
    drawing: Drawing | None = None


def why_not(program: Program, rule: str, steps: Sequence[Taken]) -> Iterator[Reason]:
    """Why `rule` did not fire at any of `steps` where it might have."""
    chances = [
        (step, plan)
        for step in steps
        for plan in step.rules
        if plan.name == rule and rule not in _fired(step)
    ]
    if not chances:
        types = [name for name, plan in program.events.items() if rule in _names(plan.rules)]
        yield Reason(f"{rule} is on {' and '.join(types)}; no such event came")
    for step, plan in chances[-MOST:]:
        yield _why_not_at(step, plan)


def _why_not_at(step: Taken, plan: RulePlan) -> Reason:
    sentence = f"{plan.name} did not fire at the {step}"
    for decision in step.outcome.decisions:
        if decision.rule == plan.name:
            return Reason(f"{sentence}: {decision.reason}")
    if not in_force(plan, step.event.time):
        return Reason(f"{sentence}: it was not in force then")
    drawing = _drawn(step, plan)
    if drawing is not None and drawing.truth is None:
        return Reason(f"{sentence}: a value is missing, so its condition is unknown", drawing)
    return Reason(f"{sentence}: its condition is false", drawing)


def why_fired(rule: str, steps: Sequence[Taken]) -> Iterator[Reason]:
    """Why `rule` fired at those of `steps` where it did."""
    chances = [
        (step, plan)
        for step in steps
        for plan in step.rules
        if plan.name == rule and rule in _fired(step)
    ]
    for step, plan in chances[-MOST:]:
        because = "its condition is true" if plan.condition is not None else "it has no condition"
        yield Reason(f"{rule} fired at the {step}: {because}", _drawn(step, plan))


def why_balance(wallet: str, steps: Sequence[Taken]) -> Iterator[Reason]:
    """What moved `wallet`, and what was kept from moving it."""
    for step in steps:
        for decision in step.outcome.decisions:
            for change in decision.changes:
                if text := _moved(wallet, change):
                    yield Reason(f"{decision.rule} at the {step}: {text}")


def _moved(wallet: str, change: Change) -> str:
    match change:
        case Accrue(name, points) if name == wallet:
            return f"{points:+,} {wallet}"
        case Skipped("earn", reason) if reason.startswith(f"{wallet}:"):
            return reason
    return ""


def _drawn(step: Taken, plan: RulePlan) -> Drawing | None:
    if plan.condition is None:
        return None
    return draw(plan.condition, step.facts, plan.text, step.program.locale)


def _fired(step: Taken) -> set[str]:
    return {decision.rule for decision in step.outcome.decisions if decision.fired}


def _names(plans: Sequence[RulePlan]) -> set[str]:
    return {plan.name for plan in plans}
