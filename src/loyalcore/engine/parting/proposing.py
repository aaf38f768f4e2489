"""How the ending of a relationship comes to be proposed: a reason, what is tried, an approval.

an event, or a period's end     seek        for a reason: tried first, or proposed at once
the end of a period             judge_period
the end of what is tried        judge       it has improved, or it is proposed
people have decided             answered    only then anything begins
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from msgspec.structs import replace

from loyalcore.calendars import period_start
from loyalcore.effects.changes import Change, ChangeApproval, ChangeTask, CreateTask, Send, Skipped
from loyalcore.effects.kind import Facts
from loyalcore.engine.care.asking import add_approval, approval_told
from loyalcore.engine.decide import record
from loyalcore.engine.facts import facts_at
from loyalcore.engine.life import Approval, Dissolution, Figure, Streak, Tried
from loyalcore.engine.offering.openings import plain
from loyalcore.engine.parting.phases import NEVER, act_out, end, open_case, part, put, timed, told
from loyalcore.engine.timing.closing import closing_facts
from loyalcore.engine.turn import Turn
from loyalcore.program.builtin_events import DUE
from loyalcore.program.parting.dissolution_plan import DissolutionPlan, ReasonPlan
from loyalcore.values import LAST_TIME, write_time

# --- reasons ----------------------------------------------------------------------------------


def seek_by_event(turn: Turn, plan: DissolutionPlan) -> None:
    """See whether the event is a reason: the first that it is counts."""
    for reason in plan.reasons:
        if turn.event.type in reason.on:
            holds = reason.on[turn.event.type]
            if holds is None or holds(turn.facts):
                _seek(turn, plan, reason, {"reason": reason.name})
                return


def judge_periods(turn: Turn, plan: DissolutionPlan) -> None:
    """Judge the periods of the calendar that end at this instant, by their own figures."""
    for reason in plan.reasons:
        if reason.periods and _ends(turn, reason):
            _judge_period(turn, plan, reason)


def _ends(turn: Turn, reason: ReasonPlan) -> bool:
    """Whether a period ends now that is the customer's whole."""
    zone, now = turn.program.locale.zone, turn.now
    return (
        turn.event.type == DUE
        and period_start(now, reason.period, zone) == now
        and turn.since <= period_start(now - 1, reason.period, zone)
    )


def _judge_period(turn: Turn, plan: DissolutionPlan, reason: ReasonPlan) -> None:
    one, place = turn.life.dissolution, f"{plan.place}.{reason.name}"
    before = turn.life.streaks.get(place)
    if (one is not None and one.begins) or (before is not None and before.at == turn.now):
        return
    facts = _closing(turn)
    if (
        one is not None
        and (one.name, one.reason, one.phase) == (plan.name, reason.name, "improving")
        and not one.held
        and _improved(plan, facts)
    ):
        end(turn, one, "improved")
        return
    streaks = {other: it for other, it in turn.life.streaks.items() if other != place}
    holds = reason.when is not None and reason.when(facts)
    if not holds or not (plan.who is None or plan.who(facts)):
        turn.life = replace(turn.life, streaks=streaks)
        return
    read = plain(reason.figures, facts)
    last = period_start(turn.now - 1, reason.period, turn.program.locale.zone)
    follows = before is not None and before.at == last  # else another program did not judge
    earlier, count = (before.figures, before.count) if before and follows else ((), 0)
    figures = (*earlier, Figure(turn.now, read))[-reason.periods :]
    streaks[place] = Streak(turn.now, count + 1, figures)
    turn.life = replace(turn.life, streaks=streaks)
    if one is not None:
        return
    if count + 1 < reason.periods:
        record(turn, place, read, (), f"for: {count + 1} of {reason.periods} {reason.period}s")
    else:
        _seek(turn, plan, reason, read, figures)


def _closing(turn: Turn) -> Facts:
    return closing_facts(turn.program, turn.state(), turn.found, turn.now)


def _seek(
    turn: Turn,
    plan: DissolutionPlan,
    reason: ReasonPlan,
    read: Mapping[str, object],
    figures: tuple[Figure, ...] = (),
) -> None:
    """A reason holds: try to improve, or propose at once; or tell why neither."""
    if why := _why_not(turn, plan):
        record(turn, f"{plan.place}.{reason.name}", read, (), why)
        return
    number = turn.life.parted.get(plan.name, NEVER).number + 1
    now = turn.now
    one = Dissolution(plan.name, number, reason.name, now, "improving", now, now, figures=figures)
    if plan.improve is None or reason.name in plan.improve.skip:
        _propose(turn, plan, one)
        return
    one = timed(plan, one, turn.program.locale.zone)
    put(turn, one)
    done = act_out(
        turn, f"{plan.place}.improving", plan.improve.rule, {**told(one), **read}, (part(one),)
    )
    put(turn, replace(one, tried=tuple(_tried(done, now))))


def _why_not(turn: Turn, plan: DissolutionPlan) -> str:
    """Why nothing is tried or proposed now."""
    one = turn.life.dissolution
    if one is not None:
        return f"in {one.place} already: {one.phase}"
    facts = facts_at(turn.program, turn.state(), turn.now)
    if plan.who is not None and not plan.who(facts):
        return f"who: {plan.who_text}"
    if plan.never is not None and plan.never(facts):
        return f"never: {plan.never_text}"
    if why := open_case(turn.life):
        return why
    last = turn.life.parted.get(plan.name)
    if last is not None and plan.cool_off is not None:
        until = plan.cool_off.after(last.time, turn.program.locale.zone)
        if turn.now < until:
            return f"cool off: until {write_time(min(until, LAST_TIME))}"
    return ""


# --- what is tried ----------------------------------------------------------------------------


def _tried(done: list[Change], now: int) -> Iterator[Tried]:
    for change in done:
        match change:
            case CreateTask(task, number=number):
                yield Tried(now, f"task {task}", number)
            case Send(message):
                yield Tried(now, f"message {message}")
            case Skipped():
                pass
            case _:
                yield Tried(now, type(change).__name__.lower())


def note_outcomes(turn: Turn) -> None:
    """Note what the tasks came to that were part of the attempt, as they are done."""
    one = turn.life.dissolution
    if one is None or one.phase != "improving":
        return
    came = {
        change.number: change.outcome or "done"
        for decision in turn.decisions
        for change in decision.changes
        if isinstance(change, ChangeTask) and change.how == "done"
    }
    if any(it.number in came for it in one.tried if it.number):
        tried = tuple(
            replace(it, outcome=came[it.number]) if it.number and it.number in came else it
            for it in one.tried
        )
        put(turn, replace(one, tried=tried))


def judge(turn: Turn, plan: DissolutionPlan, one: Dissolution) -> None:
    """The time for it is over: it has helped, or the ending is proposed."""
    if _improved(plan, _closing(turn)):
        end(turn, one, "improved")
    else:
        _propose(turn, plan, one)


def _improved(plan: DissolutionPlan, facts: Facts) -> bool:
    improve = plan.improve
    return improve is not None and improve.improved is not None and improve.improved(facts)


# --- proposed ---------------------------------------------------------------------------------


def _propose(turn: Turn, plan: DissolutionPlan, one: Dissolution) -> None:
    """Ask people to approve it, on all that is known."""
    facts = facts_at(turn.program, turn.state(), turn.now)
    evidence: dict[str, object] = {name: write(facts) for name, write in plan.evidence.items()}
    evidence["reason"] = one.reason
    if one.figures:
        evidence["periods"] = [
            {"ended": write_time(figure.ended), **figure.values} for figure in one.figures
        ]
    if one.tried:
        evidence["tried"] = [
            {
                "time": write_time(it.time),
                "what": it.what,
                **({"outcome": it.outcome} if it.outcome else {}),
            }
            for it in one.tried
        ]
    asked = turn.program.work.approvals[plan.approval]
    expires = None
    if asked.expires is not None:
        expires = asked.expires.due(turn.now, turn.program.locale.zone)
    number = turn.life.asked + 1
    approval = Approval(plan.approval, number, turn.now, expires, evidence=evidence)
    add_approval(turn, approval)
    one = replace(one, phase="proposed", came=turn.now, anchor=turn.now, due=None, approval=number)
    put(turn, one)
    changes = (part(one), approval_told(turn, approval))
    record(turn, f"{plan.place}.proposed", told(one), changes)


def answered(turn: Turn, one: Dissolution) -> None:
    """See whether people have decided in this step, or can't any more."""
    if any(asked.number == one.approval for asked in turn.life.approvals):
        return
    how = "withdrawn"
    for decision in turn.decisions:
        for change in decision.changes:
            if isinstance(change, ChangeApproval) and change.number == one.approval:
                how = change.how
    if how == "approved":
        now = turn.now
        put(turn, replace(one, phase="approved", came=now, anchor=now, due=now))
    else:
        end(turn, one, how)
