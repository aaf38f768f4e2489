"""When something is due for a customer, found anew after the terms of wallets have changed.

A lot says itself when it expires; but where that is by inactivity, the wallet says it, and
what is due was found by the terms of then.
"""

from __future__ import annotations

from typing import NamedTuple

import msgspec
from msgspec.structs import replace

from loyalcore.engine.state import CustomerState, read_stored, write_stored
from loyalcore.ledger.book import Book
from loyalcore.program.plan import Program


def idle_terms(program: Program) -> str:
    """What says when points expire by inactivity, as a text: it changes when that does."""
    terms = {
        name: terms.expiry.text
        for name, terms in sorted(program.wallets.items())
        if terms.idle is not None and terms.expiry is not None
    }
    return msgspec.json.encode([program.locale.zone.key, terms]).decode() if terms else ""


def reckoned(program: Program, state: CustomerState) -> CustomerState:
    """`state`, with what is due by the terms of `program`."""
    book = Book(state.account, program.wallets, program.locale.zone, state.since)
    book.reckon()
    return replace(state, account=book.account)


class Due(NamedTuple):
    """When something is due next for a customer, and their packed state that says so."""

    due: int | None
    state: bytes


def reckoned_packed(program: Program, packed: bytes) -> Due:
    """The same for a packed state, of which nothing else is touched."""
    before = read_stored(packed)
    after = reckoned(program, before)
    if after.account.due == before.account.due:
        return Due(after.due, packed)
    return Due(after.due, write_stored(replace(after, account=after.account.to_store())))
