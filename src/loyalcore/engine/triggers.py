"""Triggers: set by events, put off by others, brought about by time or by a figure."""

from __future__ import annotations

from loyalcore.engine.turn import Turn
from loyalcore.program.life_plan import LifePlan


def set_timers(turn: Turn, plan: LifePlan) -> None:
    """Set the timers that the event of `turn` sets, and take away those it puts off."""


def fire_timers(turn: Turn, plan: LifePlan) -> None:
    """Bring about the triggers whose time has come, in the order in which it did."""
