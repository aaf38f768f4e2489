"""BG/NBD: how often customers buy while they are there, and whether they still are.

P. S. Fader, B. G. S. Hardie and K. L. Lee, "Counting Your Customers the Easy Way: An Alternative
to the Pareto/NBD Model", Marketing Science 24(2), 2005. A customer buys at random at a rate of
their own, and after each purchase leaves with a probability of their own; rates are spread over
customers by a gamma distribution (r, alpha), probabilities by a beta distribution (a, b).

Of each customer three figures matter: `x` repeat purchases, the last of them at `t` since the
first purchase, and `T`, how long ago that was; t = 0 where x = 0. All times are of one unit.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.special import digamma, gammaln, hyp2f1

from loyalcore_clv.maximum import Floats, maximise


class Purchases(NamedTuple):
    """Repeat purchases, time of the last, and time since the first: of so many customers
    (`weight`) with these very figures."""

    x: Floats
    t: Floats
    T: Floats
    weight: Floats


def grouped(x: Floats, t: Floats, T: Floats) -> Purchases:
    """Customers who are alike taken together: a million of them are some thousand rows."""
    rows, counts = np.unique(np.column_stack((x, t, T)), axis=0, return_counts=True)
    return Purchases(rows[:, 0], rows[:, 1], rows[:, 2], counts.astype(np.float64))


class BgNbd(NamedTuple):
    """The parameters, in the unit of time of the figures that they were found from."""

    r: float
    alpha: float
    a: float
    b: float

    def alive(self, x: float, t: float, T: float) -> float:
        """The probability that the customer has not left for good."""
        return float(1 / (1 + self._odds(x, t, T)))

    def _odds(self, x: float, t: float, T: float) -> float:
        """The odds of having left after the last purchase; who never came back has left by no
        purchase that could be seen."""
        if not x:
            return 0.0
        gap = (self.r + x) * np.log((self.alpha + T) / (self.alpha + t))
        return float(self.a / (self.b + x - 1) * np.exp(np.minimum(gap, 700.0)))

    def expected(self, ahead: Floats, x: float, t: float, T: float) -> Floats:
        """How many purchases are expected within each of the times `ahead`.

        The paper's formula (10), its hypergeometric function by Euler's transformation: so its
        parameters stay small however many purchases there were.
        """
        r, alpha, a, b = self
        if abs(a - 1) < 1e-9:  # a pole of the formula, not of what it means
            a = 1 + 1e-9
        z = ahead / (alpha + T + ahead)
        series = hyp2f1(a + b - 1 - r, a - 1, a + b + x - 1, z)
        fewer = 1 - (1 - z) ** (a - 1) * series
        return np.asarray((a + b + x - 1) / (a - 1) * fewer / (1 + self._odds(x, t, T)))


def log_likelihood(parameters: Floats, data: Purchases) -> tuple[float, Floats]:
    """The mean log-likelihood of a customer, and its gradient by r, alpha, a and b.

    Sums of exponentials are taken by their logarithms, so that nothing over- or underflows: the
    stable form of B. G. S. Hardie's note on computing it ("Implementing the BG/NBD Model for
    Customer Base Analysis in Excel", 2005).
    """
    r, alpha, a, b = parameters
    x, t, T, weight = data
    again = x > 0
    above = np.maximum(b + x - 1, 1e-300)
    first = gammaln(r + x) - gammaln(r) + r * np.log(alpha)
    second = gammaln(a + b) + gammaln(b + x) - gammaln(b) - gammaln(a + b + x)
    stays = -(r + x) * np.log(alpha + T)
    leaves = np.where(again, np.log(a) - np.log(above) - (r + x) * np.log(alpha + t), -np.inf)
    either = np.logaddexp(stays, leaves)
    left = np.exp(leaves - either)  # the share of `either` that is of those who left
    there = 1 - left
    by_r = (
        digamma(r + x)
        - digamma(r)
        + np.log(alpha)
        - there * np.log(alpha + T)
        - left * np.log(alpha + t)
    )
    by_alpha = r / alpha - (r + x) * (there / (alpha + T) + left / (alpha + t))
    both = digamma(a + b) - digamma(a + b + x)
    by_a = both + left / a
    by_b = both + digamma(b + x) - digamma(b) - left / above
    total = weight.sum()
    value = float(np.sum(weight * (first + second + either)) / total)
    slopes = [np.sum(weight * slope) / total for slope in (by_r, by_alpha, by_a, by_b)]
    return value, np.array(slopes, dtype=np.float64)


def fit(data: Purchases) -> BgNbd:
    """The parameters of greatest likelihood. Raises CannotScore where there are none."""
    # In units of the longest time, so that all parameters are of about the same size.
    unit = float(data.T.max())
    scaled = Purchases(data.x, data.t / unit, data.T / unit, data.weight)
    start = np.array([0.5, 0.2, 0.8, 2.0])
    r, alpha, a, b = maximise(lambda p: log_likelihood(p, scaled), start, "a BG/NBD model")
    return BgNbd(float(r), float(alpha * unit), float(a), float(b))
