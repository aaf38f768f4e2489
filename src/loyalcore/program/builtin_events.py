"""Event types that every program knows: what its clock brings, and what operators do.

Rules may be `on` them. `due` is the clock's own: a customer's pending points, expiries,
offers and timers whose time has come. Those that only the program itself emits can't come from
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
TIER_ENTERED = "tier_entered"
TIER_LEFT = "tier_left"
TIER_RETAINED = "tier_retained"
TIER_AT_RISK = "tier_at_risk"
STAGE_ENTERED = "stage_entered"
STAGE_LEFT = "stage_left"
JOURNEY_ENTERED = "journey_entered"
JOURNEY_ENDED = "journey_ended"
PROGRAM_ACTIVATED = "program_activated"
SET_TIER = "set_tier"
SET_STAGE = "set_stage"
TASK_CREATED = "task_created"
TASK_ESCALATED = "task_escalated"
TASK_COMPLETED = "task_completed"
APPROVAL_DECIDED = "approval_decided"
TASK_DONE = "task_done"
TASK_ASSIGNED = "task_assigned"
APPROVAL_GIVEN = "approval_given"

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
    TIER_ENTERED: {"ladder": TEXT, "level": TEXT, "was": TEXT, "how": TEXT},
    TIER_LEFT: {"ladder": TEXT, "level": TEXT, "to": TEXT, "how": TEXT},
    TIER_RETAINED: {"ladder": TEXT, "level": TEXT, "until": TIME},
    TIER_AT_RISK: {"ladder": TEXT, "level": TEXT, "to": TEXT, "until": TIME},
    STAGE_ENTERED: {"entered": TEXT, "was": TEXT},
    STAGE_LEFT: {"left": TEXT, "to": TEXT},
    JOURNEY_ENTERED: {"journey": TEXT, "kind": TEXT, "number": INTEGER},
    JOURNEY_ENDED: {"journey": TEXT, "kind": TEXT, "number": INTEGER, "outcome": TEXT},
    PROGRAM_ACTIVATED: {},
    TASK_CREATED: {"task": TEXT, "number": INTEGER},
    TASK_ESCALATED: {"task": TEXT, "number": INTEGER, "to": TEXT},
    TASK_COMPLETED: {"task": TEXT, "number": INTEGER, "outcome": TEXT, "by": TEXT},
    APPROVAL_DECIDED: {"approval": TEXT, "number": INTEGER, "decision": TEXT},
}
"""Their fields, by type: those that only the program emits. What one customer hands another
when they are merged or taken apart is in the event too, but no field (engine/merging.py)."""

HANDING_OVER = (CUSTOMER_MERGED, CUSTOMER_SPLIT)

FROM_OPERATORS: Mapping[str, Mapping[str, Type]] = {
    ADJUST_POINTS: {"wallet": TEXT, "points": INTEGER, "note": TEXT},
    OPEN_OFFER: {"offer": TEXT, "fields": TEXT},
    REVOKE_OFFER: {"offer": TEXT, "number": INTEGER},
    SET_TIER: {"ladder": TEXT, "level": TEXT, "note": TEXT},
    SET_STAGE: {"to": TEXT, "note": TEXT},
    TASK_DONE: {
        "task": TEXT,
        "number": INTEGER,
        "outcome": TEXT,
        "by": TEXT,
        "minutes": INTEGER,
        "note": TEXT,
    },
    TASK_ASSIGNED: {"task": TEXT, "number": INTEGER, "to": TEXT, "by": TEXT},
    APPROVAL_GIVEN: {
        "approval": TEXT,
        "number": INTEGER,
        "approved": FLAG,
        "by": TEXT,
        "reason": TEXT,
    },
}
"""Those that operators send: an adjustment by hand, an offer opened or taken back, a level
or stage that is set, a task that is done or handed on, an approval given or refused.

`fields` of an opening is a JSON object in a text: which fields there are, the offer says.
"""

BUILTIN_EVENTS: Mapping[str, Mapping[str, Type]] = {**EMITTED, **FROM_OPERATORS}
