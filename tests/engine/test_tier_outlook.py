"""What a customer is told of their level: what is missing, and what will become of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loyalcore.engine.ladders.tier_outlook import Outlook, outlook
from loyalcore.values import read_time

MakeClub = Callable[[str], Any]

SHOP = """
events: {purchase: {amount: money}, visit: {}}
metrics:
  spend: {sum: purchase.amount, over: 365 days}
  spend_year: {sum: purchase.amount, over: this year}
  orders: {count: purchase}
wallets: {status: {expires: end of year}, slow: {pending: 10 days, expires: 1 year}}
rules: {earn: {on: purchase, then: [earn: {status: amount, slow: amount}]}}
"""


def shop_with(ladder: str) -> str:
    return f"{SHOP}tiers:\n  club: {{{ladder}}}\n"


def seen(shop: Any, at: str | int | None = None) -> Outlook:
    state = shop.states["ann"]
    time = state.clock
    if at is not None:
        time = at if isinstance(at, int) else read_time(at, shop.program.locale.zone)
    (ladder,) = shop.program.life.ladders
    return outlook(shop.program, ladder, state, time)


def test_what_is_missing_is_told_in_the_figures_of_the_ladder(club: MakeClub) -> None:
    shop = club(
        shop_with("by: spend, levels: {member: 0, gold: {at_least: 500, all: {orders: 3}}}")
    )
    shop.happens("purchase", "2026-01-05", amount="120.50")
    told = seen(shop)
    assert (told.level, told.next, told.to_stay) == ("member", "gold", ())
    assert [(need.figure, need.have, need.wanted, need.missing) for need in told.to_next] == [
        ("spend", "120.50", "500.00", "379.50"),
        ("orders", 1, 3, 2),
    ]
    assert (told.projected, told.projected_at) == ("member", None)


def test_who_has_no_level_has_all_of_the_lowest_to_reach(club: MakeClub) -> None:
    shop = club(shop_with("by: orders, levels: {silver: 2, gold: 5}, keep: 1 year"))
    shop.happens("visit", "2026-01-05")
    told = seen(shop)
    assert (told.level, told.next, told.since) == (None, "silver", None)
    assert [need.missing for need in told.to_next] == [2]


@pytest.mark.parametrize(
    ("ladder", "level", "projected", "at"),
    [
        ("by: spend, KEEP", "gold", "silver", "2027-03-09T23:00:00Z"),
        ("by: spend_year, KEEP", "gold", "silver", "2027-03-09T23:00:00Z"),
        ("by: spend_year, YEAR", "gold", "gold", "2026-12-31T23:00:00Z"),
        ("by: balance.status, YEAR", "gold", "gold", "2026-12-31T23:00:00Z"),
        ("by: balance.slow, YEAR", "member", "member", None),
        ("by: spend, KEEP, drop: by balance", "gold", "member", "2027-03-09T23:00:00Z"),
        ("by: spend, KEEP, drop: never", "gold", "gold", "2027-03-09T23:00:00Z"),
        ("by: spend, KEEP, grace: 1 month", "gold", "silver", "2027-04-09T22:00:00Z"),
        ("by: spend_year, YEAR, REVIEW", "member", "gold", "2026-12-31T23:00:00Z"),
    ],
)
def test_the_level_to_come_is_what_comes_if_nothing_happens(
    club: MakeClub, ladder: str, level: str, projected: str, at: str | None
) -> None:
    text = (
        ladder.replace("KEEP", "keep: 12 months")
        .replace("YEAR", "keep: end of year")
        .replace("REVIEW", "upgrade: at review, review: year")
    )
    shop = club(shop_with(f"{text}, levels: {{member: 0, silver: 100, gold: 500}}"))
    shop.happens("purchase", "2026-03-10", amount=500)
    told = seen(shop)
    assert (told.level, told.projected, told.projected_at) == (level, projected, at)


def test_in_its_grace_the_end_of_that_is_what_is_to_come(club: MakeClub) -> None:
    ladder = "by: spend, levels: {member: 0, gold: 500}, keep: 1 year, grace: 1 month"
    shop = club(shop_with(ladder)).happens("purchase", "2026-03-10", amount=500)
    shop.waits("2027-03-20")
    told = seen(shop, "2027-03-20")
    assert (told.level, told.grace) == ("gold", "2027-04-09T22:00:00Z")
    assert (told.projected, told.projected_at) == ("member", "2027-04-09T22:00:00Z")
    assert [need.missing for need in told.to_stay] == ["500.00"]


histories = st.lists(
    st.tuples(st.integers(0, 200), st.sampled_from((30, 70, 100, 500))), min_size=1, max_size=10
)
ladders = st.sampled_from(
    (
        "by: spend, keep: 6 months",
        "by: spend_year, keep: end of year",
        "by: spend, keep: end of quarter after 3 months, drop: by balance",
        "by: balance.status, keep: end of year, grace: 2 months",
        "by: spend_year, keep: end of year, upgrade: at review, review: quarter",
        "by: spend, keep: anniversary, upgrade: at review, review: membership year",
        "by: spend, upgrade: at review, review: month",
        "by: spend, keep: 1 year, drop: never",
    )
)


@given(histories, ladders)
def test_what_is_foreseen_is_what_comes(
    club: MakeClub, history: list[tuple[int, int]], ladder: str
) -> None:
    shop = club(shop_with(f"{ladder}, levels: {{member: 0, silver: 100, gold: 500}}"))
    now = read_time("2026-01-01T12:00", shop.program.locale.zone)
    for days, amount in history:
        now += days * 86_400_000_000
        shop.happens("purchase", now, amount=amount)
    told = seen(shop)
    if told.projected_at is not None:
        shop.waits(read_time(told.projected_at, shop.program.locale.zone))
        assert shop.states["ann"].life.tiers["club"].level == told.projected
