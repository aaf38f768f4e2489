"""Channels under test: one that records, and the contract that all of them keep."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Lock
from typing import Any

from pydantic import BaseModel, ValidationError

from loyalcore.channels import (
    AnyChannelKind,
    Channel,
    ChannelKind,
    Message,
    NoSettings,
    Receipt,
    Undelivered,
)
from loyalcore.delivery.privacy import LONGEST, hidden, personal, secrets
from loyalcore.delivery.sending import send


def message(key: str = "key-1", **parts: Any) -> Message:
    """A message of this key; `parts` are others than usual."""
    usual: dict[str, Any] = {
        "customer": "ola",
        "name": "welcome",
        "to": "ola@example.org",
        "subject": "Welcome",
        "text": "Welcome, Ola.",
        "html": None,
        "locale": "en",
        "values": {"name": "Ola"},
    }
    return Message(key, **{**usual, **parts})


class Recorder(Channel):
    """A channel that keeps what it is given, and fails as it is told.

    `sent` are the messages that it took, each key once, in order; `asked` counts all tries.
    `fails` is asked about each message first: what it raises, the channel raises.
    """

    def __init__(self, fails: Callable[[Message], None] = lambda message: None) -> None:
        self.sent: list[Message] = []
        self.asked = 0
        self.closed = False
        self._fails = fails
        self._lock = Lock()

    def send(self, message: Message) -> Receipt:
        with self._lock:
            self.asked += 1
            self._fails(message)
            if message.key not in {one.key for one in self.sent}:
                self.sent.append(message)
        return Receipt(message.key)

    def close(self) -> None:
        self.closed = True

    def kind(self, name: str = "recorder") -> AnyChannelKind:
        """A kind of this name whose channel is always this one."""
        return ChannelKind(name, NoSettings, lambda settings: self, html=True)


def _holds_none(text: str, private: frozenset[str]) -> bool:
    return hidden(text, private) == text.strip()[:LONGEST]


class ChannelContract:
    """What every channel must do. A test class of yours inherits from it and says how:

        class TestPigeon(ChannelContract):
            kind = PIGEON
            settings = {"loft": "..."}

            def arrived(self) -> int: ...           # how many messages are there by now
            def failing(self): ...                  # how a failure is brought about

    pytest finds the tests, which are the methods named test_*. `setup_method` of yours may
    make a server, or a folder, and set `self.settings`.
    """

    kind: AnyChannelKind
    """What the plugin registers."""
    settings: Mapping[str, Any] = {}
    """Settings with which messages arrive, as an operator's file has them."""
    repeats_are_one: bool = True
    """Whether the same key again is one message there. False where the service has no such
    keys: then a repeat may arrive twice, and the plugin's page says so."""
    workers: int = 4
    """How many threads send at once."""

    def arrived(self) -> int:
        """How many messages have arrived by now."""
        raise NotImplementedError("say how many messages have arrived")

    def failing(self) -> Sequence[tuple[Mapping[str, Any], Message, type[Undelivered]]]:
        """Failures: settings and a message with which one comes about, and how it is to be
        classed. Without any, what the channel does then is not tried."""
        return ()

    # --- what is tried ------------------------------------------------------------------------

    def test_a_message_arrives_and_has_a_receipt(self) -> None:
        channel = self._open()
        before = self.arrived()
        receipt = channel.send(message("contract-1"))
        channel.close()
        assert isinstance(receipt, Receipt), f"send gave a {type(receipt).__name__}, no Receipt"
        assert self.arrived() == before + 1, "the message did not arrive"
        known = personal(message("contract-1"))
        assert _holds_none(receipt.id, known), "the receipt has something personal"

    def test_the_same_key_again_is_no_second_message(self) -> None:
        channel = self._open()
        before = self.arrived()
        for _ in range(2):  # as after a crash between sending and recording
            channel.send(message("contract-2"))
        channel.close()
        again = self._open()  # by another process, say
        again.send(message("contract-2"))
        again.close()
        if self.repeats_are_one:
            assert self.arrived() == before + 1, "a repeated key is a second message"
        else:
            assert self.arrived() == before + 3, "repeats_are_one is False, but they are"

    def test_several_threads_send_at_once(self) -> None:
        channel = self._open()
        before, count = self.arrived(), self.workers * 3
        with ThreadPoolExecutor(self.workers) as pool:
            sent = pool.map(channel.send, [message(f"contract-3-{n}") for n in range(count)])
            receipts = list(sent)
        channel.close()
        assert all(isinstance(receipt, Receipt) for receipt in receipts)
        assert self.arrived() == before + count, "of messages sent at once, some are lost"

    def test_a_batch_has_a_result_for_each_in_their_order(self) -> None:
        if self.kind.batch < 2:
            return
        channel = self._open()
        before = self.arrived()
        messages = [message(f"contract-4-{n}") for n in range(min(self.kind.batch, 5))]
        results = send(channel, messages, batch=True)
        channel.close()
        assert all(isinstance(one, Receipt) for one in results), f"not all were taken: {results}"
        assert self.arrived() == before + len(messages)

    def test_failures_are_classed_and_tell_no_secret(self) -> None:
        for settings, sent, kind in self.failing():
            read = self._settings(settings)
            channel = self._open(settings)
            told = self._failure(channel, sent, kind)
            channel.close()
            assert _holds_none(told, personal(sent)), "it names the customer"
            assert _holds_none(told, secrets(read)), "a secret is told"

    @staticmethod
    def _failure(channel: Channel, sent: Message, kind: type[Undelivered]) -> str:
        try:
            channel.send(sent)
        except kind as error:
            return str(error)
        except Undelivered as error:
            raise AssertionError(f"{type(error).__name__}, not {kind.__name__}") from error
        raise AssertionError(f"nothing was raised; expected {kind.__name__}")

    def test_settings_with_a_slip_are_refused(self) -> None:
        try:
            self.kind.settings.model_validate({**self.settings, "no_such_setting": 1})
        except ValidationError:
            return
        raise AssertionError("an unknown setting is let through; set extra='forbid'")

    def test_secrets_are_not_shown(self) -> None:
        settings = self._settings(self.settings)
        for secret in secrets(settings):
            assert secret not in repr(settings), "a secret stands in the settings' text"
            assert secret not in settings.model_dump_json(), "a secret stands in their JSON"
        for name, field in self.kind.settings.model_fields.items():
            if any(word in name for word in ("password", "secret", "token", "api_key")):
                assert "SecretStr" in str(field.annotation), f"{name} is no SecretStr"

    def test_opening_needs_no_service_and_closing_twice_does_no_harm(self) -> None:
        channel = self._open()
        assert isinstance(channel, Channel), f"open gave a {type(channel).__name__}"
        channel.close()
        channel.close()

    # --- how ----------------------------------------------------------------------------------

    def _settings(self, settings: Mapping[str, Any]) -> BaseModel:
        read = self.kind.settings.model_validate(dict(settings))
        assert isinstance(read, BaseModel)
        return read

    def _open(self, settings: Mapping[str, Any] | None = None) -> Channel:
        return self.kind.open(self._settings(self.settings if settings is None else settings))
