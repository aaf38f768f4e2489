"""Tiers in a store: however it is run, the same levels; told again, the same decisions."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from loyalcore.runner.replay import retell
from loyalcore.runner.tiers import ranked
from loyalcore.store import Store
from runner.histories import Line, NewShop, histories, of_orders, on, run_anyhow

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


DEEDS = st.sampled_from(
    [
        *[{"type": "purchase", "amount": amount} for amount in (20, 55, 100)],
        {"type": "refund", "amount": 55},
        {"type": "join", "into": "ann"},
    ]
)
GAPS = [0, 9, 23, *(24 * days for days in (0, 1, 10, 30, 59, 60, 90))]


@given(histories(of_orders(DEEDS), gaps=GAPS, customers=CUSTOMERS, most=15), st.data())
def test_batches_and_runs_change_no_level(
    new_shop: NewShop, lines: list[Line], data: st.DataObject
) -> None:
    until = on(days=data.draw(st.integers(0, 900), "until"))
    with new_shop() as simple, new_shop() as odd:
        simple.run(RULESET, lines, until=until)
        run_anyhow(odd, RULESET, lines, data, until=until)
        assert odd.history() == simple.history()
        odd.check()


def test_histories_come_to_something(shop: Any) -> None:
    # Guards the test above: a history that moves nobody would prove nothing.
    lines = [
        {"id": f"{n:03}", "type": "purchase", "order": str(n), "amount": amount}
        | {"customer": CUSTOMERS[n % 3], "time": on(days=9 * n)}
        for n, amount in enumerate([20, 55, 100, 20] * 8)
    ]
    shop.run(RULESET, lines, until=on(days=500))
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
        {"id": "1", "type": "purchase", "customer": "ann", "time": on(days=1), "amount": 55},
        {"id": "2", "type": "purchase", "customer": "bob", "time": on(days=2), "amount": 55},
        {"id": "3", "type": "join", "customer": "bob", "time": on(days=3), "into": "ann"},
        {"id": "4", "type": "praise", "customer": "dan", "time": on(days=4), "of": "x"},
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
