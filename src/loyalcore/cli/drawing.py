"""A condition drawn as a tree, with the truth and value of each part."""

from __future__ import annotations

from collections.abc import Mapping

from rich.text import Text
from rich.tree import Tree

from loyalcore.cli.effects import value_text
from loyalcore.expression import Drawing

_MARKS = {True: ("✓ ", "green"), False: ("✗ ", "red"), None: ("? ", "yellow")}


def marked(truth: bool | None) -> tuple[str, str]:
    """The mark of what is true, false or unknown, with its style."""
    return _MARKS[truth]


def add_drawing(tree: Tree, drawing: Drawing) -> None:
    """Add `drawing` and all its parts below `tree`."""
    branch = tree.add(_label(drawing))
    for part in drawing.parts:
        add_drawing(branch, part)


def _label(drawing: Drawing) -> Text:
    text = " ".join(drawing.text.split())  # what an author wrote may go over several lines
    if drawing.truth is not None:
        return Text.assemble(marked(drawing.truth), text)
    if drawing.value is None:
        return Text.assemble(marked(None), text, " is unknown" if drawing.parts else " is missing")
    joined = ": " if isinstance(drawing.value, Mapping) else " = "  # a line item: its fields
    return Text(f"{text}{joined}{value_text(drawing.value)}")
