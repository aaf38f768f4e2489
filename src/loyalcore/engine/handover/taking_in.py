"""The other half of merging.py: a customer takes in what another brings, or has back what they
gave up."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec.structs import replace

from loyalcore.effects.changes import Change, Freeze, Open, Receive, SetAttribute, SetTag, Spend
from loyalcore.engine.apply import apply
from loyalcore.engine.care.asking import add_approval, add_task, approval_told, task_told
from loyalcore.engine.care.cases import take_cases
from loyalcore.engine.care.consent import stricter
from loyalcore.engine.care.journeys import take_over
from loyalcore.engine.decide import record
from loyalcore.engine.handover.carried import Carried, read_handed
from loyalcore.engine.handover.renaming import rename
from loyalcore.engine.life import Approval, Case, Task, Timer
from loyalcore.engine.parting.dissolution import leave_dissolution, take_parted
from loyalcore.engine.points.fallen import fallen_in
from loyalcore.engine.state import Absorbed, Instance
from loyalcore.engine.turn import Turn
from loyalcore.program.offering.offer_plan import PERSONAL
from loyalcore.values import write_time


def take_in(turn: Turn) -> None:
    """Take in what the customer brings who is merged into the one of `turn`."""
    handed = read_handed(turn.event.text)
    sender, carried = handed.sender, handed.carried
    leave_dissolution(turn)
    lots, changes = _receive(turn, carried, sender)
    debts = {}
    for wallet, points in carried.debts.items():
        debts[wallet] = turn.book.take_over(wallet, points, turn.now)
        changes.append(Spend({wallet: points}))
    frozen = tuple(name for name in carried.frozen if name not in turn.book.account.frozen)
    tags = tuple(tag for tag in carried.tags if tag not in turn.tags)
    attributes = {
        name: value
        for name, value in carried.attributes.items()
        if name in turn.program.attributes and turn.attributes.get(name) is None
    }
    wanted: list[Change] = [Freeze(name, on=True) for name in frozen]
    wanted += (SetTag(tag, on=True) for tag in tags)
    wanted += (SetAttribute(name, value) for name, value in attributes.items())
    changes += [apply(turn, change) for change in wanted]
    offers, opened = _reopen(turn, carried.offers)
    changes += opened
    turn.fired = {
        **turn.fired,
        **{
            rule: tuple(sorted((*turn.fired.get(rule, ()), *times)))
            for rule, times in carried.fired.items()
        },
    }
    turn.used = {
        **turn.used,
        **{
            cap: tuple(sorted((*turn.used.get(cap, ()), *uses)))
            for cap, uses in carried.used.items()
        },
    }
    origins = {key: one for key, one in carried.origins.items() if key not in turn.origins}
    turn.origins = {**turn.origins, **origins}
    turn.waiting = (*turn.waiting, *carried.waiting)
    timers, firsts = _take_timers(turn, carried)
    tasks, approvals, cases, asked = _take_work(turn, carried, sender)
    changes += asked
    turn.absorbed = {
        **turn.absorbed,
        sender: Absorbed(
            handed.into,
            carried.logs,
            lots,
            debts,
            frozen,
            tags,
            attributes,
            offers,
            carried.fired,
            carried.used,
            tuple(origins),
            carried.waiting,
            timers,
            firsts,
            tasks,
            approvals,
            cases,
            carried.early,
        ),
    }
    turn.recount = True
    record(turn, f"events.{handed.by}.merges", {"sender": sender}, changes)


def take_back(turn: Turn) -> None:
    """Have back what was given up in a merge, as far as the other customer gives it back."""
    handed = read_handed(turn.event.text)
    sender, carried = handed.sender, handed.carried
    rename(turn)  # what they have kept since, if another program has taken over
    lots, changes = _receive(turn, carried, sender)
    for wallet, points in carried.debts.items():
        turn.book.take_over(wallet, points, turn.now)
        changes.append(Spend({wallet: points}))
    _, opened = _reopen(turn, carried.offers)
    changes += opened
    here = {was: now for now, was in lots}
    turn.absorbed = {
        who: replace(one, lots=tuple((here.get(lot, lot), theirs) for lot, theirs in one.lots))
        for who, one in turn.absorbed.items()
    }
    turn.origins = {**turn.origins, **carried.origins}
    turn.waiting = carried.waiting
    _take_timers(turn, carried)
    changes += _take_work(turn, carried, sender)[-1]
    turn.formerly = tuple(sorted({*turn.formerly, turn.merged}))
    turn.merged = ""
    record(turn, f"events.{handed.by}.unmerges", {"sender": sender}, changes)


# --- what both have in common -----------------------------------------------------------------


def _receive(
    turn: Turn, carried: Carried, sender: str
) -> tuple[tuple[tuple[int, int], ...], list[Change]]:
    """Take parcels in. Returns the lots that hold them now, each with the one they left."""
    first = turn.book.account.last + 1
    points: dict[str, int] = {}
    lots = []
    for number, moved in enumerate(carried.parcels, start=first):
        wallet = moved.wallet
        arrived = turn.book.transfer_in(wallet, (moved.parcel,), turn.now)
        points[wallet] = points.get(wallet, 0) + arrived
        lots.append((number, moved.lot))
    changes: list[Change] = [Receive(points, sender)]
    changes += fallen_in(turn.book.entries)
    return tuple(lots), changes


def _reopen(
    turn: Turn, offers: Iterable[Instance]
) -> tuple[tuple[Instance, ...], Iterable[Change]]:
    """Open the offers of the other customer, as far as they have come, under numbers of this
    one's. Those with personal codes get new ones."""
    mine, changes = [], []
    for one in offers:
        turn.opened += 1
        mine.append(replace(one, number=turn.opened, code=""))
        offer = turn.program.offers.get(one.offer)
        coded = offer is not None and offer.code == PERSONAL
        ends = "" if one.ends is None else write_time(one.ends)
        changes.append(Open(one.offer, one.fields, turn.opened, ends, coded))
    turn.offers = (*turn.offers, *mine)
    return tuple(mine), changes


def _take_timers(turn: Turn, carried: Carried) -> tuple[tuple[Timer, ...], tuple[Timer, ...]]:
    """Set the timers of the other customer, under numbers of this one's. One whose time is over
    by this one's clock comes at that."""
    take_over(turn, carried.journeys)
    take_parted(turn, carried.parted)
    turn.life = replace(turn.life, consents=stricter(turn.life, carried.consents))
    last = turn.life.set
    timers, firsts = (
        tuple(replace(timer, number=number) for number, timer in enumerate(some, start=start))
        for some, start in (
            (carried.timers, last + 1),
            (carried.firsts, last + 1 + len(carried.timers)),
        )
    )
    turn.life = replace(
        turn.life,
        timers=(*turn.life.timers, *timers),
        firsts=(*turn.life.firsts, *firsts),
        set=last + len(timers) + len(firsts),
    )
    return timers, firsts


def _take_work(
    turn: Turn, carried: Carried, sender: str
) -> tuple[tuple[Task, ...], tuple[Approval, ...], tuple[Case, ...], list[Change]]:
    """Have the tasks, approvals and cases of the other customer open, under numbers of this
    one's. What was due to happen to them by this one's clock does so at that."""
    tasks, approvals, changes = [], [], list[Change]()
    for task in carried.tasks:
        tasks.append(replace(task, number=turn.life.asked + 1))
        add_task(turn, tasks[-1])
        changes.append(task_told(tasks[-1], sender))
    for approval in carried.approvals:
        approvals.append(replace(approval, number=turn.life.asked + 1))
        add_approval(turn, approvals[-1])
        changes.append(approval_told(turn, approvals[-1], sender))
    renumbered = {was.number: now.number for was, now in zip(carried.tasks, tasks, strict=True)}
    cases, opened = take_cases(turn, carried.cases, renumbered, sender)
    turn.life = replace(turn.life, early=(*turn.life.early, *carried.early))
    return tuple(tasks), tuple(approvals), cases, [*changes, *opened]
