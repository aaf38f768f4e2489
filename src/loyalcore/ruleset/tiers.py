"""Tiers: ladders of levels that customers climb by what they do, and keep for a time."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, WithJsonSchema, model_validator
from pydantic_core import PydanticCustomError

from loyalcore.ruleset.words import DurationText, Formula, Section, Word, worded


def _benefit(raw: object) -> object:
    if not isinstance(raw, bool | int | Decimal | str):
        raise PydanticCustomError("bad-value", "a benefit is a number, a text, true or false")
    return raw


Benefit = Annotated[
    bool | int | Decimal | str,
    BeforeValidator(_benefit),
    WithJsonSchema({"type": ["boolean", "number", "string"]}),
]


def _at_least(raw: object) -> object:
    """`silver: 5000` is short for `silver: {at_least: 5000}`."""
    if raw is None:
        return {}
    raw = worded(raw)
    return {"at_least": raw} if isinstance(raw, str) else raw


class CriteriaSpec(Section):
    """What a customer must have reached. All that is said must hold; nothing said always
    does. Figures are metrics, balances (balance.status), or formulas of them."""

    at_least: Formula | None = Field(None, description="so much of what the ladder goes `by`")
    all: dict[Formula, Formula] = Field(
        default_factory=dict, description="figures, each of at least so much: {orders: 12}"
    )
    any: dict[Formula, Formula] = Field(
        default_factory=dict, description="figures, of which one must be at least so much"
    )
    when: Formula | None = Field(None, description="a condition on the customer beside that")

    @model_validator(mode="before")
    @classmethod
    def _widen(cls, raw: object) -> object:
        return _at_least(raw)

    @property
    def empty(self) -> bool:
        return self.at_least is None and not self.all and not self.any and self.when is None


class LevelSpec(CriteriaSpec):
    """A level of a ladder: what it takes to reach it, and what it brings."""

    stay: CriteriaSpec | None = Field(
        None, description="what it takes to keep it; without it, the same as to reach it"
    )
    invitation: bool = Field(
        False,
        description="nobody reaches it by themselves: an effect or an operator lifts them",
        strict=True,
    )
    benefits: dict[Word, Benefit] = Field(
        default_factory=dict,
        description="what it brings, as benefit.LADDER.NAME; those of the level below hold on",
    )


class TierSpec(Section):
    """A tier ladder. `tier.LADDER` is the customer's level.

    A level is reached as soon as what it takes is there (or at the next review), is kept for
    a time, and is then kept again, or lost after a grace period.
    """

    by: Formula | None = Field(
        None, description="the figure that levels are reached by: spend_year, balance.status"
    )
    levels: dict[Word, LevelSpec] = Field(
        description="from the lowest to the highest", min_length=1
    )
    upgrade: Literal["at once", "at review"] = Field(
        "at once", description="when a higher level is reached"
    )
    review: Literal["month", "quarter", "year", "membership year"] | None = Field(
        None, description="for `upgrade: at review`: at the beginning of every such period"
    )
    keep: str | None = Field(
        None,
        description="how long a level is kept at least: 12 months, end of year, "
        "end of year after 12 months, anniversary; without it, only while it is earned",
    )
    grace: DurationText | None = Field(
        None, description="how much longer it is kept, for the customer to earn it again"
    )
    drop: Literal["one level", "by balance", "never"] = Field(
        "one level",
        description="where a level that is not kept leads: to the one below (a soft landing), to "
        "what is earned by then, or nowhere",
    )
    warn: DurationText | None = Field(
        None, description="how long before its end tier_at_risk tells that it will be lost"
    )
    about: str = Field("", description="why this exists, for people")

    @model_validator(mode="after")
    def _reviewed(self) -> TierSpec:
        if (self.upgrade == "at review") != (self.review is not None):
            raise PydanticCustomError(
                "bad-tier", "upgrade: at review and review go together: review: year"
            )
        if self.keep is None and (self.grace is not None or self.warn is not None):
            raise PydanticCustomError("bad-tier", "grace and warn need keep: 12 months")
        if self.drop == "never" and (self.grace is not None or self.warn is not None):
            raise PydanticCustomError(
                "bad-tier", "grace and warn make no sense with drop: never, where none is lost"
            )
        return self
