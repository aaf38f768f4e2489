"""loyalcore and its plugins as they are built, in an environment with nothing else: they are
found by their entry points, and messages go out by them.

The environment is made under build/ by `make venv`, as an operator would make it, and kept
until a pyproject.toml changes; what is tested in it are the wheels of now, by the tests of each
plugin too.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from email import message_from_bytes
from email.policy import default
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from shutil import copytree, ignore_patterns
from threading import Thread
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP
from filelock import FileLock
from standardwebhooks.webhooks import Webhook

ROOT = Path(__file__).parents[1]
VENV = ROOT / "build" / "wheels"
PLUGINS = ("apprise", "clv", "email", "webhook")
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

RULESET = """\
program: club
customer: {email: text}
events: {join: {email: text}}
rules: {hello: {on: join, then: [{set: {email: email}}, {send: letter}, {send: note}]}}
messages:
  letter: {channel: email, to: email, subject: Velkommen, text: Hei!, purpose: promotional}
  note: {channel: webhook, text: Somebody joined.}
"""
EVENT = {"id": "1", "customer": "ann", "type": "join", "time": "2026-01-01", "email": "ann@x.org"}


@pytest.fixture(scope="module")
def loyalcore(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The command, installed from wheels."""
    wheels = tmp_path_factory.mktemp("wheels")
    projects = [ROOT, *(ROOT / "plugins" / f"loyalcore-{name}" for name in PLUGINS)]
    quiet = ("--quiet", "--no-deps", "--disable-pip-version-check")
    VENV.parent.mkdir(exist_ok=True)
    with FileLock(VENV.with_suffix(".lock")):
        _run("make", "venv", f"PYTHON={sys.executable}", f"VENV={VENV}", "EXTRAS=")
        build = (sys.executable, "-m", "pip", "wheel", *quiet, "--no-build-isolation")
        _run(*build, "--wheel-dir", wheels, *projects)
        install = (VENV / "bin" / "python", "-m", "pip", "install", *quiet, "--no-index")
        _run(*install, "--force-reinstall", *sorted(wheels.glob("*.whl")))
        _run(VENV / "bin" / "python", "-m", "pip", "install", "--quiet", *_for_tests(projects[1:]))
        yield VENV / "bin" / "loyalcore"


def _for_tests(projects: Sequence[Path]) -> list[str]:
    """What the tests of these need, by their own account."""
    written = (tomllib.loads((one / "pyproject.toml").read_text("utf-8")) for one in projects)
    return sorted(
        {need for one in written for need in one["project"]["optional-dependencies"]["dev"]}
    )


def _run(*command: object, cwd: Path = ROOT) -> str:
    """What it prints, outside of the environment that runs the tests."""
    hidden = ("PYTHON", "MAKE", "VIRTUAL_ENV", "COV_")
    outside = {name: value for name, value in os.environ.items() if not name.startswith(hidden)}
    done = subprocess.run(
        [*map(str, command)], cwd=cwd, env=outside, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_what_is_installed_is_found(loyalcore: Path, tmp_path: Path) -> None:
    python = loyalcore.with_name("python")
    where = "import loyalcore, loyalcore_email; print(loyalcore.__file__, loyalcore_email.__file__)"
    assert str(ROOT / "src") not in _run(python, "-c", where, cwd=tmp_path)
    doctor = json.loads(_run(loyalcore, "doctor", "--json", cwd=tmp_path))
    words = {plugin["name"]: plugin["words"] for plugin in doctor["plugins"]}
    assert {name: words[name] for name in PLUGINS} == {
        "apprise": ["apprise"],
        "clv": ["clv"],
        "email": ["email", "email"],
        "webhook": ["webhook", "webhook-batch"],
    }


@pytest.mark.parametrize("name", PLUGINS)
def test_each_passes_its_own_tests(loyalcore: Path, tmp_path: Path, name: str) -> None:
    # Away from the sources and their settings. Processes that are killed are killed elsewhere: that
    # is about the deliverer more than about a package, and takes most of the time.
    package = ROOT / "plugins" / f"loyalcore-{name}"
    copy = tmp_path / "plugins" / package.name
    copytree(package / "tests", copy / "tests", ignore=ignore_patterns("__pycache__"))
    (copy / "README.md").write_bytes((package / "README.md").read_bytes())
    (tmp_path / "build").symlink_to(ROOT / "build")  # the sample that clv is tested by
    pytest_ = (loyalcore.with_name("python"), "-m", "pytest", "-q", "-W", "error")
    said = _run(*pytest_, "--ignore", copy / "tests" / "test_processes.py", copy, cwd=tmp_path)
    assert re.search(r"^[1-9]\d* passed in ", said, re.MULTILINE), said


def test_a_message_goes_out_by_each(loyalcore: Path, tmp_path: Path) -> None:
    (tmp_path / "club.yaml").write_text(RULESET)
    (tmp_path / "events.jsonl").write_text(json.dumps(EVENT))
    _run(loyalcore, "run", "club.yaml", "--db", "club.db", "events.jsonl", cwd=tmp_path)
    letters: list[bytes] = []
    posts: list[tuple[Mapping[str, str], bytes]] = []
    with _smtp(letters) as smtp, _http(posts) as http:
        (tmp_path / "settings.toml").write_text(
            f"""
            [channels.email]
            host = "127.0.0.1"
            port = {smtp}
            tls = "none"
            sender = "Club <club@example.org>"
            [channels.email.unsubscribe]
            url = "https://club.example.org/unsubscribe/{{token}}"
            secret = "a secret of some length"
            [channels.webhook]
            url = "http://127.0.0.1:{http}/"
            secrets = ["{SECRET}"]
            allow_http = true
            allow_private = true
            """
        )
        deliver = ("deliver", "--db", "club.db", "--settings", "settings.toml", "--json")
        said = json.loads(_run(loyalcore, *deliver, cwd=tmp_path))
    sent = {name: tally["sent"] for name, tally in said["channels"].items()}
    assert sent == {"email": 1, "file": 0, "webhook": 1}
    (letter,) = letters
    mail = message_from_bytes(letter, policy=default)
    assert (mail["To"], mail["Subject"]) == ("ann@x.org", "Velkommen")
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    ((headers, body),) = posts
    event: Any = Webhook(SECRET).verify(body, dict(headers))
    assert (event["subject"], event["data"]["text"]) == ("ann", "Somebody joined.")


class _Office:
    """Takes every letter."""

    def __init__(self, letters: list[bytes]) -> None:
        self._letters = letters

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        self._letters.append(envelope.content)
        return "250 Ok"


@contextmanager
def _smtp(letters: list[bytes]) -> Iterator[int]:
    """A mail server; its port."""
    loop = asyncio.new_event_loop()
    made = loop.create_server(lambda: SMTP(_Office(letters), loop=loop), "127.0.0.1")
    server = loop.run_until_complete(made)
    thread = Thread(target=loop.run_forever)
    thread.start()
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        server.close()
        loop.run_until_complete(asyncio.sleep(0.01))
        loop.close()


@contextmanager
def _http(posts: list[tuple[Mapping[str, str], bytes]]) -> Iterator[int]:
    """An endpoint; its port."""

    class Endpoint(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            posts.append(({name.lower(): value for name, value in self.headers.items()}, body))
            self.send_response(204)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Nothing."""

    server = HTTPServer(("127.0.0.1", 0), Endpoint)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
