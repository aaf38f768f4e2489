"""Every line of the cookbook's table leads to a recipe: a ruleset of its own, free of problems
and warnings, with its rule test.

That the tests pass is for test_pages.py to say, which runs all pages.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

import pytest
from click.testing import CliRunner
from markdown_it import MarkdownIt

from loyalcore.cli import main

DOCS = Path(__file__).parents[2] / "docs"
THEMES = [
    "acquire", "reward", "thank", "retain", "develop", "recover", "respond", "win back", "listen",
    "social", "events", "support by value", "unprofitable", "dissolve", "economics", "trust",
    "shoppers",
]  # fmt: skip


class Row(NamedTuple):
    """What a business wants, and the page and heading of the recipe for it."""

    theme: str
    wants: str
    page: str
    anchor: str


def rows() -> list[Row]:
    table = (DOCS / "cookbook.md").read_text("utf-8")
    line = re.compile(r"^\| ([^|]+) \| ([^|]+) \| \[[^\]]+\]\(([^#)]+)#([^)]+)\) \|$", re.MULTILINE)
    return [Row(*found) for found in line.findall(table)]


def recipe(row: Row) -> dict[str, list[str]]:
    """The files under the heading that `row` leads to, with their ruleset's name: `.yaml` and
    `.test.yaml`."""
    tokens = MarkdownIt().parse((DOCS / row.page).read_text("utf-8"))
    found: dict[str, list[str]] = {}
    here = ""
    for token, following in zip(tokens, [*tokens[1:], tokens[-1]], strict=True):
        if token.type == "heading_open":
            here = _anchor(following.content)
        elif token.type == "fence" and here == row.anchor and token.info.startswith("yaml "):
            name, _, kind = Path(token.info.split()[-1]).name.partition(".")
            found.setdefault(name, []).append(kind)
    return found


def _anchor(heading: str) -> str:
    """What a reader's browser calls a heading."""
    return re.sub(r"[^\w-]", "", heading.lower().replace(" ", "-"))


def test_the_table_has_all_themes_and_nothing_but_rows() -> None:
    written = (DOCS / "cookbook.md").read_text("utf-8")
    assert list(dict.fromkeys(row.theme for row in rows())) == THEMES
    assert len(rows()) == len(re.findall(r"^\|", written, re.MULTILINE)) - 2


def test_every_page_of_recipes_is_reached_from_the_table() -> None:
    pages = {f"cookbook/{path.name}" for path in (DOCS / "cookbook").glob("*.md")}
    assert {row.page for row in rows()} == pages


@pytest.mark.parametrize("row", rows(), ids=lambda row: f"{row.theme}: {row.wants}")
def test_every_wish_has_a_recipe_with_a_ruleset_and_a_rule_test(row: Row) -> None:
    files = recipe(row)
    assert files, f"{row.page} has no recipe at #{row.anchor}"
    assert all(kinds == ["yaml", "test.yaml"] for kinds in files.values())


def test_no_recipe_has_a_problem_or_a_warning(tmp_path: Path) -> None:
    for page in (DOCS / "cookbook").glob("*.md"):
        for token in MarkdownIt().parse(page.read_text("utf-8")):
            if token.type == "fence" and token.info.startswith("yaml "):
                path = tmp_path / token.info.split()[-1]
                path.parent.mkdir(exist_ok=True)
                path.write_text(token.content, "utf-8")
    checked = CliRunner().invoke(main, ["check", "--strict", str(tmp_path)])
    assert checked.exit_code == 0, checked.output
