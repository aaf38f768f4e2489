"""What a stored customer has to do with points, without reading all that is stored of them."""

from __future__ import annotations

import msgspec
from msgspec import Struct

from loyalcore.ledger.lots import EMPTY, Account


class Kept(Struct, frozen=True):
    """The account of a customer, their clock, and when they came (see CustomerState)."""

    clock: int
    since: int
    account: Account = EMPTY


read_kept = msgspec.json.Decoder(Kept).decode
"""The account in a packed state (pack_state)."""
