"""Triggers on lines that are crossed: a figure's, or that of a segment."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from fractions import Fraction
from typing import Any

from loyalcore.effects.kind import Facts
from loyalcore.errors import did_you_mean
from loyalcore.expression import compile_true, compile_value
from loyalcore.program.figures.derived import read_share
from loyalcore.program.offering.reach import reads_of
from loyalcore.program.planner import RulePlanner
from loyalcore.program.report import Place
from loyalcore.program.timing.life_plan import Crossing, Writers, Written
from loyalcore.program.timing.watching import Watching
from loyalcore.ruleset.triggers import TriggerSpec
from loyalcore.values import FLAG, MONEY, NUMBER, Type, ValueInvalid

Holds = Callable[[Facts], bool | None]
Line = tuple[Holds, str]
"""Whether somebody is beyond it, and the same as it would be written."""

_NUMERIC = ("integer", "number", "money")


def plan_crossing(
    name: str, spec: TriggerSpec, common: Mapping[str, Any], watching: Watching
) -> Crossing | None:
    """The trigger of this name; None where a mistake was reported. `common` is what all
    triggers have."""
    place: Place = ("triggers", name)
    planner = watching.planner()
    if spec.metric is None:
        found = _in_segment(spec, place, planner, watching)
    else:
        found = _beyond(spec, spec.metric, place, planner, watching)
    if found is None:
        return None
    holds, text = found
    line = planner.checked(text, (FLAG,), place)
    falling = spec.leaves is not None or spec.falls_below is not None
    reads = _merged(common["reads"], reads_of(planner))
    common = {**common, "reads": reads}
    written = None if line is None else Written(line, text)
    return Crossing(**common, metric=spec.metric or "", holds=holds, falling=falling, line=written)


def _merged(*reads: Iterable[tuple[str, Any]]) -> Writers:
    return tuple(sorted(dict(pair for some in reads for pair in some).items()))


def _in_segment(
    spec: TriggerSpec, place: Place, planner: RulePlanner, watching: Watching
) -> Line | None:
    key = "enters" if spec.enters is not None else "leaves"
    segment: str = getattr(spec, key)
    known = watching.names.segments
    if segment not in known:
        hint = did_you_mean(segment, known) or f"segments: {', '.join(known) or 'none'}"
        message = f"there is no segment '{segment}'"
        watching.report.problem("unknown-name", message, (*place, key), hint=hint)
        return None
    node = watching.checked(planner, f"segment.{segment}", (FLAG,), (*place, key))
    return None if node is None else (compile_true(node), f"segment.{segment}")


# --- figures ----------------------------------------------------------------------------------


def _beyond(
    spec: TriggerSpec, metric: str, place: Place, planner: RulePlanner, watching: Watching
) -> Line | None:
    """Whether the metric is beyond the line, which is unknown where either is missing."""
    type_ = _figure(metric, (*place, "metric"), planner, watching)
    if spec.against is not None:
        return _by_share(spec, metric, type_, place, planner, watching)
    key = "rises_to" if spec.rises_to is not None else "falls_below"
    if type_ is None:
        return None
    want = MONEY if type_.kind == "money" else NUMBER
    node = watching.checked(planner, getattr(spec, key), (want,), (*place, key))
    if node is None:
        return None
    line = compile_value(node)

    def holds(facts: Facts) -> bool | None:
        figure: Any = facts[metric]
        wanted: Any = line(facts)
        return None if figure is None or wanted is None else bool(figure >= wanted)

    text = getattr(spec, key)
    return holds, f"{metric} >= {text if node.parts == () else f'({text})'}"


def _by_share(
    spec: TriggerSpec,
    metric: str,
    type_: Type | None,
    place: Place,
    planner: RulePlanner,
    watching: Watching,
) -> Line | None:
    """Whether it is so much more, or less, than another metric, where that is above 0."""
    other = spec.against or ""
    against = _figure(other, (*place, "against"), planner, watching)
    rises = spec.rises_by is not None
    key = "rises_by" if rises else "falls_by"
    share = _share(getattr(spec, key), rises, (*place, key), watching)
    if type_ is None or against is None or share is None:
        return None
    if (type_.kind == "money") != (against.kind == "money"):
        message = f"{metric} is {type_}, and {other} is {against}: they can't be compared"
        watching.report.problem("bad-trigger", message, (*place, "against"))
        return None
    # Whole numbers on both sides: figure / other >= times / of
    times, of = (1 + share if rises else 1 - share).as_integer_ratio()

    def holds(facts: Facts) -> bool | None:
        figure: Any = facts[metric]
        base: Any = facts[other]
        if figure is None or base is None:
            return None
        if base <= 0:
            return False
        return bool(figure * of >= base * times if rises else figure * of <= base * times)

    compared = ">=" if rises else "<="
    return holds, f"{other} > 0 and {metric} {compared} {other} * {times} / {of}"


def _figure(metric: str, place: Place, planner: RulePlanner, watching: Watching) -> Type | None:
    """The type of the metric, which is a number."""
    known = watching.names.figures
    type_ = known.get(metric)
    if type_ is None:
        hint = did_you_mean(metric, known) or f"metrics: {', '.join(known) or 'none'}"
        message = f"there is no metric '{metric}'"
        watching.report.problem("unknown-name", message, place, hint=hint)
        return None
    if type_.kind not in _NUMERIC:
        message = f"{metric} is a {type_}, which has no line to cross"
        watching.report.problem("bad-trigger", message, place)
        return None
    watching.checked(planner, metric, (), place)
    return type_


def _share(text: str, rises: bool, place: Place, watching: Watching) -> Fraction | None:
    try:
        number, percent = read_share(text)
        if percent and number > 0 and (rises or number <= 100):
            return number / 100
    except ValueInvalid:
        pass
    limit = "above 0" if rises else "above 0, up to 100 %"
    watching.report.problem("bad-value", f"expected a share {limit}, such as 30 %", place)
    return None
