"""What a channel says of a failure, without what nobody else may know.

Reasons are kept in the store and shown to operators. They hold no secret of the settings,
no address, and nothing of what the message says of the customer.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from pydantic import BaseModel, SecretStr

from loyalcore.channels import Message

LONGEST = 200  # characters of a reason
SHORTEST = 3  # what is shorter gives nobody away, and stands in other words

_ADDRESS = re.compile(r"[^\s<>()\[\]:;,\"']+@[^\s<>()\[\];,\"']+")


def secrets(settings: BaseModel) -> frozenset[str]:
    """The values of `settings` that nobody may see."""
    return frozenset(_secrets(dict(settings)))


def _secrets(value: object) -> Iterator[str]:
    match value:
        case SecretStr():
            yield value.get_secret_value()
        case BaseModel():
            yield from _secrets(dict(value))
        case Mapping():
            for below in value.values():
                yield from _secrets(below)
        case list() | tuple():
            for below in value:
                yield from _secrets(below)


def personal(message: Message) -> frozenset[str]:
    """What `message` tells of the customer, word for word."""
    return frozenset((message.customer, message.to, *_texts(message.values.values())))


def _texts(values: Iterable[object]) -> Iterator[str]:
    for value in values:
        match value:
            case str():
                yield value
            case list() | tuple():
                yield from _texts(value)


def hidden(text: str, private: Iterable[str]) -> str:
    """The first line of `text`, shortened, without any of these, however capital, and without
    addresses."""
    line = next(iter(text.strip().splitlines()), "")
    for word in sorted(private, key=len, reverse=True):
        if len(word) >= SHORTEST:
            line = re.sub(re.escape(word), "…", line, flags=re.IGNORECASE)
    return _ADDRESS.sub("…", line)[:LONGEST]
