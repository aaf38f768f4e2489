"""Whether a message still may go, as it is about to be handed to its channel.

What was decided may be long ago: consent is withdrawn, a complaint is open, it is the middle of the
night by now. The customer is asked about as they are, by the program of the latest run.
"""

from __future__ import annotations

from loyalcore.delivery.rendering import Programs, Reader, Unrenderable
from loyalcore.engine.care.contact import YES, Verdict, may_go
from loyalcore.errors import StoreError
from loyalcore.store.outbox import Message as Row


def verdict_on(row: Row, reader: Reader, programs: Programs, now: int) -> Verdict:
    """Whether the message of `row` may go to `reader` at the instant `now`. Raises Unrenderable
    where the program can't be compiled that would say so."""
    try:
        latest = programs.latest()
    except StoreError as error:
        raise Unrenderable(str(error)) from None
    names = latest.migration  # since it was decided
    purpose = names.purposes.get(row.purpose, row.purpose)
    channel = names.channels.get(row.channel, row.channel)
    if not (reader.said or latest.contact.concerns(purpose)):
        return YES  # by far the most usual
    state = programs.current(reader.customer)
    if state is None:
        return Verdict("nothing is known of the customer")
    route = latest.contact.routes.get(row.message)
    address = "" if route is None else route.addresses.get(channel, "")
    return may_go(latest, state, purpose, channel, address, max(now, state.clock))
