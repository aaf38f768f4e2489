"""The compiled matcher asks only the conditions that can be true."""

from __future__ import annotations

from collections import Counter

import pytest

from loyalcore.expression.nodes import And, Call, Compare, In, Literal, Name, Node
from loyalcore.matching import build
from loyalcore.values import FLAG, INTEGER, TEXT

ORDERS, SKU = Name(type=INTEGER, name="orders"), Name(type=TEXT, name="sku")


def text(value: str) -> Literal:
    return Literal(type=TEXT, value=value)


@pytest.fixture
def asked() -> Counter[int]:
    return Counter()


def counted(asked: Counter[int], at: int) -> Node:
    """A condition, true where there are orders, that counts how often it is asked."""

    def call(orders: int) -> bool:
        asked[at] += 1
        return orders > 0

    return Call(type=FLAG, function="counted", call=call, arguments=(ORDERS,))


def test_a_rule_that_needs_another_value_is_never_asked(asked: Counter[int]) -> None:
    conditions: list[Node | None] = [
        And(
            type=FLAG,
            items=(
                Compare(type=FLAG, op="==", left=SKU, right=text(f"s{at}")),
                counted(asked, at),
            ),
        )
        for at in range(1_000)
    ]
    matcher = build(conditions, "compiled")
    assert matcher.match({"sku": "s500", "orders": 1}) == (500,)
    assert matcher.match({"sku": "else", "orders": 1}) == ()
    assert matcher.match({"sku": None, "orders": 1}) == ()
    assert asked == {500: 1}


def test_a_rule_that_needs_one_of_several_values_is_found_by_each(asked: Counter[int]) -> None:
    among = In(type=FLAG, left=SKU, options=(text("a"), text("b"), text("a")))
    matcher = build([And(type=FLAG, items=(counted(asked, 0), among))], "compiled")
    assert [matcher.match({"sku": sku, "orders": 1}) for sku in "abc"] == [(0,), (0,), ()]
    assert asked == {0: 2}


def test_identical_conditions_are_asked_once(asked: Counter[int]) -> None:
    same = counted(asked, 1)
    matcher = build([same, same, same], "compiled")
    assert matcher.match({"orders": 1}) == (0, 1, 2)
    assert asked == {1: 1}
