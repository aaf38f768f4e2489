"""The queue of tasks and approvals: what people are asked, and what has become of it."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable
from typing import NamedTuple
from zoneinfo import ZoneInfo

from loyalcore.effects.changes import AskApproval, ChangeApproval, ChangeTask, CreateTask
from loyalcore.store.binding import Insert
from loyalcore.store.query import select
from loyalcore.store.queues import Queue
from loyalcore.values import read_time

COLUMNS = """
    seq integer primary key,
    kind text not null,
    customer text not null,
    number integer not null,
    name text not null,
    status text not null,
    roles text not null,
    assignee text not null,
    due integer,
    note text not null,
    given integer not null,
    reminded integer,
    escalated integer,
    outcome text not null,
    by text not null,
    created integer not null,
    decision integer not null references decisions(seq),
    closed integer,
    closing integer references decisions(seq)
"""
INDEXES = (
    "create unique index tasks_of_customer on tasks (customer, number)",
    "create index tasks_open on tasks (due) where status = 'open'",
)
OPEN = "open"
STILL_OPEN = ("reminded", "escalated", "assigned", "given")


class Asked(NamedTuple):
    """A task or an approval (`kind`) of a customer. `due` is when an approval expires; `given`
    how many have approved it. `outcome` is that of a task, and `by` who has closed it.
    `decision` opened it, and `closing` closed it."""

    seq: int
    kind: str
    customer: str
    number: int
    name: str
    status: str
    roles: tuple[str, ...]
    assignee: str
    due: int | None
    note: str
    given: int
    reminded: int | None
    escalated: int | None
    outcome: str
    by: str
    created: int
    decision: int
    closed: int | None
    closing: int | None

    @property
    def called(self) -> str:
        return f"{self.kind} {self.name} {self.number}"


def list_asked(
    connection: sqlite3.Connection,
    kind: str,
    *,
    seq: int | None = None,
    customer: str | None = None,
    role: str | None = None,
    assignee: str | None = None,
    overdue: int | None = None,
    closed: bool = False,
    limit: int | None = None,
) -> list[Asked]:
    """Tasks, or approvals, in the order asked: those that are open, or all where `closed` too.
    `overdue` are those that were to be done by then."""
    return select(
        connection,
        _made,
        "select * from tasks",
        {
            "kind = ?": kind,
            "seq = ?": seq,
            "customer = ?": customer,
            "exists (select 1 from json_each(roles) where value = ?)": role,
            "assignee = ?": assignee,
            "due <= ?": overdue,
            "status = ?": None if closed else OPEN,
        },
        order="seq",
        limit=limit,
    )


def _row_of(
    change: CreateTask | AskApproval, seq: int, customer: str, time: int, decision: int
) -> tuple[object, ...]:
    if isinstance(change, CreateTask):
        kind, name, due = "task", change.task, change.due
        assignee, note = change.assignee, change.note
    else:
        kind, name, due = "approval", change.approval, change.expires
        assignee = note = ""
    until = read_time(due, _UTC) if due else None
    roles = json.dumps(change.roles)
    return (
        *(seq, kind, customer, change.number, name, roles, assignee, until, note),
        *(time, decision),
    )


def _update_of(change: ChangeTask | ChangeApproval, time: int, decision: int) -> dict[str, object]:
    how = change.how
    closed = how not in STILL_OPEN
    return {
        "status": how if closed else None,
        "role": change.to if how == "escalated" else None,
        "assignee": change.to if how == "assigned" else None,
        "given": how in ("given", "approved"),
        "reminded": time if how == "reminded" else None,
        "escalated": time if how == "escalated" else None,
        "outcome": change.outcome if isinstance(change, ChangeTask) else "",
        "by": change.by if closed else "",
        "closed": time if closed else None,
        "closing": decision if closed else None,
        "number": change.number,
    }


def _made(row: Iterable[object]) -> Asked:
    values = Asked._make(row)
    return values._replace(roles=tuple(json.loads(str(values.roles))))


_UTC = ZoneInfo("UTC")

QUEUE = Queue(
    table="tasks",
    columns=COLUMNS,
    index=INDEXES[0],
    nouns=("task", "approval"),
    name="name",
    make=_made,
    opening=(CreateTask, AskApproval),
    insert=Insert(
        "tasks (seq, kind, customer, number, name, roles, assignee, due, note, created, decision, "
        "status, given, outcome, by)",
        "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'open', 0, '', '')",
    ),
    row_of=_row_of,
    changing=(ChangeTask, ChangeApproval),
    update="""
        update tasks set
            status = coalesce(:status, status),
            roles = iif(
                :role is null or exists (select 1 from json_each(roles) where value = :role),
                roles, json_insert(roles, '$[#]', :role)
            ),
            assignee = coalesce(:assignee, assignee),
            given = given + :given,
            reminded = coalesce(:reminded, reminded),
            escalated = coalesce(:escalated, escalated),
            outcome = :outcome,
            by = :by,
            closed = :closed,
            closing = :closing
        where customer = :customer and number = :number
    """,
    update_of=_update_of,
)
