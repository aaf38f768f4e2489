"""What was decided of relationships that are ended: proposed, each phase, held, settled (S10)."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

from loyalcore.store.journeys import Decided

_DECIDED = """
    select seq, customer, time, rule, reason, facts, effects, cost, id from decisions
    where (rule like 'dissolution.%' or rule like 'events.%\\_dissolution' escape '\\'
        or (rule = 'migration'
            and (effects like '%"effect":"parted"%' or effects like '%"what":"dissolution"%')))
"""


def each_decided(connection: sqlite3.Connection) -> Iterator[Decided]:
    """Everything that was decided of dissolutions, in the order taken."""
    return map(Decided._make, connection.execute(f"{_DECIDED} order by seq"))


def decided_of(connection: sqlite3.Connection, customer: str) -> list[Decided]:
    """The same of one customer."""
    # By the event's customer, which has an index.
    rows = connection.execute(
        f"{_DECIDED} and event in (select seq from events where customer = ?) order by seq",
        (customer,),
    )
    return [Decided._make(row) for row in rows]
