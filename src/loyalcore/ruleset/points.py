"""Wallets of points, the rewards they buy, and the events that move points by themselves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import BeforeValidator, ConfigDict, Field, WithJsonSchema, model_validator
from pydantic_core import PydanticCustomError

from loyalcore.ruleset.selection import Selected
from loyalcore.ruleset.words import (
    DurationText,
    FieldSpec,
    Formula,
    Label,
    Raw,
    Section,
    Word,
)


class PendingSpec(Section):
    """How long points wait before they can be spent: `14 days`, or until an event that
    `activates` what earned them."""

    lasts: DurationText | None = Field(None, description="a length of time")
    until: Label | None = Field(None, description="the event type that activates them")
    lapse: DurationText | None = Field(
        None, description="without that event, they are lost after so long"
    )

    @model_validator(mode="before")
    @classmethod
    def _widen(cls, raw: object) -> object:
        if not isinstance(raw, str):
            return raw
        return {"until": raw.removeprefix("until ")} if raw.startswith("until ") else {"lasts": raw}

    @model_validator(mode="after")
    def _one_end(self) -> PendingSpec:
        if (self.lasts is None) == (self.until is None) or (self.lapse and not self.until):
            raise PydanticCustomError(
                "bad-value", "points are pending for a time (14 days), or until an event"
            )
        return self


def _minimum(raw: object) -> object:
    if type(raw) is not int and raw != "none":
        raise PydanticCustomError("bad-value", "expected a whole number, or none")
    return raw


class WalletSpec(Section):
    """An account of points. Formulas are exact; `rounding` makes whole points of them."""

    name: str = Field("", description="what people call these points")
    rounding: Literal["down", "up", "half up", "half even"] = Field(
        "down", description="how a fraction of a point is settled"
    )
    kind: Literal["redeemable", "qualifying"] = Field(
        "redeemable", description="to be spent, or only counted (for tiers)"
    )
    pending: PendingSpec | None = Field(
        None, description="14 days, until delivery: before that, points can't be spent"
    )
    expires: str | None = Field(
        None,
        description="24 months, 31 December, end of year after 1 year, "
        "12 months without purchase, anniversary",
    )
    minimum: Annotated[
        int | Literal["none"],
        BeforeValidator(_minimum),
        WithJsonSchema({"anyOf": [{"type": "integer"}, {"const": "none"}]}),
    ] = Field(0, description="what must be left after spending; below 0, or none: may be owed")
    maximum: int | None = Field(None, description="no more is earned beyond it", gt=0, strict=True)
    price: Formula | None = Field(None, description="what a point costs the business, in money")
    transferable: bool = Field(
        False, description="whether points may go to another customer", strict=True
    )


class ReferenceSpec(Section):
    """An event that is about an earlier one: a refund about a purchase.

    `reverses: purchase` is short for `reverses: {event: purchase}`. The earlier event is
    found by an id: the field `by` of this one holds the field `matching` of that one.
    """

    event: Label = Field(description="the type of the earlier event")
    by: Word | None = Field(
        None,
        description="this event's field that names it; without it, the field named as the event, "
        "or the one id that both have",
    )
    matching: Label | None = Field(
        None, description="the earlier event's field; without it, the same one, or its event.id"
    )
    within: DurationText | None = Field(
        None, description="how long afterwards it may come; later ones do nothing"
    )

    @model_validator(mode="before")
    @classmethod
    def _widen(cls, raw: object) -> object:
        return {"event": raw} if isinstance(raw, str) else raw


class ReversalSpec(ReferenceSpec):
    """A refund: it takes back what the earlier event earned, in proportion to its amount."""

    amount: Word | None = Field(
        None,
        description="the field, of both, whose share is taken back; without it, the money that "
        "both have, or else all of it",
    )
    take: Literal["within balance", "may go negative", "pending only"] = Field(
        "within balance", description="points that are spent already: what happens to them"
    )


class RedemptionSpec(Section):
    """`redeems: reward`: the field that names the reward; and how many of it."""

    reward: Word = Field(description="the field with the name of the reward")
    quantity: Word | None = Field(None, description="the field that says how many; without it, 1")

    @model_validator(mode="before")
    @classmethod
    def _widen(cls, raw: object) -> object:
        return {"reward": raw} if isinstance(raw, str) else raw


class EventSpec(Section):
    """An event type: its fields, and beside them what it does by itself."""

    model_config = ConfigDict(extra="allow", frozen=True)
    __pydantic_extra__: dict[Word, FieldSpec]

    reverses: ReversalSpec | None = Field(
        None, description="the event type that this takes back: refund of a purchase"
    )
    activates: ReferenceSpec | None = Field(
        None, description="the event type whose pending points this makes active: delivery"
    )
    redeems: RedemptionSpec | None = Field(
        None, description="the field that names the reward which points are spent on"
    )
    cancels: ReferenceSpec | None = Field(
        None,
        description="the event type that this undoes: a redemption, whose points are given back; "
        "points that it earned are taken back; vouchers and benefits stay",
    )
    brings: Formula | None = Field(
        None,
        description="the margin that it brings the business, in money: a field, or a formula "
        "over its fields",
    )
    presents: Word | None = Field(None, description="the field that holds a voucher's code")
    merges: Word | None = Field(
        None, description="the field that names the customer whom this one is merged into"
    )
    unmerges: Word | None = Field(
        None, description="the field that names the customer who is taken out again"
    )

    @property
    def fields(self) -> Mapping[str, FieldSpec]:
        return self.__pydantic_extra__


class RewardSpec(Selected):
    """Something that points buy, in the catalogue that `redeems` events choose from."""

    price: dict[Word, Formula] = Field(
        description="points by wallet, each a number or a formula", min_length=1
    )
    name: str = Field("", description="what people call it")
    stock: int | None = Field(
        None, description="how many there are, for all customers", gt=0, strict=True
    )
    visible: Formula | None = Field(None, description="who may see it; without it, everyone")
    then: tuple[dict[str, Raw], ...] = Field((), description="effects beside the spending")
