"""A customer's state in plain values: what their next event will find."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from loyalcore.engine.care.contact import Standing, standings
from loyalcore.engine.figures import readers
from loyalcore.engine.life import Life
from loyalcore.engine.state import CustomerState
from loyalcore.program.figures.scores import ScorePlan
from loyalcore.program.plan import Program
from loyalcore.values import Value, write_time, write_value


@dataclass(frozen=True)
class Level:
    """A level of a tier ladder, since when, and until when it is kept. Within its `grace` it is
    lost at the end of that. `level` is None where the customer has none; `since` is where they
    have not been moved yet."""

    level: str | None
    since: str | None = None
    until: str | None = None
    grace: str | None = None


@dataclass(frozen=True)
class Stage:
    """A stage of the relationship, since when, and who is responsible."""

    stage: str
    since: str | None = None
    responsible: str = ""


@dataclass(frozen=True)
class Coming:
    """A trigger that comes at `due` by itself, unless something puts it off. It counts from
    `since`."""

    trigger: str
    due: str
    since: str


@dataclass(frozen=True)
class Waiting:
    """A task that is open, or an approval (`kind`): whom it is asked of, and until when."""

    kind: str
    name: str
    number: int
    asked_of: str
    due: str | None = None
    note: str = ""


@dataclass(frozen=True)
class Parting:
    """The ending of the relationship, as far as it has come: its phase, since when and, if
    nothing holds it, until when; what it is `held` by."""

    dissolution: str
    phase: str
    reason: str
    since: str
    until: str | None = None
    held: str = ""


@dataclass(frozen=True)
class Opened:
    """A case that is open: since when, by when it is to be answered, and whether it was."""

    recovery: str
    case: str
    number: int
    opened: str
    due: str | None
    answered: str | None
    overdue: bool
    times: int


@dataclass(frozen=True)
class Scored:
    """What a score says, in plain form, and since when. Who was not scored has no values."""

    values: Mapping[str, object]
    since: str | None = None


@dataclass(frozen=True)
class Profile:
    """A customer at the time of their latest event, `clock`.

    Values are in plain JSON form, times ISO 8601 in UTC. `metrics` and `balances` have
    every metric and wallet that the program declares, `tiers` every ladder, `scores` every
    score. `timers` are the triggers that are to come, the next one first; `work` is what people
    are asked, and `cases` are those that are open; `contact` says for what they may be written
    to, where that is asked at all. `merged` is the customer whom they are merged into, or empty;
    `absorbed` are those merged into them.
    """

    customer: str
    since: str
    clock: str
    attributes: Mapping[str, object]
    tags: tuple[str, ...]
    metrics: Mapping[str, object]
    balances: Mapping[str, int]
    tiers: Mapping[str, Level]
    stage: Stage | None
    timers: tuple[Coming, ...]
    work: tuple[Waiting, ...] = ()
    dissolution: Parting | None = None
    cases: tuple[Opened, ...] = ()
    contact: tuple[Standing, ...] = ()
    merged: str = ""
    absorbed: tuple[str, ...] = ()
    scores: Mapping[str, Scored] = field(default_factory=dict)


def profile(program: Program, state: CustomerState) -> Profile:
    """What `program` knows of a customer who has had an event."""
    locale = program.locale
    found: dict[str, Value | None] = {}
    for add_figures in readers(program.metrics.values(), locale.zone):
        add_figures(found, state)
    figures = {
        name: write_value(plan.type, found[name], locale) for name, plan in program.metrics.items()
    }
    return Profile(
        customer=state.customer,
        since=write_time(state.since),
        clock=write_time(state.clock),
        attributes={
            name: write_value(type_, state.attributes.get(name), locale)
            for name, type_ in program.attributes.items()
        },
        tags=state.tags,
        metrics=figures,
        balances={
            **{wallet: state.account.balances.get(wallet, 0) for wallet in program.wallets},
            **state.account.balances,
        },
        tiers={
            ladder.name: _level(program, ladder.name, state.life)
            for ladder in (program.life.ladders if program.life is not None else ())
        },
        stage=_stage(program, state.life),
        timers=tuple(
            Coming(timer.trigger, write_time(timer.due), write_time(timer.since))
            for timer in sorted(state.life.timers, key=lambda timer: (timer.due, timer.number))
        ),
        work=tuple(_waiting(program, state.life)),
        dissolution=parting_of(state.life),
        cases=tuple(
            Opened(
                one.recovery,
                one.id,
                one.number,
                write_time(one.opened),
                _written(one.due),
                _written(one.answered),
                one.overdue and one.answered is None,
                one.times,
            )
            for one in state.life.cases
            if one.ended is None
        ),
        contact=standings(program, state)
        if program.contact.declared or state.life.consents
        else (),
        merged=state.merged,
        absorbed=tuple(state.absorbed),
        scores={name: _scored(plan, state.life) for name, plan in program.scores.items()},
    )


def known_values(program: Program, state: CustomerState) -> dict[str, object]:
    """What a message may name of a customer without an event, in plain JSON form, by name."""
    known = profile(program, state)
    values: dict[str, object] = {
        **known.metrics,
        **known.attributes,
        **{f"customer.{name}": value for name, value in known.attributes.items()},
        **{f"balance.{wallet}": points for wallet, points in known.balances.items()},
        **{f"pending.{wallet}": state.account.pending.get(wallet, 0) for wallet in program.wallets},
        **{f"tier.{ladder}": tier.level for ladder, tier in known.tiers.items()},
        "customer.id": known.customer,
        "customer.since": known.since,
    }
    if known.stage is not None:
        values["stage"] = known.stage.stage
    return values


def level_of(program: Program, ladder: str, life: Life) -> str | None:
    """The level of a customer on a ladder of `program`, None where they have none. Who has not
    been moved yet has the one that takes nothing, if there is one."""
    ladders = program.life.ladders if program.life is not None else ()
    plan = next(one for one in ladders if one.name == ladder)
    rank = life.tiers.get(ladder)
    if rank is not None and any(level.name == rank.level for level in plan.levels):
        return rank.level
    return None if plan.base is None else plan.base.name


def stage_of(program: Program, life: Life) -> str | None:
    """The stage of a customer, None where `program` has none. Who has not been moved yet is in
    the first."""
    stages = program.life.stages if program.life is not None else None
    if stages is None:
        return None
    known = life.stage is not None and life.stage.stage in stages.stages
    return life.stage.stage if life.stage is not None and known else stages.stages[0]


def _level(program: Program, ladder: str, life: Life) -> Level:
    level, rank = level_of(program, ladder, life), life.tiers.get(ladder)
    if rank is None or rank.level != level:
        return Level(level)
    return Level(level, write_time(rank.since), _written(rank.until), _written(rank.grace))


def _stage(program: Program, life: Life) -> Stage | None:
    stage, stay = stage_of(program, life), life.stage
    stages = program.life.stages if program.life is not None else None
    if stage is None or stages is None:
        return None
    since = write_time(stay.since) if stay is not None and stay.stage == stage else None
    return Stage(stage, since, stages.responsible.get(stage, ""))


def _scored(plan: ScorePlan, life: Life) -> Scored:
    score = life.scores.get(plan.name)
    if score is None or score.strategy != plan.strategy:
        return Scored({})
    return Scored(score.values, write_time(score.time))


def parting_of(life: Life) -> Parting | None:
    """Where the ending of a relationship has come to; None where nobody thinks of it."""
    one = life.dissolution
    if one is None:
        return None
    until = None if one.held else _written(one.due)
    return Parting(one.name, one.phase, one.reason, write_time(one.came), until, one.held)


def _waiting(program: Program, life: Life) -> Iterator[Waiting]:
    for task in life.tasks:
        of = task.assignee or " or ".join(task.roles)
        yield Waiting("task", task.task, task.number, of, _written(task.due), task.note)
    for one in life.approvals:
        plan = program.work.approvals.get(one.approval)
        of = "" if plan is None else " or ".join(plan.roles)
        yield Waiting("approval", one.approval, one.number, of, _written(one.expires))


def _written(time: int | None) -> str | None:
    return None if time is None else write_time(time)
