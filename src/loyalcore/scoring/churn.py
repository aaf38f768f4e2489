"""Churn: who has been silent for longer than is usual, by their own rhythm.

A week's silence means much of who came daily, and nothing of who comes once a year. So the time
since a customer's last purchase is held against their usual gap, the median between days on
which they bought: the recency that an analyst weighs against frequency (D. C. Schmittlein, D. G.
Morrison and R. Colombo, "Counting Your Customers", Management Science 33(1), 1987). That a
threshold on the time of silence does about as well as stochastic models in telling who is gone
was shown by M. Wübben and F. v. Wangenheim ("Instant Customer Base Analysis", Journal of
Marketing 72(3), 2008). Whose gaps are too few to know has the median of all others' usual gaps.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from statistics import median

from pydantic import Field

from loyalcore.ruleset.words import DurationText
from loyalcore.scoring.figures import DAY, column, gaps_of, rounded
from loyalcore.scoring.purchases import EventsSettings, window
from loyalcore.scoring.strategy import Occurrence, Strategy, StrategyKind, Summary
from loyalcore.values import INTEGER, NUMBER, Locale, Type, Value


class ChurnSettings(EventsSettings):
    """Low, medium or high risk of having left, by the customer's own rhythm."""

    over: DurationText | None = Field(
        None, description="how far back: 24 months; without it, all that there is"
    )
    gaps: int = Field(
        2, ge=1, strict=True, description="how many gaps it takes to know a customer's own rhythm"
    )
    medium: Decimal = Field(
        Decimal(2), gt=0, description="the risk is medium from so many usual gaps of silence on"
    )
    high: Decimal = Field(Decimal(4), gt=0, description="and high from so many on")


class Churn(Strategy[float | None]):
    """A summary is how many days the customer has been silent, and their usual gap in days, None
    where there are too few to say. The model is the usual gap of all."""

    def __init__(self, settings: ChurnSettings, locale: Locale) -> None:
        if settings.medium >= settings.high:
            raise ValueError("medium is below high: so many usual gaps of silence")
        self._gaps = settings.gaps
        self._medium, self._high = float(settings.medium), float(settings.high)
        self.inputs = (settings.input(over=window(settings.over)),)
        self.outputs = {
            "risk": Type("text", ("low", "medium", "high")),
            "usual_gap": NUMBER,
            "gaps_silent": INTEGER,
        }

    def observe(self, history: Sequence[Occurrence], at: int) -> Summary | None:
        if not history:
            return None
        gaps = gaps_of(history, at)
        usual = float(median(gaps)) if len(gaps) >= self._gaps else None
        return (at - history[-1].time) // DAY, usual

    def fit(self, summaries: Iterable[Summary], at: int) -> float | None:
        usual = column(summaries, 1)
        return float(median(usual)) if usual else None

    def score(self, summary: Summary, model: float | None) -> Mapping[str, Value | None]:
        silence, own = summary
        assert isinstance(silence, int)
        usual = own if isinstance(own, float) else model
        if usual is None:
            return {}
        ratio = silence / usual
        risk = "high" if ratio >= self._high else "medium" if ratio >= self._medium else "low"
        return {
            "risk": risk,
            "usual_gap": rounded(usual, 1),
            "gaps_silent": int(ratio),
        }


CHURN = StrategyKind("churn", "1", ChurnSettings, Churn)
