"""Tiers in a store: however it is run, the same levels; told again, the same decisions."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loyalcore.runner import fold
from loyalcore.runner.replay import retell
from loyalcore.runner.tiers import ranked
from loyalcore.store import Store

MakeShop = Callable[[Path], Any]

RULESET = """
program: shop
timezone: Europe/Oslo
events:
  purchase: {order: id, amount: money}
  refund: {order: id, amount: money, reverses: purchase}
  praise: {of: id}
  join: {into: id, merges: into}
metrics:
  spend: {sum: purchase.amount, over: 60 days}
  spend_quarter: {sum: purchase.amount, over: this quarter}
  orders: {count: purchase, over: 30 days}
wallets: {status: {expires: end of quarter}, beans: {}}
tiers:
  kept:
    by: spend
    levels: {base: 0, silver: 50, gold: {at_least: 100, stay: 80}}
    keep: 2 months
    grace: 10 days
    warn: 7 days
  live:
    by: balance.status
    levels: {base: 0, silver: 30, gold: {any: {balance.status: 90, orders: 3}}}
  review:
    by: spend_quarter
    levels: {silver: 20, gold: {at_least: 60}, black: {invitation: true, at_least: 100}}
    upgrade: at review
    review: quarter
    keep: end of quarter
    drop: by balance
rules:
  earn: {on: purchase, then: [earn: {status: amount}]}
  told: {on: [tier_entered, tier_left, tier_retained, tier_at_risk], then: [earn: {beans: 1}]}
  friend: {on: tier_entered, when: level == 'gold', then: [emit: {type: praise, customer: "'cat'"}]}
  lift: {on: praise, then: [upgrade: {review: black}]}
"""

CUSTOMERS = ["ann", "bob", "cat"]
BEGIN = datetime(2026, 1, 1)


def on(day: int, hour: int = 0) -> str:
    return f"{BEGIN + timedelta(days=day, hours=hour):%Y-%m-%dT%H:%MZ}"


@st.composite
def histories(draw: st.DrawFn) -> list[dict[str, object]]:
    lines: list[dict[str, object]] = []
    day = 0
    for number in range(draw(st.integers(1, 15))):
        day += draw(st.sampled_from([0, 0, 1, 10, 30, 59, 60, 90]))
        line: dict[str, object] = draw(
            st.sampled_from(
                [
                    {"type": "purchase", "order": str(number), "amount": 20},
                    {"type": "purchase", "order": str(number), "amount": 55},
                    {"type": "purchase", "order": str(number), "amount": 100},
                    {"type": "refund", "order": str(number - 1), "amount": 55},
                    {"type": "join", "into": "ann"},
                ]
            )
        )
        envelope = {"id": f"{number:03}", "customer": draw(st.sampled_from(CUSTOMERS))}
        lines.append({**envelope, "time": on(day, draw(st.sampled_from([0, 9, 23]))), **line})
    return sorted(lines, key=lambda line: (line["time"], line["id"]))


@given(histories(), st.data())
def test_batches_and_runs_change_no_level(
    shop_in: MakeShop, lines: list[dict[str, object]], data: st.DataObject
) -> None:
    cut = data.draw(st.integers(0, len(lines)), "events of the first run")
    batches = st.sampled_from([1, 2, 7, 10_000])
    until = on(data.draw(st.integers(0, 900), "until"))
    with TemporaryDirectory() as one, TemporaryDirectory() as other:
        simple, odd = shop_in(Path(one)), shop_in(Path(other))
        simple.run(RULESET, lines, until=until)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(fold, "CACHED", data.draw(st.sampled_from([0, 2, 20_000]), "cached"))
            odd.run(RULESET, lines[:cut], batch=data.draw(batches, "batch"))
            odd.run(RULESET, lines, until=until, batch=data.draw(batches, "next batch"))
        assert odd.history() == simple.history()
        assert different(odd) == []


def different(shop: Any) -> list[str]:
    """The decisions that come out otherwise when the log is told again."""
    with Store.open(shop.path) as store:
        here = [
            decision.id
            for (customer,) in store.connection.execute("select customer from customers")
            for told in retell(store.connection, customer)
            for decision in told.outcome.decisions
        ]
    return sorted({*here} ^ {*shop.ask("select id from decisions")})


def test_histories_come_to_something(shop: Any) -> None:
    # Guards the test above: a history that moves nobody would prove nothing.
    lines = [
        {"id": f"{n:03}", "type": "purchase", "order": str(n), "amount": amount}
        | {"customer": CUSTOMERS[n % 3], "time": on(n * 9)}
        for n, amount in enumerate([20, 55, 100, 20] * 8)
    ]
    shop.run(RULESET, lines, until=on(500))
    done = {
        (rule, effect["effect"], effect.get("how", ""))
        for rule, effects in shop.ask("select rule, effects from decisions")
        for effect in json.loads(effects)
    }
    assert done >= {
        ("tiers.kept", "tier", "qualified"),
        ("tiers.kept", "tier", "dropped"),
        ("tiers.kept", "retain", ""),
        ("tiers.kept", "at risk", ""),
        ("tiers.live", "tier", "qualified"),
        ("tiers.live", "tier", "dropped"),
        ("tiers.review", "tier", "review"),
        ("tiers.review", "tier", "dropped"),
        ("tiers.review", "retain", ""),
        ("lift", "tier", "invited"),
    }


def test_everyone_is_listed_with_their_level_but_those_who_are_merged(shop: Any) -> None:
    lines = [
        {"id": "1", "type": "purchase", "customer": "ann", "time": on(1), "amount": 55},
        {"id": "2", "type": "purchase", "customer": "bob", "time": on(2), "amount": 55},
        {"id": "3", "type": "join", "customer": "bob", "time": on(3), "into": "ann"},
        {"id": "4", "type": "praise", "customer": "dan", "time": on(4), "of": "x"},
    ]
    shop.run(RULESET, lines)
    with Store.open(shop.path) as store:
        (program,) = {
            told.program.hash: told.program for told in retell(store.connection, "ann")
        }.values()
        assert program.life is not None
        found = [
            (one.customer, one.ladder, one.level)
            for one in ranked(store.connection, program.life.ladders)
        ]
    assert found == [
        ("ann", "kept", "gold"),
        ("ann", "live", "gold"),
        ("ann", "review", None),
        ("cat", "kept", "base"),
        ("cat", "live", "base"),
        ("cat", "review", "black"),
        ("dan", "kept", "base"),
        ("dan", "live", "base"),
        ("dan", "review", "black"),
    ]
