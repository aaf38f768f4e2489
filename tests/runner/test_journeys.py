"""Journeys through a store: the same however they are run, and what they have brought."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loyalcore.runner.journeys import report, travels
from loyalcore.runner.replay import replay
from loyalcore.runner.uplift import newcombe
from loyalcore.runner.verify import verify
from loyalcore.store import Store
from loyalcore.store.decided import JOURNEYS
from loyalcore.store.events import list_events

MakeShop = Callable[[Path], Any]

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


def happened(number: int, type_: str, day: int, who: str) -> dict[str, object]:
    month, rest = divmod(day, 28)
    data = {"purchase": {"amount": 1}, "survey": {"score": number % 5}}.get(type_, {})
    time = f"2026-{month + 1:02}-{rest + 1:02}T12:00:00Z"
    return {"id": f"{number:03}", "type": type_, "customer": who, "time": time, **data}


lives = st.lists(
    st.tuples(
        st.sampled_from(["purchase", "visit", "survey", "opt_out"]),
        st.integers(0, 250),
        st.sampled_from(["ann", "bob", "cat"]),
    ),
    min_size=1,
    max_size=15,
)


@settings(max_examples=8)
@given(lives, st.integers(1, 4), st.integers(0, 15))
def test_s2_batches_and_runs_change_nothing_and_the_past_agrees(
    shop_in: MakeShop, life: list[tuple[str, int, str]], batch: int, cut: int
) -> None:
    lines = [happened(number, *one) for number, one in enumerate(life)]
    lines.sort(key=lambda line: (str(line["time"]), str(line["id"])))
    with TemporaryDirectory() as one, TemporaryDirectory() as other:
        at_once, in_parts = shop_in(Path(one)), shop_in(Path(other))
        at_once.run(RULESET, lines, until="2026-12-31")
        in_parts.run(RULESET, lines[:cut], batch=batch)
        in_parts.run(RULESET, lines[cut:], until="2026-12-31", batch=batch)
        assert at_once.history() == in_parts.history()
        with Store.open(at_once.path) as store:
            for event in list_events(store.connection):
                assert replay(store.connection, event).warnings == ()
            assert verify(store.connection).difference is None


def test_the_report_is_what_a_reader_of_the_decisions_would_count(shop: Any) -> None:
    customers = [f"c{number:02}" for number in range(40)]
    lines = [happened(n, "purchase", 0, who) for n, who in enumerate(customers)]
    lines += [happened(100 + n, "purchase", 40, who) for n, who in enumerate(customers[::4])]
    lines += [happened(200 + n, "opt_out", 48, who) for n, who in enumerate(customers[1::8])]
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
