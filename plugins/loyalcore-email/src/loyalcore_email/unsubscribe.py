"""Tokens by which people unsubscribe: the key of the message they got, signed.

A token names nobody. Who serves the `url` asks `verified` whether a token is genuine, and the
store (`loyalcore outbox list --key`) whose message it was.

    token = key "." base64url(HMAC-SHA256(secret, "unsubscribe " key)), without "=" at its end
"""

from __future__ import annotations

import hmac
from base64 import urlsafe_b64encode
from urllib.parse import quote

from loyalcore_email.settings import TOKEN, UnsubscribeSettings


def token(key: str, secret: str) -> str:
    """The token of the message `key`."""
    return f"{key}.{_signature(key, secret)}"


def verified(token: str, secret: str) -> str | None:
    """The key of the message whose token this is; None where it is forged."""
    key, _, signature = token.rpartition(".")
    genuine = hmac.compare_digest(_signature(key, secret).encode(), signature.encode())
    return key if key and genuine else None


def _signature(key: str, secret: str) -> str:
    signed = hmac.digest(secret.encode(), f"unsubscribe {key}".encode(), "sha256")
    return urlsafe_b64encode(signed).rstrip(b"=").decode()


def headers(key: str, settings: UnsubscribeSettings) -> dict[str, str]:
    """The headers of RFC 8058, and of RFC 2369 where there is an address too."""
    own = quote(token(key, settings.secret.get_secret_value()), safe="")
    ways = [settings.url.replace(TOKEN, own)]
    if settings.mailto is not None:
        ways.append(f"mailto:{quote(settings.mailto, safe='@')}?subject={own}")
    return {
        "List-Unsubscribe": ", ".join(f"<{way}>" for way in ways),
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }
