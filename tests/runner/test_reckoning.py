"""A program with other terms of inactivity: everyone's points expire by those from now on (S15)."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from loyalcore.runner import reckoning
from loyalcore.runner.replay import retell
from loyalcore.store import Store

RULESET = """
events: {purchase: {amount: money}}
wallets: {points: TERMS, stars: {expires: 100 days}}
rules: {earn: {on: purchase, then: [earn: {points: amount}, earn: {stars: 1}]}}
"""
EVER, LONG, SHORT = (
    RULESET.replace("TERMS", terms)
    for terms in (
        "{}",
        "{expires: 60 days without activity}",
        "{expires: 20 days without purchase}",
    )
)


def purchase(id: object, time: str, customer: str = "ann") -> dict[str, object]:
    return {"id": id, "type": "purchase", "customer": customer, "time": time, "amount": 5}


def expiries(shop: Any) -> list[tuple[str, str]]:
    return [
        (customer, time[:10])
        for customer, time in shop.ask(
            "select customer, time from ledger where wallet = 'points' and bucket = 'expired'"
        )
    ]


@pytest.mark.parametrize("page", [1, 1_000])
@pytest.mark.parametrize("earlier", [EVER, LONG])
def test_s15_new_terms_of_inactivity_hold_for_those_who_are_silent(
    shop: Any, monkeypatch: pytest.MonkeyPatch, earlier: str, page: int
) -> None:
    monkeypatch.setattr(reckoning, "PAGE", page)
    shop.run(earlier, [purchase(1, "2026-01-01"), purchase(2, "2026-01-05", "bob")])
    shop.run(SHORT, [purchase(3, "2026-01-22", "cat")])
    assert expiries(shop) == [("ann", "2026-01-21")]
    shop.run(SHORT, until="2026-02-28")
    assert expiries(shop) == [("ann", "2026-01-21"), ("bob", "2026-01-25"), ("cat", "2026-02-11")]
    with Store.open(shop.path) as store:
        told = [id for c in ("ann", "bob") for one in retell(store.connection, c) for id in one.ids]
    assert told.count("wallets.points.expires") == 2


@pytest.mark.parametrize("later", [EVER, LONG])
def test_s15_points_that_would_have_expired_by_earlier_terms_do_not(shop: Any, later: str) -> None:
    shop.run(SHORT, [purchase(1, "2026-01-01")])
    assert shop.run(later, until="2026-01-31").timers == 0
    assert expiries(shop) == []


def test_nothing_else_of_a_customer_is_touched(shop: Any) -> None:
    shop.run(EVER, [purchase(1, "2026-01-01")])
    before = shop.state()
    shop.run(SHORT)
    after = shop.state()
    assert after.account.due < before.account.due
    assert replace(after, account=replace(after.account, due=before.account.due)) == before
    shop.run(EVER)
    assert shop.state() != after
