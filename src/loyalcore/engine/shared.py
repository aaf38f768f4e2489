"""What all customers share: budgets, stock, and codes that anyone may present.

A step only reads it, and says in its outcome what it drew. Who runs steps keeps count, in
the order of the run (S3, S14), and shows each step the sum of all draws before it: `Tally`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Protocol


class Shared(Protocol):
    """What a step may ask."""

    def drawn(self, key: str) -> int:
        """How much was drawn under `key` by all steps before this one."""

    def offer_of(self, code: str) -> str | None:
        """The offer that a code of a batch belongs to; None for any other code."""


@dataclass(frozen=True)
class Pool:
    """All of it at hand: for rule tests, and where nothing is shared."""

    draws: Mapping[str, int] = field(default_factory=dict)
    codes: Mapping[str, str] = field(default_factory=dict)

    def drawn(self, key: str) -> int:
        return self.draws.get(key, 0)

    def offer_of(self, code: str) -> str | None:
        return self.codes.get(code)


NOTHING = Pool()


class Tally:
    """What is shared, as step after step draws on it. `before` is as it was at first, and
    is asked once for each key that is looked at."""

    def __init__(self, before: Shared = NOTHING) -> None:
        self._before = before
        self._drawn: dict[str, int] = {}

    def drawn(self, key: str) -> int:
        if key not in self._drawn:
            self._drawn[key] = self._before.drawn(key)
        return self._drawn[key]

    def offer_of(self, code: str) -> str | None:
        return self._before.offer_of(code)

    def add(self, draws: Iterable[tuple[str, int]]) -> None:
        """Count what a step drew."""
        for key, amount in draws:
            self._drawn[key] = self.drawn(key) + amount

    def forget(self, most: int) -> None:
        """Keep no more than so many keys at hand: `before` has counted all draws by now."""
        if len(self._drawn) > most:
            self._drawn.clear()
