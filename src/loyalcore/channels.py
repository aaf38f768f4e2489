"""Channels: what a plugin writes to carry messages to customers.

A channel takes a finished `Message` and hands it to the world. A plugin registers a
`ChannelKind` by the hook `loyalcore_channels`; the operator's settings file names the
channel and gives its settings; `loyalcore deliver` opens it and sends what is due.

A message may come again: after a crash between sending and recording, and after a failure
that was not one. It then has the same `key`. A channel whose service knows idempotency
keys passes it on.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, ConfigDict

from loyalcore.values import write_time

_OFTEN_ABSENT = ("html", "reply_to", "attachments")


@dataclass(frozen=True)
class Attachment:
    """A file that goes with a message: its name, its media type (`text/calendar`), its text."""

    name: str
    type: str
    text: str


@dataclass(frozen=True)
class Message:
    """A message as it is sent.

    `key` names it on every try, and is no secret. `to` is the customer's address on this
    channel, "" where the program names none. `html` is None where the message has none, or
    the channel doesn't take it. `locale` is the language of the texts (`nb`, `en_GB`).
    `values` are what the texts were made of: plain JSON, amounts as decimal texts. `purpose`
    is "service" for what is about something, and tells for all else what it is, as
    "promotional". `time` is when it was decided, in microseconds since 1970 UTC. `reply_to` is
    where answers go, "" where the program doesn't say. There are no `attachments` where the
    channel takes none.
    """

    key: str
    customer: str
    name: str
    to: str
    subject: str
    text: str
    html: str | None
    locale: str
    values: Mapping[str, object] = field(default_factory=dict)
    purpose: str = "service"
    time: int = 0
    reply_to: str = ""
    attachments: Sequence[Attachment] = ()

    def plain(self) -> dict[str, object]:
        """What it says in plain JSON; `html`, `reply_to` and `attachments` only where it has
        them."""
        files = [dict(vars(file)) for file in self.attachments]
        time, values = write_time(self.time), dict(self.values)
        whole = {**vars(self), "time": time, "values": values, "attachments": files}
        return {name: value for name, value in whole.items() if value or name not in _OFTEN_ABSENT}


@dataclass(frozen=True)
class Receipt:
    """A channel has taken a message. `id` is what it calls it, for people who must find it
    there; it is kept in the store, so it holds nothing personal."""

    id: str = ""


class Undelivered(Exception):
    """A message that a channel did not take.

    The first line of the text is kept with the message, so it says what went wrong, and to
    whom only in general. Raise one of the three below.
    """


class TryAgain(Undelivered):
    """It may go better later: no connection, a busy service. Any other exception counts as
    this one."""


class GiveUp(Undelivered):
    """It will never be taken: the address does not exist, the text is too long."""


class Throttled(Undelivered):
    """The service wants fewer messages. Nothing more is sent by this channel for `seconds`,
    and the try doesn't count."""

    def __init__(self, text: str = "too many messages", seconds: float = 60.0) -> None:
        super().__init__(text)
        self.seconds = seconds


class Channel(ABC):
    """An open channel. Several threads may send by it at once."""

    @abstractmethod
    def send(self, message: Message) -> Receipt:
        """Hand `message` over. Raises Undelivered where that failed.

        It should give up by itself within the `timeout` of the operator's settings; then
        nobody waits for it any longer, and it counts as TryAgain.
        """

    def send_batch(self, messages: Sequence[Message]) -> Sequence[Receipt | Undelivered]:
        """Hand several over at once; what became of each, in the same order. Only called
        where the kind's `batch` is more than 1. What it raises holds for all of them."""
        return [self._tried(message) for message in messages]

    def _tried(self, message: Message) -> Receipt | Undelivered:
        try:
            return self.send(message)
        except Undelivered as error:
            return error

    def close(self) -> None:  # noqa: B027 (most have nothing to close)
        """Let go of connections. Called once, after the last message."""


class NoSettings(BaseModel):
    """Of a channel that needs to be told nothing."""

    model_config = ConfigDict(extra="forbid", frozen=True)


Settings = TypeVar("Settings", bound=BaseModel)


@dataclass(frozen=True)
class ChannelKind(Generic[Settings]):
    """A way to carry messages, as a plugin registers it.

    `name` is what messages and settings call it. `settings` is the pydantic model of its
    part of the settings file (`NoSettings` for none); give secrets the type `SecretStr`.
    `open` makes a channel of them: no network yet, so that a wrong setting is told at once
    and a service that is down is not. `html` and `attachments` say whether it takes those
    beside the text, `reply` whether people can answer to where a message says; `batch` how
    many messages `send_batch` takes.
    """

    name: str
    settings: type[Settings]
    open: Callable[[Settings], Channel]
    html: bool = False
    batch: int = 1
    attachments: bool = False
    reply: bool = False

    @property
    def takes(self) -> tuple[str, ...]:
        """What it can carry, in words for people."""
        able = {"HTML": self.html, "attachments": self.attachments, "replies": self.reply}
        return ("text", *(word for word, has in able.items() if has))


AnyChannelKind = ChannelKind[Any]
