"""Voucher codes: unique, not to be guessed, and the same whenever they are made again."""

from __future__ import annotations

import hmac
from hashlib import sha256

# No vowels, so no words; none of 0 O 1 I L, which are misread on paper and by telephone.
ALPHABET = "23456789BCDFGHJKMNPQRSTVWXZ"
GROUPS, GROUP = 3, 4  # 27 ** 12: 57 bits


def customer_key(secret: bytes, customer: str) -> str:
    """What a customer's codes are made with, given the secret of the store."""
    return hmac.digest(secret, customer.encode(), sha256).hex()


def code_of(key: str, made_of: str) -> str:
    """The code for `made_of`, which is never used twice: the id of a decision and the
    position of its effect, say. Not to be guessed by who doesn't hold `key`."""
    number = int.from_bytes(hmac.digest(key.encode(), made_of.encode(), sha256))
    groups = []
    for _ in range(GROUPS):
        letters = ""
        for _ in range(GROUP):
            number, letter = divmod(number, len(ALPHABET))
            letters += ALPHABET[letter]
        groups.append(letters)
    return "-".join(groups)
