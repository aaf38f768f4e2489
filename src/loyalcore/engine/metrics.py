"""Figures over a customer's events, exact in event time (S5).

A metric without a window keeps a running figure. Metrics with a window look at a log of
samples in time order, each through a view: two positions in the log that only move
forward. Metrics of one feed share one log.

An event that comes late enters at its own time: its sample is put between others, and
the views move on. All others are appended.

All of it is made of values. A log's lists, the long part, are shared by all its later
versions; a version sees only its own length, and adding to an old version copies first.
So the past stays what it was, at the price of an append. None of it can be part of a
cycle, so Python needn't keep track of it (`gc=False`), which makes it smaller.
"""

from __future__ import annotations

import operator
import sys
from array import array
from binascii import a2b_base64
from bisect import bisect_right
from collections.abc import Callable, Mapping
from datetime import date
from fractions import Fraction
from typing import Any, cast
from zoneinfo import ZoneInfo

from msgspec import Struct

from loyalcore.effects.kind import Facts
from loyalcore.program.figures.metric_plan import Feed, LogPlan, MetricPlan
from loyalcore.program.plan import EventPlan
from loyalcore.values import Value


class Running(Struct, frozen=True, array_like=True, tag=0, gc=False):
    """A figure over everything so far: how many samples, and the figure itself (for
    `average`, their sum)."""

    count: int
    figure: Any  # a Value


class Dated(Struct, frozen=True, array_like=True, tag=1, gc=False):
    """The first or the latest value so far, and the time of its event."""

    count: int
    figure: Any  # a Value
    time: int


class Distinct(Struct, frozen=True, array_like=True, tag=2, gc=False):
    """The different values so far, as texts, numbered as they came. Like a log's lists,
    `numbers` is shared with later versions: this one has seen those below `count`."""

    count: int
    numbers: dict[str, int]


class View(Struct, frozen=True, array_like=True, tag=3, gc=False):
    """A window onto a log: the samples from `start` up to `stop`, and their `total` where
    the metric sums. Positions count from the first sample the log ever had."""

    start: int
    stop: int
    total: Any  # a Number


class Log(Struct, frozen=True, array_like=True, gc=False):
    """Samples in time order: those from `first` up to `end` of all it ever had. Those
    before are behind every window. What is only counted has no `values`.

    Times, and values that are whole, lie in arrays: a customer's log is in one piece of
    memory, and quick to write out however many customers there are.
    """

    first: int
    end: int
    times: Any  # array of int
    values: Any  # array of int, or list of Values, or ()


Series = Running | Dated | Distinct | View

NEW_VIEW = View(0, 0, 0)
_TRIMMED_EVERY = 64  # samples


def keep(
    plan: EventPlan,
    metrics: dict[str, Series],
    logs: dict[str, Log],
    time: int,
    facts: Facts,
    since: int,
    *,
    late: bool = False,
) -> None:
    """Enter one event at `time` into every metric that it counts for; the customer's first
    event was at `since`. Only where it is `late` may others that were entered be after it."""
    for metric in plan.running:
        feed, name = metric.feed, metric.name
        if feed.where is not None and not feed.where(facts):
            continue
        if feed.value is None:
            known: Any = metrics.get(name)
            count = 1 if known is None else known.count + 1
            metrics[name] = Running(count, count)
        elif (value := feed.value(facts)) is not None:
            metrics[name] = enter(metric, metrics.get(name), time, value)
    for log_plan in plan.logs:
        feed, name = log_plan.feed, log_plan.name
        if feed.where is not None and not feed.where(facts):
            continue
        value = None
        if feed.value is None or (value := feed.value(facts)) is not None:
            if late:
                logs[name] = _inserted(log_plan, logs.get(name), metrics, time, value)
                continue
            log = appended(log_plan, logs.get(name), time, value)
            if (log.end - log.first) % _TRIMMED_EVERY == 0:
                log = _trimmed(log_plan, log, metrics, time, plan.locale.zone, since)
            logs[name] = log


def enter(plan: MetricPlan, series: Any, time: int, value: Value) -> Series:
    """The running figure with one more value, of the instant `time`; its `series` is that of
    its kind, or None. Of two values of one instant, the one that came later is the later."""
    kind = plan.kind
    if (combined := _COMBINED.get(kind)) is not None:
        if series is None:
            return Running(1, value)
        return Running(series.count + 1, combined(series.figure, value))
    if kind == "distinct":
        return _seen(series, str(value))
    if series is None:
        return Dated(1, value, time)
    if (time < series.time) if kind == "first" else (time >= series.time):
        return Dated(series.count + 1, value, time)
    return Dated(series.count + 1, series.figure, series.time)


_COMBINED: Mapping[str, Callable[[Any, Any], Any]] = {
    "sum": operator.add,
    "average": operator.add,
    "min": min,
    "max": max,
}


def _seen(series: Distinct | None, value: str) -> Distinct:
    if series is None:
        return Distinct(1, {value: 0})
    count, numbers = series.count, series.numbers
    if numbers.get(value, count) < count:
        return series
    if len(numbers) != count:  # another version has added to it
        numbers = {known: number for known, number in numbers.items() if number < count}
    numbers[value] = count
    return Distinct(count + 1, numbers)


def appended(plan: LogPlan, log: Log | None, time: int, value: Value | None) -> Log:
    """The log with one more sample, whose `time` is not before its latest."""
    if log is None:
        if value is None:
            values: Any = ()
        else:
            values = array("q", (cast(int, value),)) if plan.feed.whole else [value]
        return Log(0, 1, array("q", (time,)), values)
    first, end, times, values = log.first, log.end, log.times, log.values
    if len(times) != end - first:  # another version has added to it
        times, values = times[: end - first], values[: end - first]
    times.append(time)
    if value is not None:
        values.append(value)
    return Log(first, end + 1, times, values)


def _inserted(
    plan: LogPlan,
    log: Log | None,
    metrics: dict[str, Series],
    time: int,
    value: Value | None,
) -> Log:
    """The log with one more sample, after those of its instant. Views in `metrics` that have
    passed it move on by one; one that has it between its samples has it from now on."""
    if log is None:
        return appended(plan, None, time, value)
    first, end = log.first, log.end
    place = bisect_right(log.times, time, 0, end - first)
    if place == end - first:
        return appended(plan, log, time, value)
    times, values = log.times[: end - first], log.values[: end - first]
    times.insert(place, time)
    if value is not None:
        values.insert(place, value)
    for metric in plan.metrics:
        view = cast("View | None", metrics.get(metric.name))
        if view is None or first + place >= view.stop:  # it will come to it
            continue
        if first + place < view.start:
            metrics[metric.name] = View(view.start + 1, view.stop + 1, view.total)
        else:  # should it be behind the window, it is left behind when that next moves
            total = view.total + value if metric.sums else view.total
            metrics[metric.name] = View(view.start, view.stop + 1, total)
    return Log(first, end + 1, times, values)


def _trimmed(
    plan: LogPlan,
    log: Log,
    metrics: dict[str, Series],
    now: int,
    zone: ZoneInfo,
    since: int,
) -> Log:
    """The log without the samples behind every window, which moves the views in `metrics`
    forward to `now`."""
    for metric in plan.metrics:
        view = cast("View | None", metrics.get(metric.name))
        metrics[metric.name] = advance(metric, log, view, now, zone, since)
    oldest = min(cast(View, metrics[metric.name]).start for metric in plan.metrics)
    behind = oldest - log.first
    return Log(oldest, log.end, log.times[behind:], log.values[behind:])


def advance(
    plan: MetricPlan, log: Log, view: View | None, now: int, zone: ZoneInfo, since: int
) -> View:
    """The view with its window moved to end at `now`. A window never moves back."""
    if (exact := plan.exact) is not None:
        lower, upper = now - exact[0], now - exact[1]
    else:
        lower, upper = plan.bounds(now, zone, since)
    if view is None:
        view = NEW_VIEW
    first, end, times = log.first, log.end, log.times
    start, stop, total = view.start, view.stop, view.total
    while stop < end and times[stop - first] <= upper:
        stop += 1
    while start < stop and times[start - first] <= lower:
        start += 1
    if start == view.start and stop == view.stop:
        return view
    if plan.sums:
        values = log.values
        for place in range(view.stop - first, stop - first):
            total += values[place]
        for place in range(view.start - first, start - first):
            total -= values[place]
    return View(start, stop, total)


def restored_series(plan: MetricPlan, series: Series) -> Series:
    """A series as it was before it was stored, where there are no fractions or dates."""
    if plan.feed.plain or isinstance(series, Distinct):
        return series
    if isinstance(series, View):
        return View(series.start, series.stop, _restored(plan.feed, series.total))
    if isinstance(series, Dated):
        return Dated(series.count, _restored(plan.feed, series.figure), series.time)
    return Running(series.count, _restored(plan.feed, series.figure))


def restored_log(plan: LogPlan, log: Log) -> Log:
    """A log as it was before it was stored."""
    if plan.feed.value is None:
        values: object = ()
    elif plan.feed.whole:
        values = read_array(log.values)
    elif plan.feed.plain:
        values = log.values
    else:
        values = [_restored(plan.feed, value) for value in log.values]
    return Log(log.first, log.end, read_array(log.times), values)


def write_array(numbers: array[int]) -> bytes:
    """The numbers as they are stored: little-endian, eight bytes each."""
    if sys.byteorder == "big":
        numbers = numbers[:]
        numbers.byteswap()
    return numbers.tobytes()


def read_array(stored: bytes | str) -> array[int]:
    """The numbers that `write_array` wrote; or the base64 that JSON has of them."""
    numbers = array("q", stored if isinstance(stored, bytes) else a2b_base64(stored))
    if sys.byteorder == "big":
        numbers.byteswap()
    return numbers


def _restored(feed: Feed, value: Any) -> Any:
    if not isinstance(value, str):
        return value
    return date.fromisoformat(value) if feed.sample.kind == "date" else Fraction(value)
