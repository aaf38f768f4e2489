"""Writing batches: what becomes of an outcome, and that batches leave no trace."""

from __future__ import annotations

import re
import sqlite3
from pathlib import Path
from typing import Protocol

import pytest
from sqlite_utils import Database

from loyalcore.effects.changes import Accrue, Change, Issue, Send, SetTag
from loyalcore.engine.offering.codes import code_of, customer_key
from loyalcore.engine.outcome import Outcome
from loyalcore.errors import StoreError
from loyalcore.events import Reject
from loyalcore.store import State, Store, Writer
from loyalcore.store.decisions import list_decisions
from loyalcore.store.issued import list_issued
from loyalcore.store.ledger import list_entries
from loyalcore.store.outbox import list_messages
from loyalcore.store.programs import list_programs, list_runs
from loyalcore.store.rejects import list_rejects
from loyalcore.store.schema import LOOKUPS

WRITTEN = ("events", "customers", "decisions", "entries", "issued", "outbox", "rejects")


class MakeOutcome(Protocol):
    def __call__(
        self, number: int, *changes: Change, customer: str = "ann", reason: str = ""
    ) -> Outcome: ...


def indexes(store: Store) -> set[str]:
    rows = store.connection.execute("select name from sqlite_master where type = 'index'")
    return {name for (name,) in rows}


def test_points_become_a_lot_with_its_cause(
    store: Store, writer: Writer, outcome: MakeOutcome
) -> None:
    writer.commit([outcome(1, Accrue("beans", 12)), outcome(2, Accrue("beans", 5))], ())
    first, second = list_entries(store.connection)
    assert (first.wallet, first.points, first.bucket, first.kind) == (
        "beans",
        12,
        "active",
        "accrue",
    )
    assert (first.rule, first.event, first.decision, first.program) == ("earn", 1, 1, 1)
    assert (second.seq, second.lot, second.time) == (2, 2, 2_000_000)


def test_a_message_waits_in_the_outbox_under_a_key_of_its_decision(
    store: Store, writer: Writer, outcome: MakeOutcome
) -> None:
    thanks = Send("thank-you", "email", {"name": "Ann", "points": 12})
    writer.commit([outcome(1, SetTag("regular", True), thanks)], ())
    (message,) = list_messages(store.connection)
    assert message.key == f"{1:032x}-1"
    assert message.data == '{"name":"Ann","points":12}'
    assert (message.channel, message.status, message.attempts) == ("email", "pending", 0)
    assert message.due == message.time == 1_000_000


def test_a_voucher_has_a_code_and_a_benefit_has_none(
    store: Store, writer: Writer, outcome: MakeOutcome
) -> None:
    changes = (
        Issue("voucher", "free-coffee"),
        Issue("voucher", "cake"),
        Issue("benefit", "lounge"),
    )
    writer.commit([outcome(1, *changes)], ())
    coffee, cake, lounge = list_issued(store.connection, customer="ann")
    assert re.fullmatch(r"([2-9B-Z]{4}-){2}[2-9B-Z]{4}", coffee.code)
    assert coffee.code != cake.code
    assert lounge.code == ""


def test_a_voucher_code_depends_on_the_secret_and_the_customer_besides_its_decision() -> None:
    key = customer_key(b"secret", "ann")
    code = code_of(key, "d1:0")
    assert code == code_of(customer_key(b"secret", "ann"), "d1:0")
    assert code != code_of(customer_key(b"other", "ann"), "d1:0")
    assert code != code_of(customer_key(b"secret", "bo"), "d1:0")
    assert code != code_of(key, "d1:1")
    assert not set(code) & set("AEIOUY01L")


def test_a_rule_held_back_is_written_with_its_reason(
    store: Store, writer: Writer, outcome: MakeOutcome
) -> None:
    writer.commit([outcome(1, reason="limit: 1 per day")], ())
    (decision,) = list_decisions(store.connection)
    assert decision.reason == "limit: 1 per day"
    assert (decision.event_source, decision.event_id) == ("till", "p-1")
    assert decision.program_hash == "abc"


def test_states_replace_those_before(store: Store, writer: Writer) -> None:
    writer.commit([], {"ann": State(1, None, b"one"), "bo": State(1, None, b"one")}.items())
    writer.commit([], {"ann": State(2, 9, b"two")}.items())
    rows = Database(store.connection).table("customers").rows_where(order_by="customer")
    assert [tuple(row.values()) for row in rows] == [("ann", 2, 9, b"two"), ("bo", 1, None, b"one")]


def test_a_batch_is_written_whole_or_not_at_all(
    store: Store, writer: Writer, outcome: MakeOutcome
) -> None:
    writer.commit([outcome(1, Accrue("beans", 1))], {"ann": State(1, None, b"")}.items())
    with pytest.raises(sqlite3.IntegrityError):
        writer.commit([outcome(2), outcome(1)], {"ann": State(2, None, b"")}.items())
    writer.commit([outcome(3, Accrue("beans", 3))], ())
    rows = store.connection.execute("select seq, id from events order by seq").fetchall()
    assert rows == [(1, "p-1"), (2, "p-3")]
    assert Database(store.connection).table("customers").get("ann")["clock"] == 1


def test_a_full_disk_is_said_in_one_sentence(
    store: Store, writer: Writer, outcome: MakeOutcome
) -> None:
    (pages,) = store.connection.execute("pragma page_count").fetchone()
    store.connection.execute(f"pragma max_page_count = {pages}")
    with pytest.raises(StoreError, match="the disk is full; nothing of the last batch"):
        writer.commit([outcome(number) for number in range(1_000)], ())
    assert list_decisions(store.connection) == []


@pytest.mark.parametrize("size", [1, 2, 7])
def test_rows_do_not_tell_in_what_batches_they_were_written(
    tmp_path: Path, outcome: MakeOutcome, size: int
) -> None:
    changes = (
        (Accrue("beans", 1),),
        (Send("hello", "email", {}), Accrue("beans", 2)),
        (Issue("benefit", "tea"),),
        (),
    )
    outcomes = [
        outcome(number, *changes[number % 4], customer=f"c{number * 7 % 5}") for number in range(20)
    ]
    assert written(tmp_path / "cut.db", outcomes, size) == written(
        tmp_path / "whole.db", outcomes, len(outcomes)
    )


def written(path: Path, outcomes: list[Outcome], size: int) -> list[object]:
    """All rows of a new store, after `outcomes` came in batches of `size`."""
    with Store.open(path, create=True) as store:
        with store.writing() as writer:
            writer.start_run(hash="abc", name="coffee-club", source="{}", now=0)
            for start in range(0, len(outcomes), size):
                batch = outcomes[start : start + size]
                writer.commit(
                    batch,
                    [(one.event.customer, State(one.event.time, None, b"state")) for one in batch],
                )
            writer.finish_run(summary={}, now=1)
        return [
            store.connection.execute(f"select rowid, * from {table} order by rowid").fetchall()
            for table in WRITTEN
        ]


def test_numbers_go_on_where_the_last_run_ended(store: Store, outcome: MakeOutcome) -> None:
    for number in (1, 2):
        with store.writing() as writer:
            writer.start_run(hash=f"hash {number}", name="coffee-club", source="{}", now=number)
            writer.commit([outcome(number, Accrue("beans", 1))], ())
            writer.finish_run(summary={"events": 1}, now=number + 1)
    assert [entry.seq for entry in list_entries(store.connection)] == [1, 2]
    assert [program.hash for program in list_programs(store.connection)] == ["hash 1", "hash 2"]
    assert [(run.program, run.summary) for run in list_runs(store.connection)] == [
        (2, '{"events":1}'),
        (1, '{"events":1}'),
    ]


def test_every_reference_is_to_a_row_that_is_there(
    store: Store, writer: Writer, outcome: MakeOutcome
) -> None:
    changes = (Accrue("beans", 1), Issue("voucher", "tea"), Send("hello", "email", {}))
    writer.commit([outcome(1, *changes), outcome(2, *changes)], ())
    assert store.connection.execute("pragma foreign_key_check").fetchall() == []


def test_look_up_indexes_go_while_an_empty_store_is_filled(
    store: Store, outcome: MakeOutcome
) -> None:
    with store.writing() as writer:
        writer.start_run(hash="abc", name="coffee-club", source="{}", now=0)
        assert not LOOKUPS.keys() & indexes(store)
        writer.commit([outcome(1)], ())
    # It was cut short here. The next run finds events, and makes the indexes first.
    with store.writing() as writer:
        writer.start_run(hash="abc", name="coffee-club", source="{}", now=1)
        assert LOOKUPS.keys() <= indexes(store)


def test_look_up_indexes_are_back_when_the_run_is_finished(store: Store, writer: Writer) -> None:
    writer.finish_run(summary={}, now=1)
    assert LOOKUPS.keys() <= indexes(store)


@pytest.mark.parametrize("table", ["events", "decisions", "entries", "issued"])
@pytest.mark.parametrize(
    "change", ["delete from {}", "update {} set time = 0", "replace into {} select * from {0}"]
)
def test_history_is_never_changed(
    store: Store, writer: Writer, outcome: MakeOutcome, table: str, change: str
) -> None:
    writer.commit([outcome(1, Accrue("beans", 1), Issue("benefit", "tea"))], ())
    change = change.replace("{}", table).replace("{0}", table)
    with pytest.raises(sqlite3.IntegrityError, match=f"{table} are never changed"):
        store.connection.execute(change)


def test_a_reject_is_open_until_it_is_tried_again(store: Store, writer: Writer) -> None:
    reject = Reject("bad-json", "not JSON", "till.jsonl", 3, b"{")
    writer.commit([], (), [reject])
    writer.commit([], (), [reject])
    (kept,) = list_rejects(store.connection)
    assert (kept.code, kept.file, kept.line, kept.original) == ("bad-json", "till.jsonl", 3, b"{")
    writer.commit([], (), retried=[kept.id])
    assert list_rejects(store.connection) == []
    assert [one.status for one in list_rejects(store.connection, status=None)] == ["retried"]
