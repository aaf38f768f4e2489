"""What was decided of journeys: entered, held back, gone through and ended (S10)."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from typing import NamedTuple


class Decided(NamedTuple):
    """A decision of a journey, `rule` being its place; or of a program that has it no more, or
    calls it something else. `facts` and `effects` are JSON, `cost` is in minor units."""

    seq: int
    customer: str
    time: int
    rule: str
    reason: str
    facts: str
    effects: str
    cost: int | None
    decision: str


_DECIDED = """
    select seq, customer, time, rule, reason, facts, effects, cost, id from decisions
    where (rule like 'journeys.%' or rule like 'win_back.%'
        or (rule = 'migration'
            and (effects like '%"effect":"end"%' or effects like '%"what":"journey"%')))
"""


def each_decided(connection: sqlite3.Connection) -> Iterator[Decided]:
    """Everything that was decided of journeys, by customer, then in the order taken."""
    return map(Decided._make, connection.execute(f"{_DECIDED} order by customer, seq"))


def decided_of(connection: sqlite3.Connection, customer: str) -> list[Decided]:
    """What was decided of the journeys of one customer, in the order taken."""
    # By the event's customer, which has an index.
    rows = connection.execute(
        f"{_DECIDED} and event in (select seq from events where customer = ?) order by seq",
        (customer,),
    )
    return [Decided._make(row) for row in rows]
