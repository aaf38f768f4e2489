"""Which types the operators go together with, and what comes out."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

from loyalcore.expression import arithmetic
from loyalcore.expression.literals import NUMERIC, numeric, pair
from loyalcore.expression.mistakes import Mistake
from loyalcore.expression.nodes import Arithmetic, Compare, Literal, Negative, Node, Not, Span
from loyalcore.values import (
    DATE,
    DURATION,
    FLAG,
    INTEGER,
    MONEY,
    NUMBER,
    TIME,
    Locale,
    Number,
    Type,
)

ORDERED = (*NUMERIC, "money", "date", "time", "duration")
SIGNED = (*NUMERIC, "money", "duration")


def _results() -> Iterator[tuple[tuple[str, str, str], Type]]:
    for left, right in product(NUMERIC, repeat=2):
        whole = left == right == "integer"
        for op in ("+", "-", "*", "%"):
            yield (left, op, right), INTEGER if whole else NUMBER
        yield (left, "/", right), NUMBER
        yield (left, "//", right), INTEGER
    for number in NUMERIC:
        yield ("money", "*", number), MONEY
        yield (number, "*", "money"), MONEY
        yield ("money", "/", number), MONEY
    for kind in (MONEY, DURATION):
        for op in ("+", "-", "%"):
            yield (kind.kind, op, kind.kind), kind
        yield (kind.kind, "/", kind.kind), NUMBER
        yield (kind.kind, "//", kind.kind), INTEGER
    for kind in (DATE, TIME):
        yield (kind.kind, "-", kind.kind), DURATION
        for op in ("+", "-"):
            yield (kind.kind, op, "duration"), kind


_RESULTS = dict(_results())
_SIMILAR = ("+", "-", "//", "%")  # both sides of one type, so that a literal takes the other's

# The hints below are looked up by the two kinds that were put together, in either order.
_TOGETHER = {
    frozenset({"money", "integer"}): "only an amount, or a plain number, goes with an amount",
    frozenset({"money", "number"}): "only an amount, or a plain number, goes with an amount",
    frozenset({"text", "integer"}): "write numbers without quotes and texts with them",
    frozenset({"text", "number"}): "write numbers without quotes and texts with them",
    frozenset({"text", "money"}): "write amounts without quotes",
    frozenset({"date", "time"}): "date(x) makes a date of a time",
    frozenset({"duration", "integer"}): "write a length of time as days(30)",
    frozenset({"duration", "number"}): "write a length of time as days(30)",
    frozenset({"date", "integer"}): "write a length of time as days(30)",
    frozenset({"time", "integer"}): "write a length of time as days(30)",
    frozenset({"texts", "text"}): "to ask whether a list has a text, write 'vip' in tags",
    frozenset({"text"}): "concat(a, b) joins texts",
}


def compare(left: Node, op: str, right: Node, locale: Locale, span: Span) -> Node | Mistake:
    """The node of `left op right`."""
    if op in ("==", "!=") and "flag" in (left.type.kind, right.type.kind):
        return _compare_flag(left, op, right, span)
    sides = pair(left, right, locale)
    if isinstance(sides, Mistake):
        return sides
    if sides is None:
        return _mismatch("can't compare", left, right, span)
    kind = sides[0].type.kind
    if kind in ("texts", "lines"):
        hint = "ask with in, any(...), all(...) or count(...)"
        return Mistake("type", "can't compare whole lists", span, hint)
    if op not in ("==", "!=") and kind not in ORDERED:
        hint = "use == or !=, or put the values into a number first"
        return Mistake("order", f"{kind} has no order, so {op} means nothing", span, hint)
    return Compare(type=FLAG, op=op, left=sides[0], right=sides[1], span=span)


def _compare_flag(left: Node, op: str, right: Node, span: Span) -> Node | Mistake:
    """`x == true` is x itself and `x == false` its opposite."""
    if left.type.kind != "flag" or right.type.kind != "flag":
        other = right if left.type.kind == "flag" else left
        message = f"can't compare true or false with {other.type}"
        return Mistake("type", message, span, "write true or false without quotes")
    flag, literal = (left, right) if isinstance(right, Literal) else (right, left)
    if not isinstance(literal, Literal):
        hint = "write a and b, or (a and b) or not (a or b) for 'both the same'"
        return Mistake("type", "two conditions can't be compared", span, hint)
    return flag if (op == "==") is literal.value else Not(type=FLAG, item=flag, span=span)


def calculate(left: Node, op: str, right: Node, locale: Locale, span: Span) -> Node | Mistake:
    """The node of `left op right`; of two literal numbers, the literal it comes to."""
    if op == "+" and left.type.kind == "duration" and right.type.kind in ("date", "time"):
        left, right = right, left
    result = _RESULTS.get((left.type.kind, op, right.type.kind))
    if result is None and op in _SIMILAR:
        sides = pair(left, right, locale)
        if isinstance(sides, Mistake):
            return sides
        if sides is not None:
            left, right = sides
            result = _RESULTS.get((left.type.kind, op, right.type.kind))
    if result is None:
        return _mismatch(f"{op} does not go with", left, right, span)
    if isinstance(right, Literal):
        if op in ("/", "//", "%") and right.value == 0:
            return Mistake("division-by-zero", "this divides by zero", right.span)
        if left.type.kind == "date" and right.type.kind == "duration":
            assert isinstance(right.value, int)
            if right.value % arithmetic.DAY:
                message = "a date moves by whole days only"
                return Mistake("type", message, right.span, "use days(n) or weeks(n)")
    if isinstance(left, Literal) and isinstance(right, Literal):
        one, other = left.value, right.value
        if left.type.kind in NUMERIC and right.type.kind in NUMERIC:
            assert isinstance(one, Number)
            assert isinstance(other, Number)
            return numeric(_worked_out(one, op, other), span)
    return Arithmetic(type=result, op=op, left=left, right=right, span=span)


def _worked_out(left: Number, op: str, right: Number) -> Number:
    match op:
        case "+":
            return arithmetic.settle(left + right)
        case "-":
            return arithmetic.settle(left - right)
        case "*":
            return arithmetic.settle(left * right)
        case "//":
            return left // right
        case "%":
            return arithmetic.settle(left % right)
    return arithmetic.divide(left, right)


def negate(item: Node, span: Span) -> Node | Mistake:
    """The node of `-item`."""
    if item.type.kind not in SIGNED:
        return Mistake("type", f"{item.type} can't be negative", span)
    if isinstance(item, Literal):
        assert isinstance(item.value, Number)
        return Literal(type=item.type, value=-item.value, span=span)
    return Negative(type=item.type, item=item, span=span)


def _mismatch(what: str, left: Node, right: Node, span: Span) -> Mistake:
    kinds = frozenset({left.type.kind, right.type.kind})
    hint = _TOGETHER.get(kinds, "")
    return Mistake("type", f"{what} {left.type} and {right.type}", span, hint)
