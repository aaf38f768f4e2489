"""How customers have moved between stages in a period, and how many are in each now."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from sqlite3 import Connection
from typing import NamedTuple

from loyalcore.engine.life import UNBORN, Life
from loyalcore.engine.state import Stored, stored_reader
from loyalcore.store.customers import each_state
from loyalcore.store.stages import Move, each_move


class _Stood(Stored, frozen=True):
    """What a packed state says of stages."""

    merged: str = ""
    life: Life = UNBORN


_read_stood = stored_reader(_Stood)


class Flow(NamedTuple):
    """The moves from one stage into another ("" for those who came from none): how many, of
    how many customers, and for how long they had been in the stage they left, in microseconds:
    the median. None where they came from none."""

    was: str
    stage: str
    moves: int
    customers: int
    median: int | None


class Standings(NamedTuple):
    """The customers in each stage as their states are now ("": in none yet); and who is one
    with whom, by each of the names that were merged."""

    stages: Mapping[str, int]
    owners: Mapping[str, str]


def standings(connection: Connection) -> Standings:
    """Count the customers in each stage; who is merged into another counts as that one only."""
    stages: dict[str, int] = {}
    merged: dict[str, str] = {}
    for name, state in each_state(connection):
        stood = _read_stood(state.state)
        if stood.merged:
            merged[name] = stood.merged
            continue
        stage = "" if stood.life.stage is None else stood.life.stage.stage
        stages[stage] = stages.get(stage, 0) + 1
    owners = {}
    for name in merged:
        owner = name
        while owner in merged:
            owner = merged[owner]
        owners[name] = owners[owner] = owner
    return Standings(stages, owners)


@dataclass
class _Counted:
    moves: int = 0
    customers: int = 0
    lengths: array[int] = field(default_factory=lambda: array("q"))


def flows(
    connection: Connection, since: int | None, until: int | None, owners: Mapping[str, str]
) -> list[Flow]:
    """The moves in since <= time < until, the most usual first. Customers who are one by now
    are counted once. What is in memory grows with the moves in the period by 8 bytes each."""
    counted: dict[tuple[str, str], _Counted] = {}
    joined: set[tuple[str, str, str]] = set()
    customer, seen = "", set[tuple[str, str]]()
    before: int | None = None
    for move in each_move(connection, until=until):
        if move.customer != customer:
            customer, seen, before = move.customer, set(), None
        came, before = before, move.time
        if since is not None and move.time < since:
            continue
        pair = (move.was, move.stage)
        count = counted.setdefault(pair, _Counted())
        count.moves += 1
        if came is not None and move.was:
            count.lengths.append(move.time - came)
        owner = owners.get(customer)
        known = pair in seen if owner is None else (owner, *pair) in joined
        count.customers += not known
        if owner is None:
            seen.add(pair)
        else:
            joined.add((owner, *pair))
    found = [
        Flow(was, stage, one.moves, one.customers, _median(one.lengths))
        for (was, stage), one in counted.items()
    ]
    return sorted(found, key=lambda flow: (-flow.moves, flow.was, flow.stage))


def _median(lengths: array[int]) -> int | None:
    if not lengths:
        return None
    ordered, half = sorted(lengths), len(lengths) // 2
    return ordered[half] if len(ordered) % 2 else (ordered[half - 1] + ordered[half]) // 2


class Stayed(NamedTuple):
    """A stage that a customer was in: what led there, and until when (None: they are there
    still)."""

    move: Move
    until: int | None


def history(moves: Iterable[Move]) -> list[Stayed]:
    """The stages of one customer, one after another."""
    every = list(moves)
    ends = [move.time for move in every[1:]]
    return [Stayed(move, until) for move, until in zip(every, (*ends, None), strict=False)]
