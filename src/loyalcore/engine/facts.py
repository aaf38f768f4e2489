"""The facts of one customer at one event, on top of the event's own (moment.py)."""

from __future__ import annotations

from msgspec.structs import replace

from loyalcore.effects.kind import Facts
from loyalcore.engine.figures import readers_of
from loyalcore.engine.metrics import Series
from loyalcore.engine.moment import moments_at
from loyalcore.engine.state import CustomerState
from loyalcore.program.builtin_events import DUE
from loyalcore.program.plan import EventPlan, Program
from loyalcore.values import Value


def facts_at(program: Program, state: CustomerState, at: int) -> Facts:
    """What watched expressions, and journeys, may read of the customer at the instant `at`, not
    before their clock, if nothing happens until then."""
    plan = program.events[DUE]
    facts = moments_at(plan, at)
    state = state if at == state.clock else replace(state, clock=at)
    add_customer_facts(plan, state, dict(state.metrics), facts)
    return facts


def add_customer_facts(
    plan: EventPlan,
    state: CustomerState,
    metrics: dict[str, Series],
    facts: dict[str, Value | None],
) -> None:
    """Add to `facts` what is known of the customer at their clock. Moves the windows of
    the metrics that are read forward to it, in `metrics`."""
    now, logs, since = state.clock, state.logs, state.since
    for name, attribute in plan.attributes:
        facts[name] = state.attributes.get(attribute)
    for add_figures in readers_of(plan):
        add_figures(facts, metrics, logs, now, since)
    for name, wallet in plan.balances:
        facts[name] = state.account.balances.get(wallet, 0)
    for name, wallet in plan.pendings:
        facts[name] = state.account.pending.get(wallet, 0)
    if plan.tags:
        facts["tags"] = state.tags
    if plan.open_offers:
        facts["open_offers"] = tuple(sorted({o.offer for o in state.offers if o.open_at(now)}))
    for name in plan.identities:
        match name:
            case "customer.id":
                facts[name] = state.customer
            case "customer.since":
                facts[name] = state.since
    for name, read in plan.standings:
        facts[name] = read(state.life)
    for name, make in plan.derived:
        facts[name] = make(facts)
