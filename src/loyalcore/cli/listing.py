"""What commands that list what is in a store have alike: their options, and what they print."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

from loyalcore.cli.output import json_option, limit_option, print_json, print_table
from loyalcore.cli.reading import customer_option
from loyalcore.cli.run import db_option

Command = Callable[..., Any]
One = TypeVar("One")


def listing(command: Command) -> Command:
    """--db, --customer, --limit and --json."""
    for option in (json_option, limit_option, customer_option, db_option):
        command = option(command)
    return command


def print_list(
    found: Iterable[One],
    row: Callable[[One], Mapping[str, object]],
    plain: Callable[[One], Mapping[str, object]],
    *,
    as_json: bool,
    empty: str,
) -> None:
    """What was found: a table with the `row` of each, by columns; or a JSON list with all that is
    known of each, its `plain` form."""
    if as_json:
        print_json([plain(one) for one in found])
    else:
        rows = [row(one) for one in found]
        print_table(tuple(rows[0]) if rows else (), [(*one.values(),) for one in rows], empty=empty)
