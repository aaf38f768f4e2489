"""Recoveries compiled: what opens, answers and ends a case, by when, and what follows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property

from msgspec import Struct

from loyalcore.calendars import Duration
from loyalcore.effects.kind import Facts, Formula
from loyalcore.program.offering.offer_plan import Ending
from loyalcore.program.selecting.rule_plan import RulePlan
from loyalcore.values import Type, Value

Condition = Callable[[Facts], bool]
Writers = tuple[tuple[str, Callable[[Value], object] | None], ...]

ANSWERED = "answered"
"""The outcome of a case that its answer ends."""
LAPSED = "lapsed"
WELL = ("satisfied", "resolved", ANSWERED)
"""The outcomes after which there is goodwill; "resolved" where nobody was asked."""
NOTHING = Ending()
"""Nothing that follows."""


class Promise(Struct, frozen=True):
    """An answer `within` so long, of cases of which `when` holds (None: of all)."""

    when: Condition | None
    within: Duration


class Opening(Struct, frozen=True):
    """An event that opens a case, where `when` holds. `writers` write the fields that are kept."""

    when: Condition | None
    writers: Writers


class Goodwill(Struct, frozen=True):
    """What is given once a case ended well, if `when` holds, as far as `rule` lets it."""

    when: Condition | None
    when_text: str
    rule: RulePlan


class Survey(Struct, frozen=True):
    """What is done so long `after` the end of a case, unless one of the events `unless` comes."""

    after: Duration
    unless: tuple[str, ...]
    ending: Ending


class RecoveryPlan(Struct, frozen=True, dict=True):
    """A recovery. `opens` is by type of event, and `fields` what all those have in common.
    `case` is the field by which cases are told apart (None: by nothing).

    `task` is the name of one ("": none). `resolved` are the types of events that end a case, each
    with how satisfied the customer is then (None: nobody asks); none where the answer does.
    `then` is what follows, by what becomes of a case. While one is open, promotional messages are
    paused where `pauses`.
    """

    name: str
    opens: Mapping[str, Opening]
    fields: Mapping[str, Type]
    case: str | None
    promises: tuple[Promise, ...]
    task: str
    remind: Duration | None
    answered: tuple[str, ...]
    resolved: Mapping[str, Formula | None]
    reopened: tuple[str, ...]
    reopens: Duration | None
    close: Duration | None
    pauses: bool
    goodwill: Goodwill | None
    survey: Survey | None
    then: Mapping[str, Ending]

    @property
    def place(self) -> str:
        """Where the ruleset declares it, as its decisions are named."""
        return f"recovery.{self.name}"

    def ending(self, how: str) -> Ending:
        """What follows, as this becomes of a case."""
        return self.then.get(how, NOTHING)

    @property
    def decides(self) -> tuple[str, ...]:
        """What its decisions are called, after its place."""
        every = ["opened", "answered", *(("overdue",) if self.promises else ())]
        every += ["resolved", "satisfied", "unsatisfied"] if self.resolved else []
        every += [LAPSED] if self.close is not None else []
        every += ["reopened"] if self.reopens is not None else []
        every += ["reminded"] if self.remind is not None else []
        every += ["goodwill"] if self.goodwill is not None else []
        return (*every, *(("survey",) if self.survey is not None else ()))

    @property
    def tried(self) -> tuple[str, ...]:
        """Those of them that do anything, beside opening and answering."""
        doing = ("opened", "answered", "goodwill", "survey", *self.then)
        return tuple(how for how in self.decides if how in doing)

    @cached_property
    def events(self) -> frozenset[str]:
        """The types of events that it is on."""
        asked = self.survey.unless if self.survey is not None else ()
        return frozenset((*self.opens, *self.answered, *self.resolved, *self.reopened, *asked))


def why_paused(recovery: str) -> str:
    """How a message that is not sent while a case is open tells why."""
    return f"a case of {recovery} is open"
