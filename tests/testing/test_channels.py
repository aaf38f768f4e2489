"""The contract of channels: loyalcore's own keep it, and it finds those that do not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel, ConfigDict, SecretStr

from loyalcore.channels import (
    Channel,
    ChannelKind,
    GiveUp,
    Message,
    NoSettings,
    Receipt,
    TryAgain,
    Undelivered,
)
from loyalcore.delivery.file import FILE
from loyalcore.testing import ChannelContract, Recorder, message


class TestTheFileChannel(ChannelContract):
    kind = FILE

    @pytest.fixture(autouse=True)
    def _in(self, tmp_path: Path) -> None:
        self.path = tmp_path / "messages.jsonl"
        self.settings = {"path": str(self.path)}

    def arrived(self) -> int:
        return len(self.path.read_text().splitlines()) if self.path.exists() else 0

    def failing(self) -> Sequence[tuple[Mapping[str, Any], Message, type[Undelivered]]]:
        return [({"path": "/no/such/folder/file"}, message(), TryAgain)]


class TestTheRecorder(ChannelContract):
    def setup_method(self) -> None:
        self.recorder = Recorder(self._fail)
        self.kind = self.recorder.kind()

    @staticmethod
    def _fail(sent: Message) -> None:
        if sent.to == "nobody":
            raise GiveUp("there is no such address")

    def arrived(self) -> int:
        return len(self.recorder.sent)

    def failing(self) -> Sequence[tuple[Mapping[str, Any], Message, type[Undelivered]]]:
        return [({}, message(to="nobody"), GiveUp)]


# --- it finds what is wrong -----------------------------------------------------------------------


class Loose(BaseModel):
    """Settings that take anything, and a secret that is none."""

    model_config = ConfigDict(extra="allow")

    api_token: str = "open"


class Key(BaseModel):
    model_config = ConfigDict(extra="forbid")

    key: SecretStr = SecretStr("s3cr3t-key")


class Poor(Channel):
    """A channel that does all of it wrong."""

    taken: int = 0

    def __init__(self, settings: BaseModel) -> None:
        self.settings = settings
        self.open = True

    def send(self, message: Message) -> Receipt:
        type(self).taken += 1
        if message.name == "bad":
            raise TryAgain(f"login with {getattr(self.settings, 'key').get_secret_value()} failed")  # noqa: B009
        if message.name == "told":
            raise GiveUp(f"{message.to} is gone")
        return Receipt(message.to)

    def send_batch(self, messages: Sequence[Message]) -> Sequence[Receipt | Undelivered]:
        return [Receipt("one for all")]

    def close(self) -> None:
        if not self.open:
            raise ValueError("closed twice")
        self.open = False


class Wrong(ChannelContract):
    kind = ChannelKind("poor", Loose, Poor, batch=5)

    def arrived(self) -> int:
        return Poor.taken


@pytest.mark.parametrize(
    ("test", "says"),
    [
        ("test_a_message_arrives_and_has_a_receipt", "the receipt has something personal"),
        ("test_the_same_key_again_is_no_second_message", "a repeated key is a second message"),
        ("test_a_batch_has_a_result_for_each_in_their_order", "not all were taken"),
        ("test_settings_with_a_slip_are_refused", "an unknown setting is let through"),
        ("test_secrets_are_not_shown", "api_token is no SecretStr"),
        ("test_opening_needs_no_service_and_closing_twice_does_no_harm", "closed twice"),
    ],
)
def test_a_channel_that_breaks_the_contract_fails(test: str, says: str) -> None:
    with pytest.raises((AssertionError, ValueError), match=says):
        getattr(Wrong(), test)()


@pytest.mark.parametrize(
    ("name", "wanted", "says"),
    [
        ("bad", TryAgain, "a secret is told"),
        ("bad", GiveUp, "TryAgain, not GiveUp"),
        ("told", GiveUp, "it names the customer"),
        ("fine", GiveUp, "nothing was raised"),
    ],
)
def test_failures_that_tell_too_much_fail(name: str, wanted: type[Undelivered], says: str) -> None:
    class Telling(Wrong):
        kind = ChannelKind("poor", Key, Poor)

        def failing(self) -> Sequence[tuple[Mapping[str, Any], Message, type[Undelivered]]]:
            return [({}, message(name=name), wanted)]

    with pytest.raises(AssertionError, match=says):
        Telling().test_failures_are_classed_and_tell_no_secret()


def test_a_channel_that_loses_messages_fails() -> None:
    class Lost(ChannelContract):
        kind = ChannelKind("lost", NoSettings, lambda settings: Recorder())

        def arrived(self) -> int:
            return 0

    for test in ("a_message_arrives_and_has_a_receipt", "several_threads_send_at_once"):
        with pytest.raises(AssertionError, match=r"did not arrive|some are lost"):
            getattr(Lost(), f"test_{test}")()


def test_a_recorder_tells_what_it_was_asked() -> None:
    recorder = Recorder()
    recorder.send(message())
    recorder.send(message())
    recorder.send(message("key-2", subject="Again"))
    recorder.close()
    assert [one.key for one in recorder.sent] == ["key-1", "key-2"]
    assert recorder.sent[1].subject == "Again"
    assert (recorder.asked, recorder.closed) == (3, True)
