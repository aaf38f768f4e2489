"""Personal codes: made with the secret of the store, presented in a later run, told again."""

from __future__ import annotations

from typing import Any

from loyalcore.runner.replay import retell
from loyalcore.store import Store

PLAIN = """
events: {purchase: {amount: money, code: text, presents: code}, sign_up: {}}
wallets: {points: {}}
"""
RULESET = f"""{PLAIN}
offers:
  cup:
    open: {{on: sign_up}}
    code: personal
    reach: {{one: purchase}}
    then: [earn: {{points: 7}}]
"""


def sign_up(id: object, day: int, customer: str = "ann") -> dict[str, object]:
    return {"id": id, "type": "sign_up", "customer": customer, "time": f"2026-01-{day:02}"}


def purchase(id: object, day: int, code: str, customer: str = "ann") -> dict[str, object]:
    return {**sign_up(id, day, customer), "type": "purchase", "amount": 1, "code": code}


def code(shop: Any, customer: str = "ann") -> str:
    (code,) = shop.ask("select code from issued where customer = ?", customer)
    assert len(code) == 14
    return str(code)


def points(shop: Any) -> list[tuple[str, int]]:
    return list(shop.ask("select customer, points from balances"))


def test_a_personal_code_is_good_in_a_later_run(shop: Any) -> None:
    shop.run(RULESET, [sign_up(1, 1)])
    shop.run(RULESET, [purchase(2, 2, code(shop))])
    assert points(shop) == [("ann", 7)]


def test_it_is_for_its_own_customer_only(shop: Any) -> None:
    shop.run(RULESET, [sign_up(1, 1), sign_up(2, 1, "bob")])
    summary = shop.run(RULESET, [purchase(3, 2, code(shop, "bob"))])
    assert summary.held == {"events.purchase.presents": 1}
    assert points(shop) == []


def test_a_customer_of_before_there_were_codes_has_one_nobody_can_make(
    shop: Any, shop_in: Any, tmp_path: Any
) -> None:
    (tmp_path / "other").mkdir()
    other = shop_in(tmp_path / "other")
    for each in (shop, other):
        each.run(PLAIN, [sign_up(1, 1)])
        each.run(RULESET, [sign_up(2, 2)])
    assert code(shop) != code(other)
    shop.run(RULESET, [purchase(3, 3, code(shop))])
    assert points(shop) == [("ann", 7)]


def test_the_key_of_codes_is_not_stored_beside_what_it_protects(shop: Any) -> None:
    shop.run(RULESET, [sign_up(1, 1)])
    assert shop.state().key == ""


def test_a_code_that_was_presented_is_known_when_it_is_told_again(shop: Any) -> None:
    shop.run(PLAIN, [sign_up(1, 1)])
    shop.run(RULESET, [sign_up(2, 2)])
    shop.run(RULESET, [purchase(3, 3, code(shop))])
    with Store.open(shop.path) as store:
        told = [id for one in retell(store.connection, "ann") for id in one.ids.values()]
    assert told == shop.ask("select id from decisions order by seq")
    assert len(told) == 2
