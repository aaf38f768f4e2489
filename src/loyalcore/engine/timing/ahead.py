"""When figures change by themselves: as samples come into a window, or fall out of it.

A window only moves forward, so a sample is in it from one instant up to another, and both
are known: exactly where the window is so long, and by halving where it goes by the calendar.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Mapping
from zoneinfo import ZoneInfo

from loyalcore.calendars import EARLIEST, Calendar, Rolling, next_period_start
from loyalcore.engine.metrics import Log
from loyalcore.program.figures.metric_plan import MetricPlan
from loyalcore.values import LAST_TIME

_DAY = 86_400_000_000


def next_change(
    plans: Iterable[MetricPlan],
    logs: Mapping[str, Log],
    at: int,
    zone: ZoneInfo,
    since: int = EARLIEST,
) -> int | None:
    """The first instant after `at` at which the window of one of these metrics gains a sample
    or loses one, of a customer since `since`, if no event comes; None where that never
    happens."""
    changes = (
        found
        for plan in plans
        if (log := logs.get(plan.log)) is not None
        and (found := _next_of(plan, log, at, zone, since)) is not None
    )
    return min(changes, default=None)


def _next_of(plan: MetricPlan, log: Log, at: int, zone: ZoneInfo, since: int) -> int | None:
    times, count = log.times, log.count
    lower, upper = plan.bounds(at, zone, since)
    oldest = bisect_right(times, lower, 0, count)  # the first that is in the window
    coming = bisect_right(times, upper, 0, count)  # the first that is not in it yet
    found = []
    if oldest < count:
        found.append(_when(plan, 0, times[oldest], at, zone, since))
    if coming < count:
        found.append(_when(plan, 1, times[coming], at, zone, since))
    return min((instant for instant in found if instant is not None), default=None)


def _when(
    plan: MetricPlan, bound: int, sample: int, at: int, zone: ZoneInfo, since: int
) -> int | None:
    """The first instant after `at` at which that bound of the window has come to the sample:
    the lower one (0), so that it falls out, or the upper one (1), so that it comes in."""
    if (exact := plan.exact) is not None:
        return sample + exact[bound]

    def come(instant: int) -> bool:
        return plan.bounds(instant, zone, since)[bound] >= sample

    likely = _likely(plan, bound, sample, zone)
    if likely > at and come(likely) and not come(likely - 1):  # but where clocks are changed
        return likely
    return first_instant(come, at)


def _likely(plan: MetricPlan, bound: int, sample: int, zone: ZoneInfo) -> int:
    """When it most often comes: spares searching for it, which takes dozens of looks."""
    likely = sample
    if bound == 0 and isinstance(plan.window, Rolling):
        likely = plan.window.length.after(sample, zone)
    elif bound == 0 and isinstance(plan.window, Calendar):
        likely = next_period_start(sample, plan.window.period, zone)
    return likely if plan.ending is None else plan.ending.after(likely, zone)


def first_instant(holds: Callable[[int], bool], after: int) -> int | None:
    """The first instant after `after` at which something holds that holds from then on; None
    where there is none."""
    step = _DAY
    low = after
    while not holds(high := min(after + step, LAST_TIME)):
        if high == LAST_TIME:
            return None
        low, step = high, 2 * step
    span = range(low + 1, high + 1)
    return span[bisect_left(span, True, key=holds)]
