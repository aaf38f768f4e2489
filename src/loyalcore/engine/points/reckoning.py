"""When something is due for a customer, found anew after the terms of wallets have changed.

A lot says itself when it expires; but where that is by inactivity, the wallet says it, and
what is due was found by the terms of then.
"""

from __future__ import annotations

from typing import NamedTuple

import msgspec
from msgspec.structs import replace

from loyalcore.engine.life import Life
from loyalcore.engine.state import CustomerState, Instance
from loyalcore.ledger.book import Book
from loyalcore.ledger.lots import Account
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
    return replace(state, account=_reckoned(program, state.account, state.since))


class Due(NamedTuple):
    """When something is due next for a customer, and their packed state that says so."""

    due: int | None
    state: bytes


def reckoned_packed(program: Program, packed: bytes) -> Due:
    """The same for a packed state, of which nothing else is touched."""
    fields = _fields(packed)
    if "account" not in fields:
        return Due(_due(None, fields), packed)
    before = _account(fields["account"])
    account = _reckoned(program, before, _since(fields["since"]))
    due = _due(account.due, fields)
    if account.due == before.due:
        return Due(due, packed)
    fields["account"] = msgspec.Raw(msgspec.json.encode(account.to_store()))
    return Due(due, msgspec.json.encode(fields))


def _reckoned(program: Program, account: Account, since: int) -> Account:
    book = Book(account, program.wallets, program.locale.zone, since)
    book.reckon()
    return book.account


def _due(account: int | None, fields: dict[str, msgspec.Raw]) -> int | None:
    offers = _offers(fields["offers"]) if "offers" in fields else ()
    dues = [one.ends for one in offers if one.ends is not None and not one.closed]
    life = _life(fields["life"]).due if "life" in fields else None
    return min((due for due in (*dues, account, life) if due is not None), default=None)


_fields = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_account = msgspec.json.Decoder(Account).decode
_since = msgspec.json.Decoder(int).decode
_life = msgspec.json.Decoder(Life).decode
_offers = msgspec.json.Decoder(tuple[Instance, ...]).decode
