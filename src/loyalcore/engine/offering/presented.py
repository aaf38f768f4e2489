"""The code that an event presents: which offer it is for, or why it is for none."""

from __future__ import annotations

from dataclasses import dataclass

from loyalcore.engine.offering.codes import code_of
from loyalcore.engine.state import Instance
from loyalcore.engine.turn import Turn
from loyalcore.program.offering.offer_plan import BATCH, PERSONAL, OfferUse, plain_code

_CLOSED = {
    "completed": "the code was used already",
    "lapsed": "the code has expired",
    "revoked": "the code was taken back",
}


@dataclass(frozen=True)
class Presented:
    """A code that is for `offer`; a personal one for the opening of that `number` alone.
    `batch` is the code itself, if it is one of a batch."""

    offer: str
    number: int | None = None
    batch: str = ""

    def admits(self, instance: Instance) -> bool:
        """Whether it is for this opening."""
        return instance.offer == self.offer and self.number in (None, instance.number)


def read_code(turn: Turn, use: OfferUse) -> Presented | str | None:
    """What the code of the event is for, or why it can't be used; None where there is none.
    A reason never says the code, which may be personal."""
    raw = turn.facts.get(use.presents)
    code = plain_code(raw) if isinstance(raw, str) else ""
    if not code:
        return None
    if code in use.codes:
        return Presented(use.codes[code])
    offers = turn.program.offers
    for one in turn.offers:
        offer = offers.get(one.offer)
        if offer is None or offer.code != PERSONAL or not one.code:
            continue
        if plain_code(code_of(turn.key, one.code)) == code:
            if one.open_at(turn.now):
                return Presented(one.offer, one.number)
            return _CLOSED.get(one.closed, _CLOSED["lapsed"])
    name = turn.offer_of(code)
    if name is None or name not in offers or offers[name].code != BATCH:
        return "the code is unknown"
    return _CLOSED["completed"] if turn.drawn(batch_key(code)) else Presented(name, batch=code)


def batch_key(code: str) -> str:
    """Under what key it is kept that a code of a batch was used."""
    return f"code:{code}"
