"""Offers: from what the author declares to what the step needs of them at each event.

`declare` comes before anything that may open an offer or take it back; `plan` after it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from msgspec.structs import replace

from loyalcore.calendars import read_duration
from loyalcore.effects.kind import Formula
from loyalcore.expression import compile_value
from loyalcore.program.builtin_events import DUE, OPEN_OFFER, REVOKE_OFFER
from loyalcore.program.names import Names, OfferNames
from loyalcore.program.offering.offer_codes import check_presented, read_codes, read_presented
from loyalcore.program.offering.offer_openings import plan_opening
from loyalcore.program.offering.offer_plan import (
    BATCH,
    NUMBER,
    OPENED,
    PERSONAL,
    PROGRESS,
    TARGET,
    Ending,
    OfferPlan,
    OfferUse,
    Opening,
    Reach,
    plain_code,
)
from loyalcore.program.offering.reach import PlannerIn, known_event, plan_reach, reads_of
from loyalcore.program.report import Place, Report
from loyalcore.program.selecting.rule_plan import RulePlan
from loyalcore.program.selecting.rules import plan_effects
from loyalcore.program.selecting.selection import plan_selected
from loyalcore.ruleset.model import Ruleset
from loyalcore.ruleset.offers import OfferSpec
from loyalcore.values import DATE, INTEGER, TIME, Type

_TAKEN = tuple(name.removeprefix("offer.") for name in (OPENED, NUMBER, PROGRESS, TARGET))
_OF_OPENINGS = ("count", "customers")  # budgets that are used up when an offer is opened


class OfferPlanner:
    """Plans all offers of a ruleset. `planner_in` makes a planner for a set of names.

    `read` is filled with the names that each event type needs for its offers.
    """

    def __init__(
        self, ruleset: Ruleset, names: Names, planner_in: PlannerIn, report: Report
    ) -> None:
        self.read: dict[str, set[str]] = {event: set() for event in names.events}
        self._ruleset = ruleset
        self._names = names
        self._planner_in = planner_in
        self._report = report
        self._ends: dict[str, Formula | None] = {}
        self._opened: dict[str, RulePlan] = {}
        self._revoked: dict[str, Ending] = {}
        self._codes = read_codes(ruleset, report)
        self._openings: dict[str, list[tuple[str, Opening]]] = {}
        self._carried: dict[str, dict[str, Opening]] = {}

    # --- before the rules ---------------------------------------------------------------------

    def declare(self) -> None:
        """Declare the offers, and what opening and revoking them reads."""
        names, offers = self._names, self._ruleset.offers
        for name, spec in offers.items():
            names.offers[name] = OfferNames(self._fields(name, spec), frozenset())
        for name, spec in offers.items():
            held_back = self._hold_back(name, spec)
            names.offers[name] = replace(names.offers[name], reads=held_back)
        for name, spec in offers.items():
            self._revoked[name], reads = self._ending(
                name, spec.revoked, "revoked", names.of_anyone()
            )
            names.revocations |= reads
        self.read[OPEN_OFFER].update(*(offer.reads for offer in names.offers.values()))
        self.read[REVOKE_OFFER] |= names.revocations

    def _fields(self, name: str, spec: OfferSpec) -> dict[str, Type]:
        fields = {}
        for field, declared in spec.fields.items():
            place: Place = ("offers", name, "fields", field)
            if field in _TAKEN:
                self._report.problem(
                    "reserved-name",
                    f"offer.{field} is always there",
                    place,
                    hint="give the field another name",
                    key=True,
                )
            elif declared.type in ("group", "lines"):
                message = "an offer's field has one value, or is a list of texts"
                self._report.problem("bad-field", message, place)
            else:
                fields[field] = declared.value_type
        return fields

    def _of(self, name: str) -> dict[str, Type]:
        """What is known of each opening of an offer."""
        fields = self._names.offers[name].fields.items()
        return {**{f"offer.{field}": t for field, t in fields}, OPENED: TIME, NUMBER: INTEGER}

    def _hold_back(self, name: str, spec: OfferSpec) -> frozenset[str]:
        """Plan what may hold an opening back, and when it ends. Returns what that reads."""
        place: Place = ("offers", name)
        anyone = self._names.of_anyone()
        planner = self._planner_in(anyone)
        self._ends[name] = None
        if spec.ends is not None:
            inner = self._planner_in(anyone | self._of(name))
            node = inner.checked(spec.ends, (DATE, TIME), (*place, "ends"))
            self._ends[name] = None if node is None else compile_value(node)
            planner.read |= _beside(inner.read)
        budget = {what: text for what, text in spec.budget.items() if what in _OF_OPENINGS}
        without = {"group": None, "cost": None, "cap": {}, "budget": budget}
        self._opened[name] = plan_selected(
            f"offers.{name}.opened", spec.model_copy(update=without), place, planner
        )
        return frozenset(planner.read)

    def _ending(
        self,
        name: str,
        written: tuple[dict[str, object], ...],
        how: str,
        names: Mapping[str, Type],
    ) -> tuple[Ending, set[str]]:
        """What an offer does when it ends in this way, and what that reads beside its own."""
        planner = self._planner_in({**names, **self._of(name)})
        effects = plan_effects(written, ("offers", name, how), planner)
        return Ending(effects, reads_of(planner)), _beside(planner.read)

    # --- after the rules ----------------------------------------------------------------------

    def plan(self) -> tuple[dict[str, OfferPlan], dict[str, OfferUse]]:
        """Every offer that is sound, and what each event type does to them."""
        plans: dict[str, OfferPlan] = {}
        for name, spec in self._ruleset.offers.items():
            plan = self._plan(name, spec)
            if plan is not None:
                plans[name] = plan
        presents = read_presented(self._ruleset, self._names, self._report)
        reached = {name: plan.reach.event for name, plan in plans.items()}
        check_presented(self._ruleset, reached, presents, self._report)
        uses = {OPEN_OFFER: OfferUse(), REVOKE_OFFER: OfferUse()}
        for event in self._names.events:
            opens = tuple(
                (plans[name], opening)
                for name, opening in self._openings.get(event, ())
                if name in plans
            )
            advances = {name: plan for name, plan in plans.items() if plan.reach.event == event}
            field = presents.get(event, "")
            if opens or advances or field:
                carried = self._carried.get(event, {})
                uses[event] = OfferUse(opens, advances, field, self._codes, carried)
        return plans, uses

    def _plan(self, name: str, spec: OfferSpec) -> OfferPlan | None:
        place: Place = ("offers", name)
        code = spec.code or ""
        code = code if code in (PERSONAL, BATCH) else plain_code(code)
        carried = code not in ("", PERSONAL) and spec.open is None
        self._open(name, spec)
        planned = plan_reach(
            spec.reach,
            (*place, "reach"),
            self._of(name),
            self._names,
            self._planner_in,
            self._report,
        )
        lapsed, reads = self._ending(name, spec.lapsed, "lapsed", self._names.of_rule(DUE))
        self.read[DUE] |= reads
        if planned is None:
            return None
        reach, reads = planned
        self.read[reach.event] |= _beside(reads)
        first, last = spec.bounds in ("both", "start"), spec.bounds in ("both", "end")
        if carried and not first:
            self._report.problem(
                "bad-offer",
                "an offer that its code opens is advanced at the moment of its opening",
                (*place, "bounds"),
                hint="write both or start",
            )
        if carried:
            opening = self._opening(name, spec, reach.event, {}, None, place)
            self._carried.setdefault(reach.event, {})[name] = opening
            self.read[reach.event] |= self._names.offers[name].reads
        return OfferPlan(
            name=name,
            fields=self._names.offers[name].fields,
            required=tuple(field for field, known in spec.fields.items() if known.required),
            lasts=None if spec.lasts is None else read_duration(spec.lasts),
            ends=self._ends[name],
            first=first,
            last=last,
            at_once=spec.at_once,
            priority=spec.priority,
            consumes=spec.consumes,
            code=code,
            carried=carried,
            refunds=spec.refunds,
            opened=self._opened[name],
            reach=reach,
            completed=self._completed(name, spec, reach),
            lapsed=lapsed,
            revoked=self._revoked[name],
        )

    def _open(self, name: str, spec: OfferSpec) -> None:
        """Plan the openings of an offer by events."""
        if spec.open is None:
            return
        place: Place = ("offers", name, "open")
        for position, event in enumerate(spec.open.on):
            if known_event(event, self._names, (*place, "on", position), self._report):
                opening = self._opening(name, spec, event, spec.open.with_, spec.open.when, place)
                self._openings.setdefault(event, []).append((name, opening))
                self.read[event] |= self._names.offers[name].reads

    def _opening(
        self,
        name: str,
        spec: OfferSpec,
        event: str,
        written: Mapping[str, str],
        when: str | None,
        place: Place,
    ) -> Opening:
        planner = self._planner_in(self._names.of_rule(event))
        opening = plan_opening(name, spec, event, written, when, place, planner)
        self.read[event] |= planner.read
        return opening

    def _completed(self, name: str, spec: OfferSpec, reach: Reach) -> RulePlan:
        """The effects of a completion, and what holds them back: caps, the budgets of points
        and money, and groups."""
        place: Place = ("offers", name)
        own = {**self._of(name), PROGRESS: reach.type, TARGET: reach.type}
        planner = self._planner_in({**self._names.of_rule(reach.event), **own})
        effects = plan_effects(spec.then, (*place, "then"), planner)
        budget = {what: text for what, text in spec.budget.items() if what not in _OF_OPENINGS}
        without = {
            "who": None,
            "from_": None,
            "until": None,
            "schedule": None,
            "experiment": None,
            "limit": (),
            "budget": budget,
        }
        rule = plan_selected(
            f"offers.{name}", spec.model_copy(update=without), place, planner, effects
        )
        self.read[reach.event] |= _beside(planner.read)
        return rule


def _beside(read: Iterable[str]) -> set[str]:
    """The names that are not the offer's own."""
    return {name for name in read if not name.startswith("offer.")}
