"""The record shop's silences and shelves against the raw log, recomputed without loyalcore.

The silences come from SQL. A customer's way up and down the shelf is walked purchase by
purchase, from the ruleset's text alone: sums by SQL, dates by the standard library.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

import duckdb
import pytest

from loyalcore.engine.state import read_stored
from record_shop import raw_log

NEW_YORK = ZoneInfo("America/New_York")
DAY = 86_400

SILENCES = """
with next as (
    select
        customer, clock,
        lead(clock) over (partition by customer order by day, number) as next
    from purchase
)
select customer, clock + 180 * 86400 as due from next
where (next is null or next >= clock + 180 * 86400)
    and clock + 180 * 86400 <= (select max(clock) from purchase)
"""


@pytest.fixture(scope="module")
def log(cdnow: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with raw_log(cdnow) as database:
        yield database


def test_every_silence_is_the_one_that_the_log_has(
    shop: sqlite3.Connection, log: duckdb.DuckDBPyConnection
) -> None:
    came = shop.execute(
        "select customer, time / 1000000 from events where type = 'gone-quiet'"
    ).fetchall()
    wanted = log.execute(SILENCES).fetchall()
    assert len(wanted) > 20_000
    assert sorted(came) == sorted(wanted)


# --- the shelf --------------------------------------------------------------------------------

LEVELS = ("browser", "listener", "collector")
REACH = (0, 100_00, 300_00)  # cents within 365 days
KEEP_MONTHS = 6
GRACE = 30 * DAY


class Move(NamedTuple):
    """A level entered (kept, at risk) at a second since 1970."""

    customer: str
    at: int
    what: str
    level: str


def test_every_move_on_the_shelf_is_the_one_that_the_log_has(
    shop: sqlite3.Connection, log: duckdb.DuckDBPyConnection
) -> None:
    took = [
        Move(customer, at, effect["effect"], effect["level"])
        for customer, at, effects in shop.execute(
            "select e.customer, e.time / 1000000, d.effects from decisions d "
            "join events e on e.seq = d.event where d.rule = 'tiers.shelf' order by d.seq"
        )
        for effect in json.loads(effects)
    ]
    wanted = list(moves(log))
    assert len({move.customer for move in wanted}) == 23_570
    assert {move.what for move in wanted} == {"tier", "retain", "at risk"}
    assert sorted(took) == sorted(wanted)


def test_everyone_stands_where_the_log_says(
    shop: sqlite3.Connection, log: duckdb.DuckDBPyConnection
) -> None:
    stands = {
        customer: read_stored(state).life.tiers["shelf"].level
        for customer, state in shop.execute("select customer, state from customers")
    }
    last = {move.customer: move.level for move in moves(log) if move.what == "tier"}
    assert len(set(last.values())) == 3
    assert stands == last


def moves(log: duckdb.DuckDBPyConnection) -> Iterator[Move]:
    """Every move of every customer, by (customer, time)."""
    bought: dict[str, list[tuple[int, int]]] = {}
    for customer, clock, cents in log.execute(
        "select customer, clock, cents from purchase order by customer, day, number"
    ).fetchall():
        bought.setdefault(customer, []).append((clock, cents))
    (horizon,) = log.execute("select max(clock) from purchase").fetchone() or (0,)
    for customer, purchases in bought.items():
        yield from Shelf(customer, purchases).walk(horizon)


class Shelf:
    """One customer's way: `level` is kept to `until`, or in its grace to `grace`."""

    def __init__(self, customer: str, purchases: list[tuple[int, int]]) -> None:
        self.customer = customer
        self.purchases = purchases
        self.level = -1
        self.until: int | None = None
        self.grace: int | None = None

    def walk(self, horizon: int) -> Iterator[Move]:
        for number, (clock, _) in enumerate(self.purchases):
            yield from self.pass_time(clock, number)
            earned = self.earned(clock, number + 1)
            if earned > self.level:
                yield self.enter(earned, clock)
            elif self.grace is not None and earned == self.level:
                yield self.keep(clock)
        yield from self.pass_time(horizon, len(self.purchases))

    def pass_time(self, to: int, count: int) -> Iterator[Move]:
        """What happens by itself up to `to`, after so many purchases."""
        while (due := self.grace if self.grace is not None else self.until) and due <= to:
            if self.grace is None and self.earned(due, count) >= self.level:
                yield self.keep(due)
            elif self.grace is None:
                self.grace = due + GRACE
                yield Move(self.customer, due, "at risk", LEVELS[self.level])
            else:
                yield self.enter(self.level - 1, due)

    def earned(self, now: int, count: int) -> int:
        """The highest level that the year's purchases reach."""
        cents = sum(c for clock, c in self.purchases[:count] if now - 365 * DAY < clock <= now)
        return max(level for level, reach in enumerate(REACH) if cents >= reach)

    def enter(self, level: int, now: int) -> Move:
        self.level = level
        self._keep_from(now)
        return Move(self.customer, now, "tier", LEVELS[level])

    def keep(self, now: int) -> Move:
        self._keep_from(now)
        return Move(self.customer, now, "retain", LEVELS[self.level])

    def _keep_from(self, now: int) -> None:
        self.grace = None
        self.until = months_after(now, KEEP_MONTHS) if self.level else None


def months_after(now: int, months: int) -> int:
    """The same hour of the same day so many months later, in New York; where there is no such
    day, the end of that month."""
    local = datetime.fromtimestamp(now, UTC).astimezone(NEW_YORK)
    year, month = divmod(local.year * 12 + local.month - 1 + months, 12)
    try:
        then = datetime.combine(date(year, month + 1, local.day), local.time(), NEW_YORK)
    except ValueError:
        year, month = divmod(year * 12 + month + 1, 12)
        then = datetime.combine(date(year, month + 1, 1), time(), NEW_YORK)
    return int(then.timestamp())


def test_half_a_year_after_the_end_of_august_is_the_end_of_february() -> None:
    """What is expected is right about the calendar."""
    august = datetime(1997, 8, 31, tzinfo=NEW_YORK)
    assert months_after(int(august.timestamp()), 6) == int(
        (datetime(1998, 2, 28, tzinfo=NEW_YORK) + timedelta(days=1)).timestamp()
    )
