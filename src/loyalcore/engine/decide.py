"""A decision: changes asked for -> applied, recorded with what they rested on, and named (S10)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from hashlib import blake2b

import msgspec

from loyalcore.effects.changes import Change
from loyalcore.effects.kind import Facts
from loyalcore.engine.emitting import FOLLOWING
from loyalcore.engine.outcome import Decision
from loyalcore.engine.turn import Turn
from loyalcore.ledger.lots import Entry
from loyalcore.program.selecting.rule_plan import RulePlan

_json = msgspec.json.Encoder().encode


def hold_back(turn: Turn, rule: RulePlan, reason: str) -> Decision:
    """Take in the decision of a rule that does nothing, for this reason."""
    return record(turn, rule.name, rested_on(rule, turn.facts), (), reason)


def rested_on(rule: RulePlan, facts: Facts) -> Mapping[str, object]:
    """The values that a rule read, in plain form."""
    read = {}
    for name, write in rule.reads:
        value = facts[name]
        read[name] = value if write is None or value is None else write(value)
    return read


def record(
    turn: Turn,
    rule: str,
    read: Mapping[str, object],
    done: Iterable[Change],
    reason: str = "",
    cost: int | None = None,
    entries: tuple[Entry, ...] | None = None,
) -> Decision:
    """Take in a decision whose changes are done. It rested on the plain values `read`. Its
    entries are `entries`, or without them all that no decision has had yet."""
    changes = tuple(done)
    rested_on = _json(read).decode()
    effects = _json(changes).decode() if changes else "[]"
    event = turn.event
    cause = f"{rule}\0{event.source}\0{event.id}\0{event.customer}\0{reason}"
    whole = f"{turn.program.hash}\0{cause}{rested_on}{effects}"
    id = blake2b(whole.encode(), digest_size=16).hexdigest()
    for position, change in enumerate(changes):
        if (follow := FOLLOWING.get(type(change))) is not None:
            follow(turn, id, position, change)
    if entries is None:
        entries = turn.entries()
    decision = Decision(id, rule, reason, rested_on, effects, changes, cost, entries)
    turn.decisions += (decision,)
    return decision
