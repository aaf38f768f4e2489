"""What is watched of a customer, at any instant: the facts it rests on, and when to look next.

Between events, figures change by themselves only as samples come into their windows or fall
out of them, and as calendar periods begin. So the instants at which anything can change are
known, and nobody is looked at between them.
"""

from __future__ import annotations

from loyalcore.effects.kind import Facts
from loyalcore.engine.state import CustomerState
from loyalcore.engine.turn import Turn
from loyalcore.program.life_plan import LifePlan
from loyalcore.program.plan import Program


def facts_at(program: Program, state: CustomerState, at: int) -> Facts:
    """What watched expressions may read of the customer at the instant `at`, not before their
    clock, if nothing happens until then."""
    return {}


def next_look(turn: Turn, plan: LifePlan) -> int | None:
    """The next instant at which something that is watched changes by itself, or may; None
    where nothing will."""
    return None
