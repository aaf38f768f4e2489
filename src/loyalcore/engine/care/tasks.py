"""What becomes of tasks and approvals: by time, and by the people who are asked.

    due                 fall_due_work    reminders, escalations, approvals that expire
    task_done           do_task          the task is closed, and its outcome followed
    task_assigned       assign_task
    approval_given      decide_approval  approved by so many people, or rejected by one

What can't be done is a decision with the reason, named by the event.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import NamedTuple, TypeVar

from msgspec.structs import replace

from loyalcore.effects.changes import Change, ChangeApproval, ChangeTask
from loyalcore.engine.apply import apply
from loyalcore.engine.decide import record
from loyalcore.engine.life import Approval, Life, Task
from loyalcore.engine.offering.openings import plain
from loyalcore.engine.selecting.bounds import whole_price
from loyalcore.engine.turn import Turn
from loyalcore.errors import did_you_mean
from loyalcore.program.builtin_events import APPROVAL_GIVEN, TASK_ASSIGNED, TASK_DONE
from loyalcore.program.care.task_plan import ApprovalPlan
from loyalcore.program.offering.offer_plan import Ending

Asked = TypeVar("Asked", Task, Approval)

# --- by time ----------------------------------------------------------------------------------


class _Instant(NamedTuple):
    """When what is due to happen to a task or approval: in the order of time, then of their
    numbers."""

    at: int
    number: int
    what: str
    asked: Task | Approval


def _instants(life: Life) -> Iterator[_Instant]:
    for task in life.tasks:
        if task.remind is not None:
            yield _Instant(task.remind, task.number, "reminded", task)
        if task.escalate:
            yield _Instant(task.escalate[0][0], task.number, "escalated", task)
    for approval in life.approvals:
        if approval.expires is not None:
            yield _Instant(approval.expires, approval.number, "expired", approval)


def work_due(life: Life) -> int | None:
    """The next instant at which anything happens by itself to a task or approval."""
    return min((one.at for one in _instants(life)), default=None)


def fall_due_work(turn: Turn) -> None:
    """Let everything happen that is due by now. Each thing does so once: none of them can bring
    about another for the same instant."""
    while over := [one for one in _instants(turn.life) if one.at <= turn.now]:
        _, _, what, asked = min(over, key=lambda one: one[:3])
        if isinstance(asked, Approval):
            _close_approval(turn, asked, ChangeApproval(asked.approval, asked.number, what))
        elif what == "reminded":
            put_task(turn, replace(asked, remind=None))
            _record_task(turn, ChangeTask(asked.task, asked.number, what))
        else:
            (_, to), *later = asked.escalate
            roles = asked.roles if to in asked.roles else (*asked.roles, to)
            put_task(turn, replace(asked, escalate=tuple(later), roles=roles))
            _record_task(turn, ChangeTask(asked.task, asked.number, what, to))


# --- by people --------------------------------------------------------------------------------


def do_task(turn: Turn) -> None:
    """A person has done a task, however late."""
    _tell(turn, TASK_DONE, _do(turn))


def _do(turn: Turn) -> str:
    """Why it could not be; "" where it was."""
    data, work = turn.event.data, turn.program.work
    task = _open_one(turn, "task", turn.life.tasks, work.tasks)
    if isinstance(task, str):
        return task
    plan, outcome = work.tasks[task.task], data["outcome"]
    if plan.outcomes and outcome not in plan.outcomes:
        wrong = "is missing" if outcome is None else f"'{outcome}' is none of this task"
        return f"outcome {wrong}: {', '.join(plan.outcomes)}"
    minutes = data["minutes"]
    if isinstance(minutes, int) and minutes < 0:
        return "minutes is less than none"
    if reason := _not_theirs(turn, task):
        return reason
    turn.life = replace(turn.life, tasks=_without(turn.life.tasks, task))
    change = ChangeTask(
        task.task,
        task.number,
        "done",
        "",
        _said(turn, "outcome"),
        _said(turn, "by"),
        _said(turn, "note"),
        minutes if isinstance(minutes, int) else None,
    )
    _record_task(turn, change, plan.then.get(str(outcome), _NOTHING))
    return ""


def close_task(turn: Turn, number: int, outcome: str) -> None:
    """Close a task that an event has done, if it is open still. What else follows of that event
    is said where it is, and not by the task."""
    task = next((one for one in turn.life.tasks if one.number == number), None)
    if task is None:
        return
    turn.life = replace(turn.life, tasks=_without(turn.life.tasks, task))
    _record_task(turn, ChangeTask(task.task, number, "done", "", outcome))


def assign_task(turn: Turn) -> None:
    """A person hands a task on, or takes it."""
    _tell(turn, TASK_ASSIGNED, _assign(turn))


def _assign(turn: Turn) -> str:
    to = turn.event.data["to"]
    task = _open_one(turn, "task", turn.life.tasks, turn.program.work.tasks)
    if isinstance(task, str):
        return task
    if not isinstance(to, str):
        return "to is missing: whose it is from now on"
    if to == task.assignee:
        return f"it is {to}'s already"
    if reason := nobody(turn) or unable(turn, _said(turn, "by")):
        return reason
    if reason := unable(turn, to, task.roles):
        return reason
    put_task(turn, replace(task, assignee=to))
    change = ChangeTask(task.task, task.number, "assigned", to, by=_said(turn, "by"))
    _record_task(turn, change)
    return ""


def decide_approval(turn: Turn) -> None:
    """A person approves, or rejects. Who has approved already can't do either."""
    _tell(turn, APPROVAL_GIVEN, _decide(turn))


def _decide(turn: Turn) -> str:
    work, approved, by = turn.program.work, turn.event.data["approved"], _said(turn, "by")
    approval = _open_one(turn, "approval", turn.life.approvals, work.approvals)
    if isinstance(approval, str):
        return approval
    if approved is None:
        return "approved is missing: true or false"
    plan = work.approvals[approval.approval]
    if reason := nobody(turn) or unable(turn, by, plan.roles):
        return reason
    if by in approval.given:
        return f"{by} has approved it already; another person must"
    given = (*approval.given, by)
    how = _how(plan, given, approved=approved is True)
    change = ChangeApproval(
        approval.approval, approval.number, how, by=by, note=_said(turn, "reason")
    )
    if how == "given":
        put_approval(turn, replace(approval, given=given))
        read = {"number": approval.number, "given": len(given), "eyes": plan.eyes}
        record(turn, f"{plan.place}.given", read, (change,))
    else:
        _close_approval(turn, approval, change)
    return ""


def _how(plan: ApprovalPlan, given: tuple[str, ...], *, approved: bool) -> str:
    if not approved:
        return "rejected"
    return "approved" if len(given) >= plan.eyes else "given"


def _said(turn: Turn, field: str) -> str:
    value = turn.event.data[field]
    return "" if value is None else str(value)


def nobody(turn: Turn) -> str:
    return "" if _said(turn, "by").strip() else "by is missing: who says so"


def _not_theirs(turn: Turn, task: Task) -> str:
    """Why the person whose event it is may not do a task; "" where they may."""
    by = _said(turn, "by")
    if (reason := nobody(turn)) or by == task.assignee:
        return reason
    if task.assignee and not task.roles and turn.program.work.people:
        return f"it is {task.assignee}'s"
    return unable(turn, by, task.roles)


def unable(turn: Turn, person: str, roles: tuple[str, ...] = ()) -> str:
    """Why a person is none of those who have one of these `roles` (none: of all whom the
    program knows). Where it names no people, anyone may be."""
    people = turn.program.work.people
    if not people:
        return ""
    if person not in people:
        hint = did_you_mean(person, people)
        return f"{person} is none of the people{hint and f' ({hint})'}"
    if roles and not people[person] & {*roles}:
        return f"{person} has not the role {' or '.join(roles)}"
    return ""


def _open_one(
    turn: Turn, what: str, asked: tuple[Asked, ...], known: Collection[str]
) -> Asked | str:
    """The one that the event names, by its number or else as the latest of its name; or why
    there is none."""
    name, number = turn.event.data[what], turn.event.data["number"]
    if name is None and number is None:
        return f"{what} is missing"
    if name is not None and str(name) not in known:
        hint = did_you_mean(str(name), known)
        return f"there is no {what} '{name}'{hint and f' ({hint})'}"
    for one in reversed(asked):
        if name in (None, getattr(one, what)) and number in (None, one.number):
            return one
    if number is None:
        return f"no {what} {name} is open"
    ever = isinstance(number, int) and 0 < number <= turn.life.asked
    called = " ".join(str(part) for part in (name, number) if part is not None)
    return f"{what} {called} is not open{' any more' if ever else ''}"


def _tell(turn: Turn, event: str, reason: str) -> None:
    """Record why nothing was done, where nothing was."""
    if reason:
        read = {name: value for name, value in turn.event.data.items() if value is not None}
        record(turn, f"events.{event}", read, (), reason)


# --- what both have in common -----------------------------------------------------------------


def put_task(turn: Turn, task: Task) -> None:
    """Have a task that is open as it is by now."""
    tasks = tuple(task if one.number == task.number else one for one in turn.life.tasks)
    turn.life = replace(turn.life, tasks=tasks)


def put_approval(turn: Turn, approval: Approval) -> None:
    """Have an approval that is open as it is by now."""
    number = approval.number
    approvals = tuple(approval if one.number == number else one for one in turn.life.approvals)
    turn.life = replace(turn.life, approvals=approvals)


def _without(open_: tuple[Asked, ...], closed: Asked) -> tuple[Asked, ...]:
    return tuple(one for one in open_ if one.number != closed.number)


_NOTHING = Ending()


def _record_task(turn: Turn, change: ChangeTask, ending: Ending = _NOTHING) -> None:
    _follow(turn, f"tasks.{change.task}.{change.how}", change, ending)


def _close_approval(turn: Turn, approval: Approval, change: ChangeApproval) -> None:
    turn.life = replace(turn.life, approvals=_without(turn.life.approvals, approval))
    plan = turn.program.work.approvals.get(approval.approval)
    ending = _NOTHING if plan is None else plan.ends[change.how]
    _follow(turn, f"approvals.{approval.approval}.{change.how}", change, ending)


def _follow(turn: Turn, name: str, change: ChangeTask | ChangeApproval, ending: Ending) -> None:
    """Record a change that is made, and all that follows from it."""
    done: list[Change] = [change]
    for run in ending.effects:
        done += [apply(turn, wanted) for wanted in run(turn.facts)]
    read = {"number": change.number, **plain(ending.reads, turn.facts)}
    record(turn, name, read, done, "", whole_price(turn.program, done))
