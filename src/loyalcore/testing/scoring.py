"""Scoring strategies under test: the contract that all of them keep."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import ValidationError

from loyalcore.scoring import OUTPUTS, AnyStrategyKind, CannotScore, Occurrence, Strategy, Summary
from loyalcore.values import Locale, Type, Value

Scores = list[Mapping[str, Value | None] | None]


class ScoringContract:
    """What every scoring strategy must do. A test class of yours inherits from it and says how:

        class TestVisits(ScoringContract):
            kind = VISITS
            settings: Mapping[str, Any] = {"event": "visit"}
            at = 1_767_225_600_000_000

            def histories(self):               # the pasts of a few customers, by time
                return [[Occurrence(0, self.at - 5, ())], []]

    pytest finds the tests, which are the methods named test_*.
    """

    kind: AnyStrategyKind
    """What the plugin registers."""
    settings: Mapping[str, Any] = {}
    """Settings as they stand in a ruleset, beside `strategy`."""
    at: int
    """The instant of the scores, in microseconds since 1970 UTC."""
    locale: Locale = Locale("EUR", 2, ZoneInfo("UTC"))

    def histories(self) -> Sequence[Sequence[Occurrence]]:
        """The pasts of some customers, for whom together something can be said."""
        raise NotImplementedError("give the pasts of a few customers")

    # --- what is tried ------------------------------------------------------------------------

    def test_it_says_what_it_looks_at_and_what_it_gives(self) -> None:
        strategy = self._made()
        assert strategy.inputs, "it looks at no events"
        assert strategy.outputs, "it has no outputs"
        for name, type_ in strategy.outputs.items():
            assert name.isidentifier(), f"'{name}' can't be written in an expression"
            assert type_.kind in OUTPUTS, f"{name} is {type_}, of none of {', '.join(OUTPUTS)}"
        assert self.kind.version, "it has no version"

    def test_settings_with_a_slip_are_refused(self) -> None:
        try:
            self.kind.settings.model_validate({**self.settings, "no_such_setting": 1})
        except ValidationError:
            return
        raise AssertionError("an unknown setting is let through; set extra='forbid'")

    def test_summaries_are_small_and_plain(self) -> None:
        for summary in self._summaries(self._made()):
            assert isinstance(summary, tuple), f"a summary is a {type(summary).__name__}"
            for value in summary:
                assert value is None or isinstance(value, int | float | str), "it is not plain"
                assert not isinstance(value, float) or math.isfinite(value), "it is not finite"

    def test_scores_are_of_the_types_that_it_says(self) -> None:
        outputs = self._made().outputs
        scored = [scores for scores in self._scored() if scores is not None]
        assert scored, "nothing is said of any customer"
        for scores in scored:
            assert scores.keys() <= outputs.keys(), f"{set(scores) - set(outputs)} is no output"
            for name, value in scores.items():
                assert value is None or _fits(value, outputs[name]), (
                    f"{name} is {outputs[name]}, and was a {type(value).__name__}"
                )

    def test_the_same_past_gives_the_same_scores(self) -> None:
        assert self._scored() == self._scored(), "asked again, it says something else"

    def test_the_order_of_customers_means_nothing(self) -> None:
        turned = self._scored(lambda found: found[::-1])
        assert self._scored() == turned, "in another order, it says something else"

    def test_nobody_at_all_is_no_failure(self) -> None:
        strategy = self._made()
        strategy.observe([], self.at)
        with suppress(CannotScore):
            strategy.fit([], self.at)

    def test_summaries_may_be_gone_through_once_only_or_again(self) -> None:
        strategy = self._made()
        summaries = self._summaries(strategy)
        model = strategy.fit(_Again(summaries), self.at)
        for name, figure in strategy.parameters(model).items():
            assert math.isfinite(figure), f"the parameter {name} is not finite"

    # --- how ----------------------------------------------------------------------------------

    def _made(self) -> Strategy[Any]:
        return self.kind.make(self.kind.settings.model_validate(dict(self.settings)), self.locale)

    def _summaries(self, strategy: Strategy[Any]) -> list[Summary]:
        seen = [strategy.observe(tuple(history), self.at) for history in self.histories()]
        return [summary for summary in seen if summary is not None]

    def _scored(self, order: Any = lambda found: found) -> Scores:
        strategy = self._made()
        model = strategy.fit(_Again(order(self._summaries(strategy))), self.at)
        seen = [strategy.observe(tuple(history), self.at) for history in self.histories()]
        return [None if one is None else dict(strategy.score(one, model)) for one in seen]


class _Again(Iterable[Summary]):
    """Summaries as they come from the disk: no list, but they can be gone through again."""

    def __init__(self, summaries: Sequence[Summary]) -> None:
        self._summaries = summaries

    def __iter__(self) -> Any:
        return iter(self._summaries)


def _fits(value: Value, type_: Type) -> bool:
    match type_.kind:
        case "flag":
            return isinstance(value, bool)
        case "integer" | "money":
            return isinstance(value, int) and not isinstance(value, bool)
        case "number":
            return isinstance(value, int | Fraction) and not isinstance(value, bool)
    return isinstance(value, str) and (not type_.options or value in type_.options)
