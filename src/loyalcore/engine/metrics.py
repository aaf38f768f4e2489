"""Figures over a customer's events, exact in event time (S5).

A metric without a window keeps a running figure. One with a window keeps its samples in
time order, and two positions that only move forward: where the window starts and where it
stops. A sample list is shared by all later versions of a series; a version sees only its
own range, and adding to an old version copies first. So a series is a value, at the price
of an append.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from datetime import date
from fractions import Fraction
from typing import Any, cast
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Struct

from loyalcore.effects.kind import Facts
from loyalcore.program.plan import MetricPlan
from loyalcore.values import Number, Value

_SUMMED = ("sum", "average")


class Running(Struct, frozen=True, array_like=True, tag="running"):
    """A figure over everything so far: how many samples, and the figure itself (for
    `average`, their sum)."""

    count: int
    figure: Any  # a Value


class Distinct(Struct, frozen=True, array_like=True, tag="distinct"):
    """The different values so far, as texts, numbered as they came. Like a sample list,
    `numbers` is shared with later versions: this one has seen those below `count`."""

    count: int
    numbers: dict[str, int]


class Samples(Struct, frozen=True, array_like=True, tag="samples"):
    """Samples in time order; those in the window are `start` up to `stop`, those still
    to enter an earlier window are `stop` up to `end`. `total` sums the window. A count
    needs no `values`."""

    times: list[int]
    values: list[Any]  # Values
    start: int
    stop: int
    end: int
    total: Any  # a Number


Series = Running | Distinct | Samples


def enter(plan: MetricPlan, series: Series | None, time: int, facts: Facts) -> Series | None:
    """The series with what one event at `time` contributes, or the same series where the
    event does not count. `time` is not before the latest sample."""
    if plan.where is not None and not plan.where(facts):
        return series
    value: Any = None  # a count has no value
    if plan.value is not None and (value := plan.value(facts)) is None:
        return series
    if plan.window is not None:
        return _appended(cast("Samples | None", series), time, value)
    if plan.kind == "distinct":
        return _seen(cast("Distinct | None", series), str(value))
    assert series is None or isinstance(series, Running)
    if plan.kind == "count":
        count = 1 if series is None else series.count + 1
        return Running(count, count)
    if series is None:
        return Running(1, value)
    return Running(series.count + 1, _COMBINED[plan.kind](series.figure, value))


_COMBINED: Mapping[str, Callable[[Any, Any], Any]] = {
    "sum": operator.add,
    "average": operator.add,
    "min": min,
    "max": max,
    "first": lambda figure, value: figure,
    "latest": lambda figure, value: value,
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


def _appended(series: Samples | None, time: int, value: Value | None) -> Samples:
    if series is None:
        return Samples([time], [] if value is None else [value], 0, 0, 1, 0)
    times, values, start, stop, end, total = (
        series.times,
        series.values,
        series.start,
        series.stop,
        series.end,
        series.total,
    )
    # Copy when another version has appended already, or when most of the list is behind.
    if len(times) != end or start > 32 + (end - start):
        times, values = times[start:end], values[start:end]
        stop, end, start = stop - start, end - start, 0
    times.append(time)
    if value is not None:
        values.append(value)
    return Samples(times, values, start, stop, end + 1, total)


def advance(plan: MetricPlan, series: Samples, now: int, zone: ZoneInfo) -> Samples:
    """The series with its window moved to end at `now`. A window never moves back."""
    lower, upper = plan.bounds(now, zone)
    times, values = series.times, series.values
    start, stop, end, total = series.start, series.stop, series.end, series.total
    summed = plan.kind in _SUMMED
    moved = False
    while stop < end and times[stop] <= upper:
        if summed:
            total += cast(Number, values[stop])
        stop += 1
        moved = True
    while start < stop and times[start] <= lower:
        if summed:
            total -= cast(Number, values[start])
        start += 1
        moved = True
    return Samples(times, values, start, stop, end, total) if moved else series


def figure(plan: MetricPlan, series: Series | None) -> Value | None:
    """The metric's value: 0 for a count, sum or distinct of nothing, else missing."""
    kind = plan.kind
    if series is None:
        return 0 if kind in ("count", "sum", "distinct") else None
    if isinstance(series, Distinct):
        return series.count
    if isinstance(series, Running):
        seen: Value = series.figure
        return _ratio(cast(Number, seen), series.count) if kind == "average" else seen
    count = series.stop - series.start
    if kind == "count":
        return count
    if kind == "sum":
        total: Number = series.total
        return total
    values: list[Value] = series.values[series.start : series.stop]
    if kind == "distinct":
        return len(set(values))
    return _OF_WINDOW[kind](values, series.total) if values else None


_OF_WINDOW: Mapping[str, Callable[[list[Any], Number], Value]] = {
    "average": lambda values, total: _ratio(total, len(values)),
    "latest": lambda values, total: values[-1],
    "first": lambda values, total: values[0],
    "min": lambda values, total: min(values),
    "max": lambda values, total: max(values),
}


def _ratio(total: Number, count: int) -> Number:
    ratio = Fraction(total, count)
    return ratio.numerator if ratio.denominator == 1 else ratio


def restored(plan: MetricPlan, series: Series) -> Series:
    """A series as it was before it was written as JSON, which has no fractions or dates."""
    if plan.plain or isinstance(series, Distinct):
        return series
    if isinstance(series, Running):
        return Running(series.count, _restored(plan, series.figure))
    times, values, start, stop, end, total = msgspec.structs.astuple(series)
    return Samples(
        times,
        [_restored(plan, value) for value in values],
        start,
        stop,
        end,
        _restored(plan, total),
    )


def _restored(plan: MetricPlan, value: Any) -> Any:
    if not isinstance(value, str):
        return value
    return date.fromisoformat(value) if plan.sample.kind == "date" else Fraction(value)
