"""The effects that come with loyalcore: issue, send, set, emit, and those on
points (points.py), on offers (offers.py) and on tiers (standing.py), and those that ask people
(tasks.py).

They are registered through the same hook as a plugin's own (plugins.py).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType

from pydantic import ConfigDict, RootModel, model_validator
from pydantic import Field as Described
from pydantic_core import PydanticCustomError

from loyalcore.effects import offers, points, standing, tasks
from loyalcore.effects.changes import (
    Change,
    Emit,
    Issue,
    SetAttribute,
    SetTag,
    Skipped,
)
from loyalcore.effects.choosing import Candidates
from loyalcore.effects.kind import AnyEffectKind, EffectKind, Facts, Planner, Run
from loyalcore.errors import did_you_mean
from loyalcore.ruleset.words import Formula, Label, Labels, Section, Word
from loyalcore.values import FLAG, ID

Plain = Callable[[Facts], object]


class IssueSpec(Section):
    """A benefit, or a voucher with a personal code: `issue: {voucher: fifteen-off}`."""

    benefit: Label | None = Described(None, description="something granted, by name")
    voucher: Label | None = Described(
        None, description="a voucher, by name; its code is made for you"
    )

    @model_validator(mode="after")
    def _one(self) -> IssueSpec:
        if (self.benefit is None) == (self.voucher is None):
            raise PydanticCustomError("bad-effect", "issue names either a benefit or a voucher")
        return self


def _plan_issue(spec: IssueSpec, planner: Planner) -> Run:
    if spec.benefit is not None:
        issued = (Issue("benefit", spec.benefit),)
    else:
        issued = (Issue("voucher", spec.voucher or ""),)
    planner.issues(issued[0].name)
    return lambda facts: issued


class ChoiceSpec(Section):
    """One of several messages, as a plugin chooses: `{choose: [tea, cake], by: bandit}`."""

    choose: Labels = Described(description="the messages to choose from", min_length=2)
    by: Label = Described(description="who chooses: a plugin, by the name it registers")
    values: dict[Word, Formula] = Described(
        default_factory=dict, alias="with", description="what it is told, each by a formula"
    )


class SendSpec(RootModel[Label | ChoiceSpec]):
    """A message of the messages section, by name: `send: welcome`. Or one that a plugin chooses
    of several: `send: {choose: [tea, cake], by: bandit}`."""

    model_config = ConfigDict(frozen=True)

    @model_validator(mode="before")
    @classmethod
    def _either(cls, raw: object) -> object:
        if isinstance(raw, str) or (isinstance(raw, Mapping) and {"choose", "by"} & raw.keys()):
            return raw
        raise PydanticCustomError(
            "bad-effect", "send names a message: welcome, or {choose: [tea, cake], by: bandit}"
        )


def _plan_send(spec: SendSpec, planner: Planner) -> Run | None:
    if isinstance(spec.root, ChoiceSpec):
        return _plan_choice(spec.root, planner)
    message = planner.template(spec.root)
    if message is None:
        return None
    send = message.send
    return lambda facts: (send(facts),)


def _plan_choice(spec: ChoiceSpec, planner: Planner) -> Run | None:
    messages = {
        name: planner.template(name, "choose", position)
        for position, name in enumerate(spec.choose)
    }
    values = {name: planner.formula(text, (), "with", name) for name, text in spec.values.items()}
    customer = planner.formula("customer.id", (ID,))
    choose = planner.chooser(spec.by, "by")
    if choose is None or customer is None or None in (*messages.values(), *values.values()):
        return None

    def run(facts: Facts) -> Iterator[Change]:
        told = {name: value(facts) for name, value in values.items() if value is not None}
        whose = str(customer(facts))
        chosen = choose(Candidates(tuple(messages), whose, MappingProxyType(told)))
        if chosen is None:
            yield Skipped("send", f"{spec.by} chose none")
        elif (message := messages[chosen]) is not None:
            yield message.send(facts)

    return run


class SetSpec(RootModel[dict[Label, Formula]]):
    """Attributes by formula, tags by true or false: `set: {favourite: shop, tags.vip: true}`."""

    model_config = ConfigDict(frozen=True)


def _plan_set(spec: SetSpec, planner: Planner) -> Run | None:
    changes: list[Callable[[Facts], Change]] = []
    for name, text in spec.root.items():
        if name == "tags.":
            planner.problem("bad-effect", "a tag has a name", name, hint="as in tags.vip")
            continue
        change = (
            _tag_change(name.removeprefix("tags."), planner.writer(text, FLAG, name))
            if name.startswith("tags.")
            else _attribute_change(name, text, planner)
        )
        if change is not None:
            changes.append(change)
    if len(changes) < len(spec.root):
        return None
    return lambda facts: [change(facts) for change in changes]


def _tag_change(tag: str, flag: Plain | None) -> Callable[[Facts], Change] | None:
    if flag is None:
        return None
    return lambda facts: SetTag(tag, on=flag(facts) is True)


def _attribute_change(name: str, text: str, planner: Planner) -> Callable[[Facts], Change] | None:
    type_ = planner.attribute(name, name)
    value = None if type_ is None else planner.writer(text, type_, name)
    if value is None:
        return None
    attribute = name.removeprefix("customer.")
    return lambda facts: SetAttribute(attribute, value(facts))


class EmitSpec(Section):
    """An event of a declared type, for this customer or the one that `customer` names."""

    type: str = Described(description="a declared event type")
    customer: Formula | None = Described(
        None, description="whose event it is; without it, the same"
    )
    data: dict[str, Formula] = Described(
        default_factory=dict, description="fields of the event, each by a formula"
    )


def _plan_emit(spec: EmitSpec, planner: Planner) -> Run | None:
    fields = planner.event(spec.type, "type")
    if fields is None:
        return None
    writers: dict[str, Plain] = {}
    for name, text in spec.data.items():
        if name not in fields:
            hint = did_you_mean(name, fields)
            planner.problem(
                "unknown-name", f"{spec.type} has no field '{name}'", "data", name, hint=hint
            )
        elif (writer := planner.writer(text, fields[name], "data", name)) is not None:
            writers[name] = writer
    target = planner.writer(spec.customer or "customer.id", ID, "customer")
    if target is None or len(writers) < len(spec.data):
        return None

    def run(facts: Facts) -> Iterator[Change]:
        customer = target(facts)
        if customer is None:
            yield Skipped("emit", f"{spec.type}: the customer is missing")
            return
        data = {name: writer(facts) for name, writer in writers.items()}
        yield Emit(spec.type, str(customer), {k: v for k, v in data.items() if v is not None})

    return run


EFFECTS: tuple[AnyEffectKind, ...] = (
    *points.EFFECTS,
    EffectKind("issue", IssueSpec, _plan_issue),
    EffectKind("send", SendSpec, _plan_send),
    EffectKind("set", SetSpec, _plan_set),
    EffectKind("emit", EmitSpec, _plan_emit),
    *offers.EFFECTS,
    *standing.EFFECTS,
    *tasks.EFFECTS,
)
