"""Metrics that plugins bring: a figure over the samples of a window."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from loyalcore.values import Type, Value


@dataclass(frozen=True)
class MetricKind:
    """A kind of metric, as a plugin registers it: `figure: {median: purchase.amount}`.

    `name` is the word, `about` a line for people, `samples` the kinds of values that it is
    taken of ("integer", "money", ...), and `type` that of its figure, from that of a sample.
    `figure` makes it of the values in the window, of which there is at least one, in the order
    of their times, and these times (microseconds since 1970 UTC); None is missing. It may
    change nothing, and looks at the whole window whenever the metric is read.
    """

    name: str
    about: str
    samples: tuple[str, ...]
    type: Callable[[Type], Type]
    figure: Callable[[Sequence[Value], Sequence[int]], Value | None]
