"""Metrics compiled: what an event contributes, and which of that each figure looks at."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from zoneinfo import ZoneInfo

from loyalcore.calendars import EARLIEST, Duration, MembershipYear, Rolling, Window
from loyalcore.effects.kind import Facts, Formula
from loyalcore.values import Type, Value

Figure = Callable[[Sequence[Value], Sequence[int]], Value | None]


@dataclass(frozen=True)
class Feed:
    """What one event contributes to a metric: `value` (None for a count), and that only
    where `where` is true. `definition` tells feeds apart: equal definitions give equal
    samples, so that metrics of one feed can share a log of them. `events` tells what gives
    a sample: a count shares the log of values that every event it counts has."""

    event: str
    sample: Type
    value: Formula | None
    where: Callable[[Facts], bool] | None
    reads: frozenset[str]
    plain: bool  # samples are JSON as they are: no fractions, no dates
    whole: bool  # samples are integers of 64 bits
    definition: str
    events: str

    @property
    def of_all(self) -> bool:
        """Whether every event of the type has a sample."""
        return self.where is None and self.events != self.definition


@dataclass(frozen=True)
class MetricPlan:
    """A figure kept for each customer, of type `type`.

    The window is (t - ending - length, t - ending], and `log` names the LogPlan that it
    looks at; without `window` it is everything so far, and `log` is empty. `made` makes the
    figure of a plugin, of what is in the window.
    """

    name: str
    kind: str
    feed: Feed
    type: Type
    window: Window | MembershipYear | None
    ending: Duration | None
    log: str
    definition: str
    made: Figure | None = None

    def bounds(self, now: int, zone: ZoneInfo, since: int = EARLIEST) -> tuple[int, int]:
        """The window that ends at `now`, or as long before it as declared: after the
        first of these moments, up to and including the second. A membership year is one of
        a customer since `since`."""
        exact = self.exact
        if exact is not None:
            return now - exact[0], now - exact[1]
        assert self.window is not None
        upper = now if self.ending is None else self.ending.before(now, zone)
        if isinstance(self.window, MembershipYear):
            return self.window.start(upper, zone, since) - 1, upper
        return self.window.since(upper, zone), upper

    @cached_property
    def exact(self) -> tuple[int, int] | None:
        """How long before now the window starts and ends, where no calendar is needed:
        by far the most usual window, and asked for at every event."""
        ending = self.ending or Duration()
        if not isinstance(self.window, Rolling) or self.window.length.months or ending.months:
            return None
        return self.window.length.microseconds + ending.microseconds, ending.microseconds


@dataclass(frozen=True)
class LogPlan:
    """The samples of one feed, which the windows of all its `metrics` look at. It has the
    name of the first of them."""

    name: str
    feed: Feed
    metrics: tuple[MetricPlan, ...]

    @cached_property
    def sums(self) -> bool:
        """Whether any of them is made of a sum."""
        return any(metric.kind in ("sum", "average") for metric in self.metrics)

    @cached_property
    def values(self) -> bool:
        """Whether any of them looks at each value."""
        return any(metric.kind not in ("count", "sum", "average") for metric in self.metrics)
