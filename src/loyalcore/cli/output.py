"""How commands speak: tables for people, JSON for machines, progress on standard error."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import click

from loyalcore.values import Locale, write_money

if TYPE_CHECKING:
    from rich.console import Console

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON for machines.")
limit_option = click.option(
    "--limit",
    type=click.IntRange(min=1),
    default=50,
    show_default=True,
    help="At most so many rows.",
)


class Figure(str):
    """A number that is written in a form of its own: an amount of money, +5."""


def money_figure(minor: float | Fraction | None, locale: Locale) -> Figure | None:
    """Minor units as money, to the nearest of them: each figure is rounded on its own."""
    return None if minor is None else Figure(write_money(round(minor), locale.exponent))


def console() -> Console:
    """Standard output. Wide where it is not a terminal, so that nothing is cut off."""
    from rich.console import Console  # here, as below: what prints no table need not import rich

    return Console(width=None if sys.stdout.isatty() else 240, highlight=False, soft_wrap=False)


def print_json(value: object) -> None:
    """`value` as indented JSON."""
    click.echo(as_json_text(value))


def as_json_text(value: object) -> str:
    """`value` as indented JSON; what JSON has no form for is written as text."""
    return json.dumps(value, indent=2, ensure_ascii=False, default=str)


def print_table(
    columns: Sequence[str], rows: Iterable[Sequence[object]], *, empty: str = "Nothing to show."
) -> None:
    """Rows under their column names; numbers stand to the right."""
    kept = [tuple(row) for row in rows]
    if not kept:
        click.echo(empty)
        return
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for position, column in enumerate(columns):
        figures = all(isinstance(row[position], int | Figure | None) for row in kept)
        table.add_column(
            column, justify="right" if figures else "left", overflow="fold", header_style="bold"
        )
    for row in kept:
        table.add_row(*(Text(_cell(value)) for value in row))
    console().print(table)


def print_rows(
    columns: Sequence[str],
    rows: Iterable[Sequence[object]],
    *,
    as_json: bool,
    empty: str = "Nothing to show.",
) -> None:
    """The same rows as a table, or as a JSON list of objects."""
    if as_json:
        print_json([dict(zip(columns, row, strict=True)) for row in rows])
    else:
        print_table(columns, rows, empty=empty)


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    return str(value)
