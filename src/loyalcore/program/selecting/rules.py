"""Rules: conditions and effects, compiled for each event type."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pydantic import ValidationError

from loyalcore.effects.kind import Run
from loyalcore.errors import did_you_mean
from loyalcore.program.planner import RulePlanner
from loyalcore.program.report import Place
from loyalcore.program.selecting.rule_plan import RulePlan
from loyalcore.program.selecting.selection import plan_selected
from loyalcore.ruleset.load import shape_problems
from loyalcore.ruleset.model import RuleSpec
from loyalcore.values import FLAG


def plan_rule(name: str, spec: RuleSpec, planner: RulePlanner) -> RulePlan | None:
    """The rule for one of the events it is on, or None where a mistake was reported."""
    place: Place = ("rules", name)
    condition = None
    if spec.when is not None:
        condition = planner.checked(spec.when, (FLAG,), (*place, "when"))
    effects = plan_effects(spec.then, (*place, "then"), planner)
    rule = plan_selected(name, spec, place, planner, effects, condition, spec.when or "")
    return None if planner.report.broken else rule


def plan_effects(
    then: Sequence[Mapping[str, object]], place: Place, planner: RulePlanner
) -> tuple[Run, ...]:
    """The sound ones of the effects that are written at `place`."""
    return tuple(
        run
        for position, written in enumerate(then)
        if (run := _plan_effect(written, (*place, position), planner)) is not None
    )


def _plan_effect(written: Mapping[str, object], place: Place, planner: RulePlanner) -> Run | None:
    report, kinds = planner.report, planner.vocabulary.effects
    if len(written) != 1:
        words = ", ".join(written) or "nothing"
        report.problem(
            "bad-effect",
            f"an effect is one word and what it does, here: {words}",
            place,
            hint="start each effect with its own dash",
        )
        return None
    ((word, below),) = written.items()
    kind = kinds.get(word)
    if kind is None:
        hint = did_you_mean(word, kinds) or f"effects are {', '.join(kinds)}"
        report.problem(
            "unknown-effect", f"there is no effect '{word}'", (*place, word), hint=hint, key=True
        )
        return None
    try:
        spec = kind.model.model_validate(below)
    except ValidationError as invalid:
        known = [field.alias or name for name, field in kind.model.model_fields.items()]
        report.add(
            shape_problems(
                invalid, report.document, (*place, word), lambda loc: [] if loc else known
            )
        )
        return None
    run: Run | None = kind.plan(spec, planner.below((*place, word)))
    return run
