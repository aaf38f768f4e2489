"""Progress on standard error: bars (bars.py) where that is a terminal, silence elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import TracebackType
from typing import Self


class Progress:
    """Is told what is done, and keeps it to itself."""

    def reading(self, done: int, total: int | None) -> None:
        """So many bytes of the input are read."""

    def folding(self, total: int, what: str = "deciding") -> Callable[[int], None]:
        """A function to call with the number of events done since the last call."""
        return lambda count: None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        pass


def make_progress() -> Progress:
    """What tells the user how far a command is."""
    if not sys.stderr.isatty():
        return Progress()
    from loyalcore.cli.bars import Bars  # rich takes as long to import as a small run

    return Bars()
