"""What can be asked of a store, and in what order the answers come."""

from __future__ import annotations

from typing import Protocol

import pytest
from msgspec.structs import replace

from loyalcore.effects.changes import Accrue, Change, Send
from loyalcore.engine.outcome import Outcome
from loyalcore.events import Reject
from loyalcore.store import State, Store, Writer
from loyalcore.store.customers import count_customers, list_customers, load_states
from loyalcore.store.decisions import count_by_rule, find_decision, list_decisions
from loyalcore.store.events import find_event, known, list_events
from loyalcore.store.ledger import Balance, list_balances, list_entries
from loyalcore.store.outbox import claim, list_messages, mark_failed, mark_sent
from loyalcore.store.programs import find_program, latest_program
from loyalcore.store.rejects import count_rejects, list_rejects

SECOND = 1_000_000


class MakeOutcome(Protocol):
    def __call__(
        self, number: int, *changes: Change, customer: str = "ann", reason: str = ""
    ) -> Outcome: ...


@pytest.fixture
def club(store: Store, writer: Writer, outcome: MakeOutcome) -> Store:
    """Four purchases: the first three earn 10, 20 and 30 beans, the last is held back."""
    writer.commit(
        [
            outcome(1, Accrue("beans", 10), Send("thanks", "email", {})),
            outcome(2, Accrue("beans", 20), customer="bo"),
            outcome(3, Accrue("beans", 30), Send("thanks", "email", {})),
            outcome(4, reason="limit: 2 per day"),
        ],
        {"ann": State(4 * SECOND, 9 * SECOND, b"a"), "bo": State(2 * SECOND, None, b"b")}.items(),
    )
    return store


def test_known_events_are_found_by_source_and_id(club: Store) -> None:
    found = known(club.connection, [("till", "p-1"), ("till", "p-9"), ("web", "p-1")])
    assert found.keys() == {("till", "p-1")}
    assert found["till", "p-1"].data == '{"amount":10}'


@pytest.mark.parametrize("id", ["1", "null", '"quoted"', "søt ☕", "'"])
def test_ids_of_every_look_are_known_by_their_text(
    store: Store, writer: Writer, outcome: MakeOutcome, id: str
) -> None:
    one = outcome(1)
    writer.commit([replace(one, event=replace(one.event, id=id))], ())
    assert known(store.connection, [("till", id)]).keys() == {("till", id)}


def test_events_of_a_customer_in_the_order_handled(club: Store) -> None:
    assert [one.id for one in list_events(club.connection, customer="ann")] == ["p-1", "p-3", "p-4"]
    latest = list_events(club.connection, newest_first=True, limit=2)
    assert [one.id for one in latest] == ["p-4", "p-3"]


def test_times_are_half_open(club: Store) -> None:
    rows = list_events(club.connection, since=2 * SECOND, until=4 * SECOND)
    assert [one.id for one in rows] == ["p-2", "p-3"]


def test_an_event_by_its_number_or_id(club: Store) -> None:
    assert find_event(club.connection, seq=2) == find_event(club.connection, id="p-2")
    assert find_event(club.connection, id="p-2", source="web") == []


def test_states_of_those_who_are_known(club: Store) -> None:
    assert load_states(club.connection, ["bo", "cy"]) == {"bo": State(2 * SECOND, None, b"b")}
    assert count_customers(club.connection) == 2


def test_customers_with_how_much_happened(club: Store) -> None:
    ann, bo = list_customers(club.connection)
    assert (ann.customer, ann.events, ann.decisions) == ("ann", 3, 2)
    assert list_customers(club.connection, prefix="b") == [bo]


def test_a_decision_by_the_start_of_its_id(club: Store) -> None:
    whole = f"{3:032x}"
    found = find_decision(club.connection, whole)
    assert found is not None
    assert found.event_id == "p-3"
    assert find_decision(club.connection, "0000") is None  # several start so
    assert find_decision(club.connection, "f") is None


def test_decisions_that_fired_or_were_held(club: Store) -> None:
    assert [one.event_id for one in list_decisions(club.connection, fired=False)] == ["p-4"]
    fired = list_decisions(club.connection, fired=True, customer="ann", rule="earn")
    assert [one.event_id for one in fired] == ["p-1", "p-3"]
    assert list_decisions(club.connection, event=2)[0].customer == "bo"
    assert count_by_rule(club.connection) == [("earn", 3, 1)]


def test_balances_at_any_instant(club: Store) -> None:
    assert list_balances(club.connection) == [
        Balance("ann", "beans", "active", 40),
        Balance("bo", "beans", "active", 20),
    ]
    assert list_balances(club.connection, customer="ann", at=3 * SECOND - 1) == [
        Balance("ann", "beans", "active", 10)
    ]
    assert list_balances(club.connection, customer="ann", at=3 * SECOND)[0].points == 40
    assert list_balances(club.connection, wallet="miles") == []


def test_entries_of_a_wallet(club: Store) -> None:
    assert [one.points for one in list_entries(club.connection, wallet="beans")] == [10, 20, 30]
    latest = list_entries(club.connection, customer="ann", newest_first=True, limit=1)
    assert [one.points for one in latest] == [30]


def test_a_message_is_tried_again_when_it_is_due(club: Store) -> None:
    ask = club.connection
    first, second = claim(ask, "a", "email", now=10 * SECOND, until=99 * SECOND, limit=10)
    mark_sent(ask, first.seq, now=11 * SECOND, receipt="smtp-1")
    assert mark_failed(ask, second.seq, "a", "mailbox full", due=60 * SECOND)
    assert claim(ask, "b", "email", now=59 * SECOND, until=99 * SECOND, limit=10) == []
    (again,) = claim(ask, "c", "email", now=60 * SECOND, until=99 * SECOND, limit=10)
    assert (again.key, again.attempts, again.reason) == (second.key, 2, "mailbox full")
    assert mark_failed(ask, second.seq, "c", "mailbox gone", due=None)
    states = [(one.status, one.attempts) for one in list_messages(club.connection)]
    assert states == [("sent", 1), ("dead", 2)]


def test_a_program_by_the_start_of_its_hash(club: Store) -> None:
    found = find_program(club.connection, hash="ab")
    assert found is not None
    assert found == find_program(club.connection, id=1) == latest_program(club.connection)
    assert find_program(club.connection, hash="b") is None


def test_rejects_in_the_order_of_their_files(store: Store, writer: Writer) -> None:
    writer.commit(
        [],
        {},
        [
            Reject("bad-json", "not JSON", "web.jsonl", 10, b"{"),
            Reject("bad-json", "not JSON", "web.jsonl", 9, b"["),
            Reject("bad-time", "no time", "till.csv", 30, b"x"),
        ],
    )
    places = [(one.file, one.line) for one in list_rejects(store.connection)]
    assert places == [("till.csv", 30), ("web.jsonl", 9), ("web.jsonl", 10)]
    assert len(list_rejects(store.connection, code="bad-json", limit=1)) == 1
    assert count_rejects(store.connection) == {"bad-json": 2, "bad-time": 1}
