"""What events bring the business, and what refunds take back of it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from tests.engine.conftest import Club

from loyalcore.values import to_datetime

SHOP = """\
events:
  purchase: {order: id, amount: money, brings: amount * 0.3}
  refund: {order: id, amount: money, reverses: purchase}
  visit: {cost: money, brings: 0 - cost}
  merge: {into: id, merges: into}
  split: {who: id, unmerges: who}
  ask: {}
metrics:
  margin: {sum: purchase.brings}
  margin_month: {sum: purchase.brings, over: 30 days}
  visits: {sum: visit.brings}
rules:
  rich: {on: [purchase, ask], when: margin_month + visits >= 20, then: [set: {tags.rich: true}]}
"""

MakeClub = Callable[[str], Club]


def brought(club: Club) -> list[tuple[int, str]]:
    """The margin of what happened last, with the day it counts at."""
    zone = club.program.locale.zone
    return [
        (amount, f"{to_datetime(time, zone):%d.%m.}")
        for outcome in club.outcomes
        for amount, time in outcome.brought
    ]


def test_an_event_brings_what_its_formula_comes_to(club: MakeClub) -> None:
    shop = club(SHOP)
    assert brought(shop.happens("purchase", "2026-01-01", amount=50)) == [(1500, "01.01.")]
    assert brought(shop.happens("purchase", "2026-01-02", amount="0.05")) == [(2, "02.01.")]
    assert brought(shop.happens("purchase", "2026-01-03")) == []  # nobody knows the amount
    assert brought(shop.happens("visit", "2026-01-04", cost=3)) == [(-300, "04.01.")]


def test_a_metric_sums_it_as_it_was_rounded(club: MakeClub) -> None:
    shop = club(SHOP)
    for _ in range(3):
        shop.happens("purchase", "2026-01-01", amount="0.05")
    assert shop.happens("purchase", "2026-01-02", amount="66.47").fired == ["rich"]  # 0.06 + 19.94
    shop.happens("visit", "2026-01-03", cost="0.01")
    assert shop.happens("ask", "2026-01-04").fired == []
    assert shop.happens("purchase", "2026-02-15", amount=50).fired == []


def test_refunds_take_it_back_by_their_share_and_no_more(club: MakeClub) -> None:
    shop = club(SHOP).happens("purchase", "2026-01-01", order="A", amount="33.35")  # 10.005: 10.01
    taken = []
    for day in (5, 6, 7, 8):
        shop.happens("refund", f"2026-02-0{day}", order="A", amount=10)
        taken += brought(shop)
    assert {day for _, day in taken} == {"01.01."}  # it counts against the purchase
    assert sum(amount for amount, _ in taken) == -1001
    assert len(taken) == 4
    assert brought(shop.happens("refund", "2026-02-09", order="A", amount=10)) == []


def test_a_refund_that_comes_first_waits(club: MakeClub) -> None:
    shop = club(SHOP).happens("refund", "2026-01-01", order="A", amount=10)
    assert brought(shop) == []
    shop.happens("purchase", "2026-01-02", order="A", amount=20)
    assert brought(shop) == [(600, "02.01."), (-300, "02.01.")]


def test_a_refund_that_says_what_it_brings_takes_that(club: MakeClub) -> None:
    shop = club(SHOP.replace("reverses: purchase}", "reverses: purchase, brings: 0 - amount}"))
    shop.happens("purchase", "2026-01-01", order="A", amount=20)
    assert brought(shop.happens("refund", "2026-01-05", order="A", amount=10)) == [
        (-1000, "05.01.")
    ]


def test_a_purchase_in_parts_brings_each_of_them(club: MakeClub) -> None:
    shop = club(SHOP).happens("purchase", "2026-01-01", order="A", amount=10)
    shop.happens("purchase", "2026-01-02", order="A", amount=30)
    assert brought(shop.happens("refund", "2026-01-05", order="A", amount=40)) == [
        (-1200, "02.01.")
    ]


def test_what_is_left_of_it_goes_along_to_whom_the_customer_is_merged_into(club: MakeClub) -> None:
    shop = club(SHOP).happens("purchase", "2026-01-01", "bob", order="A", amount=20)
    shop.happens("refund", "2026-01-02", "bob", order="A", amount=5)
    shop.happens("merge", "2026-01-03", "bob", into="ann")
    shop.happens("refund", "2026-01-04", "ann", order="A", amount=15)
    assert brought(shop) == [(-450, "01.01.")]


def test_a_program_without_margins_keeps_none(club: MakeClub) -> None:
    shop = club("events: {purchase: {amount: money}}\n")
    assert brought(shop.happens("purchase", "2026-01-01", amount=50)) == []


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("amount * 0.3", "order", "this is id, where money should be"),
        ("amount * 0.3", "total", "there is no 'total'"),
        ("amount * 0.3", "margin", "there is no 'margin'"),
        ("sum: visit.brings", "sum: refund.brings", "refund does not say what it brings"),
    ],
)
def test_what_makes_no_sense_is_told(
    problems: Callable[[str], list[str]], old: str, new: str, problem: str
) -> None:
    text = f"program: club\n{SHOP}".replace(old, new, 1)
    assert any(problem in one for one in problems(text)), problems(text)
