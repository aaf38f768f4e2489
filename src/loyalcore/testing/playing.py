"""A ruleset and a few events, run as `loyalcore run` does: what was decided.

It is the real run into a store that is thrown away: nothing of it stands in for anything.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from loyalcore.intake import Form, stage
from loyalcore.matching import MatcherName
from loyalcore.plugins.gathering import observers, vocabulary
from loyalcore.plugins.loading import make_manager
from loyalcore.ruleset.source import Source, read_source
from loyalcore.runner.clock import last_moment
from loyalcore.runner.loading import load_from
from loyalcore.runner.run import run
from loyalcore.store import Store
from loyalcore.store.decisions import list_decisions
from loyalcore.store.issued import list_issued
from loyalcore.store.ledger import list_balances
from loyalcore.store.outbox import list_messages
from loyalcore.store.rejects import list_rejects
from loyalcore.values import write_time


@dataclass(frozen=True)
class PlayedDecision:
    """A rule, or another place of the ruleset, that decided something for an event. `reason`
    says what held it back ("": nothing did); `effects` are what it did, `facts` what it rested
    on, as plain JSON."""

    customer: str
    event: str
    time: str
    rule: str
    reason: str
    facts: Mapping[str, Any]
    effects: tuple[Mapping[str, Any], ...]


@dataclass(frozen=True)
class PlayedMessage:
    """A message that is to be sent: who gets it, its name, by which channel, and the values
    that its text names."""

    customer: str
    message: str
    channel: str
    values: Mapping[str, Any]


@dataclass(frozen=True)
class PlayedReject:
    """An event that was not accepted, by its line, and why."""

    line: int
    code: str
    message: str


@dataclass(frozen=True)
class Played:
    """What came of the events: everything in the order decided. `balances` are points that
    can be spent, by customer and wallet, `pending` those that can't yet; `issued` benefits and
    vouchers by customer, in order."""

    program: str
    decisions: tuple[PlayedDecision, ...]
    balances: Mapping[str, Mapping[str, int]]
    pending: Mapping[str, Mapping[str, int]]
    messages: tuple[PlayedMessage, ...]
    issued: Mapping[str, tuple[str, ...]]
    rejects: tuple[PlayedReject, ...]

    @property
    def fired(self) -> tuple[str, ...]:
        """The rules that took effect, in order."""
        return tuple(one.rule for one in self.decisions if not one.reason)

    @property
    def held(self) -> Mapping[str, str]:
        """The rules that were held back, with the latest reason of each."""
        return {one.rule: one.reason for one in self.decisions if one.reason}


def play(
    ruleset: str | Path,
    events: str | Iterable[Mapping[str, Any]],
    *,
    plugins: Mapping[str, object] | None = None,
    until: str | None = None,
    matcher: MatcherName = "compiled",
) -> Played:
    """Run `events` through `ruleset` in a store of its own, and tell what came of it.

    `ruleset` is a text, or the path of a file; `events` are lines of JSON, or mappings, in the
    short form: `{"customer": "ann", "type": "purchase", "time": "2026-01-31", "amount": 10}`.
    `plugins` are those under test, by name, beside all that are installed. Time passes to the
    last event, or to the day or time `until`. Raises RulesetInvalid with every problem of the
    ruleset, PluginError where a plugin breaks its contract.
    """
    manager = make_manager((plugins or {}).items())
    source = (
        Source({"ruleset.yaml": ruleset}, "ruleset.yaml")
        if isinstance(ruleset, str)
        else read_source(ruleset)
    )
    loaded = load_from(source, matcher, vocabulary(manager))
    zone = loaded.program.locale.zone
    lines = events if isinstance(events, str) else "\n".join(map(_line, events))
    with TemporaryDirectory() as folder:
        file = Path(folder) / "events.jsonl"
        file.write_text(lines, encoding="utf-8")
        with (
            Store.open(Path(folder) / "played.db", create=True) as store,
            stage([str(file)], Form(zone)) as staged,
        ):
            end = None if until is None else last_moment(until, zone)
            run(
                loaded,
                store,
                staged,
                staged.rejects(),
                until=end,
                observers=observers(manager),
            )
            return _played(store, loaded.program.hash)


def _line(event: Mapping[str, Any]) -> str:
    return json.dumps(event, default=str)


def _played(store: Store, program: str) -> Played:
    connection = store.connection
    points: dict[str, dict[str, dict[str, int]]] = {"active": {}, "pending": {}}
    for one in list_balances(connection):
        if one.bucket in points:
            points[one.bucket].setdefault(one.customer, {})[one.wallet] = one.points
    issued: dict[str, tuple[str, ...]] = {}
    for given in list_issued(connection):
        issued[given.customer] = (*issued.get(given.customer, ()), given.name)
    return Played(
        program=program,
        decisions=tuple(
            PlayedDecision(
                one.customer,
                one.event_type,
                write_time(one.time),
                one.rule,
                one.reason,
                json.loads(one.facts),
                tuple(json.loads(one.effects)),
            )
            for one in list_decisions(connection)
        ),
        balances=points["active"],
        pending=points["pending"],
        messages=tuple(
            PlayedMessage(one.customer, one.message, one.channel, json.loads(one.data))
            for one in list_messages(connection)
        ),
        issued=issued,
        rejects=tuple(
            PlayedReject(one.line, one.code, one.message) for one in list_rejects(connection)
        ),
    )
