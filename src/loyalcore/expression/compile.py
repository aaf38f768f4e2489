"""From a checked tree to a Python function of the facts: the hot path of matching.

How each node is said in Python is in generate.py.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import cast

from loyalcore.expression import arithmetic
from loyalcore.expression.generate import Code
from loyalcore.expression.nodes import Arithmetic, Literal, Name, Node
from loyalcore.expression.shapes import otherwise_none
from loyalcore.values import Value

Facts = Mapping[str, Value | None]


def compile_true(node: Node) -> Callable[[Facts], bool]:
    """A function of the facts: whether the condition `node` is definitely true."""
    code = Code()
    return cast(Callable[[Facts], bool], code.frame.function(code.when(node, True)))


def compile_false(node: Node) -> Callable[[Facts], bool]:
    """A function of the facts: whether the condition `node` is definitely false."""
    code = Code()
    return cast(Callable[[Facts], bool], code.frame.function(code.when(node, False)))


def compile_value(node: Node) -> Callable[[Facts], Value | None]:
    """A function of the facts: the value of `node`, None where it is missing or unknown."""
    return compile_inside(node, ())


def compile_inside(node: Node, variables: Sequence[str]) -> Callable[..., Value | None]:
    """Like `compile_value`, for a part inside comprehensions: a function of the facts and
    of the current item of each of `variables`, the outermost first."""
    code = Code(variables)
    value = code.value(node)
    if _may_need_settling(node):
        strict = code.frame.named(value)
        value = otherwise_none(strict.guards, code.frame.call(arithmetic.settle, strict.value))
    return code.frame.function(value)


def _may_need_settling(node: Node) -> bool:
    """Whether the value may be a whole number in the form of a Fraction."""
    if node.type.kind not in ("number", "money") or isinstance(node, Name | Literal):
        return False
    return not (isinstance(node, Arithmetic) and node.op == "/")  # divide() settles
