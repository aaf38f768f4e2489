"""An effect kind: what a word under `then` means.

A kind is registered by name through the plugin hook. Its `model` is the pydantic model of
what the author writes below the word; `plan` checks that against the program once, when
it is compiled, and returns the pure function that runs at each firing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

from pydantic import BaseModel

from loyalcore.effects.changes import Change, Send, Skipped
from loyalcore.effects.choosing import Candidates
from loyalcore.ruleset.points import WalletSpec
from loyalcore.ruleset.tiers import TierSpec
from loyalcore.values import Type, Value

Facts = Mapping[str, Value | None]
Formula = Callable[[Facts], Value | None]
Run = Callable[[Facts], Iterable[Change]]
Choose = Callable[[Candidates], str | None]

Spec = TypeVar("Spec", bound=BaseModel)


class Planner(Protocol):
    """What a kind may ask of the program while it is compiled.

    `at` names the place inside what the author wrote below the word, so that a Problem
    points to it. A method that finds a mistake reports it and returns None; planning goes
    on, so that all mistakes are found at once.
    """

    def formula(self, text: str, wants: tuple[Type, ...], *at: str | int) -> Formula | None:
        """The compiled expression `text`, whose value has one of the types in `wants`."""

    def writer(self, text: str, want: Type, *at: str | int) -> Callable[[Facts], object] | None:
        """Like `formula`, giving the plain JSON form of the value."""

    def shown(self, text: str, *at: str | int) -> Callable[[Facts], object] | None:
        """Like `writer`, of an expression of any type."""

    def template(self, message: str, *at: str | int) -> MessagePlan | None:
        """The message of this name: its channel, and the values that its text names."""

    def chooser(self, name: str, *at: str | int) -> Choose | None:
        """How the chooser of this name chooses: one of the candidates, or None."""

    def issues(self, name: str) -> None:
        """Note that a benefit or voucher of this name is issued, so that it may have a cost."""

    def points(
        self, wallet: str, text: str, *at: str | int
    ) -> Callable[[Facts], int | None] | None:
        """A formula for points of `wallet`, rounded as the wallet declares."""

    def wallet(self, name: str, *at: str | int) -> WalletSpec | None:
        """What the wallet of this name declares."""

    def offer(self, name: str, *at: str | int, revoked: bool = False) -> Mapping[str, Type] | None:
        """The fields of an offer that the effect opens or, where `revoked`, takes back."""

    def ladder(self, name: str, *at: str | int) -> TierSpec | None:
        """What the tier ladder of this name declares."""

    def task(self, name: str, *at: str | int) -> bool:
        """Whether there is a task of this name."""

    def approval(self, name: str, *at: str | int) -> bool:
        """Whether there is an approval of this name."""

    def attribute(self, name: str, *at: str | int) -> Type | None:
        """The type of a customer attribute."""

    def event(self, name: str, *at: str | int) -> Mapping[str, Type] | None:
        """The fields of an event type."""

    def problem(self, code: str, message: str, *at: str | int, hint: str = "") -> None:
        """Report a mistake of the kind's own."""


@dataclass(frozen=True)
class MessagePlan:
    """A message as the step needs it, by the `channel` that it goes by ("": one is to be
    chosen): `values` gives what the template names. While one of the facts that `pauses` names
    holds, it is not sent; each with the words that tell it."""

    name: str
    channel: str
    values: Callable[[Facts], Mapping[str, object]]
    purpose: str = "service"
    pauses: tuple[tuple[str, str], ...] = ()

    def send(self, facts: Facts) -> Change:
        """The message to the customer of these facts; or why it is not sent."""
        for fact, why in self.pauses:
            if facts[fact] is True:
                return Skipped("send", f"{self.name}: paused: {why}")
        return Send(self.name, self.channel, self.values(facts), self.purpose)


@dataclass(frozen=True)
class EffectKind(Generic[Spec]):
    """A word under `then`.

    `name` is the word; `model` the shape of what stands below it; `plan(spec, planner)`
    returns what to do at each firing, or None where it reported a Problem. What it
    returns must be pure: the same facts give the same changes.
    """

    name: str
    model: type[Spec]
    plan: Callable[[Spec, Planner], Run | None]


AnyEffectKind = EffectKind[Any]
