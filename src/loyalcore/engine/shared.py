"""What all customers share: budgets, stock, and codes that anyone may present.

A step only reads it, and says in its outcome what it drew. Who runs steps keeps count, in
the order of the run (S3, S14), and shows each step the sum of all draws before it.
"""

from __future__ import annotations

from collections.abc import Mapping
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
