"""Lines that are crossed: a figure rises to one or falls below it, a segment is entered or left."""

from __future__ import annotations

from loyalcore.effects.kind import Facts
from loyalcore.engine.state import CustomerState
from loyalcore.engine.turn import Turn
from loyalcore.program.life_plan import LifePlan


def watch(turn: Turn, plan: LifePlan, facts: Facts) -> None:
    """Bring about the triggers whose line is crossed, by the facts after the event."""


def would_cross(plan: LifePlan, state: CustomerState, facts: Facts) -> bool:
    """Whether by these facts any of them would be crossed."""
    return False
