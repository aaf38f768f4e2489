"""durable_rules is driven so that nothing of it leaks: no state, no memory, no wasted call."""

from __future__ import annotations

import gc
import importlib
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from loyalcore.expression.nodes import And, Compare, Literal, Name, Node
from loyalcore.matching import build, durable
from loyalcore.values import FLAG, INTEGER, TEXT, Type, Value


def asks(field: str, op: str, value: Value, type_: Type = INTEGER) -> Node:
    literal = Literal(type=type_, value=value)
    return Compare(type=FLAG, op=op, left=Name(type=type_, name=field), right=literal)


class Watched:
    """durable_rules, with every call counted and open rulesets known."""

    def __init__(self) -> None:
        self.calls: Counter[str] = Counter()
        self.open: set[int] = set()
        self.before: Callable[[str], None] = lambda name: None
        self._engine = importlib.import_module("durable_rules_engine")

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def call(*arguments: Any) -> Any:
            self.calls[name] += 1
            self.before(name)
            result = getattr(self._engine, name)(*arguments)
            if name == "create_ruleset":
                self.open.add(result)
            if name == "delete_ruleset":
                self.open.remove(arguments[0])
            return result

        return call


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> Watched:
    watched = Watched()
    monkeypatch.setattr(durable, "_engine", lambda: watched)
    return watched


def test_each_fact_is_matched_on_its_own(engine: Watched) -> None:
    matcher = build([asks("orders", ">=", 3)], "durable", memo=0)
    found = [matcher.match({"orders": orders}) for orders in (3, 3, 2, None, 4, 3)]
    assert found == [(0,), (0,), (), (), (0,), (0,)]


def test_a_match_is_remembered_by_what_the_rules_can_tell_apart(engine: Watched) -> None:
    matcher = build([asks("orders", ">=", 3), asks("orders", ">=", 9)], "durable")
    for orders in (3, 4, 5, 6, 7, 8):
        assert matcher.match({"orders": orders}) == (0,)
    assert engine.calls["assert_fact"] == 1 + 1  # and one that primes the ruleset


def test_no_more_matches_are_remembered_than_asked_for(engine: Watched) -> None:
    matcher = build([asks("orders", "==", at) for at in range(9)], "durable", memo=2)
    for orders in (0, 1, 0, 1, 2, 0):
        assert matcher.match({"orders": orders}) == (orders,)
    assert engine.calls["assert_fact"] == 4 + 1


def test_rules_about_other_facts_remember_on_their_own(engine: Watched) -> None:
    conditions: list[Node | None] = [
        asks(field, "==", at) for field in ("orders", "visits") for at in range(80)
    ]
    matcher = build(conditions, "durable")
    for at in range(10):
        assert matcher.match({"orders": at, "visits": 50}) == (at, 80 + 50)
        assert matcher.match({"orders": 50, "visits": at}) == (50, 80 + at)
    engine.calls.clear()
    for at in range(10):
        assert matcher.match({"orders": at, "visits": 9 - at}) == (at, 80 + 9 - at)
    assert not engine.calls


def test_a_fact_that_no_rule_asks_about_costs_no_call(engine: Watched) -> None:
    matcher = build([asks("channel", "==", "web", TEXT)], "durable", memo=0)
    assert matcher.match({"channel": "shop"}) == ()
    assert not engine.calls


def test_identical_conditions_are_one_rule(engine: Watched) -> None:
    matcher = build([asks("orders", ">=", 3)] * 1_000, "durable", memo=0)
    assert matcher.match({"orders": 3}) == tuple(range(1_000))
    assert engine.calls["complete_and_start_action"] == 1 + 1


def test_of_many_selective_rules_few_are_shown_a_fact(engine: Watched) -> None:
    conditions: list[Node | None] = [
        And(type=FLAG, items=(asks("sku", "==", f"s{at}", TEXT), asks("orders", ">=", at % 7)))
        for at in range(1_000)
    ]
    matcher = build(conditions, "durable", memo=0)
    assert matcher.match({"sku": "s500", "orders": 9}) == (500,)
    assert matcher.match({"sku": "else", "orders": 9}) == ()
    assert engine.calls["create_ruleset"] == 1
    assert engine.calls["assert_fact"] == 1 + 1


@pytest.mark.parametrize(
    "cut", ["assert_fact", "start_action_for_state", "complete_and_start_action", "retract_fact"]
)
def test_a_match_cut_short_leaves_nothing_behind(engine: Watched, cut: str) -> None:
    conditions: list[Node | None] = [asks("orders", ">=", at) for at in range(3)]
    matcher = build(conditions, "durable", memo=0)
    assert matcher.match({"orders": 9}) == (0, 1, 2)

    def interrupt(name: str) -> None:
        if name == cut:
            raise KeyboardInterrupt

    engine.before = interrupt
    with pytest.raises(KeyboardInterrupt):
        matcher.match({"orders": 9})
    engine.before = lambda name: None
    assert matcher.match({"orders": 1}) == (0, 1)
    assert len(engine.open) == 1


def test_two_matches_at_once_are_refused(engine: Watched) -> None:
    """As a second thread would make them: within the first, before it takes its fact back."""
    matcher = build([asks("orders", ">=", 0)], "durable", memo=0)
    assert matcher.match({"orders": 1}) == (0,)

    def another(name: str) -> None:
        if name == "retract_fact":
            engine.before = lambda name: None
            matcher.match({"orders": 1})

    engine.before = another
    with pytest.raises(RuntimeError, match="two threads"):
        matcher.match({"orders": 1})


def test_what_durable_rules_holds_is_freed_with_the_matcher(engine: Watched) -> None:
    conditions: list[Node | None] = [asks("orders", ">=", at) for at in range(200)]
    for _ in range(5):
        matcher = build(conditions, "durable")
        assert matcher.match({"orders": 150}) == tuple(range(151))
        assert len(engine.open) == 4
        del matcher
        gc.collect()
        assert engine.open == set()
    assert engine.calls["delete_state"] == engine.calls["create_ruleset"] == 20
