"""What is about to end: points that will expire, and offers.

Their timers are those of what is there: after each step they are made to agree with it. What
comes when it would already have been foretold is not.
"""

from __future__ import annotations

from loyalcore.engine.life import Timer
from loyalcore.engine.offering.openings import last_moment
from loyalcore.engine.state import Instance
from loyalcore.engine.timing.firing import bring_about, drop_timers, set_timer
from loyalcore.engine.turn import Turn
from loyalcore.program.timing.life_plan import Ending, Expiring, LifePlan
from loyalcore.values import write_time


def foretell(turn: Turn, plan: LifePlan) -> None:
    """Set the timers of the points and offers that the customer has by now."""
    for points in plan.expiring:
        _set_expiring(turn, points)
    for offer in plan.ending:
        _set_ending(turn, offer)


# --- points -----------------------------------------------------------------------------------


def _set_expiring(turn: Turn, trigger: Expiring) -> None:
    """Set the timer for the next points of the wallet that expire."""
    timer = next((one for one in turn.life.timers if one.trigger == trigger.name), None)
    if timer is not None and not turn.booked:
        return
    zone = turn.program.locale.zone
    ends = sorted(
        {
            lot.expires
            for lot in turn.account.lots
            if lot.wallet == trigger.wallet and lot.expires is not None
            if lot.active or lot.pending
        }
    )
    dues = (trigger.before.before(expires, zone) for expires in ends)
    due = next((due for due in dues if due > turn.now), None)
    if timer is None or timer.due != due:
        drop_timers(turn, lambda one: one.trigger == trigger.name)
        set_timer(turn, trigger, due, turn.now)


def tell_expiring(turn: Turn, trigger: Expiring, timer: Timer) -> None:
    """Tell of the points that expire so long after the timer's instant: of those that expire
    together at once."""
    zone = turn.program.locale.zone
    points: dict[int, int] = {}
    for lot in turn.account.lots:
        if lot.wallet == trigger.wallet and lot.active and lot.expires is not None:
            points[lot.expires] = points.get(lot.expires, 0) + lot.active
    for expires in sorted(points):
        if trigger.before.before(expires, zone) == timer.due:
            data = {
                "wallet": trigger.wallet,
                "points": points[expires],
                "expires": write_time(expires),
            }
            bring_about(turn, trigger, data, turn.facts)


# --- offers -----------------------------------------------------------------------------------


def _set_ending(turn: Turn, trigger: Ending) -> None:
    """Set a timer for each open offer, and take away those of the ones that are closed."""
    zone = turn.program.locale.zone
    wanted = {}
    for one in turn.offers:
        if one.offer == trigger.offer and (until := _until(turn, one)) is not None:
            due = trigger.before.before(until, zone)
            if due > turn.now:
                wanted[one.number] = due
    timers = [one for one in turn.life.timers if one.trigger == trigger.name]
    found = {timer.data["number"]: timer.due for timer in timers}
    if found != wanted:
        drop_timers(
            turn,
            lambda one: one.trigger == trigger.name and wanted.get(one.data["number"]) != one.due,
        )
        for number, due in wanted.items():
            if found.get(number) != due:
                set_timer(turn, trigger, due, turn.now, data={"number": number})


def tell_ending(turn: Turn, trigger: Ending, timer: Timer) -> None:
    """Tell of the offer that the timer is about, if it is still open."""
    for one in turn.offers:
        if one.number == timer.data["number"] and (until := _until(turn, one)) is not None:
            data = {"offer": one.offer, "number": one.number, "until": write_time(until)}
            bring_about(turn, trigger, data, turn.facts)


def _until(turn: Turn, one: Instance) -> int | None:
    """When the offer ends, as its opening said; None where it is over, or never is."""
    if not one.open_at(turn.now):
        return None
    offer = turn.program.offers.get(one.offer)
    return one.ends if offer is None else last_moment(offer, one, turn.program.locale)
