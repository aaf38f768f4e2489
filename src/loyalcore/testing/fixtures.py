"""The same as fixtures of pytest: `pytest_plugins = ["loyalcore.testing.fixtures"]`."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from loyalcore.testing.channels import Recorder
from loyalcore.testing.playing import Played
from loyalcore.testing.playing import play as play_events


@pytest.fixture
def recorder() -> Recorder:
    """A channel that keeps what it is given."""
    return Recorder()


@pytest.fixture
def play() -> Callable[..., Played]:
    """`loyalcore.testing.play`."""
    return play_events
