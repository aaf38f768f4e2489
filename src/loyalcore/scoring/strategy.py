"""Scoring strategies: what a plugin writes to tell customers apart by their past.

    each customer's past  -> observe -> a summary       one customer in memory at a time
    all summaries         -> fit     -> a model         what can only be known of all of them
    summary, model        -> score   -> the outputs     of each customer again

A plugin registers a `StrategyKind` by the hook `loyalcore_scoring`; the section `scores` of a
ruleset names it and gives its settings; `loyalcore score` carries it out at an instant, of which
it sees the past alone. What comes out is an event of each customer whose score is another than
before, so that nothing is computed while a programme decides, and replays need no strategy.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, NamedTuple, TypeVar

from pydantic import BaseModel, ConfigDict

from loyalcore.calendars import Duration
from loyalcore.values import Locale, Type, Value

Summary = tuple[int | float | str | None, ...]
"""What a strategy keeps of one customer between its two looks: few and small values, since a
million of them lie on the disk meanwhile."""

OUTPUTS = ("text", "integer", "number", "money", "flag")
"""The kinds of types that an output may have."""


@dataclass(frozen=True)
class Asked:
    """An expression over an event, as the author has written it in the setting `at`. Its value
    has one of the types `wants`."""

    text: str
    wants: tuple[Type, ...]
    at: tuple[str | int, ...]


@dataclass(frozen=True)
class Input:
    """Events that a strategy is given: those of the type `event`, which the author has named in
    the setting `at`.

    Of each it gets the `values`. With `where`, only events for which that is true; with `over`,
    only those of that time before the instant: (t - over, t].
    """

    event: str
    at: tuple[str | int, ...]
    values: tuple[Asked, ...] = ()
    where: Asked | None = None
    over: Duration | None = None


class Occurrence(NamedTuple):
    """An event of a customer as a strategy sees it: which of its inputs it came by (the first
    is 0), when (microseconds since 1970 UTC), and the values asked for, as values.py holds
    them: money in minor units, None where missing."""

    input: int
    time: int
    values: tuple[Value | None, ...]


class CannotScore(Exception):
    """A strategy can say nothing of anyone, for want of data: its text says what is missing, with
    figures of all customers together and of no single one."""


Model = TypeVar("Model")


class Strategy(ABC, Generic[Model]):
    """A strategy with its settings, for one score of one program.

    It is pure: no clock, chance, disk or network, and the same past gives the same score. It
    keeps nothing between calls.
    """

    inputs: tuple[Input, ...]
    """The events that it looks at."""
    outputs: Mapping[str, Type]
    """What it says of a customer, by name; each is of one of the kinds in OUTPUTS. A text whose
    words are known has them as options, so that a misspelt one is found by `loyalcore check`."""

    @abstractmethod
    def observe(self, history: Sequence[Occurrence], at: int) -> Summary | None:
        """What matters of one customer's past at the instant `at`. `history` has the events of
        all inputs, in the order of time; it may be empty. None: nothing can be said of them."""

    @abstractmethod
    def fit(self, summaries: Iterable[Summary], at: int) -> Model:
        """What can only be known of all customers together. The summaries come from the disk,
        in no promised order; they may be gone through more than once, and there may be none.
        Raises CannotScore where they don't suffice."""

    @abstractmethod
    def score(self, summary: Summary, model: Model) -> Mapping[str, Value | None]:
        """The outputs for one customer, as values.py holds them; what is left out is missing.

        Numbers are exact: `rounded` makes one of a float. Round as coarsely as makes sense: whose
        outputs are what they were is not written anew.
        """

    def parameters(self, model: Model) -> Mapping[str, float]:
        """Figures of the model that people ask for, by name: `loyalcore score` tells them."""
        return {}


Settings = TypeVar("Settings", bound=BaseModel)


class StrategySettings(BaseModel):
    """Base of settings: unknown keys are refused, and nothing changes once read."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)


@dataclass(frozen=True)
class StrategyKind(Generic[Settings]):
    """A way to score customers, as a plugin registers it.

    `name` is what rulesets call it. `version` is raised when the same past would come to mean
    another score: it is kept with every score, and is part of the hash of every program that
    uses it. `settings` is the pydantic model of what stands in the ruleset beside `strategy`;
    `make` gives the strategy for them. It raises ValueError, with a sentence for the author,
    where settings make no sense together.
    """

    name: str
    version: str
    settings: type[Settings]
    make: Callable[[Settings, Locale], Strategy[Any]]


AnyStrategyKind = StrategyKind[Any]
