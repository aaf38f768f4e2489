"""Triggers: what time and change bring about, as events that rules may be `on`."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, WithJsonSchema, model_validator
from pydantic_core import PydanticCustomError

from loyalcore.ruleset.selection import Share
from loyalcore.ruleset.words import DurationText, EventTypes, Formula, Label, Section, Word, worded

KINDS: dict[str, tuple[str, ...]] = {
    "silence": ("for_", "repeat", "since"),
    "after": ("wait", "then", "within", "unless", "where", "at", "zone"),
    "every": ("on", "at", "zone"),
    "once": ("at", "zone"),
    "anniversary": ("before", "later", "at", "zone"),
    "metric": ("rises_to", "falls_below", "rises_by", "falls_by", "against"),
    "enters": (),
    "leaves": (),
    "expires": ("before",),
    "ends": ("before",),
}
"""The kinds of triggers, each with the keys that say more of it."""
ALWAYS = ("when", "about")


class TriggerSpec(Section):
    """An event that the program itself makes for a customer: when something has not
    happened for long, some time after something, on a day of the calendar, or as a figure
    crosses a line. Rules, offers, metrics and other triggers may be on it by its name.

    Exactly one of silence, after, every, once, anniversary, metric, enters, leaves, expires
    and ends says what it is; the other keys say more of it.
    """

    silence: EventTypes | None = Field(
        None, description="no such event `for` so long; the next one begins it anew"
    )
    for_: DurationText | None = Field(None, alias="for", description="how long the silence is")
    repeat: DurationText | None = Field(
        None, description="how long after that it comes again, for as long as it lasts"
    )
    since: Literal["event", "enrolment"] = Field(
        "event",
        description="whether it begins with the first such event, or as the customer comes",
    )
    after: EventTypes | None = Field(
        None, description="so long after such an event (`wait`), or as another follows (`then`)"
    )
    wait: DurationText | None = Field(None, description="how long after it")
    unless: EventTypes = Field((), description="unless such an event comes meanwhile")
    then: EventTypes | None = Field(None, description="the event that must follow `within` a time")
    within: DurationText | None = Field(None, description="how long the other may take to follow")
    where: Formula | None = Field(
        None,
        description="which other belongs to it: the other's fields by their names, those of the "
        "first as earlier.NAME",
    )
    every: Literal["day", "week", "month", "quarter", "year"] | None = Field(
        None, description="at the beginning of every such period, or on the day that `on` says"
    )
    on: Annotated[
        str | None, BeforeValidator(worded), WithJsonSchema({"type": ["string", "integer", "null"]})
    ] = Field(None, description="a weekday; a day of the month or quarter: 15, last; 24 December")
    once: str | None = Field(None, description="on one day: 2026-12-24")
    anniversary: str | None = Field(
        None, description="every year on the day of this attribute, or of customer.since"
    )
    before: DurationText | None = Field(None, description="how long before it")
    later: DurationText | None = Field(None, description="how long after it")
    at: str | None = Field(None, description="the hour of the day: 09:00; without it, 00:00")
    zone: str | None = Field(
        None,
        description="the attribute that names the customer's time zone; without it, the program's",
    )
    metric: Label | None = Field(
        None, description="as this metric, or what a score says of the customer, crosses a line"
    )
    rises_to: Formula | None = Field(None, description="it comes to this or more")
    falls_below: Formula | None = Field(None, description="it was this or more, and is less")
    rises_by: Share | None = Field(None, description="it is so much more than `against`: 30 %")
    falls_by: Share | None = Field(None, description="it is so much less than `against`: 30 %")
    against: Word | None = Field(None, description="the metric that it is compared with")
    enters: Word | None = Field(None, description="as the customer comes into this segment")
    leaves: Word | None = Field(None, description="as the customer falls out of this segment")
    expires: Word | None = Field(None, description="points of this wallet are about to expire")
    ends: Label | None = Field(None, description="this offer is about to end uncompleted")
    when: Formula | None = Field(
        None, description="only if this holds of the customer at that moment"
    )
    about: str = Field("", description="why this exists, for people")

    @model_validator(mode="after")
    def _one_kind(self) -> TriggerSpec:
        kinds = [kind for kind in KINDS if getattr(self, kind) is not None]
        if len(kinds) != 1:
            raise PydanticCustomError(
                "bad-trigger", "a trigger is exactly one of {kinds}", {"kinds": ", ".join(KINDS)}
            )
        kind = kinds[0]
        for key in sorted(self.model_fields_set - {kind, *KINDS[kind], *ALWAYS}):
            alias = type(self).model_fields[key].alias or key
            raise PydanticCustomError(
                "bad-trigger",
                "{key} is not said of {kind}; with it stand {keys}",
                {
                    "key": alias,
                    "kind": kind,
                    "keys": ", ".join(k.rstrip("_") for k in (*KINDS[kind], *ALWAYS)),
                },
            )
        if reason := self._incomplete(kind):
            raise PydanticCustomError("bad-trigger", "{reason}", {"reason": reason})
        return self

    def _incomplete(self, kind: str) -> str:
        match kind:
            case "silence" if self.for_ is None:
                return "say how long the silence is: for: 90 days"
            case "after" if (self.wait is None) == (self.then is None):
                return "say how long to wait, or which event is to follow: wait: 3 days"
            case "after" if (self.then is None) != (self.within is None):
                return "then and within go together: then: survey, within: 14 days"
            case "after" if self.then is not None and (self.unless or self.at or self.zone):
                return "unless, at and zone go with wait"
            case "after" if self.where is not None and not (self.then or self.unless):
                return "where says which other event belongs to it: write then or unless"
            case "anniversary" if self.before is not None and self.later is not None:
                return "it comes either before or later than the day"
            case "metric":
                lines = ("rises_to", "falls_below", "rises_by", "falls_by")
                drawn = [line for line in lines if getattr(self, line) is not None]
                if len(drawn) != 1:
                    return f"say which line it crosses: one of {', '.join(lines)}"
                if drawn[0].endswith("_by") != (self.against is not None):
                    return "against goes with rises_by and falls_by"
            case "expires" | "ends" if self.before is None:
                return "say how long before: before: 14 days"
        return ""

    @property
    def kind(self) -> str:
        return next(kind for kind in KINDS if getattr(self, kind) is not None)
