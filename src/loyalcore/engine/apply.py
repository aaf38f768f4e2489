"""A change that an effect asks for -> the change as it was done, or why it could not be.

Points that are not there can't be spent, a value that is not of an attribute's type can't
be set; such a change is recorded as `Skipped`, with the reason, and nothing of it is done.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from loyalcore.effects.changes import (
    Accrue,
    Adjust,
    AskApproval,
    Change,
    CreateTask,
    Emit,
    Freeze,
    Open,
    Reinstate,
    Revoke,
    Send,
    SetAttribute,
    SetTag,
    SetTier,
    Skipped,
    Spend,
    Transfer,
)
from loyalcore.engine.care.asking import ask_approval, create_task
from loyalcore.engine.care.contact import choose_route
from loyalcore.engine.ladders.placing import upgrade
from loyalcore.engine.offering.openings import open_offer, revoke_offers
from loyalcore.engine.points.origins import forget
from loyalcore.engine.state import Redemption
from loyalcore.engine.turn import Turn
from loyalcore.errors import EventInvalid
from loyalcore.events import check_name
from loyalcore.ledger.lots import MAX_POINTS
from loyalcore.values import ValueInvalid, read_value

MAX_DEPTH = 8  # of events that cause events


def apply(turn: Turn, change: Change) -> Change:
    """Do `change` to the customer of `turn`."""
    do = _DOING.get(type(change))
    return change if do is None else do(turn, change)


def _accrue(turn: Turn, change: Accrue) -> Change:
    wallet, points = change.wallet, change.points
    parting = turn.life.dissolution
    if parting is not None and parting.stopped:
        return Skipped("earn", f"{wallet}: accrual has stopped: {parting.place}")
    if not 0 < points <= MAX_POINTS:
        return Skipped("earn", f"{wallet}: {points} points; from 1 to {MAX_POINTS:,} are kept")
    earned = turn.book.accrue(wallet, points, turn.now, turn.origin, turn.share)
    if earned == points:
        return change
    if not earned:
        return Skipped("earn", f"{wallet}: it holds its maximum")
    return Accrue(wallet, earned, change.cut + points - earned, change.by or "maximum")


def _spend(turn: Turn, change: Spend) -> Change:
    if reason := why_not_spend(turn, change.price):
        return Skipped("spend", reason)
    taken = {}
    for wallet, points in change.price.items():
        lots = turn.book.spend(wallet, points, turn.now)
        assert lots is not None
        taken[wallet] = lots
    if change.redemption and turn.origin and turn.plan.redemptions_kept:
        redemption = Redemption(turn.now, change.reward, change.quantity, taken)
        turn.redemptions = {**turn.redemptions, turn.origin: redemption}
    forget(turn)
    return change


def why_not_spend(turn: Turn, price: Mapping[str, int]) -> str:
    """Why `price`, points by wallet, can't be spent; empty where it can."""
    parting = turn.life.dissolution
    if parting is not None and parting.settled:
        return f"all is settled: {parting.place}"
    for wallet, points in price.items():
        if wallet in turn.book.account.frozen:
            return f"frozen: {wallet}"
        if not 0 < points <= MAX_POINTS:
            return f"{wallet}: {points} points can't be spent"
        if (there := turn.book.available(wallet)) < points:
            return f"insufficient balance: {there} of {points} {wallet}"
    return ""


def _adjust(turn: Turn, change: Adjust) -> Change:
    if not 0 < abs(change.points) <= MAX_POINTS:
        return Skipped("adjust", f"{change.wallet}: by {change.points} points")
    done = turn.book.adjust(change.wallet, change.points, turn.now)
    if not done:
        return Skipped("adjust", f"{change.wallet}: there is nothing to take")
    forget(turn)
    return change if done == change.points else Adjust(change.wallet, done)


def _transfer(turn: Turn, change: Transfer) -> Change:
    if change.to == turn.event.customer:
        return Skipped("transfer", f"{change.wallet}: to the same customer")
    try:
        check_name("customer", change.to)
    except EventInvalid as error:
        return Skipped("transfer", str(error))
    if reason := why_not_spend(turn, {change.wallet: change.points}):
        return Skipped("transfer", reason)
    if turn.event.depth >= MAX_DEPTH:
        return Skipped("transfer", f"events caused events {MAX_DEPTH} deep already")
    parcels = turn.book.transfer_out(change.wallet, change.points, turn.now)
    if parcels is None:
        return Skipped("transfer", f"{change.wallet}: only points that are there can go")
    forget(turn)
    return Transfer(change.wallet, change.points, change.to, parcels)


def _reinstate(turn: Turn, change: Reinstate) -> Change:
    if not 0 < change.points <= MAX_POINTS:
        return Skipped("reinstate", f"{change.wallet}: {change.points} points")
    done = turn.book.reinstate(change.wallet, change.points, turn.now)
    if not done:
        return Skipped("reinstate", f"{change.wallet}: nothing has expired")
    forget(turn)
    return Reinstate(change.wallet, done)


def _freeze(turn: Turn, change: Freeze) -> Change:
    (turn.book.freeze if change.on else turn.book.thaw)(change.wallet)
    return change


def _set(turn: Turn, change: SetAttribute) -> Change:
    name, program = change.attribute, turn.program
    try:
        value = read_value(program.attributes[name], change.value, program.locale)
    except ValueInvalid as error:
        return Skipped("set", f"{name}: {error}")
    attributes = {k: v for k, v in turn.attributes.items() if k != name}
    if value is not None:
        attributes[name] = value
    turn.attributes = attributes
    return change


def _tag(turn: Turn, change: SetTag) -> Change:
    tags = {*turn.tags, change.tag} if change.on else {*turn.tags} - {change.tag}
    turn.tags = tuple(sorted(tags))
    return change


def _emit(turn: Turn, change: Emit) -> Change:
    if turn.event.depth >= MAX_DEPTH:
        return Skipped("emit", f"{change.type}: events caused events {MAX_DEPTH} deep already")
    try:
        check_name("customer", change.customer)
        turn.program.events[change.type].read(change.data)
    except EventInvalid as error:
        return Skipped("emit", str(error))
    return change


_DOING: Mapping[type, Callable[[Turn, Any], Change]] = {
    Accrue: _accrue,
    Spend: _spend,
    Adjust: _adjust,
    Transfer: _transfer,
    Reinstate: _reinstate,
    Freeze: _freeze,
    Open: open_offer,
    Revoke: revoke_offers,
    Send: choose_route,
    SetAttribute: _set,
    SetTag: _tag,
    SetTier: upgrade,
    CreateTask: create_task,
    AskApproval: ask_approval,
    Emit: _emit,
}
