"""What an event does by itself, before any rule: refunds, deliveries, redemptions."""

from __future__ import annotations

from loyalcore.engine.turn import Turn


def act(turn: Turn) -> None:
    return None
