"""Trend: whether a customer buys more often, or for more, than in the period before.

Two periods of the same length lie side by side, the later one ending at the instant: (t - P, t]
against (t - 2P, t - P]. A change of less than the margin is no change: a few purchases more or
less say little. It answers who has reduced their purchases, and who has increased them, in
frequency and in volume.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from pydantic import Field

from loyalcore.calendars import Duration, read_duration
from loyalcore.ruleset.words import DurationText
from loyalcore.scoring.purchases import AmountSettings, Share, bought, net, percent
from loyalcore.scoring.strategy import Occurrence, Strategy, StrategyKind, Summary
from loyalcore.values import INTEGER, Locale, Type, Value

WORDS = ("new", "up", "same", "down", "stopped")


class TrendSettings(AmountSettings):
    """Up or down in frequency and volume, against the period before."""

    period: DurationText = Field("90 days", description="how long each of the two periods is")
    margin: Share = Field("10 %", description="the change below which all is the same")


class Trend(Strategy[None]):
    """A summary is how many there were and what they came to: before, and now."""

    def __init__(self, settings: TrendSettings, locale: Locale) -> None:
        self._margin, self._zone = percent(settings.margin), locale.zone
        self._period = period = read_duration(settings.period)
        both = Duration(2 * period.microseconds, 2 * period.months)
        self.inputs = settings.inputs(both)
        words = Type("text", WORDS)
        self.outputs = {
            "frequency": words,
            "volume": words,
            "frequency_change": INTEGER,
            "volume_change": INTEGER,
        }

    def observe(self, history: Sequence[Occurrence], at: int) -> Summary | None:
        if not history:
            return None
        middle = self._period.before(at, self._zone)
        before = [one for one in history if one.time <= middle]
        now = history[len(before) :]
        return len(bought(before)), net(before), len(bought(now)), net(now)

    def fit(self, summaries: Iterable[Summary], at: int) -> None:
        """Nobody else matters."""

    def score(self, summary: Summary, model: None) -> Mapping[str, Value | None]:
        orders_before, spent_before, orders, spent = summary
        frequency, orders_by = self._moved(orders_before, orders)
        volume, spent_by = self._moved(spent_before, spent)
        return {
            "frequency": frequency,
            "volume": volume,
            "frequency_change": orders_by,
            "volume_change": spent_by,
        }

    def _moved(self, before: object, now: object) -> tuple[str, Value | None]:
        """The word for the change, and how many per cent it is, where there is anything to
        compare with."""
        assert isinstance(before, int | float)
        assert isinstance(now, int | float)
        if before <= 0:
            return ("new" if now > 0 else "same"), None
        change = 100 * (now - before) / before
        if now <= 0:
            return "stopped", round(change)
        if abs(change) < self._margin:
            return "same", round(change)
        return ("up" if change > 0 else "down" if change < 0 else "same"), round(change)


TREND = StrategyKind("trend", "1", TrendSettings, Trend)
