"""The open part of the language: effect kinds, functions and scoring strategies, from loyalcore
and plugins.

A vocabulary is gathered once (plugins/) and handed to the compiler, so that what compiles and
decides needs no plugin manager, and the same vocabulary gives the same program. Which plugin
brings a word that a program uses, and in which version, is part of the program's hash.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, TypeVar

from loyalcore.effects.choosing import Chooser
from loyalcore.effects.kind import AnyEffectKind
from loyalcore.expression import Function
from loyalcore.program.figures.metric_kind import MetricKind
from loyalcore.scoring import AnyStrategyKind

if TYPE_CHECKING:
    from loyalcore.program.extending.acting import Preparer, Reviewer

T = TypeVar("T")


@dataclass(frozen=True)
class Vocabulary:
    """The words that a ruleset may use. `fingerprint` names loyalcore's own version of them.

    `origins` has for each effect or function of a plugin, by section and word, the plugin and its
    version ("stamps=2.5"); scoring strategies have versions of their own. `absent` has why a
    plugin could not be loaded, by its name.
    """

    effects: Mapping[str, AnyEffectKind]
    functions: Mapping[str, Function]
    fingerprint: str
    strategies: Mapping[str, AnyStrategyKind] = field(default_factory=dict)
    metrics: Mapping[str, MetricKind] = field(default_factory=dict)
    preparers: Mapping[str, Preparer] = field(default_factory=dict)
    reviewers: Mapping[str, Reviewer] = field(default_factory=dict)
    choosers: Mapping[str, Chooser] = field(default_factory=dict)
    origins: Mapping[tuple[str, str], str] = field(default_factory=dict)
    absent: Mapping[str, str] = field(default_factory=dict)

    def heard(self, used: set[tuple[str, str]]) -> Vocabulary:
        """The same words; whichever is looked up is noted in `used`."""
        return replace(
            self,
            effects=Heard("effects", self.effects, used),
            functions=Heard("functions", self.functions, used),
            metrics=Heard("metrics", self.metrics, used),
            preparers=Heard("preparers", self.preparers, used),
            reviewers=Heard("reviewers", self.reviewers, used),
            choosers=Heard("choosers", self.choosers, used),
        )

    def owner(self, section: str, word: str) -> str:
        """The plugin that brings a word."""
        return self.origins.get((section, word), self.fingerprint).partition("=")[0]

    def fingerprint_of(self, used: Iterable[tuple[str, str]]) -> str:
        """Names who provides the words `used`, and which version of them: equal fingerprints
        mean equal words."""
        return " ".join([self.fingerprint, *self.providers(used)])

    def providers(self, used: Iterable[tuple[str, str]]) -> list[str]:
        """The plugins, with their versions, that provide the words `used`."""
        return sorted({self.origins[word] for word in used if word in self.origins})


class Heard(Mapping[str, T]):
    """Words that remember which of them were looked up."""

    def __init__(self, section: str, words: Mapping[str, T], used: set[tuple[str, str]]) -> None:
        self._section = section
        self._words = words
        self._used = used

    def __getitem__(self, word: str) -> T:
        found = self._words[word]
        self._used.add((self._section, word))
        return found

    def __contains__(self, word: object) -> bool:
        return word in self._words

    def __iter__(self) -> Iterator[str]:
        return iter(self._words)

    def __len__(self) -> int:
        return len(self._words)
