"""What language.md and scoring.md tell of words: effects, strategies, names, events, functions."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from zoneinfo import ZoneInfo

from loyalcore import builtin
from loyalcore.engine.apply import MAX_DEPTH as DEEPEST_EMISSION
from loyalcore.engine.points.redemption import MAX_QUANTITY
from loyalcore.events import MAX_NAME
from loyalcore.expression import FUNCTIONS, OVER
from loyalcore.expression.calls import MAX_NESTING
from loyalcore.expression.patterns import MAX_PATTERN
from loyalcore.expression.scan import MAX_DEPTH, MAX_LENGTH
from loyalcore.expression.syntax import MAX_NODES
from loyalcore.intake.envelope import MAX_LINE
from loyalcore.ledger import MAX_POINTS
from loyalcore.program.builtin_events import BUILTIN_EVENTS
from loyalcore.program.names import IDENTITIES, MOMENTS
from loyalcore.program.selecting.selection import MAX_LIMIT
from loyalcore.ruleset.disk import MAX_BYTES
from loyalcore.ruleset.source import MAX_CHAIN
from loyalcore.ruleset.tree import MAX_VALUES
from loyalcore.values import MAX_DIGITS, MAX_TEXT, Locale, Type
from made.markdown import code, prose, table
from made.sections import keys


def effects() -> str:
    """Every effect that comes with loyalcore."""
    parts = []
    for kind in builtin.loyalcore_effects():
        parts.append(f"### `{kind.name}`\n\n{prose(kind.model.__doc__)}")
        if "root" not in kind.model.model_fields:
            parts.append(keys(kind.model))
    return "\n\n".join(parts)


_LOCALE = Locale("EUR", 2, ZoneInfo("UTC"))

_SCORED: Mapping[str, Mapping[str, object]] = {
    "rfm": {"event": "purchase", "amount": "amount"},
    "abc": {"event": "purchase", "amount": "amount"},
    "trend": {"event": "purchase", "amount": "amount"},
    "churn": {"event": "purchase"},
    "shopper": {"event": "purchase", "promotion": "discount > 0"},
    "satisfaction": {
        "event": "survey",
        "experience": "rating",
        "expected": "expected",
        "recommends": "recommend",
    },
    "engagement": {"events": {"review": 5}},
}
"""Settings that make each strategy say all that it can."""


def strategies() -> str:
    """Every scoring strategy that comes with loyalcore: what it is, and its settings."""
    parts = []
    for kind in builtin.loyalcore_scoring():
        module = inspect.getmodule(kind.make)
        parts.append(f"### `{kind.name}`\n\n{prose(inspect.getdoc(module))}")
        parts.append(keys(kind.settings))
        made = kind.make(kind.settings.model_validate(_SCORED[kind.name]), _LOCALE)
        said = [(code(output), _type(type_)) for output, type_ in made.outputs.items()]
        parts.append(table(("it says", "type"), said))
    return "\n\n".join(parts)


_NAMES = {
    "time": "when the event happened",
    "date": "the day it happened, in the program's time zone, like all below",
    "weekday": "the day of the week",
    "year": "the year, as 2026",
    "month": "the month, 1 to 12",
    "day": "the day of the month, 1 to 31",
    "hour": "the hour, 0 to 23",
    "event.id": "the event's id",
    "event.type": "its type",
    "event.source": "where it came from",
    "customer.id": "whose event it is",
    "customer.since": "when their first event happened",
}


def names() -> str:
    """The names that every expression of a rule knows."""
    rows = [
        (code(name), _type(type_), _NAMES[name])
        for name, type_ in (*MOMENTS.items(), *IDENTITIES.items())
    ]
    return table(("name", "type", "what it is"), rows)


def _type(type_: Type) -> str:
    words = ", ".join(code(word) for word in type_.options)
    return f"{type_}: {words}" if words else str(type_)


_BUILTIN = {
    "due": "something of this customer's is due: points turn active or expire, an offer lapses",
    "points_activated": "pending points have turned active",
    "points_expired": "points have expired",
    "points_received": "another customer has transferred points",
    "customer_merged": "another customer was merged into this one",
    "customer_split": "this customer was taken out of another again",
    "offer_completed": "an offer was completed",
    "offer_lapsed": "an offer ran out of time",
    "adjust_points": "an operator gives points, or takes them (below 0)",
    "open_offer": "an operator opens an offer; its fields are a JSON object in a text",
    "revoke_offer": "an operator takes an offer back",
    "tier_entered": "the customer has come to a level; `was` is the one before, and `how` tells "
    "by what: qualified, review, dropped, invited, upgraded, set, activated",
    "tier_left": "the customer has left a level, and is at the level `to` now",
    "tier_retained": "a level is kept again, `until` then",
    "tier_at_risk": "a level will be lost at `until`, if nothing is done",
    "stage_entered": "the customer has entered a stage; `was` is the one before",
    "stage_left": "the customer has left a stage, for the stage `to`",
    "journey_entered": "a journey or win-back was entered, for the `number`th time",
    "journey_ended": "it ended, with its outcome",
    "dissolution_proposed": "people are asked to approve that a relationship is ended",
    "dissolution_phase": "it has come into a phase: improving, announced, notice, redemption, "
    "settlement, closed",
    "dissolution_ended": "it has ended: improved, rejected, expired, withdrawn, merged or closed",
    "dissolution_reopened": "a relationship that was closed is taken up again",
    "paid_out": "points were paid out in money, as a relationship was settled",
    "debt_invoiced": "points that were owed are to be paid for in money",
    "program_activated": "another ruleset has taken over",
    "task_created": "people are asked to do a task",
    "task_escalated": "nobody has done a task, so it went to the role `to` as well",
    "task_completed": "a task was done",
    "case_opened": "the customer has opened a case of a recovery",
    "case_overdue": "its promise is over, and it is not answered",
    "case_answered": "it was answered; `late` after its promise was over",
    "case_closed": "it ended, with its outcome",
    "case_reopened": "it was opened again, for the `times`th time",
    "approval_decided": "it was decided: `decision` is approved, rejected or expired",
    "set_tier": "an operator sets the level; none where `level` is missing",
    "set_stage": "an operator sets the stage",
    "scored": "a score says something else of the customer; what, stands in the event as `values`",
    "task_done": "a person has done a task; without `number`, the latest of its name",
    "task_assigned": "a person (`by`) hands a task on",
    "approval_given": "a person approves, or rejects where `approved` is false",
    "pause_dissolution": "a person (`by`) holds a dissolution where it is",
    "resume_dissolution": "a person lets it go on",
    "withdraw_dissolution": "a person ends it before it is closed",
    "reopen_dissolution": "a person takes up again what is closed",
    "consent_given": "the customer may be written to for the purpose by the channel; without one, "
    "for all, by all; `origin` is where they said so",
    "consent_withdrawn": "the customer may not be written to any more, likewise",
    "unsubscribed": "the same, by a link in a message or an answer to it",
}


def builtin_events() -> str:
    """The events that every program knows, and their fields."""
    rows = [
        (code(name), ", ".join(code(field) for field in fields), _BUILTIN[name])
        for name, fields in BUILTIN_EVENTS.items()
    ]
    return table(("event", "fields", "when"), rows)


def functions() -> str:
    """Every function that comes with loyalcore, and what is asked of line items."""
    over = [spelled.split(" - ") for spelled in OVER.values()]
    values = [(code(function.signature), function.doc) for function in FUNCTIONS.values()]
    items = [(", ".join(map(code, forms.split("), "))), doc) for forms, doc in over]
    items = [(forms.replace("(items`", "(items)`"), doc) for forms, doc in items]
    return (
        f"{table(('function', 'gives'), values)}\n\n"
        f"Of line items, and of lists of text:\n\n{table(('asked', 'gives'), items)}"
    )


def limits() -> str:
    """How large anything may be."""
    nested = f"{MAX_DEPTH} brackets deep, `for` inside `for` {MAX_NESTING} deep"
    bounds = [
        ("one file of a ruleset", f"{MAX_BYTES // 2**20} MiB, {MAX_VALUES:,} keys and values"),
        ("files that include one another", f"{MAX_CHAIN} deep"),
        ("an expression", f"{MAX_LENGTH:,} characters, {MAX_NODES} parts, {nested}"),
        ("a pattern of `matches`", f"{MAX_PATTERN} characters"),
        ("a number", f"{MAX_DIGITS} digits; a whole number 64 bits"),
        ("a text or an id in an event", f"{MAX_TEXT:,} characters"),
        ("the customer, type, id and source of an event", f"{MAX_NAME} characters"),
        ("an event as it is received", f"{MAX_LINE // 2**20} MiB"),
        ("the times in a `limit`", f"{MAX_LIMIT:,}"),
        ("events that cause events", f"{DEEPEST_EMISSION} deep"),
        ("the points of one `earn`", f"{MAX_POINTS:,}"),
        ("pieces of a reward redeemed at once", f"{MAX_QUANTITY:,}"),
    ]
    return table(("what", "at most"), bounds)


PARTS: Mapping[str, Callable[[], str]] = {
    "effects": effects,
    "strategies": strategies,
    "names": names,
    "builtin-events": builtin_events,
    "functions": functions,
    "limits": limits,
}
