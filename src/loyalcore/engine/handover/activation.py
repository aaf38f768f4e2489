"""A program takes over from another: what a customer has is carried into it (S15).

Everyone who was there gets an event `program_activated`, and the step of it, by the new
program, gives what they have its new names. What is called the same needs nothing. Then all
that is watched is looked at by the new terms (living.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import blake2b

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from loyalcore.effects.changes import Carry, Change, ChangeApproval, ChangeTask
from loyalcore.engine.care.cases import cases_withdrawn
from loyalcore.engine.care.journeys import withdrawn
from loyalcore.engine.decide import record
from loyalcore.engine.handover.renaming import rename
from loyalcore.engine.life import Life, Rank
from loyalcore.engine.parting.dissolution import carried
from loyalcore.engine.points.fallen import fallen_in
from loyalcore.engine.points.origins import forget
from loyalcore.engine.turn import Turn
from loyalcore.events import Event
from loyalcore.program.builtin_events import PROGRAM_ACTIVATED
from loyalcore.program.plan import Program
from loyalcore.program.timing.life_plan import Silence
from loyalcore.values import write_time

WITHDRAWN = "withdrawn"
RULE = "migration"
"""What its decisions are named."""


def concerns_everyone(old: Program, new: Program) -> bool:
    """Whether every customer is to be handed over from `old` to `new` one by one: what they
    have gets new names, or their timers, tiers and stage rest on something else."""
    if old.terms != new.terms:
        return True
    life, names = old.life, new.migration
    if _asked_no_more(old, new):
        return True
    ladders = {ladder.name: ladder for ladder in life.ladders} if life else {}
    return (
        any(was in old.attributes for was in names.attributes)
        or any(was in old.wallets for was in names.wallets)
        or any(was in old.offers for was in names.offers)
        or any(was in old.scores for was in names.scores)
        or any(was in old.contact.purposes for was in names.purposes)
        or any(was in old.contact.channels for was in names.channels)
        or any(was in ladders for was in names.tiers)
    )


def _asked_no_more(old: Program, new: Program) -> bool:
    """Whether `new` has not all the tasks and approvals of `old`."""
    was, now = old.work, new.work
    return not (
        was.tasks.keys() <= now.tasks.keys() and was.approvals.keys() <= now.approvals.keys()
    )


def listened_for(program: Program) -> tuple[str, ...]:
    """The event types of which `program` must know when a customer last had one, to take
    over: those that it waits for in silence."""
    triggers = program.life.triggers if program.life else ()
    silences = [trigger for trigger in triggers if isinstance(trigger, Silence)]
    return tuple(dict.fromkeys(event for trigger in silences for event in trigger.events))


def activation_event(
    program: Program, customer: str, at: int, latest: Mapping[str, int] | None = None
) -> Event:
    """The event by which `program` takes a customer over at the instant `at`. Its id is the
    same whenever it is made. `latest` is when they last had an event of each type that it
    listens for; of the others they had none."""
    found = f"{program.hash}\0{customer}\0{at}"
    id = f"activated-{write_time(at)[:10]}-{blake2b(found.encode(), digest_size=12).hexdigest()}"
    return Event(program.source, id, PROGRAM_ACTIVATED, customer, at, {}, _text(latest))


class _Told(Struct, omit_defaults=True):
    latest: Mapping[str, int] | None = None


def _text(latest: Mapping[str, int] | None) -> str:
    return msgspec.json.encode(_Told(latest or None)).decode()


_told = msgspec.json.Decoder(_Told).decode


def latest_told(turn: Turn) -> Mapping[str, int] | None:
    """What the event of `turn` tells as `latest`; None where it is another event."""
    if turn.event.type != PROGRAM_ACTIVATED:
        return None
    return _told(turn.event.text).latest or {}


def activate(turn: Turn) -> None:
    """Carry what the customer of `turn` has into its program."""
    changes = carry_points(turn)
    entries = turn.entries()
    changes += fallen_in(entries)
    changes += _offers(turn, turn.program.migration.offers)
    changes += rename(turn)
    changes += cases_withdrawn(turn)
    changes += _withdrawn(turn)
    life, renamed = _carried(turn.program, turn.life)
    changes += renamed
    life, ended = withdrawn(turn.program, life, turn.now)
    changes += ended
    turn.life, parted = carried(turn.program, life, turn.now)
    changes += parted
    if changes:
        record(turn, RULE, {}, changes, entries=entries)
        forget(turn)


def carry_points(turn: Turn) -> list[Change]:
    """Move what is in wallets that have a new name into those."""
    changes: list[Change] = []
    for wallet, into in turn.program.migration.wallets.items():
        if (points := turn.book.move_wallet(wallet, into, turn.now)) is not None:
            changes.append(Carry("wallet", wallet, into, points))
    return changes


def _offers(turn: Turn, names: Mapping[str, str]) -> list[Change]:
    """Give offers, also those that are closed, their new names. What nothing here would take
    up again is let go of, without what revoking it did."""
    changes: list[Change] = []
    kept = []
    for one in turn.offers:
        name = names.get(one.offer)
        if name is None:
            kept.append(one)
            continue
        if not one.closed:
            changes.append(Carry("offer", one.offer, name))
        if name:
            kept.append(replace(one, offer=name))
    if len(changes) or len(kept) != len(turn.offers):
        turn.offers = tuple(kept)
    return changes


def _withdrawn(turn: Turn) -> list[Change]:
    """Close the tasks and approvals that the program has none of. The others stay as they are,
    with the dates that they had."""
    life, work = turn.life, turn.program.work
    tasks = tuple(one for one in life.tasks if one.task in work.tasks)
    approvals = tuple(one for one in life.approvals if one.approval in work.approvals)
    turn.life = replace(life, tasks=tasks, approvals=approvals)
    return [
        *(ChangeTask(one.task, one.number, WITHDRAWN) for one in life.tasks if one not in tasks),
        *(
            ChangeApproval(one.approval, one.number, WITHDRAWN)
            for one in life.approvals
            if one not in approvals
        ),
    ]


def _carried(program: Program, life: Life) -> tuple[Life, list[Change]]:
    """A life with ranks and stage by their new names, and without what has no place any more."""
    changes: list[Change] = []
    migration, plan = program.migration, program.life
    ladders = {ladder.name: ladder for ladder in plan.ladders} if plan else {}
    stages = plan.stages.stages if plan and plan.stages else ()
    tiers: dict[str, Rank] = {}
    for was, rank in life.tiers.items():
        name = was if was in ladders else migration.tiers.get(was, "")
        if name != was:
            changes.append(Carry("tier", was, name))
        if (ladder := ladders.get(name)) is None:
            continue
        level = rank.level
        if level and ladder.rung(level) < 0:
            level = migration.levels.get(name, {}).get(level, "")
            changes.append(Carry("level", f"{name}.{rank.level}", level and f"{name}.{level}"))
        if level:
            tiers[name] = rank if level == rank.level else replace(rank, level=level)
        elif not rank.level:
            tiers[name] = rank
    stay = life.stage
    if stay is not None and stay.stage not in stages:
        name = migration.stages.get(stay.stage, "")
        changes.append(Carry("stage", stay.stage, name))
        stay = replace(stay, stage=name) if name in stages else None
    if plan is None:
        left = Life(journeys=life.journeys, asked=life.asked, cased=life.cased)
        left = replace(left, parted=life.parted, dissolution=life.dissolution, ended=life.ended)
        return replace(left, consents=life.consents, scores=life.scores), changes
    return (
        replace(
            life,
            timers=tuple(timer for timer in life.timers if timer.trigger in plan.by_name),
            watched=tuple(name for name in life.watched if name in plan.by_name),
            tiers=tiers,
            stage=stay,
        ),
        changes,
    )
