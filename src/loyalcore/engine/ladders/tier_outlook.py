"""Where a customer stands on a tier ladder, what is missing, and what will become of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from msgspec.structs import replace

from loyalcore.effects.kind import Facts
from loyalcore.engine.facts import facts_at
from loyalcore.engine.ladders.ranks import NONE, earned, kept, lower, met, next_end, next_review
from loyalcore.engine.life import Rank
from loyalcore.engine.state import CustomerState
from loyalcore.engine.timing.closing import facts_ahead
from loyalcore.ledger.standing import stand
from loyalcore.program.plan import Program
from loyalcore.program.timing.life_plan import Criteria, Criterion, LadderPlan
from loyalcore.values import Value, write_number, write_time


@dataclass(frozen=True)
class Need:
    """Something that a level takes: a `figure`, of which there is `have`, `wanted` is at
    least so much, and so much is `missing`. A condition has no numbers. Where `one_of`, it is
    one of those of which one is enough."""

    figure: str
    met: bool
    have: object = None
    wanted: object = None
    missing: object = None
    one_of: bool = False


@dataclass(frozen=True)
class Outlook:
    """A customer on a ladder at an instant. Values are in plain JSON form, times ISO 8601 in
    UTC.

    `level` is None where they have none; until the `grace` ends they can still earn what
    they were to have by `until`. `next` is the level above (None: there is none that one
    reaches by oneself), and what it takes; `stay` is what it takes to keep this one. If
    nothing else happens, they are at `projected` once `projected_at` has come (None: the
    level has no end that is known).
    """

    ladder: str
    level: str | None
    since: str | None
    how: str
    until: str | None
    grace: str | None
    benefits: Mapping[str, object]
    next: str | None
    to_next: tuple[Need, ...]
    to_stay: tuple[Need, ...]
    projected: str | None
    projected_at: str | None


def outlook(program: Program, ladder: LadderPlan, state: CustomerState, at: int) -> Outlook:
    """The customer of `state` on a ladder of the program at `at`, not before their clock."""
    zone = program.locale.zone
    account = stand(state.account, program.wallets, zone, state.since, at).account
    state = replace(state, clock=at, account=account)
    facts = facts_at(program, state, at)
    rank = state.life.tiers.get(ladder.name)
    rung = NONE if rank is None else ladder.rung(rank.level)
    if rung == NONE:
        rank, rung = None, NONE if ladder.base is None else 0
    level = None if rung == NONE else ladder.levels[rung]
    above = next((one for one in ladder.levels[rung + 1 :] if not one.invitation), None)
    then, when = _projected(program, ladder, state, rank, rung)
    return Outlook(
        ladder=ladder.name,
        level=None if level is None else level.name,
        since=None if rank is None else write_time(rank.since),
        how="" if rank is None else rank.how,
        until=_time(None if rank is None else rank.until),
        grace=_time(None if rank is None else rank.grace),
        benefits={} if level is None else {name: _plain(v) for name, v in level.benefits.items()},
        next=None if above is None else above.name,
        to_next=() if above is None else tuple(needs(above.reach, facts)),
        to_stay=() if level is None else tuple(needs(level.stay, facts)),
        projected=None if then == NONE else ladder.levels[then].name,
        projected_at=_time(when),
    )


def _projected(
    program: Program, ladder: LadderPlan, state: CustomerState, rank: Rank | None, rung: int
) -> tuple[int, int | None]:
    """The level to come, and when it is decided: as its time ends or, where it isn't kept then,
    its grace; or at the next review."""
    zone = program.locale.zone
    end = None
    if rank is not None:  # a warning changes nothing
        end = next_end(ladder, replace(rank, warned=True), zone)
    review = next_review(ladder, state.clock, state.since, zone)
    at = min((time for time in (end, review) if time is not None), default=None)
    if at is None or at < state.clock:
        return rung, None
    facts = facts_ahead(program, state, at)
    if at == review and (best := earned(ladder, facts)) > rung:
        return best, at
    over = at == end or (ladder.keep is None and rank is not None and rank.until is None)
    if rung == NONE or not over or ladder.drop == "never" or kept(ladder, rung, facts):
        return rung, at
    if at == end and rank is not None and rank.grace is None and ladder.grace is not None:
        at = ladder.grace.after(at, zone)
        facts = facts_ahead(program, state, at)
        if kept(ladder, rung, facts):
            return rung, at
    return lower(ladder, rung, facts), at


def needs(criteria: Criteria, facts: Facts) -> Iterator[Need]:
    """What a level takes, one by one, and how far it is there."""
    for one in criteria.all:
        yield _need(one, facts, one_of=False)
    for one in criteria.any:
        yield _need(one, facts, one_of=True)
    if criteria.when is not None and criteria.condition is not None:
        yield Need(criteria.condition.text, criteria.when(facts))


def _need(one: Criterion, facts: Facts, *, one_of: bool) -> Need:
    have: Any = one.figure(facts)
    wanted: Any = one.wanted(facts)
    reached = met(one, facts)
    missing = None
    if wanted is not None:
        missing = 0 if reached else wanted - (have or 0)
    write = one.write or (lambda value: value)
    have, wanted, missing = (None if v is None else write(v) for v in (have, wanted, missing))
    return Need(one.text, reached, have, wanted, missing, one_of)


def _plain(value: Value) -> object:
    return value if isinstance(value, str | bool | int) else write_number(value)  # type: ignore[arg-type]


def _time(time: int | None) -> str | None:
    return None if time is None else write_time(time)
