"""Event types that every program knows: what its clock brings, and what operators do.

Rules may be `on` them. `due` is the clock's own: a customer's pending points, expiries,
offers and timers whose time has come. Those that only the program itself emits can't come from
outside.
"""

from __future__ import annotations

from collections.abc import Mapping

from loyalcore.values import FLAG, ID, INTEGER, MONEY, TEXT, TIME, Type

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
DISSOLUTION_PROPOSED = "dissolution_proposed"
DISSOLUTION_PHASE = "dissolution_phase"
DISSOLUTION_ENDED = "dissolution_ended"
DISSOLUTION_REOPENED = "dissolution_reopened"
PAID_OUT = "paid_out"
DEBT_INVOICED = "debt_invoiced"
PROGRAM_ACTIVATED = "program_activated"
SET_TIER = "set_tier"
SET_STAGE = "set_stage"
SCORED = "scored"
TASK_CREATED = "task_created"
TASK_ESCALATED = "task_escalated"
TASK_COMPLETED = "task_completed"
APPROVAL_DECIDED = "approval_decided"
CASE_OPENED = "case_opened"
CASE_OVERDUE = "case_overdue"
CASE_ANSWERED = "case_answered"
CASE_CLOSED = "case_closed"
CASE_REOPENED = "case_reopened"
TASK_DONE = "task_done"
TASK_ASSIGNED = "task_assigned"
APPROVAL_GIVEN = "approval_given"
PAUSE_DISSOLUTION = "pause_dissolution"
RESUME_DISSOLUTION = "resume_dissolution"
WITHDRAW_DISSOLUTION = "withdraw_dissolution"
REOPEN_DISSOLUTION = "reopen_dissolution"
CONSENT_GIVEN = "consent_given"
CONSENT_WITHDRAWN = "consent_withdrawn"
UNSUBSCRIBED = "unsubscribed"

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
    DISSOLUTION_PROPOSED: {"dissolution": TEXT, "number": INTEGER, "reason": TEXT},
    DISSOLUTION_PHASE: {"dissolution": TEXT, "number": INTEGER, "phase": TEXT, "reason": TEXT},
    DISSOLUTION_ENDED: {"dissolution": TEXT, "number": INTEGER, "outcome": TEXT},
    DISSOLUTION_REOPENED: {"dissolution": TEXT, "number": INTEGER},
    PAID_OUT: {"wallet": TEXT, "points": INTEGER, "amount": MONEY},
    DEBT_INVOICED: {"wallet": TEXT, "points": INTEGER, "amount": MONEY},
    PROGRAM_ACTIVATED: {},
    TASK_CREATED: {"task": TEXT, "number": INTEGER},
    TASK_ESCALATED: {"task": TEXT, "number": INTEGER, "to": TEXT},
    TASK_COMPLETED: {"task": TEXT, "number": INTEGER, "outcome": TEXT, "by": TEXT},
    APPROVAL_DECIDED: {"approval": TEXT, "number": INTEGER, "decision": TEXT},
    CASE_OPENED: {"recovery": TEXT, "case": ID, "number": INTEGER},
    CASE_OVERDUE: {"recovery": TEXT, "case": ID, "number": INTEGER},
    CASE_ANSWERED: {"recovery": TEXT, "case": ID, "number": INTEGER, "late": FLAG},
    CASE_CLOSED: {"recovery": TEXT, "case": ID, "number": INTEGER, "outcome": TEXT},
    CASE_REOPENED: {"recovery": TEXT, "case": ID, "number": INTEGER, "times": INTEGER},
}
"""Their fields, by type: those that only the program emits. What one customer hands another
when they are merged or taken apart is in the event too, but no field (see carried.py)."""

OF_DISSOLUTION = (
    *(DISSOLUTION_PROPOSED, DISSOLUTION_PHASE, DISSOLUTION_ENDED, DISSOLUTION_REOPENED),
    *(PAID_OUT, DEBT_INVOICED),
)
"""What is told of a relationship that is ended: what is on these is about that."""

HANDING_OVER = (CUSTOMER_MERGED, CUSTOMER_SPLIT)

FROM_OPERATORS: Mapping[str, Mapping[str, Type]] = {
    ADJUST_POINTS: {"wallet": TEXT, "points": INTEGER, "note": TEXT},
    OPEN_OFFER: {"offer": TEXT, "fields": TEXT},
    REVOKE_OFFER: {"offer": TEXT, "number": INTEGER},
    SET_TIER: {"ladder": TEXT, "level": TEXT, "note": TEXT},
    SET_STAGE: {"to": TEXT, "note": TEXT},
    SCORED: {"score": TEXT, "strategy": TEXT, "version": TEXT},
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
    PAUSE_DISSOLUTION: {"by": TEXT, "reason": TEXT},
    RESUME_DISSOLUTION: {"by": TEXT, "reason": TEXT},
    WITHDRAW_DISSOLUTION: {"by": TEXT, "reason": TEXT},
    REOPEN_DISSOLUTION: {"by": TEXT, "reason": TEXT},
}
"""Those that operators send: an adjustment by hand, an offer opened or taken back, a level
or stage that is set, a task that is done or handed on, an approval given or refused, a
dissolution held, let go on, withdrawn, or taken up again after it was closed; and scores.

`fields` of an opening is a JSON object in a text: which fields there are, the offer says. What a
score says is in the event too, as `values`, but no field (engine/scores.py).
"""

_SAID = {"purpose": TEXT, "channel": TEXT, "origin": TEXT, "note": TEXT}

FROM_CUSTOMERS: Mapping[str, Mapping[str, Type]] = {
    CONSENT_GIVEN: _SAID,
    CONSENT_WITHDRAWN: _SAID,
    UNSUBSCRIBED: _SAID,
}
"""What customers say of being written to, for a purpose by a channel: without one, for all,
by all. `origin` is where they said so."""

BUILTIN_EVENTS: Mapping[str, Mapping[str, Type]] = {
    **EMITTED,
    **FROM_OPERATORS,
    **FROM_CUSTOMERS,
}
