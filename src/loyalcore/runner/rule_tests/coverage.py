"""What the tests of a program leave untried."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from typing import NamedTuple

from loyalcore.effects.changes import Change, SetStage, SetTier
from loyalcore.engine.selecting.holding import in_force
from loyalcore.expression import And, Facts, Node, Not, Or, compile_false, compile_true
from loyalcore.program.plan import Program
from loyalcore.program.selecting.rule_plan import RulePlan
from loyalcore.runner.rule_tests.sections import ToTry, to_try
from loyalcore.runner.rule_tests.steps import Taken


class Gap(NamedTuple):
    """One thing that no test has tried: "never fired", or a condition "never true"; of what
    sections of the ruleset do by themselves, "never happened", or of a ladder, "never entered"
    with the level as the `condition`."""

    rule: str
    what: str
    condition: str = ""


@dataclass(frozen=True)
class _Leaf:
    """A condition of a rule that no and, or, not divides further."""

    text: str
    true: Callable[[Facts], bool]
    false: Callable[[Facts], bool]


class Coverage:
    """Which rules of one program have fired, been held back, and on which conditions."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self._rules = {
            (event, rule.name): tuple(_leaves(rule))
            for event, plan in program.events.items()
            for rule in plan.rules
        }
        self._limited = {
            rule.name for plan in program.events.values() for rule in plan.rules if rule.limits
        }
        self._seen: set[Gap] = set()  # tried: what each would be if it were not

    def add(self, step: Taken) -> None:
        """Count what one step tried."""
        for decision in step.outcome.decisions:
            if decision.fired:
                self._seen |= {
                    Gap(decision.rule, "never fired"),
                    Gap(decision.rule, "never happened"),
                }
                self._seen.update(_moves(decision.changes))
            else:
                self._seen.add(Gap(decision.rule, "never held back"))
        facts = step.facts
        for rule in step.rules:
            if not in_force(rule, step.event.time):
                continue
            for leaf in self._rules[step.event.type, rule.name]:
                if leaf.true(facts):
                    self._seen.add(Gap(rule.name, "never true", leaf.text))
                elif leaf.false(facts):
                    self._seen.add(Gap(rule.name, "never false", leaf.text))

    @property
    def total(self) -> int:
        """How many things there are to try."""
        return len(self._all())

    @property
    def gaps(self) -> tuple[Gap, ...]:
        """What was never tried, rule by rule as written."""
        return tuple(gap for gap in self._all() if gap not in self._seen)

    def _all(self) -> list[Gap]:
        rules: dict[str, dict[str, None]] = {}
        for (_, rule), leaves in self._rules.items():
            rules.setdefault(rule, {}).update((leaf.text, None) for leaf in leaves)
        of_rules = chain.from_iterable(self._of(rule, texts) for rule, texts in rules.items())
        of_sections = (_untried(one) for one in dict.fromkeys(to_try(self.program)))
        return [*of_rules, *of_sections]

    def _of(self, rule: str, texts: dict[str, None]) -> Iterator[Gap]:
        yield Gap(rule, "never fired")
        if rule in self._limited:
            yield Gap(rule, "never held back")
        for text in texts:
            yield Gap(rule, "never true", text)
            yield Gap(rule, "never false", text)


def _untried(one: ToTry) -> Gap:
    return Gap(one.name, "never entered" if one.level else "never happened", one.level)


def _moves(changes: Iterable[Change]) -> Iterator[Gap]:
    """The levels and stages that changes lead to, whatever brought them about."""
    for change in changes:
        match change:
            case SetTier(ladder, level):
                yield _untried(ToTry(f"tiers.{ladder}", level))
            case SetStage(stage):
                yield _untried(ToTry(f"stages.{stage}"))


def _leaves(rule: RulePlan) -> Iterator[_Leaf]:
    if rule.condition is not None:
        for node in _undivided(rule.condition):
            yield _Leaf(rule.text[slice(*node.span)], compile_true(node), compile_false(node))


def _undivided(node: Node) -> Iterator[Node]:
    if isinstance(node, And | Or | Not):
        for part in node.parts:
            yield from _undivided(part)
    else:
        yield node
