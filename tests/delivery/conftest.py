"""A club whose outbox waits, and a channel that does as a test tells it."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event

import pytest
from click.testing import CliRunner
from pydantic import BaseModel

from loyalcore.channels import Channel, ChannelKind, Message, NoSettings, Receipt, Undelivered
from loyalcore.cli import main
from loyalcore.delivery.deliver import deliver
from loyalcore.delivery.lane import Tally
from loyalcore.delivery.pace import Pace
from loyalcore.delivery.settings import Configured
from loyalcore.runner.replay import CompiledPrograms
from loyalcore.store import Store
from loyalcore.store.outbox import Message as Row
from loyalcore.store.outbox import list_messages

RULESET = """\
program: club
customer: {name: text}
events: {join: {name: text}}
rules:
  hello: {on: join, then: [{send: welcome}]}
messages:
  welcome: {channel: post, subject: Hello, text: 'Welcome, {{ name }}.'}
"""


class Scripted(Channel):
    """Does what `script` says of each message."""

    def __init__(self, script: Callable[[Message], object]) -> None:
        self._script = script
        self.closed = 0

    def send(self, message: Message) -> Receipt:
        return self._script(message)  # type: ignore[return-value]

    def close(self) -> None:
        self.closed += 1


class Bulk(Scripted):
    """Does what `script` says of many messages at once."""

    def send_batch(self, messages: Sequence[Message]) -> Sequence[Receipt | Undelivered]:
        return self._script(messages)  # type: ignore[arg-type, return-value]


@dataclass
class Club:
    """A store, and how to deliver from it."""

    path: Path
    stop: Event = field(default_factory=Event)

    def deliver(
        self,
        script: Callable[..., object],
        *,
        batch: int = 1,
        limit: int | None = None,
        follow: bool = False,
        opened: object = None,
        settings: BaseModel | None = None,
        **pace: object,
    ) -> Tally:
        """Send what is due by the channel `post`, which does what `script` says."""
        channel = opened or (Bulk if batch > 1 else Scripted)(script)
        kind = ChannelKind(
            "post",
            NoSettings,
            lambda settings: channel,
            batch=batch,  # type: ignore[arg-type, return-value]
        )
        quick = Pace.model_validate({"backoff": 0.01, "longest": 0.02, **pace})
        configured = Configured("post", kind, settings or NoSettings(), quick)
        tallies = deliver(
            self.path,
            {"post": configured},
            CompiledPrograms,
            stop=self.stop,
            limit=limit,
            follow=follow,
        )
        return tallies["post"]

    def rows(self) -> list[Row]:
        """The outbox as it is now."""
        with Store.open(self.path) as store:
            return list_messages(store.connection)

    def statuses(self) -> set[tuple[str, str | None]]:
        """Status and reason of every message."""
        return {(row.status, row.reason) for row in self.rows()}


MakeClub = Callable[..., Club]


@pytest.fixture
def make_club(tmp_path: Path) -> MakeClub:
    """Make a club that so many customers have joined: c00000 named Kari-0, and so on."""

    def make(customers: int = 10, ruleset: str = RULESET) -> Club:
        joined = (
            {"id": f"j{n}", "customer": f"c{n:05d}", "type": "join", "name": f"Kari-{n}"}
            for n in range(customers)
        )
        events = tmp_path / "events.jsonl"
        events.write_text(
            "".join(json.dumps({**one, "time": "2026-01-01"}) + "\n" for one in joined)
        )
        (tmp_path / "club.yaml").write_text(ruleset)
        store = tmp_path / "club.db"
        command = ["run", str(tmp_path / "club.yaml"), "--db", str(store), str(events)]
        done = CliRunner().invoke(main, command)
        assert done.exit_code == 0, done.output
        return Club(store)

    return make


@pytest.fixture
def club(make_club: MakeClub) -> Club:
    """A club that ten customers have joined."""
    return make_club()
