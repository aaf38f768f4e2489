"""The command line, and the store of a small club."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from loyalcore.cli import main

RULESET = """\
program: club
currency: EUR
timezone: Europe/Oslo
customer: {name: text, birthday: date, referrer: id}
events:
  sign_up: {name: text, birthday: date, referrer: id}
  purchase: {amount: {type: money, required: true}, channel: text}
  referral: {friend: id}
metrics:
  orders: {count: purchase}
  spend: {sum: purchase.amount, over: 30 days}
wallets: {points: {}, stars: {}}
rules:
  earn:
    on: purchase
    then: [{earn: {points: amount}}]
  web-bonus:
    on: purchase
    when: channel == 'web' and amount >= 20
    limit: 1 per day
    then: [{earn: {points: 10}}]
  birthday:
    on: purchase
    when: month(birthday) == month
    then: [{issue: {voucher: cake}}]
  summer:
    on: purchase
    when: spend > 0
    from: 2026-06-01
    until: 2026-06-30
    then: [{earn: {stars: 1}}]
  thank-referrer:
    on: purchase
    when: orders == 1 and not missing(referrer)
    then: [{emit: {type: referral, customer: referrer, data: {friend: customer.id}}}]
  welcome:
    on: sign_up
    limit: once
    then:
      - set: {name: name, birthday: birthday, referrer: referrer, tags.new: true}
      - send: hello
  bonus:
    on: referral
    then: [{earn: {points: 50}}]
messages:
  hello: {channel: email, subject: Hello, text: 'Welcome, {{ name }}.'}
"""

EVENTS = """\
{"id": "s1", "customer": "ann", "type": "sign_up", "time": "2026-01-01T10:00Z", "name": "Ann"}
{"id": "s2", "customer": "bob", "type": "sign_up", "time": "2026-01-02T10:00Z", "name": "Bob", \
"birthday": "1990-01-20", "referrer": "ann"}
{"id": "b1", "customer": "bob", "type": "purchase", "time": "2026-01-03T10:00Z", \
"amount": 25.50, "channel": "web"}
{"id": "b2", "customer": "bob", "type": "purchase", "time": "2026-01-03T12:00Z", \
"amount": 30, "channel": "web"}
{"id": "a1", "customer": "ann", "type": "purchase", "time": "2026-01-04T10:00Z", "amount": 12}
"""

REJECTED = """\
{"id": "r1", "customer": "cat", "type": "visit",  "time": "2026-01-05T10:00Z"}
{"id": "r2", "customer": "cat", "type": "purchase", "time": "2026-01-05T11:00Z", "amount": "much"}
{"id": "r3", "customer":
"""


@dataclass(frozen=True)
class Said:
    """What a command said, and how it exited."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


Cli = Callable[..., Said]


def in_process(*arguments: object) -> Said:
    """Run the command line in this process: the same, but for the second that a process
    takes to start (test_process.py)."""
    result = CliRunner().invoke(main, [str(argument) for argument in arguments])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return Said(result.exit_code, result.stdout, result.stderr)


def of_its_own(*arguments: object) -> Said:
    """Run the command line as a process of its own, to its end."""
    done = subprocess.run(
        [sys.executable, "-m", "loyalcore", *map(str, arguments)],
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    return Said(done.returncode, done.stdout, done.stderr)


@pytest.fixture(scope="session")
def cli() -> Cli:
    return in_process


@pytest.fixture(scope="session")
def process() -> Cli:
    return of_its_own


@pytest.fixture(scope="session")
def folded() -> Callable[[Path, str, str], Path]:
    """The store that a ruleset and lines of events make in a folder: NAME.db, beside NAME.yaml
    and events.jsonl, by the program's name."""

    def fold(folder: Path, ruleset: str, events: str) -> Path:
        name = ruleset.split(maxsplit=2)[1]
        (folder / f"{name}.yaml").write_text(ruleset)
        (folder / "events.jsonl").write_text(events)
        db = folder / f"{name}.db"
        done = in_process("run", folder / f"{name}.yaml", folder / "events.jsonl", "--db", db)
        assert done.status == 0, done.err
        return db

    return fold


@pytest.fixture(scope="session")
def club(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with club.yaml, and club.db with what the five events of events.jsonl and
    the three lines of rejected.jsonl came to. Not to be changed."""
    folder = tmp_path_factory.mktemp("club")
    (folder / "club.yaml").write_text(RULESET)
    (folder / "events.jsonl").write_text(EVENTS)
    (folder / "rejected.jsonl").write_text(REJECTED)
    files = (folder / "events.jsonl", folder / "rejected.jsonl")
    done = in_process("run", folder / "club.yaml", "--db", folder / "club.db", *files)
    assert done.status == 1, done.err
    return folder


@pytest.fixture(scope="session")
def db(club: Path) -> Path:
    """The store of the club."""
    return club / "club.db"


@pytest.fixture
def copy(club: Path, tmp_path: Path) -> Path:
    """The folder of the club, to change."""
    return shutil.copytree(club, tmp_path / "club")
