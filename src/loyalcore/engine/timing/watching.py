"""What is watched of a customer: the next instant at which any of it may change by itself.

Between events, figures change by themselves only as samples come into their windows or fall
out of them, and as calendar periods begin. So the instants at which anything can change are
known, and nobody is looked at between them.
"""

from __future__ import annotations

from loyalcore.engine.care.journeys import watched_in, would_go_on
from loyalcore.engine.facts import facts_at
from loyalcore.engine.ladders.stages import stage_due, would_leave
from loyalcore.engine.ladders.tiers import may_move, tiers_due, would_move
from loyalcore.engine.parting.dissolution import may_turn, would_turn
from loyalcore.engine.state import CustomerState
from loyalcore.engine.timing.ahead import next_change
from loyalcore.engine.timing.crossings import would_cross
from loyalcore.program.plan import Program
from loyalcore.program.timing.life_plan import LifePlan

HOPS = 12  # instants that are looked at ahead, before somebody is looked at for nothing


def next_look(program: Program, plan: LifePlan, state: CustomerState) -> int | None:
    """The next instant after the customer's clock at which something that is watched changes
    by itself, or may; None where nothing will."""
    travels = plan.journeys_watch and watched_in(plan, state)
    parting = may_turn(plan, state.life)
    one = state.life.dissolution
    stands = one is not None and one.closed  # nothing but crossings moves who is gone
    known = [] if stands else [*tiers_due(program, plan, state)]
    if not stands and (stage := stage_due(plan, state)) is not None:
        known.append(stage)
    first = min(known, default=None)
    moves = not stands and (plan.stages is not None or may_move(plan, state))
    if not (plan.crossings or moves or travels or parting):
        return first
    at = state.clock
    for _ in range(HOPS):
        found = next_change(plan.metrics, state.logs, at, program.locale.zone, state.since)
        if found is None or (first is not None and first <= found):
            return first
        at = found
        facts = facts_at(program, state, at)
        if (
            would_cross(plan, state, facts)
            or (not stands and would_move(plan, state, facts, at))
            or (not stands and would_leave(plan, state, facts, at))
            or (parting is not None and would_turn(program, parting, state, at))
            or (travels and would_go_on(program, plan, state, at))
        ):
            break
    return at
