"""Conditions laid out as rules that durable_rules takes: small, flat and few per ruleset.

A condition becomes its *alternatives*, each a plain conjunction of comparisons with codes
(projection.py), and each distinct conjunction one rule, shared by all conditions that have
it. Rules about the same few facts make a group, so that the matches of each group can be
remembered by the few codes that it asks for. The rules of a group are packed into shards, one
durable_rules ruleset each.

Conjunctions alone keep durable_rules inside its limits, which are not checked by itself:
it walks a tree in which every rule is one path from the root, with a stack of 64, and an
`or` inside a rule would make paths meet, so that one rule is reached many times over (2^n
times for n of them in a row). With conjunctions the stack never holds more than one entry
a rule, so 60 rules can't overflow it, however they overlap; and no node has more than 60
successors where 512 make it loop for ever.

What would need too many alternatives, or name too many facts, becomes one computed flag.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice, product
from math import prod

from loyalcore.expression.nodes import Node
from loyalcore.matching.normal import Every, Form, Leaf, leaves, normal, question
from loyalcore.matching.projection import (
    Comparison,
    Flag,
    Slot,
    alternatives,
    axes,
    below,
    told_apart,
)

MAX_RULES = 60  # of a shard: durable_rules fails where 65 match one fact
MAX_SLOTS = 200  # of a shard: durable_rules refuses a fact of some 240 keys
MAX_TESTS = 40  # of a rule
MAX_ALTERNATIVES = 8  # of a condition
MAX_GROUPS = 4  # a match that is remembered costs a look into each
MAX_FACTS = 5_000  # that a group tells apart, but for the last

Conjunction = Mapping[int, int]  # slot -> the codes that it may have, as bits


@dataclass(frozen=True)
class Rule:
    """A conjunction, and the conditions that are true where it is."""

    tests: tuple[Comparison, ...]
    conditions: tuple[int, ...]


@dataclass(frozen=True)
class Shard:
    """The rules of one ruleset and the slots they read. It can only match a fact that has
    one of the codes in `opened_by`; None means that any fact may."""

    rules: tuple[Rule, ...]
    slots: tuple[int, ...]
    opened_by: frozenset[tuple[int, int]] | None


@dataclass(frozen=True)
class Layout:
    """Everything that durable_rules is told of some conditions. `codes` is what is said of each
    code of each slot (projection.told_apart); the shards are in groups."""

    slots: tuple[Slot, ...]
    codes: tuple[tuple[int | None, ...], ...]
    groups: tuple[tuple[Shard, ...], ...]
    always: tuple[int, ...]  # conditions that are true of every fact


def lay_out(conditions: Sequence[Node | None]) -> Layout:
    """The layout of `conditions`, by their places in the sequence; None is always true."""
    forms: dict[Form, list[int]] = {}
    for index, condition in enumerate(conditions):
        form = Every() if condition is None else normal(condition)
        forms.setdefault(form, []).append(index)
    slots = _Slots(forms)
    always: list[int] = []
    true_of: dict[tuple[Comparison, ...], list[int]] = {}
    for form, indexes in forms.items():
        choices = slots.choices(form)
        if () in choices:
            always += indexes
            continue
        for tests in choices:
            true_of.setdefault(tests, []).extend(indexes)
    used = sorted({test.slot for tests in true_of for test in tests})
    number = {slot: at for at, slot in enumerate(used)}
    rules = [
        Rule(tuple(test._replace(slot=number[test.slot]) for test in tests), tuple(sorted(indexes)))
        for tests, indexes in true_of.items()
    ]
    made = tuple(slots.made[slot] for slot in used)
    asked: list[set[Comparison]] = [set() for _ in made]
    for rule in rules:
        for test in rule.tests:
            asked[test.slot].add(test)
    codes = tuple(told_apart(slot.size, of) for slot, of in zip(made, asked, strict=True))
    packs = groups(rules, [len({None, *told}) for told in codes])
    return Layout(made, codes, tuple(shards(pack) for pack in packs), tuple(sorted(always)))


class _Slots:
    """Takes conditions apart and gives each fact and each distinct flag a slot."""

    def __init__(self, forms: Iterable[Form]) -> None:
        asked = (question(leaf) for form in forms for leaf in leaves(form))
        self._axes = axes(about for about, _ in filter(None, asked))
        self._slot_of: dict[str | Form, int] = {}
        self._comparisons: dict[tuple[int, int], list[tuple[Comparison, ...]]] = {}
        self.made: list[Slot] = []  # more than are used: what was tried and found too wide

    def choices(self, form: Form) -> list[tuple[Comparison, ...]]:
        """The conjunctions of comparisons of which one is true where `form` is."""
        said = self._said(self._conjunctions(form))
        return self._said([self._flag(form)]) if len(said) > MAX_ALTERNATIVES else said

    def _said(self, conjunctions: Sequence[Conjunction]) -> list[tuple[Comparison, ...]]:
        """The conjunctions as comparisons; more than `MAX_ALTERNATIVES` are not all made."""
        said: dict[tuple[Comparison, ...], None] = {}
        for conjunction in conjunctions:
            parts = [self._compared(slot, conjunction[slot]) for slot in sorted(conjunction)]
            choices = islice(product(*parts), MAX_ALTERNATIVES + 1)
            said |= {tuple(test for tests in choice for test in tests): None for choice in choices}
        return list(said)

    def _compared(self, slot: int, codes: int) -> list[tuple[Comparison, ...]]:
        known = self._comparisons.get((slot, codes))
        if known is None:
            known = alternatives(slot, codes, self.made[slot].size)
            self._comparisons[slot, codes] = known
        return known

    def _conjunctions(self, form: Form) -> list[Conjunction]:
        if isinstance(form, Leaf):
            made = self._leaf(form)
        elif isinstance(form, Every):
            made = self._every(form.items)
        else:
            made = merged(choice for item in form.items for choice in self._conjunctions(item))
        return made if self._fits(made) else [self._flag(form)]

    def _fits(self, conjunctions: Sequence[Conjunction]) -> bool:
        return len(conjunctions) <= MAX_ALTERNATIVES and all(
            len(conjunction) <= MAX_TESTS
            and all(
                len(self._compared(slot, codes)) <= MAX_ALTERNATIVES
                for slot, codes in conjunction.items()
            )
            for conjunction in conjunctions
        )

    def _every(self, items: Sequence[Form]) -> list[Conjunction]:
        """Each choice of one item with each of the others. An item that would make that
        too many is a flag."""
        joined: list[Conjunction] = [{}]
        for item in items:
            choices = self._conjunctions(item)
            if len(joined) * len(choices) > MAX_ALTERNATIVES:
                choices = [self._flag(item)]
            pairs = (both(one, other) for one in joined for other in choices)
            joined = [pair for pair in pairs if pair is not None]
        return joined

    def _leaf(self, leaf: Leaf) -> list[Conjunction]:
        asked = question(leaf)
        if asked is None:
            return [self._flag(leaf)]
        about, wanted = asked
        axis = self._axes[about.name]
        codes = axis.wanted(about) if wanted else below(axis.size) & ~axis.wanted(about)
        return [{self._slot(about.name, axis): codes}] if codes else []

    def _flag(self, form: Form) -> Conjunction:
        return {self._slot(form, Flag(form)): Flag.yes}

    def _slot(self, what: str | Form, slot: Slot) -> int:
        at = self._slot_of.setdefault(what, len(self.made))
        if at == len(self.made):
            self.made.append(slot)
        return at


def both(one: Conjunction, other: Conjunction) -> Conjunction | None:
    """The conjunction of two, or None where no fact can meet both."""
    joined = dict(one)
    for slot, codes in other.items():
        joined[slot] = codes & joined.get(slot, codes)
        if not joined[slot]:
            return None
    return joined


def merged(choices: Iterable[Conjunction]) -> list[Conjunction]:
    """The alternatives, with those that ask of the same single slot made one:
    `x == 1 or x == 2` is one set of codes."""
    alone: dict[int, int] = {}
    others: list[Conjunction] = []
    for choice in choices:
        if len(choice) == 1:
            ((slot, codes),) = choice.items()
            alone[slot] = alone.get(slot, 0) | codes
        elif choice not in others:
            others.append(choice)
    return [{slot: codes} for slot, codes in alone.items()] + others


# --- groups and shards ------------------------------------------------------------------


def groups(rules: Iterable[Rule], told: Sequence[int]) -> list[list[Rule]]:
    """The rules in groups, each put where it fits first. All but the last group tell no more than
    `MAX_FACTS` facts apart, where `told` says how many codes of each slot are."""
    slots: list[set[int]] = [set() for _ in range(MAX_GROUPS)]
    grouped: list[list[Rule]] = [[] for _ in slots]
    for rule in rules:
        asked = {test.slot for test in rule.tests}
        at = 0
        while at < MAX_GROUPS - 1 and prod(told[s] for s in slots[at] | asked) > MAX_FACTS:
            at += 1
        grouped[at].append(rule)
        slots[at] |= asked
    return [group for group in grouped if group]


def shards(rules: Sequence[Rule]) -> tuple[Shard, ...]:
    """The rules packed into as few rulesets as hold them.

    Where one can't hold them all, rules that need the same value of the same fact are put
    together: a fact without that value then needn't be shown to that shard at all, and
    thousands of selective rules (one a product) cost little more than a few.
    """
    common = Counter(test for rule in rules for test in rule.tests)
    ordered = [_shared_first(rule, common) for rule in rules]
    packs = packed(ordered)
    if len(packs) <= 1:
        return tuple(_shard(pack, None) for pack in packs)
    differing = Counter(test.slot for test in common if test.op == "==")
    keyed: list[tuple[Comparison, Rule]] = []
    keyless: list[Rule] = []
    for rule in ordered:
        needed = [test for test in rule.tests if test.op == "=="]
        if needed:
            keyed.append((max(needed, key=lambda test: differing[test.slot]), rule))
        else:
            keyless.append(rule)
    keyed.sort(key=lambda pair: pair[0])
    key_of = {rule: (test.slot, test.code) for test, rule in keyed}
    return (
        *(
            _shard(pack, frozenset(key_of[rule] for rule in pack))
            for pack in packed([rule for _, rule in keyed])
        ),
        *(_shard(pack, None) for pack in packed(keyless)),
    )


def packed(rules: Iterable[Rule]) -> list[list[Rule]]:
    """The rules, in order, in packs that one ruleset can hold."""
    packs: list[list[Rule]] = []
    slots: set[int] = set()
    for rule in rules:
        slots |= {test.slot for test in rule.tests}
        if not packs or len(packs[-1]) == MAX_RULES or len(slots) > MAX_SLOTS:
            packs.append([])
            slots = {test.slot for test in rule.tests}
        packs[-1].append(rule)
    return packs


def _shared_first(rule: Rule, common: Counter[Comparison]) -> Rule:
    """The rule with the test that most rules share first: rules that begin alike share
    that part of the tree, and it is walked once for all of them."""
    return Rule(tuple(sorted(rule.tests, key=lambda test: (-common[test], test))), rule.conditions)


def _shard(rules: Sequence[Rule], opened_by: frozenset[tuple[int, int]] | None) -> Shard:
    slots = sorted({test.slot for rule in rules for test in rule.tests})
    return Shard(tuple(rules), tuple(slots), opened_by)
