"""Where a test's customer stands before the first event: at levels, and in a stage."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec.structs import replace

from loyalcore.engine.ladders.ranks import keeps_until
from loyalcore.engine.life import Life, Rank, Stay
from loyalcore.engine.state import BEGINNING, CustomerState
from loyalcore.engine.timing.watching import next_look
from loyalcore.program.plan import Program
from loyalcore.program.timing.life_plan import LadderPlan


def rank_at(
    program: Program, ladder: LadderPlan, level: str, since: int, came: int, until: int | None
) -> Rank:
    """The rank of a customer who came at `came` and has had the level `since` then. Without
    `until` it is kept from then on for as long as the ladder says."""
    base = ladder.base is not None and ladder.base.name == level
    if until is None and ladder.keep is not None and not base:
        until = keeps_until(ladder.keep, since, came, program.locale.zone)
    return Rank(level, since, "set", until)


def placed(
    program: Program, state: CustomerState, ranks: Mapping[str, Rank], stay: Stay | None
) -> CustomerState:
    """`state`, not seen before, at these levels and in this stage. The customer has been known
    since the first of it; what becomes of it by itself, before any event too, will."""
    begun = [rank.since for rank in ranks.values()] + ([stay.since] if stay is not None else [])
    if not begun or program.life is None:
        return state
    since = min(begun) if state.since == BEGINNING else min(state.since, *begun)
    life = Life(tiers=ranks, stage=stay)
    state = replace(state, since=since, clock=max(begun), life=life)
    due = next_look(program, program.life, state)
    return replace(state, life=replace(life, due=due))
