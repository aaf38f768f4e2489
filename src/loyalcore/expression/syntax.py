"""Text to Python's own syntax tree, within bounds. Nothing here is ever executed.

What comes back is only well-formed; `check` decides what is allowed and what it means.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from loyalcore.expression.mistakes import Mistake
from loyalcore.expression.nodes import Span
from loyalcore.expression.scan import MAX_DEPTH, MAX_LENGTH, scan

MAX_NODES = 500


def parse(text: str) -> tuple[ast.expr | None, tuple[Mistake, ...]]:
    """The syntax tree of `text`, or what keeps it from having one. Never raises.

    Places in the tree (`col_offset`) count the characters of `text`.
    """
    if len(text) > MAX_LENGTH:
        message = f"{len(text)} characters; an expression has at most {MAX_LENGTH}"
        return None, (Mistake("too-long", message, Span(0, MAX_LENGTH), "use a named metric"),)
    if not text.strip():
        return None, (Mistake("empty", "there is no expression", Span(0, len(text))),)
    masked, mistakes = scan(text)
    if mistakes:
        return None, mistakes
    # Brackets around it let the line begin with a space; scan made sure that they pair up.
    try:
        tree = ast.parse(f"({masked})", mode="eval").body
    except SyntaxError as error:
        return None, (_unreadable(error, masked),)
    except (MemoryError, RecursionError, ValueError):
        return None, (_too_deep(text),)
    nodes = depth = 0
    for node, level in _levels(tree):
        nodes, depth = nodes + 1, max(depth, level)
        node.col_offset = max(node.col_offset - 1, 0)
        node.end_col_offset = min((node.end_col_offset or 0) - 1, len(text))
    if depth > MAX_DEPTH:
        return None, (_too_deep(text),)
    if nodes > MAX_NODES:
        message = f"{nodes} parts; an expression has at most {MAX_NODES}"
        return None, (Mistake("too-big", message, Span(0, len(text)), "use a table or a metric"),)
    return tree, ()


def _levels(tree: ast.expr) -> Iterator[tuple[ast.expr, int]]:
    """Every expression of the tree with its depth, without recursion."""
    waiting: list[tuple[ast.AST, int]] = [(tree, 1)]
    while waiting:
        node, level = waiting.pop()
        if isinstance(node, ast.expr):
            yield node, level
            level += 1
        waiting.extend((child, level) for child in ast.iter_child_nodes(node))


def _too_deep(text: str) -> Mistake:
    message = f"parts are nested more than {MAX_DEPTH} deep"
    return Mistake(
        "too-deep", message, Span(0, len(text)), "split it into several metrics or rules"
    )


def _unreadable(error: SyntaxError, masked: str) -> Mistake:
    if "else" in error.msg:
        hint = "a choice is written: a if condition else b"
        return Mistake("syntax", "an 'if' has no 'else'", Span(0, len(masked)), hint)
    start = min(max((error.offset or 1) - 2, 0), len(masked))
    if not masked[start:].strip():
        end = len(masked.rstrip())
        hint = "a value is missing at the end"
        return Mistake("syntax", "the expression stops too early", Span(max(end - 1, 0), end), hint)
    return Mistake(
        "syntax",
        "the expression can't be read from here on",
        Span(start, len(masked.rstrip())),
        "a value or an operator is missing before it, or one too many stands here",
    )
