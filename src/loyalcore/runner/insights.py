"""How the customers of a store divide: how many of them each score says what of."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from sqlite3 import Connection
from typing import NamedTuple

from loyalcore.engine.life import UNBORN, Life, Score
from loyalcore.engine.state import Stored, stored_reader
from loyalcore.program.figures.scores import ScorePlan
from loyalcore.program.plan import Program
from loyalcore.store.customers import each_state
from loyalcore.values import Locale, Number, Type, Value, ValueInvalid, read_value


@dataclass
class Range:
    """Figures of customers: how many have one, the least, the greatest, and the sum."""

    count: int = 0
    least: Number = 0
    greatest: Number = 0
    total: Number = 0

    def add(self, figure: Number) -> None:
        """One more."""
        self.least = figure if not self.count else min(self.least, figure)
        self.greatest = figure if not self.count else max(self.greatest, figure)
        self.total += figure
        self.count += 1

    @property
    def mean(self) -> Fraction:
        return Fraction(self.total, self.count or 1)


@dataclass
class Spread:
    """What a score says of all customers together: of each output that is a word or a flag how
    many have which (`words`, in the order declared), of figures their range."""

    outputs: Mapping[str, Type]
    words: dict[str, Counter[str]] = field(default_factory=dict)
    figures: dict[str, Range] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for output, type_ in self.outputs.items():
            if type_.kind in ("text", "flag"):
                options = type_.options or (("true", "false") if type_.kind == "flag" else ())
                self.words[output] = Counter(dict.fromkeys(options, 0))
            else:
                self.figures[output] = Range()

    def add(self, values: Mapping[str, Value]) -> None:
        """One more customer, of whom the score says this."""
        for output, value in values.items():
            if (words := self.words.get(output)) is not None:
                words[value if isinstance(value, str) else str(value).lower()] += 1
            elif isinstance(value, int | Fraction):
                self.figures[output].add(value)


@dataclass
class Insight:
    """What a score says of the customers by now: of so many (`scored`), and of so many others
    nothing. `oldest` and `newest` are since when what it says holds."""

    plan: ScorePlan
    spread: Spread
    scored: int = 0
    unscored: int = 0
    oldest: int | None = None
    newest: int | None = None


class Told(NamedTuple):
    """What a score says of a customer, and since when."""

    customer: str
    since: int
    values: Mapping[str, Value]


def insights(connection: Connection, program: Program, names: Iterable[str]) -> list[Insight]:
    """What the scores of these names say of all customers, but for those who are merged into
    others."""
    found = [Insight(plan, Spread(plan.outputs)) for plan in map(program.scores.__getitem__, names)]
    for _, scores in _each(connection):
        for one in found:
            values = said(one.plan, scores, program.locale)
            if not values:
                one.unscored += 1
                continue
            one.scored += 1
            one.spread.add(values)
            since = scores[one.plan.name].time
            one.oldest = since if one.oldest is None else min(one.oldest, since)
            one.newest = since if one.newest is None else max(one.newest, since)
    return found


def customers_of(
    connection: Connection, program: Program, plan: ScorePlan, wanted: Mapping[str, Value]
) -> Iterator[Told]:
    """The customers of whom a score says all that is `wanted`, by name."""
    for customer, scores in _each(connection):
        values = said(plan, scores, program.locale)
        if values and all(values.get(output) == value for output, value in wanted.items()):
            yield Told(customer, scores[plan.name].time, values)


def said(plan: ScorePlan, scores: Mapping[str, Score], locale: Locale) -> dict[str, Value]:
    """What a customer's `scores` have of one; without what it no longer says."""
    score = scores.get(plan.name)
    if score is None or score.strategy != plan.strategy:
        return {}
    values = {}
    for output, raw in score.values.items():
        if (type_ := plan.outputs.get(output)) is None:
            continue
        try:
            value = read_value(type_, raw, locale)
        except ValueInvalid:
            continue
        if value is not None:
            values[output] = value
    return values


class _Known(Stored, frozen=True):
    """What a packed state says of scores."""

    merged: str = ""
    life: Life = UNBORN


_read_known = stored_reader(_Known)


def _each(connection: Connection) -> Iterator[tuple[str, Mapping[str, Score]]]:
    for customer, state in each_state(connection):
        known = _read_known(state.state)
        if not known.merged:
            yield customer, known.life.scores
