"""Metrics: what they may be taken from, and what type of figure comes of it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from loyalcore.calendars import Calendar, Duration, Rolling
from loyalcore.program.compiler import Compiled

Compile = Callable[..., Compiled]
Problems = Callable[..., list[str]]

HEAD = """\
program: club
events:
  purchase: {amount: money, n: integer, weight: number, shop: id, gift: flag, on: date, \
topics: [text], items: [{sku: id, amount: money}]}
metrics:
  m: """

DAY = 86_400_000_000


@pytest.mark.parametrize(
    ("metric", "kind"),
    [
        ("{count: purchase}", "integer"),
        ("{sum: purchase.n}", "integer"),
        ("{sum: purchase.weight}", "number"),
        ("{sum: purchase.amount}", "money"),
        ("{sum: purchase, of: amount / 2}", "money"),
        ("{sum: purchase, of: sum(line.amount for line in items)}", "money"),
        ("{average: purchase.amount}", "money"),
        ("{average: purchase.n}", "number"),  # the mean of whole numbers needs not be one
        ("{min: purchase.on}", "date"),
        ("{max: purchase, of: time}", "time"),
        ("{latest: purchase.shop}", "id"),
        ("{first: purchase.gift}", "flag"),
        ("{latest: purchase, of: weekday}", "text"),
        ("{distinct: purchase.shop}", "integer"),
    ],
)
def test_a_figure_has_the_type_of_what_it_is_made_of(
    compiled: Compile, metric: str, kind: str
) -> None:
    program, _ = compiled(HEAD + metric)
    assert program.metrics["m"].type.kind == kind


def test_a_window_and_its_end_are_read(compiled: Compile) -> None:
    program, _ = compiled(HEAD + "{count: purchase, over: 90 days, ending: 3 months ago}")
    metric = program.metrics["m"]
    assert metric.window == Rolling(Duration(90 * DAY))
    assert metric.ending == Duration(months=3)
    program, _ = compiled(HEAD + "{count: purchase, over: this quarter}")
    assert program.metrics["m"].window == Calendar("quarter")


@pytest.mark.parametrize(
    ("metric", "problem"),
    [
        (
            "{count: purchases}",
            "14: error: there is no event 'purchases' (did you mean 'purchase'?) [unknown-name]",
        ),
        (
            "{sum: purchas.amount}",
            "12: error: there is no event 'purchas' (did you mean 'purchase'?) [unknown-name]",
        ),
        (
            "{sum: purchase.amuont}",
            "12: error: purchase has no field 'amuont' (did you mean 'amount'?) [unknown-name]",
        ),
        (
            "{sum: purchase}",
            (
                "12: error: sum needs a field (write purchase.FIELD, or say which value with 'of')"
                " [bad-metric]"
            ),
        ),
        (
            "{count: purchase.amount}",
            "14: error: a count counts events (write purchase) [bad-metric]",
        ),
        (
            "{count: purchase, of: amount}",
            "28: error: a count counts events; it has no 'of' [bad-metric]",
        ),
        (
            "{sum: purchase.amount, of: amount}",
            (
                "12: error: 'of' says which value, and so does .amount (write purchase, or leave"
                " 'of' out) [bad-metric]"
            ),
        ),
        ("{sum: purchase.shop}", "12: error: there is no sum of id [wrong-type]"),
        ("{average: purchase.gift}", "16: error: there is no average of flag [wrong-type]"),
        ("{min: purchase.topics}", "12: error: there is no min of list of text [wrong-type]"),
        ("{latest: purchase.items}", "15: error: there is no latest of line items [wrong-type]"),
        ("{sum: purchase, of: on - on}", "26: error: there is no sum of duration [wrong-type]"),
        (
            "{count: purchase, where: amount}",
            (
                "31: error: this is money, where a condition should be (compare it with"
                " something, as in orders > 0) [not-a-condition]"
            ),
        ),
        (
            "{sum: purchase, of: amuont * 2}",
            "26: error: there is no 'amuont' (did you mean 'amount'?) [unknown-name]",
        ),
    ],
)
def test_a_mistake_in_a_metric_has_its_place(problems: Problems, metric: str, problem: str) -> None:
    column, _, says = problem.partition(": ")
    told = problems(HEAD + metric)
    assert told == [f"club.yaml:5:{column}: {says}"]


def test_what_uses_a_metric_that_is_wrong_is_not_wrong_too(problems: Problems) -> None:
    rules = """
wallets: {beans: }
rules: {r: {on: purchase, when: m > 1 and amuont > 1, then: [{earn: {beans: m}}]}}
"""
    assert problems(HEAD + "{sum: purchase.shop}" + rules) == [
        "club.yaml:5:12: error: there is no sum of id [wrong-type]",
        "club.yaml:7:43: error: there is no 'amuont' (did you mean 'amount'?) [unknown-name]",
    ]


@pytest.mark.parametrize("allowed", ["1 year", "12 months", "365 days"])
def test_a_membership_year_needs_its_first_event_within_the_first_year(
    problems: Problems, allowed: str
) -> None:
    metric = "{count: purchase, over: this membership year}"
    assert problems(f"allow_late: 11 months\n{HEAD}{metric}") == []
    (problem,) = problems(f"allow_late: {allowed}\n{HEAD}{metric}")
    assert problem.endswith("(allow_late less than a year, or take another window) [bad-metric]")
