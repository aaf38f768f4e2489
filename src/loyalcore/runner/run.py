"""One run: staged events through the fold into the store, under its lock."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import islice

from msgspec import to_builtins

from loyalcore.events import Reject
from loyalcore.intake import RawEvent
from loyalcore.runner.fold import BATCH, Fold
from loyalcore.runner.loading import Loaded
from loyalcore.runner.summary import Summary
from loyalcore.store import Store
from loyalcore.values import to_microseconds


def run(
    loaded: Loaded,
    store: Store,
    events: Iterable[RawEvent],
    rejects: Iterable[Reject] = (),
    *,
    until: int | None = None,
    batch: int = BATCH,
    wait: float = 30.0,
    progress: Callable[[int], None] = lambda handled: None,
) -> Summary:
    """Fold `events`, which are in the order of a run, and keep `rejects`, which are none.

    Time passes to the last event, or to `until` if that is later (microseconds).
    Raises StoreError when another run holds the store for longer than `wait` seconds.
    """
    with store.writing(wait=wait) as writer:
        program = loaded.program
        writer.start_run(
            hash=program.hash, name=program.name, source=loaded.source.to_json(), now=_now()
        )
        fold = Fold(program, store.connection, writer)
        unread = iter(rejects)
        while kept := list(islice(unread, batch)):
            writer.commit((), (), kept)
            fold.summary.rejected.update(reject.code for reject in kept)
        with no_collecting():
            fold.run(events, until=until, batch=batch, progress=progress)
        writer.finish_run(summary=to_builtins(fold.summary), now=_now())
    return fold.summary


@contextmanager
def no_collecting() -> Iterator[None]:
    """Without Python's search for reference cycles. The fold makes none (a test counts
    them), and to look through every cached customer again and again took a third of a run.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _now() -> int:
    """The wall clock, for the log of runs only: nothing is decided by it."""
    return to_microseconds(datetime.now(UTC))
