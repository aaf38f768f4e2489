"""A server of one's own, for the services json:// and form:// of Apprise."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest

STATUSES = ("200", "404", "429", "500")


@dataclass
class Service:
    """A server of one's own, that answers with `status` or as the path says."""

    port: int = 0
    status: int = 200
    requests: list[tuple[str, bytes]] = field(default_factory=list)

    @property
    def bodies(self) -> list[Any]:
        return [json.loads(body) for _, body in self.requests]


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    service: Service


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        self.server.service.requests.append((self.path, body))
        last = self.path.rpartition("/")[2]
        self.send_response(int(last) if last in STATUSES else self.server.service.status)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Nothing."""


@pytest.fixture
def service() -> Iterator[Service]:
    server = _Server(("127.0.0.1", 0), _Handler)
    server.service = Service(server.server_port)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server.service
    server.shutdown()
    thread.join()
    server.server_close()
