"""The stage of the relationship: entered, left, and how long it is dwelt in.

A way that is on an event sees what a rule on that event sees: its fields, and the customer as
it found them, with the event in their metrics. A way that is watched sees the customer as the
step leaves them, and again as each stage that it passes through leaves them. An event opens
one way that is on it: of two purchases that lead on, one step has the first.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from msgspec.structs import replace

from loyalcore.effects.changes import SetStage
from loyalcore.effects.kind import Facts
from loyalcore.engine.decide import record
from loyalcore.engine.facts import facts_at
from loyalcore.engine.life import Stay
from loyalcore.engine.offering.openings import plain
from loyalcore.engine.state import CustomerState
from loyalcore.engine.turn import Turn
from loyalcore.errors import did_you_mean
from loyalcore.program.builtin_events import PROGRAM_ACTIVATED, SET_STAGE
from loyalcore.program.timing.life_plan import Ground, LifePlan, StagesPlan, Way


class _Step(NamedTuple):
    """A way that is open, and the plain values that this rests on."""

    way: Way
    read: Mapping[str, object]


def move_stage(turn: Turn, plan: LifePlan, facts: Facts, *, again: bool = False) -> None:
    """Move the customer on to the stage that the event, or time, leads to. `facts` are those
    after the event; `again`, it has led on already."""
    stages = plan.stages
    if stages is None:
        return
    if _stay(stages, turn.life.stage) is None:
        _begin(turn, stages)
        facts = facts_at(turn.program, turn.state(), turn.now)
    elif turn.event.type == PROGRAM_ACTIVATED or _was_set(turn):  # that stands until more happens
        return
    path = _Path(turn, stages, again=again)
    while (stay := turn.life.stage) is not None and _may_leave(stages, stay, turn.now):
        if (step := path.next(stay.stage, facts)) is None:
            return
        _enter(turn, SetStage(step.way.to, stay.stage, step.way.text), step.read)
        facts = facts_at(turn.program, turn.state(), turn.now)


def _was_set(turn: Turn) -> bool:
    """Whether somebody has set the stage at this instant: what that leads to is not more."""
    stay = turn.life.stage
    return stay is not None and stay.by_hand and stay.since == turn.now


def _stay(stages: StagesPlan, stay: Stay | None) -> Stay | None:
    """Where the customer is, if that is a stage of the program."""
    return stay if stay is not None and stay.stage in stages.ways else None


def _begin(turn: Turn, stages: StagesPlan) -> None:
    """Have a customer who is in no stage begin."""
    was = turn.life.stage.stage if turn.life.stage is not None else ""
    _enter(turn, SetStage(stages.stages[0], was), {})


def _enter(turn: Turn, change: SetStage, read: Mapping[str, object]) -> None:
    turn.life = replace(turn.life, stage=Stay(change.stage, turn.now))
    record(turn, f"stages.{change.stage}", read, (change,))


class _Path:
    """The ways that one step follows: to no stage twice, and one of those on its event."""

    def __init__(self, turn: Turn, stages: StagesPlan, *, again: bool = False) -> None:
        self._turn = turn
        self._stages = stages
        self._passed: set[str] = set()
        self._event = "" if again else turn.event.type

    def next(self, stage: str, facts: Facts) -> _Step | None:
        """The first open way out of `stage`; None where none leads on."""
        self._passed.add(stage)
        for way in self._stages.ways[stage]:
            if way.to in self._passed:
                continue
            if way.watched is not None and _open(way.watched, facts):
                return _Step(way, plain(way.watched.reads, facts))
            ground = way.on.get(self._event)
            if ground is not None and _open(ground, self._turn.facts):
                self._event = ""
                return _Step(way, plain(ground.reads, self._turn.facts))
        return None


def _open(ground: Ground, facts: Facts) -> bool:
    return ground.holds is None or ground.holds(facts)


def _may_leave(stages: StagesPlan, stay: Stay, at: int) -> bool:
    """Whether they have been there long enough by `at`."""
    dwell = stages.dwell.get(stay.stage)
    return dwell is None or at >= dwell(stay.since)


def settle_stage(turn: Turn, plan: LifePlan, facts: Facts) -> None:
    """Find the stage of a customer who is in none that the program has, as it begins to run.

    They are where the ways lead to that are open now, however long one should dwell on them.
    It is one decision, and nobody is told. Who is in a stage stays there until more happens.
    """
    stages = plan.stages
    if stages is None or _stay(stages, turn.life.stage) is not None:
        return
    was = "" if turn.life.stage is None else turn.life.stage.stage
    change, read = SetStage(stages.stages[0], was), dict[str, object]()
    turn.life = replace(turn.life, stage=Stay(change.stage, turn.now))
    path = _Path(turn, stages)
    while (step := path.next(change.stage, facts)) is not None:
        change = SetStage(step.way.to, was, step.way.text)
        read.update(step.read)
        turn.life = replace(turn.life, stage=Stay(change.stage, turn.now))
        facts = facts_at(turn.program, turn.state(), turn.now)
    emitted = turn.emitted
    _enter(turn, change, read)
    turn.emitted = emitted


def set_stage(turn: Turn) -> None:
    """An operator sets the stage, however long the customer has been in theirs."""
    data, plan = turn.event.data, turn.program.life
    stages = plan.stages if plan is not None else None
    to = data["to"]
    read = {name: data[name] for name in ("to", "note")}
    stay = turn.life.stage
    reason = ""
    if not isinstance(to, str):
        reason = "to is missing"
    elif stages is None:
        reason = "the program has no stages"
    elif to not in stages.ways:
        hint = did_you_mean(to, stages.stages)
        reason = f"there is no stage '{to}'{hint and f' ({hint})'}"
    elif stay is not None and stay.stage == to:
        reason = f"the customer is in '{to}' already"
    if reason:
        record(turn, f"events.{SET_STAGE}", read, (), reason)
        return
    turn.life = replace(turn.life, stage=Stay(str(to), turn.now, by_hand=True))
    change = SetStage(str(to), "" if stay is None else stay.stage, f"on {SET_STAGE}")
    record(turn, f"events.{SET_STAGE}", read, (change,))


def stage_due(plan: LifePlan, state: CustomerState) -> int | None:
    """The instant after the customer's clock at which they have stayed long enough to leave."""
    stages = plan.stages
    if stages is None or (stay := _stay(stages, state.life.stage)) is None:
        return None
    if _may_leave(stages, stay, state.clock) or not _watched(stages, stay):
        return None
    return stages.dwell[stay.stage](stay.since)


def would_leave(plan: LifePlan, state: CustomerState, facts: Facts, at: int) -> bool:
    """Whether time alone would lead them to another stage at `at`."""
    stages = plan.stages
    if stages is None or (stay := _stay(stages, state.life.stage)) is None:
        return False
    return _may_leave(stages, stay, at) and any(
        _open(ground, facts) for ground in _watched(stages, stay)
    )


def _watched(stages: StagesPlan, stay: Stay) -> list[Ground]:
    """What the ways that are open at any time rest on."""
    return [way.watched for way in stages.ways[stay.stage] if way.watched is not None]
