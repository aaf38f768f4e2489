"""Stacking groups: which of the rules that could fire on one event do so together.

Pure choice among candidates; selection.py says who they are, and acts on it.
"""

from __future__ import annotations

from collections.abc import Iterable, MutableMapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from loyalcore.program.selecting.rule_plan import GroupPlan


@dataclass(frozen=True)
class Candidate:
    """A rule that could fire: its place among all of them by priority and as written, its
    groups (the outermost first), and what it is worth to the customer."""

    place: int
    name: str
    groups: tuple[GroupPlan, ...]
    worth: Fraction | int


@dataclass(frozen=True)
class Choice:
    """The candidates that go on, in their order, and why the others don't, by place."""

    chosen: tuple[Candidate, ...]
    lost: dict[int, str]


def choose(candidates: Iterable[Candidate]) -> Choice:
    """Who of the `candidates`, which are in their order, goes on.

    Of a group `best`, its member that is worth most; where two are worth the same, and of a
    group `first`, the earlier in order. A group inside a group is one member of it: worth
    all that was chosen of it, and as early as the earliest of that. `exclusive` is told at
    `shut_out`: it depends on what fires in the end.
    """
    lost: dict[int, str] = {}
    members = _members(tuple(candidates), 0, lost)
    chosen = sorted((one for member in members for one in member), key=lambda one: one.place)
    return Choice(tuple(chosen), lost)


def shut_out(candidate: Candidate, fired: Sequence[Candidate]) -> str:
    """Why `candidate` can't fire after those that did: an exclusive group of theirs which it
    is no part of; empty where there is none."""
    own = {group.name for group in candidate.groups}
    for before in fired:
        for group in before.groups:
            if group.stack == "exclusive" and group.name not in own:
                return f"exclusive: {group.name}"
    return ""


Member = tuple[Candidate, ...]


def _members(candidates: Member, depth: int, lost: MutableMapping[int, str]) -> list[Member]:
    """What is chosen of each group at `depth`; of a rule in no group there, itself."""
    parted: dict[str | int, list[Candidate]] = {}
    for one in candidates:
        key = one.groups[depth].name if len(one.groups) > depth else one.place
        parted.setdefault(key, []).append(one)
    return [
        (part[0],) if isinstance(key, int) else _of_group(tuple(part), depth, lost)
        for key, part in parted.items()
    ]


def _of_group(candidates: Member, depth: int, lost: MutableMapping[int, str]) -> Member:
    group = candidates[0].groups[depth]
    members = _members(candidates, depth + 1, lost)
    match group.stack:
        case "best":
            winner = max(members, key=lambda member: (_worth(member), -_first(member).place))
        case "first":
            winner = min(members, key=lambda member: _first(member).place)
        case _:
            return tuple(one for member in members for one in member)
    for member in members:
        if member is not winner:
            why = f"group: {group.name} ({group.stack}: {_first(winner).name})"
            lost.update((one.place, why) for one in member)
    return winner


def _worth(member: Member) -> Fraction | int:
    return sum((one.worth for one in member), 0)


def _first(member: Member) -> Candidate:
    return min(member, key=lambda one: one.place)
