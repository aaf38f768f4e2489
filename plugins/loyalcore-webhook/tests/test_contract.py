"""The channels keep what loyalcore promises of all of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from loyalcore.channels import GiveUp, Throttled, TryAgain
from loyalcore.testing import ChannelContract, message
from loyalcore_webhook import WEBHOOK, WEBHOOK_BATCH

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


class TestWebhook(ChannelContract):
    kind = WEBHOOK

    @pytest.fixture(autouse=True)
    def _at(self, receiver: Any) -> None:
        self.receiver = receiver
        receiver.answer = self._answer
        self.settings = self._to("")

    def _to(self, path: str) -> dict[str, Any]:
        local = {"allow_http": True, "allow_private": True, "secrets": [SECRET]}
        return {"url": f"{self.receiver.url}/{path}", **local}

    @staticmethod
    def _answer(request: Any) -> Any:
        last = request.path.rpartition("/")[2]
        return (int(last or 204), {}, b"")

    def arrived(self) -> int:
        """As many as there are keys: who gets one twice can tell."""
        found = [request.verified() for request in self.receiver.requests]
        events = [e for each in found for e in (each if isinstance(each, list) else [each])]
        return len({event["id"] for event in events})

    def failing(self) -> Sequence[tuple[Any, Any, Any]]:
        kinds: dict[int, Callable[..., Exception]] = {404: GiveUp, 500: TryAgain, 429: Throttled}
        return [(self._to(str(status)), message(), kind) for status, kind in kinds.items()]


class TestWebhookBatch(TestWebhook):
    kind = WEBHOOK_BATCH
