"""Vouchers from end to end: a code is issued in one run, and presented in another."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

CLUB = """
events:
  purchase: {amount: money, code: text, presents: code}
  visit: {}
wallets: {beans: {}}
offers:
  ten-off:
    open: {on: visit}
    at_once: 3
    lasts: 30 days
    code: personal
    reach: {one: purchase}
    then: [earn: {beans: 10}]
"""


def visit(id: int, customer: str) -> dict[str, object]:
    return {"id": id, "customer": customer, "type": "visit", "time": "2026-01-01"}


def purchase(id: int, customer: str, code: str) -> dict[str, object]:
    fields = {"amount": 1, "code": code}
    return {"id": id, "customer": customer, "type": "purchase", "time": "2026-01-02", **fields}


@pytest.mark.parametrize("batch", [1, 5_000])
def test_a_code_that_was_issued_is_good_in_a_later_run(shop: Any, batch: int) -> None:
    shop.run(CLUB, [visit(1, "ann"), visit(2, "ann"), visit(3, "bob")], batch=batch)
    issued = shop.ask("select customer, kind, name, code from issued order by seq")
    assert [row[:3] for row in issued] == [
        ("ann", "voucher", "ten-off"),
        ("ann", "voucher", "ten-off"),
        ("bob", "voucher", "ten-off"),
    ]
    first, second, others = (code for _, _, _, code in issued)
    assert len({first, second, others}) == 3
    lines = [purchase(4, "ann", second), purchase(5, "ann", second), purchase(6, "ann", others)]
    shop.run(CLUB, lines, batch=batch)
    assert shop.ask("select rule, reason from decisions where event > 3 order by seq") == [
        ("offers.ten-off", ""),
        ("events.purchase.presents", "the code was used already"),
        ("events.purchase.presents", "the code is unknown"),
    ]


def test_no_store_issues_the_codes_of_another(shop: Any, tmp_path: Path) -> None:
    codes = set()
    for store in (shop, type(shop)(tmp_path / "other.db")):
        store.run(CLUB, [visit(1, "ann")])
        codes |= set(store.ask("select code from issued"))
    assert len(codes) == 2
