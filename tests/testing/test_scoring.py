"""The contract of scoring strategies: loyalcore's own keep it, and it finds those that do not."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import count
from typing import Any

import pytest
from pydantic import BaseModel

from loyalcore.scoring import (
    FLAG,
    INTEGER,
    TEXT,
    Input,
    Locale,
    Occurrence,
    Strategy,
    StrategyKind,
    StrategySettings,
    Summary,
    Value,
)
from loyalcore.scoring.abc import ABC
from loyalcore.scoring.churn import CHURN
from loyalcore.scoring.rfm import RFM
from loyalcore.scoring.trend import TREND
from loyalcore.testing import ScoringContract

DAY = 86_400_000_000
AT = 1_767_225_600_000_000


class Purchases(ScoringContract):
    """Customers with 5, 2, 0 and 12 purchases."""

    settings: Mapping[str, Any] = {"event": "purchase", "amount": "amount"}
    at = AT

    def histories(self) -> Sequence[Sequence[Occurrence]]:
        return [
            [Occurrence(0, AT - (60 - 5 * n) * DAY, (100 * (n + 1) * often,)) for n in range(often)]
            for often in (5, 2, 0, 12)
        ]


class TestAbc(Purchases):
    kind = ABC


class TestRfm(Purchases):
    kind = RFM
    settings: Mapping[str, Any] = {**Purchases.settings, "grades": 5}


class TestTrend(Purchases):
    kind = TREND


class TestChurn(Purchases):
    kind = CHURN
    settings: Mapping[str, Any] = {"event": "purchase"}


# --- it finds what is wrong -----------------------------------------------------------------------


class Settings(StrategySettings):
    pass


class Poor(Strategy[Any]):
    """A strategy that does as it is told."""

    def __init__(self, score: Callable[[Summary], Mapping[str, Any]], **other: Any) -> None:
        self.inputs = (Input("purchase", ()),)
        self.outputs = other.get("outputs", {"grade": INTEGER})
        self._score = score
        self._summary = other.get("summary", lambda history: (len(history),))
        self._fit = other.get("fit", list)

    def observe(self, history: Sequence[Occurrence], at: int) -> Summary | None:
        made: Summary | None = self._summary(history)
        return made

    def fit(self, summaries: Iterable[Summary], at: int) -> Any:
        return self._fit(summaries)

    def score(self, summary: Summary, model: Any) -> Mapping[str, Value | None]:
        return self._score((*summary, model))


def poor(score: Callable[..., Any], settings: type[BaseModel] = Settings, **other: Any) -> Any:
    def make(settings: Any, locale: Locale) -> Strategy[Any]:
        return Poor(score, **other)

    class Wrong(Purchases):
        kind = StrategyKind("poor", "1", settings, make)

    Wrong.settings = {}
    return Wrong()


class Loose(BaseModel):
    pass


numbers = count()
ONE = {"grade": 1}


@pytest.mark.parametrize(
    ("wrong", "test", "says"),
    [
        (poor(lambda s: {"grade": 0.5}), "scores_are_of_the_types_that_it_says", "was a float"),
        (poor(lambda s: {"grade": True}), "scores_are_of_the_types_that_it_says", "was a bool"),
        (poor(lambda s: {"other": 1}), "scores_are_of_the_types_that_it_says", "is no output"),
        (
            poor(lambda s: ONE, summary=lambda history: None),
            "scores_are_of_the_types_that_it_says",
            "nothing is said of any customer",
        ),
        (
            poor(lambda s: {"grade": next(numbers)}),
            "the_same_past_gives_the_same_scores",
            "asked again, it says something else",
        ),
        (
            poor(lambda s: {"grade": s[-1][0][0]}),
            "the_order_of_customers_means_nothing",
            "in another order, it says something else",
        ),
        (poor(lambda s: ONE, fit=max), "nobody_at_all_is_no_failure", "empty"),
        (poor(lambda s: ONE, Loose), "settings_with_a_slip_are_refused", "is let through"),
        (poor(lambda s: ONE, summary=list), "summaries_are_small_and_plain", "is a list"),
        (
            poor(lambda s: ONE, summary=lambda history: (FLAG,)),
            "summaries_are_small_and_plain",
            "it is not plain",
        ),
        (
            poor(lambda s: ONE, outputs={"a b": TEXT}),
            "it_says_what_it_looks_at_and_what_it_gives",
            "can't be written in an expression",
        ),
        (
            poor(lambda s: ONE, fit=len),
            "summaries_may_be_gone_through_once_only_or_again",
            "has no len",
        ),
    ],
)
def test_a_strategy_that_breaks_the_contract_fails(wrong: Any, test: str, says: str) -> None:
    with pytest.raises((AssertionError, ValueError, TypeError), match=says):
        getattr(wrong, f"test_{test}")()
