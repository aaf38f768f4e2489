"""`loyalcore schema`: what an editor is pointed at."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

Cli = Callable[..., Any]

ROOT = Path(__file__).parents[2]


def test_it_prints_the_schema_that_the_docs_have(process: Cli) -> None:
    said = process("schema")
    assert (said.status, said.err) == (0, "")
    Draft202012Validator.check_schema(said.json)
    assert said.out == (ROOT / "docs" / "ruleset.schema.json").read_text("utf-8")
