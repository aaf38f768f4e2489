"""The pure step: one customer, one event, one outcome.

    (Program, CustomerState, Event) -> (CustomerState, Outcome)

No clock, no randomness, no disk, no network. Every runner calls this and nothing else
decides (S2). Inside a step (S4): the event enters the metrics; facts are built; the
matcher says which conditions are true; selection holds back what a limit forbids; the
effects of the rest make changes; events they emit are handed back, to be stepped next.
"""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import blake2b
from typing import NamedTuple
from zoneinfo import ZoneInfo

import msgspec

from loyalcore.effects.changes import (
    Accrue,
    Change,
    Emit,
    SetAttribute,
    SetTag,
    Skipped,
)
from loyalcore.engine.facts import add_customer_facts
from loyalcore.engine.metrics import keep
from loyalcore.engine.moment import moment_facts
from loyalcore.engine.outcome import Decision, Outcome
from loyalcore.engine.state import BEGINNING, CustomerState
from loyalcore.errors import EventInvalid
from loyalcore.events import Event, check_name
from loyalcore.program.plan import Program, RulePlan
from loyalcore.values import Value, ValueInvalid, read_value

MAX_DEPTH = 8  # of events that cause events
MAX_POINTS = 10**15  # of one accrual: so that sums of thousands stay within 64 bits

_json = msgspec.json.Encoder().encode


class Seen(NamedTuple):
    """A customer and an event as the rules see them: the state with the event in its
    metrics, and the facts."""

    state: CustomerState
    facts: Mapping[str, Value | None]


def see(program: Program, state: CustomerState, event: Event) -> Seen:
    """Enter `event` into the metrics of `state` and build the facts of its rules."""
    plan = program.events[event.type]
    now = event.time
    facts = moment_facts(plan, event)
    metrics, logs = dict(state.metrics), dict(state.logs)
    keep(plan, metrics, logs, now, facts)
    since = now if state.since == BEGINNING else state.since
    state = CustomerState(
        state.customer,
        now,
        since,
        state.attributes,
        state.tags,
        metrics,
        logs,
        state.fired,
        state.balances,
        program.kept,
    )
    add_customer_facts(plan, state, metrics, facts)
    return Seen(state, facts)


def step(program: Program, state: CustomerState, event: Event) -> tuple[CustomerState, Outcome]:
    """Decide `event` for the customer in `state`.

    The event's time must not be before the customer's clock; its type must be one that
    the program declares (the runner rejects others before they get here).
    """
    plan = program.events[event.type]
    state, facts = see(program, state, event)
    fired = state.fired
    decisions = []
    for index in plan.matcher.match(facts):
        rule = plan.rules[index]
        if not in_force(rule, event.time):
            continue
        reason = ""
        if rule.limits:
            firings = fired.get(rule.name, ())
            reason = over_limit(rule, firings, event.time, plan.locale.zone)
            if not reason:
                fired = {**fired, rule.name: (*firings, event.time)[-rule.remembered :]}
        changes = () if reason else _changes(program, rule, facts, event)
        decisions.append(_decision(program, event, rule, reason, facts, changes))
    return _settle(program, state, fired, event, tuple(decisions))


def in_force(rule: RulePlan, now: int) -> bool:
    """Whether `now` is within the rule's from and until."""
    return (rule.start is None or now >= rule.start) and (rule.end is None or now < rule.end)


def over_limit(rule: RulePlan, firings: tuple[int, ...], now: int, zone: ZoneInfo) -> str:
    """Which limit holds the rule back, given the times it fired; empty where none does."""
    for limit in rule.limits:
        if len(firings) < limit.times:
            continue
        if limit.window is None or firings[-limit.times] > limit.window.since(now, zone):
            return f"limit: {limit.text}"
    return ""


def _changes(
    program: Program, rule: RulePlan, facts: Mapping[str, Value | None], event: Event
) -> tuple[Change, ...]:
    changes: list[Change] = []
    for run in rule.effects:
        changes += run(facts)
    return tuple([_checked(program, change, event) for change in changes])


def _checked(program: Program, change: Change, event: Event) -> Change:
    """The change, or in its place why the program can't take it: points beyond bounds, an
    attribute's value that is not of its type, an event that it would not accept from
    outside."""
    if type(change) is Accrue:
        wallet, points = change.wallet, change.points
        if 0 < points <= MAX_POINTS:
            return change
        return Skipped("earn", f"{wallet}: {points} points; from 1 to {MAX_POINTS:,} are kept")
    match change:
        case SetAttribute(attribute, raw):
            try:
                read_value(program.attributes[attribute], raw, program.locale)
            except ValueInvalid as error:
                return Skipped("set", f"{attribute}: {error}")
        case Emit(type_, customer, data):
            if event.depth >= MAX_DEPTH:
                return Skipped("emit", f"{type_}: events caused events {MAX_DEPTH} deep already")
            try:
                check_name("customer", customer)
                program.events[type_].read(data)
            except EventInvalid as error:
                return Skipped("emit", str(error))
    return change


def _decision(
    program: Program,
    event: Event,
    rule: RulePlan,
    reason: str,
    facts: Mapping[str, Value | None],
    changes: tuple[Change, ...],
) -> Decision:
    read = {}
    for name, write in rule.reads:
        value = facts[name]
        read[name] = value if write is None or value is None else write(value)
    rested_on = _json(read).decode()
    effects = _json(changes).decode() if changes else "[]"
    cause = "\0".join((program.hash, rule.name, event.source, event.id, event.customer, reason))
    identity = blake2b(f"{cause}{rested_on}{effects}".encode(), digest_size=16)
    return Decision(identity.hexdigest(), rule.name, reason, rested_on, effects, changes)


def _settle(
    program: Program,
    state: CustomerState,
    fired: Mapping[str, tuple[int, ...]],
    event: Event,
    decisions: tuple[Decision, ...],
) -> tuple[CustomerState, Outcome]:
    """Apply what was decided to the customer, and collect the events to step next."""
    attributes, tags, balances = state.attributes, state.tags, state.balances
    emitted: list[Event] = []
    for decision in decisions:
        for position, change in enumerate(decision.changes):
            if type(change) is Accrue:  # by far the most usual
                points = balances.get(change.wallet, 0) + change.points
                balances = {**balances, change.wallet: points}
                continue
            match change:
                case SetAttribute(attribute, raw):
                    value = read_value(program.attributes[attribute], raw, program.locale)
                    attributes = {k: v for k, v in attributes.items() if k != attribute}
                    if value is not None:
                        attributes[attribute] = value
                case SetTag(tag, on):
                    tags = tuple(sorted({*tags, tag} if on else {*tags} - {tag}))
                case Emit(type_, customer, data):
                    emitted.append(
                        Event(
                            program.source,
                            f"{decision.id}.{position}",
                            type_,
                            customer,
                            event.time,
                            program.events[type_].read(data),
                            _json(data).decode(),
                            decision.id,
                            event.depth + 1,
                        )
                    )
    return (
        CustomerState(
            state.customer,
            state.clock,
            state.since,
            attributes,
            tags,
            state.metrics,
            state.logs,
            fired,
            balances,
            state.kept,
        ),
        Outcome(event, decisions, tuple(emitted)),
    )
