"""A real HTTP server on loopback that answers as a test tells it."""

from __future__ import annotations

import json
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest
from standardwebhooks.webhooks import Webhook

from loyalcore.channels import Message
from loyalcore_webhook.channel import WebhookChannel
from loyalcore_webhook.settings import WebhookSettings

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


@dataclass(frozen=True)
class Request:
    """What came in."""

    path: str
    headers: dict[str, str]
    body: bytes

    def verified(self, secret: str = SECRET) -> Any:
        """The content, if it was signed by this secret, as the public library sees it."""
        return Webhook(secret).verify(self.body, self.headers)


# The status, headers, and body; or something that is done with the open connection.
Answer = tuple[int, dict[str, str], bytes] | Callable[[BaseHTTPRequestHandler], None]

OK: Answer = (204, {}, b"")


@dataclass
class Receiver:
    """An endpoint; `answer` says how it answers each request."""

    url: str = ""
    answer: Callable[[Request], Answer] = lambda request: OK
    requests: list[Request] = field(default_factory=list)
    connections: int = 0

    @property
    def bodies(self) -> list[Any]:
        return [json.loads(request.body) for request in self.requests]


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128
    receiver: Receiver

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is what a test wanted."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server

    def setup(self) -> None:
        super().setup()
        self.server.receiver.connections += 1

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        if len(body) < int(self.headers["content-length"]):
            self.close_connection = True  # who sent it was killed
            return
        headers = {name.lower(): value for name, value in self.headers.items()}
        request = Request(self.path, headers, body)
        self.server.receiver.requests.append(request)
        answer = self.server.receiver.answer(request)
        if callable(answer):
            answer(self)
            return
        status, said, content = answer
        self.send_response(status)
        for name, value in said.items():
            self.send_header(name, value)
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing."""


@contextmanager
def listening(context: ssl.SSLContext | None = None) -> Iterator[Receiver]:
    server = _Server(("127.0.0.1", 0), _Handler)
    if context is not None:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    scheme = "http" if context is None else "https"
    server.receiver = Receiver(f"{scheme}://127.0.0.1:{server.server_port}/hook")
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server.receiver
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with listening() as receiver:
        yield receiver


@pytest.fixture
def listen() -> Callable[..., Any]:
    return listening


@pytest.fixture
def open_channel() -> Iterator[Callable[..., WebhookChannel]]:
    """Open a channel to a URL on loopback; `settings` are its others."""
    channels: list[WebhookChannel] = []

    def open_(url: str, **settings: object) -> WebhookChannel:
        local = {"allow_http": True, "allow_private": True, "secrets": [SECRET], "timeout": 5}
        made = WebhookSettings.model_validate({"url": url, **local, **settings})
        channels.append(WebhookChannel(made))
        return channels[-1]

    yield open_
    for channel in channels:
        channel.close()


@pytest.fixture
def message() -> Callable[..., Message]:
    def make(key: str = "k-1", text: str = "Welcome, Kåri.") -> Message:
        values = {"name": "Kåri"}
        return Message(
            *(key, "ann", "welcome", "+4712345678", "Hello", text, "<p>Hi</p>", "nb"),
            values=values,
            purpose="promotional",
            time=1_770_000_000_000_000,
        )

    return make
