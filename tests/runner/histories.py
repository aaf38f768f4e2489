"""Random histories of customers, and the ways to run one, none of which a store may show (S2, S11).

histories(deeds) -> lines       events in the order of a run, some hours after one another
in_two_runs(deeds) -> lines     likewise; what comes with the second run may come late
run_anyhow(shop, ..., data)     in runs, files and batches, with caches, as they are drawn
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import strategies as st

from loyalcore.matching import available
from loyalcore.runner import clock, fold

NewShop = Callable[[], AbstractContextManager[Any]]
Line = dict[str, object]
Deeds = Callable[[int], st.SearchStrategy[Mapping[str, object]]]
"""What may happen as the nth event: its type and its fields."""

BEGIN = datetime(2026, 1, 1)


def on(hours: int = 0, *, days: int = 0, begin: datetime = BEGIN) -> str:
    """The time so long after the beginning of a history."""
    return f"{begin + timedelta(days=days, hours=hours):%Y-%m-%dT%H:%MZ}"


@st.composite
def histories(
    draw: st.DrawFn,
    deeds: Deeds,
    *,
    gaps: Sequence[int],
    customers: Sequence[str],
    most: int,
    least: int = 1,
    again: int = 0,
) -> list[Line]:
    """From `least` to `most` lines, hours apart as one of `gaps` says, and up to `again` of them
    a second time; in the order of a run."""
    lines: list[Line] = []
    hours = 0
    for number in range(draw(st.integers(least, most))):
        hours += draw(st.sampled_from(gaps))
        lines.append(_line(draw, number, customers, on(hours), deeds))
    if again and lines:
        lines += draw(st.lists(st.sampled_from(lines), max_size=again))
    return _in_order(lines)


@st.composite
def in_two_runs(
    draw: st.DrawFn,
    deeds: Deeds,
    *,
    gaps: Sequence[int],
    customers: Sequence[str],
    most: int,
    late: Sequence[int],
    begin: datetime = BEGIN,
) -> list[list[Line]]:
    """The lines of two runs, of 2 to `most` each; the second begins as many hours back in the
    first's time as one of `late` says."""
    runs = []
    hours = number = 0
    for _ in range(2):
        lines: list[Line] = []
        for _ in range(draw(st.integers(2, most))):
            hours += draw(st.sampled_from(gaps))
            number += 1
            lines.append(_line(draw, number, customers, on(hours, begin=begin), deeds))
        runs.append(_in_order(lines))
        hours = max(0, hours - draw(st.sampled_from(late)))
    return runs


def of_orders(deeds: st.SearchStrategy[Mapping[str, object]]) -> Deeds:
    """Deeds about orders: a purchase is about its own, all else about one before it."""

    def about(number: int, deed: Mapping[str, object], before: int) -> Mapping[str, object]:
        order = number if deed["type"] == "purchase" else number - before
        return {"order": str(order), **deed}

    return lambda number: st.builds(about, st.just(number), deeds, st.integers(1, 3))


def _line(draw: st.DrawFn, number: int, customers: Sequence[str], time: str, deeds: Deeds) -> Line:
    envelope = {"id": f"{number:03}", "customer": draw(st.sampled_from(customers)), "time": time}
    return {**envelope, **draw(deeds(number))}


def _in_order(lines: list[Line]) -> list[Line]:
    return sorted(lines, key=lambda line: (line["time"], line["id"]))


def run_anyhow(
    shop: Any,
    ruleset: str,
    lines: Sequence[Line],
    data: st.DataObject,
    *,
    until: str | None = None,
    between: bool = False,
) -> None:
    """Run lines of events in two runs, of which the second may have them all once more; in any
    order in the files and any batches, with any caches and either matcher. Then let time pass to
    `until`, halting on the way; where `between`, it may pass between the runs too."""
    batches = st.sampled_from([1, 2, 7, 10_000])
    matcher = data.draw(st.sampled_from(["compiled", "durable"] if available() else ["compiled"]))

    def run(some: Sequence[Line] = (), until: str | None = None) -> None:
        shuffled = data.draw(st.permutations(some), "order in the files")
        ends = data.draw(st.lists(st.integers(0, len(some)), max_size=2), "where files end")
        files = [shuffled[a:b] for a, b in pairwise([0, *sorted(ends), len(some)])]
        batch = data.draw(batches, "batch")
        shop.run(ruleset, *files, until=until, batch=batch, matcher=matcher)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fold, "CACHED", data.draw(st.sampled_from([0, 2, 20_000]), "cached"))
        patch.setattr(fold, "DRAWS_CACHED", data.draw(st.sampled_from([0, 50_000]), "draws"))
        patch.setattr(clock, "PAGE", data.draw(st.sampled_from([1, 2, 1_000]), "page"))
        cut = data.draw(st.integers(0, len(lines)), "events of the first run")
        if lines or until is None:
            run(lines[:cut])
            if between and 0 < cut < len(lines) and data.draw(st.booleans(), "time passes"):
                run(until=str(lines[cut]["time"]))  # up to the next event, and no further
            run(lines if data.draw(st.booleans(), "all once more") else lines[cut:])
        if until is not None:
            end = datetime.fromisoformat(until)
            halts = data.draw(st.lists(st.integers(1, 60), max_size=2), "days before, to halt")
            for days in sorted(halts, reverse=True):
                run(until=f"{end - timedelta(days=days):%Y-%m-%dT%H:%MZ}")
            run(until=until)
