"""Tier levels: reached, kept, at risk and lost."""

from __future__ import annotations

from collections.abc import Iterator

from loyalcore.effects.kind import Facts
from loyalcore.engine.state import CustomerState
from loyalcore.engine.turn import Turn
from loyalcore.program.life_plan import LifePlan
from loyalcore.program.plan import Program


def move_tiers(turn: Turn, plan: LifePlan, facts: Facts) -> None:
    """Move the customer on every ladder, by the facts after the event."""


def tiers_due(program: Program, plan: LifePlan, state: CustomerState) -> Iterator[int]:
    """The instants after the customer's clock at which a level is looked at whatever happens:
    the ends of what it is kept for, warnings, reviews."""
    yield from ()


def would_move(plan: LifePlan, state: CustomerState, facts: Facts, at: int) -> bool:
    """Whether any level would be another at `at`, before any such instant."""
    return False
