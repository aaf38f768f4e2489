"""Scores: what a strategy said of the customer, as an event brings it.

    loyalcore score -> an event `scored` -> the customer's life, before facts are built

So rules on `scored` read the new score already. What is wrong with such an event is said by a
decision, and the score stays as it was.
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec.structs import replace

from loyalcore.effects.changes import SetScore
from loyalcore.engine.decide import record
from loyalcore.engine.life import Life, Score
from loyalcore.engine.turn import Turn
from loyalcore.errors import did_you_mean
from loyalcore.events import Event, decode_data
from loyalcore.program.builtin_events import SCORED
from loyalcore.program.figures.scores import ScorePlan
from loyalcore.program.plan import Program
from loyalcore.values import Locale, ValueInvalid, read_value, write_value


def scored(program: Program, life: Life, event: Event) -> Life:
    """The customer's life with the score that `event` brings, if it is a sound one."""
    score = _read(program, life, event)
    if isinstance(score, str):
        return life
    kept = {name: one for name, one in life.scores.items() if name in program.scores}
    return replace(life, scores={**kept, str(event.data["score"]): score})


def take_score(turn: Turn) -> None:
    """Say what the event of `turn` brought, or why nothing."""
    event = turn.event
    read = {name: event.data[name] for name in ("score", "strategy", "version")}
    score = _read(turn.program, turn.life, event)
    if isinstance(score, str):
        record(turn, f"events.{SCORED}", read, (), score)
    else:
        name = str(event.data["score"])
        record(turn, f"scores.{name}", read, (SetScore(name, score.values),))


def _read(program: Program, life: Life, event: Event) -> Score | str:
    """The score in `event`, or what is wrong with it."""
    name, strategy = event.data["score"], event.data["strategy"]
    if name is None:
        return "score is missing"
    plan = program.scores.get(str(name))
    if plan is None:
        hint = did_you_mean(str(name), program.scores)
        return f"there is no score '{name}'{hint and f' ({hint})'}"
    if strategy not in (None, plan.strategy):
        return f"{name} is by the strategy {plan.strategy}, not by '{strategy}'"
    known = life.scores.get(str(name))
    if known is not None and known.time > event.time:
        return "they were scored later than that"
    values = _values(plan, decode_data(event.text).get("values"), program.locale)
    if isinstance(values, str):
        return values
    same = known is not None and (known.values, known.strategy) == (values, plan.strategy)
    since = known.time if known is not None and same else event.time
    return Score(since, values, plan.strategy, str(event.data["version"] or ""))


def _values(plan: ScorePlan, raw: object, locale: Locale) -> Mapping[str, object] | str:
    """What the score says, in plain form; what is missing is left out."""
    if not isinstance(raw, Mapping):
        return "values is missing: write it as {segment: loyal}"
    values = {}
    for output, one in raw.items():
        type_ = plan.outputs.get(output)
        if type_ is None:
            hint = did_you_mean(output, plan.outputs) or f"it says {', '.join(plan.outputs)}"
            return f"{plan.name} has no '{output}' ({hint})"
        try:
            value = read_value(type_, one, locale)
        except ValueInvalid as error:
            return f"{output}: {error}"
        if value is not None:
            values[output] = write_value(type_, value, locale)
    return values
