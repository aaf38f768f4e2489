"""Both matchers fire the same rules as the conditions asked one by one, on every input.

Hypothesis draws what a program declares (names that durable_rules reserves among them),
conditions of every kind of node, and facts that lie on, beside and between the constants
of the conditions, extreme or missing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from fractions import Fraction
from typing import Any, NamedTuple

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from loyalcore.expression import Facts, compile_true
from loyalcore.expression.nodes import (
    And,
    Arithmetic,
    Call,
    Compare,
    If,
    In,
    Literal,
    Lookup,
    Name,
    Negative,
    Node,
    Not,
    Or,
    Over,
)
from loyalcore.matching import Matcher, available, build, default_matcher, layout
from loyalcore.values import (
    DATE,
    FLAG,
    ID,
    INTEGER,
    MONEY,
    NUMBER,
    TEXT,
    TEXTS,
    TIME,
    Type,
    Value,
)

# Values that durable_rules, JSON, 64 bits or binary floats would confuse with a neighbour.
WHOLE = [0, 1, -1, 9, 10, 2**53, 2**53 + 1, 2**63 - 1, 2**63, -(2**63) - 1, 10**30, 10**30 + 1]
PARTS = [
    Fraction(1, 3),
    Fraction(1, 3) + Fraction(1, 10**30),
    Fraction(-1, 10**30),
    Fraction(19, 2),
]
WORDS = [
    "",
    "0",
    "9",
    "10",
    "True",
    "a",
    "a\0",
    "a\0b",
    "A",
    "ß",
    "é",
    "e\u0301",
    "😀",
    '"',
    "\\",
    "a,b",
    "}",
]
DAYS = [
    date.min,
    date(1970, 1, 1),
    date(2024, 2, 28),
    date(2024, 2, 29),
    date(2024, 3, 1),
    date.max,
]

LINES = Type("lines", fields={"price": MONEY, "category": TEXT})
VALUES: dict[str, SearchStrategy[Any]] = {
    "text": st.sampled_from(WORDS) | st.text(st.characters(exclude_categories=["Cs"]), max_size=3),
    "id": st.sampled_from(WORDS),
    "integer": st.sampled_from(WHOLE) | st.integers(),
    "number": st.sampled_from([*WHOLE, *PARTS]) | st.fractions(),
    "money": st.sampled_from(WHOLE) | st.integers(-3, 3),
    "time": st.sampled_from(WHOLE) | st.integers(-3, 3),
    "flag": st.booleans(),
    "date": st.sampled_from(DAYS),
    "texts": st.lists(st.sampled_from(WORDS), max_size=3).map(tuple),
    "lines": st.lists(
        st.fixed_dictionaries(
            {
                "price": st.none() | st.integers(-2, 12),
                "category": st.none() | st.sampled_from(WORDS[:4]),
            }
        ),
        max_size=3,
    ).map(tuple),
}
TYPES = [TEXT, ID, INTEGER, NUMBER, MONEY, FLAG, DATE, TIME, TEXTS, LINES]
COMPARABLE = {type_.kind for type_ in TYPES[:8]}
NUMERIC = {"integer", "number", "money"}
NAMES = [
    "amount",
    "balance.beans",
    "alias",
    "define",
    "matches",
    "items",
    "id",
    "sid",
    "$s",
    "f0",
    "go",
]
CELLS: Mapping[Value, Value] = {"": 1, "9": 10, "a": -1}

EQUALITIES = st.sampled_from(["==", "!="])
COMPARISONS = st.sampled_from(["==", "!=", "<", "<=", ">", ">="])


class Field(NamedTuple):
    """A declared field, and the few constants that conditions compare it with: so few that
    several conditions share one, and facts meet it."""

    type: Type
    constants: list[Any]


Declared = Mapping[str, Field]


class Case(NamedTuple):
    conditions: list[Node | None]
    facts: list[Facts]


def literal(type_: Type) -> SearchStrategy[Literal]:
    return VALUES[type_.kind].map(lambda value: Literal(type=type_, value=value))


def named(declared: Declared, kinds: set[str]) -> SearchStrategy[Name]:
    fields = [(name, field.type) for name, field in declared.items() if field.type.kind in kinds]
    return st.sampled_from([Name(type=type_, name=name) for name, type_ in fields])


def compared(declared: Declared) -> SearchStrategy[tuple[Name, SearchStrategy[Literal]]]:
    """A field and its constants: of the first of the fields more often than of others."""
    first = dict(list(declared.items())[:3])
    few = (
        named(first, COMPARABLE) if COMPARABLE & {one.type.kind for one in first.values()} else None
    )
    names = named(declared, COMPARABLE)
    return (names if few is None else few | names).map(
        lambda name: (
            name,
            st.sampled_from(declared[name.name].constants).map(
                lambda value: Literal(type=name.type, value=value)
            ),
        )
    )


def operators(type_: Type) -> SearchStrategy[str]:
    return EQUALITIES if type_.kind in ("text", "id", "flag") else COMPARISONS


def compare(op: str, left: Node, right: Node) -> Compare:
    return Compare(type=FLAG, op=op, left=left, right=right)


@st.composite
def with_literal(draw: st.DrawFn, declared: Declared) -> Node:
    """`amount >= 50` and `50 <= amount`."""
    name, constant = draw(compared(declared))
    sides = [name, draw(constant)]
    if draw(st.booleans()):
        sides.reverse()
    return compare(draw(operators(name.type)), *sides)


@st.composite
def between(draw: st.DrawFn, declared: Declared) -> Node:
    """`10 <= amount and amount < 20`, and the same with `or`."""
    name, constant = draw(compared(declared))
    two = tuple(compare(draw(operators(name.type)), name, draw(constant)) for _ in range(2))
    return draw(st.sampled_from([And, Or]))(type=FLAG, items=two)


@st.composite
def among(draw: st.DrawFn, declared: Declared) -> Node:
    """`channel in ['web', 'shop']`; up to more options than a rule has alternatives."""
    name, constant = draw(compared(declared))
    options = draw(st.lists(constant | literal(name.type), min_size=1, max_size=12))
    return In(type=FLAG, left=name, options=tuple(options))


@st.composite
def with_field(draw: st.DrawFn, declared: Declared) -> Node:
    """`shipped > ordered`."""
    left = draw(named(declared, COMPARABLE))
    right = draw(named(declared, {left.type.kind}))
    return compare(draw(operators(left.type)), left, right)


@st.composite
def calculated(draw: st.DrawFn, declared: Declared) -> Node:
    """`-(amount / orders) > balance`; a division by a fact that is zero is missing."""
    left, right = draw(named(declared, NUMERIC)), draw(named(declared, NUMERIC))
    op = draw(st.sampled_from(["+", "-", "*", "/", "//", "%"]))
    constant = literal(NUMBER).filter(lambda number: number.value != 0)
    operand = draw(constant | named(declared, NUMERIC))
    value = Arithmetic(type=NUMBER, op=op, left=left, right=operand)
    return compare(draw(COMPARISONS), Negative(type=NUMBER, item=value), right)


@st.composite
def missing(draw: st.DrawFn, declared: Declared) -> Node:
    name = draw(named(declared, {type_.kind for type_ in TYPES}))
    return Call(type=FLAG, function="missing", call=_missing, arguments=(name,), takes_missing=True)


def _missing(value: Value | None) -> bool:
    return value is None


@st.composite
def tagged(draw: st.DrawFn, declared: Declared) -> Node:
    """`'vip' in tags`."""
    return In(type=FLAG, left=draw(literal(TEXT)), texts=draw(named(declared, {"texts"})))


@st.composite
def quantified(draw: st.DrawFn, declared: Declared) -> Node:
    """`any(line.price > 5 for line in items if line.category == 'a')`."""
    price = Name(type=MONEY, name="price", variable="line")
    category = Name(type=TEXT, name="category", variable="line")
    return Over(
        type=FLAG,
        kind=draw(st.sampled_from(["any", "all"])),
        variable="line",
        source=draw(named(declared, {"lines"})),
        body=compare(draw(COMPARISONS), price, draw(literal(MONEY))),
        condition=draw(st.none() | st.just(compare("==", category, Literal(type=TEXT, value="9")))),
    )


@st.composite
def looked_up(draw: st.DrawFn, declared: Declared) -> Node:
    """`prices[sku].price > 0`; an unknown key is missing."""
    key = draw(named(declared, {"text"}))
    cell = Lookup(type=INTEGER, table="prices", column="price", key=key, cells=CELLS)
    return compare(draw(COMPARISONS), cell, draw(literal(INTEGER)))


def leaf(declared: Declared) -> SearchStrategy[Node]:
    kinds: list[Callable[[Declared], SearchStrategy[Node]]] = [
        with_literal, with_literal, with_literal, between, between, among, with_field,
        calculated, missing, tagged, quantified, looked_up,
    ]  # fmt: skip
    constant: SearchStrategy[Node] = literal(FLAG)
    flag: SearchStrategy[Node] = named(declared, {"flag"})
    return st.one_of(flag, *(kind(declared) for kind in kinds), constant)


def condition(declared: Declared) -> SearchStrategy[Node]:
    def combined(part: SearchStrategy[Node]) -> SearchStrategy[Node]:
        some = st.lists(part, min_size=2, max_size=4).map(tuple)
        return st.one_of(
            some.map(lambda items: And(type=FLAG, items=items)),
            some.map(lambda items: Or(type=FLAG, items=items)),
            part.map(lambda item: Not(type=FLAG, item=item)),
            st.tuples(part, part, part).map(
                lambda three: If(type=FLAG, test=three[0], then=three[1], otherwise=three[2])
            ),
        )

    return st.recursive(leaf(declared), combined, max_leaves=12)


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """Conditions over one declaration, which has a name of each type and some more."""
    names = draw(st.permutations([*NAMES, *(f"field{at}" for at in range(5))]))
    kinds = [*TYPES, *draw(st.lists(st.sampled_from(TYPES), max_size=len(names) - len(TYPES)))]
    declared = {
        name: Field(type_, draw(st.lists(VALUES[type_.kind], min_size=1, max_size=4)))
        for name, type_ in zip(names, draw(st.permutations(kinds)), strict=False)
    }
    one = st.none() | condition(declared)
    conditions = draw(st.lists(one, min_size=1, max_size=8))
    fact = {
        name: st.one_of(
            [st.sampled_from(field.constants)] * 3 + [VALUES[field.type.kind], st.none()]
        )
        for name, field in declared.items()
    }
    return Case(conditions, draw(st.lists(st.fixed_dictionaries(fact), min_size=1, max_size=8)))


def matchers(conditions: list[Node | None]) -> dict[str, Matcher]:
    made = {"compiled": build(conditions, "compiled")}
    if available():
        made["durable"] = build(conditions, "durable", memo=0)
        made["durable that remembers"] = build(conditions, "durable", memo=3)
    return made


@settings(max_examples=4 * settings().max_examples)
@given(cases())
def test_the_matchers_fire_the_same_rules(case: Case) -> None:
    tests = [None if node is None else compile_true(node) for node in case.conditions]
    made = matchers(case.conditions)
    for facts in [*case.facts, *case.facts]:
        fired = tuple(at for at, test in enumerate(tests) if test is None or test(facts))
        event(f"{min(len(fired), 3)} fired")
        assert {name: matcher.match(facts) for name, matcher in made.items()} == dict.fromkeys(
            made, fired
        )


@given(cases(), st.integers(1, 3), st.integers(1, 3))
def test_how_rules_are_packed_changes_nothing(case: Case, few: int, narrow: int) -> None:
    """With limits so low that conditions become flags, and groups and rulesets split all the
    time."""
    with pytest.MonkeyPatch.context() as patch:
        for limit in ("MAX_RULES", "MAX_SLOTS"):
            patch.setattr(layout, limit, few)
        for limit in ("MAX_TESTS", "MAX_ALTERNATIVES"):
            patch.setattr(layout, limit, narrow)
        patch.setattr(layout, "MAX_GROUPS", few)
        patch.setattr(layout, "MAX_FACTS", 4 * narrow)
        split = build(case.conditions, default_matcher(), memo=0)
    compiled = build(case.conditions, "compiled")
    for facts in case.facts:
        assert split.match(facts) == compiled.match(facts)


@pytest.mark.parametrize("type_", [INTEGER, NUMBER, MONEY, TIME, DATE, TEXT, ID, FLAG], ids=str)
def test_every_comparison_with_every_literal_agrees(type_: Type) -> None:
    """All values of a type against all, by every operator, alone and denied."""
    pools: dict[str, list[Value]] = {
        "text": [*WORDS], "id": [*WORDS], "date": [*DAYS], "flag": [False, True],
        "number": [*WHOLE, *PARTS],
    }  # fmt: skip
    pool = pools.get(type_.kind, [*WHOLE])
    ops = (
        ["==", "!="] if type_.kind in ("text", "id", "flag") else ["==", "!=", "<", "<=", ">", ">="]
    )
    name = Name(type=type_, name="define")
    literals = [Literal(type=type_, value=value) for value in pool]
    asked = [compare(op, name, literal) for op in ops for literal in literals]
    mirrored = [compare(op, literal, name) for op in ops for literal in literals]
    denied = [Not(type=FLAG, item=node) for node in asked]
    conditions: list[Node | None] = [*asked, *mirrored, *denied]
    made = matchers(conditions)
    for value in [*pool, None]:
        facts = {"define": value}
        fired = tuple(
            at
            for at, node in enumerate(conditions)
            if node is not None and compile_true(node)(facts)
        )
        assert {kind: matcher.match(facts) for kind, matcher in made.items()} == dict.fromkeys(
            made, fired
        )
