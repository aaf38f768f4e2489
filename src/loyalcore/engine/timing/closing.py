"""The facts of what ends at an instant: by these a period is judged, once it is over.

At the first instant of a year nothing was spent in it yet, and points that hold to the end of
the last one are gone. So figures over calendar or membership periods are those of the last
moment before, and so are balances of wallets whose points end on a day. All else is as at
the instant itself: of the last 12 months, what is 12 months old no longer counts.
"""

from __future__ import annotations

from msgspec.structs import replace

from loyalcore.calendars import Calendar, MembershipYear
from loyalcore.effects.kind import Facts
from loyalcore.engine.facts import add_customer_facts
from loyalcore.engine.figures import readers
from loyalcore.engine.state import CustomerState
from loyalcore.ledger.expiry import EndOf, OnAnniversary, OnDate
from loyalcore.ledger.lots import Account
from loyalcore.ledger.standing import stand
from loyalcore.program.builtin_events import DUE
from loyalcore.program.plan import Program
from loyalcore.values import Value

_PERIODS = (Calendar, MembershipYear)


def closing_facts(program: Program, state: CustomerState, before: Account, at: int) -> Facts:
    """What may be watched of the customer in `state`, their clock being `at` or later, of the
    periods that end at `at`. `before` is their account just before."""
    plan = program.events[DUE]
    facts: dict[str, Value | None] = {}
    add_customer_facts(plan, state, facts)
    ending = [metric for metric in plan.metrics if isinstance(metric.window, _PERIODS)]
    for add_figures in readers(ending, program.locale.zone):
        add_figures(facts, replace(state, clock=at - 1))
    for name, wallet in plan.balances:
        terms = program.wallets.get(wallet)
        if terms is not None and isinstance(terms.expiry, EndOf | OnDate | OnAnniversary):
            facts[name] = before.balances.get(wallet, 0)
    for name, make in plan.derived:
        facts[name] = make(facts)
    return facts


def facts_ahead(program: Program, state: CustomerState, at: int) -> Facts:
    """The closing facts of the instant `at`, which is to come, if nothing happens until then
    but that points turn active or expire."""
    terms, zone = program.wallets, program.locale.zone
    before, after = (
        stand(state.account, terms, zone, state.since, t).account for t in (at - 1, at)
    )
    return closing_facts(program, replace(state, clock=at, account=after), before, at)
