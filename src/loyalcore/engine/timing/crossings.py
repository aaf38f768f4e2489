"""Lines that are crossed: a figure rises to one or falls below it, a segment is entered or left.

Life.watched names the triggers whose condition holds. It is compared with what holds now.
"""

from __future__ import annotations

from msgspec.structs import replace

from loyalcore.effects.kind import Facts
from loyalcore.engine.offering.openings import plain
from loyalcore.engine.state import CustomerState
from loyalcore.engine.timing.firing import bring_about
from loyalcore.engine.turn import Turn
from loyalcore.program.builtin_events import PROGRAM_ACTIVATED
from loyalcore.program.timing.life_plan import LifePlan

UNSETTLED = ("",)
"""What is watched of a customer whose figures are made anew after the step, by whoever runs it."""


def watch(turn: Turn, plan: LifePlan, facts: Facts) -> None:
    """Bring about the triggers whose line is crossed, by the facts after the event, in the order
    in which they are written. It was not the customer who crossed a line where the program is
    another, or whose events count: things are then taken to be as they are."""
    before = turn.life.watched
    now = UNSETTLED if turn.recount and plan.crossings else _holding(plan, before, facts)
    if now == before:
        return
    turn.life = replace(turn.life, watched=now)
    if turn.recount or before == UNSETTLED or turn.event.type == PROGRAM_ACTIVATED:
        return
    for crossing in plan.crossings:
        held, holds = crossing.name in before, crossing.name in now
        if held != holds and held == crossing.falling:
            read = plain(crossing.reads, facts)
            data = {"value": read[crossing.metric]} if crossing.metric else {}
            bring_about(turn, crossing, data, facts)


def would_cross(plan: LifePlan, state: CustomerState, facts: Facts) -> bool:
    """Whether by these facts any line would be crossed, be it only in the direction that brings
    nothing about: the next crossing counts from there."""
    before = state.life.watched
    return _holding(plan, before, facts) != before


def _holding(plan: LifePlan, before: tuple[str, ...], facts: Facts) -> tuple[str, ...]:
    """The names of the crossings whose condition holds, which held `before`."""
    holding = []
    for crossing in plan.crossings:
        holds = crossing.holds(facts)
        if crossing.name in before if holds is None else holds:
            holding.append(crossing.name)
    return tuple(holding)
