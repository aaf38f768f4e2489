"""What journeys have brought: who entered, how it ended, and what came of doing nothing."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import groupby
from operator import attrgetter
from sqlite3 import Connection
from typing import Any

from msgspec import json

from loyalcore.runner.uplift import Difference, newcombe
from loyalcore.store.decided import JOURNEYS, Decided

WON = ("reached", "returned")
"""The outcomes that a journey is for."""
NOT_COUNTED = ("mistaken", "merged", "withdrawn")
"""Those that tell nothing of what it does: they count in no rate."""


@dataclass
class Travel:
    """One customer's way through a journey, from entry to `outcome` ("": they are in it)."""

    customer: str
    journey: str
    number: int
    entered: int
    held_out: bool
    steps: int = 0
    cost: int | None = None
    ended: int | None = None
    outcome: str = ""


@dataclass
class Group:
    """Those who were treated, or those held out: how many entered, are in it now, by steps that
    are over, and ended, by outcome. `cost` is in minor units, None where nothing says it."""

    entered: int = 0
    now: dict[int, int] = field(default_factory=dict)
    outcomes: dict[str, int] = field(default_factory=dict)
    cost: int | None = None

    @property
    def counted(self) -> int:
        """How many the rate is of: who is still in it has not returned yet."""
        return self.entered - sum(self.outcomes.get(one, 0) for one in NOT_COUNTED)

    @property
    def won(self) -> int:
        return sum(self.outcomes.get(one, 0) for one in WON)

    @property
    def rate(self) -> float | None:
        return self.won / self.counted if self.counted else None

    @property
    def cost_per_won(self) -> int | None:
        """In minor units, rounded half up."""
        if self.cost is None or not self.won:
            return None
        return (2 * self.cost + self.won) // (2 * self.won)


@dataclass
class Brought:
    """What one journey has brought, of those who entered it in a period."""

    journey: str
    treated: Group = field(default_factory=Group)
    held_out: Group = field(default_factory=Group)
    held_back: dict[str, int] = field(default_factory=dict)

    @property
    def uplift(self) -> Difference | None:
        one, other = self.treated, self.held_out
        if not one.counted or not other.counted:
            return None
        return newcombe(one.won, one.counted, other.won, other.counted)


def report(
    connection: Connection, places: Iterable[str], since: int | None, until: int | None
) -> list[Brought]:
    """What each journey of `places` has brought, of those who entered in since <= time < until.
    One customer is in memory at a time."""
    found = {place: Brought(place) for place in places}
    for _, own in groupby(JOURNEYS.each_decided(connection), attrgetter("customer")):
        decided = [*own]
        for travel in travels(decided):
            if travel.journey in found and _within(travel.entered, since, until):
                _count(found[travel.journey], travel)
        for one in decided:
            entry = one.reason and "journey.step" not in _json(one.facts)
            if entry and one.rule in found and _within(one.time, since, until):
                held = found[one.rule].held_back
                why = one.reason.partition(":")[0].partition(" win_back.")[0]
                held[why] = held.get(why, 0) + 1
    return list(found.values())


def _count(brought: Brought, travel: Travel) -> None:
    group = brought.held_out if travel.held_out else brought.treated
    group.entered += 1
    if travel.ended is None:
        group.now[travel.steps] = group.now.get(travel.steps, 0) + 1
    else:
        group.outcomes[travel.outcome] = group.outcomes.get(travel.outcome, 0) + 1
    if travel.cost is not None:
        group.cost = (group.cost or 0) + travel.cost


def _within(time: int, since: int | None, until: int | None) -> bool:
    return (since is None or time >= since) and (until is None or time < until)


_json: Any = json.Decoder().decode


def travels(decided: Iterable[Decided]) -> list[Travel]:
    """The ways through journeys that decisions tell of, in the order entered."""
    found: dict[tuple[str, str, int], Travel] = {}
    for one in decided:
        facts, effects = _json(one.facts), _json(one.effects)
        if "journey.step" in facts and "journey.number" in facts:  # a step, done or held back
            key = (one.customer, one.rule, facts["journey.number"])
            if (travel := found.get(key)) is not None:
                travel.steps = facts["journey.step"]
                if one.cost is not None:
                    travel.cost = (travel.cost or 0) + one.cost
        for effect in effects:
            kind = effect["effect"]
            if kind == "carry" and effect["what"] == "journey":
                travel = found.pop((one.customer, effect["name"], effect["number"]))
                travel.journey = effect["to"]
                found[one.customer, travel.journey, travel.number] = travel
            if kind not in ("enter", "end"):
                continue
            section = "win_back" if effect["kind"] == "win_back" else "journeys"
            key = (one.customer, f"{section}.{effect['journey']}", effect["number"])
            if kind == "enter":
                held_out = effect.get("held_out", False)
                found[key] = Travel(*key, entered=one.time, held_out=held_out)
            elif (travel := found.get(key)) is not None:
                travel.ended, travel.outcome = one.time, effect["outcome"]
    return list(found.values())
