"""Why a case did not come to what was expected, told from the steps it took."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from loyalcore.effects.changes import Skipped
from loyalcore.engine.ladders.tier_outlook import Outlook
from loyalcore.engine.outcome import Decision
from loyalcore.engine.state import CustomerState
from loyalcore.engine.telling.explain import explain
from loyalcore.engine.telling.explanation import RuleExplanation
from loyalcore.engine.telling.prospects import At, Prospect, life_names, prospect
from loyalcore.expression import Drawing
from loyalcore.program.builtin_events import DUE
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
        yield from _why_section_not(program, rule, steps)
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


def _why_section_not(program: Program, name: str, steps: Sequence[Taken]) -> Iterator[Reason]:
    """Why what a section of the ruleset decides by itself did not happen."""
    held = [(step, told.reason) for step, told in _decided(name, steps) if not told.fired]
    if not held and name in life_names(program):
        yield from why_life(name, steps)
    elif not held:
        yield Reason(f"{name}: nothing brought it about")
    for step, reason in held[-MOST:]:
        yield Reason(f"{name} was held back at the {step}: {reason}")


def why_life(name: str, steps: Sequence[Taken]) -> Iterator[Reason]:
    """Where a trigger, ladder or stage stands after `steps`, and what is to come of it."""
    for step in steps:
        if _was_due(name, step) and (told := _prospect(name, step, step.before)) is not None:
            yield Reason(f"{name} was due at the {step}, but not on its condition", told.condition)
    if not steps or (told := _prospect(name, steps[-1], steps[-1].after)) is None:
        yield Reason(f"{name}: nothing has happened to this customer")
        return
    yield Reason(f"{name}: {told.now}", told.condition)
    if told.tier is not None:
        yield from _needs(told.tier)
    for way in told.ways:
        yield Reason(
            f"to {way.to} {way.how}{'' if way.open else ', which is not so'}", way.condition
        )


def why_refused(steps: Sequence[Taken]) -> Iterator[Reason]:
    """What people did, by events, that came to nothing."""
    for step in steps:
        for decision in step.outcome.decisions:
            if decision.rule.startswith("events.") and decision.reason:
                yield Reason(f"{decision.rule} was held back at the {step}: {decision.reason}")


def _was_due(name: str, step: Taken) -> bool:
    """Whether a timer of the trigger ran out in the step and brought nothing about."""
    timers = step.before.life.timers if step.event.type == DUE else ()
    over = any(f"triggers.{one.trigger}" == name and one.due <= step.event.time for one in timers)
    return over and not any(_decided(name, (step,)))


def _prospect(name: str, step: Taken, state: CustomerState) -> Prospect | None:
    return prospect(step.program, state, name, At(step.event, step.facts))


def _needs(tier: Outlook) -> Iterator[Reason]:
    for what, needs in ((f"to reach {tier.next}", tier.to_next), ("to stay", tier.to_stay)):
        for need in needs:
            if not need.met:
                have = f": {need.have} of {need.wanted}" if need.wanted is not None else ""
                enough = ", or another" if need.one_of else ""
                yield Reason(f"{what}, {need.figure}{have} is not enough{enough}")


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
