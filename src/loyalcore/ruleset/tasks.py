"""Tasks and approvals: what people are asked to do, and to decide."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from pydantic import BeforeValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from loyalcore.ruleset.words import DurationText, Label, Labels, Raw, Section

Effects = tuple[dict[str, Raw], ...]


class EscalationSpec(Section):
    """Who else is to see to a task that nobody has done."""

    after: DurationText | None = Field(
        None, description="how long after it was due; without it, as soon as it is"
    )
    to: Label = Field(description="the role that it goes to")

    @model_validator(mode="before")
    @classmethod
    def _widen(cls, raw: object) -> object:
        return {"to": raw} if isinstance(raw, str) else raw


def _listed(raw: object) -> object:
    return raw if isinstance(raw, list | tuple) else [raw]


class TaskSpec(Section):
    """Something that a person is asked to do for a customer, by the effect `task`.

    Who it is for, and every role that it was escalated to, may do it. It stays open, however
    late, until it is done.
    """

    role: Label | None = Field(None, description="the role whose task it is")
    assignee: str | None = Field(
        None, description="the attribute with the name of whom it is for: customer.adviser"
    )
    due: DurationText | None = Field(
        None, description="how long there is; without it, for ever, or as a recovery promises"
    )
    remind: DurationText | None = Field(None, description="a reminder, so long before it is due")
    escalate: Annotated[tuple[EscalationSpec, ...], BeforeValidator(_listed)] = Field(
        (), description="who else is to see to it: a role, {after, to}, or a list of them"
    )
    takes: DurationText | None = Field(
        None, description="how much work it is, for what it costs: 30 minutes"
    )
    outcomes: Labels = Field((), description="what it may come to; without it, any text")
    then: dict[Label, Effects] = Field(
        default_factory=dict, description="effects by outcome: {reached: [{earn: {beans: 5}}]}"
    )
    about: str = Field("", description="what is to be done, for people")

    @model_validator(mode="after")
    def _for_someone(self) -> TaskSpec:
        if self.role is None and self.assignee is None:
            raise PydanticCustomError("bad-task", "say whose task it is: role, or assignee")
        return self


class ApprovalSpec(Section):
    """A decision that only people may take, which the effect `approval` asks them for.

    It is approved by so many different people (`eyes`), and rejected by one. Each of them says
    so once.
    """

    role: Labels = Field(description="who may decide: a role, or a list of them", min_length=1)
    eyes: int = Field(1, description="how many people must approve it", ge=1, le=100, strict=True)
    expires: DurationText | None = Field(
        None, description="how long it may be decided; without it, for ever"
    )
    approved: Effects = Field((), description="what follows when it is approved")
    rejected: Effects = Field((), description="what follows when it is rejected")
    expired: Effects = Field((), description="what follows when nobody has decided by then")
    about: str = Field("", description="what is decided, for people")


def people(raw: object) -> object:
    """`people: {anna: adviser, bo: }` in full."""
    if not isinstance(raw, Mapping):
        return raw
    return {name: () if roles is None else roles for name, roles in raw.items()}


People = Annotated[dict[Label, Labels], BeforeValidator(people)]
"""The roles that each person has."""
