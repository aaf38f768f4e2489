"""Differences of means and their intervals, against tables and Python's own statistics."""

from __future__ import annotations

from math import pi, sqrt, tan
from statistics import NormalDist, fmean, variance

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loyalcore.runner.uplift import Sample, student, welch

Figures = st.lists(st.integers(-(10**7), 10**7), min_size=2, max_size=60)


def sample(figures: list[int]) -> Sample:
    made = Sample()
    for figure in figures:
        made.add(figure)
    return made


@pytest.mark.parametrize(
    ("freedom", "expected"),
    [(1, 12.706), (2, 4.303), (3, 3.182), (5, 2.571), (10, 2.228), (30, 2.042), (1000, 1.962)],
)
def test_students_t_is_that_of_the_tables(freedom: int, expected: float) -> None:
    assert student(freedom) == pytest.approx(expected, abs=0.0005)


def test_it_is_right_where_there_is_a_closed_form() -> None:
    assert student(1) == pytest.approx(tan(0.475 * pi), rel=1e-7)
    assert student(2) == pytest.approx(0.95 * sqrt(2 / (4 * 0.975 * 0.025)), rel=1e-7)
    assert student(1e7) == pytest.approx(NormalDist().inv_cdf(0.975), rel=1e-6)


@given(st.floats(1, 1e7), st.floats(1, 1e7))
def test_more_degrees_of_freedom_make_it_surer(one: float, other: float) -> None:
    few, many = sorted((one, other))
    assert student(many) <= student(few) * (1 + 1e-6)


@given(Figures, Figures)
def test_the_interval_is_welchs(treated: list[int], held: list[int]) -> None:
    found = welch(sample(treated), sample(held))
    assert found is not None
    assert found.value == pytest.approx(fmean(treated) - fmean(held), abs=1e-6)
    first, second = variance(treated) / len(treated), variance(held) / len(held)
    if not first + second:
        assert found.low == found.value == found.high
        return
    freedom = (first + second) ** 2 / (first**2 / (len(treated) - 1) + second**2 / (len(held) - 1))
    reach = student(freedom) * sqrt(first + second)
    assert found.high - found.value == pytest.approx(reach, rel=1e-9)
    assert found.value - found.low == pytest.approx(reach, rel=1e-9)


def test_a_worked_example() -> None:
    """Means 5 and 2, variances 10 and 5/2 of five each: √2.5 is the standard error, and the
    degrees of freedom are 6.25 / (4/4 + 0.25/4) = 5.882."""
    found = welch(sample([1, 3, 5, 7, 9]), sample([0, 1, 2, 3, 4]))
    assert found is not None
    assert found.value == 3
    assert (round(found.low, 3), round(found.high, 3)) == (-0.888, 6.888)


def test_of_one_customer_nothing_can_be_said() -> None:
    assert welch(sample([100]), sample([1, 2, 3])) is None
    assert welch(sample([1, 2]), sample([])) is None
