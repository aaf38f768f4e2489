"""What an event does to offers: openings, progress, completions, lapses and revocations.

In this order: those whose time is over lapse (at `due`); the event opens those that it
opens; it advances the open ones, and completes them; what revocations do comes last. An
offer that a completion opens is advanced from the next event on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Literal

from msgspec.structs import replace

from loyalcore.effects.changes import Change, Close, Open
from loyalcore.engine.apply import apply
from loyalcore.engine.decide import record
from loyalcore.engine.offering.openings import REVOKING, mark_revoked, open_now, plain, with_offer
from loyalcore.engine.offering.presented import Presented, batch_key, read_code
from loyalcore.engine.offering.progress import advance, brings, emitted, forget_closed, put
from loyalcore.engine.selecting.holding import in_force
from loyalcore.engine.state import Instance
from loyalcore.engine.turn import Turn
from loyalcore.errors import EventInvalid, did_you_mean
from loyalcore.events import decode_data
from loyalcore.program.builtin_events import DUE, OFFER_LAPSED, OPEN_OFFER, REVOKE_OFFER
from loyalcore.program.offering.offer_plan import Ending, OfferPlan, OfferUse, Opening


def advance_offers(turn: Turn) -> None:
    """Do to the customer's offers what the event of `turn` does to them."""
    use = turn.plan.offers
    by_itself = _BUILTIN.get(turn.event.type)
    if by_itself is not None:
        by_itself(turn)
    if use is not None:
        for offer, opening in use.opens:
            _open(turn, offer, opening)
        if use.presents:
            _advance_with_code(turn, use)
        elif use.advances and turn.offers:
            _advance(turn, use, None)
    settle_revoked(turn)


# --- opening ----------------------------------------------------------------------------------


def _open(turn: Turn, offer: OfferPlan, opening: Opening) -> None:
    """Open `offer`, if the event is one that opens it."""
    facts = turn.facts
    if opening.when is not None and not opening.when(facts):
        return
    if not in_force(offer.opened, turn.now):
        return
    opened = open_now(turn, offer, {name: write(facts) for name, write in opening.fields})
    _record_opening(turn, offer, plain(opening.reads, facts), opened)


def _record_opening(
    turn: Turn, offer: OfferPlan, read: dict[str, object], opened: Open | str
) -> None:
    read |= plain(offer.opened.reads, turn.facts)
    done, reason = ((), opened) if isinstance(opened, str) else ((opened,), "")
    record(turn, offer.opened.name, read, done, reason)


def _open_by_hand(turn: Turn) -> None:
    """An operator opens an offer."""
    data = turn.event.data
    name, text = data["offer"], data["fields"]
    read: dict[str, object] = {"offer": name, "fields": text}
    offer = turn.program.offers.get(str(name))
    if offer is None:
        record(turn, f"events.{OPEN_OFFER}", read, (), _no_offer(turn, name))
        return
    try:
        fields = decode_data(text) if isinstance(text, str) else {}
    except EventInvalid:
        _record_opening(turn, offer, read, "fields is not a JSON object")
        return
    unknown = [field for field in fields if field not in offer.fields]
    if unknown:
        hint = did_you_mean(unknown[0], offer.fields)
        _record_opening(turn, offer, read, f"it has no field '{unknown[0]}' {hint}".strip())
        return
    _record_opening(turn, offer, read, open_now(turn, offer, fields))


def _no_offer(turn: Turn, name: object) -> str:
    if name is None:
        return "offer is missing"
    return f"there is no offer '{name}' {did_you_mean(str(name), turn.program.offers)}".strip()


# --- progress ---------------------------------------------------------------------------------


def _advance(turn: Turn, use: OfferUse, shown: Presented | None) -> bool:
    """Advance the open offers. Whether that used the code that was presented.

    Those of higher priority go first, then those opened first; once the event has advanced
    one that consumes it, it advances no other of those.
    """
    consumed = used = False
    for one in _in_order(turn, use):
        offer = use.advances[one.offer]
        if (offer.consumes and consumed) or (
            offer.code and not (shown is not None and shown.admits(one))
        ):
            continue
        if advance(turn, offer, one.number):
            consumed = consumed or offer.consumes
            used = used or bool(offer.code)
    return used


def _in_order(turn: Turn, use: OfferUse) -> Iterable[Instance]:
    ready = [one for one in turn.offers if not one.closed and one.offer in use.advances]
    ready.sort(key=lambda one: (-use.advances[one.offer].priority, one.opened, one.number))
    return ready


def _advance_with_code(turn: Turn, use: OfferUse) -> None:
    """Advance the open offers, with the code that the event may present."""
    read = read_code(turn, use)
    shown = read if isinstance(read, Presented) else None
    reason = read if isinstance(read, str) else ""
    if shown is not None:
        reason = _open_with_code(turn, use, shown)
    used = _advance(turn, use, shown)
    if shown is not None and used:
        if shown.batch:
            turn.draw(batch_key(shown.batch), 1)
    elif shown is not None or reason:
        reason = reason or "the event does not count towards what the code is for"
        record(turn, f"events.{turn.event.type}.presents", {}, (), reason)


def _open_with_code(turn: Turn, use: OfferUse, shown: Presented) -> str:
    """Have an offer open that the code can advance; or say why there is none."""
    offer = use.advances.get(shown.offer)
    if offer is None:
        return f"the code is for another event than a {turn.event.type}"
    if any(one.open_at(turn.now) and shown.admits(one) for one in turn.offers):
        return ""
    opening = use.carried.get(shown.offer)
    if opening is None:
        return f"{shown.offer} is not open for the customer"
    fields = {name: write(turn.facts) for name, write in opening.fields}
    trial = Instance(offer.name, turn.opened + 1, turn.now, fields=fields)
    if brings(offer, with_offer(turn, offer, trial)) is None:
        return ""
    opened = open_now(turn, offer, fields)
    if isinstance(opened, str):
        return opened
    _record_opening(turn, offer, plain(opening.reads, turn.facts), opened)
    return ""


# --- lapses and revocations -------------------------------------------------------------------


def _lapse(turn: Turn) -> None:
    """Close the offers whose time is over, in the order in which it ended."""
    over = [
        one
        for one in turn.offers
        if not one.closed and one.ends is not None and one.ends <= turn.now
    ]
    for one in sorted(over, key=lambda one: (one.ends or 0, one.number)):
        if one in turn.offers:  # else what another's lapse did has changed it
            _end(turn, one, "lapsed")


def _revoke_by_hand(turn: Turn) -> None:
    """An operator takes an offer back: all that are open, or that of a number."""
    data = turn.event.data
    name, number = data["offer"], data["number"]
    assert name is None or isinstance(name, str)
    assert number is None or isinstance(number, int)
    reason = ""
    if name is not None and name not in turn.program.offers:
        reason = _no_offer(turn, name)
    elif name is None and number is None:
        reason = "offer is missing"
    elif not mark_revoked(turn, name, number):
        reason = "none is open"
    if reason:
        read = {"offer": name, "number": number}
        record(turn, f"events.{REVOKE_OFFER}", read, (), reason)


def settle_revoked(turn: Turn) -> None:
    """Do what the revocation of offers does, which may well revoke others."""
    while revoked := [one for one in turn.offers if one.closed == REVOKING]:
        _end(turn, revoked[0], "revoked")


def _end(turn: Turn, one: Instance, how: Literal["lapsed", "revoked"]) -> None:
    """Close an offer without completion, and do what that brings. Of one that the program no
    longer has, nothing is known but that."""
    offer = turn.program.offers.get(one.offer)
    put(turn, replace(one, closed=how))
    done: list[Change] = [Close(one.offer, one.number, how)]
    read: dict[str, object] = {}
    if offer is not None:
        ending: Ending = getattr(offer, how)
        facts = with_offer(turn, offer, one)
        read = plain(ending.reads, facts)
        for run in ending.effects:
            done += [apply(turn, change) for change in run(facts)]
    if how == "lapsed":
        done += emitted(turn, OFFER_LAPSED, one)
    record(turn, f"offers.{one.offer}.{how}", read, done)
    forget_closed(turn)


_BUILTIN: Mapping[str, Callable[[Turn], None]] = {
    DUE: _lapse,
    OPEN_OFFER: _open_by_hand,
    REVOKE_OFFER: _revoke_by_hand,
}
