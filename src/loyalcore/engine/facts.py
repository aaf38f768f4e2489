"""The facts of one customer at one event, on top of the event's own (moment.py).

Which are read is the same for every event of a type, so how each is read is settled once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import lru_cache
from operator import attrgetter
from typing import Any, NamedTuple

from msgspec.structs import replace

from loyalcore.effects.kind import Facts
from loyalcore.engine.figures import Read, readers
from loyalcore.engine.moment import moments_at
from loyalcore.engine.state import CustomerState
from loyalcore.program.builtin_events import DUE
from loyalcore.program.plan import EventPlan, Program
from loyalcore.values import Value

Of = Callable[[CustomerState], Value | None]


def facts_at(program: Program, state: CustomerState, at: int) -> Facts:
    """What watched expressions, and journeys, may read of the customer at the instant `at`, not
    before their clock, if nothing happens until then."""
    plan = program.events[DUE]
    facts = moments_at(plan, at)
    add_customer_facts(plan, state if at == state.clock else replace(state, clock=at), facts)
    return facts


def add_customer_facts(
    plan: EventPlan, state: CustomerState, facts: dict[str, Value | None]
) -> None:
    """Add to `facts` what is known of the customer at their clock."""
    of, figures = _read_by(plan)
    for name, read in of:
        facts[name] = read(state)
    for add_figures in figures:
        add_figures(facts, state)
    for name, make in plan.derived:
        facts[name] = make(facts)


class _Reading(NamedTuple):
    of: tuple[tuple[str, Of], ...]
    figures: tuple[Read, ...]


@lru_cache(maxsize=1_000)
def _read_by(plan: EventPlan) -> _Reading:
    """How all is read that the event type asks for."""
    return _Reading(tuple(_known(plan)), tuple(readers(plan.metrics, plan.locale.zone)))


def _known(plan: EventPlan) -> Iterator[tuple[str, Of]]:
    for name, attribute in plan.attributes:
        yield name, _attribute(attribute)
    for name, wallet in plan.balances:
        yield name, _balance(wallet)
    for name, wallet in plan.pendings:
        yield name, _pending(wallet)
    if plan.tags:
        yield "tags", attrgetter("tags")
    if plan.open_offers:
        yield "open_offers", _open_offers
    if "customer.id" in plan.identities:
        yield "customer.id", attrgetter("customer")
    if "customer.since" in plan.identities:
        yield "customer.since", attrgetter("since")
    for name, standing in plan.standings:
        yield name, _standing(standing)


def _attribute(name: str) -> Of:
    return lambda state: state.attributes.get(name)


def _balance(wallet: str) -> Of:
    return lambda state: state.account.balances.get(wallet, 0)


def _pending(wallet: str) -> Of:
    return lambda state: state.account.pending.get(wallet, 0)


def _open_offers(state: CustomerState) -> tuple[str, ...]:
    now = state.clock
    return tuple(sorted({offer.offer for offer in state.offers if offer.open_at(now)}))


def _standing(read: Callable[[Any], Value | None]) -> Of:
    return lambda state: read(state.life)
