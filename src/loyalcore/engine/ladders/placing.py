"""Putting a customer at a level of a ladder: what their rank is then, and what is recorded."""

from __future__ import annotations

from msgspec.structs import replace

from loyalcore.calendars import read_duration
from loyalcore.effects.changes import Change, SetTier, Skipped
from loyalcore.engine.ladders.ranks import NONE, keeps_until
from loyalcore.engine.life import Rank
from loyalcore.engine.turn import Turn
from loyalcore.ledger.expiry import Expiry, FromOpening
from loyalcore.program.timing.life_plan import LadderPlan
from loyalcore.values import write_time


def level_name(ladder: LadderPlan, rung: int) -> str:
    """The level at this place of the ladder; "" for none."""
    return "" if rung == NONE else ladder.levels[rung].name


def place(
    turn: Turn,
    ladder: LadderPlan,
    rung: int,
    since: int,
    how: str,
    at: int,
    keep: Expiry | None = None,
) -> Rank:
    """A rank held `since` then, which is kept anew from `at`: for `keep`, or else as long as
    the ladder says. Nobody loses a level that takes nothing. Who comes to one with less time
    left than `warn` is not warned."""
    level, zone = ladder.levels[rung], turn.program.locale.zone
    until, keep = None, keep or ladder.keep
    if keep is not None and level is not ladder.base:
        until = keeps_until(keep, at, turn.state().since, zone)
    early = ladder.warn is not None and until is not None and ladder.warn.before(until, zone) <= at
    return Rank(level.name, since, how, until, warned=early)


def put(turn: Turn, ladder: LadderPlan, rank: Rank | None) -> None:
    """Make it the customer's rank on the ladder; None: they have none."""
    tiers = {name: one for name, one in turn.life.tiers.items() if name != ladder.name}
    if rank is not None:
        tiers[ladder.name] = rank
    turn.life = replace(turn.life, tiers=tiers)


def set_tier(
    turn: Turn,
    ladder: LadderPlan,
    rung: int,
    was: str,
    how: str,
    at: int,
    keep: Expiry | None = None,
) -> SetTier:
    """Put the customer at a level, or at none. Returns the change that this is."""
    if rung == NONE:
        put(turn, ladder, None)
        return SetTier(ladder.name, "", was, how)
    rank = place(turn, ladder, rung, at, how, at, keep)
    put(turn, ladder, rank)
    until = "" if rank.until is None else write_time(rank.until)
    return SetTier(ladder.name, rank.level, was, how, until)


def ladder_of(turn: Turn, name: str) -> LadderPlan | None:
    """The ladder of this name, if the program has one."""
    ladders = turn.program.life.ladders if turn.program.life is not None else ()
    return next((ladder for ladder in ladders if ladder.name == name), None)


def level_of(turn: Turn, ladder: LadderPlan) -> str:
    """The customer's level; "" where they have none."""
    rank = turn.life.tiers.get(ladder.name)
    if rank is not None and ladder.rung(rank.level) != NONE:
        return rank.level
    return "" if ladder.base is None else ladder.base.name


def upgrade(turn: Turn, change: SetTier) -> Change:
    """Lift the customer to the level that an effect asks for, if they are below it."""
    if (parting := turn.life.dissolution) is not None and parting.closed:
        return Skipped("upgrade", f"{change.ladder}: {parting.place} is closed")
    ladder = ladder_of(turn, change.ladder)
    assert ladder is not None  # checked as the effect was planned
    rung, was = ladder.rung(change.level), level_of(turn, ladder)
    if ladder.rung(was) >= rung:
        return Skipped("upgrade", f"{ladder.name}: at {was} already")
    keep = FromOpening(change.keep, read_duration(change.keep)) if change.keep else None
    how = "invited" if ladder.levels[rung].invitation else "upgraded"
    return set_tier(turn, ladder, rung, was, how, turn.now, keep)
