"""Batches of codes: as many as are asked for, none of them made before."""

from __future__ import annotations

import secrets

from loyalcore.engine.offering.codes import code_of
from loyalcore.program.offering.offer_plan import plain_code
from loyalcore.store import Store
from loyalcore.store.codes import add_codes, taken


def make_codes(store: Store, offer: str, batch: str, count: int, *, wait: float) -> list[str]:
    """Make `count` codes for `offer` and keep them, all or none. Raises StoreError when
    another run holds the store for longer than `wait` seconds."""
    with store.writing(wait=wait) as writer, writer.transaction():
        made: dict[str, str] = {}
        while len(made) < count:
            made |= _unknown(store, count - len(made))
        add_codes(store.connection, offer, batch, made)
    return list(made.values())


def _unknown(store: Store, count: int) -> dict[str, str]:
    """New codes as they are kept, and as they are shown; fewer where some were there."""
    key = secrets.token_hex(32)
    codes = [code_of(key, str(number)) for number in range(count)]
    shown = {plain_code(code): code for code in codes}
    known = taken(store.connection, shown)
    return {plain: code for plain, code in shown.items() if plain not in known}
