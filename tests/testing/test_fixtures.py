"""The fixtures are there for a test that names them, in a process of its own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

TEST = """\
from loyalcore.testing import message

pytest_plugins = ["loyalcore.testing.fixtures"]


def test_both(play, recorder):
    assert play("program: p\\nevents: {visit: {}}", "").fired == ()
    recorder.send(message())
    assert len(recorder.sent) == 1
"""


def test_a_test_module_names_them(tmp_path: Path) -> None:
    (tmp_path / "test_mine.py").write_text(TEST)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", tmp_path],
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, done.stdout
