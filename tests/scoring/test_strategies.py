"""What each strategy says, by small examples worked out by hand."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from loyalcore.scoring import column, grade, rounded
from loyalcore.scoring.abc import ABC
from loyalcore.scoring.churn import CHURN
from loyalcore.scoring.engagement import ENGAGEMENT
from loyalcore.scoring.rfm import FIFTHS, RFM
from loyalcore.scoring.satisfaction import SATISFACTION
from loyalcore.scoring.shopper import SHOPPER
from loyalcore.scoring.trend import TREND

Judge = Callable[..., Any]

BOUGHT = {"event": "purchase", "amount": "amount"}


# --- rfm --------------------------------------------------------------------------------------


def test_rfm_grades_by_fifths_and_names_the_pairs(judge: Judge) -> None:
    says = judge(
        RFM,
        BOUGHT,
        {
            "ann": [("2026-01-01", 100)],
            "bob": [("2026-02-01", 900), ("2026-03-01", 900)],
            "cat": [("2026-04-01", 500), ("2026-04-02", 1), ("2026-04-03", 1)],
            "dan": [("2026-05-01", 200)] * 4,
            "eve": [("2026-06-01", 300)] * 5,
            "fay": [],
        },
    )
    assert {name: tuple(one.values()) for name, one in says.items()} == {
        "ann": (1, 1, 1, "lost"),
        "bob": (2, 2, 5, "hibernating"),
        "cat": (3, 3, 2, "loyal"),
        "dan": (4, 4, 3, "champions"),
        "eve": (5, 5, 4, "champions"),
    }


def test_every_pair_of_fifths_has_a_name_and_every_name_a_pair() -> None:
    pairs = [(r, f, m) for r in range(1, 6) for f in range(1, 6) for m in range(1, 6)]
    named = [
        next((name for name, spec in FIFTHS.items() if spec.holds(triple)), None)
        for triple in pairs
    ]
    assert {*named} == {*FIFTHS}


def test_rfm_takes_segments_of_its_own_and_returns(judge: Judge) -> None:
    told = {
        **BOUGHT,
        "returns": "refund",
        "returned": "amount",
        "grades": 2,
        "segments": {"good": {"monetary": 2}, "fresh": {"recency": "2"}},
    }
    says = judge(
        RFM,
        told,
        {
            "ann": [("2026-01-01", 1000), ("2026-01-05/1", 950)],
            "bob": [("2026-02-01", 100)],
            "cat": [("2026-03-01", 20)],
            "dan": [("2026-01-05/1", 50)],
        },
    )
    assert {name: one["segment"] for name, one in says.items()} == {
        "ann": None,
        "bob": "good",
        "cat": "fresh",
    }


@given(st.lists(st.integers(-5, 5), min_size=1), st.integers(2, 10))
def test_grades_are_even_but_for_equals(figures: list[int], grades: int) -> None:
    ordered = column([(one,) for one in figures], 0)
    given = [grade(ordered, one, grades) for one in figures]
    assert all(1 <= one <= grades for one in given)
    pairs = sorted(zip(figures, given, strict=True))
    assert [one for _, one in pairs] == sorted(given)
    for low in range(1, grades + 1):
        # No more than a part of all is below the grade, but for those who are like the first.
        below = sum(one < low for one in given)
        alike = max(Counter(figures).values())
        assert below <= len(figures) * (low - 1) / grades + alike


# --- abc --------------------------------------------------------------------------------------


def test_abc_by_share_of_all_that_was_brought(judge: Judge) -> None:
    amounts = {"ann": 7000, "bob": 1000, "cat": 1000, "dan": 600, "eve": 300, "fay": 100}
    histories: dict[str, Any] = {name: [("2026-01-01", amount)] for name, amount in amounts.items()}
    histories |= {"gus": [("2026-01-01", 0)], "hal": []}
    says = judge(ABC, BOUGHT, histories)
    # ann has 70 %. She and bob, or she and cat, come to 80 %: both brought the same.
    assert {name: one["value_class"] for name, one in says.items()} == {
        "ann": "A",
        "bob": "A",
        "cat": "A",
        "dan": "B",
        "eve": "C",
        "fay": "C",
        "gus": "C",
    }


def test_abc_of_nothing_is_all_c(judge: Judge) -> None:
    says = judge(ABC, BOUGHT, {"ann": [("2026-01-01", 0)], "bob": [("2026-01-01", -5)]})
    assert {one["value_class"] for one in says.values()} == {"C"}


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])  # it is a function
@given(amounts=st.lists(st.integers(-10, 1000), min_size=1, max_size=30))
def test_the_fewest_best_customers_who_bring_the_share_are_a(
    judge: Judge, amounts: list[int]
) -> None:
    says = judge(ABC, BOUGHT, {str(n): [("2026-01-01", one)] for n, one in enumerate(amounts)})
    everything = sum(one for one in amounts if one > 0)
    for number, amount in enumerate(amounts):
        more = sum(one for one in amounts if one > amount)
        expected = "A" if 100 * more < 80 * everything else "B"
        expected = expected if 100 * more < 95 * everything and amount > 0 else "C"
        assert says[str(number)]["value_class"] == expected


# --- trend ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "now", "frequency", "volume"),
    [
        ([100], [100, 100], ("up", 100), ("up", 100)),
        ([100, 100], [210], ("down", -50), ("same", 5)),
        ([100, 100], [], ("stopped", -100), ("stopped", -100)),
        ([], [50], ("new", None), ("new", None)),
        ([100], [100], ("same", 0), ("same", 0)),
        ([0], [0, 0], ("up", 100), ("same", None)),
    ],
)
def test_trend_against_the_period_before(
    judge: Judge, before: list[int], now: list[int], frequency: object, volume: object
) -> None:
    history = [("2026-11-15", one) for one in before] + [("2026-12-15", one) for one in now]
    (says,) = judge(TREND, {**BOUGHT, "period": "30 days"}, {"ann": history}).values()
    assert (says["frequency"], says["frequency_change"]) == frequency
    assert (says["volume"], says["volume_change"]) == volume


def test_trend_is_by_half_open_periods(judge: Judge) -> None:
    (says,) = judge(
        TREND, {**BOUGHT, "period": "30 days"}, {"ann": [("2026-12-01", 10), ("2026-12-31", 10)]}
    ).values()
    assert says["frequency"] == "same"  # the first is of the period before, to its last instant


# --- churn ------------------------------------------------------------------------------------


def test_churn_by_ones_own_rhythm_or_that_of_all(judge: Judge) -> None:
    weekly = [(f"2026-11-{day:02}",) for day in (1, 8, 15, 22, 29)]
    yearly = [(f"{year}-11-29",) for year in (2023, 2024, 2025, 2026)]
    says = judge(
        CHURN,
        {"event": "purchase"},
        {"ann": weekly, "bob": yearly, "cat": [("2026-11-29",)], "dan": [("2025-11-29",)]},
    )
    assert says["ann"] == {"risk": "high", "usual_gap": 7, "gaps_silent": 4}
    assert says["bob"] == {"risk": "low", "usual_gap": 365, "gaps_silent": 0}
    # The two rhythms that are known have 186 days for a median.
    assert says["cat"] == {"risk": "low", "usual_gap": 186, "gaps_silent": 0}
    assert says["dan"] == {"risk": "medium", "usual_gap": 186, "gaps_silent": 2}


def test_churn_says_nothing_where_no_rhythm_is_known(judge: Judge) -> None:
    assert judge(CHURN, {"event": "purchase"}, {"ann": [("2026-11-29",)]}) == {"ann": {}}


# --- shopper ----------------------------------------------------------------------------------

REGULAR = ("2026-01-10", "2026-02-10", "2026-03-10", "2026-04-10")
IRREGULAR = ("2026-01-10", "2026-01-11", "2026-01-12", "2026-11-30")


@pytest.mark.parametrize(
    ("days", "promoted", "kind"),
    [
        (REGULAR, [False] * 4, "relationship"),
        (IRREGULAR, [True] * 4, "transaction"),
        (REGULAR, [True] * 4, "mixed"),
        (REGULAR, [True, False, False, False], "mixed"),
        (REGULAR, [None] * 4, "relationship"),
    ],
)
def test_shopper_type_by_promotions_and_regularity(
    judge: Judge, days: tuple[str, ...], promoted: list[bool | None], kind: str
) -> None:
    told = {"event": "purchase", "promotion": "promo"}
    history = list(zip(days, promoted, strict=True))
    (says,) = judge(SHOPPER, told, {"ann": history, "bob": history[:2]}).values()
    assert says["type"] == kind


def test_who_does_more_than_buy_is_attached(judge: Judge) -> None:
    told = {"event": "purchase", "promotion": "promo", "relates": ["review"]}
    regular = [(day, day == REGULAR[0]) for day in REGULAR]
    says = judge(SHOPPER, told, {"ann": [*regular, ("2026-05-01/1",)], "bob": regular})
    assert says["ann"] == {
        "type": "relationship",
        "promotion_share": 25,
        "irregularity": Fraction(4, 100),
    }
    assert says["bob"]["type"] == "mixed"


# --- satisfaction -----------------------------------------------------------------------------


def test_satisfaction_by_the_latest_answer_to_each_question(judge: Judge) -> None:
    told = {
        "event": "survey",
        "experience": "rating",
        "expected": "expected",
        "recommends": "recommend",
    }
    says = judge(
        SATISFACTION,
        told,
        {
            "ann": [("2026-01-01", 2, 3, 3), ("2026-02-01", 5, 4, None)],
            "bob": [("2026-01-01", 3, 3, 8)],
            "cat": [("2026-01-01", 4, None, 9)],
            "dan": [("2026-01-01", 1, 2, None)],
            "eve": [("2026-01-01", None, 4, None)],
        },
    )
    assert says == {
        "ann": {"csat": "satisfied", "against_expectation": "above", "nps": "detractor"},
        "bob": {"csat": "dissatisfied", "against_expectation": "met", "nps": "passive"},
        "cat": {"csat": "satisfied", "nps": "promoter"},
        "dan": {"csat": "dissatisfied", "against_expectation": "below"},
    }


# --- engagement -------------------------------------------------------------------------------


def test_engagement_counts_half_after_each_half_life(judge: Judge) -> None:
    told = {"events": {"review": 8, "referral": 10}, "half_life": "10 days"}
    says = judge(
        ENGAGEMENT,
        told,
        {
            "ann": [("2026-12-21",)],
            "bob": [("2026-12-31/1",)],
            "cat": [("2026-12-11",), ("2026-12-21/1",)],
            "dan": [],
        },
    )
    assert says == {
        "ann": {"level": "low", "points": 4},
        "cat": {"level": "medium", "points": 7},
        "bob": {"level": "high", "points": 10},
    }


# --- figures ----------------------------------------------------------------------------------


@given(st.floats(-1e9, 1e9), st.integers(0, 4))
def test_rounding_is_to_the_nearest(figure: float, places: int) -> None:
    found = rounded(figure, places)
    assert found is not None
    assert abs(Fraction(figure) - found) <= Fraction(1, 2 * 10**places) + Fraction(1, 10**6)
    assert (found * 10**places).denominator == 1


def test_what_is_no_number_is_missing() -> None:
    assert rounded(float("nan")) is None
    assert rounded(float("inf")) is None
