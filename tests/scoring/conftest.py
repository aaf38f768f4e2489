"""A strategy over a few customers, each by their history."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from loyalcore.scoring import AnyStrategyKind, Locale, Occurrence, Value
from loyalcore.values import read_time

LOCALE = Locale("EUR", 2, ZoneInfo("Europe/Oslo"))
NOW = "2026-12-31"

Histories = Mapping[str, Sequence[tuple[object, ...]]]
"""By customer: day, then the values asked for; the input after a day as "2026-01-31/1"."""


def judged(kind: AnyStrategyKind, settings: Mapping[str, Any], histories: Histories) -> Any:
    """What the strategy says of each customer at NOW, of those of whom it says anything."""
    strategy = kind.make(kind.settings.model_validate(settings), LOCALE)
    at = read_time(NOW, LOCALE.zone)
    summaries = {}
    for customer, history in histories.items():
        occurrences = [_occurrence(*one) for one in history]
        summaries[customer] = strategy.observe(occurrences, at)
    known = {name: one for name, one in summaries.items() if one is not None}
    model = strategy.fit(list(known.values()), at)
    return {name: strategy.score(one, model) for name, one in known.items()}


def _occurrence(day: object, *values: Value | None) -> Occurrence:
    text, _, number = str(day).partition("/")
    return Occurrence(int(number or 0), read_time(text, LOCALE.zone), values)


@pytest.fixture
def judge() -> Callable[..., Any]:
    return judged
