"""Triggers on days of the calendar, and anniversaries: each has one timer, for its next day.

The data of a timer are the fields of its event, and what its instant was made of: the zone,
where the customer may have one, and the day that years are counted from. It is set anew where
those are others.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from zoneinfo import ZoneInfo

from loyalcore.days import local_day, next_anniversary, next_instant, zone_named
from loyalcore.engine.firing import drop_timers, set_timer
from loyalcore.engine.life import Timer
from loyalcore.engine.turn import Turn
from loyalcore.program.builtin_events import PROGRAM_ACTIVATED
from loyalcore.program.life_plan import Anniversary, Calendar, Hour, LifePlan
from loyalcore.values import write_time


def set_occasions(turn: Turn, plan: LifePlan) -> None:
    """Set the timers that are missing: of a new customer, of a trigger that has come; and those
    that would be due at another instant by now, as all may be where the program is another."""
    anew = turn.event.type == PROGRAM_ACTIVATED
    timers = {timer.trigger: timer for timer in turn.life.timers}
    for trigger in plan.recurring:
        basis = _basis(turn, trigger)
        timer = timers.get(trigger.name)
        if timer is not None:
            made_of = {name: timer.data[name] for name in timer.data if name != "years"}
            if made_of == basis and not anew:
                continue
            _drop(turn, timer)
        if basis is None:
            continue
        if isinstance(trigger, Calendar):
            zone, minutes = zone_of(turn, trigger.at), trigger.at.minutes
            due = next_instant(turn.now, minutes, zone, trigger.next_day)
            set_timer(turn, trigger, due, turn.now, data=basis)
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


def _set_anniversary(turn: Turn, trigger: Anniversary, basis: Mapping[str, object]) -> None:
    zone, since = zone_of(turn, trigger.at), _since(turn, trigger)
    assert since is not None
    first = date.fromordinal(local_day(since, zone)) if isinstance(since, int) else since
    # The day on which a customer came is no anniversary. A date that is known before it comes
    # is worth telling of.
    least = 0 if trigger.of else 1
    minutes, before, later = trigger.at.minutes, trigger.before, trigger.later
    found = next_anniversary(turn.now, first, least, minutes, zone, before, later)
    if found is not None:
        due, years = found
        set_timer(turn, trigger, due, turn.now, data={**basis, "years": years})
