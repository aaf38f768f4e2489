"""Metrics -> their figures at an instant, each read by a function that is made for it once.

What is the same for every customer and event (the kind, how long the window is) is settled when
the function is made: a step reads several figures, and should spend its time on the samples.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from functools import lru_cache
from operator import attrgetter
from typing import Any, cast
from zoneinfo import ZoneInfo

from loyalcore.engine.metrics import NEW_VIEW, Log, Series, View, advance
from loyalcore.expression.arithmetic import settle
from loyalcore.program.metric_plan import MetricPlan
from loyalcore.program.plan import EventPlan
from loyalcore.values import Number, Value

Read = Callable[[dict[str, Series], Mapping[str, Log], int, int], Value | None]
"""From what metrics and logs hold, an instant, and when the customer came, to the figure at that
instant: 0 for a count, sum or distinct of nothing, else missing. Moves the metric's view forward,
in the metrics."""


@lru_cache(maxsize=1_000)
def readers(plan: EventPlan) -> tuple[tuple[str, Read], ...]:
    """The metrics that the event type reads, by name."""
    return tuple((metric.name, reader(metric, plan.locale.zone)) for metric in plan.metrics)


def reader(plan: MetricPlan, zone: ZoneInfo) -> Read:
    """How the figure of `plan` is read."""
    if not plan.log:
        return _running(plan)
    if plan.exact is not None and plan.kind in ("count", "sum"):  # by far the most usual
        return _rolling(plan, *plan.exact)
    return _windowed(plan, zone)


def _running(plan: MetricPlan) -> Read:
    name, nothing = plan.name, _of_nothing(plan.kind)
    of = _OF_RUNNING.get(plan.kind, attrgetter("figure"))

    def read(
        metrics: dict[str, Series], logs: Mapping[str, Log], now: int, since: int
    ) -> Value | None:
        series = metrics.get(name)
        return nothing if series is None else of(series)

    return read


_OF_RUNNING: Mapping[str, Callable[[Any], Value]] = {
    "sum": lambda series: settle(series.figure),
    "average": lambda series: _ratio(series.figure, series.count),
    "distinct": attrgetter("count"),
}


def _rolling(plan: MetricPlan, begins: int, ends: int) -> Read:
    """Of a window that begins and ends so long before now: as `advance` has it, but at once."""
    name, log_name, sums = plan.name, plan.log, plan.sums

    def read(
        metrics: dict[str, Series], logs: Mapping[str, Log], now: int, since: int
    ) -> Value | None:
        log = logs.get(log_name)
        if log is None:
            return 0
        first, end, times = log.first, log.end, log.times
        view: Any = metrics.get(name, NEW_VIEW)
        start, stop, total = view.start, view.stop, view.total
        while stop < end and times[stop - first] <= now - ends:
            if sums:
                total += log.values[stop - first]
            stop += 1
        while start < stop and times[start - first] <= now - begins:
            if sums:
                total -= log.values[start - first]
            start += 1
        if stop != view.stop or start != view.start:
            metrics[name] = View(start, stop, total)
        return settle(total) if sums else stop - start

    return read


def _windowed(plan: MetricPlan, zone: ZoneInfo) -> Read:
    kind, name, log_name = plan.kind, plan.name, plan.log
    nothing = _of_nothing(kind)

    def read(
        metrics: dict[str, Series], logs: Mapping[str, Log], now: int, since: int
    ) -> Value | None:
        log = logs.get(log_name)
        if log is None:
            return nothing
        view: Any = metrics.get(name)
        view = metrics[name] = advance(plan, log, view, now, zone, since)
        if kind == "count":
            return cast(int, view.stop - view.start)
        return settle(view.total) if kind == "sum" else _of_window(kind, view, log)

    return read


def _of_nothing(kind: str) -> Value | None:
    return 0 if kind in ("count", "sum", "distinct") else None


def _of_window(kind: str, view: View, log: Log) -> Value | None:
    values: Sequence[Value] = log.values[view.start - log.first : view.stop - log.first]
    if kind == "distinct":
        return len(set(values))
    return _OF_WINDOW[kind](values, view.total) if values else None


_OF_WINDOW: Mapping[str, Callable[[Sequence[Any], Number], Value]] = {
    "average": lambda values, total: _ratio(total, len(values)),
    "latest": lambda values, total: values[-1],
    "first": lambda values, total: values[0],
    "min": lambda values, total: min(values),
    "max": lambda values, total: max(values),
}


def _ratio(total: Number, count: int) -> Number:
    return settle(Fraction(total, count))
