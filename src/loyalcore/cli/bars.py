"""Progress on a terminal: what is done, how fast, how long still."""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import (
    BarColumn,
    TaskProgressColumn,
    TextColumn,
    TimeRemainingColumn,
)
from rich.progress import Progress as RichProgress

from loyalcore.cli.progress import Progress


class Bars(Progress):
    """Two bars: one for reading (in bytes), one for what is then done (in events)."""

    def __init__(self) -> None:
        self._bars = RichProgress(
            TextColumn("{task.description:<8}"),
            BarColumn(),
            TaskProgressColumn(),
            TextColumn("{task.fields[rate]}"),
            TimeRemainingColumn(),
            console=Console(stderr=True),
            transient=True,
        )
        self._reading = self._bars.add_task("reading", total=None, rate="", visible=False)

    def reading(self, done: int, total: int | None) -> None:
        megabytes = f"{done / 1e6:,.0f} MB"
        self._bars.update(self._reading, completed=done, total=total, rate=megabytes, visible=True)

    def folding(self, total: int, what: str = "deciding") -> Callable[[int], None]:
        task = self._bars.add_task(what, total=total, rate="")

        def advance(count: int) -> None:
            self._bars.advance(task, count)
            speed = self._bars.tasks[-1].speed
            self._bars.update(task, rate=f"{speed:,.0f} a second" if speed else "")

        return advance

    def __enter__(self) -> Self:
        self._bars.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._bars.stop()
