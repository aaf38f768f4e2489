"""Every balance computed again; and what a file that was tampered with is caught by."""

from __future__ import annotations

import sqlite3
import textwrap
from typing import Any

import pytest
from msgspec.structs import replace

from loyalcore.engine.state import write_stored
from loyalcore.ledger import Account
from loyalcore.runner.verify import Difference, Verified, verify
from loyalcore.store import Store

RULESET = """\
timezone: Europe/Oslo
customer: {friend: id}
events:
  purchase: {amount: money, friend: id}
  refund: {purchase: id, amount: money, reverses: purchase}
  redeem: {reward: text, redeems: reward}
  praise: {by: id}
wallets:
  beans: {pending: 2 days, expires: 30 days}
  stars: {}
rewards:
  mug: {price: {stars: 3}, stock: 1}
rules:
  earn: {on: purchase, then: [{earn: {beans: amount, stars: 2}}]}
  praise: {on: purchase, when: not missing(friend), then: [{emit: {type: praise, customer: friend, data: {by: customer.id}}}]}
  thanks: {on: praise, budget: {stars: 7}, then: [{earn: {stars: 5}}]}
"""  # noqa: E501

EVENTS: list[dict[str, object]] = [
    {"id": "1", "customer": "ann", "type": "purchase", "time": "2026-01-01T10:00Z"},
    {"id": "2", "customer": "bob", "type": "purchase", "time": "2026-01-02T10:00Z"},
    {"id": "3", "customer": "bob", "type": "refund", "time": "2026-01-03T10:00Z"},
    {"id": "4", "customer": "ann", "type": "redeem", "time": "2026-01-05T10:00Z"},
    {"id": "5", "customer": "bob", "type": "redeem", "time": "2026-01-06T10:00Z"},
    {"id": "6", "customer": "bob", "type": "purchase", "time": "2026-03-01T10:00Z"},
]
FIELDS: dict[str, dict[str, object]] = {
    "1": {"amount": 10},
    "2": {"amount": 20, "friend": "ann"},
    "3": {"purchase": "2", "amount": 5},
    "4": {"reward": "mug"},
    "5": {"reward": "mug"},
    "6": {"amount": 30, "friend": "ann"},
}


@pytest.fixture
def sound(shop: Any) -> Any:
    """A shop with points that were earned, waited, expired, were refunded, spent and given."""
    shop.run(RULESET, [event | FIELDS[str(event["id"])] for event in EVENTS])
    return shop


def verified(shop: Any, *, quick: bool = False) -> Verified:
    with Store.open(shop.path) as store:
        return verify(store.connection, quick=quick)


def tamper(shop: Any, statement: str) -> None:
    """Change what must not change, as only someone who drops the triggers can."""
    connection = sqlite3.connect(shop.path)
    triggers = connection.execute("select name from sqlite_master where type = 'trigger'")
    for (name,) in triggers.fetchall():
        connection.execute(f"drop trigger {name}")
    assert connection.execute(statement).rowcount == 1
    connection.commit()
    connection.close()


def give(shop: Any, customer: str, account: Account) -> None:
    """Let a customer's stored state have another account."""
    state = write_stored(replace(shop.state(customer), account=account.to_store()))
    tamper(shop, f"update customers set state = x'{state.hex()}' where customer = '{customer}'")


def difference(shop: Any, *, quick: bool = False) -> Difference:
    found = verified(shop, quick=quick).difference
    assert found is not None
    return found


def test_a_sound_store(sound: Any) -> None:
    done = verified(sound)
    assert done.difference is None
    assert done.customers == 2
    assert done.entries == sound.ask("select count(*) from entries")[0]
    assert done.events == sound.ask("select count(*) from events")[0]
    assert verified(sound, quick=True) == done._replace(events=0)
    kinds = set(sound.ask("select distinct kind from entries"))
    assert kinds == {"accrue", "activate", "expire", "redeem", "reverse"}


def test_an_empty_store(shop: Any) -> None:
    shop.run(RULESET, [])
    assert verified(shop) == Verified(0, 0, 0, None)


def test_entries_are_never_changed(sound: Any) -> None:
    connection = sqlite3.connect(sound.path)
    with pytest.raises(sqlite3.IntegrityError, match="entries are never changed"):
        connection.execute("update entries set points = 1000 where seq = 1")
    connection.close()


ENTRY = "(select min(seq) from entries where {})"


@pytest.mark.parametrize(
    ("statement", "customer", "where"),
    [
        (
            f"update entries set points = 1000 where seq = {ENTRY.format('lot = 2')}",
            "ann",
            "lot 2 in the customer's state",
        ),
        (
            f"update entries set points = -9 where seq = {ENTRY.format('points = -10')}",
            "ann",
            "lot 1 after entry",
        ),
        (
            f"delete from entries where seq = {ENTRY.format('bucket = 0 or customer = 0 or 1')}",
            "ann",
            "entry",
        ),
        (
            f"update entries set customer = 'bob' where seq = {ENTRY.format('1')}",
            "bob",
            "entry 1",
        ),
        (f"update entries set event = 99 where seq = {ENTRY.format('1')}", "ann", "entry 1"),
        ("delete from customers where customer = 'ann'", "ann", "the customer's state"),
        ("update customers set clock = 5 where customer = 'ann'", "ann", "the customer's clock"),
    ],
)
def test_entries_that_do_not_add_up(sound: Any, statement: str, customer: str, where: str) -> None:
    tamper(sound, statement)
    found = difference(sound, quick=True)
    assert (found.customer, found.where[: len(where)]) == (customer, where)


def test_a_balance_that_no_entry_made(sound: Any) -> None:
    account = sound.state("ann").account
    balances = {**account.balances, "moons": account.balances["stars"]}
    give(sound, "ann", replace(account, balances=balances))
    found = difference(sound, quick=True)
    assert (found.customer, found.where) == ("ann", "balance of moons in the customer's state")


@pytest.mark.parametrize(
    ("statement", "customer", "where", "found"),
    [
        (
            "update events set data = replace(data, '20', '99') where id = '2'",
            "bob",
            "event 2 (purchase 2), earn: facts",
            "20",
        ),
        (
            "update decisions set reason = 'not liked' where rule = 'rewards.mug' and reason = ''",
            "ann",
            "(redeem 4), rewards.mug: reason",
            "not liked",
        ),
        (
            "update entries set expires = expires + 1 where seq = 1",
            "ann",
            "event 1 (purchase 1), entry 1",
            "expires 2026-01-31T10:00:00.000001Z",
        ),
        ("delete from draws where key = 'rewards.mug:stock'", "ann", "drawn of what all", "{}"),
        (
            (
                "update events set data = replace(data, 'bob', 'eve') "
                "where seq = (select max(seq) from events where type = 'praise')"
            ),
            "bob",
            "event 11 (purchase 6), emitted",
            '{"by":"eve"}',
        ),
    ],
)
def test_a_past_that_does_not_come_out_as_stored(
    sound: Any, statement: str, customer: str, where: str, found: str
) -> None:
    tamper(sound, statement)
    there = difference(sound)
    assert there.customer == customer
    assert where in there.where
    assert found in there.found


def test_a_forger_who_keeps_entries_and_state_in_step_is_found_by_the_events(sound: Any) -> None:
    ((seq, lot, points),) = sound.ask(
        "select seq, lot, points from entries where customer = 'bob' and wallet = 'stars' "
        "order by seq desc limit 1"
    )
    account = sound.state("bob").account
    lots = [
        replace(one, active=one.active + 1000) if one.number == lot else one for one in account.lots
    ]
    balances = {**account.balances, "stars": account.balances["stars"] + 1000}
    tamper(sound, f"update entries set points = {points + 1000} where seq = {seq}")
    give(sound, "bob", replace(account.with_lots(lots), balances=balances))
    assert verified(sound, quick=True).difference is None
    found = difference(sound)
    assert (found.customer, found.where) == ("bob", f"event 11 (purchase 6), entry {seq}")
    assert found.expected == "accrue +2 stars active, lot 4, by earn"
    assert found.found == "accrue +1,002 stars active, lot 4, by earn"


def test_points_and_debts_of_merged_customers_are_accounted_for(shop: Any) -> None:
    ruleset = """
        events:
          purchase: {amount: money}
          join: {into: id, merges: into}
          redeem: {reward: text, redeems: reward}
        wallets: {beans: {pending: 1 day, expires: 20 days, minimum: -20}}
        rewards: {mug: {price: {beans: 12}}}
        rules: {earn: {on: purchase, then: [{earn: {beans: amount}}]}}
    """
    events: list[dict[str, object]] = [
        {"customer": "ann", "type": "purchase", "time": "2026-01-01", "amount": 10},
        {"customer": "bob", "type": "redeem", "time": "2026-01-02", "reward": "mug"},
        {"customer": "bob", "type": "join", "time": "2026-01-04", "into": "ann"},
        {"customer": "bob", "type": "purchase", "time": "2026-01-06", "amount": 8},
        {"customer": "ann", "type": "purchase", "time": "2026-01-20", "amount": 1},
    ]
    shop.run(textwrap.dedent(ruleset), events)
    assert verified(shop).difference is None
    balance = "select sum(points) from entries where customer = ? and bucket in ('active', 'owed')"
    assert shop.ask(balance, "bob") == [0]
    assert shop.ask(balance, "ann") == [6]
