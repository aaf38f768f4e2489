"""The operator's settings file: what it says, and what is said of its mistakes."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel, ConfigDict, SecretStr

from loyalcore.channels import AnyChannelKind, Channel, ChannelKind, Message, Receipt
from loyalcore.delivery.file import FILE
from loyalcore.delivery.settings import Configured, read_settings
from loyalcore.errors import PluginError, UsageError


class Login(BaseModel):
    model_config = ConfigDict(extra="forbid")

    host: str
    port: int = 25
    password: SecretStr = SecretStr("")


class Post(Channel):
    def __init__(self, settings: Login) -> None:
        if settings.port == 1:
            raise ValueError(f"port 1 with {settings.password.get_secret_value()}")

    def send(self, message: Message) -> Receipt:
        return Receipt()


KINDS: Mapping[str, AnyChannelKind] = {
    "file": FILE,
    "post": ChannelKind("post", Login, Post, html=True),
}

TOML = """\
[delivery]
attempts = 3
rate = 5

[channels.post]
host = "mail.example.org"
password = {env = "POST_PASSWORD"}
[channels.post.delivery]
rate = 0.5

[channels.news]
kind = "post"
host = "news.example.org"
"""

YAML = """\
delivery: {attempts: 3, rate: 5}
channels:
  post:
    host: mail.example.org
    password: {env: POST_PASSWORD}
    delivery: {rate: 0.5}
  news: {kind: post, host: news.example.org}
"""


@pytest.fixture(autouse=True)
def password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POST_PASSWORD", "open sesame")


def read(folder: Path, text: str, name: str = "settings.toml") -> Mapping[str, Configured]:
    (folder / name).write_text(text)
    return read_settings(folder / name, KINDS)


@pytest.mark.parametrize(("text", "name"), [(TOML, "s.toml"), (YAML, "s.yaml"), (YAML, "s.yml")])
def test_channels_have_their_settings_and_their_pace(tmp_path: Path, text: str, name: str) -> None:
    channels = read(tmp_path, text, name)
    assert channels.keys() == {"post", "news", "file"}
    post: Any = channels["post"].settings
    assert (post.host, post.password.get_secret_value()) == ("mail.example.org", "open sesame")
    assert (channels["post"].pace.rate, channels["post"].pace.attempts) == (0.5, 3)
    assert (channels["news"].kind.name, channels["news"].pace.rate) == ("post", 5)
    assert isinstance(channels["news"].open(), Post)
    # What needs no settings can be used without.
    assert channels["file"].pace.attempts == 3


def test_without_a_file_there_are_those_that_need_no_settings() -> None:
    assert read_settings(None, KINDS).keys() == {"file"}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("channels = 1", "channels: Input should be a valid dictionary"),
        ("[channel.post]", "channel: there is no such setting"),
        ("[channels.post]", "channels.post.host: is missing"),
        ("[channels.post]\nhost='h'\nprot=1", "channels.post.prot: there is no such setting"),
        ("[channels.post]\nhost='h'\nport='x'", "channels.post.port: Input should be a valid int"),
        ("[channels.pots]", "channels.pots: no plugin gives a channel of this kind; did you mean"),
        ("[channels.a]\nkind=7", "channels.a: no plugin gives a channel of this kind; there is fi"),
        ("[delivery]\nrate=-1", "delivery.rate: Input should be greater than 0"),
        ("[channels.file]\ndelivery=1", "channels.file.delivery: expected keys"),
        (
            "[channels.file.delivery]\nworkers=0",
            "channels.file.delivery.workers: Input should be greater than or equal to 1",
        ),
        (
            "[channels.post]\npassword={env='NOT_THERE'}",
            "channels.post.password: the environment has no NOT_THERE",
        ),
        ("[channels", "Expected ']' at the end of a table declaration"),
    ],
)
def test_a_mistake_is_told_by_file_and_key(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(UsageError) as error:
        read(tmp_path, text)
    assert str(error.value).startswith(f"{tmp_path / 'settings.toml'}: {says}")


@pytest.mark.parametrize(
    ("text", "name", "says"),
    [
        ("channels: [", "s.yaml", "s.yaml:1:"),
        ("", "s.ini", "settings are written in a file that ends in .toml or .yaml"),
    ],
)
def test_a_file_that_is_none(tmp_path: Path, text: str, name: str, says: str) -> None:
    with pytest.raises(UsageError, match=says):
        read(tmp_path, text, name)


def test_an_empty_file_says_nothing(tmp_path: Path) -> None:
    for name in ("s.yaml", "s.toml"):
        assert read(tmp_path, "\n", name).keys() == {"file"}


def test_bytes_that_are_no_text(tmp_path: Path) -> None:
    (tmp_path / "s.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(UsageError, match="can't be read: it is not UTF-8"):
        read_settings(tmp_path / "s.toml", KINDS)


def test_no_secret_is_told(tmp_path: Path) -> None:
    wrong = TOML.replace('host = "mail.example.org"', "port = 1")
    with pytest.raises(UsageError) as missing:
        read(tmp_path, wrong)
    channel = read(tmp_path, wrong.replace("port = 1", 'port = 1\nhost = "h"'))["post"]
    with pytest.raises(PluginError) as refused:
        channel.open()
    assert str(refused.value) == "channel 'post' can't be opened: ValueError: port 1 with …"
    for said in (str(missing.value), str(refused.value), repr(channel)):
        assert "sesame" not in said
