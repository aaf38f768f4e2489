"""The ledger: points of one customer, in lots, and the signed entries that move them (S8, S9)."""

from __future__ import annotations

from loyalcore.ledger.book import Book
from loyalcore.ledger.expiry import Expiry, read_expiry
from loyalcore.ledger.falling import Fallen
from loyalcore.ledger.lots import (
    BUCKETS,
    EMPTY,
    MAX_POINTS,
    Account,
    Bucket,
    Entry,
    Lot,
    Parcel,
)
from loyalcore.ledger.reversal import POLICIES, Policy, Reversed
from loyalcore.ledger.spending import Taken
from loyalcore.ledger.terms import Pending, Terms

__all__ = [
    "BUCKETS",
    "EMPTY",
    "MAX_POINTS",
    "POLICIES",
    "Account",
    "Book",
    "Bucket",
    "Entry",
    "Expiry",
    "Fallen",
    "Lot",
    "Parcel",
    "Pending",
    "Policy",
    "Reversed",
    "Taken",
    "Terms",
    "read_expiry",
]
