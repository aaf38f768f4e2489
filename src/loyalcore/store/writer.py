"""Writing: everything that a batch of steps decided, in one transaction (S11).

The hot path of a run. Rows are numbered here, in the order of the outcomes, so that the
file doesn't tell in what batches it was written (S2). References between rows are right by
construction: they are declared for those who read, and SQLite isn't asked to look each one
up again.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from zoneinfo import ZoneInfo

from msgspec.json import Encoder

from loyalcore.effects.changes import Accrue, Carry, ChangeCase, Issue, OpenCase, Send
from loyalcore.effects.changes import issued as issued_by
from loyalcore.engine.offering.codes import code_of, customer_key
from loyalcore.engine.outcome import Outcome
from loyalcore.events import Reject
from loyalcore.store import (
    cases,
    customers,
    decisions,
    economics,
    events,
    issued,
    ledger,
    outbox,
    rejects,
    tasks,
)
from loyalcore.store.customers import State
from loyalcore.store.programs import save_program
from loyalcore.store.schema import drop_lookups, make_lookups, transaction
from loyalcore.values import read_time

_json = Encoder(decimal_format="number", order="deterministic")

_UTC = ZoneInfo("UTC")

# SQLite sorts an index in as much memory as its cache may have, beside the cache. To sort
# more at a time is not quicker.
SORT_KIB = 2 * 1024

_SEQUENCES = (
    *("events", "decisions", "entries", "issued", "outbox", "draws", "tasks", "margins"),
    "cases",
)


class Writer:
    """The one writer of a store, for as long as it holds the lock (see `Store.writing`).

    `program` is the number of the program whose decisions are written: 0 until `start_run`.
    """

    def __init__(self, connection: sqlite3.Connection, path: Path) -> None:
        self.program = 0
        self.run = 0
        self._connection = connection
        self._path = path
        (self._secret,) = connection.execute(
            "select value from meta where name = 'secret'"
        ).fetchone()
        # Nobody else writes while the lock is held, so the last numbers can be kept.
        self._last = tuple(
            connection.execute(f"select coalesce(max(seq), 0) from {table}").fetchone()[0]
            for table in _SEQUENCES
        )

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All that is done within is written, or none of it."""
        with transaction(self._connection, self._path):
            yield

    def _code(self, customer: str, decision: str, position: int) -> str:
        return code_of(customer_key(self._secret, customer), f"{decision}:{position}")

    def _empty(self) -> bool:
        return not any(self._last)

    def start_run(self, *, hash: str, name: str, source: str, now: int) -> int:
        """Begin a run of the program with this hash at `now`; its number.

        The look-up indexes go if the store is empty, and come with `finish_run`. Should the
        run be killed, the next one makes them first.
        """
        with self.transaction():
            if self._empty():
                drop_lookups(self._connection)
            else:
                self._make_lookups()
            self.program = save_program(self._connection, hash, name, source)
            cursor = self._connection.execute(
                "insert into runs (program, started) values (?, ?)", (self.program, now)
            )
        self.run = cursor.lastrowid or 0
        return self.run

    def finish_run(self, *, summary: Mapping[str, object], now: int) -> None:
        """End the run that was started."""
        with self.transaction():
            self._make_lookups()
            self._connection.execute(
                "update runs set finished = ?, summary = ? where id = ?",
                (now, _json.encode(summary).decode(), self.run),
            )

    def _make_lookups(self) -> None:
        """Make the look-up indexes that are not there, in little memory."""
        (cache,) = self._connection.execute("pragma cache_size").fetchone()
        self._connection.execute(f"pragma cache_size = -{SORT_KIB}")
        try:
            make_lookups(self._connection)
        finally:
            self._connection.execute(f"pragma cache_size = {cache}")

    def commit(
        self,
        outcomes: Iterable[Outcome],
        states: Iterable[tuple[str, State]],
        rejected: Iterable[Reject] = (),
        retried: Iterable[str] = (),
    ) -> None:
        """Write one batch, whole or not at all.

        `outcomes` are in the order handled, those of emitted events among them; `states`
        are the customers' new states, in the order first touched; `retried` are the ids of
        rejects that are accepted now. All may be generators: `outcomes` is read to its end
        before the others are asked for anything, and before the file is touched; `states` is
        read last but for `rejected`, while the file is written, so it must not read the store.
        Raises StoreError where the file can't take them.
        """
        event_rows: list[tuple[object, ...]] = []
        decision_rows: list[tuple[object, ...]] = []
        entry_rows: list[tuple[object, ...]] = []
        issued_rows: list[tuple[object, ...]] = []
        message_rows: list[tuple[object, ...]] = []
        draw_rows: list[tuple[object, ...]] = []
        margin_rows: list[tuple[object, ...]] = []
        task_rows: list[tuple[object, ...]] = []
        task_changes: list[dict[str, object]] = []
        task_names: list[dict[str, object]] = []
        case_names: list[dict[str, object]] = []
        case_rows: list[tuple[object, ...]] = []
        case_changes: list[dict[str, object]] = []
        add_event, add_decision = event_rows.append, decision_rows.append
        add_entry = entry_rows.append
        program = self.program
        event_seq, decision_seq, entry_seq, issued_seq, message_seq, draw_seq, *others = self._last
        task_seq, margin_seq, case_seq = others
        for outcome in outcomes:
            event = outcome.event
            customer, at = event.customer, outcome.at
            time = event.time if at is None else at
            event_seq += 1
            add_event(
                (
                    event_seq,
                    event.source,
                    event.id,
                    event.type,
                    customer,
                    event.time,
                    event.text,
                    event.cause,
                    program,
                    "" if at is None else at,
                )
            )
            for decision in outcome.decisions:
                id, rule = decision.id, decision.rule
                decision_seq += 1
                add_decision(
                    (
                        decision_seq,
                        id,
                        event_seq,
                        customer,
                        rule,
                        decision.reason,
                        time,
                        program,
                        decision.facts,
                        decision.effects,
                        "" if decision.cost is None else decision.cost,
                    )
                )
                for entry in decision.entries:
                    entry_seq += 1
                    add_entry(
                        (
                            entry_seq,
                            customer,
                            entry.wallet,
                            entry.lot,
                            entry.kind,
                            entry.bucket,
                            entry.points,
                            time,
                            event_seq,
                            decision_seq,
                            program,
                            rule,
                            "" if entry.activates is None else entry.activates,
                            "" if entry.expires is None else entry.expires,
                        )
                    )
                for position, change in enumerate(decision.changes):
                    if type(change) is Accrue:  # by far the most usual: entries say it all
                        continue
                    if type(change) is Send:
                        message_seq += 1
                        message_rows.append(
                            (
                                message_seq,
                                f"{id}-{position}",
                                customer,
                                change.message,
                                change.channel,
                                _json.encode(change.values).decode(),
                                time,
                                decision_seq,
                                read_time(change.due, _UTC) if change.due else time,
                                change.purpose,
                                f"quiet: until {change.due}" if change.due else None,
                            )
                        )
                    elif isinstance(change, tasks.ASKING):
                        task_seq += 1
                        task_rows.append(
                            tasks.row_of(change, task_seq, customer, time, decision_seq)
                        )
                    elif isinstance(change, tasks.CHANGING):
                        task_changes.append(tasks.update_of(change, customer, time, decision_seq))
                    elif type(change) is OpenCase:
                        case_seq += 1
                        case_rows.append(
                            cases.row_of(change, case_seq, customer, time, decision_seq)
                        )
                    elif type(change) is ChangeCase:
                        case_changes.append(cases.update_of(change, customer, time, decision_seq))
                    elif type(change) is Carry:
                        if change.what in tasks.RENAMED:
                            task_names.append(tasks.renamed(change, customer))
                        elif change.what == cases.RENAMED:
                            case_names.append(cases.renamed(change, customer))
                    elif (name := issued_by(change)) is not None:
                        kind = change.kind if isinstance(change, Issue) else "voucher"
                        code = self._code(customer, id, position) if kind == "voucher" else ""
                        issued_seq += 1
                        issued_rows.append(
                            (
                                issued_seq,
                                customer,
                                kind,
                                name,
                                code,
                                time,
                                decision_seq,
                            )
                        )
            for key, amount in outcome.draws:
                draw_seq += 1
                draw_rows.append((draw_seq, key, amount, event_seq))
            for margin, since in outcome.brought:
                margin_seq += 1
                margin_rows.append((margin_seq, event_seq, customer, since, margin))
        retried_rows = [(id,) for id in retried]
        with self.transaction():
            write = self._connection.executemany
            write(events.INSERT, event_rows)
            write(decisions.INSERT, decision_rows)
            # The most of a batch's rows: their memory goes to the packed states.
            event_rows.clear()
            decision_rows.clear()
            write(ledger.INSERT, entry_rows)
            write(issued.INSERT, issued_rows)
            write(outbox.INSERT, message_rows)
            write(ledger.DRAW, draw_rows)
            write(tasks.INSERT, task_rows)
            write(tasks.UPDATE, task_changes)
            write(tasks.RENAME, task_names)
            write(cases.INSERT, case_rows)
            write(cases.UPDATE, case_changes)
            write(cases.RENAME, case_names)
            write(economics.INSERT, margin_rows)
            write(
                customers.UPSERT,
                (
                    (name, clock, "" if due is None else due, bytearray(state))
                    for name, (clock, due, state) in states
                ),
            )
            write(rejects.UPSERT, map(rejects.reject_row, rejected))
            write(rejects.RETRIED, retried_rows)
        self._last = (
            *(event_seq, decision_seq, entry_seq, issued_seq, message_seq, draw_seq),
            task_seq,
            margin_seq,
            case_seq,
        )
