"""`loyalcore rewards`: what points can buy, and what a customer can have of it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import click

from loyalcore.cli.output import json_option, print_rows
from loyalcore.cli.reading import TIME, known_customer, open_store
from loyalcore.cli.run import db_option
from loyalcore.engine.points.redemption import stock_key
from loyalcore.engine.telling.showing import Shown, shown_rewards
from loyalcore.errors import UsageError
from loyalcore.ruleset.load import draft
from loyalcore.ruleset.points import RewardSpec
from loyalcore.ruleset.source import Source
from loyalcore.runner.replay import current_state
from loyalcore.runner.reports import now_of, program_of
from loyalcore.store import Store
from loyalcore.store.programs import latest_program
from loyalcore.store.shared import StoredShared
from loyalcore.values import write_time


@click.group()
def rewards() -> None:
    """What points can buy, and what a customer can have of it."""


@rewards.command("list")
@db_option
@click.option("--customer", metavar="C", help="As it is for this customer.")
@click.option(
    "--at",
    type=TIME,
    help="At this instant, for a customer; UTC where it has no offset. "
    "[the latest event of the store]",
)
@json_option
def list_(db: Path, customer: str | None, at: int | None, as_json: bool) -> None:
    """List the rewards of the store's latest program: price, stock left, when they are on
    offer. For a customer, whether they can see, pay and have each, and why not.
    """
    with open_store(db) as store:
        catalogue = _catalogue(store)
        left = {
            name: None if spec.stock is None else max(0, spec.stock - _drawn(store, name))
            for name, spec in catalogue.items()
        }
        shown = {} if customer is None else _shown(store, customer, at)
    columns = ["reward", "name", "price", "left", "from", "until"]
    if customer is not None:
        columns += ["visible", "affordable", "can have", "why not"]
    rows = []
    for name, spec in catalogue.items():
        row: list[object] = [name, spec.name, _price(spec), left[name], spec.from_, spec.until]
        if customer is not None:
            row += _for_customer(shown.get(name))
        rows.append(row)
    print_rows(columns, rows, as_json=as_json, empty="The program has no rewards.")


def _catalogue(store: Store) -> Mapping[str, RewardSpec]:
    stored = latest_program(store.connection)
    if stored is None:
        raise UsageError("the store is empty: nothing was run into it yet")
    return draft(Source.from_json(stored.source)).ruleset.rewards


def _drawn(store: Store, reward: str) -> int:
    return StoredShared(store.connection).drawn(stock_key(reward))


def _shown(store: Store, customer: str, at: int | None) -> dict[str, Shown]:
    stored = known_customer(store, customer)
    program = program_of(store.connection)
    instant = now_of(store.connection) if at is None else at
    if instant < stored.clock:
        raise UsageError(
            f"--at {write_time(instant)} is before the customer's latest event, "
            f"{write_time(stored.clock)}"
        )
    state = current_state(store.connection, program, customer, stored)
    shared = StoredShared(store.connection)
    return {one.reward: one for one in shown_rewards(program, state, instant, shared)}


def _price(spec: RewardSpec) -> str:
    return " + ".join(f"{formula} {wallet}" for wallet, formula in spec.price.items())


def _for_customer(shown: Shown | None) -> tuple[object, ...]:
    if shown is None:
        return (False, False, False, "no event redeems rewards")
    return (shown.visible, shown.affordable, not shown.reason, shown.reason)
