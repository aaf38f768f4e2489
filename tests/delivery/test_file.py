"""The channel into files: durable, and each key once."""

from __future__ import annotations

import json
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from loyalcore.channels import Channel, GiveUp, Message, Receipt, TryAgain
from loyalcore.delivery.file import FileSettings, open_file


def message(key: str, text: str = "Hello") -> Message:
    return Message(key, "ann", "hello", "", "", text, None, "en", {"name": "Ænn"})


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "messages.jsonl"


def lines(path: Path) -> Channel:
    return open_file(FileSettings(path=path))


def test_a_line_for_each_message(path: Path) -> None:
    channel = lines(path)
    assert channel.send(message("a")) == Receipt("messages.jsonl:1")
    assert channel.send_batch([message("b"), message("c")]) == [
        Receipt("messages.jsonl:2"),
        Receipt("messages.jsonl:3"),
    ]
    first, *_ = map(json.loads, path.read_text("utf-8").splitlines())
    assert first == {
        "key": "a",
        "customer": "ann",
        "name": "hello",
        "to": "",
        "subject": "",
        "text": "Hello",
        "locale": "en",
        "values": {"name": "Ænn"},
        "purpose": "service",
        "time": "1970-01-01T00:00:00Z",
    }


def test_a_key_is_there_once_whoever_sends_it_again(path: Path) -> None:
    channel, other = lines(path), lines(path)
    channel.send(message("a"))
    other.send(message("b"))
    assert channel.send_batch([message("b"), message("a"), message("a")]) == [
        Receipt("messages.jsonl:2"),
        Receipt("messages.jsonl:1"),
        Receipt("messages.jsonl:1"),
    ]
    assert lines(path).send(message("b")) == Receipt("messages.jsonl:2")
    assert len(path.read_text("utf-8").splitlines()) == 2


def test_a_line_that_was_cut_short_is_written_again(path: Path) -> None:
    lines(path).send(message("a"))
    whole = path.read_bytes()
    path.write_bytes(whole + whole.replace(b'"a"', b'"b"')[:30])
    assert lines(path).send(message("b")) == Receipt("messages.jsonl:2")
    assert [json.loads(line)["key"] for line in path.read_text("utf-8").splitlines()] == ["a", "b"]


def test_lines_of_somebody_else_stay(path: Path) -> None:
    path.write_text("something else\n[]\n")
    assert lines(path).send(message("a")) == Receipt("messages.jsonl:3")
    assert path.read_text().startswith("something else\n[]\n")


def test_a_file_that_was_moved_away_begins_anew(path: Path) -> None:
    channel = lines(path)
    channel.send(message("a"))
    path.rename(path.with_suffix(".old"))
    assert channel.send(message("b")) == Receipt("messages.jsonl:1")
    os.truncate(path, 0)
    assert channel.send(message("c")) == Receipt("messages.jsonl:1")


def test_many_at_once(path: Path) -> None:
    channels = [lines(path), lines(path)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: channels[n % 2].send(message(f"k{n // 2}")), range(200)))
    keys = [json.loads(line)["key"] for line in path.read_text("utf-8").splitlines()]
    assert sorted(keys) == sorted(f"k{n}" for n in range(100))


def test_a_folder_has_a_file_for_each_message(tmp_path: Path) -> None:
    channel = open_file(FileSettings(path=tmp_path / "out", form="folder"))
    assert channel.send(message("a")) == Receipt("a.json")
    assert channel.send(message("a", "other words")) == Receipt("a.json")
    assert [file.name for file in (tmp_path / "out").iterdir()] == ["a.json"]
    assert json.loads((tmp_path / "out" / "a.json").read_text("utf-8"))["text"] == "Hello"


def test_a_key_never_leads_out_of_the_folder(tmp_path: Path) -> None:
    channel = open_file(FileSettings(path=tmp_path / "out", form="folder"))
    with pytest.raises(GiveUp):
        channel.send(message("../a"))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("form", ["lines", "folder"])
def test_a_place_that_is_not_there_may_come_to_be(tmp_path: Path, form: str) -> None:
    place = tmp_path / "absent" / "messages"
    channel = open_file(FileSettings.model_validate({"path": place, "form": form}))
    with pytest.raises(TryAgain, match=r"does not exist|No such file or directory"):
        channel.send(message("a"))
    place.parent.mkdir()
    channel.send(message("a"))
