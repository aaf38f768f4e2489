"""Two customers who are one person: merged, with a full trace, and taken apart again.

    merge, an event of B        B gives up what they have      -> customer_merged, for A
    customer_merged             A takes it in, and notes what came with B
    split, an event of A        A gives up what is left of it  -> customer_split, for B
    customer_split              B has it back

While they are merged every event of B is A's (cascade.py). A's metrics are what they would be
had all earlier events of B been A's: they are made anew from both logs (joining.py) by whoever
runs the steps, who is told by Outcome.recount. What is taken in is in taking_in.py.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import TypeVar

from msgspec.structs import replace

from loyalcore.effects.changes import (
    Change,
    ChangeApproval,
    ChangeTask,
    Emit,
    Freeze,
    SetAttribute,
    SetTag,
)
from loyalcore.engine.apply import MAX_DEPTH, apply
from loyalcore.engine.care.cases import cases_moved
from loyalcore.engine.care.journeys import leave_all
from loyalcore.engine.decide import record
from loyalcore.engine.handover.carried import Carried, Moved
from loyalcore.engine.life import Timer
from loyalcore.engine.parting.dissolution import leave_dissolution, why_not_merge
from loyalcore.engine.points.fallen import fallen_in
from loyalcore.engine.points.origins import forget, kept_amount, margin_back, share_back
from loyalcore.engine.state import Instance, Origin
from loyalcore.engine.turn import Turn
from loyalcore.errors import EventInvalid
from loyalcore.events import check_name
from loyalcore.program.builtin_events import CUSTOMER_MERGED, CUSTOMER_SPLIT
from loyalcore.program.timing.life_plan import After
from loyalcore.values import write_value

Item = TypeVar("Item")

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


def _timers_that_go_along(turn: Turn) -> tuple[Timer, ...]:
    plan = turn.program.life
    if plan is None:
        return ()
    return tuple(
        timer for timer in turn.life.timers if isinstance(plan.by_name.get(timer.trigger), After)
    )


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


# --- what both have in common -----------------------------------------------------------------


def _handed(turn: Turn, type: str, customer: str, carried: Carried) -> Emit:
    data = {"sender": turn.event.customer, "by": turn.event.type, "carried": carried}
    return Emit(type, customer, data | ({"into": customer} if type == CUSTOMER_MERGED else {}))


def _too_deep(turn: Turn) -> str:
    if turn.event.depth < MAX_DEPTH:
        return ""
    return f"events caused events {MAX_DEPTH} deep already"


def _moved(carried: Carried, to: str) -> Iterator[Change]:
    """What becomes here of the tasks, approvals and cases that go to another customer."""
    for task in carried.tasks:
        yield ChangeTask(task.task, task.number, "moved", to)
    for approval in carried.approvals:
        yield ChangeApproval(approval.approval, approval.number, "moved", to)
    yield from cases_moved(carried.cases, to)
