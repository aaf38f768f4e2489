"""Decisions: each rule that held for an event, whether it fired or was held back (S10)."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from typing import NamedTuple

from msgspec import json

from loyalcore.store.binding import MAYBE, Insert
from loyalcore.store.query import select, starting

INSERT = Insert("decisions", f"(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, {MAYBE})")


class StoredDecision(NamedTuple):
    """A decision with the event it was about. `reason` is empty when the rule fired;
    `facts` and `effects` are JSON."""

    seq: int
    id: str
    customer: str
    rule: str
    reason: str
    time: int
    facts: str
    effects: str
    cost: int | None
    event: int
    event_source: str
    event_id: str
    event_type: str
    program: int
    program_hash: str


class RuleCount(NamedTuple):
    """How often a rule fired, and how often it was held back."""

    rule: str
    fired: int
    held: int


_DECISION = (
    "select d.seq, d.id, d.customer, d.rule, d.reason, d.time, d.facts, d.effects, d.cost, "
    "d.event, e.source, e.id, e.type, d.program, p.hash "
    "from decisions d join events e on e.seq = d.event join programs p on p.id = d.program"
)


def find_decision(connection: sqlite3.Connection, id: str) -> StoredDecision | None:
    """The decision whose id is, or is the only one to start with, `id`."""
    found = decisions_like(connection, id, limit=2)
    if not found or (len(found) > 1 and found[0].id != id):
        return None
    return found[0]


def decisions_like(
    connection: sqlite3.Connection, prefix: str, *, limit: int | None = None
) -> list[StoredDecision]:
    """The decisions whose id starts with `prefix`, by id."""
    asked = starting("d.id", prefix)
    return select(connection, StoredDecision._make, _DECISION, asked, order="d.id", limit=limit)


def decision_ids(connection: sqlite3.Connection, seqs: Iterable[int]) -> dict[int, str]:
    """The ids of the decisions with these numbers."""
    rows = connection.execute(
        "select seq, id from decisions where seq in (select value from json_each(?))",
        (json.encode(list(seqs)).decode(),),
    )
    return dict(rows.fetchall())


def list_decisions(
    connection: sqlite3.Connection,
    *,
    customer: str | None = None,
    rule: str | None = None,
    event: int | None = None,
    fired: bool | None = None,
    since: int | None = None,
    until: int | None = None,
    newest_first: bool = False,
    limit: int | None = None,
) -> list[StoredDecision]:
    """The decisions in the order taken; times are half-open: since <= time < until."""
    asked = {
        # By the event's customer, which has an index; a decision is about its event's customer.
        "e.customer = ?": customer,
        "d.rule = ?": rule,
        "d.event = ?": event,
        "(d.reason = '') = ?": fired,
        "d.time >= ?": since,
        "d.time < ?": until,
    }
    order = "d.seq desc" if newest_first else "d.seq"
    return select(connection, StoredDecision._make, _DECISION, asked, order=order, limit=limit)


def count_by_rule(connection: sqlite3.Connection) -> list[RuleCount]:
    """Every rule that ever held, by name."""
    query = "select rule, sum(reason = ''), sum(reason <> '') from decisions"
    return select(connection, RuleCount._make, query, group="rule", order="rule")
