"""What all triggers have in common: a timer that is set, and the event that comes of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from msgspec.structs import replace

from loyalcore.calendars import Duration
from loyalcore.effects.changes import Emit
from loyalcore.effects.kind import Facts
from loyalcore.engine.apply import apply
from loyalcore.engine.decide import record
from loyalcore.engine.life import Timer
from loyalcore.engine.offering.openings import plain
from loyalcore.engine.turn import Turn
from loyalcore.errors import EventInvalid
from loyalcore.program.plan import EventPlan
from loyalcore.program.timing.life_plan import TriggerPlan


def bring_about(
    turn: Turn,
    trigger: TriggerPlan,
    data: Mapping[str, object],
    facts: Facts,
    timer: Timer | None = None,
) -> bool:
    """Let `trigger` come, with fields in plain form, if its condition holds by these `facts` of
    the customer; whether it did. The event is emitted where anything in the program is on it.
    The `timer` is told of one that may come twice at one instant, all else being the same."""
    plan = turn.program.events[trigger.name]
    data = readable(plan, data)
    if trigger.when is not None:
        facts = {**facts, **plan.read(data)}
        if not trigger.when(facts):
            return False
    done = (apply(turn, Emit(trigger.name, turn.event.customer, data)),) if plan.wanted else ()
    read = plain(trigger.reads, facts)
    if timer is not None:
        read["timer"] = timer.number
    record(turn, trigger.place, read, done)
    return True


def readable(plan: EventPlan, data: Mapping[str, object]) -> Mapping[str, object]:
    """The fields that the trigger has: another program may have set its timer."""
    readable = {}
    for name in plan.fields:
        if name in data:
            try:
                plan.read({name: data[name]})
            except EventInvalid:
                continue
            readable[name] = data[name]
    return readable


def set_timer(
    turn: Turn,
    trigger: TriggerPlan,
    due: int | None,
    since: int,
    times: int = 0,
    data: Mapping[str, object] = {},
) -> None:
    """Set one more timer, if there is an instant at which it is `due` that is still to come."""
    if due is None or due <= turn.now:
        return
    life = turn.life
    timer = Timer(due, trigger.name, since, life.set + 1, times, data)
    turn.life = replace(life, timers=(*life.timers, timer), set=timer.number)


def drop_timers(turn: Turn, gone: Callable[[Timer], bool]) -> None:
    """Take those timers away."""
    kept = tuple(timer for timer in turn.life.timers if not gone(timer))
    if len(kept) < len(turn.life.timers):
        turn.life = replace(turn.life, timers=kept)


def after(turn: Turn, length: Duration, time: int) -> int | None:
    """The instant so long after `time`; None beyond the calendar."""
    return length.due(time, turn.program.locale.zone)
