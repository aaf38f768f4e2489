"""What rules cost and brought in 69,659 real purchases, against SQL over the raw log.

Nothing of loyalcore is used to work out what is expected: `EXPECTED` is written from the
text of the ruleset below alone, in whole cents. Who is held out is not worked out again but
taken from the decisions, which tests/program/test_selection.py holds to their hashes.
"""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from math import sqrt
from pathlib import Path
from typing import Any

import duckdb
import pytest

from record_shop import raw_log

RULESET = """\
program: margins
currency: USD
timezone: America/New_York
events:
  purchase: {quantity: integer, amount: money, brings: amount * 0.35}
metrics: {orders: {count: purchase}}
wallets: {notes: {price: 0.01}}
costs: {send: {post: 0.495}, issue: {sleeve: 1.2, cloth: 0.333}}
messages: {thanks: {channel: post, purpose: promotional, text: Thank you.}}
experiments: {thanking: {holdout: 20 %}}
rules:
  notes: {on: purchase, cost: amount / 1000, then: [earn: {notes: amount}]}
  thanks:
    on: purchase
    when: orders == 1
    experiment: thanking
    then: [send: thanks, issue: {benefit: cloth}]
  armful:
    on: purchase
    when: quantity >= 3
    budget: {money: 1500 per month}
    then: [send: thanks, issue: {benefit: sleeve}]
"""

# Half a cent is rounded up.
EXPECTED = """
create table sale as
select
    *,
    (cents * 35 + 50) // 100 as margin,
    row_number() over (order by clock, id) as turn
from purchase;

create table fired as
-- amount / 1000, and a cent for each whole dollar: halves up, in tenths of a cent.
select customer, clock, 'notes' as rule, (cents + 1000 * (cents // 100) + 500) // 1000 as cost
from sale
union all
-- 0.495 and 0.333 are 82.8 cents.
select customer, clock, 'thanks', 83 from sale
where place = 1 and customer not in (select customer from held)
union all
-- 0.495 and 1.2 are 169.5 cents, 170 of them: 882 fit into a month's budget of 1500.
select customer, clock, 'armful', 170 from (
    select *, row_number() over (partition by date_trunc('month', day) order by turn) as one
    from sale where discs >= 3
) where one <= 150000 // 170;

-- What came after a firing, within 30 days: each purchase once.
create table answer as
select distinct fired.rule, later.customer, later.id, later.margin
from fired join sale later
    on later.customer = fired.customer
    and later.clock > fired.clock
    and later.clock <= fired.clock + 30 * 86400;

create table expected as
select
    rule,
    count(*) as fired,
    count(distinct fired.customer) as reached,
    sum(cost)::bigint as cost,
    (select count(distinct customer) from answer where answer.rule = fired.rule and margin > 0)
        as responded,
    (select coalesce(sum(margin), 0)::bigint from answer where answer.rule = fired.rule) as margin
from fired group by rule order by rule;

-- The margin of each customer in the 30 days after their first purchase.
create table first_month as
select
    first.customer,
    first.customer in (select customer from held) as held,
    coalesce(sum(later.margin), 0)::bigint as margin
from sale first
left join sale later
    on later.customer = first.customer
    and later.clock > first.clock
    and later.clock <= first.clock + 30 * 86400
where first.place = 1
group by first.customer;
"""


@pytest.fixture(scope="module")
def store(cdnow: Path, shared_folder: Path, decided: Callable[..., Path]) -> Path:
    ruleset = shared_folder / "margins.yaml"
    ruleset.write_text(RULESET)
    events = ("--type", "purchase", "--map", "time=date", cdnow / "cdnow.csv")
    return decided("margins", ruleset, *events)


@pytest.fixture(scope="module")
def expected(cdnow: Path, store: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with sqlite3.connect(store) as connection:
        held = connection.execute(
            "select customer from decisions where rule = 'thanks' and reason <> ''"
        ).fetchall()
    connection.close()
    with raw_log(cdnow) as database:
        database.execute("create table held (customer text)")
        database.executemany("insert into held values (?)", held)
        database.execute(EXPECTED)
        yield database


@pytest.fixture(scope="module")
def told(store: Path) -> Any:
    command = [sys.executable, "-m", "loyalcore", "economics", "--db", store, "--json"]
    done = subprocess.run(list(map(str, command)), check=True, capture_output=True)
    return json.loads(done.stdout)


def cents(amount: str) -> int:
    return round(float(amount) * 100)


def test_every_figure_is_the_one_that_the_log_asks_for(
    told: Any, expected: duckdb.DuckDBPyConnection
) -> None:
    found = [
        (
            row["rule"],
            row["fired"],
            row["reached"],
            cents(row["cost"]),
            row["responded"],
            cents(row["margin"]),
        )
        for row in told["rows"]
    ]
    wanted = expected.execute("select * from expected").fetchall()
    assert found == wanted
    assert [row[0] for row in wanted] == ["armful", "notes", "thanks"]


def test_the_budget_runs_out_in_the_months_that_ask_for_more(
    told: Any, expected: duckdb.DuckDBPyConnection
) -> None:
    wanted = expected.execute(
        """
        select 'month ' || strftime(date_trunc('month', day), '%Y-%m-%d'),
            least(count(*), 150000 // 170) * 170
        from purchase where discs >= 3 group by 1 order by 1
        """
    ).fetchall()
    found = [(use["period"], cents(use["used"])) for use in told["budgets"]]
    assert found == wanted
    assert 0 < sum(used == 882 * 170 for _, used in found) < len(found)


def test_the_control_group_is_compared_as_statistics_has_it(
    told: Any, expected: duckdb.DuckDBPyConnection
) -> None:
    groups = expected.execute(
        "select count(*), avg(margin), var_samp(margin) from first_month "
        "group by held order by held"
    ).fetchall()
    (treated, first, spread), (held, second, other) = groups
    assert treated + held == 23_570
    (control,) = (row["control"] for row in told["rows"] if row["rule"] == "thanks")
    assert (control["treated"], control["held_out"]) == (treated, held)
    assert cents(control["difference"]) == round(first - second)
    reach = 1.96 * sqrt(spread / treated + other / held)  # with thousands of customers
    low, high = map(cents, control["interval"])
    assert abs(low - (first - second - reach)) <= 1
    assert abs(high - (first - second + reach)) <= 1
