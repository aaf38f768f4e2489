"""What follows an event: a trigger some time after it, or as another event comes."""

from __future__ import annotations

from msgspec.structs import replace

from loyalcore.days import next_hour
from loyalcore.effects.kind import Facts
from loyalcore.engine.life import Timer
from loyalcore.engine.offering.openings import plain_fields
from loyalcore.engine.timing.firing import after, bring_about, drop_timers, readable, set_timer
from loyalcore.engine.timing.occasions import zone_of
from loyalcore.engine.turn import Turn
from loyalcore.program.timing.following import EARLIER, EARLIER_TIME
from loyalcore.program.timing.life_plan import After, Sequence
from loyalcore.values import LAST_TIME, write_time

# --- some time after --------------------------------------------------------------------------


def wait(turn: Turn, trigger: After) -> None:
    """Take away the timers that the event of `turn` puts an end to, and set that of its own.
    Of a late event whose time is over, none is set."""
    event = turn.event
    if event.type in trigger.unless:
        drop_timers(
            turn,
            lambda timer: (
                timer.trigger == trigger.name
                and timer.since <= event.time
                and _belongs(turn, trigger, _of_first(turn, trigger, timer))
            ),
        )
    if event.type in trigger.events:
        due = after(turn, trigger.wait, event.time)
        if due is not None and trigger.at is not None:
            due = next_hour(due, trigger.at.minutes, zone_of(turn, trigger.at))
            due = None if due >= LAST_TIME else due
        set_timer(turn, trigger, due, event.time, data=plain_fields(trigger.writers, event.data))


def end_wait(turn: Turn, trigger: After, timer: Timer) -> None:
    """Let the trigger come that `timer` has waited for."""
    data = {**timer.data, "since": write_time(timer.since)}
    bring_about(turn, trigger, data, turn.facts, timer)


def _of_first(turn: Turn, trigger: After, timer: Timer) -> Facts:
    plan = turn.program.events[trigger.name]
    fields = plan.read(readable(plan, timer.data))
    return {
        **{EARLIER + name: value for name, value in fields.items()},
        EARLIER_TIME: timer.since,
    }


# --- one event after another ------------------------------------------------------------------


def follow(turn: Turn, trigger: Sequence) -> None:
    """Let the sequence come that the event of `turn` is the second of, and remember it where it
    may be the first of another.

    Among several firsts it goes with the latest that it belongs to, and uses that one up. A
    late event can be the second of a first that was there before it, in the order in which
    they were handled; it is not the first of a second that was.
    """
    event = turn.event
    if event.type in trigger.then:
        firsts = [
            first
            for first in turn.life.firsts
            if first.trigger == trigger.name and first.since <= event.time < first.due
        ]
        firsts.sort(key=lambda first: (first.since, first.number), reverse=True)
        for first in firsts:
            if _come(turn, trigger, first):
                left = tuple(one for one in turn.life.firsts if one.number != first.number)
                turn.life = replace(turn.life, firsts=left)
                break
    if event.type in trigger.events:
        _remember(turn, trigger)


def _come(turn: Turn, trigger: Sequence, first: Timer) -> bool:
    """Whether the event of `turn` makes a sequence with `first`, which comes then."""
    plan = turn.program.events[trigger.name]
    earlier = {EARLIER + name: value for name, value in first.data.items()}
    earlier[EARLIER_TIME] = write_time(first.since)
    known = plan.read(readable(plan, earlier)).items()
    if not _belongs(turn, trigger, {n: value for n, value in known if n.startswith(EARLIER)}):
        return False
    return bring_about(
        turn, trigger, plain_fields(trigger.second, turn.event.data) | earlier, turn.facts
    )


def _remember(turn: Turn, trigger: Sequence) -> None:
    """Remember the event of `turn` for as long as another may follow it; forget those that
    none may follow any more, not even a late one."""
    life, program = turn.life, turn.program
    zone, late = program.locale.zone, program.allow_late
    over = turn.now if late is None else late.before(turn.now, zone)
    due = trigger.within.after(turn.event.time, zone)
    data = plain_fields(trigger.first, turn.event.data)
    first = Timer(due, trigger.name, turn.event.time, life.set + 1, data=data)
    kept = (one for one in life.firsts if one.trigger != trigger.name or one.due > over)
    turn.life = replace(life, firsts=(*kept, first), set=first.number)


# --- what both have in common -----------------------------------------------------------------


def _belongs(turn: Turn, trigger: After | Sequence, earlier: Facts) -> bool:
    """Whether the event of `turn` is about the one that it is to follow."""
    condition = trigger.belongs.get(turn.event.type)
    return condition is None or condition({**turn.facts, **earlier})
