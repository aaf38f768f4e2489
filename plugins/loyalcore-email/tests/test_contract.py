"""The channel keeps what loyalcore promises of all of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from loyalcore.channels import GiveUp, Throttled, TryAgain
from loyalcore.testing import ChannelContract, message
from loyalcore_email import EMAIL

REPLIES = {
    "moved@example.org": "550 5.1.1 no such user",
    "full@example.org": "450 4.2.2 mailbox full",
    "many@example.org": "421 4.7.0 too many",
}


class TestEmail(ChannelContract):
    kind = EMAIL

    @pytest.fixture(autouse=True)
    def _at(self, office: Any) -> None:
        self.office = office
        office.replies["rcpt"] = lambda smtp, about: REPLIES.get(about)
        own = {"host": office.host, "port": office.port, "tls": "none"}
        self.settings = {**own, "sender": "club@example.org", "helo": "club.example.org"}

    def arrived(self) -> int:
        """As many as there are message ids: who gets one twice can tell."""
        return len({letter.mail["Message-ID"] for letter in self.office.letters})

    def failing(self) -> Sequence[tuple[Any, Any, Any]]:
        kinds = (GiveUp, TryAgain, Throttled)
        return [
            (self.settings, message(to=to), kind) for to, kind in zip(REPLIES, kinds, strict=True)
        ]
