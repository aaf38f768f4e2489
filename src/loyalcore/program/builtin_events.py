"""Event types that every program knows: what its clock brings, and what operators do.

Rules may be `on` them. `due` is the clock's own: a customer's pending points, expiries and
offers whose time has come. Those that only the program itself emits can't come from
outside.
"""

from __future__ import annotations

from collections.abc import Mapping

from loyalcore.values import FLAG, ID, INTEGER, TEXT, TIME, Type

DUE = "due"
POINTS_ACTIVATED = "points_activated"
POINTS_EXPIRED = "points_expired"
POINTS_RECEIVED = "points_received"
CUSTOMER_MERGED = "customer_merged"
CUSTOMER_SPLIT = "customer_split"
OFFER_COMPLETED = "offer_completed"
OFFER_LAPSED = "offer_lapsed"
ADJUST_POINTS = "adjust_points"
OPEN_OFFER = "open_offer"
REVOKE_OFFER = "revoke_offer"

_PARCELS = Type(
    "lines",
    fields={
        "points": INTEGER,
        "expires": TIME,
        "activates": TIME,
        "lapses": TIME,
        "pending": FLAG,
    },
)

EMITTED: Mapping[str, Mapping[str, Type]] = {
    DUE: {},
    POINTS_ACTIVATED: {"wallet": TEXT, "points": INTEGER},
    POINTS_EXPIRED: {"wallet": TEXT, "points": INTEGER},
    POINTS_RECEIVED: {"wallet": TEXT, "points": INTEGER, "sender": ID, "parcels": _PARCELS},
    CUSTOMER_MERGED: {"sender": ID},
    CUSTOMER_SPLIT: {"sender": ID},
    OFFER_COMPLETED: {"offer": TEXT, "number": INTEGER},
    OFFER_LAPSED: {"offer": TEXT, "number": INTEGER},
}
"""Their fields, by type: those that only the program emits. What one customer hands another
when they are merged or taken apart is in the event too, but no field (engine/merging.py)."""

HANDING_OVER = (CUSTOMER_MERGED, CUSTOMER_SPLIT)

FROM_OPERATORS: Mapping[str, Mapping[str, Type]] = {
    ADJUST_POINTS: {"wallet": TEXT, "points": INTEGER, "note": TEXT},
    OPEN_OFFER: {"offer": TEXT, "fields": TEXT},
    REVOKE_OFFER: {"offer": TEXT, "number": INTEGER},
}
"""Those that operators send: an adjustment by hand, an offer opened or taken back.

`fields` of an opening is a JSON object in a text: which fields there are, the offer says.
"""

BUILTIN_EVENTS: Mapping[str, Mapping[str, Type]] = {**EMITTED, **FROM_OPERATORS}
