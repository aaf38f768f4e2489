"""Tier levels: reached, kept, at risk and lost, each at its own instant.

At the end of a step, ladder by ladder: a review, if there is one at this instant; what becomes
of the level by itself by now (a warning, the end of its time, or of its grace); then what the
figures lead to at once. What is judged at the end of a period is judged by that period's
figures (closing.py), all else by those after the event.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from msgspec.structs import replace

from loyalcore.effects.changes import AtRisk, Change, Retain, Skipped
from loyalcore.effects.kind import Facts
from loyalcore.engine.apply import MAX_DEPTH
from loyalcore.engine.decide import record
from loyalcore.engine.ladders.placing import level_name, place, put, set_tier
from loyalcore.engine.ladders.ranks import (
    NONE,
    earned,
    highest,
    kept,
    lower,
    next_end,
    next_review,
    reviews_at,
    strays,
)
from loyalcore.engine.life import Rank
from loyalcore.engine.metrics import rising
from loyalcore.engine.offering.openings import plain
from loyalcore.engine.state import CustomerState
from loyalcore.engine.timing.closing import closing_facts, facts_ahead
from loyalcore.engine.turn import Turn
from loyalcore.program.builtin_events import DUE
from loyalcore.program.figures.metric_plan import MetricPlan
from loyalcore.program.plan import Program
from loyalcore.program.timing.life_plan import LadderPlan, LifePlan
from loyalcore.values import write_time


class Climb(NamedTuple):
    """A customer on one ladder, in a step."""

    turn: Turn
    ladder: LadderPlan

    @property
    def rank(self) -> Rank | None:
        """Their rank, if it is at a level that the ladder has."""
        rank = self.turn.life.tiers.get(self.ladder.name)
        return None if rank is None or self.ladder.rung(rank.level) == NONE else rank

    @property
    def rung(self) -> int:
        rank = self.rank
        return NONE if rank is None else self.ladder.rung(rank.level)


def move_tiers(turn: Turn, plan: LifePlan, facts: Facts) -> None:
    """Move the customer on every ladder, by the facts after the event."""
    for ladder in plan.ladders:
        climb = Climb(turn, ladder)
        if climb.rank is None and ladder.review is not None and ladder.base is not None:
            _enter(climb, 0, turn.now, "qualified", facts)
        _review(climb)
        _end(climb)
        _follow(climb, facts)


def settle_tiers(turn: Turn, plan: LifePlan, facts: Facts) -> None:
    """Find the customer's place on the ladders of a program that has become active.

    Who is at a level of a ladder keeps it for as long as they had it, or from now on where
    it had no end and the ladder gives one. Who is at none is where the figures lead.
    Nothing is told of it: nothing has happened to them.
    """
    names = {ladder.name for ladder in plan.ladders}
    tiers = {name: rank for name, rank in turn.life.tiers.items() if name in names}
    turn.life = replace(turn.life, tiers=tiers)
    for ladder in plan.ladders:
        climb = Climb(turn, ladder)
        rank = climb.rank
        if rank is None:
            if (best := earned(ladder, facts)) != NONE:
                _enter(climb, best, turn.now, "activated", facts)
        elif rank.until is None and ladder.drop != "never":
            put(turn, ladder, place(turn, ladder, climb.rung, rank.since, rank.how, turn.now))


# --- what becomes of a level ------------------------------------------------------------------


def _review(climb: Climb) -> None:
    """At a review, the level is what was earned, where that is higher; or lower, where levels
    are not kept for a time."""
    turn, ladder, rank = climb.turn, climb.ladder, climb.rank
    if ladder.review is None or turn.event.type != DUE:
        return
    if not reviews_at(ladder, turn.now, turn.state().since, turn.program.locale.zone):
        return
    facts = _closing(turn, turn.now)
    if (best := earned(ladder, facts)) > climb.rung:
        _enter(climb, best, turn.now, "review", facts)
    elif rank is not None and strays(ladder, rank, climb.rung, facts):
        _enter(climb, lower(ladder, climb.rung, facts), turn.now, "dropped", facts)


def _end(climb: Climb) -> None:
    """Let all happen that becomes of a rank by itself by now, each at its own instant."""
    turn, ladder = climb.turn, climb.ladder
    zone = turn.program.locale.zone
    while (rank := climb.rank) is not None:
        at = next_end(ladder, rank, zone)
        if at is None or at > turn.now:
            return
        if rank.until is not None and at < rank.until:
            _warn(climb, rank, rank.until)
            continue
        closing = _closing(turn, at)
        rung = climb.rung
        if ladder.keep is None:
            put(turn, ladder, replace(rank, until=None, grace=None))
        elif kept(ladder, rung, closing):
            _retain(climb, rank, at, closing)
        elif ladder.drop == "never":
            put(turn, ladder, replace(rank, until=None, grace=None))
        elif ladder.grace is not None and rank.grace is None:
            end = ladder.grace.after(at, zone)
            put(turn, ladder, replace(rank, grace=end))
            _tell_risk(climb, rank, end, closing)
        else:
            _enter(climb, lower(ladder, rung, closing), at, "dropped", closing)


def _warn(climb: Climb, rank: Rank, until: int) -> None:
    """Foretell the loss of a level that will not be kept if nothing happens until then."""
    turn, ladder, zone = climb.turn, climb.ladder, climb.turn.program.locale.zone
    put(turn, ladder, replace(rank, warned=True))
    facts = facts_ahead(turn.program, turn.state(), max(until, turn.now))
    if not kept(ladder, climb.rung, facts):
        end = until if ladder.grace is None else ladder.grace.after(until, zone)
        _tell_risk(climb, rank, end, facts)


def _tell_risk(climb: Climb, rank: Rank, end: int, facts: Facts) -> None:
    ladder = climb.ladder
    to = level_name(ladder, lower(ladder, climb.rung, facts))
    _record(climb, AtRisk(ladder.name, rank.level, to, write_time(end)), facts)


def _follow(climb: Climb, facts: Facts) -> None:
    """Do at once what the figures lead to: a higher level, a level kept within its grace, or
    the loss of one that is held only while it is earned."""
    turn, ladder, rank, rung = climb.turn, climb.ladder, climb.rank, climb.rung
    if ladder.review is None and (best := earned(ladder, facts)) > rung:
        _enter(climb, best, turn.now, "qualified", facts)
    elif rank is None:
        return
    elif rank.grace is not None and kept(ladder, rung, facts):
        _retain(climb, rank, turn.now, facts)
    elif ladder.review is None and strays(ladder, rank, rung, facts):
        _enter(climb, lower(ladder, rung, facts), turn.now, "dropped", facts)


def _enter(climb: Climb, rung: int, at: int, how: str, facts: Facts) -> None:
    rank = climb.rank
    change = set_tier(climb.turn, climb.ladder, rung, "" if rank is None else rank.level, how, at)
    _record(climb, change, facts)


def _retain(climb: Climb, rank: Rank, at: int, facts: Facts) -> None:
    turn, ladder = climb.turn, climb.ladder
    again = place(turn, ladder, climb.rung, rank.since, rank.how, at)
    put(turn, ladder, again)
    until = "" if again.until is None else write_time(again.until)
    _record(climb, Retain(ladder.name, rank.level, until), facts)


def _record(climb: Climb, change: Change, facts: Facts) -> None:
    turn, ladder = climb.turn, climb.ladder
    changes: list[Change] = [change]
    if turn.event.depth >= MAX_DEPTH:
        reason = f"nothing is told of it: events caused events {MAX_DEPTH} deep already"
        changes.append(Skipped("emit", reason))
    record(turn, ladder.place, plain(ladder.reads, facts), changes)


def _closing(turn: Turn, at: int) -> Facts:
    return closing_facts(turn.program, turn.state(), turn.found, at)


# --- looking ahead ----------------------------------------------------------------------------


def tiers_due(program: Program, plan: LifePlan, state: CustomerState) -> Iterator[int]:
    """The instants after the customer's clock at which a level is looked at whatever happens:
    the ends of what it is kept for, warnings, reviews."""
    zone = program.locale.zone
    for ladder in plan.ladders:
        rank = state.life.tiers.get(ladder.name)
        rung = NONE if rank is None else ladder.rung(rank.level)
        if rank is not None and rung != NONE and (end := next_end(ladder, rank, zone)) is not None:
            yield end
        review = next_review(ladder, state.clock, state.since, zone)
        if review is not None and not (ladder.keep is not None and rung >= highest(ladder)):
            yield review


def may_move(plan: LifePlan, state: CustomerState) -> bool:
    """Whether time alone may move the customer on any ladder before such an instant: it need
    not be looked for where figures can only fall, and no level is lost at once as they do."""
    return any(_may_follow(plan, ladder, state) for ladder in plan.ladders)


def _may_follow(plan: LifePlan, ladder: LadderPlan, state: CustomerState) -> bool:
    rank = state.life.tiers.get(ladder.name)
    rung = NONE if rank is None else ladder.rung(rank.level)
    if rank is None or rank.grace is None:
        if ladder.review is not None:
            return False
        live = ladder.keep is None and ladder.drop != "never"
        if live and rank is not None and rank.until is None:
            return True
        if rung >= highest(ladder):
            return False
    names = {name for name, _ in ladder.reads}
    return not ladder.sinking or not all(
        _falls(metric, state) for metric in plan.metrics if metric.name in names
    )


def _falls(metric: MetricPlan, state: CustomerState) -> bool:
    """Whether the figure can only fall as time passes."""
    if metric.ending is not None or metric.kind not in _FALLING:
        return False
    log = state.logs.get(metric.log)
    return metric.kind != "sum" or log is None or rising(log)


_FALLING = ("count", "sum", "distinct", "max", "latest")


def would_move(plan: LifePlan, state: CustomerState, facts: Facts, at: int) -> bool:
    """Whether any level would be another at `at`, before any such instant."""
    return any(_would_follow(ladder, state, facts) for ladder in plan.ladders)


def _would_follow(ladder: LadderPlan, state: CustomerState, facts: Facts) -> bool:
    rank = state.life.tiers.get(ladder.name)
    rung = NONE if rank is None else ladder.rung(rank.level)
    if ladder.review is None and earned(ladder, facts) > rung:
        return True
    if rank is None or rung == NONE:
        return False
    if rank.grace is not None and kept(ladder, rung, facts):
        return True
    return ladder.review is None and strays(ladder, rank, rung, facts)
