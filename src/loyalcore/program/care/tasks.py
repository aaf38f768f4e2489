"""Tasks and approvals: from what the author declares to plans of them."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from zoneinfo import ZoneInfo

from loyalcore.calendars import Duration, read_duration, read_length
from loyalcore.errors import did_you_mean
from loyalcore.program.builtin_events import APPROVAL_GIVEN, DUE, TASK_DONE
from loyalcore.program.care.task_plan import ApprovalPlan, Escalation, TaskPlan, WorkPlan
from loyalcore.program.offering.offer_plan import Ending
from loyalcore.program.offering.reach import reads_of
from loyalcore.program.report import Place
from loyalcore.program.selecting.rules import plan_effects
from loyalcore.program.timing.watching import Watching
from loyalcore.ruleset.tasks import ApprovalSpec, Effects, TaskSpec

_UTC = ZoneInfo("UTC")
_MINUTE = 60_000_000  # microseconds

DECISIONS = {"approved": APPROVAL_GIVEN, "rejected": APPROVAL_GIVEN, "expired": DUE}
"""How an approval ends, and at which type of event."""


def plan_work(watching: Watching) -> WorkPlan:
    """All tasks and approvals; of no use where a mistake was reported."""
    ruleset = watching.ruleset
    planner = _Planner(watching)
    work = WorkPlan(
        {name: planner.task(name, spec) for name, spec in ruleset.tasks.items()},
        {name: planner.approval(name, spec) for name, spec in ruleset.approvals.items()},
        {name: frozenset(roles) for name, roles in ruleset.people.items()},
    )
    for place, message, hint in () if watching.report.broken else planner.doubts():
        watching.report.warning("nobody", message, place, hint=hint)
    return work


class _Planner:
    def __init__(self, watching: Watching) -> None:
        self._watching = watching
        self._report = watching.report
        self._ruleset = watching.ruleset

    def task(self, name: str, spec: TaskSpec) -> TaskPlan:
        place: Place = ("tasks", name)
        self._check_times(name, spec, place)
        for outcome in spec.then:
            if outcome not in spec.outcomes:
                hint = did_you_mean(outcome, spec.outcomes)
                listed = f"outcomes: {', '.join(spec.outcomes) or 'none'}"
                self._report.problem(
                    "unknown-name",
                    f"'{outcome}' is no outcome of the task '{name}'",
                    (*place, "then", outcome),
                    hint=hint or listed,
                    key=True,
                )
        return TaskPlan(
            name,
            () if spec.role is None else (spec.role,),
            self._attribute(spec.assignee, (*place, "assignee")),
            read_length(spec.due),
            read_length(spec.remind),
            tuple(Escalation(read_length(one.after), one.to) for one in spec.escalate),
            spec.outcomes,
            {
                outcome: self._ending(effects, (*place, "then", outcome), TASK_DONE)
                for outcome, effects in spec.then.items()
            },
            spec.about,
            self._minutes(spec.takes, (*place, "takes")),
        )

    def approval(self, name: str, spec: ApprovalSpec) -> ApprovalPlan:
        place: Place = ("approvals", name)
        if spec.expired and spec.expires is None:
            message = "it never expires, so nothing follows of that"
            self._problem(message, (*place, "expired"), "say when: expires: 30 days")
        ends = {
            how: self._ending(getattr(spec, how), (*place, how), event)
            for how, event in DECISIONS.items()
        }
        return ApprovalPlan(name, spec.role, spec.eyes, read_length(spec.expires), ends, spec.about)

    def _check_times(self, name: str, spec: TaskSpec, place: Place) -> None:
        """Report what is to come before or after a task is due, where it never is, or never
        could come. A recovery says by its promises when its task is due."""
        given = [] if spec.due is None else [spec.due]
        for recovery in self._ruleset.recovery.values():
            if recovery.task == name:
                given += (promise.within for promise in recovery.promise)
        if not given:
            for key in ("remind", "escalate"):
                if getattr(spec, key):
                    self._problem(f"{key} needs due: by when it is to be done", place, "")
                    return
        if spec.remind is not None:
            remind = read_duration(spec.remind)
            if not any(_shorter(remind, read_duration(one)) for one in given):
                self._problem(
                    f"a reminder {spec.remind} before it is due, but there are {given[-1]} only",
                    (*place, "remind"),
                    "make remind shorter than due",
                )

    def _minutes(self, written: str | None, place: Place) -> Fraction:
        work = Duration() if written is None else read_duration(written)
        if work.months:
            self._problem(f"nobody works on it for {work}", place, "say it in hours or minutes")
        return Fraction(work.microseconds, _MINUTE)

    def _attribute(self, written: str | None, place: Place) -> str:
        """The attribute that has the name of a person; "" where none is written, or sound."""
        if written is None:
            return ""
        known = self._watching.names.attributes
        name = written.removeprefix("customer.")
        if name not in known:
            hint = did_you_mean(name, known) or f"attributes: {', '.join(known) or 'none'}"
            message = f"there is no attribute '{name}'"
            self._report.problem("unknown-name", message, place, hint=hint)
            return ""
        if known[name].kind not in ("text", "id"):
            message = f"'{name}' is no name of a person: it is a {known[name].kind}"
            self._problem(message, place, "make it a text or an id")
        return name

    def _ending(self, effects: Effects, place: Place, event: str) -> Ending:
        watching = self._watching
        planner = watching.planner_in(watching.names.of_rule(event))
        planned = plan_effects(effects, place, planner)
        watching.read[event] |= planner.read
        return Ending(planned, reads_of(planner))

    def _problem(self, message: str, place: Place, hint: str) -> None:
        self._report.problem("bad-task", message, place, hint=hint)

    def doubts(self) -> Iterator[tuple[Place, str, str]]:
        """What nobody can do."""
        people = self._ruleset.people
        for name, spec in self._ruleset.approvals.items():
            place: Place = ("approvals", name)
            if not people:
                hint = f"name those who may: people: {{anna: [{spec.role[0]}]}}"
                yield place, f"anyone can decide '{name}': there are no people", hint
                continue
            able = [one for one, roles in people.items() if {*roles} & {*spec.role}]
            if len(able) < spec.eyes:
                who = f"only {', '.join(able)} may" if able else "nobody may"
                had = {role for roles in people.values() for role in roles}
                meant = next((m for one in spec.role if (m := did_you_mean(one, had - {one}))), "")
                hint = f"it takes {spec.eyes}: give the role to others, under people"
                hint = hint if able or not meant else f"{spec.role[0]}: {meant}"
                yield place, f"'{name}' can't be approved: {who}", hint
        if people:
            yield from self._roles_of_nobody()

    def _roles_of_nobody(self) -> Iterator[tuple[Place, str, str]]:
        had = {role for roles in self._ruleset.people.values() for role in roles}
        for name, spec in self._ruleset.tasks.items():
            own = () if spec.role is None else (spec.role,)
            for role in (*own, *(one.to for one in spec.escalate)):
                if role not in had:
                    hint = did_you_mean(role, had) or f"roles: {', '.join(sorted(had)) or 'none'}"
                    message = f"nobody has the role '{role}' of the task '{name}'"
                    yield ("tasks", name), message, hint


def _shorter(one: Duration, other: Duration) -> bool:
    """Whether a length of time is shorter, from one and the same instant on."""
    return one.after(0, _UTC) < other.after(0, _UTC)
