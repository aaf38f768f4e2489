"""What events do by themselves: from what the author declares to what the step needs.

An event that is about an earlier one finds it by an id. All events that refer to one type
use the same of its fields, so that each of its events has one key.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from loyalcore.calendars import read_duration
from loyalcore.errors import did_you_mean
from loyalcore.ledger.terms import Terms
from loyalcore.program.act_plan import (
    Activation,
    Acts,
    OriginPlan,
    Redeems,
    Reference,
    Reversal,
)
from loyalcore.program.builtin_events import BUILTIN_EVENTS
from loyalcore.program.names import Names
from loyalcore.program.report import Place, Report
from loyalcore.ruleset.model import Ruleset
from loyalcore.ruleset.points import EventSpec, RedemptionSpec, ReferenceSpec, ReversalSpec
from loyalcore.values import Locale, Type, value_writer

EVENT_ID = "event.id"
_IDS = ("id", "text")
_AMOUNTS = ("money", "number", "integer")

Fields = Mapping[str, Type]


class _Referral(NamedTuple):
    """One event type's way to find those of an earlier type: the field `id` of theirs."""

    place: Place
    reference: Reference
    id: str
    amount: str | None
    remembered: bool


def plan_acts(
    ruleset: Ruleset, names: Names, wallets: Mapping[str, Terms], locale: Locale, report: Report
) -> dict[str, Acts]:
    """What each event type does by itself; those that do nothing are left out."""
    planner = _ActPlanner(ruleset, names, locale, report)
    acts = {event: Acts(builtin=True) for event in BUILTIN_EVENTS}
    doing = {event: planner.plan(event, spec) for event, spec in ruleset.events.items()}
    origins = planner.origins()
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
    """Plans event types one by one, and remembers how they refer to one another."""

    def __init__(self, ruleset: Ruleset, names: Names, locale: Locale, report: Report) -> None:
        self._ruleset = ruleset
        self._names = names
        self._locale = locale
        self._report = report
        self._referrals: dict[str, list[_Referral]] = {}

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
            self._unknown(event, name, fields, place)
        elif fields[name].kind not in _IDS:
            message = f"{event}.{name} is {fields[name]}; customers are named by an id or text"
            self._report.problem("bad-reference", message, place)
        else:
            return name
        return None

    def origins(self) -> dict[str, OriginPlan]:
        """How each event type that others refer to is found, all of them alike."""
        found = {}
        for event, referrals in self._referrals.items():
            first, *others = referrals
            amount = first.amount
            for other in others:
                if other.id != first.id:
                    self._report.problem(
                        "bad-reference",
                        f"this finds a {event} by its {other.id}, another event by its {first.id}",
                        other.place,
                        hint="give both the same `matching`",
                    )
                if amount and other.amount and other.amount != amount:
                    self._report.problem(
                        "bad-reference",
                        f"this takes back a share by {other.amount}, another event by {amount}",
                        other.place,
                        hint="give both the same `amount`",
                    )
                amount = amount or other.amount
            lengths = [referral.reference.within for referral in referrals]
            found[event] = OriginPlan(
                first.id,
                amount,
                () if None in lengths else tuple(length for length in lengths if length),
                any(referral.remembered for referral in referrals),
            )
        return found

    def _reversal(self, event: str, spec: ReversalSpec, place: Place) -> Reversal | None:
        found = self._found(event, spec, place)
        if found is None:
            return None
        reference, id = found
        own, earlier = self._names.events[event], self._names.events[spec.event]
        amount = self._amount(event, spec, own, earlier, place)
        self._refers(_Referral(place, reference, id, amount, remembered=True))
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
                self._unknown(whose, spec.amount, fields, (*place, "amount"))
                return None
            if type_.kind not in _AMOUNTS or type_ != own[spec.amount]:
                message = f"{whose}.{spec.amount} is {type_}: a share is of money or numbers, alike"
                self._report.problem("bad-reference", message, (*place, "amount"))
                return None
        return spec.amount

    def _activation(self, event: str, spec: ReferenceSpec, place: Place) -> Activation | None:
        found = self._found(event, spec, place)
        if found is None:
            return None
        reference, id = found
        self._refers(_Referral(place, reference, id, None, remembered=True))
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
        found = self._found(event, spec, place)
        if found is None:
            return None
        if self._ruleset.events[spec.event].redeems is None:
            hint = f"write `redeems: FIELD` in {spec.event}"
            self._report.problem(
                "bad-reference", f"{spec.event} redeems nothing to be cancelled", place, hint=hint
            )
        reference, id = found
        self._refers(_Referral(place, reference, id, None, remembered=False))
        return reference

    def _redeems(self, event: str, spec: RedemptionSpec, place: Place) -> Redeems | None:
        fields = self._names.events[event]
        expected = {"reward": _IDS} | ({"quantity": ("integer",)} if spec.quantity else {})
        sound = True
        for key, kinds in expected.items():
            name = getattr(spec, key)
            at = (*place, key) if key == "quantity" else place
            if name not in fields:
                self._unknown(event, name, fields, at)
                sound = False
            elif fields[name].kind not in kinds:
                message = f"{event}.{name} is {fields[name]}; expected {' or '.join(kinds)}"
                self._report.problem("bad-reference", message, at)
                sound = False
        return Redeems(spec.reward, spec.quantity) if sound else None

    def _found(self, event: str, spec: ReferenceSpec, place: Place) -> tuple[Reference, str] | None:
        """How `event` finds the earlier one: by which of its fields, and which of theirs."""
        if spec.event not in self._ruleset.events:
            hint = did_you_mean(spec.event, self._ruleset.events)
            self._report.problem(
                "unknown-name", f"there is no event '{spec.event}'", place, hint=hint
            )
            return None
        own, earlier = self._names.events[event], self._names.events[spec.event]
        by = spec.by or self._by(event, spec.event, own, earlier, place)
        if by is None:
            return None
        matching = spec.matching or (by if by in earlier else EVENT_ID)
        sides = ((event, own, by, "by"), (spec.event, earlier, matching, "matching"))
        for whose, fields, name, key in sides:
            if name == EVENT_ID:
                continue
            at = (*place, key) if getattr(spec, key) else place
            if name not in fields:
                self._unknown(whose, name, fields, at)
                return None
            if fields[name].kind not in _IDS:
                message = f"{whose}.{name} is {fields[name]}; events are found by an id or text"
                self._report.problem("bad-reference", message, at)
                return None
        within = None if spec.within is None else read_duration(spec.within)
        return Reference(spec.event, by, within), matching

    def _by(
        self, event: str, target: str, own: Fields, earlier: Fields, place: Place
    ) -> str | None:
        if target in own:
            return target
        both = [
            name
            for name, type_ in own.items()
            if type_.kind == "id" and name in earlier and earlier[name].kind == "id"
        ]
        if len(both) == 1:
            return both[0]
        which = (
            f"both have {' and '.join(both)}" if both else f"no field of {event} names a {target}"
        )
        self._report.problem(
            "bad-reference",
            f"can't tell which {target} a {event} is about: {which}",
            place,
            hint=f"give {event} a field `{target}: id`, or write `by: FIELD`",
        )
        return None

    def _refers(self, referral: _Referral) -> None:
        self._referrals.setdefault(referral.reference.event, []).append(referral)

    def _unknown(self, event: str, name: str, fields: Fields, place: Place) -> None:
        hint = did_you_mean(name, fields)
        self._report.problem("unknown-name", f"{event} has no field '{name}'", place, hint=hint)
