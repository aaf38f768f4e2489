"""How events that are about earlier ones find them: by an id.

All events that refer to one type use the same of its fields, so that each of its events has
one key.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from loyalcore.calendars import read_duration
from loyalcore.errors import did_you_mean
from loyalcore.program.names import Names
from loyalcore.program.points.act_plan import OriginPlan, Reference
from loyalcore.program.report import Place, Report
from loyalcore.ruleset.model import Ruleset
from loyalcore.ruleset.points import ReferenceSpec
from loyalcore.values import Type

EVENT_ID = "event.id"
IDS = ("id", "text")

Fields = Mapping[str, Type]


class Referral(NamedTuple):
    """One event type's way to find those of an earlier type: the field `id` of theirs."""

    place: Place
    reference: Reference
    id: str
    amount: str | None
    remembered: bool


class References:
    """Finds how event types refer to one another, and keeps it."""

    def __init__(self, ruleset: Ruleset, names: Names, report: Report) -> None:
        self._ruleset = ruleset
        self._names = names
        self._report = report
        self._referrals: dict[str, list[Referral]] = {}

    def find(self, event: str, spec: ReferenceSpec, place: Place) -> tuple[Reference, str] | None:
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
                unknown_field(self._report, whose, name, fields, at)
                return None
            if fields[name].kind not in IDS:
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

    def keep(self, referral: Referral) -> None:
        """Remember that events of one type refer to those of another."""
        self._referrals.setdefault(referral.reference.event, []).append(referral)

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


def unknown_field(report: Report, event: str, name: str, fields: Fields, place: Place) -> None:
    """Report that `event` has no field of this name."""
    hint = did_you_mean(name, fields)
    report.problem("unknown-name", f"{event} has no field '{name}'", place, hint=hint)
