"""Run by test_sizes.py in a process of its own: builds both matchers on conditions of one
shape, in every size, and has them match some facts.

A shape is conditions by their number, facts, and which conditions each fact makes true,
said in plain Python. Prints nothing and ends with 0 where both matchers say the same.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

from loyalcore.expression.nodes import And, Arithmetic, Compare, In, Literal, Name, Node, Or
from loyalcore.matching import build, default_matcher
from loyalcore.values import FLAG, INTEGER, TEXT, Type, Value

SIZES = (1, 60, 61, 300, 1_000, 5_000)

Facts = Mapping[str, Value | None]


class Shape(NamedTuple):
    condition: Callable[[int], Node]
    facts: Callable[[int], Iterable[Facts]]
    true: Callable[[int, Facts], bool]
    sizes: tuple[int, ...] = SIZES


def name(name: str, type_: Type = INTEGER) -> Name:
    return Name(type=type_, name=name)


def compare(left: Node, op: str, value: Value, type_: Type = INTEGER) -> Node:
    return Compare(type=FLAG, op=op, left=left, right=Literal(type=type_, value=value))


def both(*items: Node) -> Node:
    return And(type=FLAG, items=items)


def either(*items: Node) -> Node:
    return Or(type=FLAG, items=items)


def among(field: str, texts: Iterable[str]) -> Node:
    options = tuple(Literal(type=TEXT, value=text) for text in texts)
    return In(type=FLAG, left=name(field, TEXT), options=options)


def amounts(size: int) -> Iterable[Facts]:
    return [{"amount": value} for value in (None, -1, 0, size // 2, size, 10 * size)]


def skus(size: int) -> Iterable[Facts]:
    return [{"sku": f"s{at}", "amount": at} for at in (0, 1, size // 2, size - 1, size)]


def fields(size: int) -> Iterable[Facts]:
    some = {f"x{at}": at % 3 for at in range(300)}
    return [some, some | {"x0": None, "x7": 2}, dict.fromkeys(some, 2), dict.fromkeys(some)]


def nested(depth: int, at: int) -> Node:
    """(x0 == 1 or (x1 == 1 and (x2 == 1 or ...)))"""
    leaf = compare(name(f"x{at % 300}"), "==", 1)
    if not depth:
        return leaf
    return (either if depth % 2 else both)(leaf, nested(depth - 1, at + 1))


def nested_true(depth: int, at: int, facts: Facts) -> bool:
    here = facts[f"x{at % 300}"] == 1
    if not depth:
        return here
    below = nested_true(depth - 1, at + 1, facts)
    return here or below if depth % 2 else here and below


def at_least(facts: Facts, field: str, bound: int) -> bool:
    value = facts[field]
    return isinstance(value, int) and value >= bound


SHAPES = {
    "identical": Shape(
        lambda at: compare(name("amount"), ">=", 1),
        amounts,
        lambda at, facts: at_least(facts, "amount", 1),
    ),
    "different": Shape(
        lambda at: compare(name("amount"), ">=", at),
        amounts,
        lambda at, facts: at_least(facts, "amount", at),
    ),
    "overlapping": Shape(  # on different facts: no test is shared
        lambda at: both(
            compare(name(f"x{at % 300}"), ">=", at // 300), compare(name("x1"), ">=", -at)
        ),
        lambda size: [dict.fromkeys((f"x{at}" for at in range(300)), 10)],
        lambda at, facts: at_least(facts, f"x{at % 300}", at // 300),
    ),
    "selective": Shape(
        lambda at: both(
            compare(name("sku", TEXT), "==", f"s{at}", TEXT), compare(name("amount"), ">=", 1)
        ),
        skus,
        lambda at, facts: facts["sku"] == f"s{at}" and at_least(facts, "amount", 1),
    ),
    "computed": Shape(  # nothing for durable_rules to compare but flags
        lambda at: compare(
            Arithmetic(type=INTEGER, op="*", left=name("amount"), right=name("amount")), ">=", at
        ),
        amounts,
        lambda at, facts: isinstance(value := facts["amount"], int) and value**2 >= at,
        sizes=(1, 61, 1_000),
    ),
    "long lists": Shape(  # each of 1,000 texts, each overlapping the next
        lambda at: among("sku", (f"s{one}" for one in range(at, at + 1_000))),
        skus,
        lambda at, facts: facts["sku"] in {f"s{one}" for one in range(at, at + 1_000)},
        sizes=(1, 61),
    ),
    "scattered lists": Shape(  # no two texts of a list are neighbours
        lambda at: among("sku", (f"s{one}" for one in range(at % 7, 1_000, 7 + at))),
        skus,
        lambda at, facts: facts["sku"] in {f"s{one}" for one in range(at % 7, 1_000, 7 + at)},
        sizes=(1, 61, 300),
    ),
    "long ors": Shape(  # 500 leaves of one `or`
        lambda at: either(*(compare(name(f"x{one % 300}"), "==", at + one) for one in range(500))),
        fields,
        lambda at, facts: any(facts[f"x{one % 300}"] == at + one for one in range(500)),
        sizes=(1, 20),
    ),
    "long ands": Shape(  # 300 fields in one rule
        lambda at: both(*(compare(name(f"x{one}"), "<=", 2 - at % 2) for one in range(300))),
        fields,
        lambda at, facts: all(
            isinstance(value, int) and value <= 2 - at % 2 for value in facts.values()
        ),
        sizes=(1, 61),
    ),
    "ands of ors": Shape(  # 2 ** 24 ways to be true
        lambda at: both(
            *(
                either(compare(name(f"x{one}"), ">=", 0), compare(name(f"x{one + 24}"), ">=", -at))
                for one in range(24)
            )
        ),
        fields,
        lambda at, facts: all(
            at_least(facts, f"x{one}", 0) or at_least(facts, f"x{one + 24}", -at)
            for one in range(24)
        ),
        sizes=(1, 61),
    ),
    "nested": Shape(
        lambda at: nested(50, at),
        fields,
        lambda at, facts: nested_true(50, at, facts),
        sizes=(1, 61),
    ),
    "wide": Shape(  # 300 fields, one in each rule
        lambda at: compare(name(f"x{at % 300}"), "!=", at // 300),
        fields,
        lambda at, facts: facts[f"x{at % 300}"] not in (None, at // 300),
    ),
}


def main(which: str) -> None:
    shape = SHAPES[which]
    for size in shape.sizes:
        conditions = [shape.condition(at) for at in range(size)]
        matchers = [build(conditions, default_matcher()), build(conditions, "compiled")]
        for facts in shape.facts(size):
            fired = tuple(at for at in range(size) if shape.true(at, facts))
            for matcher in matchers:
                if matcher.match(facts) != fired:
                    sys.exit(f"{which}: {type(matcher).__name__} is wrong at {size} rules")


if __name__ == "__main__":
    main(sys.argv[1])
