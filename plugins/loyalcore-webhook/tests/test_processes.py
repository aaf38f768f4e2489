"""From the outbox of a store to an endpoint: nothing is lost, and what comes twice has its key,
whatever breaks. The deliverers that are killed are real processes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from random import Random
from threading import Event, Lock
from typing import Any

import pytest
from click.testing import CliRunner

from loyalcore.channels import AnyChannelKind
from loyalcore.cli import main
from loyalcore.delivery.deliver import deliver
from loyalcore.delivery.pace import Pace
from loyalcore.delivery.settings import Configured
from loyalcore.runner.replay import CompiledPrograms
from loyalcore.store import Store
from loyalcore.store.outbox import list_messages
from loyalcore_webhook import WEBHOOK, WEBHOOK_BATCH

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

RULESET = """\
program: club
events: {join: {phone: text}}
rules: {hello: {on: join, then: [{send: welcome}]}}
messages: {welcome: {channel: webhook, text: 'Welcome, {{ phone }}.'}}
"""


class Club:
    """A store in which a message waits for each customer."""

    def __init__(self, folder: Path, customers: int) -> None:
        self.folder, self.path = folder, folder / "club.db"
        (folder / "club.yaml").write_text(RULESET)
        lines = (
            {
                "id": f"j{n}",
                "customer": f"c{n}",
                "type": "join",
                "time": "2026-01-01",
                "phone": f"{n}",
            }
            for n in range(customers)
        )
        (folder / "events.jsonl").write_text("".join(f"{json.dumps(one)}\n" for one in lines))
        command = ["run", folder / "club.yaml", "--db", self.path, folder / "events.jsonl"]
        done = CliRunner().invoke(main, [*map(str, command)])
        assert done.exit_code == 0, done.output

    def keys(self, status: str | None = None) -> set[str]:
        with Store.open(self.path) as store:
            return {row.key for row in list_messages(store.connection, status=status)}

    def start(self, url: str, *options: str) -> subprocess.Popen[str]:
        """A deliverer, as an operator starts it."""
        (self.folder / "settings.toml").write_text(
            "[delivery]\nlease = 0.5\nbackoff = 0.05\n[channels.webhook]\n"
            f'url = "{url}"\nsecrets = ["{SECRET}"]\nallow_http = true\nallow_private = true\n'
        )
        command = ["deliver", "--db", self.path, "--settings", self.folder / "settings.toml"]
        return subprocess.Popen(
            [sys.executable, "-m", "loyalcore", *map(str, command), *options],
            cwd=self.folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def finish(self, url: str) -> None:
        """Deliver to the end, once the leases of who was killed are over."""
        until = time.monotonic() + 60
        while self.keys("pending"):
            assert time.monotonic() < until
            time.sleep(0.55)
            with self.start(url) as process:
                _, err = process.communicate()
            assert process.returncode == 0, err


@pytest.fixture
def make_club(tmp_path: Path) -> Callable[[int], Club]:
    return lambda customers: Club(tmp_path, customers)


def ids(receiver: Any) -> Counter[str]:
    """How often each message came in, whole and genuine."""
    return Counter(request.verified()["id"] for request in receiver.requests)


class Shaky:
    """An endpoint that fails this share of requests, half of them before it has taken what is
    in them and half after, and that knows a key again."""

    def __init__(self, share: float) -> None:
        self._chance = share / 2  # asked twice for each request
        self.taken: dict[str, bytes] = {}
        self.failures: Counter[str] = Counter()
        self.needless = 0  # the same again, though it had said that it took it
        self._said: set[str] = set()
        self._random, self._lock = Random(5), Lock()

    def answer(self, request: Any) -> Any:
        with self._lock:
            found = json.loads(request.body)
            events = found if isinstance(found, list) else [found]
            if (reply := self._failure()) is not None:
                return reply
            for event in events:
                self._take(event)
            if (reply := self._failure()) is not None:
                return reply
            self._said |= {event["id"] for event in events}
        return 204, {}, b""

    def _take(self, event: Any) -> None:
        content = json.dumps(event, sort_keys=True).encode()
        self.needless += event["id"] in self._said
        assert self.taken.setdefault(event["id"], content) == content

    def _failure(self) -> Any:
        if self._random.random() > self._chance:
            return None
        kind = self._random.choice(["500", "503", "broken"])
        self.failures[kind] += 1
        return (int(kind), {}, b"") if kind.isdigit() else (lambda h: h.connection.shutdown(2))


@pytest.mark.parametrize(
    ("kind", "count", "share"),
    [(WEBHOOK, 2_000, 0.05), (replace(WEBHOOK_BATCH, batch=10), 500, 0.5)],
)
def test_of_messages_that_fail_none_is_lost_and_none_comes_twice_under_its_key(
    make_club: Any, receiver: Any, kind: AnyChannelKind, count: int, share: float
) -> None:
    club = make_club(count)
    shaky = Shaky(share)
    receiver.answer = shaky.answer
    settings = kind.settings.model_validate(
        {"url": receiver.url, "secrets": [SECRET], "allow_http": True, "allow_private": True}
    )
    pace = Pace(workers=8, backoff=0.01, longest=0.02, attempts=1_000)
    configured = Configured("webhook", kind, settings, pace)

    while club.keys("pending"):
        tally = deliver(club.path, {"webhook": configured}, CompiledPrograms, stop=Event())
        assert tally["webhook"].dead == 0
        time.sleep(0.02)

    assert shaky.taken.keys() == club.keys("sent")
    assert len(shaky.taken) == count
    assert shaky.needless == 0
    assert {*shaky.failures} == {"500", "503", "broken"}


def test_killed_at_every_point_of_a_send(make_club: Any, receiver: Any) -> None:
    """As the endpoint sees it: with the request still coming in, taken but not answered, and
    answered; early and late."""
    club = make_club(60)
    process: subprocess.Popen[str]

    def kill(handler: Any = None) -> None:
        os.kill(process.pid, signal.SIGKILL)

    def answered(handler: Any) -> None:
        handler.send_response(204)
        handler.send_header("content-length", "0")
        handler.end_headers()
        kill()

    def taken(handler: Any) -> None:
        kill()
        handler.connection.shutdown(2)

    for number, last in [(1, answered), (15, taken), (15, answered)]:
        asked, before = 0, len(receiver.requests)

        def answer(request: Any, number: int = number, last: Any = last) -> Any:
            nonlocal asked
            asked += 1
            return last if asked == number else (204, {}, b"")

        receiver.answer = answer
        with club.start(receiver.url) as process:
            process.communicate()
        assert process.returncode == -signal.SIGKILL
        assert len(receiver.requests) >= before + number
        time.sleep(0.55)

    receiver.answer = lambda request: (204, {}, b"")
    club.finish(receiver.url)

    came = ids(receiver)
    assert came.keys() == club.keys("sent")
    assert len(came) == 60
    # What the four workers had in hand at each death, under the same keys.
    assert sum(came.values()) - 60 <= 4 * 3


def test_killed_at_any_moment(make_club: Any, receiver: Any) -> None:
    club = make_club(150)
    moment = Random(7)
    receiver.answer = lambda request: (time.sleep(0.01), (204, {}, b""))[1]
    for _ in range(3):
        before = len(receiver.requests)
        with club.start(receiver.url) as process:
            while process.poll() is None and len(receiver.requests) == before:
                time.sleep(0.005)
            time.sleep(moment.random() * 0.2)
            process.kill()
        time.sleep(0.55)
    club.finish(receiver.url)
    came = ids(receiver)
    assert came.keys() == club.keys("sent")
    assert len(came) == 150
    assert sum(came.values()) - 150 <= 4 * 3


def test_two_at_once(make_club: Any, receiver: Any) -> None:
    club = make_club(150)
    deliverers = [club.start(receiver.url, "--json") for _ in range(2)]
    sent = []
    for process in deliverers:
        with process:
            out, err = process.communicate()
            assert process.returncode == 0, err
            sent.append(json.loads(out)["channels"]["webhook"]["sent"])
    assert sum(sent) == 150
    assert ids(receiver) == Counter(dict.fromkeys(club.keys("sent"), 1))
