"""What all customers share, as the store has it; and for whom something is due."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from sqlite3 import Connection

import pytest

from loyalcore.engine.outcome import Outcome
from loyalcore.engine.shared import Tally
from loyalcore.events import Event
from loyalcore.store import State, Store
from loyalcore.store.customers import due_customers
from loyalcore.store.shared import PastShared, StoredShared, read_secret

DRAWS = [(("cups", 2),), (("cups", 3), ("money", 70)), (("cups", -1),)]


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[Connection]:
    """A store with three events that draw, four customers, and a batch of codes."""
    with Store.open(tmp_path / "shop.db", create=True) as store, store.writing() as writer:
        writer.start_run(hash="abc", name="shop", source="{}", now=0)
        outcomes = [
            Outcome(Event("till", f"{n}", "buy", "ann", n, {}, "{}"), (), (), draws)
            for n, draws in enumerate(DRAWS)
        ]
        dues = {"dan": 9, "bob": 7, "cat": 7, "ann": None}
        writer.commit(outcomes, [(name, State(0, due, b"{}")) for name, due in dues.items()])
        store.connection.execute("insert into codes values ('SUN1', 'summer', 'may')")
        yield store.connection


def test_s14_what_was_drawn_is_summed_up(connection: Connection) -> None:
    shared = StoredShared(connection)
    assert [shared.drawn(key) for key in ("cups", "money", "none")] == [4, 70, 0]


@pytest.mark.parametrize(("event", "cups"), [(1, 0), (2, 2), (3, 5), (4, 4)])
def test_s14_or_was_before_an_event(connection: Connection, event: int, cups: int) -> None:
    before = PastShared(connection).before(event)
    assert (before.drawn("cups"), before.drawn("none")) == (cups, 0)


def test_codes_of_batches_are_known(connection: Connection) -> None:
    shared = StoredShared(connection)
    assert (shared.offer_of("SUN1"), shared.offer_of("SUN2")) == ("summer", None)


def test_a_tally_counts_on_from_what_is_stored(connection: Connection) -> None:
    tally = Tally(StoredShared(connection))
    tally.add([("cups", 10), ("mugs", 1)])
    assert (tally.drawn("cups"), tally.drawn("mugs"), tally.drawn("money")) == (14, 1, 70)
    assert tally.offer_of("SUN1") == "summer"
    tally.forget(3)
    assert tally.drawn("cups") == 14
    tally.forget(2)
    assert tally.drawn("cups") == 4  # asked anew of the store, to which nothing was written


def test_draws_are_summed_up_by_their_index_alone(connection: Connection) -> None:
    plan = connection.execute(
        "explain query plan select sum(amount) from draws where key = 'cups' and event < 3"
    ).fetchall()
    assert "COVERING INDEX draws_of_key" in plan[0][3]


def test_every_store_has_a_secret_of_its_own(connection: Connection, tmp_path: Path) -> None:
    with Store.open(tmp_path / "other.db", create=True) as other:
        assert len(read_secret(connection)) == 32
        assert read_secret(connection) != read_secret(other.connection)


def test_customers_come_by_when_something_is_due_for_them(connection: Connection) -> None:
    everyone = [(7, "bob"), (7, "cat"), (9, "dan")]
    assert due_customers(connection, limit=9) == everyone
    assert due_customers(connection, limit=2) == everyone[:2]
    for place, last in enumerate(everyone):
        assert due_customers(connection, after=last, limit=9) == everyone[place + 1 :]
