"""No number and no shape of rules hangs or crashes the process, or is matched wrongly.

Each shape runs in a process of its own, which a hang or a crash in C then fails alone.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

SHAPES = Path(__file__).with_name("shapes.py")
BOUND = 60  # seconds; the slowest shape takes about three


@pytest.mark.parametrize(
    "shape",
    [
        "identical", "different", "overlapping", "selective", "computed", "wide", "nested",
        "long lists", "scattered lists", "long ors", "long ands", "ands of ors",
    ],
)  # fmt: skip
def test_up_to_5000_rules_of_a_shape_are_matched(shape: str) -> None:
    ended = subprocess.run(
        [sys.executable, SHAPES, shape], timeout=BOUND, capture_output=True, text=True
    )
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "", "")
