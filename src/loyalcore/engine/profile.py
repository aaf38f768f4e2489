"""A customer's state in plain values: what their next event will find."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from loyalcore.engine.metrics import figure
from loyalcore.engine.state import CustomerState
from loyalcore.program.plan import Program
from loyalcore.values import write_time, write_value


@dataclass(frozen=True)
class Profile:
    """A customer at the time of their latest event, `clock`.

    Values are in plain JSON form, times ISO 8601 in UTC. `metrics` and `balances` have
    every metric and wallet that the program declares. `merged` is the customer whom they are
    merged into, or empty; `absorbed` are those merged into them.
    """

    customer: str
    since: str
    clock: str
    attributes: Mapping[str, object]
    tags: tuple[str, ...]
    metrics: Mapping[str, object]
    balances: Mapping[str, int]
    merged: str = ""
    absorbed: tuple[str, ...] = ()


def profile(program: Program, state: CustomerState) -> Profile:
    """What `program` knows of a customer who has had an event."""
    locale = program.locale
    series = dict(state.metrics)
    figures = {
        name: write_value(
            plan.type,
            figure(plan, series, state.logs, state.clock, locale.zone, state.since),
            locale,
        )
        for name, plan in program.metrics.items()
    }
    return Profile(
        customer=state.customer,
        since=write_time(state.since),
        clock=write_time(state.clock),
        attributes={
            name: write_value(type_, state.attributes.get(name), locale)
            for name, type_ in program.attributes.items()
        },
        tags=state.tags,
        metrics=figures,
        balances={
            **{wallet: state.account.balances.get(wallet, 0) for wallet in program.wallets},
            **state.account.balances,
        },
        merged=state.merged,
        absorbed=tuple(state.absorbed),
    )
