"""Recovery: what somebody opens and the business must answer, and by when it promises to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from loyalcore.ruleset.journeys import Effects
from loyalcore.ruleset.selection import Bounded
from loyalcore.ruleset.words import (
    DurationText,
    EventTypes,
    Formula,
    Label,
    Section,
    Word,
    on_event,
)


def _promises(raw: object) -> object:
    """`promise: 2 days` is one that always holds."""
    if isinstance(raw, str):
        return [{"within": raw}]
    return [raw] if isinstance(raw, Mapping) else raw


class CaseOpenSpec(Section):
    """The event that opens a case: `open: complaint`, or with a condition:
    `open: {on: review, when: stars <= 2}`."""

    on: EventTypes = Field(description="the event type, or a list of them")
    when: Formula | None = Field(None, description="only such an event")


class PromiseSpec(Section):
    """By when a case is answered: `within` so long, if `when` holds of the customer and of the
    fields of the event that opened it."""

    when: Formula | None = Field(None, description="of which cases; without it, of all others")
    within: DurationText = Field(description="how long after it was opened: 4 hours")


class GoodwillSpec(Bounded):
    """What a customer gets whose case ended well, once for each case."""

    when: Formula | None = Field(None, description="only if this holds then")
    do: Effects = Field(description="the effects, in order", min_length=1)
    cost: Formula | None = Field(
        None, description="what it costs the business each time, in money; points come on top"
    )


class SurveySpec(Section):
    """What is asked some time after a case has ended, by an answer or a resolution."""

    after: DurationText = Field(description="how long after its end")
    do: Effects = Field(description="the effects, in order", min_length=1)
    unless: EventTypes = Field((), description="unless such an event comes meanwhile")


class CaseThenSpec(Section):
    """What follows, by what becomes of a case: `then: {overdue: [send: we-are-sorry]}`."""

    opened: Effects = Field((), description="as it opens, unless it is answered already")
    reminded: Effects = Field((), description="`remind` before the promise is over")
    overdue: Effects = Field((), description="as the promise is over, and it is not answered")
    answered: Effects = Field((), description="as it is answered")
    satisfied: Effects = Field((), description="as it ends to the customer's satisfaction")
    unsatisfied: Effects = Field((), description="as it ends, but not to their satisfaction")
    resolved: Effects = Field((), description="as it ends, and nobody knows whether they are")
    lapsed: Effects = Field((), description="as it ends because nothing more came")
    reopened: Effects = Field((), description="as it is opened again")


NEEDED: Mapping[str, str] = {
    "satisfied": "satisfied",
    "unsatisfied": "satisfied",
    "resolved": "resolved",
    "lapsed": "close",
    "reopened": "reopens",
}
"""What a recovery must say, that something may become of its cases."""


class RecoverySpec(Section):
    """Promises to answer: for complaints, enquiries, comments, whatever somebody opens.

    Each is a case. It is open until it is resolved; where nothing is said of that, until it is
    answered. `case.id`, `case.number`, `case.opened`, `case.due`, `case.answered` and
    `case.times` are known in all that it does, and the fields of the event that opened it as
    entry.NAME.
    """

    open: Annotated[CaseOpenSpec, BeforeValidator(on_event)] = Field(
        description="the event that opens a case"
    )
    case: Word | None = Field(
        None,
        description="the field, of all its events, by which cases are told apart; without it, "
        "they are about the latest that is open",
    )
    promise: Annotated[tuple[PromiseSpec, ...], BeforeValidator(_promises)] = Field(
        (), description="by when it is answered: a time, or a list of which the first holds"
    )
    task: Label | None = Field(
        None, description="the task that it is: due as promised, and closed by the answer"
    )
    remind: DurationText | None = Field(
        None, description="how long before the promise is over it is reminded of, as `then` says"
    )
    answered: EventTypes = Field(description="the events that answer it")
    resolved: EventTypes = Field(
        (), description="the events that end it; they answer it too, where nothing else did"
    )
    satisfied: Formula | None = Field(
        None, description="whether the customer is satisfied, at the event that ends it"
    )
    reopened: EventTypes = Field((), description="the events that open it again")
    reopens: DurationText | None = Field(
        None,
        description="how long after its end it can be opened again; without it, never, and what "
        "opens it is another case",
    )
    close: DurationText | None = Field(
        None, description="how long after it was answered it ends if nothing more comes"
    )
    pause: Literal["promotional", "none"] = Field(
        "promotional", description="the messages that are not sent while one is open"
    )
    goodwill: GoodwillSpec | None = Field(
        None, description="what the customer gets once it ended well"
    )
    survey: SurveySpec | None = Field(None, description="what is asked some time after its end")
    then: CaseThenSpec = Field(
        default_factory=CaseThenSpec, description="effects, by what becomes of it"
    )
    about: str = Field("", description="why this exists, for people")

    @model_validator(mode="after")
    def _sound(self) -> RecoverySpec:
        if reason := self._mistake():
            raise PydanticCustomError("bad-recovery", "{reason}", {"reason": reason})
        return self

    def _mistake(self) -> str:
        for key in ("satisfied", "close"):
            if getattr(self, key) is not None and not self.resolved:
                return f"{key} needs resolved: without it, the answer ends the case"
        if self.reopened and self.reopens is None:
            return "reopened needs reopens: how long after its end"
        if not self.promise and (self.remind is not None or self.then.overdue):
            return f"{'overdue' if self.remind is None else 'remind'} needs a promise"
        if bool(self.then.reminded) != (self.remind is not None):
            return "remind and then.reminded go together: when, and what is done then"
        for how, key in NEEDED.items():
            if getattr(self.then, how) and not getattr(self, key):
                return f"then.{how} needs {key}: without it, that never happens"
        if any(promise.when is None for promise in self.promise[:-1]):
            return "a promise without `when` holds for all cases: it comes last"
        events = [*self.open.on, *self.answered, *self.resolved, *self.reopened]
        twice = next((event for event in events if events.count(event) > 1), "")
        return f"'{twice}' does two things to a case" if twice else ""
