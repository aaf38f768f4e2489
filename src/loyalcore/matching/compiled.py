"""Matching in plain Python: the oracle of durable_rules and its stand-in.

Conditions that need a fact to equal a literal (`channel == 'web' and ...`) are found by
looking that fact's value up, so thousands of selective rules cost little more than a few.
What is left of a condition, and conditions without such a need, are compiled expressions
that are evaluated one by one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from loyalcore.expression import Facts, compile_true
from loyalcore.expression.nodes import Node
from loyalcore.matching.normal import (
    ALWAYS,
    NEVER,
    Every,
    Form,
    Leaf,
    Question,
    as_node,
    every,
    normal,
    question,
)
from loyalcore.values import Value


class Entry(NamedTuple):
    """Conditions that are true where `test` is; None is true of every fact."""

    test: Callable[[Facts], bool] | None
    conditions: tuple[int, ...]


class Compiled:
    """Conditions compiled to Python, indexed by the facts that they need to equal a value."""

    def __init__(self, conditions: Sequence[Node | None]) -> None:
        forms: dict[Form, list[int]] = defaultdict(list)
        for index, condition in enumerate(conditions):
            forms[ALWAYS if condition is None else normal(condition)].append(index)
        forms.pop(NEVER, None)
        differing = _differing(forms)
        tables: dict[str, dict[Value | None, list[Entry]]] = {}
        self._entries: list[Entry] = []
        for form, indexes in forms.items():
            needs = _needs(form)
            if not needs:
                self._entries.append(Entry(_test(form), tuple(indexes)))
                continue
            leaf, need = max(needs.items(), key=lambda pair: len(differing[pair[1].name]))
            rest = every(part for part in _parts(form) if part != leaf)
            entry = Entry(_test(rest), tuple(indexes))
            table = tables.setdefault(need.name, {})
            for value in dict.fromkeys(need.values):
                table.setdefault(value, []).append(entry)
        self._tables = tuple(tables.items())

    def match(self, facts: Facts) -> tuple[int, ...]:
        """The indexes of the conditions that are true of `facts`, ascending."""
        true: list[int] = []
        for name, table in self._tables:
            for test, conditions in table.get(facts[name], ()):
                if test is None or test(facts):
                    true += conditions
        for test, conditions in self._entries:
            if test is None or test(facts):
                true += conditions
        true.sort()
        return tuple(true)


def _parts(form: Form) -> tuple[Form, ...]:
    return form.items if isinstance(form, Every) else (form,)


def _needs(form: Form) -> Mapping[Form, Question]:
    """The leaves without which `form` is never true, and that ask for a fact to equal a
    value."""
    found: dict[Form, Question] = {}
    for part in _parts(form):
        asked = question(part) if isinstance(part, Leaf) else None
        if asked is not None and asked[0].op == "==" and asked[1]:
            found[part] = asked[0]
    return found


def _differing(forms: Mapping[Form, list[int]]) -> Mapping[str, set[Value]]:
    """How many values the forms need each fact to equal: the more, the more selective."""
    values: dict[str, set[Value]] = defaultdict(set)
    for form in forms:
        for need in _needs(form).values():
            values[need.name].update(need.values)
    return values


def _test(form: Form) -> Callable[[Facts], bool] | None:
    return None if form == ALWAYS else compile_true(as_node(form))
