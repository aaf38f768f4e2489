"""Cases: what customers have opened, by when it was to be answered, and what became of it.

Only decisions say so (S10). This table is what they come to, kept up in the transaction that
writes them, as `tasks` is; `written_again` makes it anew.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from typing import NamedTuple
from zoneinfo import ZoneInfo

import msgspec

from loyalcore.effects.changes import Change, ChangeCase, OpenCase
from loyalcore.store.query import select
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
INSERT = """
    insert into cases (
        seq, customer, number, recovery, name, status, opened, due, times, overdue, answered,
        decision, late, outcome
    ) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, '')
"""
UPDATE = """
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
"""

OPEN = "open"
ENDED = ("closed", "moved", "withdrawn")
"""The statuses of cases that are not open any more, with the customer whose they were."""

Row = tuple[object, ...]


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


_UTC = ZoneInfo("UTC")


def _instant(text: str) -> int | None:
    return read_time(text, _UTC) if text else None


def row_of(change: OpenCase, seq: int, customer: str, time: int, decision: int) -> Row:
    """What INSERT takes of a case that is opened, or that came with another customer."""
    answered = _instant(change.answered)
    return (
        *(seq, customer, change.number, change.recovery, change.case),
        *(OPEN if answered is None else "answered", _instant(change.opened)),
        *(_instant(change.due), change.times, time if change.overdue else None),
        *(answered, decision),
    )


def update_of(change: ChangeCase, customer: str, time: int, decision: int) -> dict[str, object]:
    """What UPDATE takes of what has become of it."""
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
        "customer": customer,
        "number": change.number,
    }


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


def _made(row: Iterable[object]) -> StoredCase:
    case = StoredCase._make(row)
    return case._replace(late=bool(case.late))


_changes = msgspec.json.Decoder(tuple[Change, ...]).decode


def each_changed(
    connection: sqlite3.Connection,
) -> Iterator[tuple[int, str, int, OpenCase | ChangeCase]]:
    """What was decided of cases, in the order taken: the decision, its customer and time, and
    the change."""
    rows = connection.execute(
        "select seq, customer, time, effects from decisions "
        """where effects like '%"effect":"case%' order by seq"""
    )
    for decision, customer, time, effects in rows:
        for change in _changes(effects):
            if isinstance(change, OpenCase | ChangeCase):
                yield decision, customer, time, change


def goodwill_costs(connection: sqlite3.Connection) -> Iterator[tuple[str, str, int, int]]:
    """What goodwill has cost: customer, recovery, number of the case, and minor units."""
    yield from connection.execute(
        """
        select customer, substr(rule, 10, length(rule) - 18),
            json_extract(facts, '$."case.number"'), cost
        from decisions
        where rule like 'recovery.%.goodwill' and reason = '' and cost is not null order by seq
        """
    )


def written_again(
    connection: sqlite3.Connection,
) -> Iterator[tuple[StoredCase | None, StoredCase | None]]:
    """What the decisions come to, beside what the table has, where that differs."""
    again = sqlite3.connect(":memory:")
    try:
        again.execute(f"create table cases ({COLUMNS})")
        again.execute(INDEXES[0])
        seq = 0
        for decision, customer, time, change in each_changed(connection):
            if isinstance(change, OpenCase):
                seq += 1
                again.execute(INSERT, row_of(change, seq, customer, time, decision))
            else:
                again.execute(UPDATE, update_of(change, customer, time, decision))
        every = "select * from cases order by seq"
        told = {row[0]: _made(row) for row in again.execute(every)}
        kept = {row[0]: _made(row) for row in connection.execute(every)}
        for number in sorted({*told, *kept}):
            if told.get(number) != kept.get(number):
                yield told.get(number), kept.get(number)
    finally:
        again.close()
