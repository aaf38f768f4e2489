"""What events do by themselves: from what the author declares to what the step needs."""

from __future__ import annotations

from collections.abc import Mapping

from loyalcore.ledger.terms import Terms
from loyalcore.program.builtin_events import BUILTIN_EVENTS
from loyalcore.program.names import Names
from loyalcore.program.points.act_plan import (
    Activation,
    Acts,
    Redeems,
    Reference,
    Reversal,
)
from loyalcore.program.points.references import IDS, Fields, References, Referral, unknown_field
from loyalcore.program.report import Place, Report
from loyalcore.ruleset.model import Ruleset
from loyalcore.ruleset.points import EventSpec, RedemptionSpec, ReferenceSpec, ReversalSpec
from loyalcore.values import Locale, value_writer

_AMOUNTS = ("money", "number", "integer")


def plan_acts(
    ruleset: Ruleset, names: Names, wallets: Mapping[str, Terms], locale: Locale, report: Report
) -> dict[str, Acts]:
    """What each event type does by itself; those that do nothing are left out."""
    planner = _ActPlanner(ruleset, names, locale, report)
    acts = {event: Acts(builtin=True) for event in BUILTIN_EVENTS}
    doing = {event: planner.plan(event, spec) for event, spec in ruleset.events.items()}
    origins = planner.references.origins()
    for event, does in doing.items():
        reverses, activates, redeems, cancels = does
        merges, unmerges = planner.customers(event, ruleset.events[event])
        active = tuple(
            name for name, terms in wallets.items() if terms.idle and event in terms.idle.events
        )
        planned = Acts(
            origins.get(event), reverses, activates, redeems, cancels, merges, unmerges, active
        )
        if planned != Acts() and event not in acts:
            acts[event] = planned
    if ruleset.rewards and not any(spec.redeems for spec in ruleset.events.values()):
        hint = "declare one, such as redeem: {reward: id, redeems: reward}"
        report.warning("unused", "no event redeems rewards", ("rewards",), hint=hint)
    return acts


class _ActPlanner:
    """Plans event types one by one. `references` has how they refer to one another."""

    def __init__(self, ruleset: Ruleset, names: Names, locale: Locale, report: Report) -> None:
        self._ruleset = ruleset
        self._names = names
        self._locale = locale
        self._report = report
        self.references = References(ruleset, names, report)

    def plan(
        self, event: str, spec: EventSpec
    ) -> tuple[Reversal | None, Activation | None, Redeems | None, Reference | None]:
        place: Place = ("events", event)
        reverses = activates = redeems = cancels = None
        if spec.reverses is not None:
            reverses = self._reversal(event, spec.reverses, (*place, "reverses"))
        if spec.activates is not None:
            activates = self._activation(event, spec.activates, (*place, "activates"))
        if spec.redeems is not None:
            redeems = self._redeems(event, spec.redeems, (*place, "redeems"))
        if spec.cancels is not None:
            cancels = self._cancels(event, spec.cancels, (*place, "cancels"))
        return reverses, activates, redeems, cancels

    def customers(self, event: str, spec: EventSpec) -> tuple[str | None, str | None]:
        """The fields that name the customers whom the event merges this one into, and takes
        out of this one again."""
        if spec.unmerges is not None and not any(
            other.merges for other in self._ruleset.events.values()
        ):
            hint = "declare one, such as merge: {into: id, merges: into}"
            place = ("events", event, "unmerges")
            self._report.warning("unused", "no event merges customers", place, hint=hint)
        return (
            self._customer(event, spec.merges, "merges"),
            self._customer(event, spec.unmerges, "unmerges"),
        )

    def _customer(self, event: str, name: str | None, key: str) -> str | None:
        fields, place = self._names.events[event], ("events", event, key)
        if name is None:
            return None
        if name not in fields:
            unknown_field(self._report, event, name, fields, place)
        elif fields[name].kind not in IDS:
            message = f"{event}.{name} is {fields[name]}; customers are named by an id or text"
            self._report.problem("bad-reference", message, place)
        else:
            return name
        return None

    def _reversal(self, event: str, spec: ReversalSpec, place: Place) -> Reversal | None:
        found = self.references.find(event, spec, place)
        if found is None:
            return None
        reference, id = found
        own, earlier = self._names.events[event], self._names.events[spec.event]
        amount = self._amount(event, spec, own, earlier, place)
        self.references.keep(Referral(place, reference, id, amount, remembered=True))
        write = value_writer(own[amount], self._locale) if amount else None
        return Reversal(reference, amount, spec.take, write)

    def _amount(
        self, event: str, spec: ReversalSpec, own: Fields, earlier: Fields, place: Place
    ) -> str | None:
        if spec.amount is None:
            both = [
                name
                for name, type_ in own.items()
                if type_.kind == "money" and earlier.get(name) == type_
            ]
            if len(both) > 1:
                self._report.problem(
                    "bad-reference",
                    f"{event} and {spec.event} both have {' and '.join(both)}",
                    place,
                    hint="name the field whose share is taken back, as `amount: FIELD`",
                )
            return both[0] if len(both) == 1 else None
        for whose, fields in ((event, own), (spec.event, earlier)):
            type_ = fields.get(spec.amount)
            if type_ is None:
                unknown_field(self._report, whose, spec.amount, fields, (*place, "amount"))
                return None
            if type_.kind not in _AMOUNTS or type_ != own[spec.amount]:
                message = f"{whose}.{spec.amount} is {type_}: a share is of money or numbers, alike"
                self._report.problem("bad-reference", message, (*place, "amount"))
                return None
        return spec.amount

    def _activation(self, event: str, spec: ReferenceSpec, place: Place) -> Activation | None:
        found = self.references.find(event, spec, place)
        if found is None:
            return None
        reference, id = found
        self.references.keep(Referral(place, reference, id, None, remembered=True))
        wallets = tuple(
            name
            for name, wallet in self._ruleset.wallets.items()
            if wallet.pending is not None and wallet.pending.until == event
        )
        if not wallets:
            hint = f"write `pending: until {event}` in a wallet"
            self._report.warning("unused", f"no points wait for a {event}", place, hint=hint)
        return Activation(reference, wallets)

    def _cancels(self, event: str, spec: ReferenceSpec, place: Place) -> Reference | None:
        found = self.references.find(event, spec, place)
        if found is None:
            return None
        if self._ruleset.events[spec.event].redeems is None:
            hint = f"write `redeems: FIELD` in {spec.event}"
            self._report.problem(
                "bad-reference", f"{spec.event} redeems nothing to be cancelled", place, hint=hint
            )
        reference, id = found
        self.references.keep(Referral(place, reference, id, None, remembered=False))
        return reference

    def _redeems(self, event: str, spec: RedemptionSpec, place: Place) -> Redeems | None:
        fields = self._names.events[event]
        expected = {"reward": IDS} | ({"quantity": ("integer",)} if spec.quantity else {})
        sound = True
        for key, kinds in expected.items():
            name = getattr(spec, key)
            at = (*place, key) if key == "quantity" else place
            if name not in fields:
                unknown_field(self._report, event, name, fields, at)
                sound = False
            elif fields[name].kind not in kinds:
                message = f"{event}.{name} is {fields[name]}; expected {' or '.join(kinds)}"
                self._report.problem("bad-reference", message, at)
                sound = False
        return Redeems(spec.reward, spec.quantity) if sound else None
