"""The stage of the relationship: entered, left, and how long it is dwelt in."""

from __future__ import annotations

from loyalcore.effects.kind import Facts
from loyalcore.engine.state import CustomerState
from loyalcore.engine.turn import Turn
from loyalcore.program.life_plan import LifePlan
from loyalcore.program.plan import Program


def move_stage(turn: Turn, plan: LifePlan, facts: Facts) -> None:
    """Move the customer on to the stage that the event, or time, leads to."""


def stage_due(program: Program, plan: LifePlan, state: CustomerState) -> int | None:
    """The instant after the customer's clock at which they have stayed long enough to leave."""
    return None


def would_leave(plan: LifePlan, state: CustomerState, facts: Facts, at: int) -> bool:
    """Whether time alone would lead them to another stage at `at`."""
    return False
