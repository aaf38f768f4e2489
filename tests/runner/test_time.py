"""Time passes as events come: what is due happens at its instant, to everyone, in order (S4)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loyalcore.runner import clock, fold
from loyalcore.store import Writer
from loyalcore.store.rows import Rows
from runner.histories import Line, NewShop, histories, on, run_anyhow

RULESET = """
program: shop
events:
  purchase: {amount: money, code: text, presents: code}
  gift: {to: id}
  nothing: {}
wallets:
  beans: {pending: 2 days, expires: 10 days, transferable: true}
  stars: {expires: 3 days without activity}
  plain: {}
offers:
  twice:
    open: {on: gift}
    lasts: 3 days
    at_once: 2
    reach: {count: purchase, at_least: 2}
    then: [earn: {plain: 5}]
    lapsed: [emit: {type: nothing, customer: "'bob'"}]
  cup:
    open: {on: gift}
    lasts: 20 days
    code: personal
    budget: {count: 3}
    reach: {one: purchase}
    then: [earn: {plain: 1}]
rules:
  earn: {on: purchase, then: [earn: {beans: amount}]}
  star: {on: purchase, when: amount > 5, then: [earn: {stars: 1}]}
  shared:
    on: purchase
    budget: {plain: 30 per week}
    then: [earn: {plain: amount}]
  notice:
    on: points_expired
    when: wallet == 'beans'
    then: [earn: {plain: 1}, emit: {type: gift, data: {to: "'bob'"}}]
  give: {on: gift, then: [emit: {type: nothing, customer: to}]}
  cheer: {on: points_activated, limit: 1 per 2 days, then: [send: active]}
messages: {active: {text: 'You have {{ balance.beans }}.'}}
"""


def purchase(id: object, day: int, customer: str = "ann", amount: int = 1) -> dict[str, object]:
    return {
        "id": id,
        "type": "purchase",
        "customer": customer,
        "time": on(days=day),
        "amount": amount,
    }


def told(shop: Any) -> list[tuple[str, str, str]]:
    """Every event: its type, whose, and when."""
    return [
        (type, customer, time[:13])
        for type, customer, time in shop.ask("select type, customer, time from event_log")
    ]


def test_s4_what_is_due_happens_before_the_next_event_whoever_it_is_of(shop: Any) -> None:
    shop.run(RULESET, [purchase(1, 0), purchase(2, 2, "bob")])
    assert told(shop) == [
        ("purchase", "ann", "2026-01-01T00"),
        ("due", "ann", "2026-01-03T00"),
        ("points_activated", "ann", "2026-01-03T00"),
        ("purchase", "bob", "2026-01-03T00"),
    ]


def test_s4_it_happens_at_its_own_instant_and_in_the_order_of_time_and_customer(shop: Any) -> None:
    lines = [purchase(1, 0, "cat"), purchase(2, 0, "ann"), purchase(3, 1, "bob")]
    shop.run(RULESET, lines, [{"id": 4, "type": "nothing", "customer": "dan", "time": on(days=9)}])
    due = [(customer, time) for type, customer, time in told(shop) if type == "due"]
    assert due == [("ann", "2026-01-03T00"), ("cat", "2026-01-03T00"), ("bob", "2026-01-04T00")]
    entries = shop.ask("select customer, kind, bucket, points from ledger where kind = 'activate'")
    assert entries[:2] == [("ann", "activate", "pending", -1), ("ann", "activate", "active", 1)]


def test_what_is_due_later_waits_for_the_next_run(shop: Any) -> None:
    assert shop.run(RULESET, [purchase(1, 0)]).timers == 0
    summary = shop.run(RULESET, [purchase(2, 5, "bob")])
    assert (summary.events, summary.timers, summary.emitted) == (1, 1, 1)


@pytest.mark.parametrize("batch", [1, 3, 1000])
def test_time_passes_as_far_as_is_asked(shop: Any, batch: int) -> None:
    shop.run(RULESET, [purchase(1, 0, amount=9)])
    summary = shop.run(RULESET, until=on(days=10), batch=batch)
    assert (summary.events, summary.timers) == (0, 3)
    assert dict(summary.expired) == {"beans": 9, "stars": 1}
    assert shop.run(RULESET, until=on(days=10)).timers == 0


def test_neither_a_duplicate_nor_a_rejected_event_lets_time_pass(shop: Any) -> None:
    late = {**purchase(2, 20), "amount": "much"}
    shop.run(RULESET, [purchase(1, 0), late])
    shop.run(RULESET, [purchase(1, 0)])
    assert [type for type, _, _ in told(shop)] == ["purchase"]


def test_s3_an_event_before_what_has_happened_to_its_customer_is_late(shop: Any) -> None:
    shop.run(RULESET, [purchase(1, 0)], until=on(days=2))
    assert shop.run(RULESET, [purchase(2, 1)]).rejected == {"late": 1}
    assert shop.run(RULESET, [purchase(3, 2)]).events == 1


@pytest.mark.parametrize("type", ["due", "points_expired", "points_received", "offer_lapsed"])
def test_events_that_only_the_program_makes_are_rejected(shop: Any, type: str) -> None:
    line = {"id": 1, "type": type, "customer": "ann", "time": on(days=0)}
    assert shop.run(RULESET, [line]).rejected == {"reserved-type": 1}


def test_a_batch_is_cut_where_much_is_due(shop: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fold, "CACHED", 10)
    monkeypatch.setattr(clock, "PAGE", 7)
    sizes = []
    commit = Writer.commit

    def measured(self: Any, outcomes: Any, *rest: Any) -> Rows:
        kept = list(outcomes)
        sizes.append(len(kept))
        return commit(self, kept, *rest)

    monkeypatch.setattr(Writer, "commit", measured)
    shop.run(RULESET, [purchase(n, 0, f"c{n:03}") for n in range(200)], batch=20)
    summary = shop.run(RULESET, [purchase("x", 3, "zoe")], batch=20)
    assert (summary.timers, summary.events) == (200, 1)
    assert max(sizes) <= 2 * 20 + 1


# --- how it is run changes nothing ------------------------------------------------------------

CUSTOMERS = ["ann", "bob", "cat"]


@given(
    histories(
        lambda number: st.sampled_from(
            [
                {"type": "purchase", "amount": 3},
                {"type": "purchase", "amount": 17},
                {"type": "gift", "to": "cat"},
                {"type": "nothing"},
                {"type": "purchase", "amount": "much"},
            ]
        ),
        gaps=[0, 1, 24, 48, 72, 239],
        customers=CUSTOMERS,
        most=20,
        again=4,
    ),
    st.data(),
)
def test_s2_s4_s11_batches_runs_and_files_change_nothing(
    new_shop: NewShop, lines: list[Line], data: st.DataObject
) -> None:
    until = on(days=data.draw(st.integers(0, 400), "until"))
    with new_shop() as simple, new_shop() as odd:
        simple.run(RULESET, lines, until=until)
        run_anyhow(odd, RULESET, lines, data, until=until)
        assert odd.history() == simple.history()
        odd.check()


def test_histories_come_to_something(shop: Any) -> None:
    # Guards the test above: a history that decides nothing would prove nothing.
    summary = shop.run(RULESET, busy(200), until=on(days=100))
    assert summary.timers > 150
    assert summary.fired.keys() >= {
        *("earn", "star", "shared", "notice", "give", "cheer"),
        *("wallets.beans.pending", "wallets.beans.expires", "wallets.stars.expires"),
        *("offers.twice", "offers.twice.lapsed", "offers.cup.lapsed"),
    }
    assert summary.held.keys() >= {"cheer", "shared", "offers.twice.opened", "offers.cup.opened"}


def busy(count: int) -> Iterator[dict[str, object]]:
    for n in range(count):
        yield purchase(n, n // 4, CUSTOMERS[n % 3], amount=n % 9)


# --- S14: what all customers share ------------------------------------------------------------


def test_s14_all_customers_draw_on_one_budget_in_the_order_of_the_run(shop: Any) -> None:
    lines = [purchase(n, 0, customer, 20) for n, customer in enumerate(["cat", "ann", "bob"])]
    shop.run(RULESET, lines[:1])
    shop.run(RULESET, lines[1:])
    points = "select customer, points from balances where wallet = 'plain'"
    assert shop.ask(points) == [("ann", 10), ("cat", 20)]
    assert shop.ask("select reason from decisions where rule = 'shared' order by seq")[2] != ""
    draws = shop.ask("select amount from draws order by seq")
    assert sum(draws) == 30


def test_the_file_tells_when_time_comes_to_whom(shop: Any) -> None:
    shop.run(RULESET, [purchase(1, 0, "ann"), purchase(2, 0, "bob"), purchase(3, 2, "ann")])
    (ann, bob) = shop.ask("select due / 86400000000 from customers order by customer")
    assert shop.state("ann").account.due // 86_400_000_000 == ann == bob - 6
