"""Refunds and deliveries: what an event takes back, or makes active, of an earlier one (S9).

One that comes before what it is about waits, and is applied when that comes, after its rules.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import TypeVar

from msgspec.structs import replace

from loyalcore.effects.changes import Reverse
from loyalcore.engine.decide import record
from loyalcore.engine.offering.progress import rejudge
from loyalcore.engine.points.fallen import fallen_in
from loyalcore.engine.points.origins import (
    amount_of,
    forget,
    kept_amount,
    key_of,
    margin_back,
    share_back,
    too_late,
)
from loyalcore.engine.state import Origin, Waiting
from loyalcore.engine.turn import Turn
from loyalcore.program.points.act_plan import Activation, Reference, Reversal
from loyalcore.values import write_time

Act = TypeVar("Act", Reversal, Activation)


def refund(turn: Turn, reversal: Reversal) -> None:
    """Take back what the event that this one names has earned, in proportion."""
    amount = turn.event.data[reversal.amount] if reversal.amount else None
    _refer(turn, reversal, "reverses", kept_amount(amount), _reverse)


def deliver(turn: Turn, activation: Activation) -> None:
    """Make the points of the event that this one names active, where they wait for it."""
    _refer(turn, activation, "activates", None, _activate)


def apply_waiting(turn: Turn) -> None:
    """Apply what has waited for the event of `turn`, in the order in which it came."""
    key = turn.origin
    ripe = [waiting for waiting in turn.waiting if waiting.key == key]
    if not ripe or key not in turn.origins:
        return
    turn.waiting = tuple(waiting for waiting in turn.waiting if waiting.key != key)
    for waiting in ripe:
        plan = turn.program.events.get(waiting.event)
        acts = None if plan is None else plan.acts
        if acts is not None and acts.reverses is not None:
            _reverse(turn, acts.reverses, waiting, turn.origins[key])
        if acts is not None and acts.activates is not None:
            _activate(turn, acts.activates, waiting, turn.origins[key])


def _refer(
    turn: Turn,
    act: Act,
    word: str,
    amount: int | str | None,
    do: Callable[[Turn, Act, Waiting, Origin], None],
) -> None:
    """Do `act` to the event that this one names; or tell why it is not done."""
    event, reference = turn.event, act.reference
    id = event.data[reference.by]
    name = f"events.{event.type}.{word}"
    if id is None:
        record(turn, name, {reference.by: None}, (), f"{reference.by} is missing")
        return
    key = key_of(reference.event, str(id))
    waiting = Waiting(event.type, event.id, key, amount, turn.now)
    origin = turn.origins.get(key)
    if origin is None:
        turn.waiting = (*_still_waiting(turn), waiting)
        reason = f"waiting: no {reference.event} {id} yet"
    elif too_late(turn, reference, origin.time, event.time):
        reason = f"too late: {reference.event} {id} was at {write_time(origin.time)}"
    else:
        do(turn, act, waiting, origin)
        return
    record(turn, name, {reference.by: id}, (), reason)


def _still_waiting(turn: Turn) -> tuple[Waiting, ...]:
    """What waits, but for that whose own time is over."""

    def awaited(waiting: Waiting) -> bool:
        plan = turn.program.events.get(waiting.event)
        if plan is None or (acts := plan.acts) is None:
            return True  # a later program may know it again
        doing = acts.reverses or acts.activates
        return doing is None or not too_late(turn, doing.reference, waiting.time, turn.now)

    return tuple(waiting for waiting in turn.waiting if awaited(waiting))


def _reverse(turn: Turn, reversal: Reversal, waiting: Waiting, origin: Origin) -> None:
    """Take back the share that the refund `waiting` adds to those before it."""
    before, back = share_back(origin), amount_of(waiting.amount)
    total = Fraction(origin.back) + (back or 0)
    if back is None:  # all of it
        total = max(total, Fraction(origin.amount or 1))
    gone = margin_back(origin)
    origin = replace(origin, back=kept_amount(total))
    share = share_back(origin)
    turn.origins = {**turn.origins, waiting.key: origin}
    name = f"events.{waiting.event}.reverses"
    read = _read(turn, reversal.reference, waiting)
    if reversal.amount:
        write = reversal.write
        read[reversal.amount] = back if write is None or back is None else write(back)
    if before == 1:
        reason = f"nothing is left: {waiting.key.replace(':', ' ', 1)} was refunded in full"
        record(turn, name, read, (), reason)
        return
    plan = turn.program.events.get(waiting.event)
    if plan is not None and plan.margin is None:  # else it says itself what it takes
        turn.bring(gone - margin_back(origin), origin.time)
    taken, forgiven = turn.book.reverse(waiting.key, share, reversal.take, turn.now)
    record(turn, name, read, (Reverse(waiting.key, str(share), taken, forgiven),))
    if turn.offers:
        rejudge(turn, waiting.key, share, reversal.take)
    forget(turn)


def _activate(turn: Turn, activation: Activation, waiting: Waiting, origin: Origin) -> None:
    """Make active what was earned by `waiting.key` and waits for this type of event."""
    lots = [
        lot.number
        for lot in turn.book.lots
        if lot.origin == waiting.key
        and lot.pending
        and lot.activates is None
        and lot.wallet in activation.wallets
    ]
    name = f"events.{waiting.event}.activates"
    read = _read(turn, activation.reference, waiting)
    if not lots:
        key = waiting.key.replace(":", " ", 1)
        record(turn, name, read, (), f"no points of {key} wait for it")
        return
    turn.book.activate(lots, turn.now)
    entries = turn.entries()
    record(turn, name, read, fallen_in(entries), entries=entries)
    forget(turn)


def _read(turn: Turn, reference: Reference, waiting: Waiting) -> dict[str, object]:
    """What a decision rests on: the id that was named and, where the event came before this
    one, its own."""
    _, _, id = waiting.key.partition(":")
    read: dict[str, object] = {reference.by: id}
    if waiting.id != turn.event.id or waiting.event != turn.event.type:
        read["event.id"] = waiting.id
    return read
