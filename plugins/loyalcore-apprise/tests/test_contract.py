"""The channel keeps what loyalcore promises of all of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from loyalcore.channels import GiveUp, Throttled, TryAgain
from loyalcore.testing import ChannelContract, message
from loyalcore_apprise import APPRISE

pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")


class TestApprise(ChannelContract):
    kind = APPRISE
    repeats_are_one = False  # the services know no keys

    @pytest.fixture(autouse=True)
    def _at(self, service: Any) -> None:
        self.service = service
        self.settings = {"url": f"json://127.0.0.1:{service.port}/"}

    def arrived(self) -> int:
        return len(self.service.requests)

    def failing(self) -> Sequence[tuple[Any, Any, Any]]:
        kinds = {404: GiveUp, 500: TryAgain, 429: Throttled}
        at = f"json://club:t0ken@127.0.0.1:{self.service.port}"
        return [({"url": f"{at}/{status}"}, message(), kind) for status, kind in kinds.items()]
