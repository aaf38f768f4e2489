"""`loyalcore schema`: what an editor is pointed at."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

Cli = Callable[..., Any]

ROOT = Path(__file__).parents[2]


def test_it_prints_the_schema_that_the_docs_have(
    process: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOYALCORE_PLUGINS", "loyalcore")  # the words of no other plugin
    said = process("schema")
    assert (said.status, said.err) == (0, "")
    Draft202012Validator.check_schema(said.json)
    assert said.out == (ROOT / "docs" / "ruleset.schema.json").read_text("utf-8")
