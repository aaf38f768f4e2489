"""Cases: opened, answered, ended and opened again by events; reminded of and overdue by time.

    an event              recover           what it does by itself, before any rule (S4)
    due                   fall_due_cases    in the order of the instants

What is due by an event's time has happened in a step before. So a case is overdue at the very
instant at which its promise is over, and an answer at that instant is late. An event that comes
late counts at its own time: an answer from before the promise was over is in time, though the
case was overdue meanwhile.

An answer that comes before what opens its case is remembered, for as long as that may still come
late. Such a case opens answered: no task is given, and nothing is overdue.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from msgspec.structs import replace

from loyalcore.effects.changes import Change, ChangeCase, CreateTask, OpenCase
from loyalcore.engine.apply import apply
from loyalcore.engine.care.asking import create_task, give_task
from loyalcore.engine.care.cases import (
    case_changed,
    case_facts,
    case_name,
    case_now,
    case_order,
    case_told,
    decide_case,
    has_name,
    hold_case,
    latest_case,
    pause_for,
    put_case,
    why_unknown,
    written_time,
)
from loyalcore.engine.care.tasks import close_task
from loyalcore.engine.decide import record, rested_on
from loyalcore.engine.life import Case, Early, Life
from loyalcore.engine.offering.openings import plain_fields
from loyalcore.engine.selecting.holding import cost_of, fitted, held, use
from loyalcore.engine.turn import Turn
from loyalcore.program.care.recovery_plan import (
    ANSWERED,
    LAPSED,
    WELL,
    RecoveryPlan,
)
from loyalcore.program.timing.life_plan import LifePlan
from loyalcore.values import write_time


def recover(turn: Turn, plan: LifePlan) -> None:
    """Let the event of `turn` open, answer, end and open again the cases that it is about."""
    event = turn.event.type
    for recovery in plan.about_cases.get(event, ()):
        if event in recovery.opens:
            _open(turn, recovery)
        elif event in recovery.answered:
            _hear(turn, recovery, ends=False)
        elif event in recovery.resolved:
            _hear(turn, recovery, ends=True)
        elif event in recovery.reopened:
            _open_again(turn, recovery)
        if recovery.survey is not None and event in recovery.survey.unless:
            _take_off_survey(turn, recovery)


# --- opened -----------------------------------------------------------------------------------


def _open(turn: Turn, recovery: RecoveryPlan) -> None:
    """Open a case, or one again that is the same."""
    opening, event = recovery.opens[turn.event.type], turn.event
    if opening.when is not None and not opening.when(turn.facts):
        return
    if (id := case_name(turn, recovery)) is None:
        hold_case(turn, recovery, "opened", None, f"{recovery.case} is missing")
        return
    same = None if recovery.case is None else latest_case(turn, recovery, id)
    if same is not None and (same.ended is None or _reopens(turn, recovery, same)):
        if same.ended is None and same.answered is None:
            hold_case(turn, recovery, "opened", same, "the case is open already")
        elif event.time < _settled(same):
            hold_case(turn, recovery, "opened", same, "it was answered since")
        else:
            _begin_again(
                turn, recovery, replace(same, entry=plain_fields(opening.writers, event.data))
            )
        return
    number = turn.life.cased + 1
    turn.life = replace(turn.life, cased=number)
    entry = plain_fields(opening.writers, event.data)
    case = Case(recovery.name, id, number, event.time, event.time, entry=entry)
    case = _promised(turn, recovery, case)
    _begin(turn, recovery, case, "opened", case_told(case))


def _open_again(turn: Turn, recovery: RecoveryPlan) -> None:
    """Open a case again that was answered, or has ended."""
    if not has_name(turn, recovery):
        hold_case(turn, recovery, "reopened", None, f"{recovery.case} is missing")
        return
    case = latest_case(turn, recovery, case_name(turn, recovery))
    if case is None:
        hold_case(turn, recovery, "reopened", None, why_unknown(turn, recovery))
    elif case.ended is None and case.answered is None:
        hold_case(turn, recovery, "reopened", case, "the case is open already")
    elif turn.event.time < _settled(case):
        hold_case(turn, recovery, "reopened", case, "it was answered since")
    elif case.ended is not None and not _reopens(turn, recovery, case):
        hold_case(turn, recovery, "reopened", case, "it ended too long ago")
    else:
        _begin_again(turn, recovery, case)


def _settled(case: Case) -> int:
    """When a case that is not waited for was answered, or has ended."""
    times = [time for time in (case.answered, case.ended) if time is not None]
    return max(times)


def _reopens(turn: Turn, recovery: RecoveryPlan, case: Case) -> bool:
    """Whether a case that has ended can be opened again by the event of `turn`."""
    length, ended = recovery.reopens, case.ended
    if length is None or ended is None:
        return False
    return turn.event.time < length.after(ended, turn.program.locale.zone)


def _begin_again(turn: Turn, recovery: RecoveryPlan, case: Case) -> None:
    case = Case(
        *(case.recovery, case.id, case.number, case.opened, turn.event.time),
        times=case.times + 1,
        goodwill=case.goodwill,
        entry=case.entry,
    )
    case = _promised(turn, recovery, case)
    told = case_changed(
        case,
        "reopened",
        at=write_time(case.since),
        due=written_time(case.due),
        times=case.times,
    )
    _begin(turn, recovery, case, "reopened", told)


def _begin(
    turn: Turn, recovery: RecoveryPlan, case: Case, how: str, told: OpenCase | ChangeCase
) -> None:
    """Have a case open, which the answers are to that have come before it."""
    early = [
        one
        for one in turn.life.early
        if (one.recovery, one.id) == (case.recovery, case.id) and one.time >= case.since
    ]
    changes: list[Change] = [told]
    if not early and recovery.task:
        given = _given(turn, recovery, case)
        case = replace(case, task=given.number)
        changes.append(given)
    put_case(turn, case)
    if early:
        left = tuple(one for one in turn.life.early if one not in early)
        turn.life = replace(turn.life, early=left)
        decide_case(turn, recovery, case, how, changes)
        for one in sorted(early, key=lambda one: (one.time, one.ends)):
            _answered_early(turn, recovery, one)
        if case_now(turn, case).ended is None:
            pause_for(turn, recovery.name)
    else:
        pause_for(turn, recovery.name)
        decide_case(turn, recovery, case, how, changes, recovery.ending(how))


def _answered_early(turn: Turn, recovery: RecoveryPlan, one: Early) -> None:
    case = latest_case(turn, recovery, one.id)
    if case is None or case.ended is not None:
        return
    if case.answered is None:
        case = _answer(turn, recovery, case, one.time)
    if one.ends and case.ended is None:
        _end(turn, recovery, case, one.outcome, one.time)


def _promised(turn: Turn, recovery: RecoveryPlan, case: Case) -> Case:
    """The case with the promise that holds for it, and its reminder."""
    facts = case_facts(turn, recovery, case, bare=True)
    for promise in recovery.promises:
        if promise.when is None or promise.when(facts):
            due = promise.within.due(case.since, turn.program.locale.zone)
            break
    else:
        return case
    remind = None
    if due is not None and recovery.remind is not None:
        remind = recovery.remind.before(due, turn.program.locale.zone)
        remind = remind if remind > max(case.since, turn.now) else None
    return replace(case, due=due, remind=remind)


def _given(turn: Turn, recovery: RecoveryPlan, case: Case) -> CreateTask:
    """The task that the case is; due as promised, or else as the task says."""
    note = f"case {case.id}" if recovery.case is not None else ""
    if case.due is None:
        return create_task(turn, CreateTask(recovery.task, note))
    return give_task(turn, recovery.task, case.due, note)


# --- answered and ended -----------------------------------------------------------------------


def _hear(turn: Turn, recovery: RecoveryPlan, *, ends: bool) -> None:
    """Take in an answer to a case; or its resolution, which is one too where nothing else was."""
    how = "resolved" if ends else "answered"
    outcome = _outcome(turn, recovery) if ends else ""
    case = _meant(turn, recovery, ends=ends)
    if isinstance(case, _Held):
        hold_case(turn, recovery, how, case.case, case.reason)
        if case.early:
            _remember(turn, recovery, ends=ends, outcome=outcome)
        return
    at = turn.event.time
    if case.answered is None:
        case = _answer(turn, recovery, case, at)
    if ends:
        _end(turn, recovery, case, outcome, at)


class _Held(NamedTuple):
    """Why an event does nothing to a case, and whether it may be about one that comes late."""

    case: Case | None
    reason: str
    early: bool = False


def _meant(turn: Turn, recovery: RecoveryPlan, *, ends: bool) -> Case | _Held:
    """The case that the event answers, or ends."""
    time = turn.event.time
    if not has_name(turn, recovery):
        return _Held(None, f"{recovery.case} is missing")
    id = case_name(turn, recovery)
    if recovery.case is None:
        waiting = [
            case
            for case in turn.life.cases
            if case.recovery == recovery.name
            and case.ended is None
            and case.since <= time
            and (ends or case.answered is None)
        ]
        if waiting:
            return max(waiting, key=case_order)
        return _Held(None, why_unknown(turn, recovery))
    case = latest_case(turn, recovery, id)
    if case is None:
        return _Held(None, why_unknown(turn, recovery), early=True)
    if time < case.since:
        return _Held(case, "it is from before the case was opened")
    if case.ended is not None:
        return _Held(case, "the case has ended", early=time >= case.ended)
    if case.answered is not None and not ends:
        return _Held(case, "the case is answered already", early=time >= case.answered)
    return case


def _outcome(turn: Turn, recovery: RecoveryPlan) -> str:
    satisfied = recovery.resolved[turn.event.type]
    found = None if satisfied is None else satisfied(turn.facts)
    if found is None:
        return "resolved"
    return "satisfied" if found else "unsatisfied"


def _remember(turn: Turn, recovery: RecoveryPlan, *, ends: bool, outcome: str) -> None:
    """Remember the event for as long as what opened its case may come late; forget others of
    which none may come any more."""
    late, program = turn.program.allow_late, turn.program
    id = case_name(turn, recovery)
    if late is None or id is None:
        return
    over = late.before(turn.now, program.locale.zone)
    kept = tuple(one for one in turn.life.early if one.time >= over)
    found = Early(recovery.name, id, turn.event.time, ends, outcome)
    turn.life = replace(turn.life, early=(*kept, found))


def _answer(turn: Turn, recovery: RecoveryPlan, case: Case, at: int) -> Case:
    """Have a case answered. Where nothing else ends it, that does."""
    late = case.due is not None and at >= case.due
    closes = None if recovery.close is None else recovery.close.due(at, turn.program.locale.zone)
    task = case.task
    case = replace(case, answered=at, remind=None, closes=closes, task=0)
    changes = [case_changed(case, "answered", at=write_time(at), late=late)]
    if not recovery.resolved:
        case = _ended(turn, recovery, case, ANSWERED, at)
        changes.append(case_changed(case, "closed", at=write_time(at), outcome=ANSWERED))
    put_case(turn, case)
    decide_case(turn, recovery, case, "answered", changes, recovery.ending("answered"))
    close_task(turn, task, ANSWERED)
    if case.ended is not None:
        _reward(turn, recovery, case)
    return case_now(turn, case)


def _end(turn: Turn, recovery: RecoveryPlan, case: Case, outcome: str, at: int) -> None:
    """Have a case end, and the customer get what they get after such an end."""
    case = _ended(turn, recovery, case, outcome, at)
    put_case(turn, case)
    told = case_changed(case, "closed", at=write_time(at), outcome=outcome)
    decide_case(turn, recovery, case, outcome, [told], recovery.ending(outcome))
    _reward(turn, recovery, case)


def _ended(turn: Turn, recovery: RecoveryPlan, case: Case, outcome: str, at: int) -> Case:
    survey = None
    if recovery.survey is not None and outcome != LAPSED:
        survey = recovery.survey.after.due(at, turn.program.locale.zone)
    return replace(case, ended=at, outcome=outcome, closes=None, remind=None, survey=survey)


def _reward(turn: Turn, recovery: RecoveryPlan, case: Case) -> None:
    """Give what there is after a case that ended well, once for each."""
    goodwill = recovery.goodwill
    if goodwill is None or case.outcome not in WELL:
        return
    rule, facts = goodwill.rule, case_facts(turn, recovery, case)
    wanted = [change for effect in rule.effects for change in effect(facts)]
    read = {"case.id": case.id, "case.number": case.number, **rested_on(rule, facts)}
    reason = "again: it was given for this case" if case.goodwill else ""
    if not reason and goodwill.when is not None and not goodwill.when(facts):
        reason = f"when: {goodwill.when_text}"
    if reason := reason or held(turn, rule, wanted, facts):
        record(turn, rule.name, read, (), reason)
        return
    put_case(turn, replace(case, goodwill=True))
    done = [apply(turn, change) for change in fitted(turn, rule, wanted, facts)]
    cost = cost_of(turn, rule, done, facts)
    use(turn, rule, done, cost)
    record(turn, rule.name, read, done, "", cost)


def _take_off_survey(turn: Turn, recovery: RecoveryPlan) -> None:
    """Ask nothing any more about cases that the event is about, or may be."""
    id = turn.event.data.get(recovery.case) if recovery.case is not None else None
    for case in turn.life.cases:
        if (
            case.recovery == recovery.name
            and case.survey is not None
            and case.ended is not None
            and case.ended <= turn.event.time
            and (id is None or str(id) == case.id)
        ):
            put_case(turn, replace(case, survey=None))


# --- by time ----------------------------------------------------------------------------------


class Instant(NamedTuple):
    """When what is due to happen to a case: in the order of time, then of their numbers."""

    at: int
    number: int
    what: str


def case_instants(life: Life) -> Iterator[Instant]:
    """Everything that is to happen by itself to cases."""
    for case in life.cases:
        if case.remind is not None:
            yield Instant(case.remind, case.number, "reminded")
        if case.due is not None and case.answered is None and not case.overdue:
            yield Instant(case.due, case.number, "overdue")
        if case.closes is not None:
            yield Instant(case.closes, case.number, LAPSED)
        if case.survey is not None:
            yield Instant(case.survey, case.number, "survey")


def cases_due(life: Life) -> Iterable[int]:
    """The instants at which anything happens by itself to a case."""
    return (one.at for one in case_instants(life))


def fall_due_cases(turn: Turn, plan: LifePlan) -> None:
    """Let everything happen that is due by now. Each thing does so once."""
    while over := [one for one in case_instants(turn.life) if one.at <= turn.now]:
        at, number, what = min(over)
        case = next(one for one in turn.life.cases if one.number == number)
        recovery = plan.recovery[case.recovery]  # else it was withdrawn, and nothing is due
        match what:
            case "reminded" | "overdue":
                case = replace(case, remind=None, overdue=case.overdue or what == "overdue")
                put_case(turn, case)
                told, ending = [case_changed(case, what)], recovery.ending(what)
                decide_case(turn, recovery, case, what, told, ending)
            case "survey":
                case = replace(case, survey=None)
                put_case(turn, case)
                if recovery.survey is not None:
                    decide_case(turn, recovery, case, what, [], recovery.survey.ending)
            case _:
                _end(turn, recovery, case, LAPSED, at)
