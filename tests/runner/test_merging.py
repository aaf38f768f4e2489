"""Merged customers in a run: one past, one log, told again alike, however it was run."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loyalcore.engine.telling.profile import Profile, profile
from loyalcore.runner.loading import load_program
from loyalcore.runner.replay import CompiledPrograms, replay
from loyalcore.runner.rule_tests import load_suite, run_case
from loyalcore.store import Store
from loyalcore.store.events import list_events
from runner.histories import Line, NewShop, histories, on, run_anyhow

RULESET = """\
program: shop
timezone: Europe/Oslo
customer: {friend: id}
events:
  purchase: {order: id, amount: money, kilos: number, friend: id}
  refund: {order: id, amount: money, reverses: {event: purchase, by: order}}
  hello: {by: id}
  merge: {into: id, merges: into}
  split: {customer_id: id, unmerges: customer_id}
metrics:
  orders: {count: purchase}
  spend: {sum: purchase.amount, over: 3 days}
  monthly: {sum: purchase.amount, over: this month}
  mean: {average: purchase.kilos}
  heaviest: {max: purchase.kilos, over: 5 days}
  kinds: {distinct: purchase.order}
  newest: {latest: purchase.order}
  oldest: {first: purchase.order}
wallets:
  beans: {pending: 1 day, expires: 10 days, minimum: -20}
rules:
  earn: {on: purchase, then: [earn: {beans: amount}]}
  often:
    on: purchase
    when: orders >= 3 and spend > 10
    limit: 1 per 2 days
    then: [earn: {beans: 5}, set: {friend: friend}]
  hello:
    on: purchase
    when: not missing(friend)
    then: [emit: {type: hello, customer: friend, data: {by: customer.id}}]
  back: {on: hello, then: [earn: {beans: orders}]}
  welcome:
    on: customer_merged
    then: [earn: {beans: 1}, emit: {type: hello, customer: sender, data: {by: customer.id}}]
offers:
  trio:
    open: {on: purchase}
    lasts: 6 days
    reach: {count: purchase, at_least: 3}
    then: [earn: {beans: 3}]
    refunds: rejudge
"""

CUSTOMERS = ["ann", "bob", "cat"]
customers = st.sampled_from(CUSTOMERS)


purchases = st.fixed_dictionaries(
    {
        "type": st.just("purchase"),
        "amount": st.sampled_from([0, 1, "2.50", 10]),
        "order": st.sampled_from(["1", "2", "3", "4"]),
    },
    optional={"kilos": st.sampled_from([1, "0.1", 3]), "friend": customers},
)
refunds = st.fixed_dictionaries(
    {
        "type": st.just("refund"),
        "amount": st.sampled_from([1, 10]),
        "order": st.sampled_from(["1", "2", "3", "4"]),
    }
)
merges = st.one_of(
    st.fixed_dictionaries({"type": st.just("merge"), "into": customers}),
    st.fixed_dictionaries({"type": st.just("split"), "customer_id": customers}),
)


def lines_of(*deeds: st.SearchStrategy[Mapping[str, object]]) -> st.SearchStrategy[list[Line]]:
    return histories(
        lambda number: st.one_of(*deeds),
        gaps=[0, 1, 5, 30],
        customers=CUSTOMERS,
        least=0,
        most=20,
    )


def profiles(shop: Any) -> dict[str, Profile]:
    """Everyone, as the program of the latest run knows them."""
    with Store.open(shop.path) as store:
        program = CompiledPrograms(store.connection).latest()
    return {name: profile(program, state) for name, state in shop.customers().items()}


def told_again(shop: Any) -> None:
    """Everything comes out as it is stored."""
    shop.check()
    with Store.open(shop.path) as store:
        for event in list_events(store.connection):
            assert replay(store.connection, event).warnings == ()


@given(lines_of(purchases, purchases, refunds, merges), st.data())
def test_s2_s11_how_it_was_run_changes_nothing_and_it_comes_out_again_as_stored(
    new_shop: NewShop, lines: list[Line], data: st.DataObject
) -> None:
    with new_shop() as simple, new_shop() as odd:
        simple.run(RULESET, lines)
        run_anyhow(odd, RULESET, lines, data)
        assert odd.history() == simple.history()
        told_again(simple)


def test_histories_come_to_something(shop: Any) -> None:
    # Guards the test above: a history in which nobody is merged would prove nothing.
    lines: list[Line] = [
        {"id": f"{n:03}", "customer": CUSTOMERS[n % 3], "type": "purchase", "time": on(n * 5)}
        | {"amount": n, "order": str(n), "friend": CUSTOMERS[n % 2]}
        for n in range(20)
    ]
    lines += [
        {"id": "m", "customer": "bob", "type": "merge", "time": on(52), "into": "ann"},
        {"id": "n", "customer": "ann", "type": "merge", "time": on(57), "into": "cat"},
        {"id": "o", "customer": "bob", "type": "merge", "time": on(61), "into": "ann"},
        {"id": "p", "customer": "cat", "type": "split", "time": on(71), "customer_id": "ann"},
    ]
    summary = shop.run(RULESET, lines)
    assert summary.fired.keys() >= {"events.merge.merges", "events.split.unmerges", "welcome"}
    assert summary.fired["events.merge.merges"] == 4
    assert summary.held["events.merge.merges"] == 1
    told_again(shop)


@given(lines_of(purchases, purchases, refunds), st.data())
def test_metrics_are_what_they_would_be_had_all_events_been_one_customers(
    new_shop: NewShop, lines: list[Line], data: st.DataObject
) -> None:
    ruleset = RULESET.replace("when: not missing(friend)", "when: false")
    # Offers that each has open lapse at other times than one's, and move the clock; so do points
    # that are given for the merge, as they turn active.
    ruleset = ruleset[: ruleset.index("offers:")]
    ruleset = ruleset.replace("on: customer_merged", "on: customer_merged\n    when: false")
    at = data.draw(st.integers(0, len(lines)), "before which event they are merged")
    hour = str(lines[at]["time"]) if at < len(lines) else on(20 * 30)
    merge = {"id": "000", "source": "a", "type": "merge", "time": hour}
    pairs = [("bob", "ann")]
    if data.draw(st.booleans(), "cat too"):
        pairs.append(data.draw(st.sampled_from([("cat", "ann"), ("cat", "bob"), ("ann", "cat")])))
    merging = [
        {**merge, "id": str(n), "customer": customer, "into": into}
        for n, (customer, into) in enumerate(pairs)
    ]
    kept = "cat" if ("ann", "cat") in pairs else "ann"
    theirs = {kept, "ann", *(who for pair in pairs for who in pair)}
    together = [
        {**line, "customer": kept} if line["customer"] in theirs else line for line in lines
    ]
    with new_shop() as apart, new_shop() as same:
        apart.run(ruleset, [*lines, *merging], batch=data.draw(st.integers(1, 9), "batch"))
        # The last merge lets the clock come as far as it does there.
        same.run(ruleset, together, [{**merging[-1], "customer": kept, "into": kept}])
        assert profiles(apart)[kept].metrics == profiles(same)[kept].metrics
        # And once more, where they are made anew since another program keeps others (S15).
        later = ruleset.replace("metrics:\n", "metrics:\n  refunds: {count: refund}\n")
        for shop in (apart, same):
            shop.run(later, [{"id": "x", "customer": kept, "type": "hello", "time": on(900)}])
        assert profiles(apart)[kept].metrics == profiles(same)[kept].metrics


@given(lines_of(purchases, purchases, refunds))
def test_taken_apart_each_has_the_metrics_of_their_own_log(
    new_shop: NewShop, lines: list[Line]
) -> None:
    # Both come, so that both are there, and their clocks go as far.
    last = [
        {"id": f"{who}-{n}", "customer": who, "type": "hello", "time": on(700)}
        for who in ("ann", "bob")
        for n in (1, 2)
    ]
    undone = [
        {"id": "m", "customer": "bob", "type": "merge", "time": on(650), "into": "ann"},
        {"id": "n", "customer": "ann", "type": "split", "time": on(651), "customer_id": "bob"},
    ]
    ruleset = RULESET.replace(
        "emit: {type: hello, customer: sender", "emit: {type: hello, customer: customer.id"
    )
    with new_shop() as merged, new_shop() as never:
        merged.run(ruleset, [*lines, *undone, *last])
        never.run(ruleset, [*lines, *last])
        for who in ("ann", "bob"):
            assert profiles(merged)[who].metrics == profiles(never)[who].metrics


EVENTS: list[Line] = [
    {"id": "1", "customer": "bob", "type": "purchase", "time": on(1), "amount": 5, "order": "1"},
    {"id": "2", "customer": "ann", "type": "purchase", "time": on(2), "amount": 5, "order": "2"},
    {"id": "3", "customer": "bob", "type": "merge", "time": on(3), "into": "ann"},
    {"id": "4", "customer": "bob", "type": "purchase", "time": on(4), "amount": 5, "order": "3"},
]


def test_the_log_shows_for_whom_an_event_was_counted(shop: Any) -> None:
    shop.run(RULESET, EVENTS)
    assert shop.ask("select id, customer from events where source = 'till' order by id") == [
        ("1", "bob"),
        ("2", "ann"),
        ("3", "bob"),
        ("4", "ann"),
    ]
    assert profiles(shop)["ann"].metrics["orders"] == 3
    assert profiles(shop)["bob"].merged == "ann"
    assert profiles(shop)["ann"].absorbed == ("bob",)


@pytest.mark.parametrize("batch", [1, 100])
def test_an_event_is_the_same_whichever_customer_it_is_sent_for(shop: Any, batch: int) -> None:
    split = {"id": "5", "customer": "ann", "type": "split", "time": on(5), "customer_id": "bob"}
    theirs = {**EVENTS[3], "customer": "ann"}
    assert shop.run(RULESET, [*EVENTS, theirs], batch=batch).duplicates == 1
    assert shop.run(RULESET, [{**EVENTS[0], "customer": "ann"}, theirs]).duplicates == 2
    assert shop.run(RULESET, [*EVENTS, split], batch=batch).duplicates == 4
    # Apart again: what was counted for ann is still the event that bob had.
    summary = shop.run(RULESET, [*EVENTS, split], batch=batch)
    assert (summary.duplicates, summary.rejected) == (5, {})
    assert shop.run(RULESET, [{**EVENTS[1], "customer": "bob"}]).duplicates == 1
    assert shop.run(RULESET, [{**EVENTS[0], "customer": "ann"}]).rejected == {"conflicting-id": 1}


def test_an_event_that_is_late_for_the_other_customer_is_late(shop: Any) -> None:
    shop.run(RULESET, EVENTS)
    late = {"id": "9", "customer": "bob", "type": "hello", "time": on(3), "by": "cat"}
    assert shop.run(RULESET, [late]).rejected == {"late": 1}


def test_nobody_can_send_what_only_merges_make(shop: Any) -> None:
    line = {"id": "1", "customer": "ann", "type": "customer_merged", "time": on(1)}
    assert shop.run(RULESET, [{**line, "sender": "bob"}]).rejected == {"reserved-type": 1}


def test_an_offer_with_a_personal_code_goes_on_with_a_new_one(shop: Any) -> None:
    ruleset = """\
program: shop
events:
  purchase: {code: text, presents: code}
  sign_up: {}
  merge: {into: id, merges: into}
  split: {customer_id: id, unmerges: customer_id}
wallets: {beans: {}}
offers:
  cup:
    open: {on: sign_up}
    code: personal
    reach: {one: purchase}
    then: [earn: {beans: 7}]
"""
    shop.run(
        ruleset,
        [
            {"id": "1", "customer": "bob", "type": "sign_up", "time": on(1)},
            {"id": "2", "customer": "bob", "type": "merge", "time": on(2), "into": "ann"},
        ],
    )
    issued = shop.ask("select customer, name, code from issued order by seq")
    assert [(customer, name) for customer, name, _ in issued] == [("bob", "cup"), ("ann", "cup")]
    old, new = (code for *_, code in issued)
    line = {"customer": "bob", "type": "purchase"}
    summary = shop.run(ruleset, [{**line, "id": "3", "time": on(3), "code": old}])
    assert summary.held == {"events.purchase.presents": 1}
    summary = shop.run(ruleset, [{**line, "id": "4", "time": on(4), "code": new}])
    assert summary.points == {"beans": 7}
    told_again(shop)


def test_rule_tests_count_the_past_of_both(tmp_path: Path) -> None:
    (tmp_path / "shop.yaml").write_text(RULESET)
    tests = tmp_path / "shop.test.yaml"
    tests.write_text("""\
tests:
  one person:
    customer: {id: ann}
    events:
      - {type: purchase, customer: bob, time: 2026-01-01T10:00, amount: 5, order: 1}
      - {type: purchase, customer: bob, time: 2026-01-01T11:00, amount: 5, order: 2}
      - {type: merge, customer: bob, time: 2026-01-01T12:00, into: ann}
      - {type: purchase, customer: bob, time: 2026-01-01T13:00, amount: 5, order: 3}
      - {type: split, time: 2026-01-01T14:00, customer_id: bob}
    expect:
      - {at: 2026-01-01T12:30, decisions: [events.merge.merges, welcome, back], pending: {beans: 13}}
      - {at: 2026-01-01T13:30, decisions: [earn, often, offers.trio]}
      - {decisions: [events.split.unmerges]}
      - {of: bob, pending: {beans: 10}}
""")  # noqa: E501
    suite = load_suite(tests, lambda path: load_program(path).program)
    assert [run_case(suite.program, case).failures for case in suite.cases] == [()]
