"""What is to come of a trigger, a tier ladder, the stage, a journey or a recovery, and what that
rests on: why it has not happened yet, and when it would."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from loyalcore.effects.kind import Facts
from loyalcore.engine.care.recovery import case_instants
from loyalcore.engine.facts import facts_at
from loyalcore.engine.ladders.tier_outlook import Outlook, outlook
from loyalcore.engine.life import Case, Timer
from loyalcore.engine.state import CustomerState
from loyalcore.engine.step import see
from loyalcore.engine.telling.profile import Coming, stage_of
from loyalcore.engine.timing.firing import readable
from loyalcore.events import Event
from loyalcore.expression import Drawing, draw, names
from loyalcore.program.builtin_events import DUE
from loyalcore.program.care.journey_plan import JourneyPlan
from loyalcore.program.care.recovery_plan import RecoveryPlan
from loyalcore.program.parting.dissolution_plan import DissolutionPlan
from loyalcore.program.plan import Program
from loyalcore.program.timing.life_plan import (
    After,
    Anniversary,
    Calendar,
    Crossing,
    Ending,
    Expiring,
    LifePlan,
    Sequence,
    Silence,
    StagesPlan,
    TriggerPlan,
    Way,
    Written,
)
from loyalcore.values import write_time


@dataclass(frozen=True)
class WayTold:
    """A way `to` another stage, `how` in its author's words; whether it is `open` now. One that
    is on an event is only ever open at such an event."""

    to: str
    how: str
    open: bool
    condition: Drawing | None = None


@dataclass(frozen=True)
class Prospect:
    """Where a trigger, ladder or stage stands `now`, in words.

    `timers` are those of a trigger, the next first, and `condition` what it comes on: what
    holds once the next of them is due, if nothing happens until then, or else now. `tier` is of
    a ladder; `ways` are those out of the stage.
    """

    now: str
    timers: tuple[Coming, ...] = ()
    condition: Drawing | None = None
    tier: Outlook | None = None
    ways: tuple[WayTold, ...] = ()


class At(NamedTuple):
    """An event that was just decided, as the rules on it saw it."""

    event: Event
    facts: Facts


def life_names(program: Program) -> tuple[str, ...]:
    """What decisions call the triggers, ladders, stages, journeys and recoveries of a program."""
    life = program.life
    if life is None:
        return ()
    stages = life.stages.stages if life.stages is not None else ()
    return (
        *(trigger.place for trigger in life.triggers),
        *(ladder.place for ladder in life.ladders),
        *(f"stages.{stage}" for stage in stages),
        *life.by_place,
        *(dissolution.place for dissolution in life.dissolutions),
        *(recovery.place for recovery in life.recoveries),
    )


def prospect(program: Program, state: CustomerState, name: str, at: At) -> Prospect | None:
    """What is to come for the customer of `state` of what decisions call `name`: triggers.quiet,
    tiers.club, stages.client. None where `program` has none of that name."""
    section, _, rest = name.partition(".")
    life = program.life
    if life is None:
        return None
    if section == "triggers" and rest in life.by_name:
        return _of_trigger(program, state, life.by_name[rest])
    if section == "tiers" and any(ladder.name == rest for ladder in life.ladders):
        return _of_ladder(program, life, state, rest)
    if section == "stages" and life.stages is not None and rest in life.stages.stages:
        return _of_stage(program, life.stages, state, rest, at)
    if (journey := life.by_place.get(name)) is not None:
        return _of_journey(state, journey)
    if section == "dissolution" and (parting := life.dissolution(rest)) is not None:
        return _of_dissolution(state, parting)
    if section == "recovery" and rest in life.recovery:
        return _of_recovery(state, life.recovery[rest])
    return None


def _drawn(program: Program, written: Written, facts: Facts) -> Drawing:
    """The condition on what is known of `facts`: what is not there is missing."""
    known = {**dict.fromkeys(names(written.node)), **facts}
    return draw(written.node, known, written.text, program.locale)


# --- dissolutions -----------------------------------------------------------------------------


def _of_dissolution(state: CustomerState, plan: DissolutionPlan) -> Prospect:
    one = state.life.dissolution
    if one is None or one.name != plan.name:
        return Prospect(_before(state, plan))
    now = f"{one.phase} since {write_time(one.came)}, for {one.reason}"
    if one.held:
        return Prospect(f"{now}; held: {one.held}")
    coming = () if one.due is None else (write_time(one.due),)
    return Prospect(now, tuple(Coming(plan.place, at, write_time(one.came)) for at in coming))


def _before(state: CustomerState, plan: DissolutionPlan) -> str:
    """How far the reasons that go by periods have come, or when it last ended."""
    last = state.life.parted.get(plan.name)
    ended = "" if last is None else f"; it ended at {write_time(last.time)}"
    counts = [
        f"{reason.name} for {streak.count} of {reason.periods} {reason.period}s"
        for reason in plan.reasons
        if (streak := state.life.streaks.get(f"{plan.place}.{reason.name}")) is not None
    ]
    return f"the customer is not in it{ended}{'; ' if counts else ''}{', '.join(counts)}"


# --- journeys ---------------------------------------------------------------------------------


def _of_journey(state: CustomerState, journey: JourneyPlan) -> Prospect:
    run = next((run for run in state.life.journeys if run.journey == journey.place), None)
    if run is None:
        ended = state.life.ended.get(journey.place)
        never = "the customer has not entered it"
        return Prospect(never if ended is None else f"it ended at {write_time(ended.time)}")
    if run.step < len(journey.steps):
        now = f"step {run.step + 1} comes next ({journey.steps[run.step].text})"
    else:
        now = "its steps are over"
    now = f"entered at {write_time(run.entered)}; {now}{', held out' if run.held_out else ''}"
    due = () if run.due is None else (write_time(run.due),)
    coming = tuple(Coming(journey.place, at, write_time(run.came)) for at in due)
    return Prospect(now, coming)


# --- recoveries -------------------------------------------------------------------------------


def _of_recovery(state: CustomerState, recovery: RecoveryPlan) -> Prospect:
    """Which of its cases are open, and when anything happens to them by itself."""
    cases = [one for one in state.life.cases if one.recovery == recovery.name]
    told = [_of_case(one) for one in cases if one.ended is None]
    numbers = {one.number: one.since for one in cases}
    coming = tuple(
        Coming(recovery.place, write_time(one.at), write_time(numbers[one.number]))
        for one in sorted(case_instants(state.life))
        if one.number in numbers
    )
    return Prospect("; ".join(told) or "no case is open", coming)


def _of_case(case: Case) -> str:
    opened = f"case {case.number} is open since {write_time(case.since)}"
    if case.answered is not None:
        return f"{opened}, answered at {write_time(case.answered)}"
    if case.due is None:
        return f"{opened}, promised at no time"
    overdue = "overdue since" if case.overdue else "to be answered before"
    return f"{opened}, {overdue} {write_time(case.due)}"


# --- triggers ---------------------------------------------------------------------------------


def _of_trigger(program: Program, state: CustomerState, trigger: TriggerPlan) -> Prospect:
    life = state.life
    timers = [one for one in life.timers if one.trigger == trigger.name]
    timers.sort(key=lambda timer: (timer.due, timer.number))
    coming = tuple(
        Coming(one.trigger, write_time(one.due), write_time(one.since)) for one in timers
    )
    if isinstance(trigger, Crossing):
        holds = trigger.name in life.watched
        facts = facts_at(program, state, state.clock)
        line = None if trigger.line is None else _drawn(program, trigger.line, facts)
        return Prospect(_of_line(trigger, holds=holds), coming, line)
    if not timers:
        return Prospect(_unset(program, state, trigger))
    condition = None
    if trigger.condition is not None:
        condition = _drawn(program, trigger.condition, _facts_then(program, state, timers[0]))
    first = coming[0]
    more = f", the first of {len(coming)}" if len(coming) > 1 else ""
    return Prospect(f"due {first.due}, counted from {first.since}{more}", coming, condition)


def _of_line(trigger: Crossing, *, holds: bool) -> str:
    if holds == trigger.falling:
        return "the line is not crossed yet"
    return "the line is crossed already; it comes once it is crossed anew"


def _unset(program: Program, state: CustomerState, trigger: TriggerPlan) -> str:
    match trigger:
        case Silence(events=events) | After(events=events):
            return f"no timer is set; the next {' or '.join(events)} sets one"
        case Sequence():
            waiting = [one for one in state.life.firsts if one.trigger == trigger.name]
            then, first = " or ".join(trigger.then), " or ".join(trigger.events)
            latest = max((one.due for one in waiting), default=None)
            if latest is None or latest <= state.clock:
                return f"no {first} waits for {then}"
            return f"waits for {then} until {write_time(latest)}"
        case Calendar():
            return "it does not come again"
        case Anniversary(of=of):
            missing = of and state.attributes.get(of) is None
            return f"{of} is missing" if missing else "it does not come again"
        case Expiring(wallet=wallet):
            return f"no {wallet} expire that were not told of"
        case Ending(offer=offer):
            return f"no {offer} is open that ends and was not told of"
    return "no timer is set"


def _facts_then(program: Program, state: CustomerState, timer: Timer) -> Facts:
    """What the trigger's condition may read as `timer` is due, if nothing happens until then."""
    then = Event(program.source, "", DUE, state.customer, max(timer.due, state.clock), {}, "{}")
    plan = program.events[timer.trigger]
    own = {"since": write_time(timer.since), "times": timer.times + 1, **timer.data}
    return {**see(program, state, then)[1], **plan.read(readable(plan, own))}


# --- tiers ------------------------------------------------------------------------------------


def _of_ladder(program: Program, life: LifePlan, state: CustomerState, name: str) -> Prospect:
    ladder = next(one for one in life.ladders if one.name == name)
    told = outlook(program, ladder, state, state.clock)
    if told.level is None:
        now = "at no level"
    else:
        since = f" since {told.since}" if told.since else ""
        kept = f", kept until {told.until}" if told.until else ""
        kept = f", in grace until {told.grace}" if told.grace else kept
        now = f"at {told.level}{since}{kept}"
    return Prospect(now, tier=told)


# --- stages -----------------------------------------------------------------------------------


def _of_stage(
    program: Program, stages: StagesPlan, state: CustomerState, wanted: str, at: At
) -> Prospect:
    """The ways out of the customer's stage: those that lead to the `wanted` one, if any do."""
    stage, stay = stage_of(program, state.life), state.life.stage
    assert stage is not None
    since = stay.since if stay is not None and stay.stage == stage else None
    now = f"in {stage}" if since is None else f"in {stage} since {write_time(since)}"
    if since is not None and stage in stages.dwell:
        end = stages.dwell[stage](since)
        if end > state.clock:
            now += f", at least until {write_time(end)}"
    ways = [way for way in stages.ways[stage] if way.to == wanted]
    if not ways and stage != wanted:
        now += f"; no way leads from there to {wanted}"
    facts = facts_at(program, state, state.clock)
    return Prospect(
        now, ways=tuple(_told(program, way, facts, at) for way in ways or stages.ways[stage])
    )


def _told(program: Program, way: Way, facts: Facts, at: At) -> WayTold:
    ground, known = way.watched, facts
    if ground is None:
        ground, known = way.on.get(at.event.type), at.facts
    if ground is None:
        return WayTold(way.to, way.text, open=False)
    drawing = None if ground.condition is None else _drawn(program, ground.condition, known)
    return WayTold(way.to, way.text, ground.holds is None or ground.holds(known), drawing)
