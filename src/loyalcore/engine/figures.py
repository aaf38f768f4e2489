"""Metrics -> their figures at an instant, by functions that are made for them once.

What is the same for every customer and event (the kind, how long the window is, which windows look
at one log) is settled when the functions are made: a step reads several figures, and should spend
its time on the samples.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from fractions import Fraction
from functools import lru_cache
from operator import attrgetter
from typing import Any
from zoneinfo import ZoneInfo

from loyalcore.engine.metrics import NEW_VIEW, Log, Series, View, advance
from loyalcore.expression.arithmetic import settle
from loyalcore.program.figures.metric_plan import Figure, MetricPlan
from loyalcore.program.plan import EventPlan
from loyalcore.values import Number, Value

Figures = dict[str, Value | None]
Read = Callable[[Figures, dict[str, Series], Mapping[str, Log], int, int], None]
"""Adds figures to those given: from what metrics and logs hold, at an instant, of a customer since
another. A count, sum or distinct of nothing is 0, all else of nothing is missing. Moves the views
forward, in the metrics."""


@lru_cache(maxsize=1_000)
def readers_of(plan: EventPlan) -> tuple[Read, ...]:
    """How the figures are read that the event type asks for."""
    return tuple(readers(plan.metrics, plan.locale.zone))


def readers(metrics: Iterable[MetricPlan], zone: ZoneInfo) -> list[Read]:
    """How the figures of `metrics` are read."""
    running: list[MetricPlan] = []
    rolling: dict[str, list[MetricPlan]] = {}
    others: list[Read] = []
    for metric in metrics:
        if not metric.log:
            running.append(metric)
        elif metric.exact is not None and metric.kind in ("count", "sum"):  # the most usual
            rolling.setdefault(metric.log, []).append(metric)
        else:
            others.append(_windowed(metric, zone))
    made = [_rolling(log, group) for log, group in rolling.items()]
    return [*([_running(running)] if running else ()), *made, *others]


def _running(plans: Iterable[MetricPlan]) -> Read:
    every = [
        (plan.name, _of_nothing(plan.kind), _OF_RUNNING.get(plan.kind, attrgetter("figure")))
        for plan in plans
    ]

    def read(
        figures: Figures,
        metrics: dict[str, Series],
        logs: Mapping[str, Log],
        now: int,
        since: int,
    ) -> None:
        for name, nothing, of in every:
            series = metrics.get(name)
            figures[name] = nothing if series is None else of(series)

    return read


_OF_RUNNING: Mapping[str, Callable[[Any], Value]] = {
    "sum": lambda series: settle(series.figure),
    "average": lambda series: _ratio(series.figure, series.count),
    "distinct": attrgetter("count"),
}


def _rolling(log_name: str, plans: Iterable[MetricPlan]) -> Read:
    """Of windows of fixed lengths that look at one log: as `advance` has them, but at once."""
    every = [(plan.name, plan.exact or (0, 0), plan.sums) for plan in plans]

    def read(
        figures: Figures,
        metrics: dict[str, Series],
        logs: Mapping[str, Log],
        now: int,
        since: int,
    ) -> None:
        log = logs.get(log_name)
        if log is None:
            for name, _, _ in every:
                figures[name] = 0
            return
        first, end, times, values = log.first, log.end, log.times, log.values
        for name, (begins, ends), sums in every:
            view: Any = metrics.get(name, NEW_VIEW)
            start, stop, total = view.start, view.stop, view.total
            while stop < end and times[stop - first] <= now - ends:
                if sums:
                    total += values[stop - first]
                stop += 1
            while start < stop and times[start - first] <= now - begins:
                if sums:
                    total -= values[start - first]
                start += 1
            if stop != view.stop or start != view.start:
                metrics[name] = View(start, stop, total)
            figures[name] = settle(total) if sums else stop - start

    return read


def _windowed(plan: MetricPlan, zone: ZoneInfo) -> Read:
    kind, name, log_name = plan.kind, plan.name, plan.log
    nothing = _of_nothing(kind)

    def read(
        figures: Figures,
        metrics: dict[str, Series],
        logs: Mapping[str, Log],
        now: int,
        since: int,
    ) -> None:
        log = logs.get(log_name)
        if log is None:
            figures[name] = nothing
            return
        view: Any = metrics.get(name)
        view = metrics[name] = advance(plan, log, view, now, zone, since)
        if kind == "count":
            figures[name] = view.stop - view.start
        elif plan.made is not None:
            figures[name] = _of_plugin(plan.made, view, log)
        else:
            figures[name] = settle(view.total) if kind == "sum" else _of_window(kind, view, log)

    return read


def _of_nothing(kind: str) -> Value | None:
    return 0 if kind in ("count", "sum", "distinct") else None


def _of_plugin(figure: Figure, view: View, log: Log) -> Value | None:
    """The figure of a plugin, which is given copies."""
    within = slice(view.start - log.first, view.stop - log.first)
    values = tuple(log.values[within])
    return figure(values, tuple(log.times[within])) if values else None


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
