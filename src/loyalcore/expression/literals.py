"""What a literal means where a value of some type is needed.

`birthday > '1990-01-01'` compares dates and `amount >= 100` amounts, though the author wrote
a text and a number: a literal takes the type of what it meets.
"""

from __future__ import annotations

from loyalcore.errors import did_you_mean
from loyalcore.expression.mistakes import Mistake, listed
from loyalcore.expression.nodes import Literal, Node, Span
from loyalcore.values import (
    DATE,
    INTEGER,
    MAX_INTEGER,
    MONEY,
    NUMBER,
    TIME,
    Locale,
    Number,
    Type,
    ValueInvalid,
    read_value,
)

NUMERIC = ("integer", "number")


def numeric(value: Number, span: Span) -> Literal:
    """A literal integer, or number where it has decimals."""
    return Literal(type=INTEGER if isinstance(value, int) else NUMBER, value=value, span=span)


def fit(node: Node, want: Type, locale: Locale) -> Node | Mistake | None:
    """`node` as a value of type `want`: itself, or a literal read as one.

    None where it is of another type; a Mistake where a literal is meant but malformed.
    """
    have = node.type.kind
    if want.kind in (have, "any") or (have == "integer" and want.kind == "number"):
        return _among_options(node, want)
    if not isinstance(node, Literal):
        return None
    if want.kind == "money" and have in NUMERIC:
        return _amount(node, locale)
    if want.kind in ("date", "time") and have == "text":
        return _moment(node, want, locale)
    if {have, want.kind} == {"text", "id"}:
        return Literal(type=want, value=node.value, span=node.span)
    return None


def pair(left: Node, right: Node, locale: Locale) -> tuple[Node, Node] | Mistake | None:
    """Both sides of an operator as values of one type, a literal taking that of the other.

    None where they have no type in common; integer and number do, and so do text and id.
    """
    if isinstance(right, Literal):
        fitted = fit(right, left.type, locale)
        if fitted is not None:
            return fitted if isinstance(fitted, Mistake) else (left, fitted)
    if isinstance(left, Literal):
        fitted = fit(left, right.type, locale)
        if fitted is not None:
            return fitted if isinstance(fitted, Mistake) else (fitted, right)
    kinds = {left.type.kind, right.type.kind}
    if len(kinds) == 1 or kinds == set(NUMERIC) or kinds == {"text", "id"}:
        return left, right
    return None


def _among_options(node: Node, want: Type) -> Node | Mistake:
    if not (want.options and isinstance(node, Literal)) or node.value in want.options:
        return node
    word = str(node.value)
    hint = did_you_mean(word, want.options) or f"it is one of {listed(want.options)}"
    return Mistake("unknown-option", f"it is never {word!r}", node.span, hint)


def _amount(node: Literal, locale: Locale) -> Literal | Mistake:
    assert isinstance(node.value, Number)
    minor = node.value * 10**locale.exponent
    if minor.denominator != 1:
        message = f"{locale.currency} has {locale.exponent} decimals"
        hint = "write no more decimals than the currency has"
        return Mistake("money-literal", message, node.span, hint)
    if abs(minor) > MAX_INTEGER:
        return Mistake("money-literal", "the amount is too large", node.span)
    return Literal(type=MONEY, value=minor.numerator, span=node.span)


def _moment(node: Literal, want: Type, locale: Locale) -> Literal | Mistake:
    try:
        value = read_value(Type(want.kind), node.value, locale)
    except ValueInvalid:
        value = None
    if value is None:
        example = "2026-01-31" if want.kind == "date" else "2026-01-31T09:30"
        message = f"this should be a {want.kind}, but no {want.kind} is written like this"
        return Mistake("date-literal", message, node.span, f"write it as '{example}'")
    return Literal(type=DATE if want.kind == "date" else TIME, value=value, span=node.span)
