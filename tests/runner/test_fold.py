"""Which events are folded, and which are passed over or rejected; what is written of them."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from loyalcore.runner import fold

MakeShop = Callable[[Path], Any]

RULESET = """
program: shop
currency: EUR
timezone: Europe/Oslo
customer: {seen: date}
events:
  purchase: {amount: money, friend: id}
  hello: {by: id}
metrics: {orders: {count: purchase}}
wallets: {points: {}, stars: {}}
rules:
  earn: {on: purchase, then: [earn: {points: amount}]}
  bonus: {on: purchase, limit: once, then: [earn: {stars: 2 * orders}, issue: {voucher: cake}]}
  tell:
    on: purchase
    when: not missing(friend)
    then: [emit: {type: hello, customer: friend, data: {by: customer.id}}]
  thank: {on: hello, then: [earn: {points: 5}, send: thanks]}
messages: {thanks: {text: 'Thank you, from {{ by }}.'}}
"""

everywhere = pytest.mark.parametrize("batch", [1, 2, 5_000])


def purchase(
    id: object, amount: object = 1, day: int = 1, customer: str = "ann", **data: object
) -> dict[str, object]:
    time = f"2026-01-{day:02}"
    envelope = {"id": id, "type": "purchase", "customer": customer, "time": time}
    return envelope | {"amount": amount} | data


# --- the same event, and the same id ----------------------------------------------------------


@everywhere
def test_s1_the_same_event_again_is_no_event(shop: Any, batch: int) -> None:
    lines = [purchase(1), purchase(2, day=2), purchase(1)]
    assert shop.run(RULESET, lines, lines, batch=batch).duplicates == 4
    before = shop.history()
    assert shop.run(RULESET, lines, batch=batch).duplicates == 3
    assert shop.history() == before
    assert shop.ask("select id from events") == ["1", "2"]


@everywhere
def test_s1_the_same_event_may_be_spelt_differently(shop: Any, batch: int) -> None:
    envelope = '"customer": "ann", "type": "purchase", "time": "2026-01-01T10:00+01:00"'
    one = f'{{"id": 1, {envelope}, "amount": 1.50, "friend": null}}'
    two = '{"friend": null, "amount":1.5, "id": "1", "type": "purchase", "customer": "ann", '
    two += '"time": "2026-01-01T09:00:00Z"}'
    summary = shop.run(RULESET, [one, two], batch=batch)
    assert (summary.events, summary.duplicates) == (1, 1)


@everywhere
@pytest.mark.parametrize(
    "other",
    [
        purchase(1, amount=2),
        purchase(1, day=2),
        purchase(1, customer="bob"),
        purchase(1, friend="bob"),
        {**purchase(1), "type": "hello"},
        purchase(1, amount="1"),
    ],
)
def test_s1_the_same_id_with_other_content_is_rejected(
    shop: Any, batch: int, other: dict[str, object]
) -> None:
    summary = shop.run(RULESET, [purchase(1), other], batch=batch)
    assert (summary.events, summary.rejected) == (1, {"conflicting-id": 1})
    assert shop.run(RULESET, [other], batch=batch).rejected == {"conflicting-id": 1}
    ((code, original),) = set(shop.ask("select code, original from rejects"))
    assert (code, json.loads(original)) == ("conflicting-id", other)
    assert shop.ask("select sum(points) from entries where wallet = 'points'") == [1]


def test_s1_another_source_makes_another_event(shop: Any) -> None:
    web = {**purchase(1), "source": "web"}
    assert shop.run(RULESET, [purchase(1), web]).events == 2


@everywhere
def test_s1_an_event_that_was_rejected_has_not_taken_its_id(shop: Any, batch: int) -> None:
    # The till corrected its mistake in a second line, under the same id.
    summary = shop.run(RULESET, [purchase(1, amount="much"), purchase(1, day=2)], batch=batch)
    assert (summary.events, summary.rejected) == (1, {"bad-field": 1})


@everywhere
def test_s1_an_event_that_was_rejected_is_rejected_again(shop: Any, batch: int) -> None:
    bad = purchase(1, amount="much")
    summary = shop.run(RULESET, [bad, bad], batch=batch)
    assert (summary.duplicates, summary.rejected) == (0, {"bad-field": 2})


@everywhere
def test_s1_events_from_outside_can_not_pass_for_emitted_ones(shop: Any, batch: int) -> None:
    # As an export of the log has them, run into another store: the emitted events are made
    # there again, by the decisions that cause them.
    lines = [purchase(1, friend="bob"), purchase(2, day=2)]
    other = type(shop)(shop.path.with_name("other.db"))
    other.run(RULESET, lines)
    (emitted,) = other.ask("select source, id from events where type = 'hello'")
    source, id = emitted
    exported = {"source": source, "id": id, "type": "hello", "customer": "bob", "by": "ann"}
    summary = shop.run(RULESET, [*lines, {**exported, "time": "2026-01-01"}], batch=batch)
    assert summary.rejected == {"reserved-source": 1}
    assert shop.history()["entries"] == other.history()["entries"]


# --- order ------------------------------------------------------------------------------------


@everywhere
def test_s3_events_are_handled_by_time_source_and_id(shop: Any, batch: int) -> None:
    lines = [
        purchase(3, day=2),
        purchase(2, day=1),
        {**purchase(1, day=2), "source": "web"},
        {**purchase(9, day=2), "source": "app"},
        purchase(10, day=2),
    ]
    shop.run(RULESET, lines[:2], lines[2:], batch=batch)
    assert shop.ask("select source, id from events order by seq") == [
        ("till", "2"),
        ("app", "9"),
        ("till", "10"),
        ("till", "3"),
        ("web", "1"),
    ]


def test_s3_a_late_event_is_rejected_and_kept(shop: Any) -> None:
    shop.run(RULESET, [purchase(1, day=10)])
    late = purchase(2, day=9)
    summary = shop.run(RULESET, [late, purchase(3, day=9, customer="bob"), purchase(4, day=10)])
    assert (summary.events, summary.rejected) == (2, {"late": 1})
    ((code, message, original, record, status),) = shop.ask(
        "select code, message, original, record, status from rejects"
    )
    assert (code, json.loads(original), status) == ("late", late, "open")
    assert "later events" in message
    assert json.loads(record)["data"] == {"amount": 1}


def test_s3_an_event_that_another_customer_caused_moves_the_clock_too(shop: Any) -> None:
    shop.run(RULESET, [purchase(1, day=10, friend="bob")])
    assert shop.run(RULESET, [purchase(2, day=9, customer="bob")]).rejected == {"late": 1}


def test_s14_an_event_is_emitted_to_a_customer_who_is_ahead(shop: Any) -> None:
    shop.run(RULESET, [purchase(1, day=20, customer="bob")])
    shop.run(RULESET, [purchase(2, day=10, friend="bob")])
    purchase_of_bob, purchase_of_ann, hello = shop.ask("select time from events order by seq")
    assert purchase_of_ann < hello == purchase_of_bob


@everywhere
def test_what_can_not_be_read_is_rejected_and_the_rest_is_decided(shop: Any, batch: int) -> None:
    lines = [
        purchase(1),
        "{",
        purchase(2, amount="much"),
        {**purchase(3), "type": "buy"},
        {**purchase(4), "customer": ""},
        purchase(5, day=2),
    ]
    summary = shop.run(RULESET, lines, batch=batch)
    assert (summary.events, dict(summary.fired)) == (2, {"earn": 2, "bonus": 1})
    expected = {"bad-json": 1, "bad-field": 1, "unknown-event": 1, "bad-envelope": 1}
    assert summary.rejected == expected
    assert dict(shop.ask("select code, count(*) from rejects group by code")) == expected


# --- what is written --------------------------------------------------------------------------


@pytest.fixture
def sold(shop: Any) -> Any:
    """A shop with some sales."""
    shop.run(
        RULESET,
        [
            purchase(number, amount=number, day=1 + number // 3, customer=customer, friend=friend)
            for number, customer, friend in (
                (1, "ann", "bob"),
                (2, "bob", None),
                (3, "cat", "ann"),
                (4, "ann", "dan"),
                (5, "ann", None),
            )
        ],
    )
    return shop


def test_s8_a_balance_is_the_sum_of_its_entries(sold: Any) -> None:
    balances = {
        customer: sold.state(customer).account.balances
        for customer in sold.ask("select customer from customers")
    }
    assert balances == {
        "ann": {"points": 15, "stars": 2},
        "bob": {"points": 7, "stars": 2},
        "cat": {"points": 3, "stars": 2},
        "dan": {"points": 5},
    }
    entries: dict[str, dict[str, int]] = {}
    for customer, wallet, points in sold.ask("select customer, wallet, points from balances"):
        entries.setdefault(customer, {})[wallet] = points
    assert entries == balances


def test_s8_no_entry_is_without_cause(sold: Any) -> None:
    (entries,) = sold.ask("select count(*) from entries")
    caused = sold.ask(
        "select n.points, d.effects from entries n "
        "join decisions d on d.seq = n.decision and d.customer = n.customer "
        "and d.rule = n.rule and d.program = n.program and d.reason = '' "
        "join events e on e.seq = n.event and e.seq = d.event and e.time = n.time "
        "and e.customer = n.customer "
        "join programs p on p.id = n.program"
    )
    assert len(caused) == entries > 0
    for points, effects in caused:
        assert points in [effect.get("points") for effect in json.loads(effects)]


@pytest.mark.parametrize("table", ["events", "decisions", "entries", "issued"])
@pytest.mark.parametrize("change", ["update {} set customer = 'eve'", "delete from {}"])
def test_s8_history_is_never_changed(sold: Any, table: str, change: str) -> None:
    connection = sqlite3.connect(sold.path)
    try:
        with pytest.raises(sqlite3.IntegrityError, match=f"{table} are never changed"):
            connection.execute(change.format(table))
    finally:
        connection.close()


def test_s10_two_stores_come_to_the_same_ids(shop_in: MakeShop, tmp_path: Path) -> None:
    lines = [purchase(1, friend="bob"), purchase(2, day=2), purchase(3, day=3, friend="cat")]
    ids = []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        shop = shop_in(tmp_path / name)
        shop.run(RULESET, lines)
        ids.append((shop.ask("select id from decisions"), shop.ask("select key from outbox")))
    assert ids[0] == ids[1]
    assert len(set(ids[0][0])) == len(ids[0][0]) > 3


def test_s10_a_decision_names_the_program_that_took_it(sold: Any) -> None:
    sold.run(RULESET.replace("points: 5", "points: 6"), [purchase(9, day=9, friend="bob")])
    assert sold.ask(
        "select d.program, json_extract(d.effects, '$[0].points'), length(p.hash) "
        "from decisions d join programs p on p.id = d.program "
        "where d.rule = 'thank' group by d.program order by d.program"
    ) == [(1, 5, 64), (2, 6, 64)]


def test_s14_an_emitted_event_is_in_the_log_with_its_cause(sold: Any) -> None:
    hellos = sold.ask(
        "select e.customer, e.source, json_extract(e.data, '$.by'), d.rule, d.customer "
        "from events e join decisions d on d.id = e.cause where e.type = 'hello' order by e.seq"
    )
    assert hellos == [
        ("bob", "loyalcore:shop", "ann", "tell", "ann"),
        ("ann", "loyalcore:shop", "cat", "tell", "cat"),
        ("dan", "loyalcore:shop", "ann", "tell", "ann"),
    ]


def test_s12_a_message_waits_in_the_outbox_under_a_key_of_its_own(sold: Any) -> None:
    messages = sold.ask(
        "select o.customer, o.message, o.data, o.status, o.key = d.id || '-1' "
        "from outbox o join decisions d on d.seq = o.decision order by o.seq"
    )
    assert messages == [
        ("bob", "thanks", '{"by":"ann"}', "pending", 1),
        ("ann", "thanks", '{"by":"cat"}', "pending", 1),
        ("dan", "thanks", '{"by":"ann"}', "pending", 1),
    ]


@pytest.mark.parametrize("cached", [0, 2])
def test_s2_customers_who_are_not_kept_in_memory_are_read_again(
    shop_in: MakeShop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cached: int
) -> None:
    lines = [
        purchase(n, amount=n, day=1 + n // 9, customer=f"c{n % 7}", friend=f"c{n % 5}")
        for n in range(1, 60)
    ]
    histories = []
    for name, size, batch in (("much", 20_000, 5_000), ("little", cached, 3)):
        (tmp_path / name).mkdir()
        monkeypatch.setattr(fold, "CACHED", size)
        shop = shop_in(tmp_path / name)
        shop.run(RULESET, lines, batch=batch)
        histories.append(shop.history())
    assert histories[0] == histories[1]
