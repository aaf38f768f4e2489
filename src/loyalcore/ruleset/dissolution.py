"""Dissolution: how a relationship is ended, step by step, openly, and never without a person."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from loyalcore.calendars import PERIODS
from loyalcore.ruleset.journeys import Effects
from loyalcore.ruleset.triggers import TriggerSpec
from loyalcore.ruleset.words import (
    DurationText,
    EventTypes,
    Formula,
    Label,
    Labels,
    Section,
    Word,
    on_event,
    readable,
)
from loyalcore.values import ValueInvalid

PHASES = ("announced", "notice", "redemption", "settlement", "closed")
"""In the order in which they come."""
STATES = ("improving", "proposed", "approved", *PHASES)
"""All that a customer may be in, on the way there too."""
TOLD = ("reason", "periods", "tried")
"""What is told with every proposal, beside the evidence that a ruleset names."""

_PERIODS = re.compile(r"(\d{1,3})\s+([a-z]+?)s?", re.ASCII)


def read_periods(text: str) -> tuple[int, str]:
    """`3 quarters`: how many, and which period of the calendar. Raises ValueInvalid."""
    match = _PERIODS.fullmatch(text.strip())
    if match is None or not int(match[1]) or match[2] not in PERIODS:
        raise ValueInvalid("expected periods of the calendar, such as 3 quarters or 1 year")
    return int(match[1]), match[2]


class QuietSpec(Section):
    """A silence: no such event for so long."""

    event: EventTypes = Field(description="the event that does not come, or a list of them")
    for_: DurationText = Field(alias="for", description="for how long")


class ReasonSpec(Section):
    """A way into it: a figure over so many periods (`when` and `for`), a silence (`silent`), or
    an event (`on`, which is all that a text says)."""

    when: Formula | None = Field(
        None, description="a condition on the customer; with `on`, at such an event"
    )
    for_: Annotated[str, readable(read_periods)] | None = Field(
        None,
        alias="for",
        description="for how many periods of the calendar one after another: 3 quarters. Each is "
        "judged as it ends, by its own figures",
    )
    silent: QuietSpec | None = Field(None, description="{event: meeting, for: 12 months}")
    on: EventTypes = Field((), description="the event that is the reason, or a list of them")

    @model_validator(mode="after")
    def _one_way(self) -> ReasonSpec:
        by_period = self.for_ is not None
        if [by_period, self.silent is not None, bool(self.on)].count(True) != 1:
            reason = "a reason is one of {when, for: 3 quarters}, {silent: ...} and {on: EVENT}"
        elif by_period and self.when is None:
            reason = "say what holds for so long: when"
        elif self.silent is not None and self.when is not None:
            reason = "a silence has no `when`; say for whom it is with `who`"
        else:
            return self
        raise PydanticCustomError("bad-dissolution", "{reason}", {"reason": reason})


class ImproveSpec(Section):
    """What is tried before anybody is asked to approve."""

    do: Effects = Field((), description="the effects with which it begins: {task: talk-terms}")
    within: DurationText = Field(description="how long there is")
    improved: Formula | None = Field(
        None,
        description="what must hold for it to have helped: looked at when the time is over and, "
        "of a reason that goes by periods, as each of them ends",
    )
    skip: Labels = Field((), description="the reasons for which nothing is tried")
    cost: Formula | None = Field(None, description="what it costs the business, in money")


class PhaseSpec(Section):
    """A phase: what is done as it begins, and how long it is."""

    do: Effects = Field((), description="the effects with which it begins: {send: we-part}")
    lasts: DurationText | None = Field(
        None, description="how long it is; without it, the next one follows at once"
    )
    accrual: Literal["stops"] | None = Field(
        None, description="stops: from this phase on nothing is earned; without it, from redemption"
    )
    cost: Formula | None = Field(None, description="what it costs the business, in money")


class PhasesSpec(Section):
    """The phases, in this order. Those that are left out are passed over, but for settlement and
    closed, which always come."""

    announced: PhaseSpec | None = Field(None, description="it is said")
    notice: PhaseSpec | None = Field(None, description="all goes on for a while")
    redemption: PhaseSpec | None = Field(None, description="what is there can be used up")
    settlement: PhaseSpec = Field(
        default_factory=PhaseSpec, description="what is left then is settled, wallet by wallet"
    )
    closed: PhaseSpec = Field(default_factory=PhaseSpec, description="it is over")

    @model_validator(mode="before")
    @classmethod
    def _empty(cls, raw: object) -> object:
        """`notice:` alone is a phase that does nothing."""
        if not isinstance(raw, Mapping):
            return raw
        return {name: {} if phase is None else phase for name, phase in raw.items()}

    @model_validator(mode="after")
    def _sound(self) -> PhasesSpec:
        stops = [name for name in PHASES if (it := getattr(self, name)) and it.accrual]
        if self.closed.lasts is not None:
            reason = "what is closed has no length; cool_off says how long nobody asks again"
        elif len(stops) > 1:
            reason = f"accrual stops once: in {stops[0]} already"
        elif stops == ["closed"]:
            reason = "accrual stops before what is left is settled"
        else:
            return self
        raise PydanticCustomError("bad-dissolution", "{reason}", {"reason": reason})


class ConvertSpec(Section):
    """Points of another wallet in place of these."""

    to: Word = Field(description="the wallet")
    rate: Formula = Field("1", description="how many for one: a number, rounded down in the end")


class FarewellSpec(Section):
    """A voucher in place of all points that are left."""

    name: Label = Field(description="the voucher")
    at_least: int = Field(
        1, description="for so many points; fewer expire instead", ge=1, strict=True
    )

    @model_validator(mode="before")
    @classmethod
    def _widen(cls, raw: object) -> object:
        return {"name": raw} if isinstance(raw, str) else raw


def _settled(raw: object) -> object:
    match raw:
        case "expire":
            return {"expire": True}
        case "pay out":
            return {"pay_out": "price"}
        case str():
            raise PydanticCustomError(
                "bad-dissolution",
                "expected expire, pay out, {pay_out: 0.01}, {convert: {to: beans}} or {voucher: v}",
            )
    return raw


class SettleSpec(Section):
    """What becomes of the points of a wallet: exactly one of these. `expire` and `pay out` (at
    the price of the wallet) may stand alone."""

    expire: bool = Field(False, description="they expire", strict=True)
    pay_out: Formula | None = Field(None, description="so much money for each point: 0.01")
    convert: ConvertSpec | None = Field(None, description="points of another wallet instead")
    voucher: FarewellSpec | None = Field(None, description="a voucher instead")

    @model_validator(mode="before")
    @classmethod
    def _widen(cls, raw: object) -> object:
        return _settled(raw)

    @model_validator(mode="after")
    def _one_way(self) -> SettleSpec:
        ways = [self.expire, *(w is not None for w in (self.pay_out, self.convert, self.voucher))]
        if ways.count(True) != 1:
            raise PydanticCustomError(
                "bad-dissolution", "exactly one of expire, pay_out, convert and voucher"
            )
        return self


class DebtSpec(Section):
    """What becomes of points that the customer owes: `waive`, or `invoice` (at the price of the
    wallet), or so much money for each: {invoice: 0.01}."""

    invoice: Formula | None = Field(None, description="so much money for each point; none: waived")

    @model_validator(mode="before")
    @classmethod
    def _widen(cls, raw: object) -> object:
        match raw:
            case "waive":
                return {}
            case "invoice":
                return {"invoice": "price"}
            case str():
                raise PydanticCustomError(
                    "bad-dissolution", "expected waive, invoice or {invoice: 0.01}"
                )
        return raw


class WithdrawSpec(Section):
    """What ends it before it is closed, as if it had never been asked for."""

    on: EventTypes = Field((), description="the events that do")
    do: Effects = Field((), description="what is done then: {send: we-go-on}")
    cost: Formula | None = Field(None, description="what it costs the business, in money")


class RestoresSpec(Section):
    """What comes back as a relationship is taken up again."""

    tier: bool = Field(False, description="the levels that the customer had", strict=True)
    stage: Label | None = Field(None, description="the stage that they enter")
    points: bool = Field(
        False, description="the points that expired as it was settled", strict=True
    )


class ReopenSpec(Section):
    """How a relationship that is closed is taken up again."""

    on: EventTypes = Field(description="the event that does, or a list of them")
    when: Formula | None = Field(None, description="only such an event")
    after: DurationText | None = Field(None, description="not before so long after it was closed")
    restores: RestoresSpec = Field(
        default_factory=RestoresSpec, description="what comes back: {tier: true, stage: client}"
    )
    do: Effects = Field((), description="what is done then: {send: welcome-back}")
    cost: Formula | None = Field(None, description="what it costs the business, in money")


class DissolutionSpec(Section):
    """Ending a relationship well: for what reasons, what is tried first, who must approve, in
    which phases, and what becomes of everything that is left.

    Nothing but a granted approval begins the phases. A customer is in one dissolution at a time.
    As the first phase begins, journeys and offers end and no promotional message is sent any more;
    as it is closed, tier levels end. `dissolution.NAME.phase`, `.reason`, `.since` and `.until` of
    the phase, `.earn_until` and `.redeem_until` are known in every expression.
    """

    who: Formula | None = Field(None, description="whom it is about: a condition on the customer")
    never: Formula | None = Field(
        None, description="while this holds it is not proposed, and one that runs is held"
    )
    reasons: dict[Word, Annotated[ReasonSpec, BeforeValidator(on_event)]] = Field(
        description="the ways into it, by name", min_length=1
    )
    improve: ImproveSpec | None = Field(None, description="what is tried first")
    approval: Label = Field(description="the approval, of `approvals`, that it takes")
    evidence: dict[Word, Formula] = Field(
        default_factory=dict, description="figures shown with the proposal: {margin: margin_year}"
    )
    phases: PhasesSpec = Field(default_factory=PhasesSpec, description="what happens when")
    pending: Literal["activate", "lapse"] = Field(
        "activate", description="what becomes of pending points as accrual stops"
    )
    settle: dict[Word, SettleSpec] = Field(
        default_factory=dict,
        description="what becomes of what is left, by wallet: {beans: {pay_out: 0.01}}",
    )
    debts: dict[Word, DebtSpec] = Field(
        default_factory=dict, description="what becomes of what is owed; without it, waived"
    )
    stage: Label | None = Field(None, description="the stage that is entered as it is closed")
    pause: Formula | None = Field(
        None, description="while this holds one that runs is held: its lengths go on afterwards"
    )
    withdraw: Annotated[WithdrawSpec, BeforeValidator(on_event)] = Field(
        default_factory=WithdrawSpec, description="the events that end it before it is closed"
    )
    reopen: Annotated[ReopenSpec | None, BeforeValidator(on_event)] = Field(
        None, description="how it is taken up again; without it, only operators can"
    )
    cool_off: DurationText | None = Field(
        None, description="how long after its end nothing is tried or proposed again"
    )
    about: str = Field("", description="why this exists, for people")

    @model_validator(mode="after")
    def _sound(self) -> DissolutionSpec:
        taken = next((name for name in self.evidence if name in TOLD), "")
        skipped = () if self.improve is None else self.improve.skip
        unknown = next((name for name in skipped if name not in self.reasons), "")
        both = {*self.withdraw.on} & {e for reason in self.reasons.values() for e in reason.on}
        if taken:
            message = f"'{taken}' is told with every proposal; give the figure another name"
        elif unknown:
            message = f"there is no reason '{unknown}' to skip; reasons: {', '.join(self.reasons)}"
        elif both:
            message = f"'{min(both)}' is a reason for it and withdraws it too"
        else:
            return self
        raise PydanticCustomError("bad-dissolution", "{reason}", {"reason": message})


def quiet_triggers(
    dissolutions: Mapping[str, DissolutionSpec],
) -> dict[tuple[str, str], TriggerSpec]:
    """The triggers that bring about the reasons which are silences, by dissolution and reason."""
    return {
        (name, reason): TriggerSpec.model_validate(
            {"silence": spec.silent.event, "for": spec.silent.for_}
        )
        for name, whole in dissolutions.items()
        for reason, spec in whole.reasons.items()
        if spec.silent is not None
    }
