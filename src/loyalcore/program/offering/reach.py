"""What completes an offer: which events count towards it, how much, and up to what target."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Literal, NamedTuple

from loyalcore.effects.kind import Formula
from loyalcore.errors import did_you_mean
from loyalcore.expression import compile_true, compile_value
from loyalcore.program.names import Names
from loyalcore.program.offering.offer_plan import Reach, Reads
from loyalcore.program.planner import RulePlanner
from loyalcore.program.report import Place, Report
from loyalcore.ruleset.offers import ReachSpec
from loyalcore.values import FLAG, INTEGER, MONEY, NUMBER, Type, value_writer

PlannerIn = Callable[[Mapping[str, Type]], RulePlanner]

_NUMERIC = ("integer", "number", "money")


class _Counted(NamedTuple):
    """The events that count, and what is summed of them; no `field` where they are counted."""

    kind: Literal["count", "sum", "one"]
    event: str
    field: str
    type: Type


def plan_reach(
    spec: ReachSpec,
    place: Place,
    own: Mapping[str, Type],
    names: Names,
    planner_in: PlannerIn,
    report: Report,
) -> tuple[Reach, set[str]] | None:
    """What is declared at `place`, and the names that it reads; None where a mistake was
    reported. `own` are the names of the offer's own."""
    counted = _counted(spec, names, place, report)
    if counted is None:
        return None
    event = counted.event
    planner = planner_in({**names.of_rule(event), **own})
    amount = where = None
    if counted.field:
        amount = planner.below(place).formula(counted.field, (), "sum")
    if spec.where is not None:
        node = planner.checked(spec.where, (FLAG,), (*place, "where"))
        where = None if node is None else compile_true(node)
    target: Formula | None = None
    if spec.at_least is not None:
        inner = planner_in({**names.of_anyone(), **own})
        want = MONEY if counted.type.kind == "money" else NUMBER
        node = inner.checked(spec.at_least, (want,), (*place, "at_least"))
        target = None if node is None else compile_value(node)
        planner.read |= inner.read
    reads = reads_of(planner)
    return Reach(event, counted.kind, counted.type, amount, where, target, reads), planner.read


def _counted(spec: ReachSpec, names: Names, place: Place, report: Report) -> _Counted | None:
    if spec.sum is None:
        kind: Literal["count", "one"] = "one" if spec.count is None else "count"
        event = spec.count or spec.one or ""
        if known_event(event, names, (*place, kind), report):
            return _Counted(kind, event, "", INTEGER)
        return None
    at = (*place, "sum")
    event, _, field = spec.sum.rpartition(".")
    if spec.sum in names.events:
        hint = f"write {spec.sum}.FIELD"
        report.problem("bad-offer", "a sum needs a field", at, hint=hint)
        return None
    if not known_event(event or field, names, at, report):
        return None
    fields = names.events[event]
    type_ = fields.get(field)
    if type_ is None:
        hint = did_you_mean(field, fields)
        report.problem("unknown-name", f"{event} has no field '{field}'", at, hint=hint)
    elif type_.kind not in _NUMERIC:
        report.problem("wrong-type", f"there is no sum of {type_}", at)
    else:
        return _Counted("sum", event, field, type_)
    return None


def known_event(event: str, names: Names, place: Place, report: Report) -> bool:
    """Whether there is such an event; reported where there is none."""
    if event in names.events:
        return True
    hint = did_you_mean(event, names.events)
    report.problem("unknown-name", f"there is no event '{event}'", place, hint=hint)
    return False


def reads_of(planner: RulePlanner) -> Reads:
    """The facts that something rests on: all that `planner` has read."""
    return tuple(
        (name, value_writer(planner.scope.names[name], planner.locale))
        for name in sorted(planner.read)
    )
