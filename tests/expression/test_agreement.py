"""Compiled code agrees with a reference: Kleene's tables and exact numbers, said plainly.

Each example is drawn as a text together with the function of the facts that it should be,
so that parsing, checking and compiling are held to account at once.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from dataclasses import replace
from fractions import Fraction
from typing import Any, NamedTuple

from hypothesis import given
from hypothesis import strategies as st

from loyalcore.expression import check, compile_false, compile_true, compile_value
from loyalcore.values import Scalar

Facts = Mapping[str, Any]


class Said(NamedTuple):
    """An expression as text, and what it means; None is missing or unknown."""

    text: str
    means: Callable[[Facts], Any]


def strict(function: Callable[..., Any], *parts: Said) -> Callable[[Facts], Any]:
    """`function` of the values of the parts, missing where one of them is."""

    def means(facts: Facts) -> Any:
        values = [part.means(facts) for part in parts]
        return None if None in values else function(*values)

    return means


def kleene_and(truths: list[bool | None]) -> bool | None:
    return False if False in truths else None if None in truths else True


def kleene_or(truths: list[bool | None]) -> bool | None:
    return True if True in truths else None if None in truths else False


def fact(name: str) -> Said:
    """A fact, or a field of the line item that is bound to the same name."""
    return Said(name, lambda facts: facts[name])


def literal(value: Scalar) -> Said:
    return Said(str(value), lambda facts: Fraction(str(value)))


COMPARE = {
    "==": operator.eq, "!=": operator.ne, "<": operator.lt,
    "<=": operator.le, ">": operator.gt, ">=": operator.ge,
}  # fmt: skip
CALCULATE = {
    "+": operator.add, "-": operator.sub, "*": operator.mul,
    "/": lambda a, b: None if b == 0 else Fraction(a) / Fraction(b),
    "//": lambda a, b: None if b == 0 else a // b,
    "%": lambda a, b: None if b == 0 else a % b,
}  # fmt: skip

plain = st.sampled_from(["1", "2", "3", "10", "0.1", "2.5", "0.333"]).map(literal)


def numbers(names: tuple[str, ...]) -> st.SearchStrategy[Said]:
    leaves = st.one_of(st.sampled_from(names).map(fact), plain)
    return st.recursive(leaves, lambda inner: larger_number(inner), max_leaves=5)


def larger_number(inner: st.SearchStrategy[Said]) -> st.SearchStrategy[Said]:
    def calculated(left: Said, op: str, right: Said) -> Said:
        return Said(f"({left.text} {op} {right.text})", strict(CALCULATE[op], left, right))

    def least(left: Said, right: Said) -> Said:
        return Said(f"min({left.text}, {right.text})", strict(min, left, right))

    def default(left: Said, right: Said) -> Said:
        def means(facts: Facts) -> Any:
            value = left.means(facts)
            return right.means(facts) if value is None else value

        return Said(f"default({left.text}, {right.text})", means)

    def negative(item: Said) -> Said:
        return Said(f"-{item.text}", strict(operator.neg, item))

    return st.one_of(
        st.builds(calculated, inner, st.sampled_from(sorted(CALCULATE)), inner),
        st.builds(least, inner, inner),
        st.builds(default, inner, inner),
        st.builds(negative, inner),
    )


def conditions(names: tuple[str, ...], flags: tuple[str, ...]) -> st.SearchStrategy[Said]:
    number = numbers(names)

    def compared(left: Said, op: str, right: Said) -> Said:
        return Said(f"{left.text} {op} {right.text}", strict(COMPARE[op], left, right))

    def chained(one: Said, two: Said, three: Said) -> Said:
        return Said(
            f"{one.text} < {two.text} <= {three.text}",
            lambda facts: kleene_and(
                [strict(operator.lt, one, two)(facts), strict(operator.le, two, three)(facts)]
            ),
        )

    def among(left: Said, options: list[Said]) -> Said:
        return Said(
            f"{left.text} in [{', '.join(option.text for option in options)}]",
            strict(lambda value, *values: value in values, left, *options),
        )

    def missing(item: Said) -> Said:
        return Said(f"missing({item.text})", lambda facts: item.means(facts) is None)

    leaves = st.one_of(
        st.builds(compared, number, st.sampled_from(sorted(COMPARE)), number),
        st.builds(chained, number, number, number),
        st.builds(among, number, st.lists(plain, min_size=1, max_size=6)),
        st.builds(missing, number),
        st.sampled_from(flags).map(fact),
    )
    return st.recursive(leaves, larger_condition, max_leaves=6)


def larger_condition(inner: st.SearchStrategy[Said]) -> st.SearchStrategy[Said]:
    def both(items: list[Said]) -> Said:
        text = " and ".join(f"({item.text})" for item in items)
        return Said(text, lambda facts: kleene_and([item.means(facts) for item in items]))

    def either(items: list[Said]) -> Said:
        text = " or ".join(f"({item.text})" for item in items)
        return Said(text, lambda facts: kleene_or([item.means(facts) for item in items]))

    def negated(item: Said) -> Said:
        return Said(f"not ({item.text})", strict(operator.not_, item))

    def choice(test: Said, then: Said, otherwise: Said) -> Said:
        def means(facts: Facts) -> Any:
            truth = test.means(facts)
            return None if truth is None else (then if truth else otherwise).means(facts)

        return Said(f"({then.text}) if ({test.text}) else ({otherwise.text})", means)

    several = st.lists(inner, min_size=2, max_size=3)
    return st.one_of(
        several.map(both),
        several.map(either),
        inner.map(negated),
        st.builds(choice, inner, inner, inner),
    )


# A weight is the one number of a line item's parts; `part` goes over them.
part_conditions = conditions(("part.weight", "orders"), ("gift",))
part_numbers = numbers(("part.weight", "score"))


def members(facts: Facts, condition: Said) -> list[Facts] | None:
    """The facts as each part sees them that the condition lets through."""
    if facts["parts"] is None:
        return None
    each = [{**facts, "part.weight": part["weight"]} for part in facts["parts"]]
    return [inside for inside in each if condition.means(inside) is True]


def quantified(kind: str, body: Said, condition: Said) -> Said:
    def means(facts: Facts) -> bool | None:
        found = members(facts, condition)
        if found is None:
            return None
        truths = [body.means(inside) for inside in found]
        return kleene_or(truths) if kind == "any" else kleene_and(truths)

    return Said(f"{kind}(({body.text}) for part in parts if ({condition.text}))", means)


def summed_up(kind: str, body: Said, condition: Said) -> Said:
    def means(facts: Facts) -> Any:
        found = members(facts, condition)
        if found is None:
            return None
        values = [body.means(inside) for inside in found]
        if None in values:
            return None
        return sum(values) if kind == "sum" else min(values, default=None)

    return Said(f"{kind}(({body.text}) for part in parts if ({condition.text}))", means)


over_parts = st.one_of(
    st.builds(quantified, st.sampled_from(["any", "all"]), part_conditions, part_conditions),
    st.builds(summed_up, st.sampled_from(["sum", "min"]), part_numbers, part_conditions),
)
all_kinds = st.one_of(
    conditions(("orders", "visits", "score"), ("gift", "consent.email")),
    numbers(("orders", "visits", "score")),
    over_parts,
    larger_condition(st.builds(quantified, st.just("any"), part_conditions, part_conditions)),
)

number_values = st.sampled_from([None, 0, 1, 2, 3, -1, Fraction(1, 10), Fraction(5, 2), 10**18])
flag_values = st.sampled_from([None, True, False])
all_facts = st.fixed_dictionaries(
    {
        "orders": st.sampled_from([None, 0, 1, 2, 3, 10, -7]),
        "visits": st.sampled_from([None, 0, 1, 2]),
        "score": number_values,
        "gift": flag_values,
        "consent.email": flag_values,
        "parts": st.none() | st.lists(st.fixed_dictionaries({"weight": number_values}), max_size=3),
    }
)


@given(all_kinds, st.lists(all_facts, min_size=1, max_size=5))
def test_compiled_code_agrees_with_the_reference(scope, said, many):
    parts = scope.names["items"].fields["parts"]
    node, mistakes = check(said.text, replace(scope, names={**scope.names, "parts": parts}))
    if mistakes:  # the only ones that may be drawn: (1 - 1) as a divisor, or one nested too deeply
        assert {mistake.code for mistake in mistakes} <= {"division-by-zero", "too-deep", "too-big"}
        return
    assert node is not None
    value = compile_value(node)
    for facts in many:
        expected = said.means(facts)
        found = value(facts)
        assert found == expected
        assert (found is None) == (expected is None)
        assert not isinstance(found, Fraction) or found.denominator > 1
        if node.type.kind == "flag":
            assert compile_true(node)(facts) is (expected is True)
            assert compile_false(node)(facts) is (expected is False)
