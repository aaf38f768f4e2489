"""E-mail addresses: one at a time, and nothing else beside it."""

from __future__ import annotations

import re
from typing import NamedTuple

LONGEST, LONGEST_LOCAL = 254, 64  # octets (RFC 5321, 4.5.3.1)

_NAMED = re.compile(r"(?P<name>[^<>]*?)\s*<(?P<address>[^<>]*)>")
_APART = re.compile(r'[\s()<>\[\]:;@\\,"]')
_HOST = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)(\.(?!-)[a-z0-9-]{1,63}(?<!-))*", re.IGNORECASE)


class AddressInvalid(ValueError):
    """A text that is no address; it is not repeated here."""


class Address(NamedTuple):
    """An address. The domain is in ASCII; `local` may be in any script."""

    local: str
    domain: str

    def __str__(self) -> str:
        return f"{self.local}@{self.domain}"


def address(text: str) -> Address:
    """The address that `text` is, and nothing beside it: no name, no second address. What
    quotes or comments would be needed for is none. Raises AddressInvalid."""
    local, _, domain = text.rpartition("@")
    parts = local.split(".")
    if not all(parts) or _APART.search(local) or not local.isprintable():
        raise AddressInvalid("this is no e-mail address")
    try:
        domain = domain.encode("idna").decode()
        size = len(local.encode())
    except UnicodeError:
        raise AddressInvalid("this is no e-mail address") from None
    if not _HOST.fullmatch(domain) or size > LONGEST_LOCAL or size + len(domain) >= LONGEST:
        raise AddressInvalid("this is no e-mail address")
    return Address(local, domain)


class Mailbox(NamedTuple):
    """An address and whose it is."""

    name: str
    address: Address


def mailbox(text: str) -> Mailbox:
    """A mailbox as an operator writes it: care@example.org, or Care <care@example.org>. Raises
    AddressInvalid."""
    named = _NAMED.fullmatch(text)
    name, written = (named["name"].strip('"'), named["address"]) if named else ("", text)
    if not name.isprintable():
        raise AddressInvalid("a name is printable text")
    return Mailbox(name, address(written))
