"""What an event does by itself, before any rule: refunds, deliveries, redemptions, and what
the clock and operators bring."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from loyalcore.effects.changes import Adjust, Change, Receive, Skipped
from loyalcore.engine.apply import apply
from loyalcore.engine.care.consent import hear
from loyalcore.engine.care.recovery import fall_due_cases
from loyalcore.engine.care.tasks import assign_task, decide_approval, do_task, fall_due_work
from loyalcore.engine.decide import record
from loyalcore.engine.handover.activation import activate
from loyalcore.engine.handover.merging import split
from loyalcore.engine.handover.taking_in import take_back, take_in
from loyalcore.engine.ladders.stages import set_stage
from loyalcore.engine.ladders.tiers_by_hand import set_by_hand
from loyalcore.engine.parting.reopening import (
    pause_by_hand,
    reopen_by_hand,
    resume_by_hand,
    withdraw_by_hand,
)
from loyalcore.engine.points.fallen import fall_due, fallen_in
from loyalcore.engine.points.origins import forget, remember
from loyalcore.engine.points.redemption import cancel, redeem
from loyalcore.engine.points.refunds import deliver, refund
from loyalcore.engine.scores import take_score
from loyalcore.engine.timing.triggers import fire_timers
from loyalcore.engine.turn import Turn
from loyalcore.errors import did_you_mean
from loyalcore.ledger.lots import Parcel
from loyalcore.program.builtin_events import (
    ADJUST_POINTS,
    APPROVAL_GIVEN,
    CONSENT_GIVEN,
    CONSENT_WITHDRAWN,
    CUSTOMER_MERGED,
    CUSTOMER_SPLIT,
    DUE,
    PAUSE_DISSOLUTION,
    POINTS_RECEIVED,
    PROGRAM_ACTIVATED,
    REOPEN_DISSOLUTION,
    RESUME_DISSOLUTION,
    SCORED,
    SET_STAGE,
    SET_TIER,
    TASK_ASSIGNED,
    TASK_DONE,
    UNSUBSCRIBED,
    WITHDRAW_DISSOLUTION,
)


def act(turn: Turn) -> None:
    """Do what the event of `turn` does by itself, as its plan says."""
    acts = turn.plan.acts
    assert acts is not None
    if acts.builtin:
        if (do := _BUILTIN.get(turn.event.type)) is not None:
            do(turn)
        return
    for wallet in acts.active:
        turn.book.active(wallet, turn.now)
    if acts.origin is not None:
        remember(turn, acts.origin)
    if acts.reverses is not None:
        refund(turn, acts.reverses)
    if acts.activates is not None:
        deliver(turn, acts.activates)
    if acts.cancels is not None:
        cancel(turn, acts.cancels)
    if acts.redeems is not None:
        redeem(turn, acts.redeems)
    if acts.unmerges is not None:
        split(turn, acts.unmerges)


def _due(turn: Turn) -> None:
    fall_due(turn)
    forget(turn)
    if turn.program.life is not None:
        fire_timers(turn, turn.program.life)
        fall_due_work(turn)
        fall_due_cases(turn, turn.program.life)


def _adjust(turn: Turn) -> None:
    """An adjustment by hand, of an operator."""
    data = turn.event.data
    wallet, points = data["wallet"], data["points"]
    read = {name: data[name] for name in ("wallet", "points", "note")}
    name = f"events.{ADJUST_POINTS}"
    if not isinstance(wallet, str) or not isinstance(points, int):
        record(turn, name, read, (), f"{'points' if wallet else 'wallet'} is missing")
    elif wallet not in turn.program.wallets:
        hint = did_you_mean(wallet, turn.program.wallets)
        record(turn, name, read, (), f"there is no wallet '{wallet}'{hint and f' ({hint})'}")
    else:
        done = apply(turn, Adjust(wallet, points))
        reason = done.reason if isinstance(done, Skipped) else ""
        record(turn, name, read, () if reason else (done,), reason)


def _receive(turn: Turn) -> None:
    """Points that another customer has transferred, each parcel with the expiry it had."""
    data = turn.event.data
    wallet, sender = str(data["wallet"]), str(data["sender"])
    lines: Any = data["parcels"]  # as emitting.py has made them
    parcels = [
        Parcel(
            line["points"],
            line["expires"],
            line["activates"],
            line["lapses"],
            line["pending"] is True,
        )
        for line in lines
    ]
    points = turn.book.transfer_in(wallet, parcels, turn.now)
    entries = turn.entries()
    changes: list[Change] = [Receive({wallet: points}, sender), *fallen_in(entries)]
    read = {"wallet": wallet, "points": points, "sender": sender}
    record(turn, f"events.{POINTS_RECEIVED}", read, changes, entries=entries)


_BUILTIN: Mapping[str, Callable[[Turn], None]] = {
    DUE: _due,
    ADJUST_POINTS: _adjust,
    SET_TIER: set_by_hand,
    POINTS_RECEIVED: _receive,
    CUSTOMER_MERGED: take_in,
    CUSTOMER_SPLIT: take_back,
    SET_STAGE: set_stage,
    SCORED: take_score,
    PROGRAM_ACTIVATED: activate,
    TASK_DONE: do_task,
    TASK_ASSIGNED: assign_task,
    APPROVAL_GIVEN: decide_approval,
    PAUSE_DISSOLUTION: pause_by_hand,
    RESUME_DISSOLUTION: resume_by_hand,
    WITHDRAW_DISSOLUTION: withdraw_by_hand,
    REOPEN_DISSOLUTION: reopen_by_hand,
    CONSENT_GIVEN: hear,
    CONSENT_WITHDRAWN: hear,
    UNSUBSCRIBED: hear,
}
