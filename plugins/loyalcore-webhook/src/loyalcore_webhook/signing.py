"""Signatures by the Standard Webhooks scheme, https://www.standardwebhooks.com (symmetric, v1)."""

from __future__ import annotations

import binascii
import hmac
from base64 import b64decode, b64encode
from collections.abc import Sequence

PREFIX = "whsec_"
SHORTEST, LONGEST = 24, 64  # bytes


def key_of(secret: str) -> bytes:
    """The key that is written as whsec_ and base64. Raises ValueError, without the secret."""
    try:
        key = b64decode(secret.removeprefix(PREFIX), validate=True)
    except binascii.Error:
        key = b""
    if not SHORTEST <= len(key) <= LONGEST:
        raise ValueError("expected whsec_ and 24 to 64 bytes in base64")
    return key


def signatures(keys: Sequence[bytes], id: str, timestamp: int, body: bytes) -> str:
    """The value of webhook-signature: one signature by each key, any of which may hold."""
    content = f"{id}.{timestamp}.".encode() + body
    signed = (hmac.digest(key, content, "sha256") for key in keys)
    return " ".join(f"v1,{b64encode(one).decode()}" for one in signed)
