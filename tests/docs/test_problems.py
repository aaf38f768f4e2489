"""docs/problems.md has every code that anything in the source can report, and no other."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from loyalcore.expression import CODES

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "problems.md"

# What takes a code, and as which of its arguments.
TAKES_CODE = {
    "__init__": 0,
    "EventInvalid": 0,
    "Mistake": 0,
    "Problem": 0,
    "PydanticCustomError": 0,
    "Refused": 0,
    "Reject": 0,
    "_Saying": 1,
    "_reject": 0,
    "mistake": 0,
    "problem": 0,
    "reject": 0,
    "report": 0,
    "warning": 0,
}


def reported() -> Iterator[str]:
    """The codes that are written out where something is reported."""
    for path in (ROOT / "src").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_bytes())):
            if isinstance(node, ast.Call):
                function = node.func
                name = function.attr if isinstance(function, ast.Attribute) else ""
                name = function.id if isinstance(function, ast.Name) else name
                for argument in node.args[TAKES_CODE.get(name, 99) :][:1]:
                    yield from _codes(argument)


def _codes(argument: ast.expr) -> Iterator[str]:
    """The texts that the argument may be: `kind if "-" in kind else "bad-name"` is one."""
    match argument:
        case ast.Constant(value=str(text)):
            yield text
        case ast.IfExp(body=body, orelse=orelse):
            yield from _codes(body)
            yield from _codes(orelse)


def documented() -> list[str]:
    """The codes in the first column of the page's tables."""
    return re.findall(r"^\| `([a-z0-9-]+)` \|", PAGE.read_text("utf-8"), re.MULTILINE)


def test_every_code_is_documented() -> None:
    assert sorted({*reported(), *CODES} - {*documented()}) == []


def test_nothing_is_documented_that_is_never_reported() -> None:
    assert sorted({*documented()} - {*reported(), *CODES}) == []


def test_a_mistake_in_an_expression_has_a_code_that_is_explained() -> None:
    inside = {
        code
        for path in (ROOT / "src" / "loyalcore" / "expression").glob("*.py")
        for code in re.findall(r'(?:Mistake|mistake)\(\s*"([a-z-]+)"', path.read_text("utf-8"))
    }

    assert inside <= CODES.keys()
