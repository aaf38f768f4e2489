"""Figures over a customer's events, exact in event time (S5).

A metric without a window keeps a running figure. One with a window keeps its samples in
time order, and two positions that only move forward: where the window starts and where it
stops. A sample list is shared by all later versions of a series; a version sees only its
own range, and adding to an old version copies first. So a series is a value, at the price
of an append.
"""

from __future__ import annotations

from datetime import date
from fractions import Fraction
from typing import cast
from zoneinfo import ZoneInfo

from msgspec import Struct

from loyalcore.effects.kind import Facts
from loyalcore.program.plan import MetricPlan
from loyalcore.values import Number, Value, write_number

_SUMMED = ("sum", "average")


class Running(Struct, frozen=True):
    """A figure over everything so far: how many samples, and the figure itself (for
    `average`, their sum)."""

    count: int
    figure: Value


class Distinct(Struct, frozen=True):
    """The different values so far, numbered as they came. Like a sample list, `numbers`
    is shared with later versions: this one has seen those numbered below `count`."""

    count: int
    numbers: dict[Value, int]


class Samples(Struct, frozen=True):
    """Samples in time order; those in the window are `start` up to `stop`, those still
    to enter an earlier window are `stop` up to `end`. `total` sums the window."""

    times: list[int]
    values: list[Value]
    start: int
    stop: int
    end: int
    total: Number


Series = Running | Distinct | Samples


def enter(plan: MetricPlan, series: Series | None, time: int, facts: Facts) -> Series | None:
    """The series with what one event at `time` contributes, or the same series where the
    event does not count. `time` is not before the latest sample."""
    if plan.where is not None and not plan.where(facts):
        return series
    value = 1 if plan.value is None else plan.value(facts)
    if value is None:
        return series
    if plan.window is not None:
        return _appended(cast("Samples | None", series), time, value)
    if plan.kind == "distinct":
        return _seen(cast("Distinct | None", series), value)
    if series is None:
        return Running(1, value)
    assert isinstance(series, Running)
    return Running(series.count + 1, _combined(plan.kind, series.figure, value))


def _combined(kind: str, figure: Value, value: Value) -> Value:
    match kind:
        case "count" | "sum" | "average":
            return cast(Number, figure) + cast(Number, value)
        case "min":
            return min(figure, value)
        case "max":
            return max(figure, value)
        case "first":
            return figure
    return value


def _seen(series: Distinct | None, value: Value) -> Distinct:
    if series is None:
        return Distinct(1, {value: 0})
    count, numbers = series.count, series.numbers
    if numbers.get(value, count) < count:
        return series
    if len(numbers) != count:  # another version has added to it
        numbers = {known: number for known, number in numbers.items() if number < count}
    numbers[value] = count
    return Distinct(count + 1, numbers)


def _appended(series: Samples | None, time: int, value: Value) -> Samples:
    if series is None:
        return Samples([time], [value], 0, 0, 1, 0)
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
    values.append(value)
    return Samples(times, values, start, stop, end + 1, total)


def advance(plan: MetricPlan, series: Samples, now: int, zone: ZoneInfo) -> Samples:
    """The series with its window moved to end at `now`. A window never moves back."""
    assert plan.window is not None
    upper = now if plan.ending is None else plan.ending.before(now, zone)
    lower = plan.window.since(upper, zone)
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
        if kind == "average":
            return _ratio(cast(Number, series.figure), series.count)
        return series.figure
    count = series.stop - series.start
    match kind:
        case "count":
            return count
        case "sum":
            return series.total
        case "distinct":
            return len(set(series.values[series.start : series.stop]))
    if not count:
        return None
    match kind:
        case "average":
            return _ratio(series.total, count)
        case "latest":
            return series.values[series.stop - 1]
        case "first":
            return series.values[series.start]
        case "min":
            return min(series.values[series.start : series.stop])
    return max(series.values[series.start : series.stop])


def _ratio(total: Number, count: int) -> Number:
    ratio = Fraction(total, count)
    return ratio.numerator if ratio.denominator == 1 else ratio


def pack_series(plan: MetricPlan, series: Series) -> list[object]:
    """The JSON form of a series: its figure, or the samples not yet left behind."""
    if isinstance(series, Running):
        return [series.count, _packed(series.figure)]
    if isinstance(series, Distinct):
        return [_packed(value) for value, number in series.numbers.items() if number < series.count]
    kept = slice(series.start, series.end)
    if plan.kind == "count":
        return [series.stop - series.start, series.times[kept]]
    values: list[object] = list(series.values[kept])
    if not plan.plain:
        values = [_packed(cast(Value, value)) for value in values]
    return [series.stop - series.start, series.times[kept], values]


def unpack_series(plan: MetricPlan, packed: list[object]) -> Series:
    """The series that was packed for a metric of the same definition."""
    if plan.window is None and plan.kind == "distinct":
        return Distinct(len(packed), {_unpacked(plan, value): n for n, value in enumerate(packed)})
    if plan.window is None:
        return Running(cast(int, packed[0]), _unpacked(plan, packed[1]))
    stop = cast(int, packed[0])
    times = cast(list[int], packed[1])
    if plan.kind == "count":
        return Samples(times, cast(list[Value], [1] * len(times)), 0, stop, len(times), 0)
    values = cast(list[Value], packed[2])
    if not plan.plain:
        values = [_unpacked(plan, value) for value in values]
    total = sum(cast(list[int], values[:stop])) if plan.kind in _SUMMED else 0
    return Samples(times, values, 0, stop, len(times), total)


def _packed(value: Value) -> object:
    if isinstance(value, Fraction):
        return write_number(value)
    if isinstance(value, date):
        return value.isoformat()
    return value


def _unpacked(plan: MetricPlan, packed: object) -> Value:
    if isinstance(packed, str):
        if plan.sample.kind in ("number", "money"):
            return Fraction(packed)
        if plan.sample.kind == "date":
            return date.fromisoformat(packed)
    return cast(Value, packed)
