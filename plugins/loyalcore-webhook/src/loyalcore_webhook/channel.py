"""Posting messages, and what the answers mean."""

from __future__ import annotations

import re
import ssl
from collections.abc import Mapping, Sequence
from email.utils import parsedate_to_datetime
from time import time

import httpcore

from loyalcore.channels import (
    Channel,
    GiveUp,
    Message,
    Receipt,
    Throttled,
    TryAgain,
    Undelivered,
)
from loyalcore_webhook.events import BATCH, ONE, as_json, batch_id, event_of
from loyalcore_webhook.network import Deadline, GuardedBackend, Refused
from loyalcore_webhook.settings import WebhookSettings
from loyalcore_webhook.signing import key_of, signatures

LONGEST_ANSWER = 65_536  # bytes: more of it is not read
IDLE = 30.0  # seconds after which a connection that nothing is sent on is given up

# What a request may be refused for that is a matter of one message in it: malformed, too
# large, unprocessable.
OF_ITS_CONTENT = {400, 413, 422}
LATER = {408, 425}  # request timeout, too early

_ID = re.compile(r"[\w.:-]{1,100}", re.ASCII)


class WebhookChannel(Channel):
    """Posts to one endpoint, by connections that are kept open."""

    def __init__(self, settings: WebhookSettings) -> None:
        self._settings = settings
        self._url = httpcore.URL(settings.url.get_secret_value())
        self._keys = [key_of(secret.get_secret_value()) for secret in settings.secrets]
        self._headers: list[tuple[bytes | str, bytes | str]] = [
            ("user-agent", "loyalcore-webhook"),
            *((name, value.get_secret_value()) for name, value in settings.headers.items()),
        ]
        self._deadline = Deadline()
        self._pool = httpcore.ConnectionPool(
            ssl_context=ssl.create_default_context(cafile=settings.ca_file),
            max_connections=None,
            keepalive_expiry=IDLE,
            network_backend=GuardedBackend(self._deadline, allow_private=settings.allow_private),
        )

    def send(self, message: Message) -> Receipt:
        return self._post(message.key, ONE, as_json(event_of(message, self._settings)))

    def send_batch(self, messages: Sequence[Message]) -> Sequence[Receipt | Undelivered]:
        """All in one request. Where that is refused for what is in it, each half goes by itself,
        so that a message which can't be taken holds up no other."""
        events = as_json([event_of(message, self._settings) for message in messages])
        try:
            return [self._post(batch_id(messages), BATCH, events)] * len(messages)
        except _ContentRefused as refused:
            if len(messages) == 1:
                return [refused]
        except Undelivered as failed:
            return [failed] * len(messages)
        half = len(messages) // 2
        return [*self.send_batch(messages[:half]), *self.send_batch(messages[half:])]

    def close(self) -> None:
        self._pool.close()

    def _post(self, id: str, content_type: str, body: bytes) -> Receipt:
        now = int(time())
        headers = [
            *self._headers,
            ("content-type", content_type),
            ("webhook-id", id),
            ("webhook-timestamp", str(now)),
            ("webhook-signature", signatures(self._keys, id, now, body)),
        ]
        try:
            with (
                self._deadline.within(self._settings.timeout),
                self._pool.stream("POST", self._url, headers=headers, content=body) as response,
            ):
                _read(response)
        except httpcore.TimeoutException:
            raise TryAgain(f"no answer within {self._settings.timeout:g} seconds") from None
        except Refused as refused:
            raise TryAgain(str(refused)) from None
        except httpcore.ConnectError as error:
            raise TryAgain(_why(error)) from None
        except (httpcore.NetworkError, httpcore.ProtocolError):
            raise TryAgain("the connection broke off") from None
        return _receipt(response.status, _by_name(response))


class _ContentRefused(GiveUp):
    """The endpoint can't take what is in a request."""


def _read(response: httpcore.Response) -> None:
    """Take in the answer, so that the connection can be used again; a long one is cut off."""
    left = LONGEST_ANSWER
    for part in response.iter_stream():
        left -= len(part)
        if left < 0:
            return


def _by_name(response: httpcore.Response) -> Mapping[str, str]:
    return {
        name.decode("latin-1").lower(): value.decode("latin-1") for name, value in response.headers
    }


def _why(error: httpcore.ConnectError) -> str:
    """Why there is no connection, without addresses and names."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return f"its certificate is not trusted: {cause.verify_message}"
        if isinstance(cause, ssl.SSLError):
            return f"no TLS: {cause.reason}"
        cause = cause.__cause__ or cause.__context__
    return "no connection"


def _receipt(status: int, headers: Mapping[str, str]) -> Receipt:
    """What an answer means. Raises Undelivered for all but 2xx."""
    if 200 <= status < 300:
        name = headers.get("x-request-id", "")
        return Receipt(name if _ID.fullmatch(name) else "")
    said = f"HTTP {status}"
    if status == 429 or (status == 503 and "retry-after" in headers):
        raise Throttled(said, _seconds(headers.get("retry-after", "")))
    if status >= 500 or status in LATER:
        raise TryAgain(said)
    if 300 <= status < 400:
        raise GiveUp(f"{said}: redirects are not followed")
    raise (_ContentRefused if status in OF_ITS_CONTENT else GiveUp)(said)


def _seconds(retry_after: str) -> float:
    """The seconds that Retry-After asks for, as a number or as a date; else a minute."""
    if retry_after.strip().isdecimal():
        return max(1.0, float(retry_after))
    try:
        return max(1.0, parsedate_to_datetime(retry_after).timestamp() - time())
    except (ValueError, OverflowError):
        return 60.0
