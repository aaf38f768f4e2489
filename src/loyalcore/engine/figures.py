"""Metrics -> their figures at the customer's clock, by functions that are made for them once.

What is the same for every customer and event (the kind, how long the window is, which windows look
at one log) is settled when the functions are made: a step reads several figures, and should spend
its time on the samples.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from fractions import Fraction
from operator import attrgetter
from typing import Any
from zoneinfo import ZoneInfo

from loyalcore.engine.metrics import Log, window
from loyalcore.engine.state import CustomerState
from loyalcore.expression.arithmetic import settle
from loyalcore.program.figures.metric_plan import MetricPlan
from loyalcore.values import Number, Value

Read = Callable[[dict[str, Value | None], CustomerState], None]
"""Adds facts of a customer, at their clock, to those given."""


def readers(metrics: Iterable[MetricPlan], zone: ZoneInfo) -> list[Read]:
    """How the figures of `metrics` are read. A count, sum or distinct of nothing is 0, all else
    of nothing is missing."""
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

    def read(facts: dict[str, Value | None], state: CustomerState) -> None:
        metrics = state.metrics
        for name, nothing, of in every:
            series = metrics.get(name)
            facts[name] = nothing if series is None else of(series)

    return read


_OF_RUNNING: Mapping[str, Callable[[Any], Value]] = {
    "sum": lambda series: settle(series.figure),
    "average": lambda series: _ratio(series.figure, series.count),
    "distinct": attrgetter("count"),
}


def _rolling(log_name: str, plans: Sequence[MetricPlan]) -> Read:
    """Of windows of fixed lengths that look at one log: they need no calendar, and no sample is
    after the clock."""
    every = [(plan.name, *(plan.exact or (0, 0)), plan.kind == "sum") for plan in plans]
    whole = plans[0].feed.whole

    def read(facts: dict[str, Value | None], state: CustomerState) -> None:
        log = state.logs.get(log_name)
        if log is None:
            for name, _, _, _ in every:
                facts[name] = 0
            return
        now, count, times, sums = state.clock, log.count, log.times, log.sums
        if len(times) != count:  # another version has added to it
            times = times[:count]
        for name, begins, ends, summed in every:
            start = bisect_right(times, now - begins)
            stop = bisect_right(times, now - ends) if ends else count
            if not summed:
                facts[name] = stop - start
            else:
                total = sums[stop] - sums[start]
                facts[name] = total if whole else settle(total)

    return read


def _windowed(plan: MetricPlan, zone: ZoneInfo) -> Read:
    name, log_name = plan.name, plan.log
    nothing, of = _of_nothing(plan.kind), _of_plugin(plan) if plan.made else _OF_WINDOW[plan.kind]

    def read(facts: dict[str, Value | None], state: CustomerState) -> None:
        log = state.logs.get(log_name)
        if log is None:
            facts[name] = nothing
            return
        seen = window(plan, log, state.clock, zone, state.since)
        facts[name] = of(log, seen) if seen.start < seen.stop else nothing

    return read


def _of_nothing(kind: str) -> Value | None:
    return 0 if kind in ("count", "sum", "distinct") else None


def _total(log: Log, seen: slice) -> Number:
    return settle(log.sums[seen.stop] - log.sums[seen.start])


_OF_WINDOW: Mapping[str, Callable[[Log, slice], Value]] = {
    "count": lambda log, seen: seen.stop - seen.start,
    "sum": _total,
    "average": lambda log, seen: _ratio(_total(log, seen), seen.stop - seen.start),
    "distinct": lambda log, seen: len(set(log.values[seen])),
    "latest": lambda log, seen: log.values[seen.stop - 1],
    "first": lambda log, seen: log.values[seen.start],
    "min": lambda log, seen: min(log.values[seen]),
    "max": lambda log, seen: max(log.values[seen]),
}


def _of_plugin(plan: MetricPlan) -> Callable[[Log, slice], Value | None]:
    """The figure of a plugin, which is given copies."""
    figure = plan.made
    assert figure is not None
    return lambda log, seen: figure(tuple(log.values[seen]), tuple(log.times[seen]))


def _ratio(total: Number, count: int) -> Number:
    return settle(Fraction(total, count))
