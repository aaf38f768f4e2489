"""Which program of a store is in force, and which is planned."""

from __future__ import annotations

from sqlite3 import Connection

from loyalcore.store.activations import BEGINNING, Activation, list_activations
from loyalcore.store.customers import latest_time


def in_force(connection: Connection) -> Activation | None:
    """The activation that counts now: the last that has begun."""
    begun = [one for one in list_activations(connection) if one.begun is not None]
    return begun[-1] if begun else None


def planned(connection: Connection) -> Activation | None:
    """The next activation that has not begun."""
    return next((one for one in list_activations(connection) if one.begun is None), None)


def previous(connection: Connection, activation: Activation) -> Activation | None:
    """The one that an activation took over from."""
    before = None
    for one in list_activations(connection):
        if one.seq == activation.seq:
            break
        before = one if one.begun is not None else before
    return before


def earliest(connection: Connection) -> int:
    """The instant from which another program can be in force: the latest event's."""
    now = in_force(connection)
    return max(latest_time(connection) or BEGINNING, BEGINNING if now is None else now.at)
