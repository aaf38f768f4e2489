"""Taking back what a refunded purchase earned (S9).

A lot's points are asked for in proportion to what has been refunded in all, each of them
once. They are taken from its own pending, active and expired points, and then for those that
were used, as the policy says:

- "within balance": other points of the wallet take their place. They are spent (or moved)
  instead, and the lot's own are reversed, so that no lot's sum is changed. What the balance
  does not cover is forgiven.
- "may go negative": likewise, but what the balance does not cover is owed (spending.py).
- "pending only": nothing but pending points is taken; all others are forgiven.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import Literal, NamedTuple

from loyalcore.ledger.lots import Bucket
from loyalcore.ledger.postings import Postings
from loyalcore.ledger.spending import USED

Policy = Literal["within balance", "may go negative", "pending only"]
POLICIES: tuple[Policy, ...] = ("within balance", "may go negative", "pending only")

_OWN: tuple[Bucket, ...] = ("pending", "active", "expired")


class Reversed(NamedTuple):
    """What was asked for, by wallet: the points taken, and those forgiven. Points that were
    taken earlier by an adjustment count as forgiven."""

    taken: Mapping[str, int]
    forgiven: Mapping[str, int]


def reverse(postings: Postings, origin: str, share: Fraction, policy: Policy) -> Reversed:
    """Take back what `origin` earned, up to `share` of it over all refunds so far, rounded
    down in each lot. The origin "" earned nothing."""
    lots = [
        index
        for index, lot in enumerate(postings.lots)
        if origin and lot.share and lot.origin == origin
    ]
    return take_back(postings, lots, share, policy)


def take_back(postings: Postings, lots: Iterable[int], share: Fraction, policy: Policy) -> Reversed:
    """Likewise of the lots at these indexes, whatever earned them."""
    asked = {}
    for index in lots:
        lot = postings.lots[index]
        claimed = lot.accrued * share.numerator // share.denominator
        if claimed > lot.claimed:
            asked[index] = claimed - lot.claimed
            postings.claim(index, claimed)
    taken: dict[str, int] = {}
    forgiven: dict[str, int] = {}
    buckets = _OWN if policy != "pending only" else _OWN[:1]
    rest = {
        index: points - _own(postings, index, points, buckets) for index, points in asked.items()
    }
    for index, points in asked.items():
        uncovered = rest[index]
        if policy != "pending only":
            uncovered -= _used(postings, index, uncovered, policy)
        wallet = postings.lots[index].wallet
        taken[wallet] = taken.get(wallet, 0) + points - uncovered
        forgiven[wallet] = forgiven.get(wallet, 0) + uncovered
    return Reversed(_some(taken), _some(forgiven))


def _own(postings: Postings, index: int, points: int, buckets: tuple[Bucket, ...]) -> int:
    """Take points that the lot still has. Returns how many."""
    rest = points
    for bucket in buckets:
        part = min(rest, getattr(postings.lots[index], bucket))
        postings.move(index, "reverse", bucket, "reversed", part)
        rest -= part
    return points - rest


def _used(postings: Postings, index: int, points: int, policy: Policy) -> int:
    """Take points for those of the lot that were used and that it does not owe yet. Returns
    how many."""
    lot = postings.lots[index]
    points = min(points, lot.spent + lot.moved + lot.owed)
    rest = points
    for other in postings.in_order(lot.wallet) if rest else ():
        for bucket in USED:
            part = min(rest, postings.lots[other].active, getattr(postings.lots[index], bucket))
            postings.move(index, "reverse", bucket, "reversed", part)
            postings.move(other, "reverse", "active", bucket, part)
            rest -= part
    if policy == "may go negative":
        postings.move(index, "reverse", "owed", "reversed", rest)
        rest = 0
    return points - rest


def _some(points: Mapping[str, int]) -> Mapping[str, int]:
    return {wallet: number for wallet, number in points.items() if number}
