"""What an event, and time, do to where a customer stands: the last thing in a step.

Triggers that the event concerns are set, put off or brought about. Then everything that is
watched is looked at, with the customer as the step leaves them: tiers, stage, and last lines
that are crossed, which may be drawn by those. Then dissolutions and journeys go on. Then the next
instant is found at which any of it changes by itself. As another program takes over, a place is
first found in it for the customer.
"""

from __future__ import annotations

from msgspec.structs import replace

from loyalcore.engine.care.journeys import journeys_due, travel
from loyalcore.engine.care.recovery import cases_due
from loyalcore.engine.care.tasks import work_due
from loyalcore.engine.facts import facts_at
from loyalcore.engine.ladders.stages import move_stage, settle_stage
from loyalcore.engine.ladders.tiers import move_tiers, settle_tiers
from loyalcore.engine.life import UNBORN
from loyalcore.engine.parting.dissolution import dissolutions_due, dissolve, may_turn
from loyalcore.engine.timing.crossings import watch
from loyalcore.engine.timing.triggers import rearm, set_timers
from loyalcore.engine.timing.watching import next_look
from loyalcore.engine.turn import Turn
from loyalcore.program.builtin_events import PROGRAM_ACTIVATED
from loyalcore.program.timing.life_plan import LifePlan


def live(turn: Turn, plan: LifePlan) -> None:
    """Bring the life of the customer of `turn` up to date."""
    if turn.merged:  # all that happens from now on happens to another
        # Its numbers are never given again.
        turn.life = replace(UNBORN, asked=turn.life.asked, cased=turn.life.cased)
        return
    activated = turn.event.type == PROGRAM_ACTIVATED
    if activated:
        rearm(turn, plan)
    set_timers(turn, plan)
    if plan.watches:
        _look(turn, plan, activated=activated)
    moved = _go_on(turn, plan, event=True)
    while moved and (plan.watches or plan.dissolutions):  # what that does may move the customer,
        if plan.watches:  # and that it
            _look(turn, plan, again=True)
        moved = _go_on(turn, plan, event=False)
    if turn.recount:  # their figures are made anew after this step, and looked at at once
        turn.life = replace(turn.life, due=turn.now, set=turn.life.set + 1)
        return
    dues = [timer.due for timer in turn.life.timers]
    if (work := work_due(turn.life)) is not None:
        dues.append(work)
    dues += journeys_due(turn.life)
    dues += cases_due(turn.life)
    dues += dissolutions_due(turn.program, plan, turn.life, turn.now)
    if (plan.watches or plan.journeys_watch or may_turn(plan, turn.life)) and (
        look := next_look(turn.program, plan, turn.state())
    ) is not None:
        dues.append(look)
    turn.life = replace(turn.life, due=min(dues, default=None))


def _go_on(turn: Turn, plan: LifePlan, *, event: bool) -> bool:
    """Let dissolutions go on, then journeys. Whether that changed anything that others look at."""
    parted = bool(plan.dissolutions) and dissolve(turn, plan, event=event)
    moved = bool(plan.journeys) and travel(turn, plan, event=event)
    return parted or moved


def _look(turn: Turn, plan: LifePlan, *, activated: bool = False, again: bool = False) -> None:
    """Look at everything that is watched; `again`, where the event has had its effect."""
    facts = facts_at(turn.program, turn.state(), turn.now)
    tiers, stage = turn.life.tiers, turn.life.stage
    parting = turn.life.dissolution
    if parting is None or not parting.closed:  # else they stand where that has left them
        if activated:
            settle_tiers(turn, plan, facts)
        move_tiers(turn, plan, facts)
        if turn.life.tiers is not tiers:  # which the ways between stages may rest on
            facts = facts_at(turn.program, turn.state(), turn.now)
        if activated:
            settle_stage(turn, plan, facts)
        move_stage(turn, plan, facts, again=again)
    if plan.crossings:
        if turn.life.stage is not stage:
            facts = facts_at(turn.program, turn.state(), turn.now)
        watch(turn, plan, facts)
