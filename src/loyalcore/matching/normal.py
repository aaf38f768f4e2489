"""Conditions in negation normal form: what both matchers start from.

`not` is pushed down to the leaves (De Morgan), so a form is built of leaves by `Every` and
`Some` alone. Such a form can only become true by more leaves being true, so an unknown
leaf (S6) may be counted as false. A leaf is a node together with the answer wanted of it:
`not (amount > 5)` wants `amount > 5` to be definitely false, which a missing amount isn't.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from loyalcore.expression.nodes import And, Compare, In, Literal, Name, Node, Not, Or
from loyalcore.values import FLAG, Value


@dataclass(frozen=True)
class Leaf:
    """True where `node` is definitely `wanted`."""

    node: Node
    wanted: bool = True


@dataclass(frozen=True)
class Every:
    """True where all items are; without items always true."""

    items: tuple[Form, ...] = ()


@dataclass(frozen=True)
class Some:
    """True where at least one item is; without items never true."""

    items: tuple[Form, ...] = ()


Form = Leaf | Every | Some
ALWAYS = Every()
NEVER = Some()


def normal(node: Node, wanted: bool = True) -> Form:
    """The form that is true exactly where `node` is definitely `wanted`.

    Nested `and`s and `or`s are flattened, repeated items and constants dropped, so that
    conditions that only differ in these give equal forms.
    """
    match node:
        case Literal():
            return ALWAYS if node.value is wanted else NEVER
        case Not():
            return normal(node.item, not wanted)
        case And() | Or():
            items = [normal(item, wanted) for item in node.items]
            return every(items) if isinstance(node, And) is wanted else some(items)
    return Leaf(node, wanted)


def every(forms: Iterable[Form]) -> Form:
    """The forms joined by `and`, flat."""
    items = dict.fromkeys(
        item for form in forms for item in (form.items if isinstance(form, Every) else (form,))
    )
    if NEVER in items:
        return NEVER
    return next(iter(items)) if len(items) == 1 else Every(tuple(items))


def some(forms: Iterable[Form]) -> Form:
    """The forms joined by `or`, flat."""
    items = dict.fromkeys(
        item for form in forms for item in (form.items if isinstance(form, Some) else (form,))
    )
    if ALWAYS in items:
        return ALWAYS
    return next(iter(items)) if len(items) == 1 else Some(tuple(items))


def as_node(form: Form) -> Node:
    """An expression that is definitely true exactly where `form` is: `normal` undone."""
    match form:
        case Leaf(node, wanted):
            return node if wanted else Not(type=FLAG, item=node)
        case Every(()) | Some(()):
            return Literal(type=FLAG, value=form == ALWAYS)
        case Every(items):
            return And(type=FLAG, items=tuple(map(as_node, items)))
        case Some(items):
            return Or(type=FLAG, items=tuple(map(as_node, items)))


def leaves(form: Form) -> Iterator[Leaf]:
    """Every leaf below `form`, in reading order."""
    if isinstance(form, Leaf):
        yield form
    else:
        for item in form.items:
            yield from leaves(item)


@dataclass(frozen=True)
class Question:
    """What a leaf asks of one fact: to be equal to one of `values` (`op` is "=="), or to
    compare so with the only one (`op` is one of < <= > >=)."""

    name: str
    op: str
    values: tuple[Value, ...]


_MIRRORED = {"==": "==", "!=": "!=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}

_HELD_AS: dict[str, type | tuple[type, ...]] = {
    "text": str, "id": str, "flag": bool, "date": date,
    "integer": (int, Fraction), "number": (int, Fraction), "money": (int, Fraction),
    "time": int, "duration": int,
}  # fmt: skip


def question(leaf: Leaf) -> tuple[Question, bool] | None:
    """What `leaf` asks of one fact and the answer it wants; None where it does more than
    compare one fact with literals of the fact's own type."""
    node, wanted = leaf.node, leaf.wanted
    match node:
        case Name(variable="", type=type_) if type_.kind == "flag":
            return Question(node.name, "==", (True,)), wanted
        case Compare(op=op, left=Name(variable="") as name, right=Literal() as literal):
            pass
        case Compare(op=op, left=Literal() as literal, right=Name(variable="") as name):
            op = _MIRRORED[op]
        case In(left=Name(variable="") as name, texts=None, options=options) if options:
            values = tuple(option.value for option in options)
            return (Question(name.name, "==", values), wanted) if _held(name, values) else None
        case _:
            return None
    if not _held(name, (literal.value,)):
        return None
    if op == "!=":
        op, wanted = "==", not wanted
    return Question(name.name, op, (literal.value,)), wanted


def _held(name: Name, values: tuple[Value, ...]) -> bool:
    """Whether the values are held as those of the fact are, and so can share an order."""
    held_as = _HELD_AS.get(name.type.kind)
    return held_as is not None and all(
        isinstance(value, held_as) and (isinstance(value, bool) is (held_as is bool))
        for value in values
    )
