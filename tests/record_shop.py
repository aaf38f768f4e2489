"""The record shop's log as it was published, in SQL: nothing of loyalcore has read it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

# Purchases are at midnight in New York, and `clock` is that in seconds since 1970: 05:00 UTC, in
# summer 04:00. Clocks there were set on 6 April and 26 October 1997, and on 5 April and 25 October
# 1998, two hours after it. Of a customer's purchases `place` is the first, second ...
PURCHASES = """
create table purchase as
with line as (
    select unnest(lines) as line, generate_subscripts(lines, 1) - 1 as number
    from (
        select string_split(rtrim(content, chr(10)), chr(10)) as lines
        from read_text(getvariable('log'))
    )
),
cell as (
    select number, string_split_regex(trim(line), '\\s+') as cell from line where number > 0
),
typed as (
    select
        number,
        cell[1] as customer,
        strptime(cell[2], '%Y%m%d')::date as day,
        cell[3]::bigint as discs,
        (cell[4]::decimal(18, 2) * 100)::bigint as cents
    from cell
)
select
    printf('cdnow-%05d', number) as id,
    *,
    epoch(day)::bigint + 3600 * case
        when day > '1997-04-06' and day <= '1997-10-26' then 4
        when day > '1998-04-05' and day <= '1998-10-25' then 4
        else 5
    end as clock,
    row_number() over (partition by customer order by day, number) as place
from typed;
"""


@contextmanager
def raw_log(cdnow: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A database with the table `purchase` of all in the log in the folder."""
    with duckdb.connect() as database:
        database.execute("set variable log = $log", {"log": str(cdnow / "CDNOW_master.txt")})
        database.execute(PURCHASES)
        yield database
