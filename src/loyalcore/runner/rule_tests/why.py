"""Why a case did not come to what was expected, told from the steps it took."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from loyalcore.effects.changes import Accrue, Change, Skipped
from loyalcore.engine.explain import RuleExplanation, explain
from loyalcore.expression import Drawing
from loyalcore.program.plan import Program
from loyalcore.runner.rule_tests.steps import Taken

MOST = 3  # events told of for one rule: the latest ones


@dataclass(frozen=True)
class Reason:
    """A sentence, and the condition behind it with the value of each part."""

    text: str
    drawing: Drawing | None = None


def why_not(program: Program, rule: str, steps: Sequence[Taken]) -> Iterator[Reason]:
    """Why `rule` did not fire at any of `steps` where it might have."""
    chances = list(_explained(rule, steps))
    missed = [(step, told) for step, told in chances if told.verdict != "fired"]
    if not missed:
        types = [
            event
            for event, plan in program.events.items()
            if any(each.name == rule for each in plan.rules)
        ]
        other = "other " if chances else ""
        yield Reason(f"{rule} is on {' and '.join(types)}; no {other}such event came")
    for step, told in missed[-MOST:]:
        drawing = told.condition if told.verdict == "not true" else None
        yield Reason(f"{rule} did not fire at the {step}: {told.reason}", drawing)


def why_fired(rule: str, steps: Sequence[Taken]) -> Iterator[Reason]:
    """Why `rule` fired at those of `steps` where it did."""
    fired = [(step, told) for step, told in _explained(rule, steps) if told.verdict == "fired"]
    for step, told in fired[-MOST:]:
        yield Reason(f"{rule} fired at the {step}: {told.reason}", told.condition)


def _explained(rule: str, steps: Sequence[Taken]) -> Iterator[tuple[Taken, RuleExplanation]]:
    """`rule` at each of `steps` whose event it is on."""
    for step in steps:
        for told in explain(step.program, step.before, step.event):
            if told.rule == rule:
                yield step, told


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
