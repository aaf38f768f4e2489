"""Opening a store: what is made, what is taken up again, and what is refused in one sentence."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from sqlite_utils import Database

from loyalcore.errors import StoreError
from loyalcore.store import Store
from loyalcore.store.events import StoredEvent, list_events
from loyalcore.store.outbox import list_messages
from loyalcore.store.schema import LOOKUPS, STEPS, migrations, up_to_date


def test_a_new_store_has_a_secret_of_its_own(tmp_path: Path) -> None:
    secrets = set()
    for name in ("one.db", "two.db"):
        with Store.open(tmp_path / name, create=True) as store:
            secrets.add(Database(store.connection).table("meta").get("secret")["value"])
    assert [len(secret) for secret in secrets] == [32, 32]


def test_opening_again_changes_nothing(path: Path) -> None:
    Store.open(path, create=True).close()
    before = path.read_bytes()
    Store.open(path).close()
    Store.open(path, create=True).close()
    assert path.read_bytes() == before


def test_readers_never_wait_for_a_writer(store: Store) -> None:
    (mode,) = store.connection.execute("pragma journal_mode").fetchone()
    assert mode == "wal"
    with store.writing() as writer, writer.transaction(), Store.open(store.path) as reader:
        assert reader.connection.execute("select count(*) from events").fetchone() == (0,)


def test_a_run_killed_while_making_the_file_leaves_one_that_can_be_used(path: Path) -> None:
    path.touch()
    with pytest.raises(StoreError, match="is empty; `loyalcore run` makes a store of it"):
        Store.open(path)
    with Store.open(path, create=True) as store:
        assert store.connection.execute("select count(*) from events").fetchone() == (0,)


@pytest.mark.parametrize("step", [step.__name__ for step in STEPS])
def test_a_store_stopped_before_any_step_is_brought_up_to_date(path: Path, step: str) -> None:
    with closing(sqlite3.connect(path)) as connection:
        migrations().apply(Database(connection), stop_before=step)
    with Store.open(path, create=True) as store:
        assert up_to_date(store.connection)
        assert not migrations().pending(Database(store.connection))


def test_a_missing_store(path: Path) -> None:
    with pytest.raises(StoreError, match="there is no store at"):
        Store.open(path)
    assert not path.exists()


def test_a_missing_folder(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"the folder .*shop does not exist"):
        Store.open(tmp_path / "shop" / "club.db", create=True)


def test_a_folder(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="is a folder; a store is one file"):
        Store.open(tmp_path, create=True)


def test_a_file_that_is_not_sqlite(path: Path) -> None:
    path.write_text("customer,amount\n" * 100)
    with pytest.raises(StoreError, match="not an SQLite file"):
        Store.open(path)
    assert path.read_text() == "customer,amount\n" * 100


def test_the_sqlite_file_of_something_else(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("create table bookmarks (url text)")
    with pytest.raises(StoreError, match="not a loyalcore store"):
        Store.open(path, create=True)
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("select name from sqlite_master").fetchall() == [("bookmarks",)]


def test_a_newer_store_is_refused(path: Path) -> None:
    with Store.open(path, create=True) as store:
        Database(store.connection).table("_sqlite_migrations").insert(
            {"migration_set": "loyalcore", "name": "lots_of_2031", "applied_at": ""}
        )
    with pytest.raises(StoreError, match=r"another version of loyalcore \(its step lots_of_2031"):
        Store.open(path)


def test_a_damaged_store(path: Path) -> None:
    Store.open(path, create=True).close()
    whole = path.read_bytes()
    path.write_bytes(whole[:4096] + b"\xff" * (len(whole) - 4096))
    with pytest.raises(StoreError, match="the file is damaged"):
        Store.open(path)


def test_a_file_without_permission_to_write(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Store.open(path, create=True).close()

    # Not by chmod: who runs tests as root may write everything.
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    with pytest.raises(StoreError, match="can't be written; check the permissions"):
        Store.open(path)


def test_a_name_with_signs_that_mean_something_in_an_address(tmp_path: Path) -> None:
    path = tmp_path / "50% off? #1.db"
    Store.open(path, create=True).close()
    assert path.exists()
    assert {file.name for file in tmp_path.iterdir()} == {path.name, f"{path.name}.lock"}


@pytest.mark.parametrize("table", ["events", "decisions", "entries", "issued"])
def test_history_can_not_be_changed_by_any_program(store: Store, table: str) -> None:
    triggers = {trigger.name for trigger in Database(store.connection).table(table).triggers}
    assert triggers == {f"{table}_no_update", f"{table}_no_delete"}


def test_history_can_not_be_replaced_either(store: Store) -> None:
    insert = (
        "insert {} into events values (1, 'till', 'p-1', 'visit', 'ann', 5, '{{}}', '', 1, null)"
    )
    store.connection.execute(insert.format(""))
    with pytest.raises(sqlite3.IntegrityError, match="events are never changed"):
        store.connection.execute(insert.format("or replace"))


def test_every_look_up_index_is_there_from_the_start(store: Store) -> None:
    names = {name for (name,) in store.connection.execute("select name from sqlite_master")}
    assert LOOKUPS.keys() <= names


def test_the_views_can_be_read(store: Store) -> None:
    for view in ("event_log", "decision_log", "ledger", "lots", "balances"):
        assert store.connection.execute(f"select * from {view}").fetchall() == []


def test_a_store_from_before_late_events_keeps_its_events(path: Path) -> None:
    """None of them was late; those that come later may be."""
    row = (1, "till", "p-1", "purchase", "ann", 5_000_000, "{}", "", 1)
    with closing(sqlite3.connect(path)) as connection:
        migrations().apply(Database(connection), stop_before="late_events")
        connection.execute("insert into programs values (1, 'abc', 'club', '{}')")
        connection.execute("insert into events values (?, ?, ?, ?, ?, ?, ?, ?, ?)", row)
        connection.commit()
    with Store.open(path) as store:
        assert list_events(store.connection) == [StoredEvent(*row, at=None)]
        assert store.connection.execute("select time, at from event_log").fetchall() == [
            ("1970-01-01T00:00:05Z", None)
        ]


def test_to_open_it_again_takes_no_lock_from_who_has_it_open(path: Path) -> None:
    # POSIX frees all locks of a process on a file when the process closes it once. Then
    # another process would take itself for the last one, and remove the log at its end.
    with Store.open(path, create=True) as store:
        store.connection.execute("create table mine (n)")
        Store.open(path).close()
        code = "import sqlite3, sys; sqlite3.connect(sys.argv[1]).execute('select * from mine')"
        subprocess.run([sys.executable, "-c", code, str(path)], check=True)
        assert path.with_name(f"{path.name}-wal").exists()


def test_messages_from_before_purposes_have_that_of_their_decision(path: Path) -> None:
    effects = '[{"effect":"send"},{"effect":"send","purpose":"promotional"}]'
    with closing(sqlite3.connect(path)) as connection:
        migrations().apply(Database(connection), stop_before="outbox_purposes")
        connection.execute("insert into programs values (1, 'abc', 'club', '{}')")
        connection.execute(
            "insert into events values (1, 'till', 'p-1', 'visit', 'ann', 5, '{}', '', 1, null)"
        )
        connection.execute(
            "insert into decisions values (1, ?, 1, 'ann', 'offer', '', 5, 1, '{}', ?, null)",
            ("d" * 32, effects),
        )
        for position in (0, 1):
            connection.execute(
                "insert into outbox (key, customer, message, channel, data, time, decision, status,"
                " attempts, due) values (?, 'ann', 'hello', 'file', '{}', 5, 1, 'pending', 0, 5)",
                (f"{'d' * 32}-{position}",),
            )
        connection.commit()
    with Store.open(path) as store:
        purposes = [row.purpose for row in list_messages(store.connection)]
        assert purposes == ["service", "promotional"]
