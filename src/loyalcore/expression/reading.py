"""What checking one expression knows and collects."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TypeGuard

from loyalcore.expression.mistakes import Mistake
from loyalcore.expression.nodes import Node, Span
from loyalcore.expression.scope import Scope
from loyalcore.values import Type


@dataclass
class Reading:
    """One expression being checked: its text, its scope, the variables of the comprehensions
    around the current place, and the mistakes found so far."""

    text: str
    scope: Scope
    variables: dict[str, Type] = field(default_factory=dict)
    mistakes: list[Mistake] = field(default_factory=list)

    def source(self, tree: ast.expr) -> str:
        """What the author wrote for `tree`."""
        return self.text[slice(*span(tree))]

    def mistake(self, code: str, message: str, at: ast.expr | Span, hint: str = "") -> None:
        place = span(at) if isinstance(at, ast.expr) else at
        self.mistakes.append(Mistake(code, message, place, hint))

    @contextmanager
    def variable(self, name: str, type_: Type) -> Iterator[None]:
        """Within a comprehension over values of `type_`."""
        self.variables[name] = type_
        yield
        del self.variables[name]


def span(tree: ast.expr) -> Span:
    return Span(tree.col_offset, tree.end_col_offset or tree.col_offset)


def known(nodes: Iterable[Node | None]) -> TypeGuard[Iterable[Node]]:
    """Whether every part was understood; a part that was not has told its mistake."""
    return all(node is not None for node in nodes)


def dotted(tree: ast.expr, text: str) -> list[str] | None:
    """The words of `a.b.c` as the author wrote them; None for anything else."""
    words: list[str] = []
    while isinstance(tree, ast.Attribute):
        end = tree.end_col_offset or 0
        words.append(text[end - len(tree.attr) : end])
        tree = tree.value
    if not isinstance(tree, ast.Name):
        return None
    return [text[slice(*span(tree))], *reversed(words)]
