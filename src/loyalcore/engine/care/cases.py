"""Cases as a customer has them: found, put, told as decided; with another customer, and under
another program. What becomes of them is in recovery.py."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from msgspec.structs import replace

from loyalcore.effects.changes import Change, ChangeCase, ChangeTask, OpenCase
from loyalcore.effects.kind import Facts
from loyalcore.engine.apply import apply
from loyalcore.engine.decide import record
from loyalcore.engine.facts import facts_at
from loyalcore.engine.life import Case
from loyalcore.engine.offering.openings import plain
from loyalcore.engine.selecting.bounds import whole_price
from loyalcore.engine.turn import Turn
from loyalcore.program.care.recovery_plan import NOTHING, RecoveryPlan, why_paused
from loyalcore.program.offering.offer_plan import Ending
from loyalcore.values import Value, ValueInvalid, read_value, write_time


def has_name(turn: Turn, recovery: RecoveryPlan) -> bool:
    """Whether the event says which case it is about, where it must."""
    return recovery.case is None or turn.event.data[recovery.case] is not None


def case_name(turn: Turn, recovery: RecoveryPlan) -> str | None:
    """What the case is told by that the event opens, or that it names."""
    if recovery.case is None:
        return turn.event.id
    value = turn.event.data[recovery.case]
    return None if value is None else str(value)


def latest_case(turn: Turn, recovery: RecoveryPlan, id: str | None) -> Case | None:
    """The case of this name that was opened last, of which anything is known; where cases have
    no names, the one that was."""
    found = [
        case
        for case in turn.life.cases
        if case.recovery == recovery.name and (recovery.case is None or case.id == id)
    ]
    return max(found, key=case_order, default=None)


def case_order(case: Case) -> tuple[int, int]:
    return case.since, case.number


def why_unknown(turn: Turn, recovery: RecoveryPlan) -> str:
    if recovery.case is not None:
        return "no such case is known"
    return f"no case of {recovery.name} waits for it"


def put_case(turn: Turn, case: Case) -> None:
    """Have a case as it is by now, and forget those that can't be opened again. It counts as a
    timer that is set, so that no two events of what is due are alike."""
    others = (one for one in turn.life.cases if one.number != case.number)
    kept = [one for one in others if _remembered(turn, one)]
    kept = sorted((*kept, case), key=lambda one: one.number)
    turn.life = replace(turn.life, cases=tuple(kept), set=turn.life.set + 1)


def _remembered(turn: Turn, case: Case) -> bool:
    """Whether anything may still come of a case: while it is open, asked about or may be opened
    again; and while its events may come late."""
    if case.ended is None or case.survey is not None:
        return True
    plan, program = turn.program.life, turn.program
    recovery = None if plan is None else plan.recovery.get(case.recovery)
    if recovery is None:
        return False
    zone = program.locale.zone
    over = turn.now if program.allow_late is None else program.allow_late.before(turn.now, zone)
    until = case.ended if recovery.reopens is None else recovery.reopens.after(case.ended, zone)
    return until > over


def case_now(turn: Turn, case: Case) -> Case:
    """The case as it is by now."""
    return next(one for one in turn.life.cases if one.number == case.number)


def case_facts(turn: Turn, recovery: RecoveryPlan, case: Case, *, bare: bool = False) -> Facts:
    """What the expressions of a case may read; `bare`: the fields of the event that opened it
    by their own names too."""
    facts = dict(facts_at(turn.program, turn.state(), turn.now))
    facts |= {
        "case.id": case.id,
        "case.number": case.number,
        "case.opened": case.opened,
        "case.due": case.due,
        "case.answered": case.answered,
        "case.times": case.times,
    }
    for name, type_ in recovery.fields.items():
        raw = case.entry.get(name)
        value: Value | None
        try:
            value = None if raw is None else read_value(type_, raw, turn.program.locale)
        except ValueInvalid:  # opened under another program
            value = None
        facts[f"entry.{name}"] = value
        if bare:
            facts[name] = value
    return facts


def pause_for(turn: Turn, name: str) -> None:
    """Let no promotional message be sent any more in this step, if the recovery says so."""
    plan = turn.program.life
    recovery = None if plan is None else plan.recovery.get(name)
    if recovery is not None and recovery.pauses:
        turn.paused = why_paused(name)


# --- what is decided --------------------------------------------------------------------------


def case_told(case: Case, sender: str = "") -> OpenCase:
    """A case that is there, as decisions record it."""
    return OpenCase(
        case.recovery,
        case.id,
        case.number,
        write_time(case.opened),
        written_time(case.due),
        case.times,
        case.overdue,
        written_time(case.answered),
        written_time(case.ended),
        case.outcome,
        sender,
    )


def written_time(time: int | None) -> str:
    return "" if time is None else write_time(time)


def case_changed(case: Case, how: str, **more: Any) -> ChangeCase:
    return ChangeCase(case.recovery, case.id, case.number, how, **more)


def decide_case(
    turn: Turn,
    recovery: RecoveryPlan,
    case: Case,
    how: str,
    changes: Iterable[Change],
    ending: Ending = NOTHING,
) -> None:
    """Record what became of a case, and all that follows from it."""
    read: dict[str, object] = {"case.id": case.id, "case.number": case.number}
    done = [*changes]
    if ending.effects:
        facts = case_facts(turn, recovery, case)
        read |= plain(ending.reads, facts)
        done += [apply(turn, change) for effect in ending.effects for change in effect(facts)]
    cost = whole_price(turn.program, done)
    record(turn, f"{recovery.place}.{how}", read, done, "", cost)


def hold_case(turn: Turn, recovery: RecoveryPlan, how: str, case: Case | None, reason: str) -> None:
    """Record why an event did nothing to a case."""
    id = case_name(turn, recovery) if recovery.case is not None else None
    read: dict[str, object] = {} if id is None else {"case.id": id}
    if case is not None:
        read = {"case.id": case.id, "case.number": case.number}
    record(turn, f"{recovery.place}.{how}", read, (), reason)


# --- with another customer --------------------------------------------------------------------


def cases_moved(cases: Iterable[Case], to: str) -> Iterable[Change]:
    """What becomes here of cases that go to another customer."""
    return (case_changed(case, "moved", to=to) for case in cases)


def take_cases(
    turn: Turn, cases: Iterable[Case], tasks: Mapping[int, int], sender: str
) -> tuple[tuple[Case, ...], list[Change]]:
    """Have the cases of the other customer, under numbers of this one's, as their `tasks` are by
    old numbers. What was due to happen to them by this one's clock does so at that."""
    mine, changes = [], list[Change]()
    for number, case in enumerate(cases, start=turn.life.cased + 1):
        mine.append(replace(case, number=number, task=tasks.get(case.task, 0)))
        changes.append(case_told(mine[-1], sender))
        if case.ended is None:
            pause_for(turn, case.recovery)
    life = turn.life
    turn.life = replace(
        life, cases=(*life.cases, *mine), cased=life.cased + len(mine), set=life.set + 1
    )
    return tuple(mine), changes


# --- under another program --------------------------------------------------------------------


def cases_withdrawn(turn: Turn) -> list[Change]:
    """End the cases of recoveries that the program has no more, with their tasks. Those that it
    has go on, by the promises that were given."""
    plan, life = turn.program.life, turn.life
    known = {} if plan is None else plan.recovery
    gone = [case for case in life.cases if case.recovery not in known]
    tasks = [task for task in life.tasks if task.number in {case.task for case in gone}]
    turn.life = replace(
        life,
        cases=tuple(case for case in life.cases if case.recovery in known),
        early=tuple(one for one in life.early if one.recovery in known),
        tasks=tuple(task for task in life.tasks if task not in tasks),
    )
    return [
        *(case_changed(case, "withdrawn") for case in gone if case.ended is None),
        *(ChangeTask(task.task, task.number, "withdrawn") for task in tasks),
    ]
