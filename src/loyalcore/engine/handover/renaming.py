"""What a customer has gets the names that a program which takes over has for it: journeys, cases,
the dissolution, tasks and approvals, scores, and what was said of being written to.

Everything goes on as far as it has come, also what is remembered of what is over: cool-offs, how
often, what was counted against limits and caps.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TypeVar

from msgspec.structs import replace

from loyalcore.effects.changes import Carry, Change
from loyalcore.engine.life import Approval, Case, Consent, Early, Ended, Life, Task, Timer
from loyalcore.engine.state import Absorbed
from loyalcore.engine.turn import Turn
from loyalcore.program.migration import Migration, Renames

Counted = TypeVar("Counted")


def rename(turn: Turn) -> list[Change]:
    """Rename all that the customer of `turn` has, and what came with others. What is told is what
    they are in now."""
    names = turn.program.migration
    told = [*_told(names, turn.life)]
    turn.life = _life(names, turn.life)
    turn.fired = _keyed(names, turn.fired)
    turn.used = _keyed(names, turn.used)
    turn.absorbed = {who: _absorbed(names, one) for who, one in turn.absorbed.items()}
    return told


def _told(names: Migration, life: Life) -> Iterator[Change]:
    for run in life.journeys:
        if (place := names.place(run.journey)) != run.journey:
            yield Carry("journey", run.journey, place, number=run.number)
    for case in life.cases:
        if to := names.recovery.get(case.recovery):
            yield Carry("case", case.recovery, to, number=case.number)
    one = life.dissolution
    if one is not None and (to := names.dissolution.get(one.name)):
        yield Carry("dissolution", one.name, to, number=one.number)
    for task in life.tasks:
        if to := names.tasks.get(task.task):
            yield Carry("task", task.task, to, number=task.number)
    for approval in life.approvals:
        if to := names.approvals.get(approval.approval):
            yield Carry("approval", approval.approval, to, number=approval.number)
    for score in life.scores:
        if (to := names.scores.get(score)) is not None:
            yield Carry("score", score, to)
    for key in life.consents:
        if (called := _consent(names, key)) != key:
            yield Carry("consent", key, called)


def _life(names: Migration, life: Life) -> Life:
    one = life.dissolution
    return replace(
        life,
        timers=_timers(names, life.timers),
        watched=tuple(names.place(name) for name in life.watched),
        tasks=_tasks(names, life.tasks),
        approvals=_approvals(names, life.approvals),
        journeys=tuple(replace(run, journey=names.place(run.journey)) for run in life.journeys),
        ended=_ended((names.place(place), it) for place, it in life.ended.items()),
        dissolution=one and replace(one, name=_called(names.dissolution, one.name)),
        parted=_ended((_called(names.dissolution, name), it) for name, it in life.parted.items()),
        streaks={names.place(place): it for place, it in life.streaks.items()},
        cases=_cases(names, life.cases),
        early=_early(names, life.early),
        consents=_consents(names, life.consents),
        scores={
            _called(names.scores, name): score
            for name, score in life.scores.items()
            if names.scores.get(name) != ""
        },
    )


def _absorbed(names: Migration, one: Absorbed) -> Absorbed:
    """What came with another customer, as it is to be found here when they are taken apart."""
    return replace(
        one,
        debts=_debts(names, one.debts),
        frozen=tuple(_called(names.wallets, wallet) for wallet in one.frozen),
        attributes={_called(names.attributes, name): it for name, it in one.attributes.items()},
        offers=tuple(
            replace(offer, offer=_called(names.offers, offer.offer)) for offer in one.offers
        ),
        fired=_keyed(names, one.fired),
        used=_keyed(names, one.used),
        timers=_timers(names, one.timers),
        tasks=_tasks(names, one.tasks),
        approvals=_approvals(names, one.approvals),
        cases=_cases(names, one.cases),
        early=_early(names, one.early),
    )


def _debts(
    names: Migration, debts: Mapping[str, tuple[tuple[int, int], ...]]
) -> Mapping[str, tuple[tuple[int, int], ...]]:
    owed: dict[str, tuple[tuple[int, int], ...]] = {}
    for wallet, lots in debts.items():
        called = _called(names.wallets, wallet)
        owed[called] = (*owed.get(called, ()), *lots)
    return owed


def _called(names: Renames, name: str) -> str:
    """What it is called here; as it was, where it has no new name, or is let go of."""
    return names.get(name) or name


def _timers(names: Migration, timers: Iterable[Timer]) -> tuple[Timer, ...]:
    """Those of journeys and dissolutions that begin in silence are called as these are."""
    return tuple(replace(timer, trigger=names.place(timer.trigger)) for timer in timers)


def _tasks(names: Migration, tasks: Iterable[Task]) -> tuple[Task, ...]:
    return tuple(replace(task, task=_called(names.tasks, task.task)) for task in tasks)


def _approvals(names: Migration, approvals: Iterable[Approval]) -> tuple[Approval, ...]:
    return tuple(replace(one, approval=_called(names.approvals, one.approval)) for one in approvals)


def _cases(names: Migration, cases: Iterable[Case]) -> tuple[Case, ...]:
    return tuple(replace(case, recovery=_called(names.recovery, case.recovery)) for case in cases)


def _early(names: Migration, early: Iterable[Early]) -> tuple[Early, ...]:
    return tuple(replace(one, recovery=_called(names.recovery, one.recovery)) for one in early)


def _ended(found: Iterable[tuple[str, Ended]]) -> dict[str, Ended]:
    """By its new names; what an earlier program had under one of them too is over as well."""
    ended: dict[str, Ended] = {}
    for name, one in found:
        other = ended.get(name, one)
        ended[name] = Ended(max(one.time, other.time), max(one.number, other.number))
    return ended


def _keyed(
    names: Migration, counted: Mapping[str, tuple[Counted, ...]]
) -> Mapping[str, tuple[Counted, ...]]:
    """What was counted, by its new keys: a place, or words such as cap PLACE WALLET."""
    return {_key(names, key): times for key, times in counted.items()}


def _key(names: Migration, key: str) -> str:
    words = [names.place(word) for word in key.split(" ")]
    if words[0] == "contact":
        words[1] = _called(names.purposes, words[1])
    elif words[0] == "cap":
        words[-1] = _called(names.wallets, words[-1])
    return " ".join(words)


def _consent(names: Migration, key: str) -> str:
    purpose, channel = key.split("/")
    return f"{_called(names.purposes, purpose)}/{_called(names.channels, channel)}"


def _consents(names: Migration, consents: Mapping[str, Consent]) -> dict[str, Consent]:
    """What was said, by purpose and channel; of what is one now, what was said last, and no
    before yes."""
    said: dict[str, Consent] = {}
    for key, one in consents.items():
        called = _consent(names, key)
        other = said.get(called, one)
        said[called] = max(one, other, key=lambda it: (it.since, not it.given))
    return said
