"""The pure step: one customer, one event, one outcome.

    (Program, CustomerState, Event) -> (CustomerState, Outcome)

No clock, no randomness, no disk, no network. Every runner calls this and nothing else
decides (S2). Inside a step (S4): the event enters the metrics, or the scores; facts are built;
what the event does by itself is done (a refund takes points back, a complaint opens a case); the
matcher says which conditions are true; selection holds some back; the effects of the rest make
changes; offers that the event advances are completed; a customer whom it merges into another
gives up what they have; timers are set and put off, tiers and stage moved; events that were
emitted are handed back, to be stepped next.
"""

from __future__ import annotations

from msgspec.structs import replace

from loyalcore.engine.acts import act
from loyalcore.engine.care.recovery import recover
from loyalcore.engine.facts import add_customer_facts
from loyalcore.engine.handover.merging import merge
from loyalcore.engine.living import live
from loyalcore.engine.metrics import keep
from loyalcore.engine.moment import moment_facts
from loyalcore.engine.offering.offers import advance_offers
from loyalcore.engine.outcome import Outcome
from loyalcore.engine.points.refunds import apply_waiting
from loyalcore.engine.scores import scored
from loyalcore.engine.selecting.selection import select
from loyalcore.engine.shared import NOTHING, Shared
from loyalcore.engine.state import BEGINNING, CustomerState
from loyalcore.engine.turn import Turn
from loyalcore.events import Event
from loyalcore.program.builtin_events import SCORED
from loyalcore.program.plan import Program
from loyalcore.values import Value


def see(
    program: Program, state: CustomerState, event: Event
) -> tuple[CustomerState, dict[str, Value | None]]:
    """A customer and an event as the rules see them: the state with the event in its metrics (or
    scores), and the facts."""
    plan = program.events[event.type]
    time, now, since = event.time, state.clock, state.since
    late = time < now
    if not late:
        now = time
    if since == BEGINNING or time < since:
        since = time
    facts = moment_facts(plan, event)
    metrics, logs = dict(state.metrics), dict(state.logs)
    keep(plan, metrics, logs, time, facts, since, late=late)
    state = replace(state, clock=now, since=since, metrics=metrics, logs=logs, kept=program.kept)
    if event.type == SCORED:
        state = replace(state, life=scored(program, state.life, event))
    add_customer_facts(plan, state, facts)
    return state, facts


def step(
    program: Program, state: CustomerState, event: Event, shared: Shared = NOTHING
) -> tuple[CustomerState, Outcome]:
    """Decide `event` for the customer in `state`.

    A late event, whose time is before the customer's clock, counts at its own time, and is
    decided at that clock (S3); how late it may be, the runner says. Its type must be one that
    the program declares (the runner rejects others before they get here). `shared` is what
    all customers share, as it was drawn on by all steps before this one.
    """
    plan = program.events[event.type]
    state, facts = see(program, state, event)
    matched = plan.matcher.match(facts)
    if not (matched or plan.acts or plan.offers or state.offers or program.life or plan.margin):
        # By far the most usual.
        return state, Outcome(event, (), (), at=None if event.time == state.clock else state.clock)
    turn = Turn(program, plan, state, event, facts, shared)
    if plan.acts is not None:
        act(turn)
    if program.life is not None and event.type in program.life.about_cases:
        recover(turn, program.life)
    if matched:
        select(turn, matched)
    if plan.offers is not None or turn.offers:
        advance_offers(turn)
    if turn.waiting and turn.origin:
        apply_waiting(turn)
    if plan.acts is not None and plan.acts.merges is not None:
        merge(turn, plan.acts.merges)
    if program.life is not None:
        live(turn, program.life)
    return turn.end()
