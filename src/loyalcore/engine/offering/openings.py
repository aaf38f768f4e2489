"""Opening an offer for a customer, or saying why not; and taking open ones back."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from msgspec.structs import replace

from loyalcore.calendars import midnight_after, period_start
from loyalcore.effects.changes import Change, Open, Revoke, Skipped
from loyalcore.effects.kind import Facts
from loyalcore.engine.selecting.holding import held, in_force, use
from loyalcore.engine.state import Instance
from loyalcore.engine.turn import Turn
from loyalcore.program.offering.offer_plan import NUMBER, OPENED, PERSONAL, OfferPlan, Reads
from loyalcore.values import (
    LAST_TIME,
    Locale,
    Value,
    ValueInvalid,
    read_value,
    write_time,
    write_value,
)

REVOKING = "revoking"  # closed, but what its revocation does is still to be done


def open_offer(turn: Turn, change: Open) -> Change:
    """The effect `open`."""
    opened = open_now(turn, turn.program.offers[change.offer], change.fields)
    return opened if isinstance(opened, Open) else Skipped("open", f"{change.offer}: {opened}")


def revoke_offers(turn: Turn, change: Revoke) -> Change:
    """The effect `revoke`. They advance no more; what their revocation does comes at the end
    of the step."""
    if mark_revoked(turn, change.offer):
        return change
    return Skipped("revoke", f"{change.offer}: none is open")


def open_now(turn: Turn, offer: OfferPlan, fields: Mapping[str, object]) -> Open | str:
    """Open `offer` with these values of its fields, in plain form; or say why not."""
    now, locale = turn.now, turn.program.locale
    if not in_force(offer.opened, now):
        return "not in force"
    parting = turn.life.dissolution
    if parting is not None and parting.announced:
        return f"in {parting.place}: {parting.phase}"
    known: dict[str, object] = {}
    for name, type_ in offer.fields.items():
        try:
            value = read_value(type_, fields.get(name), locale)
        except ValueInvalid as error:
            return f"{name}: {error}"
        if value is not None:
            known[name] = write_value(type_, value, locale)
        elif name in offer.required:
            return f"{name} is missing"
    if sum(one.offer == offer.name and one.open_at(now) for one in turn.offers) >= offer.at_once:
        return f"at once: {offer.at_once}"
    instance = Instance(offer.name, turn.opened + 1, now, fields=known)
    facts = with_offer(turn, offer, instance)
    last = lapses = None
    if offer.lasts is not None:
        last = offer.lasts.after(now, locale.zone)
        lapses = last + offer.last
    elif offer.ends is not None:
        end = offer.ends(facts)
        if end is None:
            return "when it ends is missing"
        if isinstance(end, date):  # a last day counts whole
            last = lapses = midnight_after(end, locale.zone)
        else:
            assert isinstance(end, int)
            last, lapses = end, end + offer.last
        if lapses is not None and lapses <= now:
            return "its time is over"
    if lapses is None or last is None or lapses > LAST_TIME:
        last = lapses = None
    if reason := held(turn, offer.opened, (), facts):
        return reason
    use(turn, offer.opened, (), None)
    turn.opened = instance.number
    turn.offers = (*turn.offers, replace(instance, ends=lapses))
    ends = "" if last is None else write_time(last)
    return Open(offer.name, known, instance.number, ends, offer.code == PERSONAL)


def mark_revoked(turn: Turn, offer: str | None, number: int | None = None) -> bool:
    """Close the open ones of `offer` (None: of any), or that of this number alone, to be
    settled in this step. Whether there were any."""
    marked = tuple(
        replace(one, closed=REVOKING)
        if one.open_at(turn.now) and offer in (None, one.offer) and number in (None, one.number)
        else one
        for one in turn.offers
    )
    if marked == turn.offers:
        return False
    turn.offers = marked
    return True


def with_offer(turn: Turn, offer: OfferPlan, instance: Instance) -> dict[str, Value | None]:
    """The facts of the event, and those of one opening of an offer."""
    return {**turn.facts, **offer_facts(offer, instance, turn.program.locale)}


def offer_facts(offer: OfferPlan, instance: Instance, locale: Locale) -> dict[str, Value | None]:
    """What expressions may read of one opening of an offer, whatever event it meets."""
    facts: dict[str, Value | None] = {OPENED: instance.opened, NUMBER: instance.number}
    for name, type_ in offer.fields.items():
        try:
            facts[f"offer.{name}"] = read_value(type_, instance.fields.get(name), locale)
        except ValueInvalid:  # an earlier program knew the field as something else
            facts[f"offer.{name}"] = None
    return facts


def last_moment(offer: OfferPlan, instance: Instance, locale: Locale) -> int | None:
    """The last moment of an opening or, where that does not belong to it, its end. The state
    has the first instant at which it is over: for a last day that counts whole that is
    midnight; any other last moment that belongs to it is just before."""
    ends = instance.ends
    if ends is None or not offer.last:
        return ends
    if offer.lasts is None and period_start(ends, "day", locale.zone) == ends:
        return ends
    return ends - 1


def plain_fields(writers: Reads, data: Facts) -> dict[str, object]:
    """The fields of an event in plain form, without those that are missing."""
    return {name: value for name, value in plain(writers, data).items() if value is not None}


def plain(reads: Reads, facts: Facts) -> dict[str, object]:
    """The values of the facts that something rests on, as a decision records them."""
    return {
        name: value if write is None or value is None else write(value)
        for name, write in reads
        for value in (facts[name],)
    }
