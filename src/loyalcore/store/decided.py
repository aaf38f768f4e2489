"""What was decided of a section of rulesets: of journeys, of dissolutions, of recoveries (S10)."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple


class Decided(NamedTuple):
    """A decision of a section, `rule` being its place; or of a program that has it no more, or
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


OF_CUSTOMER = "event in (select seq from events where customer = ?)"
"""The decisions of a customer: by the event's, which has an index."""


@dataclass(frozen=True)
class Section:
    """The decisions for which `where` holds. All of them are told in this `order`."""

    where: str
    order: str = "seq"

    def each_decided(self, connection: sqlite3.Connection) -> Iterator[Decided]:
        """All of them."""
        return map(Decided._make, connection.execute(f"{self._query} order by {self.order}"))

    def decided_of(self, connection: sqlite3.Connection, customer: str) -> list[Decided]:
        """Those of one customer, in the order taken."""
        rows = connection.execute(f"{self._query} and {OF_CUSTOMER} order by seq", (customer,))
        return [Decided._make(row) for row in rows]

    @property
    def _query(self) -> str:
        return (
            "select seq, customer, time, rule, reason, facts, effects, cost, id "
            f"from decisions where ({self.where})"
        )


JOURNEYS = Section(
    """
    rule like 'journeys.%' or rule like 'win_back.%'
    or (rule = 'migration'
        and (effects like '%"effect":"end"%' or effects like '%"what":"journey"%'))
    """,
    order="customer, seq",
)
DISSOLUTION = Section(
    """
    rule like 'dissolution.%' or rule like 'events.%\\_dissolution' escape '\\'
    or (rule = 'migration'
        and (effects like '%"effect":"parted"%' or effects like '%"what":"dissolution"%'))
    """
)
RECOVERY = Section(  # what was held back changes no case, and costs nothing
    """
    reason = '' and (rule like 'recovery.%'
        or effects like '%"effect":"case%' or effects like '%"what":"case"%')
    """
)
