"""Matching by durable_rules, driven as a stateless matcher.

Facts are projected to codes (projection.py), the conditions are laid out as rulesets of
plain conjunctions (layout.py), and the C module behind durable_rules is called directly:
assert one fact, collect the names of the rules that fire, retract the fact. None of its
Host, threads, state, timers or joins are used.

A handle keeps a fact while it is matched, so a matcher belongs to one thread at a time; a
second thread builds its own.
"""

from __future__ import annotations

import importlib
import json
import weakref
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import count
from operator import itemgetter
from typing import Protocol, cast

from loyalcore.expression import Facts, Node
from loyalcore.matching import layout
from loyalcore.matching.projection import Comparison, key_of, piece, projector

MEMO = 20_000  # a match is found anew in a few microseconds: more would hardly be quicker


class Engine(Protocol):
    """The calls of the C module that are used."""

    def create_ruleset(self, name: str, rules: str, /) -> int: ...
    def delete_ruleset(self, handle: int, /) -> None: ...
    def delete_state(self, handle: int, sid: str | None, /) -> None: ...
    def assert_fact(self, handle: int, fact: str, /) -> tuple[int, int]: ...
    def retract_fact(self, handle: int, fact: str, /) -> tuple[int, int]: ...
    def start_action_for_state(self, handle: int, state: int, /) -> tuple[str, str] | None: ...
    def complete_and_start_action(self, handle: int, state: int, /) -> str | None: ...


def available() -> bool:
    """Whether durable_rules can be imported here."""
    return not why_unavailable()


def why_unavailable() -> str:
    """Why durable_rules can't be imported, in its own words; empty where it can."""
    try:
        _engine()
    except ImportError as error:
        return str(error)
    return ""


def _engine() -> Engine:
    return cast(Engine, importlib.import_module("durable_rules_engine"))


class Durable:
    """Conditions compiled to durable_rules. Raises ImportError where it isn't available.

    What a group of rules finds depends on the codes that it asks for alone, so it remembers what
    it found last: all groups together at most `memo` times, 0 for none.
    """

    def __init__(self, conditions: Sequence[Node | None], memo: int = MEMO) -> None:
        engine = _engine()
        laid_out = layout.lay_out(conditions)
        self._always = laid_out.always
        self._project = projector(laid_out.slots, laid_out.codes)
        groups = laid_out.groups
        self._groups = [_Group(engine, shards, memo // len(groups)) for shards in groups]

    def match(self, facts: Facts) -> tuple[int, ...]:
        """The indexes of the conditions that are true of `facts`, ascending."""
        pieces = self._project(facts)
        found = self._always
        for group in self._groups:
            fired = group.match(pieces)
            if fired:
                found = tuple(sorted({*found, *fired})) if found else fired
        return found


class _Group:
    """Rules about the same few facts: what they find, and what they found."""

    def __init__(self, engine: Engine, shards: Sequence[layout.Shard], memo: int) -> None:
        slots = sorted({slot for shard in shards for slot in shard.slots})
        self._pick: Callable[[tuple[str, ...]], Iterable[str]] = itemgetter(*slots)
        self._capacity = memo
        self._memo: dict[Iterable[str], tuple[int, ...]] = {}
        self._opened_by: dict[str, list[_Ruleset]] = {}
        self._rulesets: list[_Ruleset] = []  # those that any fact may match
        for shard in shards:
            ruleset = _Ruleset(engine, shard)
            if shard.opened_by is None:
                self._rulesets.append(ruleset)
            for slot, code in shard.opened_by or ():
                self._opened_by.setdefault(piece(slot, code), []).append(ruleset)

    def match(self, pieces: tuple[str, ...]) -> tuple[int, ...]:
        """The conditions of the rules that fire for a fact of these pieces, ascending."""
        asked = self._pick(pieces)
        fired = self._memo.get(asked)
        if fired is None:
            fired = self._fired(pieces)
            if self._capacity:
                if len(self._memo) >= self._capacity:
                    self._memo.clear()
                self._memo[asked] = fired
        return fired

    def _fired(self, pieces: tuple[str, ...]) -> tuple[int, ...]:
        fired: set[int] = set()
        for ruleset in self._open(pieces) if self._opened_by else self._rulesets:
            fired.update(*ruleset.match(pieces))
        return tuple(sorted(fired))

    def _open(self, pieces: tuple[str, ...]) -> Iterable[_Ruleset]:
        """The rulesets that a fact of these pieces can match."""
        keys = filter(self._opened_by.__contains__, pieces)
        opened = dict.fromkeys(ruleset for key in keys for ruleset in self._opened_by[key])
        return [*opened, *self._rulesets]


class _Ruleset:
    """One ruleset of durable_rules, made when it is first needed."""

    def __init__(self, engine: Engine, shard: layout.Shard) -> None:
        named = {f"{at:02}": rule for at, rule in enumerate(shard.rules)}
        self._conditions = {name: rule.conditions for name, rule in named.items()}
        self._definition = definition({name: rule.tests for name, rule in named.items()})
        self._engine = engine
        self._handle = 0
        self._release: Callable[[], object] = _nothing
        self._pick: Callable[[tuple[str, ...]], Iterable[str]] = itemgetter(*shard.slots)

    def match(self, pieces: tuple[str, ...]) -> list[tuple[int, ...]]:
        """The conditions of each rule that fires for a fact of these pieces."""
        fired: list[tuple[int, ...]] = []
        fact = "".join(self._pick(pieces))
        if not fact:  # each rule asks for some code
            return fired
        engine, handle = self._engine, self._handle or self._create()
        try:
            # Every fact has the same id: there is never a second one beside it, and given
            # an id, durable_rules needn't make one up from all of the fact.
            handled, state = engine.assert_fact(handle, f'{{"id":1{fact}}}')
            if handled == _NOT_HANDLED:  # no rule fires; the fact isn't kept either
                return fired
            if handled:
                raise RuntimeError("a matcher is used by two threads at once")
            action = engine.start_action_for_state(handle, state)
            message = action[1] if action else None
            while message is not None:  # {"07":{"m":{"id":1,...}}}
                fired.append(self._conditions[message[2:4]])
                message = engine.complete_and_start_action(handle, state)
            engine.retract_fact(handle, _RETRACTED)
        except BaseException:
            # Cut short, a match leaves its fact behind and the state locked.
            self.close()
            raise
        return fired

    def close(self) -> None:
        """Free what durable_rules holds; another match makes it anew."""
        self._release()
        self._release, self._handle = _nothing, 0

    def _create(self) -> int:
        engine = self._engine
        handle = engine.create_ruleset(f"loyalcore-{next(_numbers)}", self._definition)
        # The first fact makes the state, and the first action sets the part of it that
        # `delete_state` frees: without one, that part is whatever the memory held.
        _, state = engine.assert_fact(handle, _PRIMER)
        action = engine.start_action_for_state(handle, state)
        if action is None or engine.complete_and_start_action(handle, state) is not None:
            raise RuntimeError("durable_rules does not fire the rule that it was primed with")
        engine.retract_fact(handle, _RETRACTED)
        self._handle = handle
        self._release = weakref.finalize(self, _free, engine, handle)
        return handle


_RETRACTED = '{"id":1}'
_PRIMER = '{"id":1,"go":1}'
_NOT_HANDLED = 1

_numbers = count()


def _nothing() -> None:
    pass


def _free(engine: Engine, handle: int) -> None:
    engine.delete_state(handle, None)
    engine.delete_ruleset(handle)


def definition(rules: Mapping[str, tuple[Comparison, ...]]) -> str:
    """The rules, by name, as durable_rules reads them, and one more that primes it."""
    said: dict[str, object] = {"go": {"go": 1}}
    said |= {name: {"$and": [_comparison(test) for test in tests]} for name, tests in rules.items()}
    return json.dumps({name: {"all": [{"m": asked}]} for name, asked in said.items()})


_OPERATORS = {"!=": "$neq", "<=": "$lte", ">=": "$gte"}


def _comparison(test: Comparison) -> dict[str, object]:
    compared: dict[str, object] = {key_of(test.slot): test.code}
    return compared if test.op == "==" else {_OPERATORS[test.op]: compared}
