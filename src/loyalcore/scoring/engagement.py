"""Engagement: how much customers do beside buying, what is long ago counting less.

Customer engagement is what customers do for a firm beyond purchase: reviews, referrals, visits,
help to others (J. van Doorn and others, "Customer Engagement Behavior", Journal of Service
Research 13(3), 2010). Each thing done counts as the ruleset weighs it, and half as much after
every half-life: a memory that fades evenly needs no window, and no visit falls out of it at once.
Levels are thirds of all customers who have done anything.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal

from pydantic import Field

from loyalcore.calendars import read_duration
from loyalcore.ruleset.words import DurationText, Label
from loyalcore.scoring.figures import column, grade
from loyalcore.scoring.strategy import (
    Input,
    Occurrence,
    Strategy,
    StrategyKind,
    StrategySettings,
    Summary,
)
from loyalcore.values import INTEGER, Locale, Type, Value

LEVELS = ("low", "medium", "high")


class EngagementSettings(StrategySettings):
    """Low, medium or high, by what customers do and how long ago."""

    events: dict[Label, Decimal] = Field(
        min_length=1, description="what counts, and how much: {review: 5, referral: 10}"
    )
    half_life: DurationText = Field("90 days", description="after which it counts half as much")


class Engagement(Strategy["array[float]"]):
    """A summary is the sum of what was done. The model has the sums of all customers."""

    def __init__(self, settings: EngagementSettings, locale: Locale) -> None:
        half_life = read_duration(settings.half_life)
        if half_life.months:
            raise ValueError("half_life is so many days or weeks: months are not all alike")
        self._half_life = half_life.microseconds
        self._weights = tuple(float(weight) for weight in settings.events.values())
        if any(weight <= 0 for weight in self._weights):
            raise ValueError("events count more than 0 each; leave out what doesn't count")
        self.inputs = tuple(Input(event, ("events", event)) for event in settings.events)
        self.outputs = {"level": Type("text", LEVELS), "points": INTEGER}

    def observe(self, history: Sequence[Occurrence], at: int) -> Summary | None:
        if not history:
            return None
        ages = ((one.input, (at - one.time) / self._half_life) for one in history)
        return (sum(self._weights[number] * 0.5**age for number, age in ages),)

    def fit(self, summaries: Iterable[Summary], at: int) -> array[float]:
        return column(summaries, 0)

    def score(self, summary: Summary, model: array[float]) -> Mapping[str, Value | None]:
        (points,) = summary
        assert isinstance(points, float)
        level = LEVELS[grade(model, points, len(LEVELS)) - 1]
        return {"level": level, "points": round(points)}


ENGAGEMENT = StrategyKind("engagement", "1", EngagementSettings, Engagement)
