"""Figures over a customer's events, exact in event time (S5).

A metric without a window keeps a running figure. Metrics with a window look at a log of
samples in time order, in which they find the window by halving. Metrics of one feed share one
log; where one of them sums, it has the sums of its samples so far, and what is in a window comes
to the difference of two of them.

An event that comes late enters at its own time: its sample is put between others. All others
are appended.

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
from contextlib import suppress
from datetime import date
from fractions import Fraction
from itertools import accumulate
from typing import Any
from zoneinfo import ZoneInfo

from msgspec import Struct

from loyalcore.effects.kind import Facts
from loyalcore.program.figures.metric_plan import Feed, LogPlan, MetricPlan
from loyalcore.program.plan import EventPlan
from loyalcore.values import Value


class Running(Struct, frozen=True, array_like=True, tag="running", gc=False):
    """A figure over everything so far: how many samples, and the figure itself (for
    `average`, their sum)."""

    count: int
    figure: Any  # a Value


class Dated(Struct, frozen=True, array_like=True, tag="dated", gc=False):
    """The first or the latest value so far, and the time of its event."""

    count: int
    figure: Any  # a Value
    time: int


class Distinct(Struct, frozen=True, array_like=True, tag="distinct", gc=False):
    """The different values so far, as texts, numbered as they came. Like a log's lists,
    `numbers` is shared with later versions: this one has seen those below `count`."""

    count: int
    numbers: dict[str, int]


class Log(Struct, frozen=True, array_like=True, gc=False):
    """Samples in time order, but for those that no window can see any more. What is only
    counted has no `values`. `sums` is what the values before each sample come to and, last,
    what all do; nothing where no metric sums.

    Times, and values that are whole, lie in arrays: a customer's log is in one piece of
    memory, and quick to write out however many customers there are.
    """

    count: int
    times: Any  # array of int
    values: Any  # array of int, or list of Values, or ()
    sums: Any  # array of int, or list of Numbers, or ()


Series = Running | Dated | Distinct

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
                logs[name] = _inserted(log_plan, logs.get(name), time, value)
                continue
            log = appended(log_plan, logs.get(name), time, value)
            if log.count % _TRIMMED_EVERY == 0:
                log = _trimmed(log_plan, log, time, plan.locale.zone, since)
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


def appended(plan: LogPlan, log: Log | None, time: int, value: Any) -> Log:
    """The log with one more sample, whose `time` is not before its latest; its `value` is None
    where samples have none."""
    if log is None:
        values = () if value is None else _compact(plan, [value])
        return log_of(plan, array("q", (time,)), values)
    count, times, values, sums = log.count, log.times, log.values, log.sums
    if len(times) != count:  # another version has added to it
        times, values, sums = times[:count], values[:count], sums[: count + 1]
    times.append(time)
    if value is not None:
        values.append(value)
    if sums:
        total = sums[-1] + value
        try:
            sums.append(total)
        except OverflowError:  # more than an array holds
            sums = [*sums, total]
    return Log(count + 1, times, values, sums)


def log_of(plan: LogPlan, times: Any, values: Any) -> Log:
    """The log of these samples, which are in time order."""
    sums = _compact(plan, [*accumulate(values, initial=0)]) if plan.sums else ()
    return Log(len(times), times, values, sums)


def _compact(plan: LogPlan, numbers: list[Any]) -> Any:
    if plan.feed.whole:
        with suppress(OverflowError):  # sums may be more than an array holds
            return array("q", numbers)
    return numbers


def _inserted(plan: LogPlan, log: Log | None, time: int, value: Any) -> Log:
    """The log with one more sample, after those of its instant."""
    place = 0 if log is None else bisect_right(log.times, time, 0, log.count)
    if log is None or place == log.count:
        return appended(plan, log, time, value)
    times, values, sums = log.times[: log.count], log.values[: log.count], log.sums
    times.insert(place, time)
    if value is not None:
        values.insert(place, value)
    if sums:
        sums = [*sums[:place], *accumulate(values[place:], initial=sums[place])]
        sums = _compact(plan, sums)
    return Log(log.count + 1, times, values, sums)


def _trimmed(plan: LogPlan, log: Log, now: int, zone: ZoneInfo, since: int) -> Log:
    """The log without the samples behind every window that ends at `now` or later."""
    behind = min(window(metric, log, now, zone, since).start for metric in plan.metrics)
    within, sums = slice(behind, log.count), log.sums[behind : log.count + 1]
    return Log(log.count - behind, log.times[within], log.values[within], sums)


def window(plan: MetricPlan, log: Log, now: int, zone: ZoneInfo, since: int) -> slice:
    """Where in the log the window is that ends at `now`."""
    after, until = plan.bounds(now, zone, since)
    start = bisect_right(log.times, after, 0, log.count)
    return slice(start, bisect_right(log.times, until, start, log.count))


def restored_series(plan: MetricPlan, series: Series) -> Series:
    """A series as it was before it was written as JSON, which has no fractions or dates."""
    if plan.feed.plain or isinstance(series, Distinct):
        return series
    if isinstance(series, Dated):
        return Dated(series.count, _restored(plan.feed, series.figure), series.time)
    return Running(series.count, _restored(plan.feed, series.figure))


def restored_log(plan: LogPlan, log: Log) -> Log:
    """A log as it was before it was written as JSON."""
    if plan.feed.value is None:
        values: object = ()
    elif plan.feed.whole:
        values = read_array(log.values)
    elif plan.feed.plain:
        values = log.values
    else:
        values = [_restored(plan.feed, value) for value in log.values]
    return log_of(plan, read_array(log.times), values)


def written_log(log: Log) -> Log:
    """A log as it is stored."""
    times, values = log.times[: log.count], log.values[: log.count]
    return Log(
        log.count,
        write_array(times),
        write_array(values) if type(values) is array else values,
        (),
    )


def write_array(numbers: array[int]) -> bytes:
    """The numbers as they are stored: little-endian, eight bytes each (JSON has base64)."""
    if sys.byteorder == "big":
        numbers = numbers[:]
        numbers.byteswap()
    return numbers.tobytes()


def read_array(text: str) -> array[int]:
    """The numbers that `write_array` wrote, from the base64 that JSON has of them."""
    numbers = array("q", a2b_base64(text))
    if sys.byteorder == "big":
        numbers.byteswap()
    return numbers


def _restored(feed: Feed, value: Any) -> Any:
    if not isinstance(value, str):
        return value
    return date.fromisoformat(value) if feed.sample.kind == "date" else Fraction(value)
