"""What follows an event: a trigger some time after it, or as another event comes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from loyalcore.calendars import read_duration
from loyalcore.expression import compile_true
from loyalcore.program.names import Names
from loyalcore.program.report import Place
from loyalcore.program.timing.life_plan import After, Condition, Sequence, TriggerPlan, Writers
from loyalcore.program.timing.occasions import read_hour
from loyalcore.program.timing.watching import Watching
from loyalcore.ruleset.triggers import TriggerSpec
from loyalcore.values import FLAG, TIME, Locale, Type, value_writer

EARLIER = "earlier."
EARLIER_TIME = "earlier.time"


def common_fields(names: Names, events: Iterable[str]) -> dict[str, Type]:
    """The fields that all of these events have, with the same type."""
    first, *others = (names.events[event] for event in events)
    return {
        name: type_
        for name, type_ in first.items()
        if all(other.get(name) == type_ for other in others)
    }


def with_earlier(names: Names, firsts: Iterable[str], seconds: Iterable[str]) -> dict[str, Type]:
    """The fields of a sequence: those of the second event, and of the first as earlier.NAME."""
    return {**_own_fields(names, seconds), **_earlier(_own_fields(names, firsts))}


def _own_fields(names: Names, events: Iterable[str]) -> dict[str, Type]:
    """Those that they don't have from another event in their turn."""
    fields = common_fields(names, events).items()
    return {name: type_ for name, type_ in fields if not name.startswith(EARLIER)}


def _earlier(fields: Mapping[str, Type]) -> dict[str, Type]:
    return {**{EARLIER + name: type_ for name, type_ in fields.items()}, EARLIER_TIME: TIME}


def plan_following(
    name: str, spec: TriggerSpec, common: Mapping[str, Any], watching: Watching
) -> TriggerPlan | None:
    """The trigger `name` that says `after`, and that is so long after it or a sequence."""
    assert spec.after is not None
    names, place = watching.names, ("triggers", name)
    locale = watching.planner().locale
    if spec.then is not None:
        assert spec.within is not None
        first = _own_fields(names, spec.after)
        return Sequence(
            **common,
            events=spec.after,
            then=spec.then,
            within=read_duration(spec.within),
            belongs=_belongs(spec, spec.then, first, place, watching),
            first=_writers(first, locale),
            second=_writers(_own_fields(names, spec.then), locale),
        )
    assert spec.wait is not None
    first = {name: t for name, t in common_fields(names, spec.after).items() if name != "since"}
    return After(
        **common,
        events=spec.after,
        wait=read_duration(spec.wait),
        at=None if spec.at is None and spec.zone is None else read_hour(spec, place, watching),
        unless=spec.unless,
        belongs=_belongs(spec, spec.unless, first, place, watching),
        writers=_writers(first, locale),
    )


def _belongs(
    spec: TriggerSpec,
    others: Iterable[str],
    first: Mapping[str, Type],
    place: Place,
    watching: Watching,
) -> dict[str, Condition]:
    """By type of the other event, whether it belongs to the first."""
    belongs: dict[str, Condition] = {}
    for event in others if spec.where is not None else ():
        earlier = _earlier({name: t for name, t in first.items() if not name.startswith(EARLIER)})
        planner = watching.planner_in({**watching.names.of_rule(event), **earlier})
        node = planner.checked(spec.where or "", (FLAG,), (*place, "where"))
        watching.read[event] |= planner.read - earlier.keys()
        if node is not None:
            belongs[event] = compile_true(node)
    return belongs


def _writers(fields: Mapping[str, Type], locale: Locale) -> Writers:
    return tuple((name, value_writer(type_, locale)) for name, type_ in fields.items())
