"""`loyalcore program`: list, show, diff and activate."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Cli = Callable[..., Any]

CHANGED = (
    ("earn: {points: amount}", "earn: {points: amount * 2}"),
    ("limit: 1 per day", "limit: 2 per day"),
)


@pytest.fixture
def changed(copy: Path) -> Path:
    """The folder of the club with a ruleset that is another, and one of a new wallet."""
    text = (copy / "club.yaml").read_text()
    for old, new in CHANGED:
        assert old in text
        text = text.replace(old, new)
    (copy / "new.yaml").write_text(text)
    (copy / "moved.yaml").write_text(
        text.replace("points", "beans") + "migration: {wallets: {points: beans}}\n"
    )
    return copy


def active(cli: Cli, db: Path) -> Any:
    (one,) = [one for one in cli("program", "list", "--db", db, "--json").json if is_active(one)]
    return one


def is_active(row: dict[str, object]) -> bool:
    return row["state"] == "active"


def test_a_program_is_looked_at_activated_and_run(cli: Cli, process: Cli, changed: Path) -> None:
    db, new = changed / "club.db", changed / "moved.yaml"
    first = active(cli, db)["hash"]
    before = db.read_bytes()
    looked = process("program", "activate", new, "--db", db, "--dry-run")
    assert (looked.status, looked.err) == (0, "")
    assert looked.out.splitlines() == [
        "wallet points is called beans now",
        "rule earn: what it does: earn: {points: amount} -> earn: {beans: amount * 2}",
        "rule web-bonus: limit: 1 per day -> 2 per day",
        "rule web-bonus: what it does: earn: {points: 10} -> earn: {beans: 10}",
        "rule bonus: what it does: earn: {points: 50} -> earn: {beans: 50}",
        "migration wallets is new: points: beans",
        "wallet points becomes beans: 2 customers, 127 points",
        "All 2 customers are handed over, one by one.",
        f"club ({hash_of(cli, new, changed)}) would be in force from 2026-01-04T10:00:00Z on.",
    ]
    assert db.read_bytes() == before

    done = process("program", "activate", new, "--db", db)
    assert done.status == 0
    assert done.out.splitlines()[-1] == "2 customers were handed over."
    assert active(cli, db)["from"] == "2026-01-04T10:00:00Z"
    event = '{"id": "a2", "customer": "ann", "type": "purchase", "time": "2026-01-06", "amount": 1}'
    (changed / "more.jsonl").write_text(event)
    assert process("run", new, "--db", db, changed / "more.jsonl").status == 0
    assert process("ledger", "verify", "--db", db).status == 0
    balances = cli("ledger", "balance", "--db", db, "--json").json
    assert {(one["customer"], one["wallet"]): one["balance"] for one in balances}[
        "ann", "beans"
    ] == 12 + 50 + 2
    refused = process("run", changed / "club.yaml", "--db", db, changed / "more.jsonl")
    assert refused.status == 2
    assert f"({first[:12]}) is in force no more" in refused.err


def hash_of(cli: Cli, ruleset: Path, folder: Path) -> str:
    """The beginning of the hash that a ruleset has."""
    db = folder / "empty.db"
    (folder / "none.jsonl").write_text("")
    cli("run", ruleset, "--db", db, folder / "none.jsonl")
    (one,) = cli("program", "list", "--db", db, "--json").json
    return str(one["hash"][:12])


def test_the_list_tells_when_each_is_in_force(cli: Cli, changed: Path) -> None:
    db = changed / "club.db"
    cli("program", "activate", changed / "new.yaml", "--db", db, "--at", "2026-02-01")
    old, new = cli("program", "list", "--db", db, "--json").json
    assert (old["state"], old["from"], old["until"]) == ("active", None, "2026-01-31T23:00:00Z")
    assert (new["state"], new["from"], new["until"]) == ("planned", "2026-01-31T23:00:00Z", None)
    assert (old["events"], new["events"]) == (6, 0)
    assert old["first run"]
    assert not new["first run"]
    assert {old["compiles"], new["compiles"]} == {"yes"}
    nothing = changed / "none.jsonl"
    nothing.write_text("")
    until = ("--until", "2026-03-01")
    assert cli("run", changed / "club.yaml", nothing, "--db", db, *until).status == 0
    over, now = cli("program", "list", "--db", db, "--json").json
    assert (over["state"], now["state"]) == ("over", "active")
    assert "2026-01-31T23:00:00Z" in cli("program", "list", "--db", db).out


def test_the_source_is_shown_as_it_was(cli: Cli, changed: Path) -> None:
    db, text = changed / "club.db", (changed / "club.yaml").read_text()
    (changed / "club.yaml").unlink()
    hash = active(cli, db)["hash"]
    assert cli("program", "show", hash[:8], "--db", db).out == f"# --- club.yaml ---\n{text}"
    assert cli("program", "show", "active", "--db", db, "--file", "club.yaml").out == text
    assert cli("program", "show", "active", "--db", db, "--json").json["files"] == {
        "club.yaml": text
    }
    nobody = cli("program", "show", "123456", "--db", db)
    assert (nobody.status, nobody.err) == (
        2,
        f"error: there is no program 123456 in the store; there is {hash[:12]}\n",
    )


def test_a_difference_is_told_and_is_the_exit_status(cli: Cli, changed: Path) -> None:
    db, old, new = changed / "club.db", changed / "club.yaml", changed / "new.yaml"
    said = cli("program", "diff", old, new)
    assert said.status == 1
    assert said.out.splitlines() == [
        "rule earn: what it does: earn: {points: amount} -> earn: {points: amount * 2}",
        "rule web-bonus: limit: 1 per day -> 2 per day",
    ]
    assert cli("program", "diff", "active", new, "--db", db).out == said.out
    as_json = cli("program", "diff", old, new, "--json")
    assert as_json.json[1] == {
        "section": "rules",
        "name": "web-bonus",
        "kind": "changed",
        "key": "limit",
        "old": "1 per day",
        "new": "2 per day",
        "text": "rule web-bonus: limit: 1 per day -> 2 per day",
    }
    same = cli("program", "diff", "active", old, "--db", db)
    assert (same.status, same.out) == (0, "Nothing is another.\n")
    missing = cli("program", "diff", old, "nowhere.yaml")
    assert missing.status == 2
    assert "there is no file nowhere.yaml" in missing.err


def test_what_can_not_be_carried_is_a_problem_of_the_ruleset(cli: Cli, changed: Path) -> None:
    db, text = changed / "club.db", (changed / "moved.yaml").read_text()
    (changed / "moved.yaml").write_text(text.partition("migration:")[0])
    before = db.read_bytes()
    for command in (
        ("program", "activate", changed / "moved.yaml", "--db", db),
        ("program", "activate", changed / "moved.yaml", "--db", db, "--dry-run"),
        ("run", changed / "moved.yaml", changed / "events.jsonl", "--db", db),
    ):
        refused = cli(*command)
        assert refused.status == 1
        assert refused.err.splitlines() == [
            (
                "moved.yaml:1:1: error: there is no wallet 'points' any more; 127 points in it are "
                "those of 2 customers (say under migration.wallets what it is called now "
                "(points: NEW), or keep it) [not-carried]"
            ),
            "1 problem; nothing was run.",
        ]
    assert db.read_bytes() == before


@pytest.mark.parametrize(
    ("at", "said"),
    [
        ("2026-01-03", "2026-01-02T23:00:00Z is over: the latest event here is at 2026-01-04T10"),
        ("soon", "--at soon: write a day such as 2026-12-31"),
    ],
)
def test_a_time_that_can_not_be(cli: Cli, changed: Path, at: str, said: str) -> None:
    for dry in ((), ("--dry-run",)):
        refused = cli(
            "program",
            "activate",
            changed / "new.yaml",
            "--db",
            changed / "club.db",
            "--at",
            at,
            *dry,
        )
        assert refused.status == 2
        assert said in refused.err


def test_for_machines_it_says_what_it_came_to(cli: Cli, changed: Path) -> None:
    command = ("program", "activate", changed / "moved.yaml", "--db", changed / "club.db", "--json")
    said = cli(*command).json
    assert len(said.pop("program")) == 64
    assert [one["kind"] for one in said.pop("differences")][:2] == ["renamed", "changed"]
    assert said == {
        "from": "2026-01-04T10:00:00Z",
        "planned": False,
        "done": True,
        "everyone": True,
        "handed_over": 2,
        "carried": [
            {
                "what": "wallet",
                "name": "points",
                "to": "beans",
                "customers": 2,
                "points": 127,
                "text": "wallet points becomes beans: 2 customers, 127 points",
            }
        ],
    }
    assert json.loads(cli(*command).out)["handed_over"] == 0
