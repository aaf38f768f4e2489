"""Why a case did not come to what was expected, told from the steps it took."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from loyalcore.effects.changes import Skipped
from loyalcore.engine.explain import explain
from loyalcore.engine.explanation import RuleExplanation
from loyalcore.engine.outcome import Decision
from loyalcore.expression import Drawing
from loyalcore.program.plan import Program
from loyalcore.runner.rule_tests.sections import rule_names
from loyalcore.runner.rule_tests.steps import Taken

MOST = 3  # events told of for one rule: the latest ones


@dataclass(frozen=True)
class Reason:
    """A sentence, and the condition behind it with the value of each part."""

    text: str
    drawing: Drawing | None = None


def why_not(program: Program, rule: str, steps: Sequence[Taken]) -> Iterator[Reason]:
    """Why `rule` did not fire at any of `steps` where it might have."""
    if rule not in rule_names(program):
        yield from _why_section_not(rule, steps)
        return
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
    by_itself = [step for step, decision in _decided(rule, steps) if decision.fired]
    fired = [(step, told) for step, told in _explained(rule, steps) if told.verdict == "fired"]
    for step, told in fired[-MOST:]:
        yield Reason(f"{rule} fired at the {step}: {told.reason}", told.condition)
    if not fired:
        for step in by_itself[-MOST:]:
            yield Reason(f"{rule} was decided at the {step}")


def _why_section_not(name: str, steps: Sequence[Taken]) -> Iterator[Reason]:
    """Why what a section of the ruleset decides by itself did not happen."""
    held = [(step, told.reason) for step, told in _decided(name, steps) if not told.fired]
    if not held:
        yield Reason(f"{name}: nothing brought it about")
    for step, reason in held[-MOST:]:
        yield Reason(f"{name} was held back at the {step}: {reason}")


def _decided(rule: str, steps: Sequence[Taken]) -> Iterator[tuple[Taken, Decision]]:
    """The decisions of this name."""
    for step in steps:
        for decision in step.outcome.decisions:
            if decision.rule == rule:
                yield step, decision


def _explained(rule: str, steps: Sequence[Taken]) -> Iterator[tuple[Taken, RuleExplanation]]:
    """`rule` at each of `steps` whose event it is on."""
    for step in steps:
        for told in explain(step.program, step.before, step.event, step.shared).rules:
            if told.rule == rule:
                yield step, told


def why_balance(wallet: str, steps: Sequence[Taken], what: str = "balance") -> Iterator[Reason]:
    """What moved `wallet`, or what is pending of it, and what was kept from moving it."""
    buckets = ("pending",) if what == "pending" else ("active", "owed")
    for step in steps:
        for decision in step.outcome.decisions:
            points = sum(
                entry.points
                for entry in decision.entries
                if entry.wallet == wallet and entry.bucket in buckets
            )
            if points:
                yield Reason(f"{decision.rule} at the {step}: {points:+,} {wallet}")
            for change in decision.changes:
                if isinstance(change, Skipped) and change.reason.startswith(f"{wallet}:"):
                    yield Reason(f"{decision.rule} at the {step}: {change.reason}")
