"""Which conditions are true of some facts: by durable_rules, or in plain Python.

The two matchers agree on every input (a property test holds them to it); `durable` is
the faster on most programs, `compiled` runs everywhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, Protocol

from loyalcore.expression import Facts, Node
from loyalcore.matching.compiled import Compiled
from loyalcore.matching.durable import MEMO, Durable, available, why_unavailable

__all__ = ["Matcher", "MatcherName", "available", "build", "default_matcher", "why_unavailable"]

MatcherName = Literal["durable", "compiled"]


class Matcher(Protocol):
    """Conditions made ready. A matcher is used by one thread at a time."""

    def match(self, facts: Facts) -> tuple[int, ...]:
        """The indexes of the conditions that are definitely true of `facts`, ascending.

        `facts` has a key for every name that a condition reads; None is a missing value.
        """
        ...


def default_matcher() -> MatcherName:
    """durable wherever durable_rules can be imported, else compiled."""
    return "durable" if available() else "compiled"


def build(conditions: Sequence[Node | None], matcher: MatcherName, *, memo: int = MEMO) -> Matcher:
    """A matcher of `conditions`; None is a condition that is always true.

    `memo` bounds how many matches durable remembers (0 for none). Raises ImportError for
    durable where durable_rules can't be imported.
    """
    return Durable(conditions, memo) if matcher == "durable" else Compiled(conditions)
