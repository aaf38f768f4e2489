"""One writer at a time: a lock file beside the store. Readers need none (WAL)."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from loyalcore.errors import StoreError


@contextmanager
def writing(path: Path, wait: float) -> Iterator[None]:
    """Hold the right to write to the store at `path`; wait up to `wait` seconds for it.

    The operating system frees the lock when its holder dies, however it dies. Raises
    StoreError, naming the process that holds it, when the wait was in vain.
    """
    place = lock_path(path)
    lock = FileLock(place)
    try:
        lock.acquire(timeout=wait)
    except Timeout:
        raise StoreError(
            f"{path} is being written by {_holder(place)}; waited {wait:g} s; "
            "run again when it has finished"
        ) from None
    except OSError as error:
        raise StoreError(f"{place} can't be made ({error.strerror}); it guards {path}") from None
    try:
        place.write_text(f"process {os.getpid()}\n", encoding="utf-8")
        yield
    finally:
        lock.release()


def lock_path(path: Path) -> Path:
    """The lock file of a store: one, by whatever link the store was named."""
    real = path.resolve()
    return real.with_name(f"{real.name}.lock")


def _holder(place: Path) -> str:
    try:
        return place.read_text(encoding="utf-8").strip() or "another run"
    except OSError:
        return "another run"
