"""Relationships that are being ended: brought up to date as one of the last things in a step.

    a reason            what is tried (improving), or a proposal       proposing.py
    a granted approval  announced, notice, redemption, settlement, closed, each at its instant
    something against   it is held where it is, or ends (withdrawn)    phases.py, reopening.py
    closed              nothing is kept or promoted, until it is taken up again

What is due by the event's time has happened in a step before (S4): a phase that begins at the
very instant of an event that withdraws it has begun.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from msgspec.structs import replace

from loyalcore.calendars import next_period_start
from loyalcore.effects.changes import Change, EndParting, SetStage
from loyalcore.engine.care.journeys import stop_all
from loyalcore.engine.decide import record
from loyalcore.engine.ladders.placing import level_name, set_tier
from loyalcore.engine.ladders.ranks import NONE
from loyalcore.engine.life import Dissolution, Ended, Life, Stay
from loyalcore.engine.offering.offers import settle_revoked
from loyalcore.engine.offering.openings import mark_revoked
from loyalcore.engine.parting.phases import (
    act_out,
    asked_no_more,
    end,
    ended,
    following,
    hold,
    let_go_on,
    part,
    put,
    timed,
    told,
    why_held,
)
from loyalcore.engine.parting.proposing import (
    answered,
    judge,
    judge_periods,
    note_outcomes,
    seek_by_event,
)
from loyalcore.engine.parting.reopening import reopen_by_event, withdraw_by_event
from loyalcore.engine.parting.settling import end_pending, settle
from loyalcore.engine.state import CustomerState
from loyalcore.engine.turn import Turn
from loyalcore.program.migration import Migration
from loyalcore.program.parting.dissolution_plan import DissolutionPlan
from loyalcore.program.plan import Program
from loyalcore.program.timing.life_plan import LifePlan
from loyalcore.ruleset.dissolution import PHASES
from loyalcore.values import LAST_TIME


def dissolve(turn: Turn, plan: LifePlan, *, event: bool = True) -> bool:
    """Bring the dissolution of the customer of `turn` up to date; without `event`, only by what
    is known of them by now. Returns whether that changed anything about the customer."""
    before, decided = turn.life.dissolution, len(turn.decisions)
    if event:
        _by_event(turn, plan)
    if not turn.recount:  # else their figures are not known yet
        for one in plan.dissolutions if event else ():
            seek_by_event(turn, one)
            judge_periods(turn, one)
        _go_on(turn, plan)
    return turn.life.dissolution is not before or len(turn.decisions) != decided


def _by_event(turn: Turn, plan: LifePlan) -> None:
    note_outcomes(turn)
    one = turn.life.dissolution
    if one is not None and one.phase == "proposed":
        answered(turn, one)
        one = turn.life.dissolution
    if one is not None and (mine := plan.dissolution(one.name)) is not None:
        withdraw_by_event(turn, mine, one)
        reopen_by_event(turn, mine, one)


def _go_on(turn: Turn, plan: LifePlan) -> None:
    """Hold it, or let it go on; begin the phases whose time has come; and settle what has come
    since all was settled."""
    while (one := turn.life.dissolution) is not None:
        mine = plan.dissolution(one.name)
        if mine is None:
            return
        if not one.closed and one.phase != "proposed":
            why = why_held(turn.program, mine, turn.state(), one, turn.now)
            if why != one.held:
                _turn(turn, mine, one, why)
                continue
        if one.held or one.due is None or one.due > turn.now:
            if one.settled:
                settle(turn, mine)
            return
        if one.phase == "improving":
            judge(turn, mine, one)
        else:
            _begin(turn, mine, one)


def _turn(turn: Turn, plan: DissolutionPlan, one: Dissolution, why: str) -> None:
    """Hold it for this reason, or let it go on."""
    if not why:
        record(turn, f"{plan.place}.resumed", told(one), (let_go_on(turn, one),))
        return
    record(turn, f"{plan.place}.held", told(one), (hold(turn, one, why),))


# --- phases -----------------------------------------------------------------------------------


def _begin(turn: Turn, plan: DissolutionPlan, before: Dissolution) -> None:
    """Begin the next phase."""
    name = following(plan, before.phase)
    phase = plan.phase(name)
    assert phase is not None
    stops = not before.stopped and PHASES.index(name) >= PHASES.index(plan.stops)
    one = replace(
        before,
        phase=name,
        came=turn.now,
        anchor=turn.now,
        stopped=before.stopped or stops,
        earn_until=turn.now if stops else before.earn_until,
    )
    one = timed(plan, one, turn.program.locale.zone)
    put(turn, one)
    changes: list[Change] = [part(one)]
    if one.closed:
        changes += _leave(turn, plan, one)
        changes.append(EndParting(one.name, one.number, "closed"))
    act_out(turn, f"{plan.place}.{name}", phase.rule, told(one), changes)
    if not before.announced:
        stop_all(turn)
        if mark_revoked(turn, None):
            settle_revoked(turn)
    if one.settled:
        settle(turn, plan)
    elif stops:
        end_pending(turn, plan)


def _leave(turn: Turn, plan: DissolutionPlan, one: Dissolution) -> Iterator[Change]:
    """Take the customer's levels, and put them in the stage of those who are gone."""
    life = turn.program.life
    levels = {}
    for ladder in life.ladders if life is not None else ():
        rank = turn.life.tiers.get(ladder.name)
        rung = NONE if rank is None else ladder.rung(rank.level)
        if rung == NONE or ladder.levels[rung] is ladder.base:
            continue
        levels[ladder.name] = was = level_name(ladder, rung)
        yield set_tier(turn, ladder, NONE, was, "dissolved", turn.now)
    put(turn, replace(one, tiers=levels))
    stay = turn.life.stage
    if plan.stage and (stay is None or stay.stage != plan.stage):
        turn.life = replace(turn.life, stage=Stay(plan.stage, turn.now, by_hand=True))
        yield SetStage(plan.stage, "" if stay is None else stay.stage, f"{plan.place}.closed")


# --- others -----------------------------------------------------------------------------------


def leave_dissolution(turn: Turn) -> None:
    """End the one of a customer who is merged into another, or whom another is merged into: it
    was decided of somebody else."""
    if (one := turn.life.dissolution) is not None:
        end(turn, one, "merged")
    turn.life = replace(turn.life, streaks={})


def why_not_merge(life: Life) -> str:
    """Why a customer can't be merged into another: a person has approved that they are parted
    with, and what is left of them is not handed on."""
    one = life.dissolution
    if one is None or not one.begins:
        return ""
    first = "take it up again" if one.closed else "withdraw it"
    return f"in {one.place}: {one.phase}; {first} first"


def take_parted(turn: Turn, parted: Mapping[str, Ended]) -> None:
    """Let what has ended for another customer, who is this one too, be over for this one."""
    mine = dict(turn.life.parted)
    for name, theirs in parted.items():
        found = mine.get(name, theirs)
        mine[name] = Ended(max(found.time, theirs.time), max(found.number, theirs.number))
    if mine:
        turn.life = replace(turn.life, parted=mine)


def carried(program: Program, life: Life, now: int) -> tuple[Life, list[Change]]:
    """A life in `program`, which takes over: what it has goes on by its lengths of time, what it
    has no more is withdrawn. What is closed stays so, and what would come back has its new
    names."""
    one = life.dissolution
    if one is None:
        return life, []
    if one.closed:
        return replace(life, dissolution=_renamed(program.migration, one)), []
    plan = None if program.life is None else program.life.dissolution(one.name)
    if plan is not None:
        return replace(life, dissolution=timed(plan, one, program.locale.zone)), []
    changes = [*asked_no_more(life, one), EndParting(one.name, one.number, "withdrawn")]
    return ended(life, one, now), changes


def _renamed(migration: Migration, one: Dissolution) -> Dissolution:
    expired: dict[str, int] = {}
    for was, points in one.expired.items():
        wallet = migration.wallets.get(was, was)
        expired[wallet] = expired.get(wallet, 0) + points
    tiers = {}
    for was, level in one.tiers.items():
        if ladder := migration.ladder(was):
            tiers[ladder] = migration.levels.get(ladder, {}).get(level, level)
    return replace(one, expired=expired, tiers=tiers)


# --- ahead ------------------------------------------------------------------------------------


def dissolutions_due(program: Program, plan: LifePlan, life: Life, now: int) -> Iterator[int]:
    """The instants after `now`, the customer's clock, at which a phase begins, or a period is
    judged."""
    one, zone = life.dissolution, program.locale.zone
    if one is not None and one.due is not None and not one.held:
        yield one.due
    if one is not None and one.begins:
        return
    for period in {period for each in plan.dissolutions for period in each.periods}:
        if (start := next_period_start(now, period, zone)) < LAST_TIME:
            yield start


def may_turn(plan: LifePlan, life: Life) -> DissolutionPlan | None:
    """The one that figures may hold, or let go on, if the customer is in one."""
    one = life.dissolution
    if one is None or one.closed or one.phase == "proposed":
        return None
    mine = plan.dissolution(one.name)
    return mine if mine is not None and mine.holds else None


def would_turn(program: Program, plan: DissolutionPlan, state: CustomerState, at: int) -> bool:
    """Whether figures alone would hold it at `at`, or let it go on."""
    one = state.life.dissolution
    return one is not None and why_held(program, plan, state, one, at) != one.held
