"""Scores: from what the author declares to what a strategy is given, and what it may say.

`declare_scores` comes before any expression is checked: it adds score.NAME.OUTPUT to the names.
`plan_scores` compiles the expressions that tell a strategy of an event.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from pydantic import ValidationError

from loyalcore.calendars import Duration
from loyalcore.effects.kind import Formula
from loyalcore.errors import did_you_mean
from loyalcore.expression import Scope, check, compile_value
from loyalcore.expression import names as names_read
from loyalcore.program.extending.vocabulary import Vocabulary
from loyalcore.program.names import Names, Standing
from loyalcore.program.offering.reach import known_event
from loyalcore.program.report import Place, Report
from loyalcore.ruleset.load import shape_problems
from loyalcore.ruleset.model import Ruleset
from loyalcore.ruleset.scores import ScoreSpec
from loyalcore.scoring import OUTPUTS, AnyStrategyKind, Asked, Input, Strategy
from loyalcore.values import TIME, Locale, Type, Value, ValueInvalid, read_value

SINCE = "since"
"""When the customer's score became what it is: score.NAME.since."""


@dataclass(frozen=True)
class InputPlan:
    """Events of one type that a strategy is given, what of each, and from how far back (None:
    from the beginning)."""

    event: str
    values: tuple[Formula, ...]
    where: Formula | None
    over: Duration | None


@dataclass(frozen=True)
class ScorePlan:
    """A score: how it is made of a customer's past, and what it says. `strategy` and `version`
    are those of its kind."""

    name: str
    strategy: str
    version: str
    make: Strategy[Any]
    inputs: tuple[InputPlan, ...] = ()

    @property
    def outputs(self) -> Mapping[str, Type]:
        return self.make.outputs


# --- names ------------------------------------------------------------------------------------


def declare_scores(
    ruleset: Ruleset, names: Names, vocabulary: Vocabulary, locale: Locale, report: Report
) -> dict[str, ScorePlan]:
    """Declare what each score says as names of facts, and report those that make no sense. The
    plans have no inputs yet."""
    plans = {}
    for name, spec in ruleset.scores.items():
        kind = _kind(name, spec, vocabulary, report)
        made = None if kind is None else _made(name, spec, kind, locale, report)
        if kind is None or made is None:
            report.missing((f"score.{name}",))
            continue
        plans[name] = ScorePlan(name, kind.name, kind.version, made)
        for output, type_ in made.outputs.items():
            read = _read(name, kind.name, output, type_, locale)
            names.standings[f"score.{name}.{output}"] = Standing(type_, read)
        names.standings[f"score.{name}.{SINCE}"] = Standing(TIME, _since(name, kind.name))
        hidden = [one for one in names.attributes if one.startswith(f"score.{name}.")]
        if hidden:
            report.problem(
                "reserved-name",
                f"'{hidden[0]}' is a customer attribute",
                ("scores", name),
                hint="give the score another name",
                key=True,
            )
    return plans


def _kind(
    name: str, spec: ScoreSpec, vocabulary: Vocabulary, report: Report
) -> AnyStrategyKind | None:
    known, word = vocabulary.strategies, spec.strategy or name
    kind = known.get(word)
    if kind is None:
        hint = did_you_mean(word, known) or f"strategies are {', '.join(known)}"
        place: Place = ("scores", name, "strategy") if spec.strategy else ("scores", name)
        report.problem(
            "unknown-strategy",
            f"there is no scoring strategy '{word}'",
            place,
            hint=hint,
            key=spec.strategy is None,
        )
    return kind


def _made(
    name: str, spec: ScoreSpec, kind: AnyStrategyKind, locale: Locale, report: Report
) -> Strategy[Any] | None:
    """The strategy with its settings; None where a mistake was reported."""
    place: Place = ("scores", name)
    model = kind.settings
    try:
        settings = model.model_validate(dict(spec.settings))
    except ValidationError as invalid:
        keys = [field.alias or key for key, field in model.model_fields.items()]
        known = ["strategy", *keys, "about"]
        report.add(
            shape_problems(invalid, report.document, place, lambda loc: [] if loc else known)
        )
        return None
    try:
        made: Strategy[Any] = kind.make(settings, locale)
    except ValueError as error:
        report.problem("bad-score", str(error), place, key=True)
        return None
    wrong = [one for one, type_ in made.outputs.items() if type_.kind not in OUTPUTS]
    if wrong or SINCE in made.outputs:
        what = f"says '{(wrong or [SINCE])[0]}', which no score can say"
        report.problem("bad-score", f"the strategy '{kind.name}' {what}", place, key=True)
        return None
    return made


def _read(score: str, strategy: str, output: str, type_: Type, locale: Locale) -> Any:
    """How an output is read from a customer's Life (engine/life.py): missing where they have
    none, or one of another strategy."""

    def read(life: Any) -> Value | None:
        one = life.scores.get(score)
        if one is None or one.strategy != strategy:
            return None
        try:
            return read_value(type_, one.values.get(output), locale)
        except ValueInvalid:  # of a ruleset that said something else by it
            return None

    return read


def _since(score: str, strategy: str) -> Any:
    def read(life: Any) -> Value | None:
        one = life.scores.get(score)
        return one.time if one is not None and one.strategy == strategy else None

    return read


# --- inputs -----------------------------------------------------------------------------------


def plan_scores(
    declared: Mapping[str, ScorePlan],
    names: Names,
    scope: Scope,
    report: Report,
) -> tuple[dict[str, ScorePlan], dict[str, set[str]]]:
    """The scores with what their strategies are given; and the names that each event type must
    make known for them."""
    read: dict[str, set[str]] = {event: set() for event in names.events}

    def formula(asked: Asked, event: str, place: Place) -> Formula | None:
        known = replace(scope, names=names.of_event(event))
        node, mistakes = check(asked.text, known, *asked.wants)
        report.mistakes(mistakes, (*place, *asked.at))
        if node is None:
            return None
        read[event] |= names_read(node)
        return compile_value(node)

    def planned(given: Input, place: Place) -> InputPlan | None:
        if not known_event(given.event, names, (*place, *given.at), report):
            return None
        values = [formula(asked, given.event, place) for asked in given.values]
        where = None if given.where is None else formula(given.where, given.event, place)
        sound = tuple(value for value in values if value is not None)
        if len(sound) < len(values) or (given.where is not None and where is None):
            return None
        return InputPlan(given.event, sound, where, given.over)

    plans = {}
    for name, plan in declared.items():
        inputs = [planned(given, ("scores", name)) for given in plan.make.inputs]
        plans[name] = replace(plan, inputs=tuple(one for one in inputs if one is not None))
    return plans, read
