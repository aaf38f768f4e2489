"""Handing messages to a channel, whatever it does; and what follows from what became of them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from loyalcore.channels import Channel, GiveUp, Message, Receipt, Throttled, TryAgain, Undelivered
from loyalcore.delivery.pace import Pace, backoff
from loyalcore.delivery.privacy import hidden
from loyalcore.engine.care.contact import Verdict

Result = Receipt | Undelivered
"""What a channel made of a message."""

LONGEST_THROTTLE = 86_400.0  # seconds: a service that asks for more is asked again each day
USUAL_THROTTLE = 60.0


@dataclass(frozen=True)
class Sent:
    """It is delivered; `receipt` is what the channel calls it."""

    receipt: str


@dataclass(frozen=True)
class Later:
    """It is to be tried again at `due`. Where it was not `tried`, that doesn't count."""

    due: int
    reason: str
    tried: bool = True


@dataclass(frozen=True)
class Dead:
    """It is not to be tried again."""

    reason: str


@dataclass(frozen=True)
class Withheld:
    """It may not go to its customer."""

    reason: str


Fate = Sent | Later | Withheld | Dead


def send(channel: Channel, messages: Sequence[Message], *, batch: bool) -> list[Result]:
    """What became of each message, in order. Never raises: a channel is somebody else's code."""
    try:
        given = channel.send_batch(messages) if batch else [channel.send(messages[0])]
        return _checked(given, len(messages))
    except Undelivered as error:
        return [error] * len(messages)
    except BaseException as error:  # noqa: BLE001 (even SystemExit: it is the channel's own)
        # Of an exception that is not of the contract, the text may say anything.
        return [TryAgain(f"{type(error).__name__} in the channel")] * len(messages)


def _checked(given: object, count: int) -> list[Result]:
    if not isinstance(given, Sequence) or len(given) != count:
        return [TryAgain(f"the channel gave no result for each of {count} messages")] * count
    return [
        one
        if isinstance(one, Receipt | Undelivered)
        else TryAgain(f"the channel gave a {type(one).__name__} instead of a Receipt")
        for one in given
    ]


def fate_of(
    result: Result | Verdict, key: str, private: frozenset[str], pace: Pace, attempt: int, now: int
) -> Fate:
    """What is to be noted after the `attempt`-th try of the message `key`, which ended at `now`.
    `private` is what no reason may say. A verdict kept it from being tried."""
    if isinstance(result, Verdict):
        if result.due is None:
            return Withheld(result.reason)
        return Later(result.due, result.reason, tried=False)
    if isinstance(result, Receipt):
        return Sent(hidden(str(result.id), private))
    reason = hidden(str(result), private) or type(result).__name__
    match result:
        case Throttled():
            return Later(now + int(throttle_of(result) * 1_000_000), reason, tried=False)
        case GiveUp():
            return Dead(reason)
    if attempt >= pace.attempts:
        return Dead(f"tried {attempt} times: {reason}")
    return Later(now + backoff(pace, key, attempt), reason)


def throttle_of(throttled: Throttled) -> float:
    """The seconds that a service wants to be left alone, within reason."""
    seconds = throttled.seconds
    if not isinstance(seconds, int | float) or not math.isfinite(seconds) or seconds <= 0:
        return USUAL_THROTTLE
    return min(float(seconds), LONGEST_THROTTLE)
