"""Stages: from what the author declares to the ways out of each stage, in the order tried."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from typing import Any

from loyalcore.calendars import read_duration
from loyalcore.errors import did_you_mean
from loyalcore.expression import Node, compile_true
from loyalcore.program.builtin_events import STAGE_ENTERED, STAGE_LEFT
from loyalcore.program.names import Names, Standing
from loyalcore.program.offering.reach import known_event, reads_of
from loyalcore.program.planner import RulePlanner
from loyalcore.program.report import Place, Report
from loyalcore.program.timing.life_plan import Ground, StagesPlan, Way, Written
from loyalcore.program.timing.watching import Watching
from loyalcore.ruleset.model import Ruleset
from loyalcore.ruleset.stages import WaySpec
from loyalcore.values import FLAG, TIME, Type, Value


def declare_stages(ruleset: Ruleset, names: Names, report: Report) -> None:
    """Declare the customer's stage as names of facts: stage, stage.since."""
    stages = tuple(ruleset.stages)
    if not stages:
        return

    def stage(life: Any) -> Value | None:
        """Who has none yet, or one that is gone, is where everyone begins."""
        stay = life.stage
        return stay.stage if stay is not None and stay.stage in stages else stages[0]

    def since(life: Any) -> Value | None:
        return None if life.stage is None else int(life.stage.since)

    names.standings["stage"] = Standing(Type("text", stages), stage)
    names.standings["stage.since"] = Standing(TIME, since)


def plan_stages(watching: Watching) -> StagesPlan | None:
    """The stages, or None where there are none, or a mistake was reported."""
    if not watching.ruleset.stages:
        return None
    planner = _StagePlanner(watching)
    ways = planner.plan()
    stages = tuple(ways)
    if watching.report.broken:
        return None
    _warn_unreached(stages, ways, _dissolved_into(watching.ruleset), watching.report)
    specs = watching.ruleset.stages
    return StagesPlan(
        stages,
        ways,
        {
            name: partial(read_duration(spec.dwell).after, zone=watching.planner().locale.zone)
            for name, spec in specs.items()
            if spec.dwell
        },
        {name: spec.responsible for name, spec in specs.items()},
    )


class _StagePlanner:
    """Plans the ways between stages. The names that they read are put into `watching`."""

    def __init__(self, watching: Watching) -> None:
        self._watching = watching
        self._report = watching.report
        self._specs = watching.ruleset.stages
        self._stages = tuple(self._specs)
        self._written: Any = self._report.document.data["stages"]

    def plan(self) -> dict[str, tuple[Way, ...]]:
        """The ways out of each stage, in the order in which they are tried: its own, then
        those into the others, the furthest first."""
        ways: dict[str, list[Way]] = {stage: [] for stage in self._stages}
        for stage, spec in self._specs.items():
            for position, leaving in enumerate(spec.leave):
                place = self._place(stage, "leave", position)
                way = self._way(leaving, leaving.to, place)
                if self._other(leaving.to, stage, (*place, "to")):
                    ways[stage].append(way)
        for stage, spec in reversed(self._specs.items()):
            for position, entering in enumerate(spec.enter):
                place = self._place(stage, "enter", position)
                way = self._way(entering, stage, place)
                for source in self._sources(stage, entering.from_, place):
                    ways[source].append(way)
        return {stage: tuple(found) for stage, found in ways.items()}

    def _place(self, stage: str, key: str, position: int) -> Place:
        """Where a way is written: alone, or in a list of them."""
        alone = not isinstance(self._written[stage][key], list)
        return ("stages", stage, key, *(() if alone else (position,)))

    def _sources(self, stage: str, written: tuple[str, ...], place: Place) -> Iterator[str]:
        """The stages that a way into `stage` leads from, as far as they are sound."""
        if not written:
            before = self._stages[: self._stages.index(stage)]
            if stage == next(iter(self._written)):
                self._report.problem(
                    "bad-stage",
                    f"everyone begins in '{stage}', so no stage before it leads there",
                    place,
                    hint=f"say from which one they come back: from: {self._stages[-1]}",
                )
            yield from before
        for position, source in enumerate(written):
            if self._other(source, stage, (*place, "from", position)):
                yield source

    def _other(self, stage: str, than: str, place: Place) -> bool:
        """Whether `stage` is a stage, and another one; reported where it is not."""
        if stage not in self._specs:
            hint = did_you_mean(stage, self._stages) or f"stages: {', '.join(self._stages)}"
            self._report.problem("unknown-name", f"there is no stage '{stage}'", place, hint=hint)
        elif stage == than:
            self._report.problem(
                "bad-stage",
                f"a way from '{stage}' to itself leads nowhere",
                place,
                hint="take it out, or name another stage",
            )
        else:
            return True
        return False

    def _way(self, spec: WaySpec, to: str, place: Place) -> Way:
        parts = [f"on {', '.join(spec.on)}"] if spec.on else []
        parts += [f"when {' '.join(spec.when.split())}"] if spec.when is not None else []
        text = " ".join(parts)
        if not spec.on:
            return Way(to, text, {}, self._watched(spec, place))
        grounds = {}
        for position, event in enumerate(spec.on):
            at = (*place, "on", position)
            if event in (STAGE_ENTERED, STAGE_LEFT):
                self._report.problem(
                    "bad-stage",
                    f"a way can't be on {event}: stages would lead to one another for ever",
                    at,
                    hint="ways are followed as far as they lead by themselves",
                )
            elif known_event(event, self._watching.names, at, self._report):
                grounds[event] = self._at(event, spec, place)
        return Way(to, text, grounds, None)

    def _when(self, place: Place) -> Place:
        """Where the condition of a way is: a text alone is that."""
        written = self._written
        for part in place[1:]:
            written = written[part]
        return place if isinstance(written, str) else (*place, "when")

    def _watched(self, spec: WaySpec, place: Place) -> Ground:
        planner = self._watching.planner()
        text = spec.when or ""
        node = self._watching.checked(planner, text, (FLAG,), self._when(place))
        return _ground(node, text, planner)

    def _at(self, event: str, spec: WaySpec, place: Place) -> Ground:
        """The ground of a way that is on `event`, which may read what a rule on it may."""
        if spec.when is None:
            return Ground(None, ())
        watching = self._watching
        planner = watching.planner_in(watching.names.of_rule(event))
        node = planner.checked(spec.when, (FLAG,), self._when(place))
        watching.read[event] |= planner.read
        return _ground(node, spec.when, planner)


def _ground(node: Node | None, text: str, planner: RulePlanner) -> Ground:
    if node is None:  # a mistake in it is told
        return Ground(None, reads_of(planner))
    return Ground(compile_true(node), reads_of(planner), Written(node, text))


def _dissolved_into(ruleset: Ruleset) -> set[str]:
    """The stages that a dissolution leads to, as it is closed or as it is taken up again."""
    specs = ruleset.dissolution.values()
    after = {spec.stage for spec in specs}
    after |= {spec.reopen.restores.stage for spec in specs if spec.reopen is not None}
    return {stage for stage in after if stage is not None}


def _warn_unreached(
    stages: tuple[str, ...],
    ways: Mapping[str, Iterable[Way]],
    elsewhere: set[str],
    report: Report,
) -> None:
    reached = {stages[0], *elsewhere} & {*stages}
    ahead = [*reached]
    while ahead:
        found = {way.to for way in ways[ahead.pop()]} - reached
        reached |= found
        ahead += found
    for stage in stages:
        if stage not in reached:
            report.warning(
                "unreached",
                f"no way leads from '{stages[0]}' to '{stage}'",
                ("stages", stage),
                hint="say when it is entered, unless only operators do: loyalcore stages set",
            )
