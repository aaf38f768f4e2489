"""A logged event explained: what each rule and section made of it, then, and under which
program."""

from __future__ import annotations

from dataclasses import dataclass
from sqlite3 import Connection

from msgspec import json

from loyalcore.engine.telling.explain import explain
from loyalcore.engine.telling.explanation import RuleExplanation
from loyalcore.runner.replay import replay
from loyalcore.store.events import StoredEvent
from loyalcore.values import write_time


@dataclass(frozen=True)
class EventExplanation:
    """An event, the rules on it, in the order in which they decide, and what sections of the
    ruleset decided by themselves.

    `event` is its number in the log and `time` ISO 8601 in UTC; `at` is when it was decided,
    where it came late. `cause` is the id of the decision that emitted it, if one did.
    `warnings` say where what is told here differs from what is stored.
    """

    event: int
    event_source: str
    event_id: str
    event_type: str
    customer: str
    time: str
    at: str | None
    cause: str
    data: object
    program: str
    program_hash: str
    rules: tuple[RuleExplanation, ...]
    sections: tuple[RuleExplanation, ...]
    warnings: tuple[str, ...]


def explain_event(connection: Connection, logged: StoredEvent, asked: str = "") -> EventExplanation:
    """Why each rule did what it did at `logged`; and what is to come of a trigger, ladder or
    stage that is `asked` for.

    Raises StoreError where a program that decided can't be compiled any more.
    """
    replayed = replay(connection, logged)
    program = replayed.program
    explained = explain(program, replayed.state, replayed.event, replayed.shared, asked)
    return EventExplanation(
        event=logged.seq,
        event_source=logged.source,
        event_id=logged.id,
        event_type=logged.type,
        customer=logged.customer,
        time=write_time(logged.time),
        at=None if logged.at is None else write_time(logged.at),
        cause=logged.cause,
        data=json.decode(logged.data),
        program=program.name,
        program_hash=program.hash,
        rules=explained.rules,
        sections=explained.sections,
        warnings=replayed.warnings,
    )
