"""The effects that ask people: task, approval."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from pydantic import ConfigDict, Field, RootModel, model_validator
from pydantic_core import PydanticCustomError

from loyalcore.effects.changes import AskApproval, Change, CreateTask
from loyalcore.effects.kind import AnyEffectKind, EffectKind, Facts, Planner, Run
from loyalcore.ruleset.words import DurationText, Formula, Label, Section, Word
from loyalcore.values import ID, TEXT


class AskedSpec(Section):
    """What is said of a task as it is given."""

    note: Formula | None = Field(None, description="a text for who does it, by a formula")
    due: DurationText | None = Field(
        None, description="how long there is; without it, as long as the task says"
    )


def _named(raw: object, what: str) -> object:
    """`task: call` in full: what stands below a name may be left out."""
    if isinstance(raw, str):
        return {raw: {}}
    if isinstance(raw, dict) and raw:
        return {name: {} if below is None else below for name, below in raw.items()}
    raise PydanticCustomError("bad-effect", "{what}", {"what": what})


class TaskEffectSpec(RootModel[dict[Label, AskedSpec]]):
    """A task of the tasks section, for this customer: `task: call`, or with more:
    `task: {call: {note: "concat('Ask about ', product)", due: 2 days}}`."""

    model_config = ConfigDict(frozen=True)

    @model_validator(mode="before")
    @classmethod
    def _widen(cls, raw: object) -> object:
        return _named(raw, "task names a task: call, or {call: {note: ..., due: 2 days}}")


def _plan_task(spec: TaskEffectSpec, planner: Planner) -> Run | None:
    wanted: list[tuple[str, str, Callable[[Facts], object] | None]] = []
    for name, asked in spec.root.items():
        known = planner.task(name, name)
        note = None
        if asked.note is not None:
            note = planner.formula(asked.note, (TEXT, ID), name, "note")
        if known and (asked.note is None or note is not None):
            wanted.append((name, asked.due or "", note))
    if len(wanted) < len(spec.root):
        return None

    def run(facts: Facts) -> Iterator[Change]:
        for name, within, note in wanted:
            said = None if note is None else note(facts)
            yield CreateTask(name, "" if said is None else str(said), within=within)

    return run


class ApprovalEffectSpec(RootModel[dict[Label, dict[Word, Formula]]]):
    """A decision of the approvals section, asked for this customer: `approval: dissolve`, or
    with the evidence that it rests on: `approval: {dissolve: {margin: margin_year}}`. It is
    asked once at a time."""

    model_config = ConfigDict(frozen=True)

    @model_validator(mode="before")
    @classmethod
    def _widen(cls, raw: object) -> object:
        return _named(raw, "approval names one: dissolve, or {dissolve: {margin: margin_year}}")


def _plan_approval(spec: ApprovalEffectSpec, planner: Planner) -> Run | None:
    wanted: list[tuple[str, dict[str, Callable[[Facts], object]]]] = []
    for name, written in spec.root.items():
        known = planner.approval(name, name)
        evidence = {
            what: writer
            for what, text in written.items()
            if (writer := planner.shown(text, name, what)) is not None
        }
        if known and len(evidence) == len(written):
            wanted.append((name, evidence))
    if len(wanted) < len(spec.root):
        return None

    def run(facts: Facts) -> Iterator[Change]:
        for name, evidence in wanted:
            yield AskApproval(name, {what: write(facts) for what, write in evidence.items()})

    return run


EFFECTS: tuple[AnyEffectKind, ...] = (
    EffectKind("task", TaskEffectSpec, _plan_task),
    EffectKind("approval", ApprovalEffectSpec, _plan_approval),
)
