"""Two customers who are one person: merged, with a full trace, and taken apart again.

    merge, an event of B        B gives up what they have      -> customer_merged, for A
    customer_merged             A takes it in, and notes what came with B
    split, an event of A        A gives up what is left of it  -> customer_split, for B
    customer_split              B has it back

While they are merged every event of B is A's (cascade.py). A's metrics are what they would be
had all earlier events of B been A's: they are made anew from both logs (`joined`) by whoever
runs the steps, who is told by Outcome.recount.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from fractions import Fraction
from itertools import chain
from typing import Protocol, TypeVar

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from loyalcore.effects.changes import (
    Change,
    ChangeApproval,
    ChangeTask,
    Emit,
    Freeze,
    Open,
    Receive,
    SetAttribute,
    SetTag,
    Spend,
)
from loyalcore.engine.apply import MAX_DEPTH, apply
from loyalcore.engine.asking import add_approval, add_task, approval_told, task_told
from loyalcore.engine.cases import cases_moved, take_cases
from loyalcore.engine.consent import stricter
from loyalcore.engine.decide import record
from loyalcore.engine.dissolution import leave_dissolution, take_parted, why_not_merge
from loyalcore.engine.fallen import fallen_in
from loyalcore.engine.journeys import leave_all, take_over
from loyalcore.engine.life import Approval, Case, Consent, Early, Ended, Task, Timer
from loyalcore.engine.origins import forget, kept_amount, margin_back, share_back
from loyalcore.engine.state import Absorbed, Instance, Origin, Waiting
from loyalcore.engine.turn import Turn
from loyalcore.errors import EventInvalid
from loyalcore.events import check_name
from loyalcore.ledger.lots import Parcel
from loyalcore.program.builtin_events import CUSTOMER_MERGED, CUSTOMER_SPLIT
from loyalcore.program.life_plan import After
from loyalcore.program.offer_plan import PERSONAL
from loyalcore.values import write_time, write_value

Item = TypeVar("Item")


class Moved(Struct, frozen=True):
    """A parcel of points, and the number of the lot that they left, or are to come back to."""

    lot: int
    wallet: str
    parcel: Parcel


class Carried(Struct, frozen=True, omit_defaults=True):
    """What goes from one customer to the other. Attributes are in plain JSON form; `logs` is
    as in Absorbed; all else as in CustomerState. Debts are points owed, by wallet. Of timers,
    those go along that are about something that has happened; others are the customer's own.
    `journeys` and `parted` tell of what is over, so that no cool-off is forgotten. Tasks,
    approvals and cases that are open go along, those cases that may be opened again, and what
    was said of being written to."""

    parcels: tuple[Moved, ...] = ()
    debts: Mapping[str, int] = {}
    frozen: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    attributes: Mapping[str, object] = {}
    offers: tuple[Instance, ...] = ()
    fired: Mapping[str, tuple[int, ...]] = {}
    used: Mapping[str, tuple[tuple[int, int], ...]] = {}
    origins: Mapping[str, Origin] = {}
    waiting: tuple[Waiting, ...] = ()
    timers: tuple[Timer, ...] = ()
    firsts: tuple[Timer, ...] = ()
    tasks: tuple[Task, ...] = ()
    approvals: tuple[Approval, ...] = ()
    cases: tuple[Case, ...] = ()
    early: tuple[Early, ...] = ()
    journeys: Mapping[str, Ended] = {}
    parted: Mapping[str, Ended] = {}
    consents: Mapping[str, Consent] = {}
    logs: Mapping[str, tuple[str, str]] = {}


class _Handed(Struct, frozen=True):
    """The data of the two events that hand it over: `by` is the type of the event that asked
    for it, `into` whom that named."""

    sender: str
    by: str
    carried: Carried
    into: str = ""


_decode = msgspec.json.Decoder(_Handed).decode

# --- merging ----------------------------------------------------------------------------------


def merge(turn: Turn, field: str) -> None:
    """Merge the customer of `turn` into the one that `field` of the event names. It is the
    last thing that happens in a step: what the event gives them goes along."""
    event, into = turn.event, turn.event.data[field]
    name, read = f"events.{event.type}.merges", {field: into}
    if reason := _why_not_merge(turn, field, into):
        record(turn, name, read, (), reason)
        return
    leave_all(turn)
    leave_dissolution(turn)
    logs = {event.customer: (event.source, event.id)}
    for one in turn.absorbed.values():
        logs.update(one.logs)
    locale, types = turn.program.locale, turn.program.attributes
    carried = Carried(
        parcels=tuple(
            Moved(lot, wallet, parcel)
            for lot, (wallet, parcel) in turn.book.surrender(turn.now).items()
        ),
        debts=turn.book.surrender_debts(),
        frozen=turn.book.account.frozen,
        tags=turn.tags,
        attributes={
            attribute: write_value(types[attribute], value, locale)
            for attribute, value in turn.attributes.items()
        },
        offers=tuple(one for one in turn.offers if not one.closed),
        fired=turn.fired,
        used=turn.used,
        origins={key: _rest_of(origin) for key, origin in turn.origins.items()},
        waiting=turn.waiting,
        timers=_timers_that_go_along(turn),
        firsts=turn.life.firsts,
        tasks=turn.life.tasks,
        approvals=turn.life.approvals,
        cases=turn.life.cases,
        early=turn.life.early,
        journeys=turn.life.ended,
        parted=turn.life.parted,
        consents=turn.life.consents,
        logs=logs,
    )
    turn.offers = tuple(one for one in turn.offers if one.closed)
    turn.merged = str(into)
    turn.life = replace(turn.life, scores={})  # of a past that is the other's now
    handed = _handed(turn, CUSTOMER_MERGED, turn.merged, carried)
    record(turn, name, read, (handed, *_moved(carried, turn.merged)))
    forget(turn)


def _why_not_merge(turn: Turn, field: str, into: object) -> str:
    if into is None:
        return f"{field} is missing"
    if into == turn.event.customer:
        return "into the same customer"
    if any(into in one.logs for one in turn.absorbed.values()):
        return f"{into} is merged into this customer"
    if reason := why_not_merge(turn.life):
        return reason
    try:
        check_name("customer", str(into))
    except EventInvalid as error:
        return str(error)
    return _too_deep(turn)


def take_in(turn: Turn) -> None:
    """Take in what the customer brings who is merged into the one of `turn`."""
    handed = _decode(turn.event.text)
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


# --- taking apart -----------------------------------------------------------------------------


def split(turn: Turn, field: str) -> None:
    """Take the customer out again whom `field` of the event names: what is left of all that
    came with them goes back, as far as it is unchanged."""
    event, customer = turn.event, turn.event.data[field]
    name, read = f"events.{event.type}.unmerges", {field: customer}
    absorbed = turn.absorbed.get(str(customer))
    if absorbed is None or (reason := _why_not_split(turn, str(customer))):
        reason = reason if absorbed is not None else _not_merged(turn, field, customer)
        record(turn, name, read, (), reason)
        return
    changes: list[Change] = []
    debts = {
        wallet: given
        for wallet, taken in absorbed.debts.items()
        if (given := turn.book.give_back(taken, turn.now, "transfer out"))
    }
    there = dict(absorbed.lots)
    parcels = tuple(
        Moved(there[lot], wallet, parcel)
        for lot, (wallet, parcel) in turn.book.surrender(turn.now, there).items()
    )
    entries = turn.entries()
    changes += fallen_in(entries)
    wanted: list[Change] = [Freeze(name, on=False) for name in absorbed.frozen]
    wanted += (SetTag(tag, on=False) for tag in absorbed.tags if tag in turn.tags)
    wanted += (SetAttribute(name, None) for name in _unchanged(turn, absorbed.attributes))
    changes += [apply(turn, change) for change in wanted]
    offers = tuple(one for one in turn.offers if _plain(one) in absorbed.offers)
    turn.offers = tuple(one for one in turn.offers if one not in offers)
    turn.fired = _without(turn.fired, absorbed.fired)
    turn.used = _without(turn.used, absorbed.used)
    origins = {key: turn.origins[key] for key in absorbed.origins if key in turn.origins}
    turn.origins = {key: one for key, one in turn.origins.items() if key not in origins}
    waiting = tuple(one for one in turn.waiting if one in absorbed.waiting)
    turn.waiting = tuple(one for one in turn.waiting if one not in waiting)
    timers = tuple(one for one in turn.life.timers if one in absorbed.timers)
    firsts = tuple(one for one in turn.life.firsts if one in absorbed.firsts)
    tasks = tuple(one for one in turn.life.tasks if one in absorbed.tasks)
    approvals = tuple(one for one in turn.life.approvals if one in absorbed.approvals)
    cases = tuple(one for one in turn.life.cases if one in absorbed.cases)
    early = tuple(one for one in turn.life.early if one in absorbed.early)
    turn.life = replace(
        turn.life,
        timers=tuple(one for one in turn.life.timers if one not in timers),
        firsts=tuple(one for one in turn.life.firsts if one not in firsts),
        tasks=tuple(one for one in turn.life.tasks if one not in tasks),
        approvals=tuple(one for one in turn.life.approvals if one not in approvals),
        cases=tuple(one for one in turn.life.cases if one not in cases),
        early=tuple(one for one in turn.life.early if one not in early),
    )
    turn.absorbed = {who: one for who, one in turn.absorbed.items() if who != customer}
    turn.recount = True
    carried = Carried(
        parcels=parcels,
        debts=debts,
        offers=offers,
        origins={key: _rest_of(origin) for key, origin in origins.items()},
        waiting=waiting,
        timers=timers,
        firsts=firsts,
        tasks=tasks,
        approvals=approvals,
        cases=cases,
        early=early,
        journeys=turn.life.ended,
        parted=turn.life.parted,
        consents=turn.life.consents,
    )
    changes += _moved(carried, str(customer))
    changes.append(_handed(turn, CUSTOMER_SPLIT, str(customer), carried))
    record(turn, name, read, changes, entries=entries)
    forget(turn)


def _not_merged(turn: Turn, field: str, customer: object) -> str:
    if customer is None:
        return f"{field} is missing"
    for other, one in turn.absorbed.items():
        if customer in one.logs:
            return f"{customer} is merged into {other}; take {other} out first"
    return f"{customer} is not merged into this customer"


def _why_not_split(turn: Turn, customer: str) -> str:
    for other, one in turn.absorbed.items():
        if one.into == customer:
            return f"{other} was merged into {customer} since; take {other} out first"
    return _too_deep(turn)


def take_back(turn: Turn) -> None:
    """Have back what was given up in a merge, as far as the other customer gives it back."""
    handed = _decode(turn.event.text)
    sender, carried = handed.sender, handed.carried
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


def _handed(turn: Turn, type: str, customer: str, carried: Carried) -> Emit:
    data = {"sender": turn.event.customer, "by": turn.event.type, "carried": carried}
    return Emit(type, customer, data | ({"into": customer} if type == CUSTOMER_MERGED else {}))


def _too_deep(turn: Turn) -> str:
    if turn.event.depth < MAX_DEPTH:
        return ""
    return f"events caused events {MAX_DEPTH} deep already"


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


def _timers_that_go_along(turn: Turn) -> tuple[Timer, ...]:
    plan = turn.program.life
    if plan is None:
        return ()
    return tuple(
        timer for timer in turn.life.timers if isinstance(plan.by_name.get(timer.trigger), After)
    )


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


def _moved(carried: Carried, to: str) -> Iterator[Change]:
    """What becomes here of the tasks, approvals and cases that go to another customer."""
    for task in carried.tasks:
        yield ChangeTask(task.task, task.number, "moved", to)
    for approval in carried.approvals:
        yield ChangeApproval(approval.approval, approval.number, "moved", to)
    yield from cases_moved(carried.cases, to)


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


def _plain(offer: Instance) -> Instance:
    return replace(offer, code="") if offer.code else offer


def _unchanged(turn: Turn, attributes: Mapping[str, object]) -> Iterator[str]:
    """Those of `attributes` that the customer still has with the same value."""
    program = turn.program
    for name, plain in attributes.items():
        if (type_ := program.attributes.get(name)) is not None:
            value = turn.attributes.get(name)
            if value is not None and write_value(type_, value, program.locale) == plain:
                yield name


def _without(
    kept: Mapping[str, tuple[Item, ...]], gone: Mapping[str, tuple[Item, ...]]
) -> Mapping[str, tuple[Item, ...]]:
    """What is kept without what is gone, each as often as it is there."""
    left = {}
    for name, items in kept.items():
        rest = list(items)
        for item in gone.get(name, ()):
            if item in rest:
                rest.remove(item)
        if rest or not items:
            left[name] = tuple(rest)
    return left


def _rest_of(origin: Origin) -> Origin:
    """What an origin comes to without what was refunded of it: its points that were taken back
    do not go along, so later refunds are shares of the rest. One that was refunded in full
    stays so."""
    if not origin.back or not origin.amount or share_back(origin) == 1:
        return origin
    rest = Fraction(origin.amount) - Fraction(origin.back)
    return Origin(origin.time, kept_amount(rest), 0, origin.margin - margin_back(origin))


# --- metrics ----------------------------------------------------------------------------------


class Logged(Protocol):
    """An event in a log."""

    @property
    def source(self) -> str: ...
    @property
    def id(self) -> str: ...
    @property
    def time(self) -> int: ...


Log = TypeVar("Log", bound=Logged)
Read = Callable[[str], Iterable[tuple[int, Log]]]
"""A customer -> the events they have had themselves, each with its number, in the order in
which they were handled: numbers are those of all customers."""


def joined(read: Read[Log], customer: str, absorbed: Mapping[str, Absorbed]) -> Iterator[Log]:
    """The events that count for a customer: their own, and those that each of the `absorbed`
    had before they were merged. All in the order in which they were handled, or in that of time
    and, of one instant, as they were handled."""
    if not absorbed:
        for _, logged in read(customer):
            yield logged
        return
    logs = [read(customer)]
    for one in absorbed.values():
        logs += (_up_to(read(name), last) for name, last in one.logs.items())
    both = sorted(chain.from_iterable(logs), key=lambda one: (one[1].time, one[0]))
    for _, logged in both:
        yield logged


def _up_to(log: Iterable[tuple[int, Log]], last: tuple[str, str]) -> Iterator[tuple[int, Log]]:
    for numbered in log:
        yield numbered
        if (numbered[1].source, numbered[1].id) == last:
            return
