"""The typed tree of an expression: what checking makes from text, and compiling reads.

Every node knows its `type` and its `span`, the half-open range of characters of the
expression's text that it came from. Trees are values: equal text in an equal scope gives
an equal tree (the span does not count), so equal conditions can share one entry.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from loyalcore.values import Type, Value


class Span(NamedTuple):
    start: int
    end: int


@dataclass(frozen=True, kw_only=True)
class Node:
    """Base of every node. `type` is the type of its value when that is not missing."""

    type: Type
    span: Span = field(default=Span(0, 0), compare=False)

    @property
    def parts(self) -> tuple[Node, ...]:
        """The direct sub-expressions, in reading order."""
        return ()


@dataclass(frozen=True, kw_only=True)
class Literal(Node):
    """A constant. Already converted to its type: a money literal is in minor units."""

    value: Value


@dataclass(frozen=True, kw_only=True)
class Name(Node):
    """A fact by its dotted name (`amount`, `balance.beans`), or a field of a line item
    inside a comprehension (`line.category`, with `variable` "line" and `name` "category")."""

    name: str
    variable: str = ""


@dataclass(frozen=True, kw_only=True)
class Compare(Node):
    """`left op right`, op one of == != < <= > >=. Both sides have comparable types."""

    op: str
    left: Node
    right: Node

    @property
    def parts(self) -> tuple[Node, ...]:
        return (self.left, self.right)


@dataclass(frozen=True, kw_only=True)
class In(Node):
    """`left in options`: among literals, or (with `texts` set) inside a list of text.
    `not in` is a Not around it."""

    left: Node
    options: tuple[Literal, ...] = ()
    texts: Node | None = None

    @property
    def parts(self) -> tuple[Node, ...]:
        return (self.left, *self.options) if self.texts is None else (self.left, self.texts)


@dataclass(frozen=True, kw_only=True)
class And(Node):
    items: tuple[Node, ...]

    @property
    def parts(self) -> tuple[Node, ...]:
        return self.items


@dataclass(frozen=True, kw_only=True)
class Or(Node):
    items: tuple[Node, ...]

    @property
    def parts(self) -> tuple[Node, ...]:
        return self.items


@dataclass(frozen=True, kw_only=True)
class Not(Node):
    item: Node

    @property
    def parts(self) -> tuple[Node, ...]:
        return (self.item,)


@dataclass(frozen=True, kw_only=True)
class Arithmetic(Node):
    """`left op right`, op one of + - * / // %. Exact: whole numbers and fractions.
    Dividing by zero gives a missing value."""

    op: str
    left: Node
    right: Node

    @property
    def parts(self) -> tuple[Node, ...]:
        return (self.left, self.right)


@dataclass(frozen=True, kw_only=True)
class Negative(Node):
    item: Node

    @property
    def parts(self) -> tuple[Node, ...]:
        return (self.item,)


@dataclass(frozen=True, kw_only=True)
class If(Node):
    """`then if test else otherwise`. An unknown test gives a missing value."""

    test: Node
    then: Node
    otherwise: Node

    @property
    def parts(self) -> tuple[Node, ...]:
        return (self.then, self.test, self.otherwise)


@dataclass(frozen=True, kw_only=True)
class Call(Node):
    """A pure function of its arguments. Unless `takes_missing`, the value is missing as
    soon as one argument is, and `call` is then never called."""

    function: str
    call: Callable[..., Any]
    arguments: tuple[Node, ...]
    takes_missing: bool = False

    @property
    def parts(self) -> tuple[Node, ...]:
        return self.arguments


@dataclass(frozen=True, kw_only=True)
class Over(Node):
    """A comprehension over line items or a list of text:
    `kind(body for variable in source if condition)`, kind one of any all sum count min max.
    `body` is None for `count`."""

    kind: str
    variable: str
    source: Node
    body: Node | None
    condition: Node | None

    @property
    def parts(self) -> tuple[Node, ...]:
        return tuple(part for part in (self.body, self.source, self.condition) if part is not None)


@dataclass(frozen=True, kw_only=True)
class Lookup(Node):
    """`table[key].column`: a cell of declared reference data; missing where no row has the key.
    `cells` maps key to value (shared, never changed)."""

    table: str
    column: str
    key: Node
    cells: Any = field(compare=False, repr=False)

    @property
    def parts(self) -> tuple[Node, ...]:
        return (self.key,)


def walk(node: Node) -> Iterator[Node]:
    """`node` and everything below it, in reading order, parents first."""
    yield node
    for part in node.parts:
        yield from walk(part)


def names(node: Node) -> frozenset[str]:
    """The facts that `node` reads (not the fields of line items inside comprehensions)."""
    return frozenset(n.name for n in walk(node) if isinstance(n, Name) and not n.variable)
