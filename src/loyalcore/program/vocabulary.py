"""The open part of the language: effect kinds, functions and scoring strategies, from loyalcore
and plugins.

A vocabulary is gathered once (plugins.py) and handed to the compiler, so that what
compiles and decides needs no plugin manager, and the same vocabulary gives the same
program. Its fingerprint is part of every program's hash.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from loyalcore.effects.kind import AnyEffectKind
from loyalcore.expression import Function
from loyalcore.scoring import AnyStrategyKind


@dataclass(frozen=True)
class Vocabulary:
    """The words that a ruleset may use. `fingerprint` names who provides effects and functions,
    and which version of them: equal fingerprints mean equal words. Strategies have versions of
    their own."""

    effects: Mapping[str, AnyEffectKind]
    functions: Mapping[str, Function]
    fingerprint: str
    strategies: Mapping[str, AnyStrategyKind] = field(default_factory=dict)
