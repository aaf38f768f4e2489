"""Deliverers as processes: killed at any point of a send, several at once, beside a run."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

import loyalcore

Club = Any

SPOOL = '''\
"""A channel that appends the keys it is given to a file, and may die at any of them."""

import itertools
import os
import signal

from pydantic import BaseModel

from loyalcore.channels import Channel, ChannelKind, Receipt
from loyalcore.hookspecs import hookimpl


class SpoolSettings(BaseModel):
    path: str
    die_before: int = 0
    die_after: int = 0


class Spool(Channel):
    def __init__(self, settings):
        self.settings, self.numbers = settings, itertools.count(1)

    def send(self, message):
        number = next(self.numbers)  # of one thread only
        if number == self.settings.die_before:
            os.kill(os.getpid(), signal.SIGKILL)
        with open(self.settings.path, "ab", buffering=0) as file:
            file.write(f"{message.key}\\n".encode())
        if number == self.settings.die_after:
            os.kill(os.getpid(), signal.SIGKILL)
        return Receipt(str(number))


@hookimpl
def loyalcore_channels():
    return [ChannelKind("post", SpoolSettings, Spool)]
'''


class Office:
    """A folder with the spool installed as pip installs a package, and the store of a club."""

    def __init__(self, folder: Path, club: Club) -> None:
        self.club = club
        self.spool = folder / "spool.txt"
        self._folder = folder
        site = folder / "site"
        info = site / "loyalcore_spool-1.0.dist-info"
        info.mkdir(parents=True)
        (site / "loyalcore_spool.py").write_text(SPOOL)
        (info / "METADATA").write_text("Metadata-Version: 2.1\nName: spool\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text("[loyalcore]\nspool = loyalcore_spool\n")
        path = os.pathsep.join([str(site), str(Path(loyalcore.__file__).parents[1])])
        self._environment = {**os.environ, "PYTHONPATH": path}

    def start(self, *options: str, lease: float = 60.0, **settings: int) -> subprocess.Popen[str]:
        own = "".join(f"{name} = {value}\n" for name, value in settings.items())
        text = f'[delivery]\nlease = {lease}\n[channels.post]\npath = "{self.spool}"\n{own}'
        file = self._folder / f"settings-{len(settings)}.toml"
        file.write_text(text)
        command = ["deliver", "--db", str(self.club.path), "--settings", str(file), *options]
        return self.run(*command)

    def run(self, *command: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "loyalcore", *command],
            env=self._environment,
            cwd=self._folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def finish(self) -> None:
        """Deliver to the end, once leases are over by the clock of the wall."""
        until = time.monotonic() + 30
        while any(row.status == "pending" for row in self.club.rows()):
            assert time.monotonic() < until
            time.sleep(0.6)
            with self.start() as process:
                _, err = process.communicate()
            assert process.returncode == 0, err

    def sent(self) -> Counter[str]:
        """How often each key is in the spool."""
        return Counter(self.spool.read_text().split()) if self.spool.exists() else Counter()


@pytest.fixture
def office(tmp_path: Path, make_club: Any) -> Office:
    return Office(tmp_path, make_club(200))


def keys(club: Club) -> set[str]:
    return {row.key for row in club.rows()}


@pytest.mark.parametrize("point", ["die_before", "die_after"])
@pytest.mark.parametrize("number", [1, 50, 200])
def test_killed_in_a_send_it_repeats_only_what_was_not_noted(
    office: Office, point: str, number: int
) -> None:
    with office.start(lease=0.5, **{point: number}) as process:
        process.communicate()
    assert process.returncode == -signal.SIGKILL

    office.finish()

    sent = office.sent()
    assert {*sent} == keys(office.club)  # none is lost
    repeated = sum(times - 1 for times in sent.values())
    assert repeated <= 4  # what the four workers had in hand, each with its own key
    assert {row.status for row in office.club.rows()} == {"sent"}


def test_killed_from_outside_again_and_again(office: Office) -> None:
    for size in (1, 1_500, 3_000, 4_500):
        with office.start(lease=0.5) as process:
            while process.poll() is None and (
                not office.spool.exists() or office.spool.stat().st_size < size
            ):
                time.sleep(0.002)
            process.kill()
        time.sleep(0.6)

    office.finish()

    assert {*office.sent()} == keys(office.club)
    assert {row.status for row in office.club.rows()} == {"sent"}


def test_two_at_once_send_each_message_once(office: Office) -> None:
    deliverers = [office.start() for _ in range(2)]
    for process in deliverers:
        with process:
            _, err = process.communicate()
            assert process.returncode == 0, err

    assert {*office.sent().values()} == {1}
    assert {*office.sent()} == keys(office.club)


def test_it_delivers_while_a_run_goes_on_and_ends_when_asked(office: Office) -> None:
    folder = office.club.path.parent
    more = folder / "more.jsonl"
    more.write_text(
        "".join(
            f'{{"id": "m{n}", "customer": "m{n}", "type": "join", "time": "2026-02-01"}}\n'
            for n in range(3_000)
        )
    )
    with office.start("--follow", "--json") as following:
        command = ["run", str(folder / "club.yaml"), "--db", str(office.club.path), str(more)]
        with office.run(*command, "--batch", "20") as running:
            _, err = running.communicate()
            assert running.returncode == 0, err
        until = time.monotonic() + 60
        while len(office.sent()) < 3_200 and time.monotonic() < until:
            time.sleep(0.1)
        following.terminate()
        out, err = following.communicate()
    assert following.returncode == 0, err
    assert json.loads(out) == {
        "channels": {
            "file": {"sent": 0, "later": 0, "dead": 0, "throttled": 0, "withheld": 0},
            "post": {"sent": 3_200, "later": 0, "dead": 0, "throttled": 0, "withheld": 0},
        },
        "unusable": {},
    }
    assert {*office.sent().values()} == {1}
