"""By how much those who were reached did better than those held out, and how sure that is.

Welch's interval for the difference of two means, with the degrees of freedom of Satterthwaite:
B. L. Welch (1947), "The generalization of 'Student's' problem when several different population
variances are involved", Biometrika 34. Nothing here decides: these are the only floats.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import atan, cos, exp, lgamma, pi, sqrt, tan
from typing import NamedTuple

CONFIDENCE = 0.95


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
    """A difference of means, and the interval that holds it with CONFIDENCE."""

    mean: float
    low: float
    high: float


def welch(treated: Sample, held: Sample) -> Difference | None:
    """The mean of `treated` less that of `held`; None where one of them has under two."""
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
