"""Openings of offers by events: when, and with which values of the offer's fields."""

from __future__ import annotations

from collections.abc import Mapping

from loyalcore.errors import did_you_mean
from loyalcore.expression import compile_true
from loyalcore.program.offering.offer_plan import Opening
from loyalcore.program.offering.reach import reads_of
from loyalcore.program.planner import RulePlanner
from loyalcore.program.report import Place
from loyalcore.ruleset.offers import OfferSpec
from loyalcore.values import FLAG, Type


def plan_opening(
    name: str,
    spec: OfferSpec,
    event: str,
    written: Mapping[str, str],
    when: str | None,
    place: Place,
    planner: RulePlanner,
) -> Opening:
    """How `event` opens the offer `name`. Its fields are filled as is `written`, or from the
    event's fields of the same names."""
    condition = None
    if when is not None and (node := planner.checked(when, (FLAG,), (*place, "when"))):
        condition = compile_true(node)
    fields, there = planner.names.offers[name].fields, planner.names.events[event]
    for field in written:
        if field not in fields:
            hint = did_you_mean(field, fields)
            planner.report.problem(
                "unknown-name",
                f"{name} has no field '{field}'",
                (*place, "with", field),
                hint=hint,
                key=True,
            )
    writers = []
    for field, type_ in fields.items():
        text = written.get(field, field)
        if field not in written and not _fills(there.get(field), type_):
            if spec.fields[field].required:
                planner.report.problem(
                    "bad-offer",
                    f"{event} says nothing of the field '{field}', which is required",
                    place,
                    hint="say which value it has, below `with`",
                    key=True,
                )
            continue
        writer = planner.writer(text, type_, *place, "with", field)
        if writer is not None:
            writers.append((field, writer))
    return Opening(condition, tuple(writers), reads_of(planner))


def _fills(have: Type | None, want: Type) -> bool:
    """Whether an event's field fills an offer's field of the same name."""
    return have is not None and (
        have.kind == want.kind or (have.kind, want.kind) == ("integer", "number")
    )
