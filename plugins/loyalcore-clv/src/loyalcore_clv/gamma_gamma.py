"""Gamma-Gamma: what a purchase of a customer is worth on average, in the long run.

P. S. Fader and B. G. S. Hardie, "The Gamma-Gamma Model of Monetary Value", 2013. What a purchase
is worth varies around a mean of the customer's own by a gamma distribution (p), and those means
are spread over customers by another (q, gamma). It has nothing to do with how often they buy.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.special import digamma, gammaln

from loyalcore.scoring import CannotScore
from loyalcore_clv.maximum import Floats, maximise


class Spending(NamedTuple):
    """Of customers with repeat purchases: how many, and what those were worth on average. Both
    are above 0."""

    x: Floats
    mean: Floats


class GammaGamma(NamedTuple):
    """The parameters, in the unit of money of the figures that they were found from."""

    p: float
    q: float
    gamma: float

    def expected(self, x: float, mean: float) -> float:
        """What a purchase is worth on average, of a customer with `x` of them at this mean: between
        theirs and that of all, the nearer to theirs the more there were."""
        p, q, gamma = self
        return p * (gamma + x * mean) / (p * x + q - 1)


def log_likelihood(parameters: Floats, data: Spending) -> tuple[float, Floats]:
    """The mean log-likelihood of a customer, and its gradient by p, q and gamma."""
    p, q, gamma = parameters
    x, mean = data
    total = gamma + x * mean
    value = (
        gammaln(p * x + q)
        - gammaln(p * x)
        - gammaln(q)
        + q * np.log(gamma)
        + (p * x - 1) * np.log(mean)
        + p * x * np.log(x)
        - (p * x + q) * np.log(total)
    )
    by_p = x * (digamma(p * x + q) - digamma(p * x) + np.log(mean) + np.log(x) - np.log(total))
    by_q = digamma(p * x + q) - digamma(q) + np.log(gamma) - np.log(total)
    by_gamma = q / gamma - (p * x + q) / total
    slopes = [np.mean(slope) for slope in (by_p, by_q, by_gamma)]
    return float(np.mean(value)), np.array(slopes, dtype=np.float64)


def fit(data: Spending) -> GammaGamma:
    """The parameters of greatest likelihood. Raises CannotScore where there are none."""
    # In units of the mean of all, so that the parameters are of about the same size.
    unit = float(data.mean.mean())
    scaled = Spending(data.x, data.mean / unit)
    start = np.array([5.0, 4.0, 0.5])
    p, q, gamma = maximise(lambda z: log_likelihood(z, scaled), start, "a Gamma-Gamma model")
    if q <= 1:
        raise CannotScore("what purchases are worth is spread too widely to have a mean")
    return GammaGamma(float(p), float(q), float(gamma * unit))
