"""What README.md shows an operator works."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from loyalcore.testing import ReadmeContract
from loyalcore_email import loyalcore_channels


class TestReadme(ReadmeContract):
    readme = Path(__file__).parents[1] / "README.md"
    kinds = loyalcore_channels()
    environment: ClassVar = {
        "SMTP_PASSWORD": "open sesame",
        "UNSUBSCRIBE_SECRET": "a secret of some length",
    }
