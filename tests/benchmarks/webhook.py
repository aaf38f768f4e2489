"""Messages from an outbox to an endpoint by the channel `webhook`, of which one request in twenty
fails: how many are lost, how many come twice under one key that was acknowledged, how fast.

    python webhook.py [MESSAGES]

The endpoint is a process of its own on loopback. Half of the failures come before it has taken
the message and half after, as an answer of 500 or as a connection that breaks off.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections import Counter
from multiprocessing import Pipe, Process
from multiprocessing.connection import Connection
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from threading import Event
from time import perf_counter, sleep
from typing import ClassVar

from click.testing import CliRunner

from loyalcore.cli import main as command_line
from loyalcore.delivery.deliver import deliver
from loyalcore.delivery.pace import Pace
from loyalcore.delivery.settings import Configured
from loyalcore.runner.replay import CompiledPrograms
from loyalcore.store import Store
from loyalcore_webhook import WEBHOOK

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
FAILING = 0.05

RULESET = """\
program: club
events: {join: {name: text}}
rules: {hello: {on: join, then: [{send: welcome}]}}
messages: {welcome: {channel: webhook, text: 'Welcome, {{ name }}.'}}
"""


class Endpoint(asyncio.Protocol):
    """One connection of the endpoint; what it took is counted for all of them."""

    taken: ClassVar[Counter[str]] = Counter()
    acknowledged: ClassVar[set[str]] = set()
    counts: ClassVar[Counter[str]] = Counter()
    random = Random(5)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport, self._buffer = transport, b""

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while b"\r\n\r\n" in self._buffer:
            head, _, rest = self._buffer.partition(b"\r\n\r\n")
            named = dict(line.split(b": ", 1) for line in head.lower().split(b"\r\n")[1:])
            length = int(named[b"content-length"])
            if len(rest) < length:
                return
            self._buffer = rest[length:]
            self._take(named[b"webhook-id"].decode())

    def _take(self, key: str) -> None:
        self.counts["requests"] += 1
        fails = self.random.random() < FAILING
        early = self.random.random() < 0.5
        self.counts["failed"] += fails
        if not (fails and early):
            self.counts["again after it was acknowledged"] += key in self.acknowledged
            self.taken[key] += 1
        if not fails:
            self.acknowledged.add(key)
            self._transport.write(b"HTTP/1.1 204 No Content\r\n\r\n")
        elif self.random.random() < 0.5:
            answer = b"HTTP/1.1 500 Internal Server Error\r\ncontent-length: 0\r\n\r\n"
            self._transport.write(answer)
        else:
            self._transport.abort()


def serve(told: Connection) -> None:
    """Answer until asked what came in."""

    async def until_asked() -> None:
        loop = asyncio.get_running_loop()
        server = await loop.create_server(Endpoint, "127.0.0.1", 0)
        told.send(server.sockets[0].getsockname()[1])
        await loop.run_in_executor(None, told.recv)
        told.send((Endpoint.taken, Endpoint.counts))

    asyncio.run(until_asked())


def made(folder: Path, messages: int) -> Path:
    """A store in which so many messages wait."""
    (folder / "club.yaml").write_text(RULESET)
    with (folder / "events.jsonl").open("w") as file:
        for n in range(messages):
            event = {"id": str(n), "customer": f"c{n}", "type": "join", "time": "2026-01-01"}
            file.write(json.dumps({**event, "name": f"Kari {n}"}) + "\n")
    files = (folder / "club.yaml", folder / "events.jsonl")
    command = ["run", *map(str, files), "--db", str(folder / "club.db")]
    CliRunner().invoke(command_line, command, catch_exceptions=False)
    return folder / "club.db"


def statuses(store: Path) -> Counter[str]:
    with Store.open(store) as opened:
        query = "select status, count(*) from outbox group by status"
        return Counter(dict(opened.connection.execute(query)))


def main(messages: int) -> None:
    ours, theirs = Pipe()
    endpoint = Process(target=serve, args=(theirs,), daemon=True)
    endpoint.start()
    url = f"http://127.0.0.1:{ours.recv()}/"
    own = {"url": url, "secrets": [SECRET], "allow_http": True, "allow_private": True}
    settings = WEBHOOK.settings.model_validate(own)
    pace = Pace(workers=8, backoff=0.5, longest=1.0, attempts=100)
    with TemporaryDirectory() as folder:
        store = made(Path(folder), messages)
        began = perf_counter()
        while statuses(store)["pending"]:
            channels = {"webhook": Configured("webhook", WEBHOOK, settings, pace)}
            deliver(store, channels, CompiledPrograms, stop=Event())
            sleep(0.1)
        seconds = perf_counter() - began
        noted = statuses(store)
        with Store.open(store) as opened:
            keys = {key for (key,) in opened.connection.execute("select key from outbox")}
    ours.send("what came in?")
    taken, counts = ours.recv()
    endpoint.join()
    print(f"{messages:,} messages in {seconds:,.0f} s, {messages / seconds:,.0f} a second")
    print(f"noted as sent                         {noted['sent']:,}")
    print(f"requests, of which failed             {counts['requests']:,}, {counts['failed']:,}")
    print(f"lost                                  {len(keys - taken.keys()):,}")
    print(f"repeated with their key after failing {taken.total() - len(taken):,}")
    print(f"came again after being acknowledged   {counts['again after it was acknowledged']:,}")
    assert taken.keys() == keys
    assert noted == Counter(sent=messages)
    assert not counts["again after it was acknowledged"]


if __name__ == "__main__":
    main(int(sys.argv[1]) if sys.argv[1:] else 100_000)
