"""`loyalcore customer`: who is known, and what is known of them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import click
from msgspec import to_builtins

from loyalcore.cli.consent import print_standings
from loyalcore.cli.effects import value_text
from loyalcore.cli.output import json_option, limit_option, print_json, print_rows, print_table
from loyalcore.cli.reading import first, known_customer, open_store, shown_time
from loyalcore.cli.run import db_option
from loyalcore.engine.telling.profile import Level, Opened, Profile, profile
from loyalcore.errors import StoreError
from loyalcore.runner.replay import CompiledPrograms, current_state
from loyalcore.store import Store
from loyalcore.store.customers import list_customers
from loyalcore.store.issued import list_issued
from loyalcore.store.programs import latest_program


@click.group()
def customer() -> None:
    """Who is known, and what is known of them."""


@customer.command("list")
@click.argument("prefix", required=False)
@db_option
@limit_option
@json_option
def list_(prefix: str | None, db: Path, limit: int, as_json: bool) -> None:
    """List customers by name, those that start with PREFIX.

    `clock` is the time of their latest event; `decisions` counts rules that fired.
    """
    with open_store(db) as store:
        found = list_customers(store.connection, prefix=prefix, limit=limit + 1)
        print_rows(
            ("customer", "clock", "events", "decisions"),
            [
                (one.customer, shown_time(one.clock), one.events, one.decisions)
                for one in first(found, limit)
            ],
            as_json=as_json,
            empty=f"No customer starts with '{prefix}'." if prefix else "There are no customers.",
        )


@customer.command()
@click.argument("name", metavar="CUSTOMER")
@db_option
@json_option
def show(name: str, db: Path, as_json: bool) -> None:
    """Show a customer as of their latest event: attributes, metrics, balances, tiers, stage, a
    dissolution, what people are asked, cases that are open, for what they may be written to,
    the triggers that are to come, vouchers."""
    with open_store(db) as store:
        known = _profile(store, name)
        issued = [
            {
                "time": shown_time(one.time),
                "kind": one.kind,
                "name": one.name,
                "code": one.code,
            }
            for one in list_issued(store.connection, customer=name)
        ]
    if as_json:
        print_json({**to_builtins(known), "issued": issued})
        return
    click.echo(f"{known.customer}, since {known.since}, latest event {known.clock}")
    if known.merged:
        click.echo(f"merged into {known.merged}, whose all later events are")
    if known.absorbed:
        click.echo(f"merged into this customer: {', '.join(known.absorbed)}")
    if known.tags:
        click.echo(f"tags: {', '.join(known.tags)}")
    for what, values in (
        ("attribute", known.attributes),
        ("metric", known.metrics),
        ("balance", known.balances),
    ):
        _print_values(what, values)
    _print_life(known)
    if issued:
        click.echo()
        print_table(
            ("issued", "name", "code", "time"),
            [(one["kind"], one["name"], one["code"], one["time"]) for one in issued],
        )


def _print_life(known: Profile) -> None:
    """Where the customer stands, and what comes by itself."""
    if known.tiers:
        click.echo()
        print_table(
            ("tier", "level", "since", "until"),
            [
                (ladder, tier.level or "none", tier.since or "", _until(tier))
                for ladder, tier in known.tiers.items()
            ],
        )
    if known.stage is not None:
        click.echo()
        print_table(
            ("stage", "since", "responsible"),
            [(known.stage.stage, known.stage.since or "", known.stage.responsible)],
        )
    if (parting := known.dissolution) is not None:
        click.echo()
        print_table(
            ("dissolution", "phase", "since", "until", "reason"),
            [
                (
                    parting.dissolution,
                    parting.phase,
                    parting.since,
                    f"held: {parting.held}" if parting.held else parting.until or "",
                    parting.reason,
                )
            ],
        )
    if known.scores:
        click.echo()
        print_table(
            ("score", "since", "says"),
            [
                (name, one.since or "", value_text(one.values) or "not scored yet")
                for name, one in known.scores.items()
            ],
        )
    if known.work:
        click.echo()
        print_table(
            ("asked", "name", "number", "of", "due", "note"),
            [
                (one.kind, one.name, one.number, one.asked_of, one.due, value_text(one.note))
                for one in known.work
            ],
        )
    if known.cases:
        click.echo()
        print_table(
            ("case of", "case", "number", "opened", "due", "answered"),
            [
                (
                    one.recovery,
                    value_text(one.case),
                    one.number,
                    one.opened,
                    _due(one),
                    one.answered,
                )
                for one in known.cases
            ],
        )
    if known.contact:
        click.echo()
        print_standings(known.contact)
    if known.timers:
        click.echo()
        print_table(
            ("due", "trigger", "counted from"),
            [(one.due, one.trigger, one.since) for one in known.timers],
        )


def _due(case: Opened) -> str:
    return f"{case.due or ''}{', overdue' if case.overdue else ''}"


def _until(tier: Level) -> str:
    if tier.grace is not None:
        return f"{tier.grace}, in grace"
    return tier.until or ""


def _profile(store: Store, customer: str) -> Profile:
    """What the program of the latest run knows of a customer."""
    stored = known_customer(store, customer)
    latest = latest_program(store.connection)
    if latest is None:
        raise StoreError(f"{store.path} has customers but no runs; it is damaged")
    program = CompiledPrograms(store.connection)[latest.id]
    return profile(program, current_state(store.connection, program, customer, stored))


def _print_values(what: str, values: Mapping[str, object]) -> None:
    if values:
        click.echo()
        print_table(
            (what, "value"),
            [(name, "" if value is None else value_text(value)) for name, value in values.items()],
        )
