"""The facts of an event by itself: its fields, its moment, its identity. Metrics read these."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

from loyalcore.events import Event
from loyalcore.expression.functions import WEEKDAYS
from loyalcore.program.plan import EventPlan
from loyalcore.values import Value

_MOMENTS: Mapping[str, Callable[[datetime], Value]] = {
    "date": datetime.date,
    "weekday": lambda local: WEEKDAYS[local.weekday()],
    "year": lambda local: local.year,
    "month": lambda local: local.month,
    "day": lambda local: local.day,
    "hour": lambda local: local.hour,
}


def moment_facts(plan: EventPlan, event: Event) -> dict[str, Value | None]:
    """The event's own fields and the names of its moment: what metrics may read."""
    facts = dict(event.data)
    if plan.moments:
        _add_moments(facts, plan, event.time)
    for name in plan.identities:
        match name:
            case "event.id":
                facts[name] = event.id
            case "event.type":
                facts[name] = event.type
            case "event.source":
                facts[name] = event.source
    return facts


def moments_at(plan: EventPlan, at: int) -> dict[str, Value | None]:
    """The names of a moment that `plan` reads, at the instant `at`."""
    facts: dict[str, Value | None] = {}
    if plan.moments:
        _add_moments(facts, plan, at)
    return facts


def _add_moments(facts: dict[str, Value | None], plan: EventPlan, at: int) -> None:
    local = datetime.fromtimestamp(at // 1_000_000, plan.locale.zone)  # no name tells less
    for name in plan.moments:
        facts[name] = at if name == "time" else _MOMENTS[name](local)
