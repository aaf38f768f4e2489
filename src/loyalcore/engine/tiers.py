"""Tier levels: reached, kept, at risk and lost."""

from __future__ import annotations

from loyalcore.effects.kind import Facts
from loyalcore.engine.turn import Turn
from loyalcore.program.life_plan import LifePlan


def move_tiers(turn: Turn, plan: LifePlan, facts: Facts) -> None:
    """Move the customer on every ladder, by the facts after the event."""
