"""Journeys: from what the author declares to who enters, what each step does, what ends them.

`implied_triggers` gives those that are entered by a silence or a decline the trigger that brings
it about, before anything is declared; `plan_journeys` comes when metrics, segments, offers and
triggers are known.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from loyalcore.calendars import Duration, read_duration, read_length
from loyalcore.effects.kind import Run
from loyalcore.expression import compile_true
from loyalcore.program.builtin_events import DUE
from loyalcore.program.care.journey_plan import Condition, EntryPlan, JourneyPlan, StepPlan
from loyalcore.program.figures.derived import read_experiment, read_holdout
from loyalcore.program.offering.reach import known_event
from loyalcore.program.planner import RulePlanner
from loyalcore.program.report import Place, Report
from loyalcore.program.selecting.rule_plan import RulePlan
from loyalcore.program.selecting.rules import plan_effects
from loyalcore.program.selecting.selection import plan_selected
from loyalcore.program.timing.following import common_fields
from loyalcore.program.timing.watching import Watching
from loyalcore.ruleset.journeys import JourneySpec, StepSpec, entry_trigger
from loyalcore.ruleset.model import Ruleset
from loyalcore.ruleset.selection import Selected
from loyalcore.values import FLAG, INTEGER, TIME, Type, ValueInvalid, value_writer

KINDS: Mapping[str, str] = {"journeys": "journey", "win_back": "win_back"}
"""The sections of journeys, and what kind each is of."""

_OWN: Mapping[str, Type] = {
    "journey.entered": TIME,
    "journey.number": INTEGER,
    "journey.step": INTEGER,
}
_ENTRY = "entry."
_AT = re.compile(r"(.*\S)\s+at\s+(\d{1,2}):(\d\d)", re.ASCII)
_OF_ENTRIES = ("count", "customers")  # budgets that entries draw on; steps draw on the others


def journeys_of(ruleset: Ruleset) -> Iterator[tuple[str, str, JourneySpec]]:
    """Every journey with its section and name: those of `win_back` are journeys too."""
    for name, spec in ruleset.journeys.items():
        yield "journeys", name, spec
    for name, won in ruleset.win_back.items():
        yield "win_back", name, won


def implied_triggers(ruleset: Ruleset, report: Report) -> Ruleset:
    """The ruleset with a trigger, and so an event, for each journey that is entered by a
    silence or a decline: `win_back.lost`."""
    implied = {}
    for section, name, spec in journeys_of(ruleset):
        trigger = entry_trigger(spec)
        if trigger is None:
            continue
        place, event = (section, name), f"{section}.{name}"
        if spec.silent is not None:
            report.stands((*("triggers", event), "silence"), (*place, "silent", "event"))
            report.stands(("triggers", event), (*place, "silent"))
        else:
            report.stands((*("triggers", event), "falls_by"), (*place, "decline", "by"))
            report.stands(("triggers", event), (*place, "decline"))
        implied[event] = trigger
    if not implied:
        return ruleset
    return ruleset.model_copy(update={"triggers": {**ruleset.triggers, **implied}})


def plan_journeys(watching: Watching) -> tuple[JourneyPlan, ...]:
    """Every journey that is sound, in the order written; the others are reported."""
    planned = (
        _Planner(section, name, spec, watching).plan()
        for section, name, spec in journeys_of(watching.ruleset)
    )
    return tuple(journey for journey in planned if journey is not None)


def _after(text: str) -> tuple[Duration, int | None]:
    """What `3 days` or `3 days at 09:00` says; the hour in minutes. Raises ValueInvalid."""
    match = _AT.fullmatch(text)
    if match is None:
        return read_duration(text), None
    hour, minute = int(match[2]), int(match[3])
    if hour > 23 or minute > 59:
        raise ValueInvalid("expected an hour of the day such as 09:00")
    return read_duration(match[1]), hour * 60 + minute


def _long(duration: Duration) -> int:
    """How long about, to tell which of two is longer."""
    return duration.microseconds + duration.months * 30 * 86_400_000_000


class _Planner:
    """Plans one journey. The names that it reads are put into `watching`."""

    def __init__(self, section: str, name: str, spec: JourneySpec, watching: Watching) -> None:
        self._section = section
        self._name = name
        self._spec = spec
        self._watching = watching
        self._names = watching.names
        self._report = watching.report
        self._place: Place = (section, name)
        self._own: dict[str, Type] = dict(_OWN)

    def plan(self) -> JourneyPlan | None:
        spec, watching = self._spec, self._watching
        events = self._entered_by()
        sound = [known_event(event, self._names, at, self._report) for event, at in events]
        ends = [*self._ends()]
        sound += [known_event(event, self._names, at, self._report) for _, event, at in ends]
        sound += [self._not_due(event, at) for event, at in events]
        if not all(sound):
            return None
        fields = common_fields(self._names, (event for event, _ in events))
        self._own |= {f"{_ENTRY}{name}": type_ for name, type_ in fields.items()}
        entries = {event: self._entry(event, fields) for event, _ in events}
        stop = None
        if spec.stop is not None:
            node = watching.checked(
                watching.planner(self._own), spec.stop, (FLAG,), (*self._place, "stop")
            )
            stop = None if node is None else compile_true(node)
        steps = tuple(self._steps())
        holdout = read_experiment(
            spec.experiment, (*self._place, "experiment"), watching.ruleset, self._report
        )
        if spec.holdout is not None:
            holdout = read_holdout(
                spec.holdout,
                f"{self._section}.{self._name}",
                (*self._place, "holdout"),
                watching.ruleset,
                self._report,
            )
        if self._report.broken:
            return None
        return JourneyPlan(
            kind=KINDS[self._section],
            name=self._name,
            place=f"{self._section}.{self._name}",
            priority=spec.priority,
            entries=entries,
            fields=fields,
            steps=steps,
            ends={event: outcome for outcome, event, _ in ends},
            stop=stop,
            stop_text=spec.stop or "",
            attribution=read_length(spec.attribution),
            cool_off=read_length(spec.cool_off),
            repeats=spec.repeats,
            holdout=holdout,
        )

    # --- entered and ended --------------------------------------------------------------------

    def _entered_by(self) -> list[tuple[str, Place]]:
        """The events with which customers enter, each with its place."""
        if self._spec.enter is None:
            key = "silent" if self._spec.silent is not None else "decline"
            return [(f"{self._section}.{self._name}", (*self._place, key))]
        at = (*self._place, "enter", "on")
        return [(event, (*at, place)) for place, event in enumerate(self._spec.enter.on)]

    def _not_due(self, event: str, place: Place) -> bool:
        if event != DUE:
            return True
        message = f"a journey is not entered by '{DUE}', which is everything that time brings"
        self._report.problem("bad-journey", message, place, hint="name a trigger instead")
        return False

    def _ends(self) -> Iterator[tuple[str, str, Place]]:
        """The outcomes, each with an event that it comes of, and the place of that."""
        won = "returned" if self._section == "win_back" else "reached"
        for place, event in enumerate(self._spec.until):
            yield won, event, (*self._place, "until", place)
        for outcome, events in self._spec.stops.items():
            for place, event in enumerate(events):
                yield outcome, event, (*self._place, "stops", outcome, place)

    def _entry(self, event: str, fields: Mapping[str, Type]) -> EntryPlan:
        """What is asked as the event comes: what a rule on it may ask."""
        spec, watching = self._spec, self._watching
        planner = watching.planner_in(self._names.of_rule(event))
        when = None
        if spec.enter is not None and spec.enter.when is not None:
            node = planner.checked(spec.enter.when, (FLAG,), (*self._place, "enter", "when"))
            when = None if node is None else compile_true(node)
        selected = Selected.model_construct(
            limit=spec.limit,
            budget={what: text for what, text in spec.budget.items() if what in _OF_ENTRIES},
            who=spec.who,
            from_=spec.from_,
            until=spec.to,
            schedule=spec.schedule,
        )
        rule = self._selected(selected, planner, last="to")
        watching.read[event] |= planner.read
        locale = planner.locale
        writers = tuple((name, value_writer(type_, locale)) for name, type_ in fields.items())
        return EntryPlan(when, rule, writers)

    def _selected(
        self, spec: Selected, planner: RulePlanner, effects: Iterable[Run] = (), last: str = "until"
    ) -> RulePlan:
        name = f"{self._section}.{self._name}"
        return plan_selected(name, spec, self._place, planner, effects, last=last)

    # --- steps --------------------------------------------------------------------------------

    def _steps(self) -> Iterator[StepPlan]:
        before: Duration | None = None
        for number, spec in enumerate(self._spec.steps, start=1):
            place: Place = (*self._place, "steps", number - 1)
            step = self._step(number, spec, place)
            if step is None:
                continue
            if step.after is not None:
                if before is not None and _long(step.after) < _long(before):
                    self._report.problem(
                        "bad-journey",
                        f"'{spec.at}' comes after a step that is later: it counts from the same "
                        "moment",
                        place,
                        hint="it counts from the entry, or from the latest step that waited",
                    )
                before = step.after
            elif step.waits:
                before = None
            yield step

    def _step(self, number: int, spec: StepSpec, place: Place) -> StepPlan | None:
        watching, at = self._watching, spec.at
        after, hour = None, None
        events: tuple[str, ...] = ()
        fields: dict[str, Type] = {}
        condition: Condition | None = None
        match spec.word:
            case "after":
                try:
                    after, hour = _after(spec.rest)
                except ValueInvalid as error:
                    self._report.problem("bad-value", str(error), place)
                    return None
            case "on":
                events = tuple(event.strip() for event in spec.rest.split(","))
                known = [known_event(one, self._names, place, self._report) for one in events]
                if not all((*known, *[self._not_due(event, place) for event in events])):
                    return None
                fields = common_fields(self._names, events)
            case "once":
                planner = watching.planner(self._own)
                node = watching.checked(planner, spec.rest, (FLAG,), place)
                condition = None if node is None else compile_true(node)
        if self._section == "win_back" and spec.word in ("on", "once") and spec.within is None:
            self._report.problem(
                "bad-journey",
                "a win-back that waits for ever never comes to its end",
                place,
                hint="say for how long: within: 14 days",
            )
        below: Place = (*place, at)
        doing = self._planner(fields)
        when = None
        if spec.when is not None:
            node = doing.checked(spec.when, (FLAG,), (*below, "when"))
            when = None if node is None else compile_true(node)
        rule = self._acting(spec, spec.do, below, "do", doing)
        otherwise = self._planner({} if spec.word in ("on", "once") else fields)
        other = self._acting(spec, spec.else_, below, "else", otherwise)
        return StepPlan(
            number=number,
            text=at,
            now=spec.word == "now",
            after=after,
            hour=hour,
            events=events,
            fields=tuple(fields),
            condition=condition,
            within=read_length(spec.within),
            within_text=spec.within or "",
            when=when,
            when_text=spec.when or "",
            rule=rule,
            other=other,
        )

    def _planner(self, fields: Mapping[str, Type]) -> RulePlanner:
        """For what a step may read: what is known of the customer, the journey's own names, and
        the fields of the event that it has waited for."""
        known = {
            name: type_
            for name, type_ in self._names.of_rule(DUE).items()
            if not name.startswith("event.")
        }
        return self._watching.planner_in({**known, **self._own, **fields})

    def _acting(
        self,
        spec: StepSpec,
        written: tuple[dict[str, object], ...],
        below: Place,
        key: str,
        planner: RulePlanner,
    ) -> RulePlan:
        """What is done, within the journey's caps and budgets, and what it costs."""
        whole = self._spec
        effects = plan_effects(written, self._effects_at(below, key), planner)
        selected = Selected.model_construct(
            cap=whole.cap,
            budget={what: text for what, text in whole.budget.items() if what not in _OF_ENTRIES},
            edge=whole.edge,
            cost=(whole.cost if spec.cost is None else spec.cost) if written else None,
        )
        rule = self._selected(selected, planner, effects)
        self._watching.read[DUE] |= planner.read
        return rule

    def _effects_at(self, below: Place, key: str) -> Place:
        """Where the effects are written: below the key, or right below the step."""
        found: Any = self._report.document.data
        for part in below:
            found = found[part]
        if isinstance(found, Mapping) and key in found:
            return (*below, key)
        return below
