"""Dissolutions compiled: the reasons, what is tried, the phases, and how all is settled."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction

from msgspec import Struct

from loyalcore.calendars import Duration
from loyalcore.effects.kind import Facts
from loyalcore.program.selecting.rule_plan import RulePlan
from loyalcore.values import Value

Condition = Callable[[Facts], bool]
Plain = Callable[[Facts], object]
Writers = tuple[tuple[str, Callable[[Value], object] | None], ...]


class ReasonPlan(Struct, frozen=True):
    """A way into it: at events, each with a condition on it (None: any such event is it), or as
    `when` has held for `periods` of the calendar's `period` one after another. `figures` are what
    that rests on; `text` is the condition, or the length, as written."""

    name: str
    text: str
    on: Mapping[str, Condition | None]
    when: Condition | None = None
    periods: int = 0
    period: str = ""
    figures: Writers = ()


class ImprovePlan(Struct, frozen=True):
    """What is tried first, `within` which time; whether it has `improved`; for which reasons
    nothing is tried (`skip`)."""

    rule: RulePlan
    within: Duration
    improved: Condition | None
    skip: tuple[str, ...]


class PhasePlan(Struct, frozen=True):
    """A phase: what is done as it begins, and how long it `lasts` (None: no time at all)."""

    name: str
    rule: RulePlan
    lasts: Duration | None


class Settling(Struct, frozen=True):
    """What becomes of the points of a wallet: "expired", "paid out" (`rate` minor units for
    each), "converted" (into the wallet `to`, `rate` for each), or "voucher" (`to`, for `at_least`
    points). What is owed is invoiced at so many minor units, or waived (None)."""

    how: str = "expired"
    rate: Fraction = Fraction(0)
    to: str = ""
    at_least: int = 1
    invoice: Fraction | None = None


class ReopenPlan(Struct, frozen=True):
    """How it is taken up again: at which events, so long `after` it was closed, and what comes
    back."""

    on: Mapping[str, Condition | None]
    rule: RulePlan
    after: Duration | None
    tier: bool
    stage: str
    points: bool


class DissolutionPlan(Struct, frozen=True):
    """How a relationship is ended. `phases` are those that come, in order; accrual stops with
    the phase `stops`, and pending points lapse then, or turn active (`lapses`)."""

    name: str
    who: Condition | None
    who_text: str
    never: Condition | None
    never_text: str
    pause: Condition | None
    pause_text: str
    reasons: tuple[ReasonPlan, ...]
    improve: ImprovePlan | None
    approval: str
    evidence: Mapping[str, Plain]
    phases: tuple[PhasePlan, ...]
    stops: str
    lapses: bool
    settling: Mapping[str, Settling]
    stage: str
    withdraw: frozenset[str]
    withdrawn: RulePlan
    reopen: ReopenPlan | None
    cool_off: Duration | None

    @property
    def place(self) -> str:
        """Where the ruleset declares it, as its decisions are named."""
        return f"dissolution.{self.name}"

    @property
    def events(self) -> frozenset[str]:
        """The types of events that it is on."""
        of_reasons = (event for reason in self.reasons for event in reason.on)
        reopening = () if self.reopen is None else self.reopen.on
        return frozenset((*of_reasons, *self.withdraw, *reopening))

    @property
    def periods(self) -> frozenset[str]:
        """The periods of the calendar that its reasons go by."""
        return frozenset(reason.period for reason in self.reasons if reason.period)

    @property
    def holds(self) -> bool:
        """Whether figures may hold it, which time may change."""
        return self.never is not None or self.pause is not None

    def phase(self, name: str) -> PhasePlan | None:
        """The phase of this name, where it has one."""
        return next((phase for phase in self.phases if phase.name == name), None)
