"""Journeys: entered, gone through step by step, and ended; all of it after the rules of a step.

    an event that ends one       end_by_event    before anything else of it happens
    a figure that ends one       _stop
    an instant, an event or a
    figure that a step awaits    _go_on          step after step, as far as it leads
    an event that enters one     _enter          and what it does at once

What is due by the event's time has happened in a step before (S4): so a step that is due at the
very instant of an event that would end its journey is taken, and a step that is due later never.
Of who is held out, everything happens at the same instants as of the others, but nothing is done.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from msgspec.structs import replace

from loyalcore.calendars import Duration
from loyalcore.days import next_hour
from loyalcore.effects.changes import Change, EndJourney, EnterJourney, TakeStep
from loyalcore.effects.kind import Facts
from loyalcore.engine.apply import apply
from loyalcore.engine.decide import record, rested_on
from loyalcore.engine.facts import facts_at
from loyalcore.engine.life import Ended, Life, Run
from loyalcore.engine.offering.openings import plain_fields
from loyalcore.engine.selecting.holding import beyond, cost_of, fitted, held, in_force, not_for, use
from loyalcore.engine.state import CustomerState
from loyalcore.engine.turn import Turn
from loyalcore.program.builtin_events import OF_DISSOLUTION
from loyalcore.program.care.journey_plan import JourneyPlan, StepPlan
from loyalcore.program.plan import Program
from loyalcore.program.timing.life_plan import LifePlan
from loyalcore.values import LAST_TIME, Value, ValueInvalid, read_value, write_time


def travel(turn: Turn, plan: LifePlan, *, event: bool = True) -> bool:
    """Bring the journeys of the customer of `turn` up to date; without `event`, only by what is
    known of them by now. Returns whether that changed anything else about the customer."""
    entered = plan.entered.get(turn.event.type) if event else None
    if not (turn.life.journeys or entered):
        return False
    before = _else(turn)
    if event:
        _end_by_event(turn, plan)
    if not turn.recount:  # else their figures are not known yet
        _stop(turn, plan)
        for run in _in_turn(turn.life.journeys):
            if (journey := plan.by_place.get(run.journey)) is not None:
                _go_on(turn, journey, run, fresh=not event)
        for journey in entered or ():
            _enter(turn, plan, journey)
    return _else(turn) != before


def _else(turn: Turn) -> tuple[object, ...]:
    """What a journey may change that others look at."""
    return turn.account, turn.attributes, turn.tags, turn.offers, turn.life.tiers


def _in_turn(runs: Iterable[Run]) -> list[Run]:
    """The order in which they go on: by what is due, those that wait last."""
    return sorted(runs, key=lambda run: LAST_TIME if run.due is None else run.due)


_NEVER = Ended(-LAST_TIME, 0)

# --- ended ------------------------------------------------------------------------------------


def _end_by_event(turn: Turn, plan: LifePlan) -> None:
    """End the journeys that the event ends. One that comes late, and was before the entry, ends
    them too: had it come in time, they would not have been entered."""
    for run in turn.life.journeys:
        journey = plan.by_place.get(run.journey)
        outcome = journey.ends.get(turn.event.type) if journey is not None else None
        if journey is not None and outcome is not None:
            late = turn.event.time < run.entered
            _end(turn, journey, run, "mistaken" if late else outcome)


def _stop(turn: Turn, plan: LifePlan) -> None:
    """End the journeys whose own condition says so."""
    for run in turn.life.journeys:
        journey = plan.by_place.get(run.journey)
        if journey is not None and journey.stop is not None:
            facts = _facts(turn.program, turn.state(), turn.now, journey, run)
            if journey.stop(facts):
                _end(turn, journey, run, "stopped")


def _end(turn: Turn, journey: JourneyPlan, run: Run, outcome: str) -> None:
    read = {"journey.entered": write_time(run.entered), "journey.step": run.step}
    turn.life = _without(turn.life, run, turn.now)
    record(turn, run.journey, read, (EndJourney(journey.kind, journey.name, run.number, outcome),))


def _without(life: Life, run: Run, now: int) -> Life:
    """A life that this journey is over in."""
    left = tuple(one for one in life.journeys if one.journey != run.journey)
    before = life.ended.get(run.journey, _NEVER)
    ended = Ended(now, max(run.number, before.number))
    return replace(life, journeys=left, ended={**life.ended, run.journey: ended})


def leave_all(turn: Turn) -> None:
    """End the journeys of a customer who is merged into another."""
    _end_all(turn, "merged")


def stop_all(turn: Turn) -> None:
    """End the journeys of a customer who is parted with."""
    _end_all(turn, "stopped")


def _end_all(turn: Turn, outcome: str) -> None:
    plan = turn.program.life
    for run in turn.life.journeys:
        if plan is not None and (journey := plan.by_place.get(run.journey)) is not None:
            _end(turn, journey, run, outcome)


def take_over(turn: Turn, ended: Mapping[str, Ended]) -> None:
    """Let what has ended for another customer, who is this one too, be over for this one."""
    mine = dict(turn.life.ended)
    for place, theirs in ended.items():
        found = mine.get(place, theirs)
        mine[place] = Ended(max(found.time, theirs.time), max(found.number, theirs.number))
    if mine:
        turn.life = replace(turn.life, ended=mine)


def withdrawn(program: Program, life: Life, now: int) -> tuple[Life, list[Change]]:
    """A life without the journeys that `program`, which takes over, no longer has; those that
    it has go on in it, by its own lengths of time."""
    changes: list[Change] = []
    known = program.life.by_place if program.life is not None else {}
    for run in life.journeys:
        if run.journey not in known:
            section, _, name = run.journey.partition(".")
            kind = "win_back" if section == "win_back" else "journey"
            changes.append(EndJourney(kind, name, run.number, "withdrawn"))
            life = _without(life, run, now)
    kept = tuple(replace(run, due=_due(program, known[run.journey], run)) for run in life.journeys)
    return replace(life, journeys=kept), changes


# --- entered ----------------------------------------------------------------------------------


def _enter(turn: Turn, plan: LifePlan, journey: JourneyPlan) -> None:
    """Enter the journey, if the event is one that customers enter it with; held back, it is a
    decision all the same."""
    entry = journey.entries[turn.event.type]
    rule, facts, now = entry.rule, turn.facts, turn.now
    if not in_force(rule, now) or not (entry.when is None or entry.when(facts)):
        return
    number = turn.life.ended.get(journey.place, _NEVER).number + 1
    run = Run(
        journey.place, number, now, now, now, entry=plain_fields(entry.writers, turn.event.data)
    )
    run = replace(run, due=_due(turn.program, journey, run))
    reason = (
        not_for(rule, facts)
        or _why_not(turn, plan, journey)
        or beyond(turn, rule, (), facts)
        or _stopped(turn, journey, run)
    )
    read = {"journey.number": number, **rested_on(rule, facts)}
    if reason:
        record(turn, journey.place, read, (), reason)
        return
    use(turn, rule, (), None)
    if journey.holdout is not None and journey.holdout.held_out(turn.event.customer):
        run = replace(run, held_out=True)
    turn.life = replace(turn.life, journeys=(*turn.life.journeys, run))
    change = EnterJourney(journey.kind, journey.name, number, run.held_out)
    record(turn, journey.place, read, (change,))
    _go_on(turn, journey, run, fresh=True)


def _why_not(turn: Turn, plan: LifePlan, journey: JourneyPlan) -> str:
    """Why the customer may not enter now, by what they are in, and were in."""
    life, zone = turn.life, turn.program.locale.zone
    won = journey.kind == "win_back"
    parting = life.dissolution
    if parting is not None and parting.announced and turn.event.type not in OF_DISSOLUTION:
        return f"in {parting.place}: {parting.phase}"
    for run in life.journeys:
        if run.journey == journey.place:
            return "in it already"
        if won and (other := plan.by_place.get(run.journey)) and other.kind == "win_back":
            return f"in {run.journey} already"
    last = life.ended.get(journey.place)
    if last is not None and not journey.repeats:
        return "again: it was entered before"
    for place, ended in life.ended.items():
        if place != journey.place and not (won and place.startswith("win_back.")):
            continue
        other = plan.by_place.get(place)
        for rest in (journey.cool_off, other.cool_off if other is not None else None):
            if rest is not None and turn.now < (until := rest.after(ended.time, zone)):
                after = "" if place == journey.place else f" after {place}"
                return f"cool off: until {write_time(until)}{after}"
    return ""


def _stopped(turn: Turn, journey: JourneyPlan, run: Run) -> str:
    """That what would end it at once holds already."""
    if journey.stop is None:
        return ""
    facts = _facts(turn.program, turn.state(), turn.now, journey, run)
    return f"stop: {journey.stop_text}" if journey.stop(facts) else ""


# --- gone through -----------------------------------------------------------------------------


def _go_on(turn: Turn, journey: JourneyPlan, run: Run, *, fresh: bool) -> None:
    """Take the steps whose time has come, one after another. The event of the turn is none that
    a step waits for which is only reached now (`fresh`)."""
    if run not in turn.life.journeys:  # it has ended meanwhile
        return
    while run.step < len(journey.steps):
        step = journey.steps[run.step]
        come = _come(turn, journey, run, step, fresh=fresh)
        if come is None:
            return
        _take(turn, journey, run, step, in_time=come)
        anchor = turn.now if step.waits else run.anchor
        taken = replace(run, step=run.step + 1, came=turn.now, anchor=anchor)
        taken = replace(taken, due=_due(turn.program, journey, taken))
        turn.life = replace(
            turn.life,
            journeys=tuple(taken if one is run else one for one in turn.life.journeys),
        )
        run, fresh = taken, True
    if journey.attribution is None:
        _end(turn, journey, run, "completed" if journey.kind == "journey" else "lapsed")
    elif run.due is not None and run.due <= turn.now:
        _end(turn, journey, run, "lapsed")


def _come(
    turn: Turn, journey: JourneyPlan, run: Run, step: StepPlan, *, fresh: bool
) -> bool | None:
    """Whether what the step waits for has come; False where its time is over, None where
    neither is."""
    event = turn.event
    if event.type in step.events and not fresh and event.time >= run.came:
        facts = _facts(turn.program, turn.state(), turn.now, journey, run)
        if step.when is None or step.when({**facts, **_read(turn, step)}):
            return True
    if step.condition is not None and step.condition(
        _facts(turn.program, turn.state(), turn.now, journey, run)
    ):
        return True
    if step.now:
        return True
    if run.due is not None and run.due <= turn.now:
        return not step.waits
    return None


def _take(turn: Turn, journey: JourneyPlan, run: Run, step: StepPlan, *, in_time: bool) -> None:
    """Do what the step says, or would have done of who is held out."""
    facts = _facts(turn.program, turn.state(), turn.now, journey, run)
    if step.events and in_time:
        facts = {**facts, **_read(turn, step)}
    instead = not in_time
    if step.when is not None and not step.events:
        instead = not step.when(facts)
    rule = step.other if instead else step.rule
    wanted = [change for effect in rule.effects for change in effect(facts)]
    read: dict[str, object] = {"journey.number": run.number, "journey.step": step.number}
    if run.held_out:
        name = journey.holdout.name if journey.holdout is not None else journey.name
        record(turn, journey.place, read, (), f"holdout: {name}")
        return
    read |= rested_on(rule, facts)
    reason = held(turn, rule, wanted, facts)
    if instead and not rule.effects:
        reason = f"within: {step.within_text}" if step.waits else f"when: {step.when_text}"
    if reason:
        record(turn, journey.place, read, (), reason)
        return
    done = [apply(turn, change) for change in fitted(turn, rule, wanted, facts)]
    cost = cost_of(turn, rule, done, facts)
    use(turn, rule, done, cost)
    taken = TakeStep(journey.kind, journey.name, run.number, step.number, instead)
    record(turn, journey.place, read, (taken, *done), "", cost)


def _read(turn: Turn, step: StepPlan) -> Mapping[str, Value | None]:
    return {name: turn.event.data[name] for name in step.fields}


def _due(program: Program, journey: JourneyPlan, run: Run) -> int | None:
    """When the journey goes on by itself; None where it waits for as long as it takes."""
    zone = program.locale.zone
    length: Duration | None
    if run.step >= len(journey.steps):
        length, since = journey.attribution, run.came
    else:
        step = journey.steps[run.step]
        length, since = (step.after, run.anchor) if step.after else (step.within, run.came)
        if length is not None and step.hour is not None:
            due = length.after(since, zone)
            due = due if due >= LAST_TIME else next_hour(due, step.hour, zone)
            return None if due >= LAST_TIME else due
    due = LAST_TIME if length is None else length.after(since, zone)
    return None if due >= LAST_TIME else due


# --- what is known in a journey ---------------------------------------------------------------


def _facts(
    program: Program, state: CustomerState, at: int, journey: JourneyPlan, run: Run
) -> Facts:
    """What the expressions of a journey may read at the instant `at`."""
    facts = dict(facts_at(program, state, at))
    facts["journey.entered"] = run.entered
    facts["journey.number"] = run.number
    facts["journey.step"] = min(run.step + 1, len(journey.steps))
    for name, type_ in journey.fields.items():
        raw: Any = run.entry.get(name)
        try:
            value = None if raw is None else read_value(type_, raw, program.locale)
        except ValueInvalid:  # another program has entered it
            value = None
        facts[f"entry.{name}"] = value
    return facts


def journeys_due(life: Life) -> Iterable[int]:
    """The instants at which journeys go on by themselves."""
    return (run.due for run in life.journeys if run.due is not None)


def watched_in(plan: LifePlan, state: CustomerState) -> bool:
    """Whether the customer is in a journey that looks at figures."""
    return any(
        journey.watches
        for run in state.life.journeys
        if (journey := plan.by_place.get(run.journey)) is not None
    )


def would_go_on(program: Program, plan: LifePlan, state: CustomerState, at: int) -> bool:
    """Whether figures alone would end a journey at `at`, or let it go on."""
    for run in state.life.journeys:
        journey = plan.by_place.get(run.journey)
        if journey is None or not journey.watches:
            continue
        facts = _facts(program, state, at, journey, run)
        if journey.stop is not None and journey.stop(facts):
            return True
        step = journey.steps[run.step] if run.step < len(journey.steps) else None
        if step is not None and step.condition is not None and step.condition(facts):
            return True
    return False
