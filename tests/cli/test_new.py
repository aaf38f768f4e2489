"""`loyalcore new`: the program it lays works, and nothing is overwritten."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Cli = Callable[..., Any]


def test_the_program_it_lays_can_be_checked_tested_and_run(process: Cli, tmp_path: Path) -> None:
    folder = tmp_path / "a" / "My club"
    said = process("new", folder)
    assert (said.status, said.err) == (0, "")
    ruleset = folder / "my-club.yaml"
    assert sorted(path.name for path in folder.iterdir()) == [
        "events.jsonl",
        "my-club.test.yaml",
        "my-club.yaml",
        "ruleset.schema.json",
    ]

    assert process("check", "--strict", folder).status == 0
    tested = process("test", folder)
    assert (tested.status, tested.err) == (0, "")
    events = folder / "events.jsonl"
    ran = process("run", ruleset, "--db", folder / "my-club.db", events, "--json")
    assert ran.status == 0
    assert ran.json["events"] == len(events.read_text().splitlines())
    # Every rule of the sample fires, so that there is something to explain.
    assert sorted(ran.json["fired"]) == ["big-spender", "earn", "third-purchase", "welcome"]


def test_the_commands_it_recommends_can_be_given_to_a_shell(
    cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert cli("new", "my club").out.split("Try:\n")[1].splitlines() == [
        "  loyalcore check 'my club'",
        "  loyalcore test 'my club'",
        "  loyalcore run 'my club/my-club.yaml' --db 'my club/my-club.db' 'my club/events.jsonl'",
    ]
    for line in cli("new", "club").out.split("Try:\n")[1].splitlines():
        assert cli(*shlex.split(line)[1:]).status == 0


def test_an_editor_finds_the_schema(cli: Cli, tmp_path: Path) -> None:
    assert cli("new", tmp_path / "club").status == 0
    first = (tmp_path / "club" / "club.yaml").read_text().splitlines()[0]
    assert first == "# yaml-language-server: $schema=ruleset.schema.json"
    schema = json.loads((tmp_path / "club" / "ruleset.schema.json").read_text())
    assert schema["title"] == "loyalcore ruleset"


@pytest.mark.parametrize("name", ["club.yaml", "events.jsonl", "ruleset.schema.json"])
def test_nothing_is_overwritten(cli: Cli, tmp_path: Path, name: str) -> None:
    (tmp_path / "club").mkdir()
    (tmp_path / "club" / name).write_text("mine")
    said = cli("new", tmp_path / "club")
    assert said.status == 2
    assert said.err == (
        f"error: {tmp_path / 'club' / name} is already there; choose another folder\n"
    )
    assert [path.read_text() for path in (tmp_path / "club").iterdir()] == ["mine"]


def test_it_may_be_laid_into_the_folder_one_is_in(
    cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "tea").mkdir()
    monkeypatch.chdir(tmp_path / "tea")
    assert cli("new", ".").status == 0
    assert Path("tea.yaml").read_text().splitlines()[1] == "program: tea"


@pytest.mark.parametrize(
    ("folder", "says"),
    [
        ("2026", "error: '2026' can't name a program; start it with a letter\n"),
        ("---", "error: '---' can't name a program; start it with a letter\n"),
        ("file", "Invalid value for 'DIR': Directory 'file' is a file."),
        ("file/club", "error: file/club can't be written: Not a directory\n"),
    ],
)
def test_a_folder_that_cannot_be_is_refused(
    cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, folder: str, says: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("file").write_text("mine")
    said = cli("new", "--", folder)
    assert said.status == 2
    assert says in said.err
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
