"""Scores of real customers against SQL over the raw log: every customer, every grade.

Nothing of loyalcore is used to work out what is expected. loyalcore is run as an operator
would: a run, then `loyalcore score`. The first three thousand customers of the log do.
"""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb
import pytest

from loyalcore.engine.state import read_stored

RULESET = """\
program: shop
currency: USD
timezone: America/New_York
events: {purchase: {quantity: integer, amount: money}}
scores:
  rfm: {event: purchase, amount: amount}
  recent: {strategy: rfm, event: purchase, amount: amount, where: quantity >= 2, over: 100 days}
  abc: {event: purchase, amount: amount}
  trend: {event: purchase, amount: amount, period: 90 days}
  churn: {event: purchase}
"""
Scored = dict[str, dict[str, dict[str, object]]]
CUSTOMERS = "'03000'"  # those before this one

# Purchases are at midnight in New York, and the instant is that of the last day. Clocks there
# were set forward within the last ninety days, so days are counted by hours: 90 exact days
# before are an hour off a midnight in winter.
EXPECTED = f"""
create table purchase as
select
    customer, quantity, cast(amount * 100 as bigint) as cents,
    epoch(date)::bigint + 3600 * case
        when date > '1997-04-06' and date <= '1997-10-26' then 4
        when date > '1998-04-05' and date <= '1998-10-25' then 4
        else 5
    end as clock
from read_csv(
    getvariable('log'),
    types = {{'customer': 'varchar', 'amount': 'decimal(18,2)', 'date': 'date'}}
)
where customer < {CUSTOMERS};

create macro here() as (select max(clock) from purchase);

create macro graded(kept) as table
select
    customer,
    1 + (5 * (rank() over (order by last) - 1)) // count(*) over () as recency,
    1 + (5 * (rank() over (order by orders) - 1)) // count(*) over () as frequency,
    1 + (5 * (rank() over (order by cents) - 1)) // count(*) over () as monetary
from (
    select customer, max(clock) as last, count(*) as orders, sum(cents) as cents
    from purchase
    where not kept or (quantity >= 2 and clock > here() - 100 * 86400)
    group by customer
);

create table value_class as
with bought as (select customer, sum(cents) as cents from purchase group by customer),
placed as (
    select
        customer, cents,
        coalesce(sum(cents) over (
            order by cents desc range between unbounded preceding and current row exclude group
        ), 0) as more,
        sum(cents) over () as everything
    from bought
)
select customer, case
    when cents > 0 and 100 * more < 80 * everything then 'A'
    when cents > 0 and 100 * more < 95 * everything then 'B'
    else 'C'
end as letter
from placed;

create table moved as
select
    customer,
    count(*) filter (clock > here() - 90 * 86400) as orders,
    count(*) filter (clock <= here() - 90 * 86400) as orders_before,
    coalesce(sum(cents) filter (clock > here() - 90 * 86400), 0) as cents,
    coalesce(sum(cents) filter (clock <= here() - 90 * 86400), 0) as cents_before
from purchase where clock > here() - 180 * 86400 group by customer;

create macro word(before, now) as case
    when before = 0 then if(now > 0, 'new', 'same')
    when now = 0 then 'stopped'
    when abs(now - before) * 10 < before then 'same'
    else if(now > before, 'up', 'down')
end;

create table rhythm as
with day as (
    select distinct customer, cast(floor((clock - here()) / 86400) as bigint) as day from purchase
),
gap as (
    select customer, day - lag(day) over (partition by customer order by day) as days from day
),
own as (
    select customer, case when count(days) >= 2 then median(days) end as usual
    from gap group by customer
),
usual as (
    select customer, coalesce(usual, (select median(usual) from own)) as usual from own
)
select
    customer, usual,
    ((here() - max(clock)) // 86400) / usual as ratio
from purchase join usual using (customer) group by customer, usual;
"""


@pytest.fixture(scope="module")
def scored(
    cdnow: Path, decided: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory
) -> Scored:
    """What every score says of every customer, by score and customer."""
    folder = tmp_path_factory.mktemp("scored")
    lines = (cdnow / "cdnow.csv").read_text().splitlines()
    kept = [lines[0], *(one for one in lines[1:] if one.split(",")[1] < CUSTOMERS.strip("'"))]
    (folder / "some.csv").write_text("\n".join(kept) + "\n")
    (folder / "shop.yaml").write_text(RULESET)
    db = decided("scored", folder / "shop.yaml", "--map", "time=date", folder / "some.csv")
    command = [sys.executable, "-m", "loyalcore", "score", "--db", str(db), "--json"]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    connection = sqlite3.connect(db)
    found: dict[str, dict[str, dict[str, object]]] = {}
    for customer, state in connection.execute("select customer, state from customers"):
        for name, score in read_stored(state).life.scores.items():
            found.setdefault(name, {})[customer] = score.values
    connection.close()
    return found


@pytest.fixture(scope="module")
def expected(cdnow: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        connection.execute("set variable log = ?", [str(cdnow / "cdnow.csv")])
        connection.execute(EXPECTED)
        yield connection


@pytest.mark.parametrize(("score", "kept"), [("rfm", False), ("recent", True)])
def test_grades(
    scored: Scored, expected: duckdb.DuckDBPyConnection, score: str, kept: bool
) -> None:
    rows = expected.execute(f"from graded({kept})").fetchall()
    grades = {
        customer: (one["recency"], one["frequency"], one["monetary"])
        for customer, one in scored[score].items()
    }
    assert grades == {customer: tuple(three) for customer, *three in rows}
    assert len(grades) > 300


def test_value_classes(scored: Scored, expected: duckdb.DuckDBPyConnection) -> None:
    rows = dict(expected.execute("from value_class").fetchall())
    assert {name: one["value_class"] for name, one in scored["abc"].items()} == rows
    assert {*rows.values()} == {"A", "B", "C"}


def test_trends(scored: Scored, expected: duckdb.DuckDBPyConnection) -> None:
    rows = expected.execute(
        "select customer, word(orders_before, orders), word(cents_before, cents) from moved"
    ).fetchall()
    words = {name: (one["frequency"], one["volume"]) for name, one in scored["trend"].items()}
    assert words == {customer: (frequency, volume) for customer, frequency, volume in rows}
    assert {word for pair in words.values() for word in pair} == {
        *("new", "up", "same", "down", "stopped"),
    }


def test_rhythms(scored: Scored, expected: duckdb.DuckDBPyConnection) -> None:
    rows = expected.execute(
        "select customer, usual, floor(ratio), "
        "case when ratio >= 4 then 'high' when ratio >= 2 then 'medium' else 'low' end from rhythm"
    ).fetchall()
    said = {
        name: (float(str(one["usual_gap"])), one["gaps_silent"], one["risk"])
        for name, one in scored["churn"].items()
    }
    assert said == {customer: (usual, gaps, risk) for customer, usual, gaps, risk in rows}
