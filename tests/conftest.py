"""What all tests share: how long Hypothesis searches, and the log of real purchases."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from filelock import FileLock
from hypothesis import HealthCheck, settings

ROOT = Path(__file__).parents[1]

# Every run draws other examples. No deadline and no complaint of slowness: two cores under
# coverage say nothing of the code's speed (tests/benchmarks do).
settings.register_profile(
    "dev", max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("ci", settings.get_profile("dev"), max_examples=200, print_blob=True)
settings.register_profile("long", settings.get_profile("ci"), max_examples=5_000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "dev"))


@pytest.fixture(scope="session")
def cdnow() -> Path:
    """The folder with the CDNOW log: CDNOW_master.txt as it was published, and cdnow.csv,
    the events that `rulesets/record-shop/fetch.py` writes of it."""
    build = ROOT / "build"
    build.mkdir(exist_ok=True)
    fetch = ROOT / "rulesets" / "record-shop" / "fetch.py"
    with FileLock(build / "cdnow.lock"):
        subprocess.run([sys.executable, fetch, build], check=True, stdout=subprocess.DEVNULL)
    return build
