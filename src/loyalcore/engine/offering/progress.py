"""How far open offers have come: advanced by events, completed once, and judged anew when
what advanced them is refunded."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from msgspec.structs import replace

from loyalcore.effects.changes import Advance, Change, Close, Emit, Reverse
from loyalcore.effects.kind import Facts
from loyalcore.engine.apply import apply
from loyalcore.engine.decide import record
from loyalcore.engine.offering.openings import REVOKING, plain, with_offer
from loyalcore.engine.points.origins import share_back
from loyalcore.engine.selecting.holding import held
from loyalcore.engine.selecting.selection import fire
from loyalcore.engine.state import Instance, Part
from loyalcore.engine.turn import Turn
from loyalcore.ledger.reversal import Policy
from loyalcore.program.builtin_events import OFFER_COMPLETED, OFFER_LAPSED
from loyalcore.program.offering.offer_plan import PERSONAL, PROGRESS, TARGET, OfferPlan
from loyalcore.values import Number, write_number, write_value

CODES_KEPT = 10  # closed offers of a customer that had personal codes: the latest


def brings(offer: OfferPlan, facts: Facts) -> Number | None:
    """What the event brings towards an offer; None where it does not count."""
    reach = offer.reach
    if reach.where is not None and not reach.where(facts):
        return None
    if reach.amount is None:
        return 1
    amount = reach.amount(facts)
    return amount if isinstance(amount, int | Fraction) else None


def advance(turn: Turn, offer: OfferPlan, number: int) -> bool:
    """Advance an open offer by the event, and complete it when its target is reached.
    Whether the event counted."""
    one = _find(turn, number)
    if one is None or not one.open_at(turn.now):
        return False
    # What comes late counts if the offer was open at its own time, and still is. Its own clock
    # is that of an offer that it opens itself.
    time = turn.now if turn.now == one.opened else turn.event.time
    if time < one.opened or (time == one.opened and not offer.first):
        return False
    facts = with_offer(turn, offer, one)
    amount = brings(offer, facts)
    if amount is None:
        return False
    origin = turn.origins.get(turn.origin)
    back = Fraction(0) if origin is None else share_back(origin)
    if back == 1:  # refunded before it came
        return False
    part = Part(turn.now, _kept(amount), "" if origin is None else turn.origin, _kept(back))
    reach = offer.reach
    target = 1 if reach.target is None else reach.target(facts)
    parts = _added(one.parts, part)
    one = replace(
        one, parts=parts, target=_kept(target) if isinstance(target, int | Fraction) else None
    )
    put(turn, one)
    progress = progress_of(offer, parts)
    facts |= {PROGRESS: progress, TARGET: target}
    if reach.kind != "one":
        change = _advanced(turn, offer, one)
        record(turn, f"{offer.place}.advanced", plain(reach.reads, facts), (change,))
    if one.target is not None and progress >= Fraction(one.target):
        _complete(turn, offer, one, facts)
    return True


def _complete(turn: Turn, offer: OfferPlan, one: Instance, facts: Facts) -> None:
    """Do what the completion of an offer does; unless that is held back. Then it stays open
    as it is, and the next event that advances it tries again."""
    rule = offer.completed
    wanted = [change for run in rule.effects for change in run(facts)]
    if reason := held(turn, rule, wanted, facts):
        record(turn, rule.name, plain(rule.reads, facts), (), reason)
        return
    put(turn, replace(one, closed="completed"))
    last = turn.book.account.last
    turn.share = offer.refunds == "share"
    close = Close(one.offer, one.number, "completed")
    fire(turn, rule, [close, *wanted, *emitted(turn, OFFER_COMPLETED, one)], facts)
    turn.share = True
    closed = _find(turn, one.number)
    if closed is not None and offer.refunds == "rejudge":
        lots = tuple(lot.number for lot in turn.book.lots if lot.number > last)
        put(turn, replace(closed, lots=(*closed.lots, *lots)))
    forget_closed(turn)


def rejudge(turn: Turn, origin: str, share: Fraction, policy: Policy) -> None:
    """Judge the offers anew that the event of key `origin` has advanced, now that `share` of
    it was refunded in all.

    Of a sum, that share of what it brought is gone; a count or a single event only counts
    while some of it is left. An open offer falls back. One that is completed, whose target
    is no longer reached, is open again, or lapsed if its time is over; and all points that
    its completion gave are taken back, as `policy` says, if `refunds` of the offer is
    rejudge. To be called once the refund's own decision is recorded.
    """
    back = _kept(share)
    for one in turn.offers:
        offer = turn.program.offers.get(one.offer)
        if offer is None or not any(part.origin == origin for part in one.parts):
            continue
        parts = tuple(
            replace(part, back=back) if part.origin == origin else part for part in one.parts
        )
        if one.closed in ("", "completed") and parts != one.parts:
            _judge(turn, offer, one, replace(one, parts=parts), policy)


def _judge(turn: Turn, offer: OfferPlan, before: Instance, one: Instance, policy: Policy) -> None:
    put(turn, one)
    progress = progress_of(offer, one.parts)
    changes: list[Change] = []
    if progress != progress_of(offer, before.parts):
        changes.append(_advanced(turn, offer, one))
    reached = one.target is not None and progress >= Fraction(one.target)
    if one.closed and not reached:
        over = one.ends is not None and one.ends <= turn.now
        put(turn, replace(one, closed="lapsed" if over else "", lots=()))
        changes.append(Close(one.offer, one.number, "lapsed" if over else "reopened"))
        changes += _taken_back(turn, one, policy)
        if over:
            changes += emitted(turn, OFFER_LAPSED, one)
    if changes:
        record(turn, f"{offer.place}.rejudged", {}, changes)


def _taken_back(turn: Turn, one: Instance, policy: Policy) -> Sequence[Change]:
    """Take back all points that the completion gave."""
    if not one.lots:
        return ()
    taken, forgiven = turn.book.take_back(one.lots, policy)
    return (Reverse(f"offers.{one.offer}:{one.number}", "1", taken, forgiven),)


def emitted(turn: Turn, type: str, one: Instance) -> Sequence[Change]:
    """The event that tells of an offer, where anything in the program is on it."""
    if not turn.program.events[type].wanted:
        return ()
    data = {"offer": one.offer, "number": one.number}
    return (apply(turn, Emit(type, turn.event.customer, data)),)


# --- what is kept -----------------------------------------------------------------------------


def put(turn: Turn, one: Instance) -> None:
    """Put an opening in the place of the one with its number."""
    turn.offers = tuple(one if one.number == other.number else other for other in turn.offers)


def forget_closed(turn: Turn) -> None:
    """Let closed offers go, but for those that a refund may still judge anew, and the latest
    that had personal codes."""
    coded = [one.number for one in turn.offers if one.closed and one.code][-CODES_KEPT:]
    kept = []
    for one in turn.offers:
        offer = turn.program.offers.get(one.offer)
        if one.closed in ("", REVOKING) or (
            one.closed == "completed"
            and offer is not None
            and offer.refunds == "rejudge"
            and any(part.origin in turn.origins for part in one.parts)
        ):
            kept.append(one)
        elif one.number in coded and offer is not None and offer.code == PERSONAL:
            kept.append(replace(one, fields={}, parts=(), lots=()))
    turn.offers = tuple(kept)


def _find(turn: Turn, number: int) -> Instance | None:
    return next((one for one in turn.offers if one.number == number), None)


def _added(parts: tuple[Part, ...], part: Part) -> tuple[Part, ...]:
    """The parts and one more. Those to which no refund refers are one, the first."""
    if part.origin or not parts or parts[0].origin:
        return (*parts, part) if part.origin else (part, *parts)
    both = Fraction(parts[0].amount) + Fraction(part.amount)
    return (Part(part.time, _kept(both)), *parts[1:])


def progress_of(offer: OfferPlan, parts: Sequence[Part]) -> Number:
    """What the parts come to, without what was refunded of them."""
    if offer.reach.kind == "sum":
        left = sum((Fraction(p.amount) * (1 - Fraction(p.back)) for p in parts), Fraction(0))
        return left.numerator if left.denominator == 1 else left
    return sum(int(part.amount) for part in parts if Fraction(part.back) < 1)


def _advanced(turn: Turn, offer: OfferPlan, one: Instance) -> Advance:
    type_, locale = offer.reach.type, turn.program.locale
    progress = write_value(type_, progress_of(offer, one.parts), locale)
    target = None if one.target is None else _number(one.target)
    written = "" if target is None else str(write_value(type_, target, locale))
    return Advance(one.offer, one.number, str(progress), written)


def _kept(number: Number) -> int | str:
    """A number as it is kept in a state, exact."""
    return number.numerator if number.denominator == 1 else write_number(number)


def _number(kept: int | str) -> Number:
    return kept if isinstance(kept, int) else Fraction(kept)
