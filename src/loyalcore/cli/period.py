"""--from and --to: the period that a report is of."""

from __future__ import annotations

import re
from datetime import date
from zoneinfo import ZoneInfo

from loyalcore.errors import UsageError
from loyalcore.values import ValueInvalid, read_time

_MONTH = re.compile(r"(\d{4})-(\d{2})", re.ASCII)


def read_period(from_: str | None, to: str | None, zone: ZoneInfo) -> tuple[int | None, int | None]:
    """From when on, and before when: each the first instant of a month or day in `zone`, or a
    time. Raises UsageError."""
    since, until = _start("--from", from_, zone), _start("--to", to, zone)
    if since is not None and until is not None and since >= until:
        raise UsageError("--from must be before --to")
    return since, until


def _start(option: str, text: str | None, zone: ZoneInfo) -> int | None:
    if text is None:
        return None
    try:
        if month := _MONTH.fullmatch(text):
            day = date(int(month[1]), int(month[2]), 1)
            return read_time(day.isoformat(), zone)
        return read_time(text, zone)
    except (ValueInvalid, ValueError, OverflowError):
        raise UsageError(
            f"{option} {text}: expected 2026-03, 2026-03-31 or 2026-03-31T09:30:00+01:00"
        ) from None


def period_text(from_: str | None, to: str | None) -> str:
    """The period in words, as it was asked for."""
    start = "from the beginning" if from_ is None else f"from {from_}"
    return f"{start} on" if to is None else f"{start} up to but not with {to}"
