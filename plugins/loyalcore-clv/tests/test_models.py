"""The two models: their likelihoods and expectations against other ways to compute them."""

from __future__ import annotations

from math import exp, lgamma, log

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.special import hyp2f1

from loyalcore.scoring import CannotScore
from loyalcore_clv import bgnbd, gamma_gamma
from loyalcore_clv.bgnbd import BgNbd, Purchases
from loyalcore_clv.gamma_gamma import GammaGamma, Spending

CDNOW = BgNbd(0.243, 4.414, 0.793, 2.426)  # Fader, Hardie and Lee 2005, table 2
SPENT = GammaGamma(6.25, 3.74, 15.44)  # Fader and Hardie 2013

CUSTOMERS = [(0, 0.0, 38.86), (2, 30.43, 38.86), (1, 1.71, 38.86), (7, 29.43, 38.86), (26, 30, 31)]
DATA = Purchases(*np.array(CUSTOMERS, dtype=float).T, np.array([5.0, 1.0, 2.0, 1.0, 1.0]))
SPENDING = Spending(np.array([1.0, 2.0, 7.0, 26.0]), np.array([22.35, 50.2, 73.7, 9.9]))


def numerically(likelihood, at: np.ndarray) -> np.ndarray:
    """The gradient by differences."""
    steps = np.eye(len(at)) * 1e-6 * at
    return np.array(
        [(likelihood(at + step)[0] - likelihood(at - step)[0]) / (2 * step.sum()) for step in steps]
    )


# --- BG/NBD -----------------------------------------------------------------------------------


@pytest.mark.parametrize("at", [CDNOW, (1.5, 0.4, 0.2, 0.9), (0.05, 30, 3, 8)])
def test_the_gradient_is_that_of_the_likelihood(at: tuple[float, ...]) -> None:
    point = np.array(at, dtype=float)
    value, gradient = bgnbd.log_likelihood(point, DATA)
    assert np.isfinite(value)
    by_differences = numerically(lambda p: bgnbd.log_likelihood(p, DATA), point)
    np.testing.assert_allclose(gradient, by_differences, rtol=1e-5, atol=1e-8)


def test_the_likelihood_is_the_paper_s_integral() -> None:
    """Over all rates and probabilities of leaving: the paper's (3), integrated by itself."""
    r, alpha, a, b = CDNOW
    x, t, T = 2, 30.43, 38.86

    def given(rate: float, leaving: float) -> float:
        stays = (1 - leaving) ** x * rate**x * exp(-rate * T)
        return stays + leaving * (1 - leaving) ** (x - 1) * rate**x * exp(-rate * t)

    def rates(rate: float) -> float:
        return exp(r * log(alpha) + (r - 1) * log(rate) - rate * alpha - lgamma(r))

    def leavings(leaving: float) -> float:
        beta = lgamma(a) + lgamma(b) - lgamma(a + b)
        return exp((a - 1) * log(leaving) + (b - 1) * log(1 - leaving) - beta)

    def over(rate: float) -> float:
        return rates(rate) * quad(lambda p: given(rate, p) * leavings(p), 0, 1)[0]

    one = Purchases(*(np.array([float(v)]) for v in (x, t, T, 1)))
    value, _ = bgnbd.log_likelihood(np.array(CDNOW), one)
    assert value == pytest.approx(log(quad(over, 0, 3, limit=200)[0]), abs=1e-5)


def test_the_expectation_is_the_paper_s() -> None:
    """1.226 purchases in 39 weeks of the customer whom the paper's authors work out."""
    (expected,) = CDNOW.expected(np.array([39.0]), 2, 30.43, 38.86)
    assert expected == pytest.approx(1.226, abs=5e-4)
    r, alpha, a, b = CDNOW
    for x, t, T in CUSTOMERS:
        for ahead in (1.0, 39.0, 200.0):
            shrunk = ((alpha + T) / (alpha + T + ahead)) ** (r + x)
            series = hyp2f1(r + x, b + x, a + b + x - 1, ahead / (alpha + T + ahead))
            direct = (a + b + x - 1) / (a - 1) * (1 - shrunk * series) * CDNOW.alive(x, t, T)
            (found,) = CDNOW.expected(np.array([ahead]), x, t, T)
            assert found == pytest.approx(direct, rel=1e-8)


def test_many_purchases_and_long_silences_neither_over_nor_underflow() -> None:
    assert CDNOW.alive(1000, 10, 500) == pytest.approx(0, abs=1e-12)
    assert CDNOW.alive(1000, 500, 500) == pytest.approx(1, abs=1e-3)
    ahead = np.array([1.0, 52.0])
    few, many = CDNOW.expected(ahead, 1000, 500.0, 500.0)
    assert 1.5 < few < 2.5
    assert 0 < few < many
    assert BgNbd(0.2, 4, 1.0, 2).expected(ahead, 3, 20, 30)[1] == pytest.approx(
        BgNbd(0.2, 4, 1.0001, 2).expected(ahead, 3, 20, 30)[1], rel=1e-3
    )


def test_who_never_came_back_can_not_be_seen_to_have_left() -> None:
    assert CDNOW.alive(0, 0, 38.86) == 1.0


def test_parameters_are_found_again_from_customers_drawn_by_them() -> None:
    chance = np.random.default_rng(7)
    true = BgNbd(0.6, 6.0, 0.9, 2.5)
    rows = []
    for _ in range(8_000):
        rate = chance.gamma(true.r, 1 / true.alpha)
        leaving = chance.beta(true.a, true.b)
        T, now, x, last = chance.uniform(30, 60), 0.0, 0, 0.0
        while True:
            now += chance.exponential(1 / rate) if rate > 1e-12 else np.inf
            if now > T:
                break
            x, last = x + 1, now
            if chance.random() < leaving:
                break
        rows.append((x, last, T))
    x, t, T = np.array(rows).T
    found = bgnbd.fit(bgnbd.grouped(x, t, T))
    np.testing.assert_allclose(found, true, rtol=0.2)


# --- Gamma-Gamma ------------------------------------------------------------------------------


@pytest.mark.parametrize("at", [SPENT, (0.5, 1.5, 200.0), (20, 10, 1)])
def test_the_gradient_of_the_spending_is_that_of_its_likelihood(at: tuple[float, ...]) -> None:
    point = np.array(at, dtype=float)
    by_differences = numerically(lambda p: gamma_gamma.log_likelihood(p, SPENDING), point)
    gradient = gamma_gamma.log_likelihood(point, SPENDING)[1]
    np.testing.assert_allclose(gradient, by_differences, rtol=1e-5, atol=1e-8)


def test_what_a_purchase_is_worth_lies_between_ones_own_and_that_of_all() -> None:
    everyone = SPENT.expected(0, 0)
    assert everyone == pytest.approx(6.25 * 15.44 / 2.74)
    once, often = SPENT.expected(1, 100.0), SPENT.expected(30, 100.0)
    assert everyone < once < often < 100


def test_what_has_no_best_parameters_is_refused() -> None:
    same = Spending(np.array([2.0] * 30), np.array([10.0] * 30))
    with pytest.raises(CannotScore, match="don't look like a Gamma-Gamma model"):
        gamma_gamma.fit(same)
