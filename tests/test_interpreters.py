"""The same decisions on every Python, and on 3.13 also where durable-rules can't be imported.

Each interpreter gets an environment under build/, made by `make venv` as an operator would
make it and kept until pyproject.toml changes. These are the only tests that may be left
out: those of an interpreter that this machine hasn't got.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock

ROOT = Path(__file__).parents[1]
BUILD = ROOT / "build"
RUNNING = f"{sys.version_info.major}.{sys.version_info.minor}"
VERSIONS = [version for version in ("3.11", "3.12", "3.13") if version != RUNNING]

# A durable-rules that can't be imported: built without the flag. Where the C compiler no
# longer lets a function go undeclared, it is told to, or there would be nothing to install.
PLAIN = "DURABLE_FLAG=-Wno-error=implicit-function-declaration"

RULESET = """\
program: corner-shop
currency: EUR
timezone: Europe/Oslo
events:
  purchase: {amount: money, channel: text}
metrics:
  orders: {count: purchase}
wallets:
  points: {}
rules:
  earn:
    on: purchase
    when: amount >= 10
    then: [{earn: {points: amount}}]
  second-order:
    on: purchase
    when: orders == 2 and not channel == 'web'
    then: [{earn: {points: 50}}]
"""
EVENTS = [
    {"id": "1", "time": "2026-01-31T09:30:00Z", "customer": "ada", "amount": "12.50"},
    {"id": "2", "time": "2026-02-01T10:00:00Z", "customer": "ada", "amount": "9.99"},
    {"id": "3", "time": "2026-02-02T11:15:00Z", "customer": "bo", "amount": "100.00"},
    {"id": "4", "time": "2026-02-03T12:00:00Z", "customer": "bo", "amount": "3.00"},
]


@pytest.mark.parametrize("version", VERSIONS)
def test_durable_rules_decides(version: str, tmp_path: Path) -> None:
    command = installed(version, BUILD / "interpreters" / version)

    doctor = answer(command, "doctor", "--json")
    assert doctor["python"].startswith(f"{version}.")
    assert (doctor["matcher"], doctor["notices"]) == ("durable", [])
    assert decisions(command, tmp_path / "other") == decisions(here(), tmp_path / "here")


def test_without_durable_rules_the_compiled_matcher_decides_the_same(tmp_path: Path) -> None:
    command = installed("3.13", BUILD / "interpreters" / "3.13-plain", PLAIN)

    doctor = answer(command, "doctor", "--json")
    assert doctor["matcher"] == "compiled"
    (notice,) = doctor["notices"]
    assert "durable" in notice
    assert decisions(command, tmp_path / "other") == decisions(here(), tmp_path / "here")


def installed(version: str, folder: Path, *options: str) -> Path:
    """The command `loyalcore` of an environment in `folder` on this version of Python."""
    python = interpreter(version)
    folder.parent.mkdir(parents=True, exist_ok=True)
    made = ["make", "venv", f"PYTHON={python}", f"VENV={folder}", "EXTRAS=", *options]
    with FileLock(folder.with_suffix(".lock")):
        done = subprocess.run(made, cwd=ROOT, env=outside(), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return folder / "bin" / "loyalcore"


def interpreter(version: str) -> str:
    """The path of this version of Python. A name on PATH may be a shim that leads nowhere."""
    name = shutil.which(f"python{version}")
    if name is not None:
        shown = [name, "-c", "import sys; print(sys.executable)"]
        done = subprocess.run(shown, capture_output=True, text=True)
        if done.returncode == 0:
            return done.stdout.strip()
    pytest.skip(f"no python{version} on PATH")


def here() -> Path:
    """The command `loyalcore` of the Python that runs the tests."""
    return Path(sysconfig.get_path("scripts")) / "loyalcore"


def decisions(command: Path, folder: Path) -> Any:
    """What a run of EVENTS decides, as the command line tells it."""
    folder.mkdir()
    ruleset, events, store = folder / "shop.yaml", folder / "shop.jsonl", folder / "shop.db"
    ruleset.write_text(RULESET, encoding="utf-8")
    lines = [json.dumps({"type": "purchase", "channel": "shop", **event}) for event in EVENTS]
    events.write_text("\n".join(lines), encoding="utf-8")
    answer(command, "run", str(ruleset), "--db", str(store), "--json", str(events))
    found = answer(command, "decisions", "list", "--db", str(store), "--json")
    assert len(found) == 4
    return found


def answer(command: Path, *arguments: str) -> Any:
    """The JSON that the command prints."""
    line = [str(command), *arguments]
    done = subprocess.run(line, env=outside(), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def outside() -> dict[str, str]:
    """The environment without what the surrounding make, pytest and Python put into it."""
    ours = ("MAKE", "MFLAGS", "COV_", "PYTEST", "PYTHON", "VIRTUAL_ENV", "VENV", "EXTRAS")
    return {name: value for name, value in os.environ.items() if not name.startswith(ours)}
