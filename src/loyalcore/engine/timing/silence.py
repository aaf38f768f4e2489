"""Silence: nothing of a kind has happened for so long, and again after each repeat."""

from __future__ import annotations

from collections.abc import Iterator

from loyalcore.engine.handover.activation import latest_told
from loyalcore.engine.life import Timer
from loyalcore.engine.timing.firing import after, bring_about, drop_timers, set_timer
from loyalcore.engine.turn import Turn
from loyalcore.program.timing.life_plan import Silence
from loyalcore.values import write_time


def hear(turn: Turn, trigger: Silence) -> None:
    """Begin the silence anew with the event of `turn`, if that is the latest. Of a late one
    comes what is still to come of it by the customer's clock."""
    begun = _begun(turn, trigger)
    if begun is None or begun.since < turn.event.time:
        _count_from(turn, trigger, turn.event.time)


def begin(turn: Turn, trigger: Silence) -> None:
    """Begin the silence as the customer comes."""
    if trigger.enrolment and _begun(turn, trigger) is None:
        _count_from(turn, trigger, turn.since)


def resume(turn: Turn, trigger: Silence) -> None:
    """Begin the silence for a customer who has come before the trigger did.

    It counts from the latest such event, where that of a program that takes over tells it, or
    the samples of a metric with a window do; else from now. One that is over by now is not told
    any more, but its repeats are. One that has begun already counts from where it did, by the
    lengths of this program.
    """
    begun = _begun(turn, trigger)
    if begun is not None:
        _count_from(turn, trigger, begun.since)
        return
    known = [*_latest(turn, trigger)]
    if None in known:
        _count_from(turn, trigger, turn.now)
        return
    heard = [time for times in known if times is not None for time in times]
    if trigger.enrolment:
        heard.append(turn.since)
    if heard:
        _count_from(turn, trigger, max(heard))


def fire(turn: Turn, trigger: Silence, timer: Timer) -> None:
    """Let the silence come that `timer` has waited for, and wait for the next. It is counted
    by the clock, whether or not the condition held."""
    data = {"since": write_time(timer.since), "times": timer.times + 1}
    bring_about(turn, trigger, data, turn.facts)
    _wait(turn, trigger, timer.due, timer.since, timer.times)


def _begun(turn: Turn, trigger: Silence) -> Timer | None:
    """The timer of the silence, if one is set."""
    return next((one for one in turn.life.timers if one.trigger == trigger.name), None)


def _count_from(turn: Turn, trigger: Silence, since: int) -> None:
    drop_timers(turn, lambda timer: timer.trigger == trigger.name)
    _wait(turn, trigger, after(turn, trigger.length, since), since, 0)


def _wait(turn: Turn, trigger: Silence, due: int | None, since: int, times: int) -> None:
    """Set the timer for `due` or, where that is over, for the next repeat that is not."""
    while due is not None and due <= turn.now:
        due = None if trigger.repeat is None else after(turn, trigger.repeat, due)
        times += 1
    set_timer(turn, trigger, due, since, times)


def _latest(turn: Turn, trigger: Silence) -> Iterator[tuple[int, ...] | None]:
    """For each of its event types, when the latest one was, or nothing where there was none;
    None where neither the event of `turn` tells it nor a metric has a sample of each."""
    logs, told = turn.state().logs, latest_told(turn)
    for event in trigger.events:
        if told is not None:
            yield (told[event],) if event in told else ()
            continue
        plan = next(
            (
                plan
                for plan in turn.program.logs.values()
                if plan.feed.event == event and plan.feed.of_all
            ),
            None,
        )
        if plan is None:
            yield None
        elif (log := logs.get(plan.name)) is None:
            yield ()
        else:
            yield (log.times[log.count - 1],)
