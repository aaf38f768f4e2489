"""One writer at a time, whoever it is and however it ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from loyalcore.errors import StoreError
from loyalcore.store import Store

HOLDER = """
import sys, time
from pathlib import Path
from loyalcore.store import Store
with Store.open(Path(sys.argv[1]), create=True) as store, store.writing():
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def holder(path: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that holds the right to write, until it is ended."""
    command = [sys.executable, "-c", HOLDER, str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def test_a_second_writer_is_told_who_the_first_is(
    path: Path, holder: subprocess.Popen[str]
) -> None:
    with (
        Store.open(path) as store,
        pytest.raises(StoreError, match=f"is being written by process {holder.pid}; waited 0.2 s"),
        store.writing(wait=0.2),
    ):
        raise AssertionError


def test_the_lock_of_a_killed_process_is_free(path: Path, holder: subprocess.Popen[str]) -> None:
    os.kill(holder.pid, signal.SIGKILL)
    holder.wait()
    with Store.open(path) as store, store.writing(wait=5):
        pass


def test_the_lock_holds_by_whatever_link_the_store_is_named(
    path: Path, holder: subprocess.Popen[str]
) -> None:
    link = path.with_name("link.db")
    link.symlink_to(path)
    with (
        Store.open(link) as store,
        pytest.raises(StoreError, match="is being written by"),
        store.writing(wait=0),
    ):
        raise AssertionError
