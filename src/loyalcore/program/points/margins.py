"""Margins: what events bring the business, in money, from the formula under `brings`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction

from loyalcore.effects.kind import Facts
from loyalcore.expression import Node, Scope, check, compile_value
from loyalcore.expression import names as names_read
from loyalcore.expression.functions import half_up
from loyalcore.program.names import Names
from loyalcore.program.report import Report
from loyalcore.ruleset.model import Ruleset
from loyalcore.values import MONEY

BRINGS = "brings"
MOST = 10**15  # minor units of one event: what comes to more is no margin


@dataclass(frozen=True)
class Margin:
    """What an event of one type brings: whole minor units of money, by its own facts; None
    where a value that the formula needs is missing."""

    of: Callable[[Facts], int | None]
    reads: frozenset[str]


def plan_margins(ruleset: Ruleset, names: Names, scope: Scope, report: Report) -> dict[str, Margin]:
    """The margin of each event type that says what it brings. Reports those that make no
    sense."""
    margins: dict[str, Margin] = {}
    for event, spec in ruleset.events.items():
        if spec.brings is None or event not in names.events:
            continue
        known = replace(scope, names=names.of_event(event))
        node, mistakes = check(spec.brings, known, MONEY)
        report.mistakes(mistakes, ("events", event, BRINGS))
        if node is not None:
            margins[event] = Margin(whole(node), names_read(node))
    return margins


def whole(node: Node) -> Callable[[Facts], int | None]:
    """The amount that a formula comes to, rounded once to minor units, halves up; None where
    it is missing, or beyond MOST."""
    value = compile_value(node)

    def amount(facts: Facts) -> int | None:
        found = value(facts)
        if isinstance(found, Fraction):
            found = half_up(found)
        return found if isinstance(found, int) and abs(found) <= MOST else None

    return amount
