"""Outcomes -> the rows of a batch, in every table they have a part in.

The hot path of a run. Rows are numbered here, in the order of the outcomes, so that the file
doesn't tell in what batches it was written (S2). References between rows are right by
construction: they are declared for those who read, and SQLite isn't asked to look each one up
again.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator
from zoneinfo import ZoneInfo

from msgspec.json import Encoder

from loyalcore.effects.changes import Accrue, Issue, Send
from loyalcore.effects.changes import issued as issued_by
from loyalcore.engine.outcome import Outcome
from loyalcore.store import cases, decisions, economics, events, issued, ledger, outbox, tasks
from loyalcore.store.queues import QueueRows
from loyalcore.values import read_time

_UTC = ZoneInfo("UTC")

_json = Encoder(decimal_format="number", order="deterministic").encode

CodeOf = Callable[[str, str, int], str]
"""The code of a voucher: of a customer, a decision and the position of its change."""

QUEUES = (tasks.QUEUE, cases.QUEUE)

SEQUENCES = (
    *("events", "decisions", "entries", "issued", "outbox", "draws", "margins"),
    *(queue.table for queue in QUEUES),
)
"""The tables whose rows are numbered."""

Numbers = tuple[int, ...]
"""The last number of each of SEQUENCES."""


class Rows:
    """The rows of one batch, to be written by `program`; of each table, the values of its rows
    one after the other. `last` are the numbers of the last ones."""

    def __init__(self, last: Numbers, program: int, code_of: CodeOf) -> None:
        self.last = last
        self._program = program
        self._code_of = code_of
        self._events: list[object] = []
        self._decisions: list[object] = []
        self._entries: list[object] = []
        self._issued: list[object] = []
        self._messages: list[object] = []
        self._draws: list[object] = []
        self._margins: list[object] = []
        self._queues = [QueueRows(queue, last[SEQUENCES.index(queue.table)]) for queue in QUEUES]

    def add(self, outcomes: Iterable[Outcome]) -> None:
        """Add the rows of `outcomes`, which are in the order handled."""
        event_rows, decision_rows, entry_rows = self._events, self._decisions, self._entries
        program = self._program
        event_seq, decision_seq, entry_seq, issued_seq, message_seq, draw_seq, *others = self.last
        margin_seq, *_ = others
        for outcome in outcomes:
            event = outcome.event
            customer, at = event.customer, outcome.at
            time = event.time if at is None else at
            event_seq += 1
            event_rows += (
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
            for decision in outcome.decisions:
                id, rule, cost = decision.id, decision.rule, decision.cost
                decision_seq += 1
                decision_rows += (
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
                    "" if cost is None else cost,
                )
                for entry in decision.entries:
                    activates, expires = entry.activates, entry.expires
                    entry_seq += 1
                    entry_rows += (
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
                        "" if activates is None else activates,
                        "" if expires is None else expires,
                    )
                for position, change in enumerate(decision.changes):
                    if type(change) is Accrue:  # by far the most usual: entries say it all
                        continue
                    if type(change) is Send:
                        message_seq += 1
                        self._messages += (
                            message_seq,
                            f"{id}-{position}",
                            customer,
                            change.message,
                            change.channel,
                            _json(change.values).decode(),
                            time,
                            decision_seq,
                            read_time(change.due, _UTC) if change.due else time,
                            change.purpose,
                            f"quiet: until {change.due}" if change.due else None,
                        )
                    elif (name := issued_by(change)) is not None:
                        kind = change.kind if isinstance(change, Issue) else "voucher"
                        code = self._code_of(customer, id, position) if kind == "voucher" else ""
                        issued_seq += 1
                        self._issued += issued_seq, customer, kind, name, code, time, decision_seq
                    else:
                        for queue in self._queues:
                            queue.add(change, customer, time, decision_seq)
            for key, amount in outcome.draws:
                draw_seq += 1
                self._draws += draw_seq, key, amount, event_seq
            for margin, since in outcome.brought:
                margin_seq += 1
                self._margins += margin_seq, event_seq, customer, since, margin
        self.last = (
            *(event_seq, decision_seq, entry_seq, issued_seq, message_seq, draw_seq, margin_seq),
            *(queue.last for queue in self._queues),
        )

    def events(self) -> Iterator[tuple[str, str]]:
        """The type and the cause of each event."""
        return events.INSERT.columns(self._events, 3, 7)

    def decisions(self) -> Iterator[tuple[str, str]]:
        """The rule and the reason of each decision."""
        return decisions.INSERT.columns(self._decisions, 4, 5)

    def entries(self) -> Iterator[tuple[str, str, str, int]]:
        """Wallet, kind, bucket and points of each entry."""
        return ledger.INSERT.columns(self._entries, 2, 4, 5, 6)

    def issued(self) -> Iterator[tuple[str]]:
        """The name of each benefit and voucher."""
        return issued.INSERT.columns(self._issued, 3)

    def messages(self) -> Iterator[tuple[str]]:
        """The name of each message."""
        return outbox.INSERT.columns(self._messages, 3)

    def write(self, connection: sqlite3.Connection) -> None:
        """Write them all, within the caller's transaction."""
        events.INSERT(connection, self._events)
        decisions.INSERT(connection, self._decisions)
        ledger.INSERT(connection, self._entries)
        issued.INSERT(connection, self._issued)
        outbox.INSERT(connection, self._messages)
        ledger.DRAW(connection, self._draws)
        economics.INSERT(connection, self._margins)
        for queue in self._queues:
            queue.write(connection)
