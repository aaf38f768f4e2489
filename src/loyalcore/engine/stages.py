"""The stage of the relationship: entered, left, and how long it is dwelt in."""

from __future__ import annotations

from loyalcore.effects.kind import Facts
from loyalcore.engine.turn import Turn
from loyalcore.program.life_plan import LifePlan


def move_stage(turn: Turn, plan: LifePlan, facts: Facts) -> None:
    """Move the customer on to the stage that the event, or time, leads to."""
