"""What later events may refer to: purchases that may be refunded, redemptions that may be
cancelled, and the lots that either needs.

An event of a type that others refer to has a key, `TYPE:ID`. It is known by it for twice as
long as it may be referred to: so long can who comes too late be told from who comes too early.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from fractions import Fraction
from typing import TypeVar

from loyalcore.engine.state import Origin, Redemption
from loyalcore.engine.turn import Turn
from loyalcore.ledger.lots import Lot
from loyalcore.program.points.act_plan import OriginPlan, Reference
from loyalcore.values import Number, write_number

EVENT_ID = "event.id"
KEPT_EXPIRED = 100  # lots of a customer, the latest: what has expired may be reinstated

Kept = TypeVar("Kept", Origin, Redemption)


def key_of(type: str, id: str) -> str:
    return f"{type}:{id}"


def remember(turn: Turn, plan: OriginPlan) -> None:
    """Give the event of `turn` its key, and know it by that from now on.

    Several events of one key are one purchase that came in parts.
    """
    event = turn.event
    id = event.id if plan.id == EVENT_ID else event.data[plan.id]
    if id is None:
        return
    turn.origin = key = key_of(event.type, str(id))
    if not plan.remembered:
        return
    amount = event.data[plan.amount] if plan.amount else None
    origin = Origin(event.time, kept_amount(amount), 0, turn.margin or 0)
    earlier = turn.origins.get(key)
    if earlier is not None:
        both = None
        if origin.amount is not None and earlier.amount is not None:
            both = kept_amount(Fraction(earlier.amount) + Fraction(origin.amount))
        time = max(event.time, earlier.time)
        origin = Origin(time, both, earlier.back, earlier.margin + origin.margin)
    turn.origins = {**still_known(turn, plan, turn.origins), key: origin}


def still_known(turn: Turn, plan: OriginPlan, known: Mapping[str, Kept]) -> Mapping[str, Kept]:
    """Those of `known` that are not of this event's type, or not too old to be told apart."""
    if not plan.kept:
        return known
    now, zone, prefix = turn.now, turn.plan.locale.zone, f"{turn.event.type}:"
    return {
        key: one
        for key, one in known.items()
        if not key.startswith(prefix)
        or any(now < length.after(length.after(one.time, zone), zone) for length in plan.kept)
    }


def too_late(turn: Turn, reference: Reference, time: int, at: int) -> bool:
    """Whether an event at the instant `at` may no longer refer to one at `time`."""
    within = reference.within
    return within is not None and at >= within.after(time, turn.plan.locale.zone)


def kept_amount(amount: object) -> int | str | None:
    """An amount as it is kept in a state, exact: its sign says nothing."""
    if isinstance(amount, int):
        return abs(amount)
    if isinstance(amount, Fraction):
        return abs(amount.numerator) if amount.denominator == 1 else write_number(abs(amount))
    return None


def amount_of(kept: int | str | None) -> Number | None:
    """The amount that was kept."""
    if kept is None or isinstance(kept, int):
        return kept
    return Fraction(kept)


def share_back(origin: Origin) -> Fraction:
    """The share of an event that refunds have had so far: all of it at once, where its
    amount is not known."""
    if not origin.amount:
        return Fraction(1 if origin.back else 0)
    return min(Fraction(1), Fraction(origin.back) / Fraction(origin.amount))


def margin_back(origin: Origin) -> int:
    """How much of its margin refunds have had so far: all of it in the end, whatever they were."""
    return int(origin.margin * share_back(origin) // 1)


def forget(turn: Turn) -> None:
    """Drop the lots that nothing needs any more: they are empty, and nothing that is still
    known refers to them.

    A redemption needs the lots that it came from. Where they have not spent as much any more,
    other lots have covered for them, so all that have spent points in that wallet are kept.
    So it is with debts that were taken over from a customer who was merged into this one.
    The latest lots that expired are kept too, to be reinstated, and those that offers gave.
    """
    lots = turn.book.lots
    if not any(_empty(lot) for lot in lots):
        return
    held: Counter[int] = Counter()
    for redemption in turn.redemptions.values():
        for taken in redemption.taken.values():
            for number, points in taken:
                held[number] += points
    for absorbed in turn.absorbed.values():
        for taken in absorbed.debts.values():
            for number, points in taken:
                held[number] += points
    short = {lot.wallet for lot in lots if lot.spent < held.get(lot.number, 0)}
    expired = [lot.number for lot in lots if lot.expired][-KEPT_EXPIRED:]
    given = [number for offer in turn.offers for number in offer.lots]
    needed = {*held, *expired, *given}
    turn.book.forget(
        lambda lot: (
            lot.number in needed
            or (lot.origin != "" and lot.origin in turn.origins)
            or (lot.spent > 0 and lot.wallet in short)
        )
    )


def _empty(lot: Lot) -> bool:
    return not (lot.pending or lot.active or lot.owed)
