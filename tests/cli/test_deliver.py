"""`loyalcore deliver`, and what operators do with messages that were not sent."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Cli = Callable[..., Any]


@pytest.fixture
def db(club: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The club's store, to be changed; two messages wait for the channel `email`."""
    shutil.copy(club / "club.db", tmp_path / "club.db")
    monkeypatch.chdir(tmp_path)
    Path("settings.toml").write_text(
        '[channels.email]\nkind = "file"\npath = "out/mail.jsonl"\ndelivery = {attempts = 1}\n'
    )
    return tmp_path / "club.db"


def test_what_is_due_is_sent_once(cli: Cli, db: Path) -> None:
    Path("out").mkdir()
    said = cli("deliver", "--db", db, "--settings", "settings.toml", "--json")
    assert (said.status, said.json["channels"]["email"]["sent"]) == (0, 2)
    lines = [json.loads(line) for line in Path("out/mail.jsonl").read_text().splitlines()]
    assert [(one["subject"], one["text"]) for one in lines] == [
        ("Hello", "Welcome, Ann."),
        ("Hello", "Welcome, Bob."),
    ]
    again = cli("deliver", "--db", db, "--settings", "settings.toml")
    assert (again.status, again.out) == (0, "Nothing is due.\n")
    (first, _) = cli("outbox", "list", "--db", db, "--status", "sent", "--json").json
    assert (first["receipt"], first["attempts"], first["key"]) == (
        "mail.jsonl:1",
        1,
        lines[0]["key"],
    )
    assert cli("outbox", "list", "--db", db, "--key", first["key"], "--json").json == [first]


def test_messages_for_a_channel_that_is_not_there_are_told(cli: Cli, db: Path) -> None:
    said = cli("deliver", "--db", db)
    assert (said.status, said.out) == (1, "Nothing is due.\n")
    assert said.err == (
        "2 due for the channel 'email', which no plugin gives and --settings doesn't name\n"
    )
    assert cli("deliver", "--db", db, "--channel", "file").status == 0


def test_dead_letters_are_told_and_can_be_tried_again(cli: Cli, db: Path) -> None:
    deliver = ("deliver", "--db", db, "--settings", "settings.toml")
    said = cli(*deliver)
    assert (said.status, said.err) == (
        1,
        f"2 dead; see: loyalcore outbox list --db {db} --status dead\n",
    )
    shown = cli("outbox", "list", "--db", db, "--status", "dead")
    assert "tried 1 times: its folder does not exist" in shown.out
    Path("out").mkdir()
    assert cli("outbox", "retry", "--db", db, "--status", "dead", "--customer", "ann").out == (
        "1 to be tried again\n"
    )
    assert cli(*deliver, "--json").json["channels"]["email"]["sent"] == 1


def test_what_is_cancelled_is_not_sent(cli: Cli, db: Path) -> None:
    Path("out").mkdir()
    said = cli("outbox", "cancel", 1, "--db", db, "--reason", "wrong words")
    assert said.out == "1 cancelled\n"
    said = cli("deliver", "--db", db, "--settings", "settings.toml", "--json")
    assert said.json["channels"]["email"]["sent"] == 1
    shown = cli("outbox", "show", 1, "--db", db, "--json").json
    assert (shown["status"], shown["reason"]) == ("cancelled", "wrong words")
    assert (shown["subject"], shown["text"]) == ("Hello", "Welcome, Ann.")
    # What is sent can't be called back.
    said = cli("outbox", "cancel", 2, "--db", db)
    assert (said.out, said.err) == (
        "0 cancelled\n",
        "1 are sent, being sent, or settled already\n",
    )


def test_a_message_by_its_number(cli: Cli, db: Path) -> None:
    said = cli("outbox", "show", 2, "--db", db)
    assert "bob" in said.out
    assert said.out.endswith("\nsubject:\nHello\n\ntext:\nWelcome, Bob.\n")


@pytest.mark.parametrize(
    ("command", "says"),
    [
        (("deliver", "--channel", "emial"), "there is no channel 'emial'; "),
        (("deliver", "--settings", "none.toml"), "'none.toml' does not exist"),
        (("outbox", "show", 99), "there is no message 99; see: loyalcore outbox list"),
        (("outbox", "retry"), "name messages by their numbers, or by options such as --status"),
        (("outbox", "cancel", 1, "--status", "dead"), "name messages by their numbers, or by"),
        (("outbox", "retry", 99), "there is no message 99"),
    ],
)
def test_mistakes(cli: Cli, db: Path, command: tuple[Any, ...], says: str) -> None:
    said = cli(*command, "--db", db)
    assert (said.status, said.out) == (2, "")
    assert says in said.err
