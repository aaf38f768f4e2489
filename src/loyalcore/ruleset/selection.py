"""What may hold a rule, an offer or a reward back: the keys they share, and their sections."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, WithJsonSchema, model_validator
from pydantic_core import PydanticCustomError

from loyalcore.ruleset.words import Formula, Label, Labels, Section, Word, worded

Amount = Annotated[
    str,
    BeforeValidator(worded),
    WithJsonSchema({"type": ["string", "number"], "title": "amount per period"}),
]
"""`100 per day`, `5000 per month`, `3 per 30 days`, or a bare number: ever."""

Share = Annotated[
    str,
    BeforeValidator(worded),
    WithJsonSchema({"type": ["string", "number"], "title": "share"}),
]
"""`10 %`, or a weight."""


class ScheduleSpec(Section):
    """When it holds, in the program's time zone: on these weekdays, in these hours, on these
    days of the calendar. What is left out is no condition."""

    weekdays: Labels = Field((), description="monday, tuesday, ...")
    hours: Labels = Field((), description="from 08:00 up to but not at 11:30: 08:00-11:30")
    dates: Labels = Field((), description="days: 2026-12-24, or each year 24 December")


class Bounded(Section):
    """What a rule, an offer, a reward and a group have alike: how much there may be of it.

    Caps and budgets are per calendar period (`100 per day`) or for good (`100`); caps also
    per rolling time (`100 per 30 days`). A budget is of a wallet's points, of `money` (what
    it costs), of the `count` of firings, or of `customers`: the first so many. Where points
    are cut, what costs money beside them is not: then, as where `count` or `customers` are
    used up, all of it is refused.
    """

    limit: Labels = Field(
        (),
        description="for each customer: 1 per day, 3 per month, once; 1 per 7 days is a cooldown",
    )
    cap: dict[Word, Amount] = Field(
        default_factory=dict, description="points by wallet for each customer: {beans: 100 per day}"
    )
    budget: dict[Word, Amount] = Field(
        default_factory=dict,
        description="what all customers share: points by wallet, money, count or customers",
    )
    edge: Literal["reduce", "refuse"] = Field(
        "reduce", description="points beyond a cap or budget: cut to what is left, or refused"
    )


class Selected(Bounded):
    """What a rule, an offer and a reward have alike: when and for whom it holds, in which
    order, and what may hold it back."""

    who: Formula | None = Field(None, description="for whom: a condition on the customer")
    from_: str | None = Field(None, alias="from", description="the first day (or time) it holds")
    until: str | None = Field(None, description="the last day it holds, or the time it ends")
    schedule: ScheduleSpec | None = Field(None, description="weekdays, hours and dates it holds")
    priority: int = Field(
        0, description="higher goes first; equal ones in the order written", strict=True
    )
    group: Label | None = Field(None, description="the stacking group it belongs to")
    experiment: Word | None = Field(
        None, description="the experiment whose control group gets nothing of it"
    )
    cost: Formula | None = Field(
        None, description="what it costs the business each time, in money; points come on top"
    )
    about: str = Field("", description="why this exists, for people")


class GroupSpec(Bounded):
    """A stacking group: which of its rules may fire together on one event.

    `all`; the `best` for the customer, by the points it earns, at the price of their wallet
    (one minor unit each, where it has none); the `first` by priority; or `exclusive`: when
    one of them fires, nothing after it outside of the group does.
    """

    stack: Literal["all", "best", "first", "exclusive"] = Field(
        "all", description="which of those that could fire do"
    )
    in_: Label | None = Field(None, alias="in", description="the group that this one is part of")


class ExperimentSpec(Section):
    """Who gets which variant, by a hash of program, experiment and customer: stable, and
    without memory. `variant.NAME` gives the variant; of the control group, 'holdout'."""

    variants: dict[Word, Share] = Field(
        default_factory=dict, description="variants and their weights: {short: 50, long: 50}"
    )
    holdout: Share = Field("0", description="the share of customers in the control group: 10 %")

    @model_validator(mode="after")
    def _says_something(self) -> ExperimentSpec:
        if "holdout" in self.variants:
            raise PydanticCustomError("bad-name", "holdout is the control group, not a variant")
        return self
