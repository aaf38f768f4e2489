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

from loyalcore.effects.changes import Carry, Change, ChangeCase, OpenCase
from loyalcore.store.binding import Insert
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
INSERT = Insert(
    "cases (seq, customer, number, recovery, name, status, opened, due, times, overdue, answered, "
    "decision, outcome, closed, closing, late)",
    "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
)
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

RENAME = """
    update cases set recovery = :name where customer = :customer and number = :number
"""

RENAMED = "case"
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
    due, answered, ended = map(_instant, (change.due, change.answered, change.ended))
    status = OPEN if answered is None else "answered"
    return (
        *(seq, customer, change.number, change.recovery, change.case),
        *(status if ended is None else "closed", _instant(change.opened), due, change.times),
        *(time if change.overdue else None, answered, decision, change.outcome, ended),
        None if ended is None else decision,
        answered is not None and due is not None and answered >= due,
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


def renamed(change: Carry, customer: str) -> dict[str, object]:
    """What RENAME takes of a case whose recovery another program calls something else."""
    return {"name": change.to, "customer": customer, "number": change.number}


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


class Decided(NamedTuple):
    """A decision on cases. `case` is the number of the one that its facts name (None: none), and
    `changes` what became of any. `cost` is in minor units."""

    seq: int
    customer: str
    time: int
    rule: str
    case: int | None
    changes: tuple[OpenCase | ChangeCase | Carry, ...]
    cost: int | None


_changes = msgspec.json.Decoder(tuple[Change, ...]).decode


def each_decided(connection: sqlite3.Connection) -> Iterator[Decided]:
    """Everything that was decided of cases, but for what was held back, in the order taken."""
    rows = connection.execute(
        """
        select seq, customer, time, rule, json_extract(facts, '$."case.number"'), effects, cost
        from decisions
        where reason = '' and (rule like 'recovery.%' or effects like '%"effect":"case%'
            or effects like '%"what":"case"%')
        order by seq
        """
    )
    for seq, customer, time, rule, case, effects, cost in rows:
        found = (
            one
            for one in _changes(effects)
            if isinstance(one, OpenCase | ChangeCase)
            or (isinstance(one, Carry) and one.what == RENAMED)
        )
        yield Decided(seq, customer, time, rule, case, tuple(found), cost)


def written_again(
    connection: sqlite3.Connection,
) -> Iterator[tuple[StoredCase | None, StoredCase | None]]:
    """What the decisions come to, beside what the table has, where that differs."""
    again = sqlite3.connect(":memory:")
    try:
        again.execute(f"create table cases ({COLUMNS})")
        again.execute(INDEXES[0])
        seq = 0
        for decided in each_decided(connection):
            whose = decided.customer, decided.time, decided.seq
            for change in decided.changes:
                if isinstance(change, OpenCase):
                    seq += 1
                    INSERT(again, row_of(change, seq, *whose))
                elif isinstance(change, Carry):
                    again.execute(RENAME, renamed(change, decided.customer))
                else:
                    again.execute(UPDATE, update_of(change, *whose))
        every = "select * from cases order by seq"
        told = {row[0]: _made(row) for row in again.execute(every)}
        kept = {row[0]: _made(row) for row in connection.execute(every)}
        for number in sorted({*told, *kept}):
            if told.get(number) != kept.get(number):
                yield told.get(number), kept.get(number)
    finally:
        again.close()
