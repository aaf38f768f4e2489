"""The queue of cases: what customers have opened, and what became of it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from typing import NamedTuple
from zoneinfo import ZoneInfo

from loyalcore.effects.changes import ChangeCase, OpenCase
from loyalcore.store.binding import Insert
from loyalcore.store.query import select
from loyalcore.store.queues import Queue
from loyalcore.values import read_time

COLUMNS = """
    seq integer primary key,
    customer text not null,
    number integer not null,
    recovery text not null,
    name text not null,
    status text not null,
    opened integer not null,
    due integer,
    times integer not null,
    reminded integer,
    overdue integer,
    answered integer,
    late integer not null,
    outcome text not null,
    decision integer not null references decisions(seq),
    closed integer,
    closing integer references decisions(seq)
"""
INDEXES = (
    "create unique index cases_of_customer on cases (customer, number)",
    "create index cases_open on cases (recovery, due) where closed is null",
)
OPEN = "open"
ENDED = ("closed", "moved", "withdrawn")
"""The statuses of cases that are not open any more, with the customer whose they were."""


class StoredCase(NamedTuple):
    """A case of a customer, by its recovery and `name`. `status` is "open", "answered", "closed"
    (with an `outcome`), "moved" or "withdrawn". `times` is how often it was opened; when it was
    `reminded` of, `overdue` and `answered` (`late` or not) is of the last time. `decision` opened
    it first, and `closing` closed it."""

    seq: int
    customer: str
    number: int
    recovery: str
    name: str
    status: str
    opened: int
    due: int | None
    times: int
    reminded: int | None
    overdue: int | None
    answered: int | None
    late: bool
    outcome: str
    decision: int
    closed: int | None
    closing: int | None

    @property
    def called(self) -> str:
        return f"case {self.number} of {self.recovery}"


def list_cases(
    connection: sqlite3.Connection,
    *,
    seq: int | None = None,
    customer: str | None = None,
    recovery: str | None = None,
    overdue: int | None = None,
    closed: bool = False,
    limit: int | None = None,
) -> list[StoredCase]:
    """Cases in the order opened: those that are open, or all where `closed` too. `overdue` are
    those that were to be answered by then, and are not."""
    return select(
        connection,
        _made,
        "select * from cases",
        {
            "seq = ?": seq,
            "customer = ?": customer,
            "recovery = ?": recovery,
            "closed is null and answered is null and due <= ?": overdue,
            "(closed is null) = ?": None if closed else True,
        },
        order="seq",
        limit=limit,
    )


_UTC = ZoneInfo("UTC")


def _instant(text: str) -> int | None:
    return read_time(text, _UTC) if text else None


def _row_of(
    change: OpenCase, seq: int, customer: str, time: int, decision: int
) -> tuple[object, ...]:
    due, answered, ended = map(_instant, (change.due, change.answered, change.ended))
    status = OPEN if answered is None else "answered"
    return (
        *(seq, customer, change.number, change.recovery, change.case),
        *(status if ended is None else "closed", _instant(change.opened), due, change.times),
        *(time if change.overdue else None, answered, decision, change.outcome, ended),
        None if ended is None else decision,
        answered is not None and due is not None and answered >= due,
    )


def _update_of(change: ChangeCase, time: int, decision: int) -> dict[str, object]:
    how, at = change.how, _instant(change.at)
    ended, again = how in ENDED, how == "reopened"
    status = OPEN if again else how if ended or how == "answered" else None
    return {
        "status": status,
        "again": again,
        "due": _instant(change.due),
        "times": change.times,
        "reminded": time if how == "reminded" else None,
        "overdue": time if how == "overdue" else None,
        "answered": at if how == "answered" else None,
        "late": change.late,
        "outcome": change.outcome,
        "closed": (time if at is None else at) if ended else None,
        "closing": decision if ended else None,
        "number": change.number,
    }


def _made(row: Iterable[object]) -> StoredCase:
    case = StoredCase._make(row)
    return case._replace(late=bool(case.late))


QUEUE = Queue(
    table="cases",
    columns=COLUMNS,
    index=INDEXES[0],
    nouns=("case",),
    name="recovery",
    make=_made,
    opening=(OpenCase,),
    insert=Insert(
        "cases (seq, customer, number, recovery, name, status, opened, due, times, overdue, "
        "answered, decision, outcome, closed, closing, late)",
        "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    ),
    row_of=_row_of,
    changing=(ChangeCase,),
    update="""
        update cases set
            status = coalesce(:status, status),
            due = iif(:again, :due, due),
            times = iif(:again, :times, times),
            reminded = iif(:again, null, coalesce(:reminded, reminded)),
            overdue = iif(:again, null, coalesce(:overdue, overdue)),
            answered = iif(:again, null, coalesce(:answered, answered)),
            late = iif(:again, 0, late or :late),
            outcome = :outcome,
            closed = :closed,
            closing = :closing
        where customer = :customer and number = :number
    """,
    update_of=_update_of,
)
