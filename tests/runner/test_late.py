"""Late events in a store: taken within the allowance whatever run they come in, and rejected
with how late they are beyond it (S3)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loyalcore.engine.state import CustomerState, kept_anew
from loyalcore.engine.telling.profile import profile
from loyalcore.ruleset.source import Source
from loyalcore.runner.explanation import explain_event
from loyalcore.runner.late import late_events
from loyalcore.runner.loading import Loaded, load_from
from loyalcore.runner.past import past_of
from loyalcore.runner.replay import current_state
from loyalcore.runner.retry import retry
from loyalcore.runner.verify import verify
from loyalcore.store import Store
from loyalcore.store.customers import each_state
from loyalcore.store.events import find_event, list_events
from loyalcore.store.ledger import list_balances, list_entries
from runner.histories import NewShop

Line = dict[str, object]

RULESET = """
program: shop
timezone: Europe/Oslo
allow_late: 7 days
events:
  purchase: {order: id, amount: money, shop: text}
  refund: {order: id, amount: money, reverses: purchase}
metrics:
  orders: {count: purchase}
  spend: {sum: purchase.amount}
  largest: {max: purchase.amount}
  latest_shop: {latest: purchase.shop}
  first_shop: {first: purchase.shop}
  shops: {distinct: purchase.shop}
  orders_week: {count: purchase, over: 7 days}
  spend_week: {sum: purchase.amount, over: 7 days}
  spend_before: {sum: purchase.amount, over: 7 days, ending: 3 days ago}
  spend_month: {sum: purchase.amount, over: this month}
  latest_week: {latest: purchase.shop, over: 7 days}
  spend_membership: {sum: purchase.amount, over: this membership year}
wallets: {beans: {}, stars: {}}
rules:
  earn: {on: purchase, then: [earn: {beans: amount}]}
  large: {on: purchase, when: amount > 5 and weekday != 'sunday', then: [earn: {stars: 2}]}
  often: {on: purchase, when: orders_week >= 3, then: [set: {tags.often: true}]}
"""


def purchase(id: object, day: int, amount: int = 1, customer: str = "ann", **data: object) -> Line:
    envelope = {"id": str(id), "type": "purchase", "customer": customer}
    return envelope | {"time": f"2026-01-{day:02}T12:00", "order": str(id), "amount": amount} | data


def loaded(ruleset: str = RULESET) -> Loaded:
    return load_from(Source({"shop.yaml": ruleset}, "shop.yaml"), "compiled")


def test_s3_an_event_within_the_allowance_is_taken(shop: Any) -> None:
    shop.run(RULESET, [purchase(1, 20)])
    late = shop.run(RULESET, [purchase(2, 13), purchase(3, 12)])
    assert (late.events, late.rejected) == (1, {"late": 1})
    (message,) = shop.ask("select message from rejects")
    assert message == (
        "8 days late: the customer has later events, up to 2026-01-20T11:00:00Z, and allow_late "
        "is 7 days"
    )
    assert shop.ask("select id, time < at, at from events order by seq") == [
        ("1", None, None),
        ("2", 1, shop.ask("select max(time) from events")[0]),
    ]


def test_what_a_late_event_does_happens_at_the_clock(shop: Any) -> None:
    """Decisions, entries, messages and vouchers: so the balance of a past instant stays."""
    shop.run(RULESET, [purchase(1, 20)])
    shop.run(RULESET, [purchase(2, 15, 9)])
    for table in ("decisions", "entries"):
        assert len(set(shop.ask(f"select time from {table}"))) == 1
    assert shop.ask("select time, at from event_log where id = '2'") == [
        ("2026-01-15T11:00:00Z", "2026-01-20T11:00:00Z")
    ]
    with Store.open(shop.path) as store:
        assert verify(store.connection).difference is None


def test_a_late_event_is_explained_as_it_was_decided(shop: Any) -> None:
    shop.run(RULESET, [purchase(1, 20), purchase(2, 16)])
    shop.run(RULESET, [purchase(3, 15)])
    with Store.open(shop.path) as store:
        (event,) = find_event(store.connection, id="3")
        told = explain_event(store.connection, event)
    assert (told.time, told.at) == ("2026-01-15T11:00:00Z", "2026-01-20T11:00:00Z")
    assert told.warnings == ()
    (often,) = (rule for rule in told.rules if rule.rule == "often")
    assert (often.verdict, often.facts) == ("fired", {"orders_week": 3})


def test_the_same_late_event_again_is_no_event(shop: Any) -> None:
    shop.run(RULESET, [purchase(1, 20)])
    shop.run(RULESET, [purchase(2, 15)])
    before = shop.history()
    assert shop.run(RULESET, [purchase(2, 15), purchase(1, 20)]).duplicates == 2
    assert shop.history() == before


def test_what_was_too_late_is_taken_once_more_is_allowed(shop: Any) -> None:
    shop.run(RULESET, [purchase(1, 20), purchase(9, 20, customer="bob")])
    assert shop.run(RULESET, [purchase(2, 12), purchase(3, 2)]).rejected == {"late": 2}
    with Store.open(shop.path) as store:
        found = late_events(store.connection)
        assert [tuple(one) for one in found.allowances] == [("14 days", 1), ("30 days", 2)]
        more = retry(loaded(RULESET.replace("7 days", "14 days", 1)), store)
        assert (more.summary.events, more.remaining) == (1, 1)
        assert [one.events for one in late_events(store.connection).rejected] == [1]
        assert verify(store.connection).difference is None


def test_late_events_of_who_is_merged_are_the_others(shop: Any) -> None:
    ruleset = RULESET.replace("  refund:", "  merge: {into: id, merges: into}\n  refund:")
    merge = {"id": "m", "type": "merge", "customer": "bob", "time": "2026-01-20", "into": "ann"}
    shop.run(ruleset, [purchase(1, 19), purchase(2, 18, customer="bob", shop="b"), merge])
    shop.run(ruleset, [purchase(3, 15, customer="bob", shop="c"), purchase(4, 16, shop="d")])
    assert shop.ask("select customer from events where at is not null") == ["ann", "ann"]
    with Store.open(shop.path) as store:
        program = loaded(ruleset).program
        ((_, ann), _) = each_state(store.connection)
        state = current_state(store.connection, program, "ann", ann)
        figures = profile(program, state).metrics
        assert (figures["orders"], figures["first_shop"]) == (4, "c")
        past = past_of(store.connection, program, "ann", state.absorbed)
        assert profile(program, kept_anew(program, state, past)).metrics == figures
        assert verify(store.connection).difference is None


# --- any interleaving -------------------------------------------------------------------------


@st.composite
def deliveries(draw: st.DrawFn) -> list[list[Line]]:
    """The events of a week, in several deliveries, in any order."""
    hours = draw(st.lists(st.integers(0, 7 * 24), min_size=1, max_size=14, unique=True))
    start = datetime(2026, 3, 26, tzinfo=UTC)  # clocks go forward on the 29th
    lines: list[Line] = [
        {
            "id": str(hour),
            "type": "purchase",
            "customer": draw(st.sampled_from(["ann", "ann", "bob"])),
            "time": (start + timedelta(hours=hour)).isoformat(),
            "order": str(hour),
            "amount": draw(st.integers(1, 9)),
            "shop": draw(st.sampled_from("abc")),
        }
        for hour in hours
    ]
    ordered = draw(st.permutations(lines))
    runs = draw(st.lists(st.integers(0, len(lines)), max_size=4))
    edges = [0, *sorted(runs), len(lines)]
    return [list(ordered[a:b]) for a, b in pairwise(edges)]


def seen(shop: Any) -> Iterator[tuple[str, Mapping[str, object]]]:
    """Each customer's figures in the end; the same when made anew from the log."""
    program = loaded().program
    with Store.open(shop.path) as store:
        for name, stored in each_state(store.connection):
            state = current_state(store.connection, program, name, stored)
            figures = profile(program, state).metrics
            past = past_of(store.connection, program, name, {})
            anew: CustomerState = kept_anew(program, state, past)
            assert profile(program, anew).metrics == figures
            yield name, {**figures, "since": state.since, "clock": state.clock}


@given(runs=deliveries())
@settings(max_examples=40)
def test_s3_in_whatever_runs_events_come_the_figures_end_the_same(
    new_shop: NewShop, runs: list[list[Line]]
) -> None:
    """So do points of rules that rest on the event alone; and each event is decided once."""
    lines = [line for run in runs for line in run]
    with new_shop() as at_once, new_shop() as late:
        at_once.run(RULESET, lines)
        for run in runs:
            assert late.run(RULESET, run).rejected == {}
        assert dict(seen(late)) == dict(seen(at_once))
        with Store.open(late.path) as store, Store.open(at_once.path) as sorted_store:
            assert list_balances(store.connection) == list_balances(sorted_store.connection)
            decided = [event.id for event in list_events(store.connection)]
            assert sorted(decided) == sorted(str(line["id"]) for line in lines)
            earned = [
                e.event for e in list_entries(store.connection, wallet="beans", bucket="active")
            ]
            assert len(earned) == len(set(earned)) == len(lines)
            clocks: dict[str, int] = {}
            for event in list_events(store.connection):
                clock = clocks.get(event.customer, event.time)
                assert event.at == (clock if event.time < clock else None)
                clocks[event.customer] = max(clock, event.time)
            assert verify(store.connection).difference is None


@pytest.mark.parametrize("batch", [1, 5_000])
def test_s3_time_that_has_passed_does_not_come_again(shop: Any, batch: int) -> None:
    """What was due by the clock has happened; a late event finds it so."""
    ruleset = """
program: shop
allow_late: 9 days
events: {purchase: {order: id, amount: money}}
wallets: {beans: {expires: 5 days}}
rules: {earn: {on: purchase, then: [earn: {beans: amount}]}}
"""
    shop.run(ruleset, [purchase(1, 10, 3)], until="2026-01-16", batch=batch)
    shop.run(ruleset, [purchase(2, 9, 4)], batch=batch)
    shop.run(ruleset, until="2026-01-25", batch=batch)
    kinds = "select lot, kind, points, date(time / 1000000, 'unixepoch') from entries"
    assert shop.ask(f"{kinds} where bucket = 'active'") == [
        (1, "accrue", 3, "2026-01-10"),
        (1, "expire", -3, "2026-01-15"),
        (2, "accrue", 4, "2026-01-15"),
        (2, "expire", -4, "2026-01-20"),
    ]
    with Store.open(shop.path) as store:
        assert verify(store.connection).difference is None
