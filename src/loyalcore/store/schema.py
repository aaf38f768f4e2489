"""The tables of a store, as named migrations, and the opening of its file.

Times are integers: microseconds since the epoch, in UTC. The views show them as text, for
people who open the file with other tools. What has happened is never changed: triggers
hold `events`, `decisions`, `entries`, `issued`, `draws` and `margins` to that, whoever writes.
"""

from __future__ import annotations

import os
import secrets
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from loyalcore.errors import StoreError
from loyalcore.ledger.lots import BUCKETS
from loyalcore.store import cases as case_rows
from loyalcore.store.activations import BEGINNING
from loyalcore.store.json_states import packed
from loyalcore.store.tasks import COLUMNS, INDEXES

if TYPE_CHECKING:
    from sqlite_utils import Database, Migrations

APPLICATION_ID = 0x6C6F796C  # "loyl": tells a store from any other SQLite file
CACHE_KIB = 32 * 1024
WAL_PAGES = 16_000  # 64 MiB: fewer checkpoints while a run writes batch after batch

MIGRATIONS = "loyalcore"  # sqlite-utils' name for the steps of a store

TABLES = (
    """
    create table meta (
        name text primary key,
        value blob not null
    ) without rowid
    """,
    """
    create table programs (
        id integer primary key,
        hash text not null unique,
        name text not null,
        source text not null
    )
    """,
    """
    create table runs (
        id integer primary key,
        program integer not null references programs(id),
        started integer not null,
        finished integer,
        summary text
    )
    """,
    """
    create table events (
        seq integer primary key,
        source text not null,
        id text not null,
        type text not null,
        customer text not null,
        time integer not null,
        data text not null,
        cause text not null,
        program integer not null references programs(id),
        unique (source, id)
    )
    """,
    """
    create table customers (
        customer text primary key,
        clock integer not null,
        due integer,
        state blob not null
    )
    """,
    "create index customers_due on customers (due, customer) where due is not null",
    """
    create table decisions (
        seq integer primary key,
        id text not null,
        event integer not null references events(seq),
        customer text not null,
        rule text not null,
        reason text not null,
        time integer not null,
        program integer not null references programs(id),
        facts text not null,
        effects text not null,
        cost integer
    )
    """,
    "create index decisions_of_event on decisions (event)",
    """
    create table entries (
        seq integer primary key,
        customer text not null,
        wallet text not null,
        lot integer not null,
        kind text not null,
        bucket text not null,
        points integer not null,
        time integer not null,
        event integer not null references events(seq),
        decision integer not null references decisions(seq),
        program integer not null references programs(id),
        rule text not null,
        activates integer,
        expires integer
    )
    """,
    """
    create table draws (
        seq integer primary key,
        key text not null,
        amount integer not null,
        event integer not null references events(seq)
    )
    """,
    "create index draws_of_key on draws (key, event, amount)",  # a run itself sums them up
    """
    create table codes (
        code text primary key,
        offer text not null,
        batch text not null
    ) without rowid
    """,
    """
    create table issued (
        seq integer primary key,
        customer text not null,
        kind text not null,
        name text not null,
        code text not null,
        time integer not null,
        decision integer not null references decisions(seq)
    )
    """,
    """
    create table outbox (
        seq integer primary key,
        key text not null unique,
        customer text not null,
        message text not null,
        channel text not null,
        data text not null,
        time integer not null,
        decision integer not null references decisions(seq),
        status text not null,
        attempts integer not null,
        due integer not null,
        sent integer,
        receipt text,
        error text
    )
    """,
    "create index outbox_waiting on outbox (due, seq) where status = 'pending'",
    """
    create table rejects (
        id text primary key,
        code text not null,
        message text not null,
        file text not null,
        line integer not null,
        original blob not null,
        record text,
        status text not null
    )
    """,
)

# For looking things up, not for the run itself. What they are ordered by comes in no order,
# so that keeping them row by row costs more than all else that a large run writes.
LOOKUPS = {
    "events_of_customer": "index {} on events (customer, seq)",
    "decision_ids": "unique index {} on decisions (id)",
    "entries_of_customer": "index {} on entries (customer)",
    "draws_of_event": "index {} on draws (event)",
    "issued_to_customer": "index {} on issued (customer)",
    "issued_codes": "index {} on issued (code) where code <> ''",
    "outbox_of_customer": "index {} on outbox (customer)",
}

_TIME = "strftime('%Y-%m-%dT%H:%M:%SZ', {0} / 1000000, 'unixepoch') as {1}"
_BUCKETS = ", ".join(f"sum(iif(bucket = '{bucket}', points, 0)) as {bucket}" for bucket in BUCKETS)

VIEWS = (
    f"""
    create view event_log as
    select e.seq, {_TIME.format("e.time", "time")}, e.customer, e.type, e.source, e.id, e.data
    from events e
    """,
    f"""
    create view decision_log as
    select d.seq, {_TIME.format("d.time", "time")}, d.customer, d.rule,
        case d.reason when '' then 'fired' else d.reason end as result,
        e.type as event_type, e.source as event_source, e.id as event_id,
        d.facts, d.effects, d.id, p.name as program, p.hash as program_hash
    from decisions d join events e on e.seq = d.event join programs p on p.id = d.program
    """,
    f"""
    create view ledger as
    select n.seq, {_TIME.format("n.time", "time")}, n.customer, n.wallet, n.lot, n.kind,
        n.bucket, n.points,
        {_TIME.format("n.activates", "activates")}, {_TIME.format("n.expires", "expires")},
        n.rule, e.type as event_type, e.source as event_source, e.id as event_id
    from entries n join events e on e.seq = n.event
    """,
    f"""
    create view lots as
    select customer, lot, wallet, {_TIME.format("min(time)", "opened")},
        {_TIME.format("max(activates)", "activates")}, {_TIME.format("max(expires)", "expires")},
        {_BUCKETS}
    from entries group by customer, lot
    """,
    """
    create view balances as
    select customer, wallet, bucket, sum(points) as points
    from entries group by customer, wallet, bucket
    """,
)

LASTING = ("events", "decisions", "entries", "issued", "draws")


def _keep(db: Database, table: str) -> None:
    """Let no row of `table` be changed or deleted."""
    for verb in ("update", "delete"):
        db.execute(
            f"create trigger {table}_no_{verb} before {verb} on {table} "
            f"begin select raise(abort, '{table} are never changed'); end"
        )


def tables_with_lots(db: Database) -> None:
    """Tables, views, the triggers that make history lasting, and the store's secret."""
    for statement in (*TABLES, *VIEWS):
        db.execute(statement)
    make_lookups(db.conn)
    for table in LASTING:
        _keep(db, table)
    db.execute("insert into meta (name, value) values ('secret', ?)", [secrets.token_bytes(32)])
    db.execute(f"pragma application_id = {APPLICATION_ID}")


def activations(db: Database) -> None:
    """Which program is in force when. Of what was run before, it is known by the events."""
    db.execute(
        """
        create table activations (
            seq integer primary key,
            program integer not null references programs(id),
            at integer not null,
            run integer references runs(id),
            begun integer,
            done integer not null
        )
        """
    )
    db.execute(
        """
        insert into activations (program, at, run, begun, done)
        select p.id,
            coalesce((select max(e.time) from events e where e.seq < p.first), ?),
            (select min(r.id) from runs r where r.program = p.id),
            p.first - 1,
            1
        from (select program as id, min(seq) as first from events group by program) p
        order by p.first
        """,
        [BEGINNING],
    )
    db.execute(
        """
        insert into activations (program, at, run, begun, done)
        select r.program, coalesce((select max(time) from events), ?), r.id,
            (select coalesce(max(seq), 0) from events), 1
        from runs r where r.id = (select max(id) from runs) and r.program is not
            (select program from activations order by at desc, seq desc limit 1)
        """,
        [BEGINNING],
    )


def late_events(db: Database) -> None:
    """When a late event was handled. No event that is there already was late."""
    db.execute("alter table events add column at integer")
    db.execute("drop view event_log")
    db.execute(
        f"""
        create view event_log as
        select e.seq, {_TIME.format("e.time", "time")}, {_TIME.format("e.at", "at")},
            e.customer, e.type, e.source, e.id, e.data
        from events e
        """
    )


def outbox_leases(db: Database) -> None:
    """Who is sending a message now, and the next one by channel. What was an error may be any
    reason."""
    db.execute("alter table outbox rename column error to reason")
    db.execute("alter table outbox add column lease text")
    db.execute("create index outbox_leased on outbox (lease) where lease is not null")
    db.execute("drop index outbox_waiting")
    db.execute("create index outbox_waiting on outbox (channel, due, seq) where status = 'pending'")


def tasks(db: Database) -> None:
    """The queues of tasks and approvals. No decision that is there already asked for any."""
    db.execute(f"create table tasks ({COLUMNS})")
    for statement in INDEXES:
        db.execute(statement)


def margins(db: Database) -> None:
    """What events bring the business. `time` is that of the purchase, also where a refund takes
    margin back."""
    db.execute(
        """
        create table margins (
            seq integer primary key,
            event integer not null references events(seq),
            customer text not null,
            time integer not null,
            amount integer not null
        )
        """
    )
    db.execute("create index margins_of_event on margins (event)")
    _keep(db, "margins")


def cases(db: Database) -> None:
    """What customers have opened. No decision that is there already was about any."""
    db.execute(f"create table cases ({case_rows.COLUMNS})")
    for statement in case_rows.INDEXES:
        db.execute(statement)


def outbox_purposes(db: Database) -> None:
    """What a message is sent for: its decision says so, unless it is about something."""
    db.execute("alter table outbox add column purpose text not null default 'service'")
    db.execute(
        """
        update outbox set purpose = coalesce((
            select json_extract(d.effects, '$[' || substr(outbox.key, 34) || '].purpose')
            from decisions d where d.seq = outbox.decision
        ), 'service')
        where substr(key, 34) glob '[0-9]*'
        """
    )


def packed_states(db: Database) -> None:
    """States of customers in MessagePack, where they were JSON."""
    page = "select customer, state from customers where customer > ? order by customer limit 1000"
    last = ""
    while rows := db.execute(page, [last]).fetchall():
        db.conn.executemany(
            "update customers set state = ? where customer = ?",
            [(packed(state), customer) for customer, state in rows],
        )
        last = rows[-1][0]


STEPS = (
    tables_with_lots,
    activations,
    late_events,
    outbox_leases,
    tasks,
    margins,
    cases,
    outbox_purposes,
    packed_states,
)
"""How a store came to be what it is; what is new is a step of its own, at the end."""


def drop_lookups(connection: sqlite3.Connection) -> None:
    """Do without the look-up indexes, while a first run fills an empty store."""
    for name in LOOKUPS:
        connection.execute(f"drop index if exists {name}")


def make_lookups(connection: sqlite3.Connection) -> None:
    """Make the look-up indexes that are not there."""
    there = {name for (name,) in connection.execute("select name from sqlite_master")}
    for name in LOOKUPS.keys() - there:
        connection.execute(f"create {LOOKUPS[name].format(name)}")


def open_database(path: Path, *, create: bool) -> sqlite3.Connection:
    """The store at `path`, recognised; `set_up` must follow before it is used.

    Raises StoreError, in one sentence for the operator, where it can't be used.
    """
    _check_place(path, create=create)
    with reported(path):
        connection = sqlite3.connect(f"{path.resolve().as_uri()}?mode=rwc", uri=True)
        try:
            _recognise(connection, path, create=create)
            connection.execute("pragma synchronous = normal")
            connection.execute("pragma recursive_triggers = on")  # to replace a row is to delete it
            connection.execute(f"pragma cache_size = -{CACHE_KIB}")
            connection.execute(f"pragma wal_autocheckpoint = {WAL_PAGES}")
        except BaseException:
            connection.close()
            raise
    return connection


def set_up(connection: sqlite3.Connection) -> None:
    """Apply the migrations that the file lacks. Only for who holds the lock."""
    # To import sqlite-utils takes longer than to open a store that lacks nothing.
    from sqlite_utils import Database

    connection.execute("pragma journal_mode = wal")
    migrations().apply(Database(connection, execute_plugins=False))


def migrations() -> Migrations:
    """The steps, as sqlite-utils applies them and keeps a record of it in the file."""
    from sqlite_utils import Migrations

    made = Migrations(MIGRATIONS)
    for step in STEPS:
        made()(step)
    return made


def up_to_date(connection: sqlite3.Connection) -> bool:
    """Whether the file lacks no step."""
    return _known_steps() <= set(_applied(connection))


def _known_steps() -> set[str]:
    return {step.__name__ for step in STEPS}


def _applied(connection: sqlite3.Connection) -> list[str]:
    """The names of the steps that the file has been taken through."""
    there = "select 1 from sqlite_master where name = '_sqlite_migrations'"
    if not connection.execute(there).fetchone():
        return []
    query = "select name from _sqlite_migrations where migration_set = ? order by rowid"
    return [name for (name,) in connection.execute(query, (MIGRATIONS,))]


def _check_place(path: Path, *, create: bool) -> None:
    """Refuse what would make SQLite say only "unable to open database file"."""
    if path.is_dir():
        raise StoreError(f"{path} is a folder; a store is one file")
    if not path.parent.is_dir():
        raise StoreError(f"the folder {path.parent} does not exist; make it first")
    # The file is asked about, not opened: to close it again would take the locks of every other
    # connection that this process has to it (https://www.sqlite.org/howtocorrupt.html, 2.2).
    try:
        there = path.exists()
    except OSError:
        there = True
    if there and not os.access(path, os.R_OK | os.W_OK):
        raise StoreError(f"{path} can't be written; check the permissions of the file")
    if not there and not create:
        raise StoreError(f"there is no store at {path}; `loyalcore run` makes one")


def _recognise(connection: sqlite3.Connection, path: Path, *, create: bool) -> None:
    """Refuse a file of something else, and one that another version of loyalcore has written."""
    (found,) = connection.execute("pragma application_id").fetchone()
    if found != APPLICATION_ID:
        # No owner and no tables but that of the migrations: new, or killed while it was made.
        tables = "select 1 from sqlite_master where tbl_name <> '_sqlite_migrations'"
        if found or connection.execute(tables).fetchone():
            raise StoreError(f"{path} is an SQLite file, but not a loyalcore store")
        if not create:
            raise StoreError(f"{path} is empty; `loyalcore run` makes a store of it")
    known = _known_steps()
    newer = [step for step in _applied(connection) if step not in known]
    if newer:
        raise StoreError(
            f"{path} was written by another version of loyalcore (its step {newer[0]} is unknown "
            "here); use that one, or run the events again into a new file"
        )


@contextmanager
def transaction(connection: sqlite3.Connection, path: Path) -> Iterator[None]:
    """All that is done within is written, or none of it. `path` is for what is said of it."""
    with reported(path):
        connection.execute("begin immediate")
        try:
            yield
            connection.execute("commit")
        except BaseException:
            connection.rollback()
            raise


@contextmanager
def reported(path: Path) -> Iterator[None]:
    """Turn what SQLite says about the file at `path` into a StoreError."""
    try:
        yield
    except sqlite3.IntegrityError:
        raise  # a row that breaks its own table's rules is a bug, not a state of the file
    except sqlite3.DatabaseError as error:
        raise StoreError(f"{path}: {_ADVICE.get(_reason(error), str(error))}") from error


def _reason(error: sqlite3.Error) -> str:
    """SQLite's primary result code, by name."""
    name: str = getattr(error, "sqlite_errorname", "")
    return "_".join(name.split("_")[:2])


_ADVICE = {
    "SQLITE_BUSY": "another program is writing to the file; close it and run again",
    "SQLITE_CANTOPEN": "the file can't be opened; its folder must be writable too",
    "SQLITE_CORRUPT": "the file is damaged; restore it from a copy, or run again into a new one",
    "SQLITE_FULL": "the disk is full; nothing of the last batch was written",
    "SQLITE_IOERR": "the disk could not be read or written; nothing of the last batch was written",
    "SQLITE_NOTADB": "not an SQLite file",
    "SQLITE_READONLY": "the file or its folder can't be written; check the permissions",
}
