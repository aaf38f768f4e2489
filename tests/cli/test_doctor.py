"""`loyalcore doctor`: versions, matcher, plugins, and whether a store is sound."""

from __future__ import annotations

import platform
import sqlite3
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import pytest

import loyalcore
from loyalcore.matching import default_matcher, why_unavailable

Cli = Callable[..., Any]

PAGE = 4096


def damage(db: Path, first: int, last: int) -> None:
    """Write over these pages of the file, but for the first bytes of each."""
    with sqlite3.connect(db) as connection:
        connection.execute("pragma wal_checkpoint(truncate)")
    connection.close()
    content = bytearray(db.read_bytes())
    for page in range(first, last):
        content[page * PAGE + 50 : (page + 1) * PAGE] = b"\x99" * (PAGE - 50)
    db.write_bytes(content)


def test_it_tells_what_a_run_needs(process: Cli, db: Path) -> None:
    said = process("doctor", "--json", "--db", db)
    assert (said.status, said.err) == (0, "")
    report = said.json
    assert report["loyalcore"] == loyalcore.__version__
    assert report["python"] == platform.python_version()
    assert report["matcher"] == default_matcher()
    assert report["libraries"]["pydantic"] == version("pydantic")
    (own,) = [plugin for plugin in report["plugins"] if plugin["name"] == "loyalcore"]
    assert {"earn", "missing"} <= {*own["words"]}
    assert report["store"] == {
        "programs": 1,
        "events": 6,  # five from outside, one that a rule emitted
        "customers": 2,
        "decisions": report["store"]["decisions"],
        "entries": report["store"]["entries"],
        "issued": report["store"]["issued"],
        "outbox": 2,
        "rejects": 3,
        "runs cut short": 0,
    }
    assert report["damage"] == []


def test_people_get_a_table(cli: Cli, db: Path) -> None:
    said = cli("doctor", "--db", db)
    assert said.status == 0
    rows = [line.split() for line in said.out.splitlines() if line]
    assert ["loyalcore", loyalcore.__version__] in rows
    assert ["events", "6"] in rows
    assert bool(why_unavailable()) == any(line.startswith("notice: ") for line in said.out.split())


def test_a_library_that_is_absent_is_told(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    # loyalcore runs without durable-rules, on its own matcher.
    def installed(library: str) -> str:
        if library == "durable-rules":
            raise PackageNotFoundError(library)
        return version(library)

    monkeypatch.setattr("loyalcore.cli.doctor.version", installed)
    said = cli("doctor", "--json")
    assert said.status == 0
    assert said.json["libraries"]["durable-rules"] == "absent"


def test_damage_is_found_in_a_broken_file(cli: Cli, copy: Path) -> None:
    damage(copy / "club.db", 3, 6)
    said = cli("doctor", "--json", "--db", copy / "club.db")
    assert said.status == 1
    assert said.json["damage"]
    assert all(line.startswith("SQLite: ") for line in said.json["damage"])
    assert said.json["store"] == {}  # what is there can't be trusted
    lines = cli("doctor", "--db", copy / "club.db").out.splitlines()
    assert [line for line in lines if line.startswith("damage: ")] == [
        f"damage: {line}" for line in said.json["damage"]
    ]


def test_rows_that_refer_to_nothing_are_damage(cli: Cli, copy: Path) -> None:
    with sqlite3.connect(copy / "club.db") as connection:
        connection.execute("drop trigger if exists events_delete")
        for (trigger,) in connection.execute(
            "select name from sqlite_master where type = 'trigger' and tbl_name = 'events'"
        ).fetchall():
            connection.execute(f"drop trigger {trigger}")
        connection.execute("delete from events where id = 'a1'")
    connection.close()
    said = cli("doctor", "--json", "--db", copy / "club.db")
    assert said.status == 1
    tables = {line.split()[0] for line in said.json["damage"]}
    assert tables == {"decisions", "entries"}
    assert all(line.endswith("refers to a missing row of events") for line in said.json["damage"])


def test_a_run_that_was_cut_short_is_counted(cli: Cli, copy: Path) -> None:
    with sqlite3.connect(copy / "club.db") as connection:
        connection.execute("update runs set finished = null")
    connection.close()
    said = cli("doctor", "--json", "--db", copy / "club.db")
    assert (said.status, said.json["store"]["runs cut short"]) == (0, 1)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (None, "there is no"),
        (b"This is a text, and no store at all. " * 200, "not an SQLite file"),
    ],
)
def test_what_is_no_store_is_an_error(
    cli: Cli, tmp_path: Path, content: bytes | None, says: str
) -> None:
    db = tmp_path / "club.db"
    if content is not None:
        db.write_bytes(content)
    said = cli("doctor", "--db", db)
    assert said.status == 1
    assert said.err.startswith("error: ")
    assert says in said.err
    assert content is not None or not db.exists()
