"""Figures that several strategies need: sums, quantiles, roundings."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from fractions import Fraction
from itertools import pairwise
from math import isfinite

from loyalcore.scoring.strategy import Occurrence, Summary
from loyalcore.values import Number, Value

DAY = 86_400_000_000  # microseconds


def rounded(figure: float, places: int = 2) -> Number | None:
    """A float as an exact decimal of so many places; None where it is no number."""
    if not isfinite(figure):
        return None
    whole = Fraction(round(figure * 10**places), 10**places)
    return whole.numerator if whole.denominator == 1 else whole


def total(values: Iterable[Value | None]) -> int | float:
    """The sum of amounts, what is missing being nothing. It is exact as long as all are whole,
    as money is."""
    found = sum(value for value in values if isinstance(value, int | Fraction))
    return found if isinstance(found, int) else float(found)


def gaps_of(history: Sequence[Occurrence], at: int) -> list[int]:
    """How many days lie between one day on which something was and the next. Days are counted
    back from the instant `at`, so that no time zone matters; what comes twice in one is one."""
    return [
        later - earlier
        for earlier, later in pairwise(sorted({(one.time - at) // DAY for one in history}))
    ]


def column(summaries: Iterable[Summary], place: int) -> array[float]:
    """One figure of all summaries, in order of size: eight bytes a customer. Those that have
    none are left out."""
    found = array("d", (value for one in summaries if isinstance(value := one[place], int | float)))
    return array("d", sorted(found))


def grade(ordered: Sequence[float], figure: float, grades: int) -> int:
    """Which of so many equal parts of all figures, which are in order of size, this one falls
    into; the first is 1. It goes by how many are below it: equal figures have equal grades."""
    return 1 + grades * bisect_left(ordered, figure) // len(ordered)
