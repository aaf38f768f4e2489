"""Scores: what a strategy makes of the customers' past, by name."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import ConfigDict, Field

from loyalcore.ruleset.words import Label, Raw, Section


class ScoreSpec(Section):
    """A score that `loyalcore score` gives every customer, by a strategy.

    What the strategy needs to know stands beside `strategy`: {strategy: rfm, event: purchase,
    amount: amount}. What it says of a customer is there as score.NAME.OUTPUT, and missing until
    they have been scored.
    """

    model_config = ConfigDict(extra="allow", frozen=True)

    strategy: Label | None = Field(
        None, description="rfm, abc, ...; without it, the one of the score's own name"
    )
    about: str = Field("", description="what the score is for, for people")

    @property
    def settings(self) -> Mapping[str, Raw]:
        """What stands there for the strategy."""
        return self.model_extra or {}
