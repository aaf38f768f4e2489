"""Lines that are crossed: a figure rises to one or falls below it, a segment is entered or left.

Life.watched names the triggers whose condition holds. It is compared with what holds now.
"""

from __future__ import annotations

from msgspec.structs import replace

from loyalcore.effects.kind import Facts
from loyalcore.engine.firing import bring_about
from loyalcore.engine.openings import plain
from loyalcore.engine.state import CustomerState
from loyalcore.engine.turn import Turn
from loyalcore.program.life_plan import LifePlan


def watch(turn: Turn, plan: LifePlan, facts: Facts) -> None:
    """Bring about the triggers whose line is crossed, by the facts after the event, in the order
    in which they are written."""
    before = turn.life.watched
    now = _holding(plan, before, facts)
    if now == before:
        return
    turn.life = replace(turn.life, watched=now)
    for crossing in plan.crossings:
        held, holds = crossing.name in before, crossing.name in now
        if held != holds and held == crossing.falling:
            read = plain(crossing.reads, facts)
            data = {"value": read[crossing.metric]} if crossing.metric else {}
            bring_about(turn, crossing, data, facts)


def settle_watched(turn: Turn, plan: LifePlan, facts: Facts) -> None:
    """Take things to be as they are, by these facts: whatever line that is beyond, it was not
    crossed by the customer."""
    turn.life = replace(turn.life, watched=_holding(plan, turn.life.watched, facts))


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
