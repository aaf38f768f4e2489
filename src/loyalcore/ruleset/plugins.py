"""The plugins section: which plugins act on events and decisions, and where."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from loyalcore.ruleset.words import EventTypes, Formula, Label, Section, Word


class PrepareSpec(Section):
    """A plugin that prepares events before they are read: `clean-skus: {on: purchase}`."""

    on: EventTypes = Field(description="the event types that it prepares")


class ReviewSpec(Section):
    """A plugin that reviews decisions before they are taken: `fraud: {on: purchase}`."""

    on: EventTypes = Field(description="the event types whose decisions it reviews")
    when: Formula | None = Field(None, description="only where this holds; without it, always")
    values: dict[Word, Formula] = Field(
        default_factory=dict, alias="with", description="what it is told, each by a formula"
    )


class PluginsSpec(Section):
    """What plugins do to events and decisions, by the names under which they are registered.
    Those of one kind act in the order in which they stand here."""

    prepare: dict[Label, PrepareSpec] = Field(
        default_factory=dict, description="who prepares events before they are read"
    )
    review: dict[Label, ReviewSpec] = Field(
        default_factory=dict, description="who reviews decisions before they are taken"
    )
    on_error: Literal["reject", "stop"] = Field(
        "reject",
        description="where a plugin fails at an event: the event is rejected, or the run stops",
    )
