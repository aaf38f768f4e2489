"""What the sections of a ruleset decide by themselves, by the names that decisions have.

A decision is named by the place in the ruleset that says so: "rewards.espresso" when it is
bought, "offers.three-visits" when it is completed, "wallets.beans.expires".
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from loyalcore.effects.changes import Change, SetStage, SetTier
from loyalcore.engine.outcome import Decision
from loyalcore.program.builtin_events import (
    ADJUST_POINTS,
    APPROVAL_GIVEN,
    FROM_OPERATORS,
    OPEN_OFFER,
    PAUSE_DISSOLUTION,
    POINTS_RECEIVED,
    REOPEN_DISSOLUTION,
    RESUME_DISSOLUTION,
    REVOKE_OFFER,
    SCORED,
    SET_STAGE,
    SET_TIER,
    TASK_ASSIGNED,
    TASK_DONE,
    WITHDRAW_DISSOLUTION,
)
from loyalcore.program.plan import Program

_ACTS = ("reverses", "activates", "redeems", "cancels", "merges", "unmerges")
_PARTING = (
    *("improved", "rejected", "expired", "withdrawn", "merged", "reopened"),
    *("held", "resumed", "pending", "settled"),
)
_OFFERED = ("opened", "advanced", "lapsed", "revoked", "rejudged")


def rule_names(program: Program) -> tuple[str, ...]:
    """Every rule of a program, once."""
    return tuple(
        dict.fromkeys(rule.name for plan in program.events.values() for rule in plan.rules)
    )


def decision_names(program: Program) -> tuple[str, ...]:
    """Everything that can decide: the rules, and the sections that do so by themselves."""
    return (*rule_names(program), *dict.fromkeys(_of_sections(program)))


def housekeeping(program: Program, decision: Decision) -> bool:
    """Whether a decision only keeps the books: points that turn active or expire, the steps
    towards an offer, reminders of tasks, and that they are handed on, triggers that nothing is
    on, the stage or level where everyone begins, and scores. Tests pass over those that they don't
    name."""
    section, _, rest = decision.rule.partition(".")
    if section in ("tiers", "stages"):
        return any(_begins(program, change) for change in decision.changes)
    if section == "tasks":
        return rest.endswith((".reminded", ".assigned"))
    if section == "triggers":
        implied = program.life is not None and (
            rest in program.life.by_place or rest.startswith("dissolution.")
        )
        return implied or not program.events[rest].wanted
    return section in ("wallets", "scores") or (section == "offers" and rest.endswith(".advanced"))


def _begins(program: Program, change: Change) -> bool:
    life = program.life
    match change:
        case SetStage(stage, was=""):
            return life is not None and life.stages is not None and stage == life.stages.stages[0]
        case SetTier(ladder, level, was=""):
            bases = {one.name: one.base for one in life.ladders} if life is not None else {}
            base = bases.get(ladder)
            return base is not None and base.name == level
    return False


class ToTry(NamedTuple):
    """Something that should happen in tests; of a ladder, that its `level` is entered."""

    name: str
    level: str = ""


def to_try(program: Program) -> Iterator[ToTry]:
    """What tests should see happen, beside the rules: rewards bought, offers completed and
    lapsed, refunds and whatever else events do by themselves, triggers that come, levels and
    stages that are entered, journeys that do anything, cases that are opened and answered."""
    yield from map(ToTry, _tried(program))
    if (life := program.life) is not None:
        for ladder in life.ladders:
            begins = ladder.base is not None
            yield from (ToTry(ladder.place, one.name) for one in ladder.levels[begins:])


def _tried(program: Program) -> Iterator[str]:
    for plan in program.events.values():
        yield from (reward.rule.name for reward in plan.rewards.values())
    for name, offer in program.offers.items():
        yield f"offers.{name}"
        if offer.lapsed.effects:
            yield f"offers.{name}.lapsed"
    for event, plan in program.events.items():
        for act in ("reverses", "activates", "cancels", "merges", "unmerges"):
            if plan.acts is not None and getattr(plan.acts, act) is not None:
                yield f"events.{event}.{act}"
    if (life := program.life) is not None:
        yield from (
            one.place
            for one in life.triggers
            if program.events[one.name].wanted
            and one.name not in life.by_place
            and not one.name.startswith("dissolution.")
        )
        yield from life.by_place
        for parting in life.dissolutions:
            yield f"{parting.place}.proposed"
            yield from (f"{parting.place}.{phase.name}" for phase in parting.phases)
            if parting.improve is not None:
                yield from (f"{parting.place}.{what}" for what in ("improving", "improved"))
            if parting.withdraw:
                yield f"{parting.place}.withdrawn"
            if parting.reopen is not None:
                yield f"{parting.place}.reopened"
        for recovery in life.recoveries:
            yield from (f"{recovery.place}.{how}" for how in recovery.tried)
        if life.stages is not None:
            yield from (f"stages.{stage}" for stage in life.stages.stages[1:])
    for task in program.work.tasks.values():
        yield f"{task.place}.done"
        if task.escalate:
            yield f"{task.place}.escalated"
    for approval in program.work.approvals.values():
        yield from (
            f"{approval.place}.{how}"
            for how in approval.ends
            if how != "expired" or approval.expires is not None
        )


def _of_sections(program: Program) -> Iterator[str]:
    yield from (tried.name for tried in to_try(program))
    for wallet in program.wallets:
        yield from (f"wallets.{wallet}.pending", f"wallets.{wallet}.expires")
    for offer in program.offers:
        yield from (f"offers.{offer}.{what}" for what in _OFFERED)
    for event, plan in program.events.items():
        if plan.acts is not None and event not in FROM_OPERATORS:
            acts = (act for act in _ACTS if getattr(plan.acts, act) is not None)
            yield from (f"events.{event}.{act}" for act in acts)
        if plan.offers is not None and plan.offers.presents:
            yield f"events.{event}.presents"
    if (life := program.life) is not None:
        yield from (trigger.place for trigger in life.triggers)
        yield from (ladder.place for ladder in life.ladders)
        for recovery in life.recoveries:
            yield from (f"{recovery.place}.{how}" for how in recovery.decides)
        if life.stages is not None:
            yield f"stages.{life.stages.stages[0]}"
        for parting in life.dissolutions:
            yield from (f"{parting.place}.{reason.name}" for reason in parting.reasons)
            yield from (f"{parting.place}.{what}" for what in _PARTING)
    for task in program.work.tasks.values():
        yield from (f"{task.place}.{how}" for how in ("reminded", "assigned"))
    for approval in program.work.approvals.values():
        yield f"{approval.place}.given"
    yield from (f"scores.{name}" for name in program.scores)
    for event in (
        *(ADJUST_POINTS, OPEN_OFFER, REVOKE_OFFER, POINTS_RECEIVED),
        *(SET_TIER, SET_STAGE, TASK_DONE, TASK_ASSIGNED, APPROVAL_GIVEN, SCORED),
        *(PAUSE_DISSOLUTION, RESUME_DISSOLUTION, WITHDRAW_DISSOLUTION, REOPEN_DISSOLUTION),
    ):
        yield f"events.{event}"
