"""What README.md shows an operator works."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from loyalcore.testing import ReadmeContract
from loyalcore_webhook import loyalcore_channels


class TestReadme(ReadmeContract):
    readme = Path(__file__).parents[1] / "README.md"
    kinds = loyalcore_channels()
    environment: ClassVar = {
        "WEBHOOK_URL": "https://hooks.example.org/loyalcore",
        "WEBHOOK_SECRET": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        "WEBHOOK_AUTHORIZATION": "Bearer t0ken",
    }
