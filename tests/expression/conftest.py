"""A scope to write expressions in, and short words for checking and evaluating them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol
from zoneinfo import ZoneInfo

import pytest

from loyalcore.expression import (
    FUNCTIONS,
    Mistake,
    Node,
    Scope,
    TableType,
    check,
    compile_false,
    compile_true,
    compile_value,
)
from loyalcore.values import (
    DATE,
    FLAG,
    ID,
    INTEGER,
    MONEY,
    NUMBER,
    TEXT,
    TEXTS,
    TIME,
    Locale,
    Type,
    Value,
)

PART = Type("lines", fields={"weight": NUMBER})
LINE = Type(
    "lines",
    fields={"sku": TEXT, "category": TEXT, "amount": MONEY, "labels": TEXTS, "parts": PART},
)
NAMES = {
    "amount": MONEY,
    "discount": MONEY,
    "orders": INTEGER,
    "visits": INTEGER,
    "score": NUMBER,
    "channel": Type("text", options=("web", "store", "phone")),
    "note": TEXT,
    "purchase": ID,
    "time": TIME,
    "joined": TIME,
    "tags": TEXTS,
    "items": LINE,
    "gift": FLAG,
    "kjøp": MONEY,
    "customer.birthday": DATE,
    "customer.name": TEXT,
    "consent.email": FLAG,
    "balance.beans": INTEGER,
}
PRODUCTS = TableType(
    "products",
    key=TEXT,
    columns={"category": TEXT, "price": MONEY},
    rows={
        "LP-1": {"category": "vinyl", "price": 20_000},
        "CD-1": {"category": "cd", "price": None},
    },
)


class Evaluate(Protocol):
    def __call__(self, text: str, facts: Mapping[str, Value | None] | None = None) -> object: ...


@pytest.fixture(scope="session")
def scope() -> Scope:
    locale = Locale("NOK", 2, ZoneInfo("Europe/Oslo"))
    return Scope(NAMES, {"products": PRODUCTS}, FUNCTIONS, locale)


@pytest.fixture(scope="session")
def node(scope: Scope) -> Callable[[str], Node]:
    """The checked tree of a text that has no mistakes."""

    def checked(text: str) -> Node:
        tree, mistakes = check(text, scope)
        assert not mistakes, mistakes
        assert tree is not None
        return tree

    return checked


@pytest.fixture(scope="session")
def evaluate(node: Callable[[str], Node]) -> Evaluate:
    """The value of a text, facts that are not named being missing. A condition is asked in
    all three ways, which must agree."""

    def value(text: str, facts: Mapping[str, Value | None] | None = None) -> object:
        tree = node(text)
        known = dict.fromkeys(NAMES) | dict(facts or {})
        found = compile_value(tree)(known)
        if tree.type.kind == "flag":
            assert compile_true(tree)(known) is (found is True)
            assert compile_false(tree)(known) is (found is False)
        return found

    return value


@pytest.fixture(scope="session")
def told(scope: Scope) -> Callable[..., tuple[Mistake, ...]]:
    """The mistakes of a text that has some."""

    def mistakes(text: str, *wants: Type) -> tuple[Mistake, ...]:
        tree, found = check(text, scope, *wants)
        assert tree is None
        assert found
        return found

    return mistakes
