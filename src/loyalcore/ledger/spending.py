"""Points used, given back, and owed.

A wallet whose balance may be negative *owes*: a lot has `owed` below zero, and as many points
in `spent` or `moved` that nothing has covered yet. An overdraft was used before it was there;
a lot that was taken back after it was used owes what its customer should not have had. The
next points that turn active in that wallet settle it: they are spent (or moved) in place of
those, and the debtor's debt is gone::

    debtor   spent -x   owed  +x
    payer    active -x  spent +x

Neither lot's sum is changed, nor the balance: it fell when the debt was made. So a wallet
never has active points and debts at once.
"""

from __future__ import annotations

from loyalcore.ledger.lots import Bucket
from loyalcore.ledger.postings import Postings, spending_order

USED: tuple[Bucket, ...] = ("spent", "moved")  # where points went that may have to be covered

Taken = tuple[tuple[int, int], ...]  # number of a lot, points from it


def take(postings: Postings, wallet: str, points: int, kind: str, target: Bucket) -> Taken:
    """Move up to so many active points of a wallet into `target`, in the order of spending."""
    taken = []
    for index in postings.in_order(wallet):
        if not points:
            break
        lot = postings.lots[index]
        part = min(points, lot.active)
        postings.move(index, kind, "active", target, part)
        taken.append((lot.number, part))
        points -= part
    return tuple(taken)


def overdraw(postings: Postings, wallet: str, points: int, kind: str, now: int) -> int:
    """Use points that are not there. Returns the number of the lot that owes them."""
    postings.open(wallet, "overdraft", now, 0)
    index = postings.latest
    postings.move(index, kind, "owed", "spent", points)
    return postings.lots[index].number


def arrive(postings: Postings, index: int, now: int) -> int:
    """What happens to points of a lot that have just turned active: they settle debts and,
    if the lot is past its expiry, the rest expires. Returns the points that expired."""
    lot = postings.lots[index]
    if not lot.active:
        return 0
    if postings.balances.get(lot.wallet, 0) < lot.active:  # only where there are debts
        _settle(postings, index)
        lot = postings.lots[index]
    expires = postings.expires(lot) if lot.active else None
    if expires is None or expires > now:
        return 0
    postings.move(index, "expire", "active", "expired", lot.active)
    return lot.active


def _settle(postings: Postings, payer: int) -> None:
    wallet = postings.lots[payer].wallet
    for debtor, lot in enumerate(postings.lots):
        if not lot.owed or lot.wallet != wallet:
            continue
        for bucket in USED:
            lot = postings.lots[debtor]
            part = min(-lot.owed, getattr(lot, bucket), postings.lots[payer].active)
            postings.move(debtor, "settle", bucket, "owed", part)
            postings.move(payer, "settle", "active", bucket, part)


def give_back(postings: Postings, taken: Taken, now: int, kind: str) -> int:
    """Undo a spending, the last lot first. Returns the points given back.

    What a lot owes is cancelled first; the rest of its points turn active again, and expire
    at once where the lot's time is over. Where other lots have covered the spending since (a
    debt was settled, a refund was taken from what was left), the points return to lots of
    that wallet that have spent ones, in the opposite order of spending.
    """
    given = 0
    for number, points in reversed(taken):
        if (index := postings.find(number)) is None:
            continue
        wallet = postings.lots[index].wallet
        rest = points - _give_back(postings, index, points, now, kind)
        if rest:
            others = [i for i, lot in enumerate(postings.lots) if lot.wallet == wallet]
            others.sort(key=lambda other: spending_order(postings.lots[other]), reverse=True)
            for other in others:
                rest -= _give_back(postings, other, rest, now, kind)
        given += points - rest
    return given


def _give_back(postings: Postings, index: int, points: int, now: int, kind: str) -> int:
    lot = postings.lots[index]
    points = min(points, lot.spent)
    cancelled = min(points, -lot.owed)
    postings.move(index, kind, "spent", "owed", cancelled)
    postings.move(index, kind, "spent", "active", points - cancelled)
    arrive(postings, index, now)
    return points
