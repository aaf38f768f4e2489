"""Journeys: declared series of steps over time for one customer, and what ends them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from loyalcore.ruleset.selection import Bounded, ScheduleSpec, Share
from loyalcore.ruleset.triggers import TriggerSpec
from loyalcore.ruleset.words import (
    DurationText,
    EventTypes,
    Formula,
    Label,
    Raw,
    Section,
    Word,
    on_event,
)

WORDS = ("now", "after", "on", "once")
"""What a step begins with."""
KEYS = ("do", "when", "else", "within", "cost")
"""The keys of a step that says more than what is done."""
OWN_OUTCOMES = (
    *("reached", "returned", "completed", "lapsed"),
    *("stopped", "mistaken", "merged", "withdrawn"),
)
"""The outcomes that journeys come to without anything being named so."""


def _listed(raw: object) -> object:
    """One effect stands for a list of it."""
    return [raw] if isinstance(raw, Mapping) else raw


Effects = Annotated[tuple[dict[str, Raw], ...], BeforeValidator(_listed)]


class StepSpec(Section):
    """A step of a journey: when it comes, and what is done then.

    It is one line, `after 14 days: {open: fifteen-off}`; below it stands an effect, a list of
    effects, or {do, when, else, within, cost}.
    """

    at: str = Field(description="now, after 14 days, on EVENT, or once CONDITION")
    do: Effects = Field((), description="the effects, in order")
    when: Formula | None = Field(
        None,
        description="only if this holds then; of a step that waits for an event: only such an "
        "event is it",
    )
    else_: Effects = Field(
        (), alias="else", description="what is done instead: where `when` fails, or nothing came"
    )
    within: DurationText | None = Field(
        None, description="how long it waits for the event or condition; without it, for ever"
    )
    cost: Formula | None = Field(None, description="what it costs the business, in money")

    @model_validator(mode="before")
    @classmethod
    def _widen(cls, raw: object) -> object:
        if not isinstance(raw, Mapping) or len(raw) != 1:
            raise PydanticCustomError(
                "bad-journey", "a step is one line such as `after 14 days: {send: tips}`"
            )
        ((at, below),) = raw.items()
        if below is None:
            return {"at": at}
        if isinstance(below, Mapping) and any(key in below for key in KEYS):
            return {"at": at, **below}
        return {"at": at, "do": below}

    @model_validator(mode="after")
    def _sound(self) -> StepSpec:
        if reason := self._mistake():
            raise PydanticCustomError("bad-journey", "{reason}", {"reason": reason})
        return self

    def _mistake(self) -> str:
        if self.word not in WORDS or (self.word == "now") == bool(self.rest):
            return f"a step begins with now, after 14 days, on EVENT or once CONDITION: {self.at}"
        waits = self.word in ("on", "once")
        if self.within is not None and not waits:
            return "within goes with a step that waits: on EVENT, once CONDITION"
        if self.word == "once" and self.when is not None:
            return "write the condition in one: once orders >= 2 and consent.email"
        if self.else_ and (self.within if waits else self.when) is None:
            return f"else goes with {'within' if waits else 'when'}"
        if not self.do and not waits:
            return "say what is done: {send: tips}"
        return ""

    @property
    def word(self) -> str:
        return self.at.split(maxsplit=1)[0] if self.at.split() else ""

    @property
    def rest(self) -> str:
        """What stands after the word."""
        return self.at.strip()[len(self.word) :].strip()


class EnterSpec(Section):
    """The event with which a customer enters a journey: `enter: sign_up`, or with a condition:
    `enter: {on: sign_up, when: consent.email}`."""

    on: EventTypes = Field(description="the event type, or a list of them; triggers too")
    when: Formula | None = Field(None, description="only such an event")


class SilentSpec(Section):
    """A silence: no such event for so long."""

    event: EventTypes = Field(description="the event that does not come, or a list of them")
    for_: DurationText = Field(alias="for", description="for how long")
    repeat: DurationText | None = Field(
        None, description="how long after that it counts again, for as long as it lasts"
    )


class DeclineSpec(Section):
    """A decline: a figure has fallen so far against another."""

    metric: Word = Field(description="the metric: spend_quarter")
    by: Share = Field(description="how far it has fallen: 40 %")
    against: Word = Field(
        description="the metric of the period before, or of the same one a year ago"
    )


class JourneySpec(Bounded):
    """A series of steps over time for one customer: how they enter, what happens when, and what
    ends it at once.

    Exactly one of enter, silent and decline says how customers enter. `limit`, and a budget of
    `count` or `customers`, are of entries; caps, and a budget of money or points, of what its
    steps do. `journey.entered`, `journey.number` and `journey.step` are known in its steps, and
    the fields of the event that it was entered with as entry.NAME.
    """

    enter: Annotated[EnterSpec | None, BeforeValidator(on_event)] = Field(
        None, description="the event with which customers enter"
    )
    silent: SilentSpec | None = Field(
        None, description="customers enter as they fall silent: {event: purchase, for: 90 days}"
    )
    decline: DeclineSpec | None = Field(
        None, description="customers enter as a figure falls: {metric, by, against}"
    )
    who: Formula | None = Field(None, description="for whom: a condition on the customer")
    from_: str | None = Field(
        None, alias="from", description="the first day (or time) on which anybody enters"
    )
    to: str | None = Field(
        None, description="the last day on which anybody enters, or the time that ends it"
    )
    schedule: ScheduleSpec | None = Field(
        None, description="weekdays, hours and dates on which anybody enters"
    )
    priority: int = Field(
        0, description="of those entered at one event, higher goes first", strict=True
    )
    holdout: Share | None = Field(
        None, description="the share of customers of whom it does nothing, to compare with: 10 %"
    )
    experiment: Word | None = Field(
        None, description="the experiment whose control group is held out, instead of `holdout`"
    )
    cost: Formula | None = Field(
        None, description="what a step that does anything costs, in money, where it says nothing"
    )
    steps: tuple[StepSpec, ...] = Field(description="the steps, in order", min_length=1)
    until: EventTypes = Field((), description="the events that it is for: they end it at once")
    stops: dict[Label, EventTypes] = Field(
        default_factory=dict,
        description="other events that end it at once, by outcome: {refused: opt_out}",
    )
    stop: Formula | None = Field(
        None, description="a condition on the customer that ends it as soon as it holds"
    )
    attribution: DurationText | None = Field(
        None, description="how long after its last step one of `until` still counts"
    )
    cool_off: DurationText | None = Field(
        None, description="how long after its end nobody enters it again"
    )
    again: bool | None = Field(
        None,
        description="whether a customer may enter more than once; without it, only where it has "
        "a limit",
        strict=True,
    )
    about: str = Field("", description="why this exists, for people")

    @model_validator(mode="after")
    def _sound(self) -> JourneySpec:
        if reason := self._mistake():
            raise PydanticCustomError("bad-journey", "{reason}", {"reason": reason})
        return self

    def _mistake(self) -> str:
        ways = [way for way in (self.enter, self.silent, self.decline) if way is not None]
        if len(ways) != 1:
            return "say how customers enter: exactly one of enter, silent and decline"
        if self.holdout is not None and self.experiment is not None:
            return "who is held out is said by holdout or by experiment, not by both"
        if self.attribution is not None and not self.until:
            return "attribution needs until: the events that it is for"
        ends = [*self.until, *(event for events in self.stops.values() for event in events)]
        twice = next((event for event in ends if ends.count(event) > 1), "")
        if twice:
            return f"'{twice}' ends it in two ways"
        taken = next((name for name in self.stops if name in OWN_OUTCOMES), "")
        return f"'{taken}' is an outcome of every journey" if taken else ""

    @property
    def repeats(self) -> bool:
        """Whether a customer may enter more than once."""
        return bool(self.limit) if self.again is None else self.again


class WinBackSpec(JourneySpec):
    """A journey for who drifts away: it ends as they return, which is what `until` says.

    Nobody is in two of them at once, and none is entered while another's cool-off lasts, or
    within its own after the end of another.
    """

    until: EventTypes = Field(description="the events by which they return: they end it at once")
    attribution: DurationText = Field(
        "30 days", description="how long after its last step a return still counts"
    )
    cool_off: DurationText | None = Field(
        None, description="how long after the end of any of them nobody enters it"
    )
    again: bool | None = Field(
        None,
        description="whether a customer may enter more than once; false: only once",
        strict=True,
    )

    @property
    def repeats(self) -> bool:
        return self.again is not False


def entry_trigger(spec: JourneySpec) -> TriggerSpec | None:
    """The trigger that brings about the entry of a journey, where it says no event."""
    raw: dict[str, Any] = {}
    if (silent := spec.silent) is not None:
        raw = {"silence": silent.event, "for": silent.for_}
        if silent.repeat is not None:
            raw["repeat"] = silent.repeat
    elif (decline := spec.decline) is not None:
        raw = {"metric": decline.metric, "falls_by": decline.by, "against": decline.against}
    return TriggerSpec.model_validate(raw) if raw else None
