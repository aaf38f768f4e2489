"""Which matcher is used, and what both do, as examples."""

from __future__ import annotations

import importlib
import sys
from zoneinfo import ZoneInfo

import pytest

from loyalcore.expression import FUNCTIONS, Node, Scope, check
from loyalcore.matching import MatcherName, available, build, default_matcher, why_unavailable
from loyalcore.values import FLAG, INTEGER, MONEY, TEXT, TEXTS, Locale, Value

SCOPE = Scope(
    {"amount": MONEY, "channel": TEXT, "orders": INTEGER, "member": FLAG, "tags": TEXTS},
    tables={},
    functions=FUNCTIONS,
    locale=Locale("EUR", 2, ZoneInfo("Europe/Oslo")),
)
MATCHERS: list[MatcherName] = ["durable", "compiled"] if available() else ["compiled"]


def condition(text: str) -> Node:
    node, mistakes = check(text, SCOPE, FLAG)
    assert node is not None, mistakes
    return node


def facts(**given: Value) -> dict[str, Value | None]:
    return dict.fromkeys(SCOPE.names) | given


@pytest.mark.parametrize("matcher", MATCHERS)
@pytest.mark.parametrize(
    ("text", "true", "not_true"),
    [
        ("amount >= 50", {"amount": 5000}, {"amount": 4999}),
        ("amount >= 50", {"amount": 2**200}, {}),
        ("not amount >= 50", {"amount": 4999}, {}),
        ("orders != 3", {"orders": 4}, {}),
        ("20 <= orders < 30", {"orders": 20}, {"orders": 30}),
        ("channel == '9'", {"channel": "9"}, {"channel": "09"}),
        ("channel in ['web', 'shop']", {"channel": "shop"}, {"channel": "Shop"}),
        ("channel not in ['web', 'shop']", {"channel": ""}, {}),
        ("member", {"member": True}, {"member": False}),
        ("not member", {"member": False}, {}),
        ("missing(channel) or channel == 'web'", {}, {"channel": "shop"}),
        ("'vip' in tags", {"tags": ("new", "vip")}, {"tags": ()}),
        ("amount * orders > 100", {"amount": 5001, "orders": 2}, {"amount": 5001}),
        ("member or orders > 3", {"orders": 4}, {"member": False}),
        ("not (member or orders > 3)", {"member": False, "orders": 3}, {"member": False}),
    ],
)
def test_a_condition_fires_where_it_is_definitely_true(
    matcher: MatcherName, text: str, true: dict[str, Value], not_true: dict[str, Value]
) -> None:
    made = build([condition(text)], matcher)
    assert made.match(facts(**true)) == (0,)
    assert made.match(facts(**not_true)) == ()


@pytest.mark.parametrize("matcher", MATCHERS)
def test_indexes_ascend_and_no_condition_is_always_true(matcher: MatcherName) -> None:
    big, any_, web = condition("amount > 10"), None, condition("channel == 'web'")
    made = build([web, big, any_, big, web], matcher)
    assert made.match(facts(channel="web", amount=1001)) == (0, 1, 2, 3, 4)
    assert made.match(facts(amount=1001)) == (1, 2, 3)
    assert made.match(facts()) == (2,)


@pytest.mark.parametrize("matcher", MATCHERS)
def test_conditions_on_one_field_are_told_apart(matcher: MatcherName) -> None:
    texts = [
        "channel != 'web'",
        "channel == 'shop'",
        "channel in ['web', 'shop', 'app']",
        "channel != 'web' and channel != 'app'",
        "10 <= amount",
        "amount >= 10 and amount < 20",
        "amount < 10 or amount > 20",
    ]
    made = build([condition(text) for text in texts], matcher)
    assert made.match(facts(channel="web", amount=999)) == (2, 6)
    assert made.match(facts(channel="shop", amount=1000)) == (0, 1, 2, 3, 4, 5)
    assert made.match(facts(channel="app", amount=2000)) == (0, 2, 4)
    assert made.match(facts(channel="else", amount=2001)) == (0, 3, 4, 6)


@pytest.mark.parametrize("matcher", MATCHERS)
def test_there_may_be_no_conditions(matcher: MatcherName) -> None:
    assert build([], matcher).match({}) == ()


def test_durable_is_the_default_wherever_it_can_be_imported() -> None:
    assert default_matcher() == ("durable" if available() else "compiled")
    # The C module uses a call that Python 3.13 removed; before that it must be there.
    assert available() or sys.version_info >= (3, 13)


def test_without_durable_rules_compiled_is_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "durable_rules_engine", None)
    assert default_matcher() == "compiled"
    assert "durable_rules_engine" in why_unavailable()
    with pytest.raises(ImportError):
        build([], "durable")


def test_durable_rules_is_not_imported_before_it_is_asked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[str] = []
    monkeypatch.setattr(importlib, "import_module", asked.append)
    build([condition("amount > 10")], "compiled")
    assert asked == []
