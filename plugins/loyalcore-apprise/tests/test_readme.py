"""What README.md shows an operator works."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

import pytest

from loyalcore.testing import ReadmeContract
from loyalcore_apprise import loyalcore_channels

pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")


class TestReadme(ReadmeContract):
    readme = Path(__file__).parents[1] / "README.md"
    kinds = loyalcore_channels()
    environment: ClassVar = {"SMS_URL": "json://127.0.0.1/{to}", "STAFF_URL": "form://127.0.0.1/"}
