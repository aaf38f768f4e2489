"""The tables of docs/architecture.md that are written by hand name what is there."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

from sqlite_utils import Database

from loyalcore.store import Store

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "architecture.md").read_text("utf-8")


def first_column(heading: str) -> list[str]:
    """The first cells of the table below `heading`."""
    section = PAGE.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    return [cell.strip("` ") for cell in re.findall(r"^\|([^|]*)\|", section, re.MULTILINE)][2:]


def test_every_part_of_the_semantics_is_told() -> None:
    assert first_column("The semantics, as built") == [f"S{number}" for number in range(1, 16)]


def test_every_table_of_the_store_is_told(tmp_path: Path) -> None:
    with Store.open(tmp_path / "store.db", create=True) as store:
        tables = {
            name for name in Database(store.connection).table_names() if not name.startswith("_")
        }

    assert {*first_column("The store")} == tables


def test_every_dependency_has_its_reason() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    required = [re.split(r"[<>=]", line)[0] for line in project["dependencies"]]

    assert first_column("Dependencies") == sorted(required)
