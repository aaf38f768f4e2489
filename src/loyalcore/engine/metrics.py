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
from itertools import accumulate, pairwise
from typing import Any
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


class Log(Struct, frozen=True, array_like=True, gc=False):
    """Samples in time order, but for those that no window can see any more.

    `values` are there where a metric looks at each, and `sums` where one sums: 0, and then what
    the values up to each sample come to. Times, and what is made of values that are whole, lie
    in arrays: a customer's log is in few pieces of memory, and quick to write out however many
    customers there are.
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
        if (value := _sample(metric.feed, facts)) is not None:
            name = metric.name
            metrics[name] = enter(metric.kind, metrics.get(name), time, value)
    for log_plan in plan.logs:
        if (value := _sample(log_plan.feed, facts)) is not None:
            name = log_plan.name
            log = logs.get(name) or _no_samples(log_plan)
            if late:
                logs[name] = _inserted(log_plan, log, time, value)
                continue
            logs[name] = log = _appended(log_plan, log, time, value)
            if log.count % _TRIMMED_EVERY == 0:
                logs[name] = _trimmed(log_plan, log, time, plan.locale.zone, since)


def _sample(feed: Feed, facts: Facts) -> Value | None:
    """What the event contributes: 1 where it is only counted, None where it does not count."""
    if feed.where is not None and not feed.where(facts):
        return None
    return 1 if feed.value is None else feed.value(facts)


def enter(kind: str, series: Any, time: int, value: Value) -> Series:
    """The running figure with one more value, of the instant `time`; its `series` is that of
    its kind, or None. Of two values of one instant, the one that came later is the later."""
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
    "count": operator.add,
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


def _no_samples(plan: LogPlan) -> Log:
    values = _numbers(plan, []) if plan.values else ()
    return Log(0, array("q"), values, _numbers(plan, [0]) if plan.sums else ())


def _numbers(plan: LogPlan, numbers: list[Any]) -> Any:
    if plan.feed.whole:
        with suppress(OverflowError):  # a sum may be more than an array holds
            return array("q", numbers)
    return numbers


def _appended(plan: LogPlan, log: Log, time: int, value: Any) -> Log:
    """The log with one more sample, whose `time` is not before its latest."""
    count, times, values, sums = log.count, log.times, log.values, log.sums
    if len(times) != count:  # another version has added to it
        times, values, sums = times[:count], values[:count], sums[: count + 1]
    times.append(time)
    if plan.values:
        values.append(value)
    if plan.sums:
        total = sums[-1] + value
        try:
            sums.append(total)
        except OverflowError:
            sums = [*sums, total]
    return Log(count + 1, times, values, sums)


def _inserted(plan: LogPlan, log: Log, time: int, value: Any) -> Log:
    """The log with one more sample, after those of its instant."""
    count = log.count
    place = bisect_right(log.times, time, 0, count)
    if place == count:
        return _appended(plan, log, time, value)
    times, values, sums = log.times[:count], log.values[:count], log.sums
    times.insert(place, time)
    if plan.values:
        values.insert(place, value)
    if plan.sums:
        moved = [total + value for total in sums[place : count + 1]]
        sums = _numbers(plan, [*sums[: place + 1], *moved])
    return Log(count + 1, times, values, sums)


def _trimmed(plan: LogPlan, log: Log, now: int, zone: ZoneInfo, since: int) -> Log:
    """The log without the samples behind every window that ends at `now` or later."""
    count = log.count
    behind = min(window(metric, log, now, zone, since).start for metric in plan.metrics)
    sums = log.sums[behind : count + 1]
    if plan.sums and behind:
        sums = _numbers(plan, [total - sums[0] for total in sums])
    return Log(count - behind, log.times[behind:count], log.values[behind:count], sums)


def window(plan: MetricPlan, log: Log, now: int, zone: ZoneInfo, since: int) -> slice:
    """Where in the log the window is that ends at `now`."""
    after, until = plan.bounds(now, zone, since)
    start = bisect_right(log.times, after, 0, log.count)
    return slice(start, bisect_right(log.times, until, start, log.count))


def rising(log: Log) -> bool:
    """Whether no sample takes anything from its sums."""
    sums = log.sums[: log.count + 1]
    return all(before <= after for before, after in pairwise(sums))


def restored_series(plan: MetricPlan, series: Series) -> Series:
    """A series as it was before it was stored, where there are no fractions or dates."""
    if plan.feed.plain or isinstance(series, Distinct):
        return series
    if isinstance(series, Dated):
        return Dated(series.count, _restored(plan.feed, series.figure), series.time)
    return Running(series.count, _restored(plan.feed, series.figure))


def restored_log(plan: LogPlan, log: Log) -> Log:
    """A log as it was before it was stored. One that was stored when logs had no sums has all
    values."""
    values = _read_numbers(plan.feed, log.values)
    sums = _read_numbers(plan.feed, log.sums) if plan.sums else ()
    if plan.sums and not sums:
        sums = _numbers(plan, [*accumulate(values, initial=0)])
    return Log(log.count, read_array(log.times), values if plan.values else (), sums)


def _read_numbers(feed: Feed, stored: Any) -> Any:
    if isinstance(stored, bytes | str):
        return read_array(stored)
    return stored if feed.plain else [_restored(feed, one) for one in stored]


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
