"""A relationship that was closed is taken up again, and one that is being ended goes on after
all: by events, and by operators."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from msgspec.structs import replace

from loyalcore.effects.changes import Adjust, Change, Reinstate, SetStage
from loyalcore.engine.apply import apply
from loyalcore.engine.care.tasks import nobody, unable
from loyalcore.engine.decide import record
from loyalcore.engine.ladders.placing import ladder_of, set_tier
from loyalcore.engine.ladders.ranks import NONE
from loyalcore.engine.life import Dissolution, Stay
from loyalcore.engine.parting.phases import (
    BY_HAND,
    act_out,
    asked_no_more,
    end,
    hold,
    let_go_on,
    over,
    put,
    told,
)
from loyalcore.engine.turn import Turn
from loyalcore.program.parting.dissolution_plan import DissolutionPlan, ReopenPlan
from loyalcore.values import LAST_TIME, write_time

# --- by events --------------------------------------------------------------------------------


def withdraw_by_event(turn: Turn, plan: DissolutionPlan, one: Dissolution) -> None:
    """End it, if the event says so, as long as it is not closed."""
    if not one.closed and turn.event.type in plan.withdraw:
        end(turn, one, "withdrawn", plan.withdrawn)


def reopen_by_event(turn: Turn, plan: DissolutionPlan, one: Dissolution) -> None:
    """Take it up again, if the event says so. One that comes late, and was before it was closed,
    does not."""
    reopen = plan.reopen
    if not one.closed or reopen is None or turn.event.type not in reopen.on:
        return
    holds = reopen.on[turn.event.type]
    if turn.event.time < one.came or not (holds is None or holds(turn.facts)):
        return
    if reopen.after is not None:
        first = reopen.after.after(one.came, turn.program.locale.zone)
        if turn.now < first:
            why = f"after: not before {write_time(min(first, LAST_TIME))}"
            record(turn, f"{plan.place}.reopened", told(one), (), why)
            return
    _reopen(turn, plan, one, told(one))


def _reopen(
    turn: Turn, plan: DissolutionPlan, one: Dissolution, read: Mapping[str, object]
) -> None:
    changes: list[Change] = [over(turn, one, "reopened")]
    if plan.reopen is None:
        record(turn, f"{plan.place}.reopened", read, changes)
        return
    changes += _restored(turn, plan.reopen, one)
    act_out(turn, f"{plan.place}.reopened", plan.reopen.rule, read, changes)


def _restored(turn: Turn, reopen: ReopenPlan, one: Dissolution) -> Iterator[Change]:
    """What comes back: exactly what is declared."""
    if reopen.points:
        for wallet, points in sorted(one.expired.items()):
            back = turn.book.reinstate(wallet, points, turn.now)
            if back:
                yield Reinstate(wallet, back)
            if back < points:  # of lots that are dropped by now
                yield apply(turn, Adjust(wallet, points - back))
    if reopen.tier:
        for name, level in sorted(one.tiers.items()):
            ladder = ladder_of(turn, name)
            if ladder is not None and (rung := ladder.rung(level)) != NONE:
                yield set_tier(turn, ladder, rung, "", "reopened", turn.now)
    stay = turn.life.stage
    if reopen.stage and (stay is None or stay.stage != reopen.stage):
        turn.life = replace(turn.life, stage=Stay(reopen.stage, turn.now, by_hand=True))
        was = "" if stay is None else stay.stage
        yield SetStage(reopen.stage, was, f"{one.place}.reopened")


# --- by operators -----------------------------------------------------------------------------


def pause_by_hand(turn: Turn) -> None:
    """An operator holds it where it is."""
    one = _running(turn)
    if isinstance(one, Dissolution) and one.by_hand:
        one = "it is held by hand already"
    if isinstance(one, str):
        _record(turn, (), one)
        return
    held = replace(one, by_hand=True)
    put(turn, held)
    _record(turn, (hold(turn, held, BY_HAND),))


def resume_by_hand(turn: Turn) -> None:
    """An operator lets it go on, unless something else holds it."""
    one = _running(turn)
    if isinstance(one, Dissolution) and not one.by_hand:
        one = "nobody holds it by hand"
    if isinstance(one, str):
        _record(turn, (), one)
        return
    _record(turn, (let_go_on(turn, replace(one, by_hand=False)),))


def withdraw_by_hand(turn: Turn) -> None:
    """An operator ends it before it is closed."""
    one = _running(turn)
    if isinstance(one, str):
        _record(turn, (), one)
        return
    plan = _plan(turn, one)
    changes = [*asked_no_more(turn.life, one), over(turn, one, "withdrawn")]
    if plan is None:
        _record(turn, changes)
    else:
        act_out(turn, f"events.{turn.event.type}", plan.withdrawn, _read(turn), changes)


def reopen_by_hand(turn: Turn) -> None:
    """An operator takes up again what is closed, whenever that was."""
    one = turn.life.dissolution
    if one is None or not one.closed:
        _record(turn, (), "no dissolution of the customer is closed")
        return
    plan = _plan(turn, one)
    if reason := nobody(turn) or _may_not(turn, plan):
        _record(turn, (), reason)
        return
    if plan is None:
        end(turn, one, "reopened")
    else:
        _reopen(turn, plan, one, {**told(one), **_read(turn)})


def _running(turn: Turn) -> Dissolution | str:
    """The one that the customer is in, before it is closed; or why the operator may do nothing
    to it."""
    one = turn.life.dissolution
    if one is None:
        return "the customer is in no dissolution"
    if one.closed:
        return f"{one.place} is closed"
    return nobody(turn) or _may_not(turn, _plan(turn, one)) or one


def _plan(turn: Turn, one: Dissolution) -> DissolutionPlan | None:
    life = turn.program.life
    return None if life is None else life.dissolution(one.name)


def _may_not(turn: Turn, plan: DissolutionPlan | None) -> str:
    """Why the person may not: it takes one who may approve it."""
    asked = None if plan is None else turn.program.work.approvals.get(plan.approval)
    return unable(turn, str(turn.event.data["by"]), () if asked is None else asked.roles)


def _read(turn: Turn) -> dict[str, object]:
    return {name: turn.event.data[name] for name in ("by", "reason")}


def _record(turn: Turn, changes: Iterable[Change], reason: str = "") -> None:
    record(turn, f"events.{turn.event.type}", _read(turn), changes, reason)
