"""The record shop against SQL over the raw log: every customer, every decision, every note.

Nothing of loyalcore is used to work out what is expected: `EXPECTED` is written from the
ruleset's text alone, in whole cents. loyalcore is run as an operator would, into a file.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb
import pytest

from loyalcore.engine.state import read_stored
from record_shop import raw_log

INSTANTS = ("1997-06-30", "1997-12-31", "1998-03-31", "1998-06-30")  # each at noon

EXPECTED = """
-- What is known at each purchase: it and what the customer bought before it.
create table moment as
select
    one.*,
    sum(past.discs)::bigint as all_discs,
    sum(past.cents) filter (past.clock > one.clock - 365 * 86400)::bigint as year,
    sum(past.cents) filter (past.clock > one.clock - 90 * 86400)::bigint as quarter,
    coalesce(
        sum(past.cents) filter (
            past.clock > one.clock - 180 * 86400 and past.clock <= one.clock - 90 * 86400
        ),
        0
    )::bigint as quarter_before
from purchase one
join purchase past on past.customer = one.customer and past.place <= one.place
group by all;

-- Whose conditions hold where; and the notes they give.
create table held as
select id, customer, place, clock, 'earn' as rule, cents // 100 as notes from moment
union all
select id, customer, place, clock, 'armful', 5 * (discs - 2) from moment where discs >= 3
union all
select id, customer, place, clock, 'second-purchase', 25 from moment where place = 2 and cents > 0
union all
select id, customer, place, clock, 'christmas', cents // 200 from moment
where cents >= 2000 and day between '1997-11-28' and '1997-12-24'
union all
select id, customer, place, clock, 'collector', 0 from moment where year >= 20000
union all
select id, customer, place, clock, 'hundred-discs', 0 from moment where all_discs >= 100
union all
select id, customer, place, clock, 'back-in-tune', 0 from moment
where quarter_before > 0 and quarter >= 2 * quarter_before;

-- Which of those with a limit fired: the first, and for one rule the first after 180 days.
create table limited as
with recursive fired(rule, customer, place, clock) as (
    select rule, customer, min(place), min(clock) from held
    where rule in ('collector', 'hundred-discs', 'back-in-tune')
    group by rule, customer
    union all
    select held.rule, held.customer, min(held.place), min(held.clock)
    from fired join held
        on held.rule = fired.rule
        and held.customer = fired.customer
        and held.clock >= fired.clock + 180 * 86400
    where held.rule = 'back-in-tune'
    group by held.rule, held.customer
)
select * from fired;

create table decision as
select
    id, customer, place, rule, notes,
    case
        when rule not in ('collector', 'hundred-discs', 'back-in-tune') then ''
        when limited.place is not null then ''
        when rule = 'back-in-tune' then 'limit: 1 per 180 days'
        else 'limit: once'
    end as reason
from held left join limited using (rule, customer, place);
"""


ASKED = """\
program: asked
currency: USD
timezone: America/New_York
events:
  purchase: {amount: money}
  ask: {}
metrics:
  orders: {count: purchase}
  spend_year: {sum: purchase.amount, over: 365 days}
rules:
  look:
    on: [purchase, ask]
    when: orders >= 0 and spend_year >= 0
    then: [{set: {tags.asked: true}}]
"""


@pytest.fixture(scope="module")
def expected(cdnow: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with raw_log(cdnow) as database:
        database.execute(EXPECTED)
        yield database


@pytest.fixture(scope="module")
def asked(
    cdnow: Path,
    shared_folder: Path,
    decided: Callable[..., Path],
    expected: duckdb.DuckDBPyConnection,
) -> Iterator[sqlite3.Connection]:
    """The store of a program that looks at each customer's figures, at every purchase and at
    some instants in between."""
    customers = expected.execute("select distinct customer from purchase").fetchall()
    (shared_folder / "asked.yaml").write_text(ASKED)
    (shared_folder / "asks.jsonl").write_text(
        "".join(
            f'{{"id":"{customer}-{day}","type":"ask","customer":"{customer}",'
            f'"time":"{day}T12:00"}}\n'
            for day in INSTANTS
            for (customer,) in customers
        )
    )
    events = ("--type", "purchase", "--map", "time=date", cdnow / "cdnow.csv")
    db = decided("asked", shared_folder / "asked.yaml", *events, shared_folder / "asks.jsonl")
    connection = sqlite3.connect(db)
    yield connection
    connection.close()


# --- the record shop --------------------------------------------------------------------------


def test_every_decision_is_the_one_that_the_log_asks_for(
    shop: sqlite3.Connection, expected: duckdb.DuckDBPyConnection
) -> None:
    taken = shop.execute(
        "select e.customer, e.id, d.rule, d.reason from decisions d "
        "join events e on e.seq = d.event where e.type = 'purchase' and d.rule <> 'tiers.shelf'"
    ).fetchall()
    wanted = expected.execute("select customer, id, rule, reason from decision").fetchall()
    assert len(taken) == len(wanted) > 120_000
    assert set(taken) == set(wanted)


def test_every_note_is_the_one_that_the_log_asks_for(
    shop: sqlite3.Connection, expected: duckdb.DuckDBPyConnection
) -> None:
    entered = shop.execute(
        "select n.customer, e.id, n.rule, n.points from entries n join events e on e.seq = n.event"
    ).fetchall()
    wanted = expected.execute(
        "select customer, id, rule, notes from decision where reason = '' and notes > 0"
    ).fetchall()
    assert len(entered) == len(wanted) > 90_000
    assert set(entered) == set(wanted)


def test_every_customer_is_who_the_log_says(
    shop: sqlite3.Connection, expected: duckdb.DuckDBPyConnection
) -> None:
    known = {
        customer: (state.account.balances.get("notes", 0), state.tags)
        for customer, packed in shop.execute("select customer, state from customers")
        for state in (read_stored(packed),)
    }
    wanted = expected.execute(
        """
        select
            customer,
            sum(notes)::bigint,
            coalesce(bool_or(rule = 'collector'), false),
            coalesce(bool_or(rule = 'hundred-discs'), false)
        from decision where reason = '' group by customer
        """
    ).fetchall()
    assert len(wanted) == 23_570
    assert known == {
        customer: (notes, ("archive",) * archive + ("collector",) * collector)
        for customer, notes, collector, archive in wanted
    }


def test_every_message_tells_what_was_on_the_account(
    shop: sqlite3.Connection, expected: duckdb.DuckDBPyConnection
) -> None:
    sent = {
        customer: json.loads(data)
        for customer, data in shop.execute(
            "select customer, data from outbox where message = 'good-to-see-you'"
        )
    }
    wanted = expected.execute(
        """
        select two.customer, sum(one.notes)::bigint
        from decision two join decision one on one.customer = two.customer and one.place = 1
        where two.rule = 'second-purchase' group by two.customer
        """
    ).fetchall()
    assert len(sent) > 10_000
    assert sent == {customer: {"balance.notes": notes} for customer, notes in wanted}


# --- figures ----------------------------------------------------------------------------------


def test_s5_orders_and_the_year_are_right_at_every_purchase(
    asked: sqlite3.Connection, expected: duckdb.DuckDBPyConnection
) -> None:
    seen = looked(asked, "purchase")
    wanted = expected.execute("select id, place, year from moment").fetchall()
    assert len(wanted) == 69_659
    assert seen == {id: (orders, dollars(year)) for id, orders, year in wanted}


def test_s5_orders_and_the_year_are_right_for_everyone_at_any_instant(
    asked: sqlite3.Connection, expected: duckdb.DuckDBPyConnection
) -> None:
    seen = looked(asked, "ask")
    assert len(seen) == 23_570 * len(INSTANTS)
    for day in INSTANTS:
        # Noon in New York: 16:00 UTC in summer.
        hour = 17 if day in ("1997-12-31", "1998-03-31") else 16
        wanted = expected.execute(
            """
            select
                customer,
                count(*) filter (clock <= noon),
                sum(case when clock > noon - 365 * 86400 and clock <= noon then cents else 0 end)
                    ::bigint
            from purchase, (select epoch($day::date)::bigint + 3600 * $hour as noon)
            group by customer
            """,
            {"day": day, "hour": hour},
        ).fetchall()
        at_noon = {customer: seen[f"{customer}-{day}"] for customer, _, _ in wanted}
        assert at_noon == {customer: (orders, dollars(year)) for customer, orders, year in wanted}
        assert len({year for _, year in at_noon.values()}) > 1_000


def looked(asked: sqlite3.Connection, type: str) -> dict[str, tuple[int, str]]:
    """The orders and the spending of a year that were seen, by event."""
    rows = asked.execute(
        "select e.id, d.facts from decisions d join events e on e.seq = d.event where e.type = ?",
        (type,),
    )
    facts = {id: json.loads(text) for id, text in rows}
    return {id: (one["orders"], one["spend_year"]) for id, one in facts.items()}


def dollars(cents: int) -> str:
    return f"{cents // 100}.{cents % 100:02}"
