"""Benefits granted and vouchers issued, and the making of a voucher's personal code."""

from __future__ import annotations

import hmac
import sqlite3
from hashlib import sha256
from typing import NamedTuple

from loyalcore.store.query import select

INSERT = "insert into issued values (?, ?, ?, ?, ?, ?, ?)"

# No vowels, so no words; none of 0 O 1 I L, which are misread on paper and by telephone.
ALPHABET = "23456789BCDFGHJKMNPQRSTVWXZ"
GROUPS, GROUP = 3, 4  # 27 ** 12: 57 bits


class Issued(NamedTuple):
    """A benefit (`code` is empty) or a voucher of a customer."""

    seq: int
    customer: str
    kind: str
    name: str
    code: str
    time: int
    decision: int


def voucher_code(secret: bytes, decision: str, position: int) -> str:
    """The code of the voucher that effect number `position` of a decision issues.

    The same on every run into the same store; not to be guessed by who doesn't hold the
    store's secret.
    """
    number = int.from_bytes(hmac.digest(secret, f"{decision}:{position}".encode(), sha256))
    groups = []
    for _ in range(GROUPS):
        letters = ""
        for _ in range(GROUP):
            number, letter = divmod(number, len(ALPHABET))
            letters += ALPHABET[letter]
        groups.append(letters)
    return "-".join(groups)


def list_issued(
    connection: sqlite3.Connection,
    *,
    customer: str | None = None,
    kind: str | None = None,
    limit: int | None = None,
) -> list[Issued]:
    """What was issued, in order."""
    return select(
        connection,
        Issued._make,
        "select seq, customer, kind, name, code, time, decision from issued",
        {"customer = ?": customer, "kind = ?": kind},
        order="seq",
        limit=limit,
    )
