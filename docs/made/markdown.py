"""What all made parts are written with: tables, code and docstrings, in Markdown."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Sequence


def table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table."""
    lines = [columns, ["---"] * len(columns), *rows]
    return "\n".join(f"| {' | '.join(_cell(cell) for cell in line)} |" for line in lines)


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def code(text: str) -> str:
    return f"`{text}`" if text else ""


def prose(doc: str | None) -> str:
    """A docstring as paragraphs."""
    return inspect.cleandoc(doc or "").replace("::\n", ":\n")
