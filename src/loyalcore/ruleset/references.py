"""The other files that a file of a ruleset names: its includes and the CSV files of its tables."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from typing import NamedTuple

from loyalcore.errors import Location, Problem
from loyalcore.ruleset.disk import outside
from loyalcore.ruleset.library import FOLDER
from loyalcore.ruleset.text import shown
from loyalcore.ruleset.tree import Node, Tree

_ELSEWHERE = re.compile(r"/|[A-Za-z]:|[A-Za-z][A-Za-z0-9+.-]*://")


class Reference(NamedTuple):
    """A file by its path from the folder of the main file, or by its name where it comes with
    loyalcore, and the place that names it. `table` is the table whose rows it holds; "" for an
    include."""

    name: str
    location: Location
    table: str = ""


def references(tree: Tree) -> Iterator[Reference | Problem]:
    """The files that `tree` names, in reading order; a Problem where it can't mean a file."""
    include = tree.root.children.get("include")
    if include:
        entries = include.children.values() if isinstance(include.value, list) else [include]
        for entry in entries:
            yield from _include(tree, entry)
    tables = tree.root.children.get("tables")
    for table, spec in tables.children.items() if tables else ():
        csv = spec.children.get("csv")
        if csv and isinstance(csv.value, str):
            yield _reference(tree, csv, csv.value, str(table))


def _include(tree: Tree, entry: Node) -> Iterator[Reference | Problem]:
    if isinstance(entry.value, str):
        yield _reference(tree, entry, entry.value)
    elif entry.value is not None:
        yield Problem(
            "include-invalid",
            "'include' takes the name of a file, or a list of names",
            tree.text.location(entry.start),
            "such as 'include: [rules/coffee.yaml, messages.yaml]'",
        )


def _reference(tree: Tree, node: Node, written: str, table: str = "") -> Reference | Problem:
    location = tree.text.location(node.start)
    if "\\" in written or not written.strip():
        return Problem(
            "include-invalid",
            f"{shown(written)} is not the name of a file",
            location,
            "write '/' between folders" if written.strip() else "",
        )
    folder = "" if written.startswith(FOLDER) else posixpath.dirname(tree.text.name)
    name = posixpath.normpath(posixpath.join(folder, written))
    if _ELSEWHERE.match(written) or name == ".." or name.startswith("../"):
        return outside(written).problem._replace(location=location)
    return Reference(name, location, table)
