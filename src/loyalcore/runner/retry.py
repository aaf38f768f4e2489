"""Trying rejected events again, by a run over what the store kept of them (S3)."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from loyalcore.intake import Staged, reread
from loyalcore.runner.fold import BATCH
from loyalcore.runner.loading import Loaded
from loyalcore.runner.run import run
from loyalcore.runner.summary import Summary
from loyalcore.store import Store
from loyalcore.store.rejects import count_rejects, each_readable


class Retried(NamedTuple):
    """What became of the open rejects: `tried` could be read again, `remaining` are open
    still, with the reason that they have now."""

    summary: Summary
    tried: int
    remaining: int


def retry(
    loaded: Loaded,
    store: Store,
    *,
    batch: int = BATCH,
    wait: float = 30.0,
    progress: Callable[[int], None] = lambda handled: None,
) -> Retried:
    """Run the open rejects through a program, in the order of a run.

    What is accepted is open no more. Lines that no event could be read from stay as they
    are: they must be corrected in their file. Raises StoreError as a run does.
    """
    with Staged() as staged:
        for reject in each_readable(store.connection):
            if reject.record is not None:
                staged.add([reread(reject.record, reject.original)])
        summary = run(loaded, store, staged, batch=batch, wait=wait, progress=progress)
        return Retried(summary, staged.accepted, sum(count_rejects(store.connection).values()))
