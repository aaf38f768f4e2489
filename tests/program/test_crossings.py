"""Crossings compiled: what has a line and what is on which side of it, and every mistake."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

import pytest

from loyalcore.program.compiler import Compiled
from loyalcore.program.timing.life_plan import Crossing

Compile = Callable[..., Compiled]
Problems = Callable[..., list[str]]

CLUB = """\
program: club
currency: EUR
timezone: Europe/Oslo
customer: {goal: money, city: text}
events: {buy: {amount: money, stars: integer, shop: text}}
wallets: {beans: {}}
metrics:
  orders: {count: buy, over: 30 days}
  before: {count: buy, over: 30 days, ending: 30 days ago}
  spend: {sum: buy.amount}
  rating: {average: buy.stars}
  last_shop: {latest: buy.shop}
segments: {regulars: orders >= 3, early: hour < 9}
rules: {greet: {on: it, then: [earn: {beans: 1}]}}
triggers:
"""


def club(trigger: str) -> str:
    return f"{CLUB}  it: {trigger}\n"


def crossing(compiled: Compile, trigger: str) -> Crossing:
    life = compiled(club(trigger)).program.life
    assert life is not None
    (found,) = life.crossings
    return found


@pytest.mark.parametrize(
    ("trigger", "facts", "holds"),
    [
        ("{metric: orders, rises_to: 3}", {"orders": 2}, False),
        ("{metric: orders, rises_to: 3}", {"orders": 3}, True),
        ("{metric: orders, rises_to: 2.5}", {"orders": 3}, True),
        ("{metric: spend, rises_to: 100}", {"spend": 99_99}, False),  # money against money
        ("{metric: spend, rises_to: 99.99}", {"spend": 99_99}, True),
        ("{metric: spend, falls_below: goal / 2}", {"spend": 50_00, "goal": 100_00}, True),
        ("{metric: spend, falls_below: goal / 2}", {"spend": 49_99, "goal": 100_00}, False),
        ("{metric: rating, falls_below: 4}", {"rating": Fraction(7, 2)}, False),
        # unknown, where either is missing
        ("{metric: rating, rises_to: 4}", {"rating": None}, None),
        ("{metric: spend, rises_to: goal}", {"spend": 1_00, "goal": None}, None),
        # a share more or less, exactly
        ("{metric: orders, rises_by: 30 %, against: before}", {"orders": 13, "before": 10}, True),
        ("{metric: orders, rises_by: 30 %, against: before}", {"orders": 12, "before": 10}, False),
        ("{metric: orders, rises_by: 200 %, against: before}", {"orders": 3, "before": 1}, True),
        ("{metric: orders, falls_by: 30 %, against: before}", {"orders": 7, "before": 10}, True),
        ("{metric: orders, falls_by: 30 %, against: before}", {"orders": 8, "before": 10}, False),
        ("{metric: orders, falls_by: 100 %, against: before}", {"orders": 0, "before": 1}, True),
        ("{metric: orders, falls_by: 12.5 %, against: before}", {"orders": 7, "before": 8}, True),
        # of nothing there is no share
        ("{metric: orders, rises_by: 30 %, against: before}", {"orders": 9, "before": 0}, False),
        ("{metric: orders, falls_by: 30 %, against: before}", {"orders": 0, "before": 0}, False),
        (
            "{metric: rating, falls_by: 30 %, against: orders}",
            {"rating": None, "orders": 1},
            None,
        ),
        # a segment is where one definitely is
        ("{enters: regulars}", {"segment.regulars": True}, True),
        ("{leaves: regulars}", {"segment.regulars": None}, False),
    ],
)
def test_what_holds(
    compiled: Compile, trigger: str, facts: dict[str, object], holds: bool | None
) -> None:
    found = crossing(compiled, trigger)
    assert found.holds(facts) is holds  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("trigger", "falling", "reads"),
    [
        ("{metric: orders, rises_to: 3}", False, ["orders"]),
        ("{metric: spend, falls_below: goal}", True, ["goal", "spend"]),
        ("{metric: orders, falls_by: 30 %, against: before}", False, ["before", "orders"]),
        ("{enters: regulars}", False, ["segment.regulars"]),
        ("{leaves: regulars, when: city == 'Oslo'}", True, ["city", "segment.regulars"]),
    ],
)
def test_which_way_it_goes_and_what_it_rests_on(
    compiled: Compile, trigger: str, falling: bool, reads: list[str]
) -> None:
    found = crossing(compiled, trigger)
    assert found.falling == falling
    assert [name for name, _ in found.reads] == reads


@pytest.mark.parametrize(
    ("trigger", "metrics"),
    [
        ("{metric: orders, rises_to: 3}", ["orders"]),
        ("{metric: orders, rises_by: 30 %, against: before}", ["orders", "before"]),
        ("{enters: regulars}", ["orders"]),
        ("{metric: rating, rises_to: before}", ["before"]),  # rating has no window
    ],
)
def test_metrics_with_windows_are_looked_at_over_time(
    compiled: Compile, trigger: str, metrics: list[str]
) -> None:
    life = compiled(club(trigger)).program.life
    assert life is not None
    assert [metric.name for metric in life.metrics] == metrics


@pytest.mark.parametrize(
    ("trigger", "problem"),
    [
        (
            "{metric: order, rises_to: 3}",
            "16: error: there is no metric 'order' (did you mean 'orders'?) [unknown-name]",
        ),
        (
            "{metric: orders, rises_by: 10 %, against: befor}",
            "49: error: there is no metric 'befor' (did you mean 'before'?) [unknown-name]",
        ),
        (
            "{metric: last_shop, rises_to: 3}",
            "16: error: last_shop is a text, which has no line to cross [bad-trigger]",
        ),
        (
            "{metric: spend, rises_by: 10 %, against: orders}",
            (
                "48: error: spend is money, and orders is integer: they can't be compared "
                "[bad-trigger]"
            ),
        ),
        (
            "{metric: orders, rises_by: 30, against: before}",
            "34: error: expected a share above 0, such as 30 % [bad-value]",
        ),
        (
            "{metric: orders, rises_by: a lot, against: before}",
            "34: error: expected a share above 0, such as 30 % [bad-value]",
        ),
        (
            "{metric: orders, rises_by: 0 %, against: before}",
            "34: error: expected a share above 0, such as 30 % [bad-value]",
        ),
        (
            "{metric: orders, falls_by: 101 %, against: before}",
            "34: error: expected a share above 0, up to 100 %, such as 30 % [bad-value]",
        ),
        (
            "{enters: regular}",
            "16: error: there is no segment 'regular' (did you mean 'regulars'?) [unknown-name]",
        ),
        (
            "{leaves: dormant}",
            "16: error: there is no segment 'dormant' (segments: regulars, early) [unknown-name]",
        ),
    ],
)
def test_mistakes_are_told_at_their_place(problems: Problems, trigger: str, problem: str) -> None:
    assert problems(club(trigger))[:1] == [f"club.yaml:16:{problem}"]


@pytest.mark.parametrize(
    ("trigger", "code"),
    [
        ("{metric: orders, rises_to: spend}", "type"),  # money is not a number
        ("{metric: spend, rises_to: city}", "type"),
        ("{metric: orders, rises_to: goals}", "unknown-name"),
        ("{metric: orders, rises_to: amount}", "unknown-name"),  # of an event
        ("{metric: orders, rises_to: hour}", "bad-watch"),
        ("{enters: early}", "bad-watch"),
    ],
)
def test_a_line_is_of_what_is_known_of_the_customer(
    problems: Problems, trigger: str, code: str
) -> None:
    told = [problem for problem in problems(club(trigger)) if ": error: " in problem]
    assert len(told) == 1
    assert told[0].endswith(f"[{code}]")
