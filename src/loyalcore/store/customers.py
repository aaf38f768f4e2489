"""Customer states: what the step needs to know of a customer's past, as one blob each."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from msgspec import json

from loyalcore.store.binding import MAYBE, Insert
from loyalcore.store.query import select, starting

UPSERT = Insert(
    "customers",
    f"(?, ?, {MAYBE}, ?)",
    "on conflict (customer) do update "
    "set clock = excluded.clock, due = excluded.due, state = excluded.state",
)


class State(NamedTuple):
    """A customer's clock (microseconds, never going back: S3), the next instant at which
    something is due by itself, and packed state."""

    clock: int
    due: int | None
    state: bytes


class Customer(NamedTuple):
    """A customer with how much has happened to them."""

    customer: str
    clock: int
    events: int
    decisions: int


def load_states(connection: sqlite3.Connection, customers: Iterable[str]) -> dict[str, State]:
    """The states of those of `customers` that are known."""
    rows = connection.execute(
        "select customer, clock, due, state from customers "
        "where customer in (select value from json_each(?))",
        (json.encode(list(customers)).decode(),),
    )
    return {customer: State(clock, due, state) for customer, clock, due, state in rows}


def each_state(
    connection: sqlite3.Connection, *, customer: str | None = None
) -> Iterator[tuple[str, State]]:
    """Every customer by name, or the one asked for, with their state."""
    rows = connection.execute(
        "select customer, clock, due, state from customers "
        f"{'' if customer is None else 'where customer = ? '}order by customer",
        () if customer is None else (customer,),
    )
    for name, clock, due, state in rows:
        yield name, State(clock, due, state)


def latest_time(connection: sqlite3.Connection) -> int | None:
    """The time of the latest event of any customer."""
    (time,) = connection.execute("select max(clock) from customers").fetchone()
    return None if time is None else int(time)


def due_customers(
    connection: sqlite3.Connection, *, after: tuple[int, str] | None = None, limit: int
) -> list[tuple[int, str]]:
    """Customers for whom something is due at some time, each as (due, customer), in that
    order; those that come `after` one of them."""
    due, customer = (-(2**63), "") if after is None else after
    rows = connection.execute(
        "select due, customer from customers "
        "where due is not null and (due, customer) > (?, ?) order by due, customer limit ?",
        (due, customer, limit),
    )
    return rows.fetchall()


def states_after(
    connection: sqlite3.Connection, customer: str, limit: int
) -> list[tuple[str, State]]:
    """The customers who come after one of them by name, with their states."""
    rows = connection.execute(
        "select customer, clock, due, state from customers where customer > ? "
        "order by customer limit ?",
        (customer, limit),
    )
    return [(name, State(clock, due, state)) for name, clock, due, state in rows]


def names_after(connection: sqlite3.Connection, customer: str, limit: int) -> list[str]:
    """The customers who come after one of them by name."""
    rows = connection.execute(
        "select customer from customers where customer > ? order by customer limit ?",
        (customer, limit),
    )
    return [name for (name,) in rows]


def read_reckoned(connection: sqlite3.Connection) -> str:
    """The terms of inactivity by which it was found when something is due for customers."""
    row = connection.execute("select value from meta where name = 'reckoned'").fetchone()
    return "" if row is None else str(row[0])


def save_reckoned(connection: sqlite3.Connection, terms: str) -> None:
    """It was found by these for all of them."""
    connection.execute("insert or replace into meta values ('reckoned', ?)", (terms,))


def count_customers(connection: sqlite3.Connection) -> int:
    """How many customers the store knows."""
    (count,) = connection.execute("select count(*) from customers").fetchone()
    return int(count)


def list_customers(
    connection: sqlite3.Connection, *, prefix: str | None = None, limit: int | None = None
) -> list[Customer]:
    """Customers by name, those whose name starts with `prefix`."""
    return select(
        connection,
        Customer._make,
        "select customer, clock, "
        "(select count(*) from events e where e.customer = c.customer), "
        "(select count(*) from events e join decisions d on d.event = e.seq "
        "where e.customer = c.customer and d.reason = '') from customers c",
        starting("customer", prefix),
        order="customer",
        limit=limit,
    )
