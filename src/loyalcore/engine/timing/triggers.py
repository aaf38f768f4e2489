"""Triggers: set by events, put off by others, brought about by time or by a figure.

    a customer comes, or a program        arm, rearm     timers that wait for no event
    an event                              set_timers     sets, puts off, brings about
    due                                   fire_timers    brings about what has waited

A timer is only ever set for an instant after the customer's clock. So a late event brings
nothing about that was to come before it, but sets what is still to come.
"""

from __future__ import annotations

from msgspec.structs import replace

from loyalcore.engine.life import Timer
from loyalcore.engine.timing.firing import bring_about
from loyalcore.engine.timing.following import end_wait, follow, wait
from loyalcore.engine.timing.foretelling import foretell, tell_ending, tell_expiring
from loyalcore.engine.timing.occasions import set_occasions
from loyalcore.engine.timing.silence import begin, fire, hear, resume
from loyalcore.engine.turn import Turn
from loyalcore.program.builtin_events import CUSTOMER_SPLIT
from loyalcore.program.timing.life_plan import (
    After,
    Anniversary,
    Calendar,
    Ending,
    Expiring,
    LifePlan,
    Sequence,
    Silence,
    TriggerPlan,
)


def set_timers(turn: Turn, plan: LifePlan) -> None:
    """Set the timers that the event of `turn` sets, take away those it puts off, and bring
    about the sequences that it ends."""
    if turn.event.type == CUSTOMER_SPLIT:
        rearm(turn, plan)
    elif turn.since == turn.now:
        arm(turn, plan)
    for trigger in turn.plan.triggers:
        match trigger:
            case Silence():
                if turn.event.type in trigger.events:
                    hear(turn, trigger)
            case After():
                wait(turn, trigger)
            case Sequence():
                follow(turn, trigger)
    if plan.recurring:
        set_occasions(turn, plan)
    foretell(turn, plan)


def arm(turn: Turn, plan: LifePlan) -> None:
    """Set the timers that a customer has from their first event on, whatever it is."""
    for trigger in plan.triggers:
        if isinstance(trigger, Silence):
            begin(turn, trigger)


def rearm(turn: Turn, plan: LifePlan) -> None:
    """Set all timers that there should be for a customer and are not, as the program has become
    another, or the customer one of their own again. Let go of what belongs to no trigger any
    more. Occasions, points and offers are looked at in every step, and so in this one."""
    life = turn.life
    turn.life = replace(
        life,
        timers=tuple(timer for timer in life.timers if _awaits(plan, timer)),
        firsts=tuple(
            first for first in life.firsts if isinstance(plan.by_name.get(first.trigger), Sequence)
        ),
    )
    for trigger in plan.triggers:
        if isinstance(trigger, Silence):
            resume(turn, trigger)


def _awaits(plan: LifePlan, timer: Timer) -> bool:
    """Whether there is a trigger that the timer is of, and that does not set it anew."""
    trigger = plan.by_name.get(timer.trigger)
    return isinstance(trigger, Silence | After | Calendar | Anniversary)


def fire_timers(turn: Turn, plan: LifePlan) -> None:
    """Bring about the triggers whose time has come, in the order in which it did. Timers that
    another program has set, and this one has no such trigger for, are dropped."""
    over = [timer for timer in turn.life.timers if timer.due <= turn.now]
    if not over:
        return
    left = tuple(timer for timer in turn.life.timers if timer.due > turn.now)
    turn.life = replace(turn.life, timers=left)
    for timer in sorted(over, key=lambda timer: (timer.due, timer.number)):
        trigger = plan.by_name.get(timer.trigger)
        if trigger is not None:
            _fire(turn, trigger, timer)


def _fire(turn: Turn, trigger: TriggerPlan, timer: Timer) -> None:
    match trigger:
        case Silence():
            fire(turn, trigger, timer)
        case After():
            end_wait(turn, trigger, timer)
        case Calendar() | Anniversary():
            bring_about(turn, trigger, timer.data, turn.facts)
        case Expiring():
            tell_expiring(turn, trigger, timer)
        case Ending():
            tell_ending(turn, trigger, timer)
