"""Offers: opened for a customer, advanced by events, and ended."""

from __future__ import annotations

from loyalcore.effects.changes import Change, Open, Revoke
from loyalcore.engine.turn import Turn


def open_offer(turn: Turn, change: Open) -> Change:
    return change


def revoke_offers(turn: Turn, change: Revoke) -> Change:
    return change


def advance_offers(turn: Turn) -> None:
    return None
