"""Tasks and approvals compiled: what people are asked, who they are, and what follows."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import NamedTuple

from msgspec import Struct

from loyalcore.calendars import Duration
from loyalcore.program.offering.offer_plan import Ending


class Escalation(NamedTuple):
    """A task goes to the role `to` so long `after` it was due (None: at once)."""

    after: Duration | None
    to: str


class TaskPlan(Struct, frozen=True):
    """A task. `assignee` is the attribute with the name of whom it is for, "" where there is
    none; `outcomes` what it may come to, all where there are none; `then` what follows of which.
    It takes so many `minutes` of work, as far as is known beforehand."""

    name: str
    roles: tuple[str, ...]
    assignee: str
    due: Duration | None
    remind: Duration | None
    escalate: tuple[Escalation, ...]
    outcomes: tuple[str, ...]
    then: Mapping[str, Ending]
    about: str = ""
    minutes: Fraction = Fraction(0)

    @property
    def place(self) -> str:
        """Where the ruleset declares it, as its decisions are named."""
        return f"tasks.{self.name}"


class ApprovalPlan(Struct, frozen=True):
    """A decision that `eyes` different people who have one of the `roles` must approve. `ends`
    has what follows as it is "approved", "rejected" or "expired"."""

    name: str
    roles: tuple[str, ...]
    eyes: int
    expires: Duration | None
    ends: Mapping[str, Ending]
    about: str = ""

    @property
    def place(self) -> str:
        return f"approvals.{self.name}"


class WorkPlan(Struct, frozen=True):
    """All of them, and the roles of each person. Without `people`, anyone may do anything."""

    tasks: Mapping[str, TaskPlan] = {}
    approvals: Mapping[str, ApprovalPlan] = {}
    people: Mapping[str, frozenset[str]] = {}

    def __bool__(self) -> bool:
        return bool(self.tasks or self.approvals)
