"""Sums of entries: lots, balances before an instant, totals, and what became of old lots."""

from __future__ import annotations

from collections.abc import Mapping
from zoneinfo import ZoneInfo

import pytest

from loyalcore.calendars import read_duration
from loyalcore.engine.outcome import Decision, Outcome
from loyalcore.events import Event
from loyalcore.ledger import EMPTY, Account, Book, Lot, Pending, Terms, read_expiry
from loyalcore.ledger.report import History
from loyalcore.store import State, Store, Writer
from loyalcore.store.ledger import (
    balances_before,
    causes,
    each_entry,
    first_orphan,
    first_stranger,
    histories,
    latest_activity,
    latest_posting,
    list_entries,
    list_lots,
    totals,
)

UTC = ZoneInfo("UTC")
DAY = 86_400_000_000
TERMS = {
    "beans": Terms("beans", expiry=read_expiry("10 days")),
    "seeds": Terms("seeds", pending=Pending(until=read_duration("2 days"))),
}


class Past:
    """Customers to whom things happen, one a day at most, each written as a run would."""

    def __init__(self, writer: Writer) -> None:
        self.writer = writer
        self.accounts: dict[str, Account] = {}
        self.number = 0

    def happen(self, day: int, customer: str = "ann", **moves: int) -> None:
        """Points of wallets earned or, below zero, spent; what is due by then comes first."""
        book = Book(self.accounts.get(customer, EMPTY), TERMS, UTC, 0)
        now = day * DAY
        book.fall_due(now)
        for wallet, points in moves.items():
            if points > 0:
                book.accrue(wallet, points, now)
            else:
                assert book.spend(wallet, -points, now)
        self.number += 1
        self.accounts[customer] = book.account
        event = Event("till", f"e{self.number}", "purchase", customer, now, {}, "{}")
        entries = tuple(book.entries)
        decision = Decision(f"{self.number:032x}", "earn", "", "{}", "[]", (), entries=entries)
        outcome = Outcome(event, (decision,), ())
        self.writer.commit([outcome], [(customer, State(now, None, b"{}"))])


@pytest.fixture
def past(writer: Writer) -> Past:
    """Ann earns 10 and 20, spends 15, and lets the rest expire; Bob has 5, and 7 that wait."""
    past = Past(writer)
    past.happen(1, beans=10)
    past.happen(2, beans=20)
    past.happen(3, beans=-15)
    past.happen(4, "bob", beans=5, seeds=7)
    past.happen(12)
    return past


def test_lots_at_an_instant(store: Store, past: Past) -> None:
    first = Lot(1, "beans", "accrue", DAY, None, 11 * DAY, active=10)
    assert list_lots(store.connection, "ann", at=DAY - 1) == []
    assert list_lots(store.connection, "ann", at=DAY) == [first]
    spent, rest = list_lots(store.connection, "ann", at=3 * DAY)
    assert (spent.active, spent.spent) == (0, 10)
    assert (rest.active, rest.spent) == (15, 5)
    assert list_lots(store.connection, "ann", at=12 * DAY) == list(past.accounts["ann"].lots)


def test_balances_before_an_instant(store: Store, past: Past) -> None:
    connection = store.connection
    assert balances_before(connection, "ann", 2 * DAY) == {"beans": (10, 0)}
    assert balances_before(connection, "ann", 3 * DAY + 1) == {"beans": (15, 0)}
    assert balances_before(connection, "bob", 5 * DAY) == {"beans": (5, 0), "seeds": (0, 7)}


def test_totals(store: Store, past: Past) -> None:
    def some(at: int) -> dict[str, Mapping[str, int]]:
        return {
            wallet: {bucket: points for bucket, points in sums.items() if points}
            for wallet, sums in totals(store.connection, at=at).items()
        }

    assert some(2 * DAY) == {"beans": {"active": 30}}
    assert some(12 * DAY) == {
        "beans": {"active": 5, "spent": 15, "expired": 15},
        "seeds": {"pending": 7},
    }


@pytest.mark.parametrize(
    ("day", "history"),
    [
        (10, {}),
        (11, {"beans": History(1, 0, 10)}),  # wholly spent, counted once its time is over
        (12, {"beans": History(2, 15, 15)}),
    ],
)
def test_lots_whose_life_is_over(
    store: Store, past: Past, day: int, history: dict[str, History]
) -> None:
    assert histories(store.connection, at=day * DAY) == history


def test_the_latest_of_a_customer(store: Store, past: Past) -> None:
    connection = store.connection
    assert latest_activity(connection, "ann", ("purchase", "visit"), at=12 * DAY) == 12 * DAY
    assert latest_activity(connection, "ann", ("purchase",), at=12 * DAY - 1) == 3 * DAY
    assert latest_activity(connection, "ann", ("visit",), at=12 * DAY) is None
    assert latest_posting(connection, "ann", "beans", at=12 * DAY) == 3 * DAY
    assert latest_posting(connection, "ann", "beans", at=2 * DAY) == 2 * DAY
    assert latest_posting(connection, "ann", "seeds", at=2 * DAY) is None


def test_entries_and_their_causes(store: Store, past: Past) -> None:
    entries = list(each_entry(store.connection, "bob"))
    assert [(entry.wallet, entry.bucket) for entry in entries] == [
        ("beans", "active"),
        ("seeds", "pending"),
    ]
    assert entries[1].activates == 6 * DAY
    assert list_entries(store.connection, customer="bob", lot=2) == entries[1:]
    assert list_entries(store.connection, customer="bob", bucket="active") == entries[:1]
    (cause,) = causes(store.connection, {entry.event for entry in entries}).values()
    assert (cause.type, cause.id) == ("purchase", "e4")


def test_every_entry_has_a_cause_and_a_customer(store: Store, past: Past) -> None:
    connection = store.connection
    assert first_orphan(connection) is None
    assert first_stranger(connection) is None
    connection.execute("drop trigger decisions_no_update")
    connection.execute("update decisions set rule = 'other' where event = 4")
    assert first_orphan(connection) == (7, "bob")
    connection.execute("delete from customers where customer = 'bob'")
    assert first_stranger(connection) == "bob"


def test_views_for_other_tools(store: Store, past: Past) -> None:
    rows = store.connection.execute("select * from lots where customer = 'ann' order by lot")
    assert [one[0] for one in rows.description] == [
        *("customer", "lot", "wallet", "opened", "activates", "expires"),
        *("pending", "active", "owed", "spent", "expired", "reversed", "moved"),
    ]
    opened, expires = "1970-01-02T00:00:00Z", "1970-01-12T00:00:00Z"
    assert rows.fetchone() == ("ann", 1, "beans", opened, None, expires, 0, 0, 0, 10, 0, 0, 0)
    query = "select lot, points, expires from ledger where customer = 'ann' limit 1"
    assert store.connection.execute(query).fetchone() == (1, 10, expires)


def test_a_long_history_is_read_through_an_index(store: Store, writer: Writer) -> None:
    """The newest of one customer, whoever else there is, without sorting or a full scan."""
    writer.finish_run(summary={}, now=0)
    plans = {
        "select * from entries where customer = 'a' order by seq desc limit 51": True,
        "select wallet, sum(points) from entries where customer = 'a' group by wallet": False,
    }
    for query, in_order in plans.items():
        rows = store.connection.execute(f"explain query plan {query}").fetchall()
        steps = [row[3] for row in rows]
        assert steps[0] == "SEARCH entries USING INDEX entries_of_customer (customer=?)"
        assert (len(steps) == 1) == in_order
