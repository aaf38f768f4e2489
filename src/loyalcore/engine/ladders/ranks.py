"""The rules of tier levels: who reaches one and keeps it, how long, and where else it leads.

All of it hangs on the ladder and on figures alone. Levels are told by their place on the
ladder, 0 being the lowest; -1 is none.
"""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

from loyalcore.calendars import period_start
from loyalcore.effects.kind import Facts
from loyalcore.engine.life import Rank
from loyalcore.ledger.expiry import EndOf, Expiry, OnAnniversary
from loyalcore.program.timing.life_plan import Criteria, Criterion, LadderPlan

NONE = -1
MEMBERSHIP_YEAR = "membership year"


def met(one: Criterion, facts: Facts) -> bool:
    """Whether a figure is at least what is wanted; a missing one is not."""
    have: Any = one.figure(facts)
    wanted: Any = one.wanted(facts)
    return have is not None and wanted is not None and have >= wanted


def hold(criteria: Criteria, facts: Facts) -> bool:
    """Whether all that is said is so."""
    return (
        all(met(one, facts) for one in criteria.all)
        and (not criteria.any or any(met(one, facts) for one in criteria.any))
        and (criteria.when is None or criteria.when(facts))
    )


def earned(ladder: LadderPlan, facts: Facts) -> int:
    """The highest level that the customer reaches by themselves."""
    for rung in range(len(ladder.levels) - 1, NONE, -1):
        level = ladder.levels[rung]
        if not level.invitation and hold(level.reach, facts):
            return rung
    return NONE


def highest(ladder: LadderPlan) -> int:
    """The highest level that anyone reaches by themselves."""
    return _below(ladder, len(ladder.levels))


def kept(ladder: LadderPlan, rung: int, facts: Facts) -> bool:
    """Whether who is at the level keeps it: what that takes is there, or they would reach it,
    or a higher one, anew."""
    return hold(ladder.levels[rung].stay, facts) or earned(ladder, facts) >= rung


def lower(ladder: LadderPlan, rung: int, facts: Facts) -> int:
    """The level that one leads to which is not kept. Nobody lands on one by invitation."""
    if ladder.keep is not None and ladder.drop == "one level":
        return _below(ladder, rung)
    if ladder.drop == "by balance":
        return earned(ladder, facts)
    while rung != NONE and not kept(ladder, rung, facts):
        rung = _below(ladder, rung)
    return rung


def _below(ladder: LadderPlan, rung: int) -> int:
    return next((n for n in range(rung - 1, NONE, -1) if not ladder.levels[n].invitation), NONE)


def strays(ladder: LadderPlan, rank: Rank, rung: int, facts: Facts) -> bool:
    """Whether a level is lost at once: one that is held only while it is earned."""
    return (
        ladder.keep is None
        and rank.until is None
        and ladder.drop != "never"
        and not kept(ladder, rung, facts)
    )


# --- times ------------------------------------------------------------------------------------


def keeps_until(keep: Expiry, at: int, since: int, zone: ZoneInfo) -> int | None:
    """Until when a level is kept that is reached, or kept again, at `at`, by a customer who
    came at `since`; None where time ends before.

    `end of year after 12 months` is the first end of a year that is 12 months later or more:
    from the first instant of a year, that of the same year.
    """
    until = keep.of(at - 1, since, at - 1, zone) if isinstance(keep, EndOf) else None
    if until is None or until <= at:
        until = keep.of(at, since, at, zone)
    return until if until is not None and until > at else None


def next_end(ladder: LadderPlan, rank: Rank, zone: ZoneInfo) -> int | None:
    """The next instant at which something becomes of a rank by itself: it is looked at for a
    warning, its time is over, or its grace."""
    if rank.grace is not None or rank.until is None:
        return rank.grace
    if ladder.warn is None or rank.warned:
        return rank.until
    return ladder.warn.before(rank.until, zone)


def next_review(ladder: LadderPlan, after: int, since: int, zone: ZoneInfo) -> int | None:
    """The first review after an instant; None where the ladder has none."""
    if ladder.review is None:
        return None
    if ladder.review == MEMBERSHIP_YEAR:
        return OnAnniversary(ladder.review).of(after, since, after, zone)
    return EndOf(ladder.review, ladder.review).of(after, since, after, zone)


def reviews_at(ladder: LadderPlan, at: int, since: int, zone: ZoneInfo) -> bool:
    """Whether a review is at this very instant."""
    if ladder.review in (None, MEMBERSHIP_YEAR):
        return next_review(ladder, at - 1, since, zone) == at
    assert ladder.review is not None
    return period_start(at, ladder.review, zone) == at
