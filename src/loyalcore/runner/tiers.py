"""Where the customers of a store stand on its tier ladders, and how they came there."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from sqlite3 import Connection
from typing import Any, NamedTuple

from loyalcore.engine.life import UNBORN, Life, Rank
from loyalcore.engine.state import Stored, stored_reader
from loyalcore.program.timing.life_plan import LadderPlan
from loyalcore.store.customers import each_state
from loyalcore.store.decisions import StoredDecision, list_decisions

CHANGES = ("tier", "retain", "at risk")
"""What a decision may do to a level, as its effects name it."""


class _Stood(Stored, frozen=True):
    """What a packed state says of tiers."""

    merged: str = ""
    life: Life = UNBORN


_read_stood = stored_reader(_Stood)


class Ranked(NamedTuple):
    """A customer on a ladder: their level (None: they have none), and their rank, None where
    they have not been moved yet."""

    customer: str
    ladder: str
    level: str | None
    rank: Rank | None


def ranked(connection: Connection, ladders: Iterable[LadderPlan]) -> Iterator[Ranked]:
    """Every customer on every one of these ladders, by name; but for those who are merged into
    others."""
    known = tuple(ladders)
    for name, state in each_state(connection):
        stood = _read_stood(state.state)
        if stood.merged:
            continue
        for ladder in known:
            rank = stood.life.tiers.get(ladder.name)
            if rank is not None and ladder.rung(rank.level) < 0:
                rank = None
            base = None if ladder.base is None else ladder.base.name
            yield Ranked(name, ladder.name, base if rank is None else rank.level, rank)


class Moved(NamedTuple):
    """What a decision did to a customer's level, as it records it."""

    ladder: str
    change: Mapping[str, Any]
    decision: StoredDecision


def history(connection: Connection, customer: str) -> Iterator[Moved]:
    """All that was done to a customer's levels, in the order in which it was."""
    for decision in list_decisions(connection, customer=customer, fired=True):
        if any(f'"effect":"{change}"' in decision.effects for change in CHANGES):
            for effect in json.loads(decision.effects):
                if effect["effect"] in CHANGES:
                    yield Moved(effect["ladder"], effect, decision)
