"""People are asked: tasks and approvals are opened for a customer, as effects want it."""

from __future__ import annotations

from msgspec.structs import replace

from loyalcore.calendars import Duration, read_duration
from loyalcore.effects.changes import AskApproval, Change, CreateTask, Skipped
from loyalcore.engine.life import Approval, Task
from loyalcore.engine.turn import Turn
from loyalcore.values import write_time


def create_task(turn: Turn, change: CreateTask) -> CreateTask:
    """The effect `task`. Instants that would have been before now are passed over."""
    plan = turn.program.work.tasks[change.task]
    length = read_duration(change.within) if change.within else plan.due
    return give_task(turn, change.task, _after(turn, length, turn.now), change.note)


def give_task(turn: Turn, name: str, due: int | None, note: str) -> CreateTask:
    """Have people asked to do the task of this name by the instant `due`."""
    plan, now = turn.program.work.tasks[name], turn.now
    remind = None
    if due is not None and plan.remind is not None:
        remind = plan.remind.before(due, turn.program.locale.zone)
    escalate = [
        (due if one.after is None else _after(turn, one.after, due), one.to)
        for one in (plan.escalate if due is not None else ())
    ]
    assignee = turn.attributes.get(plan.assignee) if plan.assignee else None
    task = Task(
        name,
        turn.life.asked + 1,
        now,
        due,
        remind if remind is not None and remind > now else None,
        tuple(sorted((at, to) for at, to in escalate if at is not None)),
        plan.roles,
        "" if assignee is None else str(assignee),
        note,
    )
    add_task(turn, task)
    return task_told(task)


def add_task(turn: Turn, task: Task) -> None:
    """Have a task open under the customer's next number, which is the task's."""
    life = turn.life
    turn.life = replace(life, tasks=(*life.tasks, task), asked=task.number, set=life.set + 1)


def task_told(task: Task, sender: str = "") -> CreateTask:
    """A task that is open, as decisions record it."""
    due = "" if task.due is None else write_time(task.due)
    return CreateTask(
        task.task, task.note, task.number, task.roles, task.assignee, due, sender=sender
    )


def ask_approval(turn: Turn, change: AskApproval) -> Change:
    """The effect `approval`."""
    name = change.approval
    for one in turn.life.approvals:
        if one.approval == name:
            return Skipped("approval", f"{name}: number {one.number} is open already")
    plan = turn.program.work.approvals[name]
    approval = Approval(
        name,
        turn.life.asked + 1,
        turn.now,
        _after(turn, plan.expires, turn.now),
        evidence=change.evidence,
    )
    add_approval(turn, approval)
    return approval_told(turn, approval)


def add_approval(turn: Turn, approval: Approval) -> None:
    """Have an approval open under the customer's next number, which is its."""
    life = turn.life
    turn.life = replace(
        life, approvals=(*life.approvals, approval), asked=approval.number, set=life.set + 1
    )


def approval_told(turn: Turn, approval: Approval, sender: str = "") -> AskApproval:
    """An approval that is open, as decisions record it."""
    plan = turn.program.work.approvals.get(approval.approval)
    expires = "" if approval.expires is None else write_time(approval.expires)
    roles = () if plan is None else plan.roles
    return AskApproval(
        approval.approval, approval.evidence, approval.number, roles, expires, sender
    )


def _after(turn: Turn, length: Duration | None, time: int | None) -> int | None:
    """The instant so long after `time`; None where there is none in the calendar."""
    if length is None or time is None:
        return None
    return length.due(time, turn.program.locale.zone)
