"""Recovery: from what the author declares to what opens, answers and ends a case.

`declare_recovery` comes before any expression is checked: it gives how many cases are open, and
how many of them overdue, their names. `plan_recoveries` comes when all else is known.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any
from zoneinfo import ZoneInfo

from loyalcore.calendars import read_duration, read_length
from loyalcore.effects.kind import Facts, Formula
from loyalcore.errors import did_you_mean
from loyalcore.expression import compile_true, compile_value
from loyalcore.program.builtin_events import DUE
from loyalcore.program.care.recovery_plan import (
    Condition,
    Goodwill,
    Opening,
    Promise,
    RecoveryPlan,
    Survey,
    why_paused,
)
from loyalcore.program.names import Names, Pause, Standing
from loyalcore.program.offering.offer_plan import Ending
from loyalcore.program.offering.reach import known_event, reads_of
from loyalcore.program.planner import RulePlanner
from loyalcore.program.points.references import IDS
from loyalcore.program.report import Place, Report
from loyalcore.program.selecting.rules import plan_effects
from loyalcore.program.selecting.selection import plan_selected
from loyalcore.program.timing.following import common_fields
from loyalcore.program.timing.watching import Watching
from loyalcore.ruleset.model import Ruleset
from loyalcore.ruleset.recovery import CaseThenSpec, RecoverySpec
from loyalcore.ruleset.selection import Selected
from loyalcore.values import FLAG, INTEGER, TEXT, TIME, Type, Value, value_writer

OWN: Mapping[str, Type] = {
    "case.id": TEXT,
    "case.number": INTEGER,
    "case.opened": TIME,
    "case.due": TIME,
    "case.answered": TIME,
    "case.times": INTEGER,
}
"""What is known of a case in all that it does."""

Written = tuple[dict[str, object], ...]
"""Effects, as their author wrote them."""

_UTC = ZoneInfo("UTC")


def declare_recovery(ruleset: Ruleset, names: Names, report: Report) -> None:
    """Declare how many cases are open and overdue as names of facts, and that they pause
    promotional messages."""
    for name, spec in ruleset.recovery.items():
        for what, counts in (("open", _is_open), ("overdue", _is_overdue)):
            fact = f"recovery.{name}.{what}"
            names.standings[fact] = Standing(INTEGER, _counted(name, counts))
        if spec.pause == "promotional":
            names.pauses.append(_pause(name))


def _is_open(case: Any) -> bool:
    return case.ended is None


def _is_overdue(case: Any) -> bool:
    return bool(case.overdue) and case.answered is None


def _counted(recovery: str, counts: Callable[[Any], bool]) -> Callable[[Any], Value | None]:
    def count(life: Any) -> Value | None:
        return len([one for one in life.cases if one.recovery == recovery and counts(one)])

    return count


def _pause(recovery: str) -> Pause:
    count = f"recovery.{recovery}.open"

    def holds(facts: Facts) -> Value | None:
        return facts[count] != 0

    return Pause(f"recovery.{recovery}.pause", why_paused(recovery), holds, frozenset((count,)))


def plan_recoveries(watching: Watching) -> tuple[RecoveryPlan, ...]:
    """Every recovery that is sound, in the order written; the others are reported."""
    planned = (
        _Planner(name, spec, watching).plan() for name, spec in watching.ruleset.recovery.items()
    )
    return tuple(recovery for recovery in planned if recovery is not None)


class _Planner:
    """Plans one recovery. The names that it reads are put into `watching`."""

    def __init__(self, name: str, spec: RecoverySpec, watching: Watching) -> None:
        self._name = name
        self._spec = spec
        self._watching = watching
        self._names = watching.names
        self._report = watching.report
        self._place: Place = ("recovery", name)
        self._fields: Mapping[str, Type] = {}

    def plan(self) -> RecoveryPlan | None:
        spec = self._spec
        known = [self._known(event, at) for event, at in self._events()]
        if not all(known):
            return None
        self._fields = common_fields(self._names, spec.open.on)
        self._check_case()
        if spec.task is not None:
            self._doing().below(self._place).task(spec.task, "task")
        self._check_reminder()
        opens = {event: self._opening(event) for event in spec.open.on}
        promises = tuple(self._promises())
        resolved = {event: self._satisfied(event) for event in spec.resolved}
        plan = RecoveryPlan(
            name=self._name,
            opens=opens,
            fields=self._fields,
            case=spec.case,
            promises=promises,
            task=spec.task or "",
            remind=read_length(spec.remind),
            answered=spec.answered,
            resolved=resolved,
            reopened=spec.reopened,
            reopens=read_length(spec.reopens),
            close=read_length(spec.close),
            pauses=spec.pause == "promotional",
            goodwill=self._goodwill(),
            survey=self._survey(),
            then=dict(self._then()),
        )
        return None if self._report.broken else plan

    # --- events -------------------------------------------------------------------------------

    def _events(self) -> Iterator[tuple[str, Place]]:
        """All events that cases are about, each with its place."""
        spec, place = self._spec, self._place
        yield from self._placed(spec.open.on, (*place, "open", "on"))
        for key in ("answered", "resolved", "reopened"):
            yield from self._placed(getattr(spec, key), (*place, key))
        if spec.survey is not None:
            yield from self._placed(spec.survey.unless, (*place, "survey", "unless"))

    @staticmethod
    def _placed(events: Iterable[str], place: Place) -> Iterator[tuple[str, Place]]:
        for position, event in enumerate(events):
            yield event, (*place, position)

    def _known(self, event: str, place: Place) -> bool:
        if event == DUE:
            message = f"a case is not about '{DUE}', which is everything that time brings"
            self._report.problem("bad-recovery", message, place, hint="name a trigger instead")
            return False
        return known_event(event, self._names, place, self._report)

    def _check_case(self) -> None:
        """Report events that have no field by which their case is known."""
        case, spec = self._spec.case, self._spec
        if case is None:
            return
        for event in (*spec.open.on, *spec.answered, *spec.resolved, *spec.reopened):
            type_ = self._names.events[event].get(case)
            if type_ is None:
                message = f"{event} has no field '{case}', by which its case would be known"
                meant = did_you_mean(case, self._names.events[event])
                hint = meant or f"declare it: {event}: {{{case}: id}}"
            elif type_.kind not in (*IDS, "integer"):
                message = f"{event}.{case} is {type_}; cases are told apart by an id or text"
                hint = ""
            else:
                continue
            self._report.problem("bad-recovery", message, (*self._place, "case"), hint=hint)

    def _check_reminder(self) -> None:
        """Report a reminder that would come before any case is opened."""
        remind, promises = read_length(self._spec.remind), self._spec.promise
        if remind is None:
            return
        longest = max(read_duration(promise.within).after(0, _UTC) for promise in promises)
        if remind.after(0, _UTC) >= longest:
            self._report.problem(
                "bad-recovery",
                f"a reminder {self._spec.remind} before the promise is over never comes",
                (*self._place, "remind"),
                hint="make remind shorter than the promise",
            )

    # --- what is asked of events and cases ----------------------------------------------------

    def _opening(self, event: str) -> Opening:
        """What is asked as the event comes: what a rule on it may ask."""
        when, locale = self._spec.open.when, self._watching.planner().locale
        condition = None
        if when is not None:
            condition = self._at(event, when, (*self._place, "open", "when"))
        writers = ((name, value_writer(type_, locale)) for name, type_ in self._fields.items())
        return Opening(condition, tuple(writers))

    def _at(self, event: str, text: str, place: Place) -> Condition | None:
        planner = self._watching.planner_in(self._names.of_rule(event))
        node = planner.checked(text, (FLAG,), place)
        self._watching.read[event] |= planner.read
        return None if node is None else compile_true(node)

    def _satisfied(self, event: str) -> Formula | None:
        if self._spec.satisfied is None:
            return None
        planner = self._watching.planner_in(self._names.of_rule(event))
        node = planner.checked(self._spec.satisfied, (FLAG,), (*self._place, "satisfied"))
        self._watching.read[event] |= planner.read
        return None if node is None else compile_value(node)

    def _promises(self) -> Iterator[Promise]:
        for position, spec in enumerate(self._spec.promise):
            when = None
            if spec.when is not None:
                planner = self._doing(self._fields)
                place: Place = (*self._place, "promise", position, "when")
                node = planner.checked(spec.when, (FLAG,), place)
                self._watching.read[DUE] |= planner.read
                when = None if node is None else compile_true(node)
            yield Promise(when, read_duration(spec.within))

    def _doing(self, fields: Mapping[str, Type] | None = None) -> RulePlanner:
        """For what a case does: what is known of the customer, of the case, and of the event
        that opened it."""
        known = {
            name: type_
            for name, type_ in self._names.of_rule(DUE).items()
            if not name.startswith("event.")
        }
        entry = {f"entry.{name}": type_ for name, type_ in self._fields.items()}
        return self._watching.planner_in({**known, **OWN, **entry, **(fields or {})})

    # --- what follows -------------------------------------------------------------------------

    def _then(self) -> Iterator[tuple[str, Ending]]:
        for how in CaseThenSpec.model_fields:
            if effects := getattr(self._spec.then, how):
                self._no_promotion(how, effects)
                yield how, self._ending(effects, (*self._place, "then", how))

    def _no_promotion(self, how: str, effects: Written) -> None:
        """Report a promotional message that the case itself would keep from being sent."""
        spec, messages = self._spec, self._watching.ruleset.messages
        answered = ("answered",) if spec.resolved else ()
        if how not in ("opened", "reminded", "overdue", "reopened", *answered):
            return
        if spec.pause != "promotional":
            return
        for position, effect in enumerate(effects):
            message = effect.get("send")
            known = messages.get(message) if isinstance(message, str) else None
            if known is not None and known.purpose == "promotional":
                self._report.problem(
                    "bad-recovery",
                    f"'{message}' is promotional: it is never sent while the case is open",
                    (*self._place, "then", how, position),
                    hint="leave out its `purpose`, or say pause: none",
                )

    def _survey(self) -> Survey | None:
        spec = self._spec.survey
        if spec is None:
            return None
        ending = self._ending(spec.do, (*self._place, "survey", "do"))
        return Survey(read_duration(spec.after), spec.unless, ending)

    def _ending(self, effects: Written, place: Place) -> Ending:
        planner = self._doing()
        planned = plan_effects(effects, place, planner)
        self._watching.read[DUE] |= planner.read
        return Ending(planned, reads_of(planner))

    def _goodwill(self) -> Goodwill | None:
        """What is given, within its limits, caps and budgets, and what it costs."""
        spec = self._spec.goodwill
        if spec is None:
            return None
        place: Place = (*self._place, "goodwill")
        planner = self._doing()
        node = None
        if spec.when is not None:
            node = planner.checked(spec.when, (FLAG,), (*place, "when"))
        effects = plan_effects(spec.do, (*place, "do"), planner)
        selected = Selected.model_construct(
            limit=spec.limit, cap=spec.cap, budget=spec.budget, edge=spec.edge, cost=spec.cost
        )
        name = f"recovery.{self._name}.goodwill"
        rule = plan_selected(name, selected, place, planner, effects)
        self._watching.read[DUE] |= planner.read
        when = None if node is None else compile_true(node)
        return Goodwill(when, " ".join((spec.when or "").split()), rule)
