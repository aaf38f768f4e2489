"""A relationship that is being ended: the phase that it is in, when the next one comes, what is
done as one begins, what holds it, and what it is to end before the last."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from zoneinfo import ZoneInfo

from msgspec.structs import replace

from loyalcore.effects.changes import (
    Change,
    ChangeApproval,
    EndParting,
    HoldParting,
    Part,
)
from loyalcore.engine.apply import apply
from loyalcore.engine.decide import record, rested_on
from loyalcore.engine.facts import facts_at
from loyalcore.engine.life import Dissolution, Ended, Life
from loyalcore.engine.selecting.holding import cost_of
from loyalcore.engine.state import CustomerState
from loyalcore.engine.turn import Turn
from loyalcore.program.parting.dissolution_plan import DissolutionPlan
from loyalcore.program.plan import Program
from loyalcore.program.selecting.rule_plan import RulePlan
from loyalcore.ruleset.dissolution import PHASES
from loyalcore.values import LAST_TIME, write_time

NEVER = Ended(-LAST_TIME, 0)
BY_HAND = "by hand"


def put(turn: Turn, one: Dissolution | None) -> None:
    """Have it be as it is by now; None: the customer is in none."""
    turn.life = replace(turn.life, dissolution=one)


def act_out(
    turn: Turn,
    name: str,
    rule: RulePlan,
    read: Mapping[str, object],
    changes: Iterable[Change],
) -> list[Change]:
    """Record changes that are made, and do what the rule says by the facts with them. Returns
    what the rule has done."""
    facts = facts_at(turn.program, turn.state(), turn.now)
    done = [apply(turn, change) for effect in rule.effects for change in effect(facts)]
    cost = cost_of(turn, rule, done, facts) if rule.effects else None
    record(turn, name, {**read, **rested_on(rule, facts)}, (*changes, *done), "", cost)
    return done


def told(one: Dissolution) -> Mapping[str, object]:
    """What its decisions rest on."""
    return {"reason": one.reason, "begun": write_time(one.begun)}


def part(one: Dissolution) -> Part:
    """That it has come into its phase."""
    until = None if one.due == one.came else one.due
    return Part(one.name, one.number, one.phase, one.reason, _written(until))


def _written(time: int | None) -> str:
    return "" if time is None else write_time(time)


# --- when -------------------------------------------------------------------------------------


def following(plan: DissolutionPlan, phase: str) -> str:
    """The phase that comes after one, which `plan` may have no more."""
    come = PHASES.index(phase) + 1 if phase in PHASES else 0
    return next(one.name for one in plan.phases if PHASES.index(one.name) >= come)


def timed(plan: DissolutionPlan, one: Dissolution, zone: ZoneInfo) -> Dissolution:
    """It, with when it goes on by itself, and when earning and redeeming end then: by its anchor
    and the lengths of `plan`. What has no length goes on at once."""
    due: int | None = one.anchor
    phase = plan.phase(one.phase)
    if one.phase in ("proposed", "closed"):
        due = None
    elif one.phase == "improving" and plan.improve is not None:
        due = plan.improve.within.after(one.anchor, zone)
    elif phase is not None and phase.lasts is not None:
        due = phase.lasts.after(one.anchor, zone)
    if due is not None and due >= LAST_TIME:
        due = None
    return _foreseen(plan, replace(one, due=due), zone)


def _foreseen(plan: DissolutionPlan, one: Dissolution, zone: ZoneInfo) -> Dissolution:
    if not one.announced or one.closed:
        return one
    starts = {one.phase: one.came}
    at = one.due
    for phase in plan.phases:
        if PHASES.index(phase.name) > PHASES.index(one.phase) and at is not None:
            starts[phase.name] = at
            at = at if phase.lasts is None else phase.lasts.due(at, zone)
    return replace(
        one,
        earn_until=one.earn_until if one.stopped else starts.get(plan.stops),
        redeem_until=starts.get("settlement"),
    )


def hold(turn: Turn, one: Dissolution, why: str) -> HoldParting:
    """Let it stay where it is: nothing comes by itself any more."""
    if not one.held:
        one = replace(one, held_since=turn.now)
    put(turn, replace(one, held=why))
    return HoldParting(one.name, one.number, True, why)


def let_go_on(turn: Turn, one: Dissolution) -> HoldParting:
    """Let it go on: what was left of the phase is still to come."""
    away = turn.now - one.held_since
    due = None if one.due is None else one.due + away
    one = replace(one, held="", held_since=0, anchor=one.anchor + away, due=due)
    plan = turn.program.life.dissolution(one.name) if turn.program.life is not None else None
    if plan is not None:
        one = _foreseen(plan, one, turn.program.locale.zone)
    put(turn, one)
    return HoldParting(one.name, one.number, False, until=_written(one.due))


def why_held(
    program: Program, plan: DissolutionPlan, state: CustomerState, one: Dissolution, at: int
) -> str:
    """Why it stays where it is at the instant `at`; "" where it goes on."""
    if one.by_hand:
        return BY_HAND
    if plan.holds:
        facts = facts_at(program, state, at)
        if plan.never is not None and plan.never(facts):
            return f"never: {plan.never_text}"
        if plan.pause is not None and plan.pause(facts):
            return f"pause: {plan.pause_text}"
    return open_case(state.life)


def open_case(life: Life) -> str:
    """That the customer waits for an answer: nobody is parted with then."""
    return next(
        (f"a case of {case.recovery} is open" for case in life.cases if case.ended is None), ""
    )


# --- ended ------------------------------------------------------------------------------------


def end(turn: Turn, one: Dissolution, outcome: str, rule: RulePlan | None = None) -> None:
    """End it before it is closed, or as it is taken up again. What people are still asked about
    it, they are asked no more."""
    changes = [*asked_no_more(turn.life, one), over(turn, one, outcome)]
    name = f"{one.place}.{outcome}"
    if rule is None:
        record(turn, name, told(one), changes)
    else:
        act_out(turn, name, rule, told(one), changes)


def over(turn: Turn, one: Dissolution, outcome: str) -> EndParting:
    """Have it ended; what is told of that."""
    turn.life = ended(turn.life, one, turn.now)
    return EndParting(one.name, one.number, outcome)


def ended(life: Life, one: Dissolution, now: int) -> Life:
    """A life in which it is over. A reason counts from the beginning again."""
    number = max(one.number, life.parted.get(one.name, NEVER).number)
    streaks = {
        place: streak
        for place, streak in life.streaks.items()
        if not place.startswith(f"{one.place}.")
    }
    return replace(
        life,
        dissolution=None,
        parted={**life.parted, one.name: Ended(now, number)},
        streaks=streaks,
        approvals=tuple(asked for asked in life.approvals if asked.number != one.approval),
    )


def asked_no_more(life: Life, one: Dissolution) -> list[Change]:
    """That the approval it waits for is withdrawn, where it is still open."""
    return [
        ChangeApproval(asked.approval, asked.number, "withdrawn")
        for asked in life.approvals
        if asked.number == one.approval
    ]
