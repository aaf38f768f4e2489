"""Stages: where the relationship with a customer stands, and the ways from one to another."""

from __future__ import annotations

from typing import Annotated

from pydantic import BeforeValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from loyalcore.ruleset.words import DurationText, EventTypes, Formula, Label, Labels, Section


class WaySpec(Section):
    """A way from one stage to another: at an event, where a condition holds, or both."""

    on: EventTypes = Field((), description="only at such an event; without it, at any time")
    when: Formula | None = Field(None, description="the condition")

    @model_validator(mode="after")
    def _conditional(self) -> WaySpec:
        if not self.on and self.when is None:
            raise PydanticCustomError("bad-stage", "say at which event (on), or when")
        return self


class EntrySpec(WaySpec):
    """A way into a stage."""

    from_: Labels = Field(
        (), alias="from", description="the stages that it leads from; without it, any before this"
    )


class ExitSpec(WaySpec):
    """A way out of a stage."""

    to: Label = Field(description="the stage that it leads to")


def _ways(raw: object) -> object:
    """One way stands for a list of it, and a text for its condition."""
    ways = raw if isinstance(raw, list | tuple) else [raw]
    return [{"when": way} if isinstance(way, str) else way for way in ways]


class StageSpec(Section):
    """A stage of the relationship. `stage` is the customer's.

    The first that is written is where everyone begins. Ways are tried at every event and
    whenever time changes a figure: first those out of the customer's stage, then those into
    the others, the furthest first; and again from where one has led, but into no stage twice,
    and by one way only that is on the event. What is asked at an event (`on`) is asked of the
    customer as it finds them, as a rule on it does; all else of the customer as it leaves them.
    """

    enter: Annotated[tuple[EntrySpec, ...], BeforeValidator(_ways)] = Field(
        (), description="the ways into it: a condition, or a list of {from, on, when}"
    )
    leave: Annotated[tuple[ExitSpec, ...], BeforeValidator(_ways)] = Field(
        (), description="ways out of it: {to, on, when}"
    )
    dwell: DurationText | None = Field(None, description="how long a customer stays in it at least")
    responsible: str = Field("", description="who looks after customers in it")
    about: str = Field("", description="what it means, for people")
