"""What an SMTP server's reply means for a message (RFC 5321, 4.2; RFC 3463)."""

from __future__ import annotations

import re
from typing import Literal

from loyalcore.channels import GiveUp, Throttled, TryAgain, Undelivered

Stage = Literal["connection", "login", "sender", "recipient", "content"]

# What is wrong with the server or the settings is wrong for every message: none is given up
# for it, and no login is tried again and again.
MENDED_LATER = 300.0  # seconds

_ENHANCED = re.compile(r"[245]\.(\d{1,3})\.\d{1,3}\b")


def failure(stage: Stage, code: int, reply: bytes) -> Undelivered:
    """What to do about a reply that is no yes."""
    text = " ".join(reply.decode("utf-8", "replace").split())
    said = f"{stage} refused: {code} {text}".rstrip()
    found = _ENHANCED.match(text)
    subject = found[1] if found else ""
    if code == 421 or (code == 452 and subject != "2"):  # 4.2.x is the recipient's mailbox
        return Throttled(said)
    if stage == "login" or (stage == "connection" and code >= 500):
        return Throttled(said, MENDED_LATER)
    if stage == "sender":
        if code == 552:  # more than the server takes
            return GiveUp(said)
        return Throttled(said, MENDED_LATER if code >= 500 else 60.0)
    return GiveUp(said) if code >= 500 else TryAgain(said)
