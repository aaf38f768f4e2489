"""Files of events written in a test, and what the intake makes of them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Protocol
from zoneinfo import ZoneInfo

import pytest

from loyalcore.events import Reject
from loyalcore.intake import Form, RawEvent, stage

FORM = Form(ZoneInfo("Europe/Oslo"))


class Read(Protocol):
    def __call__(self, *paths: Path, form: Form = FORM) -> tuple[list[RawEvent], list[Reject]]: ...


@pytest.fixture
def form() -> Form:
    """Look at the files; times without an offset are of Oslo."""
    return FORM


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str, str | bytes], Path]:
    """A file of this name and content."""

    def file(name: str, content: str | bytes) -> Path:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return file


@pytest.fixture
def read() -> Read:
    """The events of files in the order of a run, and the rejects."""

    def all_of(*paths: Path, form: Form = FORM) -> tuple[list[RawEvent], list[Reject]]:
        with stage([str(path) for path in paths], form) as staged:
            return list(staged), list(staged.rejects())

    return all_of
