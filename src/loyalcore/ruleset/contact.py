"""The contact section: whether, when and how a customer may be written to."""

from __future__ import annotations

from typing import Annotated

from pydantic import BeforeValidator, Field, PlainSerializer, WithJsonSchema
from pydantic_core import PydanticCustomError

from loyalcore.ruleset.words import Formula, Label, Labels, Names, Section, Word, listed

SERVICE = "service"
PROMOTIONAL = "promotional"
PURPOSES = (SERVICE, PROMOTIONAL)
"""Those that every program knows; others are named under `consent`."""

ALL = "all"
"""Of caps: messages of every purpose together."""

REGISTER = "register"
"""Instead of a condition: what customers have said in events."""


def _by_channel(raw: object) -> object:
    """What holds for every channel stands under no name."""
    if isinstance(raw, dict):
        if raw:
            return raw
        raise PydanticCustomError("bad-value", "expected a value, or values by channel")
    return {"": raw}


def _as_written(values: dict[str, str]) -> object:
    return values.get("", values)


def _widened(value: dict[str, object], title: str) -> dict[str, object]:
    by_name = {"type": "object", "additionalProperties": value, "minProperties": 1}
    return {"anyOf": [value, by_name], "title": title}


Conditions = Annotated[
    dict[str, Formula],
    BeforeValidator(_by_channel),
    PlainSerializer(_as_written),
    WithJsonSchema(_widened({"type": ["string", "boolean"]}, "expressions")),
]
"""A condition, or one for each channel."""

Addresses = Annotated[
    dict[str, str],
    BeforeValidator(_by_channel),
    PlainSerializer(_as_written),
    WithJsonSchema(_widened({"type": "string"}, "addresses")),
]
"""The attribute with an address, or one for each channel."""


class QuietHoursSpec(Section):
    """When nobody is written to: a message that is decided then, or is late by then, waits until
    it is over. Hours that go past midnight belong to the day on which they begin."""

    hours: Labels = Field((), description="21:00-08:00; without any, all day")
    weekdays: Labels = Field((), description="monday, tuesday, ...; without any, every day")
    zone: str | None = Field(
        None,
        description="the attribute that names the customer's time zone; without it, the program's",
    )
    purposes: Labels = Field((), description="of which messages; without any, all but service")


class ChannelsSpec(Section):
    """By what customers are reached: the first channel that they allow, and have an address on."""

    order: Names = Field((), description="those of messages that name none, the first one first")
    prefer: str | None = Field(
        None, description="the attribute that names the channel which the customer likes best"
    )
    to: dict[Label, str] = Field(
        default_factory=dict,
        description="the attribute with the address, by channel; one without needs none",
    )


class ContactSpec(Section):
    """Whether, when and how a customer may be written to."""

    consent: dict[Word, Conditions] = Field(
        default_factory=dict,
        description="by purpose, or by purpose and channel: a condition on the customer, or "
        "register: what they have said",
    )
    quiet: Annotated[tuple[QuietHoursSpec, ...], BeforeValidator(listed)] = Field(
        (), description="hours in which messages wait"
    )
    caps: dict[Word, Labels] = Field(
        default_factory=dict,
        description="how many messages at most, by purpose, or of all: 1 per day, 3 per 7 days",
    )
    channels: ChannelsSpec = Field(
        default_factory=ChannelsSpec, description="by which channels, and to which addresses"
    )
