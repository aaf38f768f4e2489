"""Another program over an existing store: history stays, what is new knows all of it (S15)."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

MakeShop = Callable[[Path], Any]

HEAD = """
program: shop
currency: EUR
timezone: Europe/Oslo
events:
  sign_up: {name: text, birthday: date}
  purchase: {amount: money, kilos: number, friend: id}
  hello: {by: id}
wallets: {points: {}}
"""
FIRST = f"""{HEAD}
customer: {{name: text, birthday: date}}
metrics:
  orders: {{count: purchase}}
rules:
  join: {{on: sign_up, then: [set: {{name: name, birthday: birthday}}]}}
  earn: {{on: purchase, then: [earn: {{points: amount}}]}}
  once: {{on: purchase, limit: once, then: [earn: {{points: 100}}]}}
  tell: {{on: purchase, when: not missing(friend), then: [emit: {{type: hello, customer: friend}}]}}
"""
# Names, windows and kinds of their own, over fields that the first program declared too, and
# over an event that only rules made.
METRICS = """
  orders: {count: purchase}
  spend: {sum: purchase.amount, over: 20 days}
  before: {sum: purchase.amount, over: 20 days, ending: 10 days ago}
  lightest: {min: purchase.kilos}
  mean: {average: purchase.kilos, over: this month}
  hellos: {count: hello, over: 60 days}
  heavy: {count: purchase, where: kilos > 1}
"""
LATER = f"""{HEAD}
customer: {{name: text}}
metrics:{METRICS}
rules:
  look:
    on: purchase
    when: orders > 0 and hellos >= 0 and spend >= 0 and before >= 0 and (
      heavy > 0 or missing(lightest) or lightest >= 0 or missing(mean) or mean > 0)
    then: [earn: {{points: heavy}}]
  once: {{on: purchase, limit: once, then: [earn: {{points: 100}}]}}
  tell: {{on: purchase, when: not missing(friend), then: [emit: {{type: hello, customer: friend}}]}}
"""


def event(number: int, type: str, day: int, customer: str = "ann", **data: object) -> Any:
    time = f"2026-{1 + day // 28:02}-{1 + day % 28:02}T{number % 24:02}:00"
    envelope = {"id": f"{number:03}", "type": type, "customer": customer, "time": time}
    return envelope | {name: value for name, value in data.items() if value is not None}


def looked(shop: Any) -> list[Any]:
    """What the rule `look` saw, at which event."""
    return [
        (id, json.loads(facts))
        for id, facts in shop.ask(
            "select e.id, d.facts from decisions d join events e on e.seq = d.event "
            "where d.rule = 'look' order by e.time, e.source, e.id"
        )
    ]


@pytest.fixture
def changed(shop: Any) -> Any:
    """A shop whose second run was of another program."""
    shop.run(
        FIRST,
        [
            event(1, "sign_up", 0, name="Ann", birthday="2000-02-29"),
            event(2, "purchase", 1, amount=5, kilos="1.5", friend="bob"),
            event(3, "purchase", 2, "bob", amount=7, friend="ann"),
            event(4, "purchase", 30, amount=9, kilos="0.5"),
        ],
    )
    shop.run(LATER, [event(5, "purchase", 31, amount=2, kilos=3)])
    return shop


def test_s15_a_new_metric_knows_what_happened_before_it_was_written(changed: Any) -> None:
    ((id, facts),) = looked(changed)
    assert id == "005"
    assert facts == {
        "before": "0.00",
        "heavy": 2,
        "hellos": 1,
        "lightest": "0.5",
        "mean": "1.75",
        "orders": 3,
        "spend": "11.00",
    }


def test_s15_decisions_stay_pinned_to_the_program_that_took_them(changed: Any) -> None:
    assert changed.ask("select id, name, length(hash) from programs") == [
        (1, "shop", 64),
        (2, "shop", 64),
    ]
    pinned = "select distinct d.program, e.program, e.id from decisions d "
    pinned += "join events e on e.seq = d.event where e.source = 'till' order by e.id"
    assert changed.ask(pinned) == [
        (1, 1, "001"),
        (1, 1, "002"),
        (1, 1, "003"),
        (1, 1, "004"),
        (2, 2, "005"),
    ]
    assert changed.ask("select distinct program from entries where time < 1769900000000000") == [1]
    for source in changed.ask("select source from programs"):
        assert "timezone: Europe/Oslo" in json.dumps(json.loads(source))


def test_s15_rules_fire_from_activation_on(changed: Any) -> None:
    assert changed.ask(
        "select e.id from entries n join events e on e.seq = n.event where n.rule = 'look'"
    ) == ["005"]


def test_s15_a_limit_remembers_what_fired_under_the_old_program(changed: Any) -> None:
    assert changed.ask(
        "select customer, program, reason from decisions where rule = 'once' order by seq"
    ) == [("ann", 1, ""), ("bob", 1, ""), ("ann", 1, "limit: once"), ("ann", 2, "limit: once")]


def test_s15_an_attribute_that_is_gone_vanishes(changed: Any) -> None:
    assert changed.state("ann").attributes == {"name": "Ann"}


def test_s15_balances_are_kept(changed: Any) -> None:
    assert changed.state("ann").account.balances == {"points": 5 + 100 + 9 + 2}
    assert changed.state("bob").account.balances == {"points": 7 + 100}
    assert changed.ask("select sum(points) from entries group by customer") == [116, 107]


def test_s2_the_same_program_again_is_the_same_program(changed: Any) -> None:
    changed.run(f"# a comment\n{LATER}", [event(6, "purchase", 32)])
    changed.run(FIRST, [event(7, "purchase", 33)])
    programs = changed.ask("select program from events where source = 'till' order by seq")
    assert programs == [1, 1, 1, 1, 2, 2, 1]


def test_s15_a_field_that_was_not_declared_is_read_from_the_log(shop: Any) -> None:
    shop.run(FIRST, [event(1, "purchase", 1, amount=5, colour="red")])
    later = LATER.replace("friend: id}", "friend: id, colour: text}").replace(
        "  heavy: {count: purchase, where: kilos > 1}",
        "  heavy: {count: purchase, where: colour == 'red'}",
    )
    shop.run(later, [event(2, "purchase", 2, amount=5)])
    assert looked(shop)[0][1]["heavy"] == 1


def test_s15_an_event_that_can_not_be_read_any_more_is_left_out(shop: Any) -> None:
    shop.run(FIRST, [event(1, "purchase", 1, amount=5), event(2, "purchase", 2, amount="2.50")])
    later = LATER.replace("amount: money", "amount: integer")
    shop.run(later, [event(3, "purchase", 3, amount=5)])
    assert looked(shop)[0][1]["spend"] == 10
    assert looked(shop)[0][1]["orders"] == 2


purchases = st.lists(
    st.tuples(
        st.sampled_from([0, 0, 1, 5, 20]),
        st.sampled_from(["ann", "bob"]),
        st.integers(0, 9),
        st.sampled_from([None, "0.5", 3]),
        st.sampled_from([None, None, "ann", "bob", "cat"]),
    ),
    min_size=2,
    max_size=20,
)


@given(purchases, st.data())
@settings(max_examples=20)
def test_s15_a_new_metric_is_as_if_it_had_been_kept_from_the_start(
    shop_in: MakeShop,
    tmp_path_factory: pytest.TempPathFactory,
    history: list[Any],
    data: st.DataObject,
) -> None:
    day, lines = 0, []
    for number, (gap, customer, amount, kilos, friend) in enumerate(history):
        day += gap if number % 24 else gap or 1  # the hour begins anew
        fields = {"amount": amount, "kilos": kilos, "friend": friend}
        lines.append(event(number, "purchase", day, customer, **fields))
    cut = data.draw(st.integers(1, len(lines) - 1))
    back = data.draw(st.integers(cut, len(lines)))
    always = shop_in(tmp_path_factory.mktemp("always"))
    always.run(LATER, lines)
    changed = shop_in(tmp_path_factory.mktemp("changed"))
    changed.run(FIRST, lines[:cut])
    changed.run(LATER, lines[cut:back], batch=2)
    changed.run(LATER.replace("earn: {points: heavy}", "earn: {points: 1}"), lines[back:])
    later = {id for id, _ in looked(changed)}
    assert later == {line["id"] for line in lines[cut:]}
    assert looked(changed) == [(id, facts) for id, facts in looked(always) if id in later]
