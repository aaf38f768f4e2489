"""By how much those who were reached did better than those held out, and how sure that is:
differences of rates (`newcombe`) and of means (`welch`). Nothing here decides: these are the
only floats.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import atan, cos, exp, lgamma, pi, sqrt, tan
from statistics import NormalDist
from typing import NamedTuple

CONFIDENCE = 0.95
Z = NormalDist().inv_cdf((1 + CONFIDENCE) / 2)  # so many deviations from the mean hold so much


@dataclass
class Sample:
    """Figures of so many customers: how many, their sum, and the sum of their squares."""

    count: int = 0
    total: int = 0
    squares: int = 0

    def add(self, figure: int) -> None:
        self.count += 1
        self.total += figure
        self.squares += figure * figure

    @property
    def mean(self) -> float:
        return self.total / self.count

    @property
    def variance(self) -> float:
        """Of the population, as estimated by the sample: exact until the one division."""
        spread = self.count * self.squares - self.total * self.total
        return spread / (self.count * (self.count - 1))


class Difference(NamedTuple):
    """A difference of rates or means, and the interval that holds it with CONFIDENCE."""

    value: float
    low: float
    high: float


def newcombe(won: int, of: int, others_won: int, of_others: int) -> Difference:
    """The difference of two independent rates with its 95 % confidence interval.

    Method 10 of R. G. Newcombe, "Interval estimation for the difference between independent
    proportions", Statistics in Medicine 17 (1998) 873-890: made of Wilson's score intervals for
    each rate, it holds for small numbers and for rates of 0 and 1 too.
    """
    p, q = won / of, others_won / of_others
    (p_low, p_high), (q_low, q_high) = _wilson(won, of), _wilson(others_won, of_others)
    low = p - q - sqrt((p - p_low) ** 2 + (q_high - q) ** 2)
    high = p - q + sqrt((p_high - p) ** 2 + (q - q_low) ** 2)
    return Difference(p - q, low, high)


def _wilson(won: int, of: int) -> tuple[float, float]:
    rate, square = won / of, Z * Z
    middle = 2 * won + square
    width = Z * sqrt(square + 4 * won * (1 - rate))
    return (middle - width) / (2 * (of + square)), (middle + width) / (2 * (of + square))


def welch(treated: Sample, held: Sample) -> Difference | None:
    """The mean of `treated` less that of `held`; None where one of them has under two.

    Welch's interval for the difference of two means, with the degrees of freedom of
    Satterthwaite: B. L. Welch, "The generalization of 'Student's' problem when several different
    population variances are involved", Biometrika 34 (1947).
    """
    if treated.count < 2 or held.count < 2:
        return None
    mean = treated.mean - held.mean
    first, second = treated.variance / treated.count, held.variance / held.count
    squared = first + second
    if not squared:
        return Difference(mean, mean, mean)
    freedom = squared**2 / (first**2 / (treated.count - 1) + second**2 / (held.count - 1))
    reach = student(freedom) * sqrt(squared)
    return Difference(mean, mean - reach, mean + reach)


def student(freedom: float, confidence: float = CONFIDENCE) -> float:
    """The t that a Student variable of so many degrees of freedom (1 or more) stays within,
    on both sides, with that confidence (up to 0.99).

    With t = √freedom · tan θ the density becomes a power of cos θ, which Simpson's rule
    integrates; θ is found by halving.
    """
    scale = 2 * exp(lgamma((freedom + 1) / 2) - lgamma(freedom / 2)) / sqrt(pi)
    low, high = 0.0, atan(64 / sqrt(freedom))
    for _ in range(60):
        middle = (low + high) / 2
        if scale * _integral(freedom - 1, middle) < confidence:
            low = middle
        else:
            high = middle
    return sqrt(freedom) * tan(low)


def _integral(power: float, end: float, parts: int = 400) -> float:
    """Of cos θ to that power, from 0 to `end`, which is below a right angle."""
    step = end / parts
    inner = sum((4 if n % 2 else 2) * cos(n * step) ** power for n in range(1, parts))
    return float((1 + inner + cos(end) ** power) * step / 3)
