"""All channels at once: a lane for each, and what became of the messages."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from threading import Event

from loyalcore.delivery.lane import POLL, Allowance, Lane, ProgramsOf, Tally
from loyalcore.delivery.settings import Configured


def deliver(
    path: Path,
    channels: Mapping[str, Configured],
    programs_of: ProgramsOf,
    *,
    stop: Event,
    follow: bool = False,
    limit: int | None = None,
) -> Mapping[str, Tally]:
    """Send what is due in the store at `path` by these channels, at most `limit` messages.

    Ends when nothing more is due; with `follow` only when `stop` is set, which ends it anyway
    once what is being sent has been. Raises what a lane failed of: a channel that can't be
    opened, a store that can't be written. Nothing is lost by that: what was taken comes again.
    """
    allowance = Allowance(limit)
    lanes = {
        name: Lane(path, configured, programs_of, stop, allowance, follow=follow)
        for name, configured in channels.items()
    }
    for lane in lanes.values():
        lane.start()
    for lane in lanes.values():
        while lane.is_alive():  # in parts, so that the main thread hears signals
            lane.join(POLL)
    for lane in lanes.values():
        if lane.error is not None:
            raise lane.error
    return {name: lane.tally for name, lane in lanes.items()}
