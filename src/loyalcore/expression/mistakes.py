"""What can be wrong with an expression, as values: the author sees all of it at once.

A `Mistake` knows its place in the expression only; whoever read the file turns it into a
Problem with file, line and column.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from loyalcore.expression.nodes import Span

CODES = {
    "empty": "there is no expression",
    "too-long": "the expression has too many characters",
    "too-deep": "brackets or parts are nested too deeply",
    "too-big": "the expression has too many parts",
    "syntax": "the expression can't be read",
    "character": "a character that means nothing here",
    "operator": "an operator that is written differently here",
    "missing-operator": "two values stand next to each other with nothing between them",
    "bracket": "a bracket is never closed, or never opened",
    "open-text": "a text has no closing quote",
    "number": "a number is written in a form that can't be read",
    "null": "missing values are asked for with missing(x)",
    "reserved-word": "a word that means something else to the language",
    "refused": "something that expressions deliberately can't do",
    "unknown-name": "no field, attribute, metric or other fact has this name",
    "name-group": "the name of a group of facts, where one of them is needed",
    "name-taken": "a name that is in use already",
    "whole-line": "a line item, where one of its fields is needed",
    "unknown-function": "no function has this name",
    "arguments": "a function is given too many, too few or the wrong kind of values",
    "unknown-table": "no table has this name",
    "table-use": "a table is read as table[key].column",
    "unknown-column": "the table has no such column",
    "unknown-row": "the table has no row with this key",
    "type": "values of these types don't go together",
    "order": "values of this type are equal or not, but never more or less",
    "not-a-condition": "something that is neither true nor false stands where a condition should",
    "money-literal": "an amount with more decimals than the currency has",
    "date-literal": "a date or time that does not exist or is written differently",
    "unknown-option": "a text that the field can never hold",
    "division-by-zero": "a division by zero, which is always missing",
    "pattern": "a pattern that can't be used",
}
"""Every code with what it means; docs/problems.md lists them."""


class Mistake(NamedTuple):
    """One mistake in an expression. `span` counts characters of its text."""

    code: str
    message: str
    span: Span
    hint: str = ""


def listed(words: Iterable[str], most: int = 8) -> str:
    """The words in order, for a hint; the first `most` of them where there are many."""
    ordered = sorted(words)
    return ", ".join(ordered[:most]) + (", ..." if len(ordered) > most else "")
