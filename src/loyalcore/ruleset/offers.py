"""Offers: punch cards, challenges, vouchers and one-purchase offers, all one notion."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, WithJsonSchema, model_validator
from pydantic_core import PydanticCustomError

from loyalcore.ruleset.selection import Selected
from loyalcore.ruleset.words import (
    DurationText,
    EventTypes,
    FieldSpec,
    Formula,
    Raw,
    Section,
    Word,
    worded,
)


class OpeningSpec(Section):
    """The event that opens an offer. The offer's fields are filled by `with`, or from the
    event's fields of the same names."""

    on: EventTypes = Field(description="the event type, or a list of them")
    when: Formula | None = Field(None, description="the condition; without it, always")
    with_: dict[Word, Formula] = Field(
        default_factory=dict, alias="with", description="the offer's fields, each by a formula"
    )


class ReachSpec(Section):
    """What completes an offer: `{count: purchase, at_least: 3}`, a sum
    `{sum: purchase.amount, at_least: 500}`, or one event `{one: purchase}`, of those that
    fall in its time and for which `where` holds."""

    count: str | None = Field(None, description="so many events of this type")
    sum: str | None = Field(None, description="the sum of a field, as purchase.amount")
    one: str | None = Field(None, description="a single event of this type")
    where: Formula | None = Field(None, description="only events for which this holds")
    at_least: Formula | None = Field(
        None,
        description="the target: a number, or a formula over the offer's fields and the customer's "
        "figures, as they are at each event",
    )

    @model_validator(mode="after")
    def _one_kind(self) -> ReachSpec:
        kinds = [kind for kind in ("count", "sum", "one") if getattr(self, kind) is not None]
        if len(kinds) != 1 or (self.one is None) == (self.at_least is None):
            raise PydanticCustomError(
                "bad-offer", "an offer is reached by a count or sum with at_least, or by one event"
            )
        return self


class OfferSpec(Selected):
    """Something a customer may complete while it is open for them.

    It is opened by an event, by the effect `open`, or by an operator; any number of times
    at once, if `at_once` allows. Expressions in it read its fields as `offer.NAME`.
    """

    fields: dict[Word, FieldSpec] = Field(
        default_factory=dict, description="what is known of each, fixed when it is opened"
    )
    open: OpeningSpec | None = Field(None, description="the event that opens it")
    lasts: DurationText | None = Field(None, description="how long it is open; without it, ever")
    ends: Formula | None = Field(
        None, description="when it ends, instead: a time, or a last day, which counts whole"
    )
    bounds: Literal["both", "start", "end", "neither"] = Field(
        "both",
        description="which ends of its time belong to it: an event at the very moment of its "
        "opening, and one at its last moment",
    )
    at_once: int = Field(
        1, description="how many may be open for a customer at once", gt=0, strict=True
    )
    reach: ReachSpec = Field(description="what completes it")
    consumes: bool = Field(
        False,
        description="whether an event that advances it is used up: it advances no other such offer",
        strict=True,
    )
    code: Annotated[
        str | None, BeforeValidator(worded), WithJsonSchema({"type": ["string", "number", "null"]})
    ] = Field(
        None,
        description="personal, batch, or the code itself (SUMMER26): the event must present it",
    )
    refunds: Literal["keep", "share", "rejudge"] = Field(
        "rejudge",
        description="when what completed it is refunded: keep what it gave, give back the share, "
        "or all of it if the target is no longer reached",
    )
    then: tuple[dict[str, Raw], ...] = Field((), description="effects when it is completed")
    lapsed: tuple[dict[str, Raw], ...] = Field((), description="effects when its time is over")
    revoked: tuple[dict[str, Raw], ...] = Field((), description="effects when it is taken back")

    @model_validator(mode="after")
    def _one_end(self) -> OfferSpec:
        if self.lasts is not None and self.ends is not None:
            raise PydanticCustomError("bad-offer", "an offer has either lasts or ends")
        return self
