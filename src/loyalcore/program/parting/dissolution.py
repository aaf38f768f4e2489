"""Dissolutions: from what the author declares to the reasons, the phases and how all is settled.

`quiet_reasons` gives those that are silences the trigger that brings them about, before anything
is declared; `declare_dissolutions` the facts; `plan_dissolutions` comes when metrics, segments,
offers and triggers are known.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from fractions import Fraction
from typing import Any

from loyalcore.calendars import read_duration, read_length
from loyalcore.effects.kind import Facts, Run
from loyalcore.errors import did_you_mean
from loyalcore.expression import Node, compile_true
from loyalcore.program.builtin_events import DUE
from loyalcore.program.names import Names, Pause, Standing
from loyalcore.program.offering.reach import known_event, reads_of
from loyalcore.program.parting.dissolution_plan import (
    Condition,
    DissolutionPlan,
    ImprovePlan,
    PhasePlan,
    ReasonPlan,
    ReopenPlan,
    Settling,
)
from loyalcore.program.planner import RulePlanner
from loyalcore.program.points.costs import read_price
from loyalcore.program.report import Place, Report
from loyalcore.program.selecting.rule_plan import RulePlan
from loyalcore.program.selecting.rules import plan_effects
from loyalcore.program.selecting.selection import plan_selected
from loyalcore.program.timing.watching import Watching
from loyalcore.ruleset.dissolution import (
    PHASES,
    STATES,
    DissolutionSpec,
    PhaseSpec,
    ReasonSpec,
    SettleSpec,
    quiet_triggers,
    read_periods,
)
from loyalcore.ruleset.model import Ruleset
from loyalcore.ruleset.selection import Selected
from loyalcore.values import FLAG, TEXT, TIME, Type, Value

_PRICE = "price"  # at that of the wallet
_PHASE = Type("text", STATES)


def quiet_reasons(ruleset: Ruleset, report: Report) -> Ruleset:
    """The ruleset with a trigger, and so an event, for each reason that is a silence:
    `dissolution.partners.drifted`."""
    implied = {}
    for (name, reason), trigger in quiet_triggers(ruleset.dissolution).items():
        event, place = f"dissolution.{name}.{reason}", ("dissolution", name, "reasons", reason)
        report.stands(("triggers", event, "silence"), (*place, "silent", "event"))
        report.stands(("triggers", event), (*place, "silent"))
        implied[event] = trigger
    if not implied:
        return ruleset
    return ruleset.model_copy(update={"triggers": {**ruleset.triggers, **implied}})


def declare_dissolutions(ruleset: Ruleset, names: Names) -> None:
    """Declare where a customer is in each: dissolution.partners.phase, and when it goes on. What
    they are not in is missing."""

    def reader(name: str, read: Callable[[Any], Value | None]) -> Callable[[Any], Value | None]:
        def found(life: Any) -> Value | None:
            one = life.dissolution
            return read(one) if one is not None and one.name == name else None

        return found

    for name in ruleset.dissolution:
        for what, type_, read in (
            ("phase", _PHASE, lambda one: one.phase),
            ("reason", TEXT, lambda one: one.reason),
            ("since", TIME, lambda one: one.came),
            ("until", TIME, lambda one: None if one.held else one.due),
            ("earn_until", TIME, lambda one: one.earn_until),
            ("redeem_until", TIME, lambda one: one.redeem_until),
        ):
            names.standings[f"dissolution.{name}.{what}"] = Standing(type_, reader(name, read))
        names.pauses.append(_pause(name))


def _pause(name: str) -> Pause:
    """From the first phase on nothing is promoted."""
    phase = f"dissolution.{name}.phase"

    def holds(facts: Facts) -> Value | None:
        return facts[phase] in PHASES

    return Pause(f"dissolution.{name}.pause", f"dissolution.{name}", holds, frozenset((phase,)))


def plan_dissolutions(watching: Watching) -> tuple[DissolutionPlan, ...]:
    """Every dissolution that is sound, in the order written; the others are reported."""
    planned = (
        _Planner(name, spec, watching).plan() for name, spec in watching.ruleset.dissolution.items()
    )
    return tuple(one for one in planned if one is not None)


class _Planner:
    """Plans one dissolution. The names that it reads are put into `watching`."""

    def __init__(self, name: str, spec: DissolutionSpec, watching: Watching) -> None:
        self._name = name
        self._spec = spec
        self._watching = watching
        self._ruleset = watching.ruleset
        self._report = watching.report
        self._place: Place = ("dissolution", name)

    def plan(self) -> DissolutionPlan | None:
        spec = self._spec
        self._planner().below(self._place).approval(spec.approval, "approval")
        reasons = tuple(self._reasons())
        settling = self._settling()
        self._stage(spec.stage, (*self._place, "stage"))
        for place, event in enumerate(spec.withdraw.on):
            self._known(event, (*self._place, "withdraw", "on", place))
        planned = DissolutionPlan(
            name=self._name,
            who=self._watched(spec.who, "who"),
            who_text=spec.who or "",
            never=self._watched(spec.never, "never"),
            never_text=spec.never or "",
            pause=self._watched(spec.pause, "pause"),
            pause_text=spec.pause or "",
            reasons=reasons,
            improve=self._improve(),
            approval=spec.approval,
            evidence=self._evidence(),
            phases=tuple(self._phases()),
            stops=self._stops(),
            lapses=spec.pending == "lapse",
            settling=settling,
            stage=spec.stage or "",
            withdraw=frozenset(spec.withdraw.on),
            withdrawn=self._acting(spec.withdraw.do, spec.withdraw.cost, "withdraw"),
            reopen=self._reopen(),
            cool_off=read_length(spec.cool_off),
        )
        return None if self._report.broken else planned

    # --- reasons ------------------------------------------------------------------------------

    def _reasons(self) -> Iterator[ReasonPlan]:
        for name, spec in self._spec.reasons.items():
            place: Place = (*self._place, "reasons", name)
            if spec.for_ is not None:
                yield self._by_periods(name, spec, place)
            elif spec.silent is not None:
                event = f"dissolution.{self._name}.{name}"
                yield ReasonPlan(name, f"silent for {spec.silent.for_}", {event: None})
            else:
                on = {
                    event: self._at(event, spec.when, (*place, "when"))
                    for number, event in enumerate(spec.on)
                    if self._known(event, (*place, "on", number))
                }
                yield ReasonPlan(name, f"on {', '.join(spec.on)}", on)

    def _by_periods(self, name: str, spec: ReasonSpec, place: Place) -> ReasonPlan:
        planner = self._watching.planner()
        node = self._watching.checked(planner, spec.when or "", (FLAG,), (*place, "when"))
        periods, period = read_periods(spec.for_ or "")
        when = None if node is None else compile_true(node)
        text = f"{spec.when} for {spec.for_}"
        return ReasonPlan(name, text, {}, when, periods, period, reads_of(planner))

    def _known(self, event: str, place: Place) -> bool:
        if event == DUE:
            message = f"a dissolution is not on '{DUE}', which is everything that time brings"
            hint = "name a trigger instead"
            self._report.problem("bad-dissolution", message, place, hint=hint)
            return False
        return known_event(event, self._watching.names, place, self._report)

    def _at(self, event: str, text: str | None, place: Place) -> Condition | None:
        """A condition on an event: what a rule on it may ask."""
        if text is None:
            return None
        watching = self._watching
        planner = watching.planner_in(watching.names.of_rule(event))
        node = planner.checked(text, (FLAG,), place)
        watching.read[event] |= planner.read
        return _true(node)

    def _watched(self, text: str | None, key: str, *at: str) -> Condition | None:
        if text is None:
            return None
        place = (*self._place, key, *at)
        return _true(self._watching.checked(self._watching.planner(), text, (FLAG,), place))

    # --- what is done -------------------------------------------------------------------------

    def _planner(self) -> RulePlanner:
        """For what is done, whatever brought it about."""
        known = {
            name: type_
            for name, type_ in self._watching.names.of_rule(DUE).items()
            if not name.startswith("event.")
        }
        return self._watching.planner_in(known)

    def _acting(
        self, written: tuple[dict[str, object], ...], cost: str | None, *at: str
    ) -> RulePlan:
        place: Place = (*self._place, *at)
        planner = self._planner()
        effects: tuple[Run, ...] = plan_effects(written, (*place, "do"), planner)
        selected = Selected.model_construct(cost=cost if written else None)
        rule = plan_selected(f"dissolution.{self._name}", selected, place, planner, effects)
        self._watching.read[DUE] |= planner.read
        return rule

    def _improve(self) -> ImprovePlan | None:
        spec = self._spec.improve
        if spec is None:
            return None
        rule = self._acting(spec.do, spec.cost, "improve")
        improved = self._watched(spec.improved, "improve", "improved")
        return ImprovePlan(rule, read_duration(spec.within), improved, spec.skip)

    def _evidence(self) -> dict[str, Callable[[Any], object]]:
        planner = self._planner().below((*self._place, "evidence"))
        found = {name: planner.shown(text, name) for name, text in self._spec.evidence.items()}
        self._watching.read[DUE] |= planner.read
        return {name: write for name, write in found.items() if write is not None}

    def _phases(self) -> Iterator[PhasePlan]:
        for name in PHASES:
            spec: PhaseSpec | None = getattr(self._spec.phases, name)
            if spec is None:
                continue
            self._no_promotion(spec.do, (*self._place, "phases", name, "do"))
            rule = self._acting(spec.do, spec.cost, "phases", name)
            yield PhasePlan(name, rule, read_length(spec.lasts))

    def _no_promotion(self, written: Iterable[Mapping[str, object]], place: Place) -> None:
        for position, effect in enumerate(written):
            message = effect.get("send")
            known = self._ruleset.messages.get(message) if isinstance(message, str) else None
            if known is not None and known.purpose == "promotional":
                self._report.problem(
                    "bad-dissolution",
                    f"'{message}' is promotional: nothing is promoted to who is parted with",
                    (*place, position),
                    hint="leave out its `purpose`, so that it is a service message",
                )

    def _stops(self) -> str:
        """The phase with which accrual stops: as declared, or the redemption, if there is one."""
        written = {name: getattr(self._spec.phases, name) for name in PHASES}
        declared = next((name for name, spec in written.items() if spec and spec.accrual), "")
        return declared or ("redemption" if written["redemption"] else "settlement")

    # --- settled ------------------------------------------------------------------------------

    def _settling(self) -> dict[str, Settling]:
        spec, wallets = self._spec, self._ruleset.wallets
        for key, named in (("settle", spec.settle), ("debts", spec.debts)):
            for wallet in named:
                if wallet not in wallets:
                    self._unknown("wallet", wallet, wallets, (*self._place, key, wallet))
        missing = [
            name
            for name, wallet in wallets.items()
            if wallet.kind == "redeemable" and name not in spec.settle
        ]
        if missing:
            self._report.problem(
                "bad-dissolution",
                f"nothing says what becomes of the {' and '.join(missing)} that are left",
                (*self._place, "settle") if spec.settle else self._place,
                hint=f"settle: {{{missing[0]}: expire}}, or pay out, convert, voucher",
                key=True,
            )
        return {
            wallet: self._of_wallet(wallet, spec.settle.get(wallet), spec.debts.get(wallet))
            for wallet in wallets
        }

    def _of_wallet(self, wallet: str, spec: SettleSpec | None, debt: Any) -> Settling:
        invoice = None
        if debt is not None and debt.invoice is not None:
            invoice = self._price(wallet, debt.invoice, (*self._place, "debts", wallet), "invoice")
        place: Place = (*self._place, "settle", wallet)
        if spec is None or spec.expire:
            return Settling(invoice=invoice)
        if spec.pay_out is not None:
            return Settling(
                "paid out", self._price(wallet, spec.pay_out, place, "pay_out"), invoice=invoice
            )
        if spec.voucher is not None:
            self._planner().issues(spec.voucher.name)
            least = spec.voucher.at_least
            return Settling("voucher", to=spec.voucher.name, at_least=least, invoice=invoice)
        assert spec.convert is not None
        to = spec.convert.to
        at: Place = (*place, "convert", "to")
        if to not in self._ruleset.wallets:
            self._unknown("wallet", to, self._ruleset.wallets, at)
        elif to == wallet or ((it := self._spec.settle.get(to)) and it.convert is not None):
            self._report.problem(
                "bad-dissolution",
                f"points of {to} are converted themselves",
                at,
                hint="convert into a wallet whose points expire, or are paid out",
            )
        rate = read_price(
            spec.convert.rate,
            (*place, "convert", "rate"),
            self._planner().scope,
            self._report,
            code="bad-dissolution",
            what="a rate",
        )
        unit = self._planner().locale.unit
        return Settling("converted", Fraction(rate or 0) / unit, to, invoice=invoice)

    def _price(self, wallet: str, text: str, place: Place, key: str) -> Fraction:
        """Minor units of money for each point."""
        price = self._ruleset.wallets[wallet].price if wallet in self._ruleset.wallets else None
        if text == _PRICE and price is None:
            self._report.problem(
                "bad-dissolution",
                f"the wallet {wallet} has no price",
                place,
                hint=f"say how much for each point: {{{key}: 0.01}}",
            )
            return Fraction(0)
        at = place if text == _PRICE else (*place, key)
        written = price if text == _PRICE and price is not None else text
        scope = self._planner().scope
        found = read_price(written, at, scope, self._report, code="bad-dissolution", what="a price")
        return Fraction(found or 0)

    # --- taken up again -----------------------------------------------------------------------

    def _reopen(self) -> ReopenPlan | None:
        spec = self._spec.reopen
        if spec is None:
            return None
        place: Place = (*self._place, "reopen")
        on = {
            event: self._at(event, spec.when, (*place, "when"))
            for number, event in enumerate(spec.on)
            if self._known(event, (*place, "on", number))
        }
        back = spec.restores
        self._stage(back.stage, (*place, "restores", "stage"))
        if back.tier and not self._ruleset.tiers:
            message = "there are no tiers to come back"
            self._report.problem("bad-dissolution", message, (*place, "restores", "tier"))
        return ReopenPlan(
            on,
            self._acting(spec.do, spec.cost, "reopen"),
            read_length(spec.after),
            back.tier,
            back.stage or "",
            back.points,
        )

    def _stage(self, stage: str | None, place: Place) -> None:
        if stage is not None and stage not in self._ruleset.stages:
            self._unknown("stage", stage, self._ruleset.stages, place)

    def _unknown(self, what: str, name: str, known: Iterable[str], place: Place) -> None:
        known = tuple(known)
        hint = did_you_mean(name, known) or f"{what}s: {', '.join(known) or 'none'}"
        key = place[-1] == name
        message = f"there is no {what} '{name}'"
        self._report.problem("unknown-name", message, place, hint=hint, key=key)


def _true(node: Node | None) -> Condition | None:
    return None if node is None else compile_true(node)
