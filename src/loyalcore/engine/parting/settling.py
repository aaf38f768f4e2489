"""What is left of points as a relationship ends: every wallet comes to zero, each entry with its
cause.

    pending     turn active, or lapse
    converted   into points of another wallet, which are settled with that
    owed        waived, or invoiced
    all else    expires, is paid out, or goes for a voucher

What comes afterwards (a late event's, a refund's) is settled in the step in which it comes.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from msgspec.structs import replace

from loyalcore.effects.changes import Change, Issue, Settle
from loyalcore.engine.decide import record
from loyalcore.engine.points.origins import forget
from loyalcore.engine.turn import Turn
from loyalcore.ledger.lots import MAX_POINTS, Account
from loyalcore.program.parting.dissolution_plan import DissolutionPlan, Settling
from loyalcore.values import MONEY, Locale, write_value

_DEFAULT = Settling()  # of a wallet that the program has no more


def settle(turn: Turn, plan: DissolutionPlan) -> None:
    """Settle all that is there, if anything is. It is one decision."""
    one = turn.life.dissolution
    assert one is not None
    if not _left(turn.account):
        return
    changes = [*_wait_no_more(turn, lapses=plan.lapses)]
    wallets = sorted(_wallets(turn.account))
    converted = [name for name in wallets if _of(plan, name).how == "converted"]
    for wallet in converted:
        changes += _convert(turn, wallet, _of(plan, wallet))
    for wallet in sorted(_wallets(turn.account)):
        changes += _debt(turn, wallet, _of(plan, wallet))
        changes += _points(turn, wallet, _of(plan, wallet))
    expired = dict(one.expired)
    for change in changes:
        if isinstance(change, Settle) and change.how == "expired":
            expired[change.wallet] = expired.get(change.wallet, 0) + change.points
    turn.life = replace(turn.life, dissolution=replace(one, expired=expired))
    record(turn, f"{plan.place}.settled", {"reason": one.reason, "phase": one.phase}, changes)
    forget(turn)


def end_pending(turn: Turn, plan: DissolutionPlan) -> None:
    """As accrual stops, let what is pending turn active at once, or lapse."""
    one = turn.life.dissolution
    assert one is not None
    changes = [*_wait_no_more(turn, lapses=plan.lapses)]
    if changes:
        record(turn, f"{plan.place}.pending", {"phase": one.phase}, changes)
        forget(turn)


def amount_of(points: int, rate: Fraction, locale: Locale) -> str:
    """What so many points come to in money, rounded down once, as text."""
    minor = points * rate.numerator // rate.denominator
    return str(write_value(MONEY, minor, locale))


def _left(account: Account) -> bool:
    return any(lot.pending or lot.active or lot.owed for lot in account.lots)


def _wallets(account: Account) -> set[str]:
    return {lot.wallet for lot in account.lots if lot.pending or lot.active or lot.owed}


def _of(plan: DissolutionPlan, wallet: str) -> Settling:
    return plan.settling.get(wallet, _DEFAULT)


def _wait_no_more(turn: Turn, *, lapses: bool) -> Iterator[Change]:
    for wallet, points in sorted(turn.account.pending.items()):
        if lapses:
            turn.book.lapse(wallet)
        else:
            lots = [one.number for one in turn.account.lots if one.wallet == wallet and one.pending]
            turn.book.activate(lots, turn.now)
        yield Settle(wallet, points, "lapsed" if lapses else "activated")


def _convert(turn: Turn, wallet: str, way: Settling) -> Iterator[Change]:
    there = turn.account.balances.get(wallet, 0)
    given = max(0, there) * way.rate.numerator // way.rate.denominator
    if 0 < given <= MAX_POINTS:
        points = turn.book.clear(wallet, "convert", "spent")
        turn.book.give(way.to, given, turn.now, "convert")
        yield Settle(wallet, points, "converted", to=way.to, given=given)


def _debt(turn: Turn, wallet: str, way: Settling) -> Iterator[Change]:
    kind = "waive" if way.invoice is None else "invoice"
    for name, points in turn.book.surrender_debts(wallet, kind).items():
        if way.invoice is None:
            yield Settle(name, points, "waived")
        else:
            amount = amount_of(points, way.invoice, turn.program.locale)
            yield Settle(name, points, "invoiced", amount)


def _points(turn: Turn, wallet: str, way: Settling) -> Iterator[Change]:
    """What of a wallet's points is left to settle: too few to be converted, paid out or worth a
    voucher, they expire."""
    there = max(0, turn.account.balances.get(wallet, 0))
    if not there:
        return
    if way.how == "paid out" and there * way.rate >= 1:
        turn.book.clear(wallet, "pay out", "spent")
        yield Settle(wallet, there, "paid out", amount_of(there, way.rate, turn.program.locale))
    elif way.how == "voucher" and there >= way.at_least:
        turn.book.clear(wallet, "convert", "spent")
        yield Settle(wallet, there, "vouchered", to=way.to)
        yield Issue("voucher", way.to)
    else:
        turn.book.clear(wallet, "expire", "expired")
        yield Settle(wallet, there, "expired")
