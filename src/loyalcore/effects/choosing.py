"""Choosers: plugins that choose among candidate messages. Pure, as effects are."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from loyalcore.values import Value


@dataclass(frozen=True)
class Candidates:
    """What there is to choose from: names of messages in the order written, for the customer
    of this id. `values` are what the author tells the chooser: by name, typed as in
    expressions (money in minor units, times in microseconds), None where missing."""

    names: tuple[str, ...]
    customer: str
    values: Mapping[str, Value | None]


@dataclass(frozen=True)
class Chooser:
    """A way to choose, as a plugin registers it.

    `name` is what `by` names, `about` a line for people. `choose` returns one of the names, or
    None to send none. It may change nothing: the same candidates give the same choice.
    """

    name: str
    about: str
    choose: Callable[[Candidates], str | None]
