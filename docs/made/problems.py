"""Every mistake in an expression, for problems.md."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from zoneinfo import ZoneInfo

from loyalcore.expression import CODES, FUNCTIONS, Scope, TableType, check
from loyalcore.values import FLAG, Locale, Type
from made.markdown import code, table

_FIELDS = {
    "amount": Type("money"),
    "channel": Type("text", ("shop", "web")),
    "note": Type("text"),
    "orders": Type("integer"),
    "birthday": Type("date"),
    "consent.email": Type("flag"),
    "items": Type("lines", fields={"sku": Type("id"), "amount": Type("money")}),
}
_PRODUCTS = TableType("products", Type("id"), {"category": Type("text")}, {"CUP": {}, "MUG": {}})
_SCOPE = Scope(_FIELDS, {"products": _PRODUCTS}, FUNCTIONS, Locale("EUR", 2, ZoneInfo("UTC")))

WRONG = {
    "empty": "''",
    "too-long": f"amount >= {'1' * 2_000}",
    "too-deep": f"{'(' * 60}amount >= 1{')' * 60}",
    "too-big": "orders in [" + ", ".join("1" * 600) + "]",
    "syntax": "amount >=",
    "character": "amount @ 5",
    "operator": "amount => 5",
    "missing-operator": "orders 5",
    "bracket": "(orders == 1",
    "open-text": "note == 'late",
    "number": "orders == 007",
    "null": "note == None",
    "reserved-word": "class == 1",
    "refused": "note.lower() == 'x'",
    "unknown-name": "amuont >= 5",
    "name-group": "consent",
    "name-taken": "any(orders.amount > 5 for orders in items)",
    "whole-line": "any(line == 'CUP' for line in items)",
    "unknown-function": "len(note) > 5",
    "arguments": "lower(amount) == 'x'",
    "unknown-table": "prices['CUP'].category == 'x'",
    "table-use": "products == 'x'",
    "unknown-column": "products['CUP'].colour == 'x'",
    "unknown-row": "products['CAP'].category == 'x'",
    "type": "note == 5",
    "order": "note > 'a'",
    "not-a-condition": "orders and amount > 5",
    "money-literal": "amount >= 9.999",
    "date-literal": "birthday > '31.01.1990'",
    "unknown-option": "channel == 'wbe'",
    "division-by-zero": "orders / 0 > 1",
    "pattern": "matches(note, '(')",
}
"""For each code of CODES an expression that has just this mistake."""

LONGEST = 40  # characters of an expression that is shown


def expressions() -> str:
    """Every mistake in an expression, with an example and what is said of it."""
    rows = []
    for name, meaning in CODES.items():
        text = WRONG[name].removeprefix("''")
        (mistake,) = check(text, _SCOPE, FLAG)[1]
        if mistake.code != name:
            raise ValueError(f"{text} is an example of {mistake.code}, not of {name}")
        hint = f" ({mistake.hint})" if mistake.hint else ""
        shown = code(text) if len(text) <= LONGEST else ""
        rows.append((code(name), meaning, shown, f"{mistake.message}{hint}"))
    return table(("code", "what it means", "such as", "what is said"), rows)


PARTS: Mapping[str, Callable[[], str]] = {"expressions": expressions}
