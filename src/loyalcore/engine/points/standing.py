"""What a stored customer has to do with points and with other customers, without reading all
that is stored of them."""

from __future__ import annotations

from collections.abc import Mapping

from loyalcore.engine.state import Absorbed, Stored, stored_reader
from loyalcore.ledger.lots import EMPTY, Account


class Kept(Stored, frozen=True):
    """The account of a customer, their clock, when they came, and with whom they are one (see
    CustomerState)."""

    clock: int
    since: int
    account: Account = EMPTY
    merged: str = ""
    formerly: tuple[str, ...] = ()
    absorbed: Mapping[str, Absorbed] = {}


read_kept = stored_reader(Kept)
"""These of a packed state (pack_state)."""
