"""Journeys through a store: the same however they are run, and what they have brought."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loyalcore.runner.journeys import report, travels
from loyalcore.runner.uplift import newcombe
from loyalcore.store import Store
from loyalcore.store.decided import JOURNEYS
from runner.histories import Line, NewShop, histories, on, run_anyhow

RULESET = """
program: shop
timezone: Europe/Oslo
events:
  purchase: {amount: money}
  visit: {}
  survey: {score: integer}
  opt_out: {}
metrics:
  visits: {count: visit, over: 10 days}
wallets: {told: {price: 0.01}}
messages: {tips: {text: tips}, more: {text: more}}
rules:
  told: {on: [journey_entered, journey_ended], then: [earn: {told: 1}]}
journeys:
  series:
    enter: visit
    steps:
      - after 2 days: {send: tips}
      - on survey: {do: {earn: {told: 5}}, when: score > 2, within: 9 days, else: {send: more}}
      - once visits == 0: {send: more}
    until: purchase
    again: true
    cool_off: 5 days
win_back:
  lost:
    silent: {event: purchase, for: 30 days}
    holdout: 40 %
    cost: 1.00
    steps: [{now: {send: tips}}, {after 14 days: {do: {send: more}, cost: 2.50}}]
    until: purchase
    stops: {refused: opt_out}
    attribution: 20 days
    cool_off: 40 days
"""


@settings(max_examples=8)
@given(
    histories(
        lambda number: st.sampled_from(
            [
                {"type": "purchase", "amount": 1},
                {"type": "visit"},
                {"type": "survey", "score": number % 5},
                {"type": "opt_out"},
            ]
        ),
        gaps=[0, *(24 * days for days in (1, 2, 5, 9, 14, 30, 40))],
        customers=["ann", "bob", "cat"],
        most=15,
    ),
    st.data(),
)
def test_s2_batches_and_runs_change_nothing_and_the_past_agrees(
    new_shop: NewShop, lines: list[Line], data: st.DataObject
) -> None:
    until = on(days=700)
    with new_shop() as simple, new_shop() as odd:
        simple.run(RULESET, lines, until=until)
        run_anyhow(odd, RULESET, lines, data, until=until)
        assert odd.history() == simple.history()
        odd.check()


def test_the_report_is_what_a_reader_of_the_decisions_would_count(shop: Any) -> None:
    customers = [f"c{number:02}" for number in range(40)]
    lines = [
        {"id": f"{day} {who}", "type": type_, "customer": who, "time": f"{day}T12:00Z"}
        for type_, day, some in (
            ("purchase", "2026-01-01", customers),
            ("purchase", "2026-02-13", customers[::4]),
            ("opt_out", "2026-02-21", customers[1::8]),
        )
        for who in some
    ]
    shop.run(RULESET, lines, until="2026-02-20")
    with Store.open(shop.path) as store:
        (found,) = report(store.connection, ["win_back.lost"], None, None)
        (none,) = report(store.connection, ["win_back.lost"], None, 0)
        one = travels(JOURNEYS.decided_of(store.connection, "c00"))
    held_out = set(
        shop.ask("select customer from decisions where reason = 'holdout: win_back.lost'")
    )
    returned, refused = set(customers[::4]), set(customers[1::8])
    treated = set(customers) - held_out
    assert 0 < len(held_out) < 40
    for group, who in ((found.treated, treated), (found.held_out, held_out)):
        assert group.entered == len(who)
        ends = {"returned": len(returned & who), "refused": len(refused & who)}
        assert group.outcomes == {how: count for how, count in ends.items() if count}
        assert group.now == {2: len(who - returned - refused)}
        assert group.rate == len(returned & who) / len(who)
    # The second step comes on 14 February, after those returned on 13 February.
    cost = 100 * len(treated) + 250 * len(treated - returned)
    assert (found.treated.cost, found.held_out.cost) == (cost, None)
    assert found.uplift is not None
    rates = [len(returned & who) / len(who) for who in (treated, held_out)]
    assert found.uplift.value == rates[0] - rates[1]
    assert (none.treated.entered, none.uplift) == (0, None)
    assert [(way.journey, way.number, way.outcome) for way in one] == [
        ("win_back.lost", 1, "returned")
    ]


@pytest.mark.parametrize(
    ("first", "second", "low", "high"),
    [
        ((56, 70), (48, 80), 0.0524, 0.3339),
        ((9, 10), (3, 10), 0.1705, 0.8090),
        ((0, 10), (0, 20), -0.1611, 0.2775),
        ((10, 10), (0, 20), 0.6791, 1.0000),
    ],
)
def test_the_interval_is_that_of_the_paper(
    first: tuple[int, int], second: tuple[int, int], low: float, high: float
) -> None:
    uplift = newcombe(*first, *second)
    assert (round(uplift.low, 4), round(uplift.high, 4)) == (low, high)
