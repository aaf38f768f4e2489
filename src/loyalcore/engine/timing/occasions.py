"""Triggers on days of the calendar, and anniversaries: each has one timer, for its next day.

The data of a timer are the fields of its event, and what its instant was made of: the zone,
where the customer may have one, and the day that years are counted from. It is set anew where
those are others. Who moves to another zone has each day once, as everybody does.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from zoneinfo import ZoneInfo

from loyalcore.days import (
    anniversary,
    instant_of,
    local_day,
    moved,
    next_anniversary,
    next_instant,
    zone_named,
)
from loyalcore.engine.life import Timer
from loyalcore.engine.timing.firing import drop_timers, set_timer
from loyalcore.engine.turn import Turn
from loyalcore.program.builtin_events import CUSTOMER_SPLIT, PROGRAM_ACTIVATED
from loyalcore.program.timing.life_plan import Anniversary, Calendar, Hour, LifePlan
from loyalcore.values import write_time

_OF_DAY = ("day", "years")  # in the data of a timer: which day it is for


def set_occasions(turn: Turn, plan: LifePlan) -> None:
    """Set the timers that are missing: of a new customer, of a trigger that has come; and those
    that would be due at another instant by now, as all may be where the program is another."""
    anew = turn.event.type == PROGRAM_ACTIVATED
    timers = {timer.trigger: timer for timer in turn.life.timers}
    for trigger in plan.recurring:
        basis = _basis(turn, trigger)
        timer = timers.get(trigger.name)
        if timer is not None:
            made_of = {name: timer.data[name] for name in timer.data if name not in _OF_DAY}
            if made_of == basis and not anew:
                continue
            _drop(turn, timer)
            if basis and not anew and made_of == {**basis, "zone": made_of.get("zone")}:
                _move(turn, trigger, timer, basis)
                continue
        if basis is None:
            continue
        if isinstance(trigger, Calendar):
            _set_calendar(turn, trigger, basis)
        else:
            _set_anniversary(turn, trigger, basis)


def zone_of(turn: Turn, at: Hour) -> ZoneInfo:
    """The time zone in which that hour is meant: the program's, where the customer's attribute
    says none that there is."""
    zone = None
    if at.zone and isinstance(name := turn.attributes.get(at.zone), str):
        zone = zone_named(name)
    return zone or turn.program.locale.zone


def _basis(turn: Turn, trigger: Calendar | Anniversary) -> dict[str, object] | None:
    """What the instant of its timer is made of; None where it has none."""
    basis: dict[str, object] = {}
    if trigger.at.zone:
        basis["zone"] = zone_of(turn, trigger.at).key
    if isinstance(trigger, Anniversary):
        since = _since(turn, trigger)
        if since is None:
            return None
        basis["since"] = write_time(since) if isinstance(since, int) else since.isoformat()
    return basis


def _since(turn: Turn, trigger: Anniversary) -> int | date | None:
    """What years are counted from: an instant stands for its day."""
    return turn.attributes.get(trigger.of) if trigger.of else turn.since


def _drop(turn: Turn, timer: Timer) -> None:
    drop_timers(turn, lambda other: other.number == timer.number)


def _set_calendar(turn: Turn, trigger: Calendar, basis: Mapping[str, object]) -> None:
    zone, minutes = zone_of(turn, trigger.at), trigger.at.minutes
    found = next_instant(turn.now, minutes, zone, trigger.next_day)
    if found is None:
        return
    due, day = found
    if basis:
        # A day that comes once has come already where the customer was before.
        if trigger.next_day(day) is None and not _new(turn):
            return
        basis = {**basis, "day": day}
    set_timer(turn, trigger, due, turn.now, data=basis)


def _new(turn: Turn) -> bool:
    """Whether the customer comes, or the program does."""
    return turn.since == turn.now or turn.event.type in (PROGRAM_ACTIVATED, CUSTOMER_SPLIT)


def _set_anniversary(turn: Turn, trigger: Anniversary, basis: Mapping[str, object]) -> None:
    zone, first = zone_of(turn, trigger.at), _first(turn, trigger)
    # The day on which a customer came is no anniversary. A date that is known before it comes
    # is worth telling of.
    least = 0 if trigger.of else 1
    minutes, before, later = trigger.at.minutes, trigger.before, trigger.later
    found = next_anniversary(turn.now, first, least, minutes, zone, before, later)
    if found is not None:
        due, years = found
        set_timer(turn, trigger, due, turn.now, data={**basis, "years": years})


def _first(turn: Turn, trigger: Anniversary) -> date:
    """The day that years are counted from."""
    since = _since(turn, trigger)
    assert since is not None
    if isinstance(since, int):
        return date.fromordinal(local_day(since, zone_of(turn, trigger.at)))
    return since


def _move(
    turn: Turn, trigger: Calendar | Anniversary, timer: Timer, basis: Mapping[str, object]
) -> None:
    """Set the timer of a customer who has moved to another zone: for the same day there; where
    its hour is over there already, for when it would have come."""
    if isinstance(trigger, Calendar):
        day = timer.data["day"]
    else:
        on = anniversary(_first(turn, trigger), timer.data["years"])
        day = moved(on or date.max, trigger.before, trigger.later).toordinal()
    due = instant_of(day, trigger.at.minutes, zone_of(turn, trigger.at))
    due = due if due > turn.now else timer.due
    set_timer(turn, trigger, due, turn.now, data={**timer.data, **basis})
