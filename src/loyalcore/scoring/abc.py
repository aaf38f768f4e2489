"""ABC: the few customers who bring most of the value, those who bring the next part, and the many
others.

Customers are put in order of what they brought, the most first. Those who together brought the
first 80 % are A, up to 95 % B, the rest C: the cut of H. Ford Dickie ("ABC inventory analysis
shoots for dollars, not pennies", Factory Management and Maintenance 109, 1951) on Pareto's curve,
with the usual shares, which are settings. By revenue or by margin: `amount` says which. Who
brought as much as another has the same letter, and who brought nothing or less is always C.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from pydantic import Field

from loyalcore.ruleset.words import DurationText
from loyalcore.scoring.figures import column
from loyalcore.scoring.purchases import AmountSettings, Share, bought, net, percent, window
from loyalcore.scoring.strategy import Occurrence, Strategy, StrategyKind, Summary
from loyalcore.values import Locale, Type, Value


class AbcSettings(AmountSettings):
    """A, B or C, by the share of all that customers brought."""

    over: DurationText | None = Field(
        None, description="how far back: 24 months; without it, all that there is"
    )
    a: Share = Field("80 %", description="the share that A customers brought together")
    b: Share = Field("95 %", description="the share that A and B customers brought together")


class Letters(NamedTuple):
    """The least amounts of A and of B."""

    a: float
    b: float


class Abc(Strategy[Letters]):
    """A summary is what the customer brought."""

    def __init__(self, settings: AbcSettings, locale: Locale) -> None:
        self._a, self._b = percent(settings.a), percent(settings.b)
        if not 0 < self._a <= self._b:
            raise ValueError("a is a share above 0 %, and b one that is not below it")
        self.inputs = settings.inputs(window(settings.over))
        self.outputs = {"value_class": Type("text", ("A", "B", "C"))}

    def observe(self, history: Sequence[Occurrence], at: int) -> Summary | None:
        return (net(history),) if bought(history) else None

    def fit(self, summaries: Iterable[Summary], at: int) -> Letters:
        amounts = [amount for amount in reversed(column(summaries, 0)) if amount > 0]
        everything = sum(amounts)
        a = b = more = sofar = 0.0
        last = None
        for amount in amounts:
            more = sofar if amount != last else more  # what those who brought more came to
            if 100 * more >= self._b * everything:
                break
            b = amount
            a = amount if 100 * more < self._a * everything else a
            sofar, last = sofar + amount, amount
        return Letters(a, b)

    def score(self, summary: Summary, model: Letters) -> Mapping[str, Value | None]:
        (amount,) = summary
        assert isinstance(amount, int | float)
        letter = "C"
        if amount > 0:
            letter = "A" if amount >= model.a else "B" if amount >= model.b else "C"
        return {"value_class": letter}


ABC = StrategyKind("abc", "1", AbcSettings, Abc)
