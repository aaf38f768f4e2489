"""`loyalcore consent`: who may be written to, and what they have said of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import click
from msgspec import to_builtins

from loyalcore.cli.effects import effects_text
from loyalcore.cli.operators import Hand, act, by_hand, latest, saying
from loyalcore.cli.output import json_option, limit_option, print_json, print_rows, print_table
from loyalcore.cli.reading import (
    check_customer,
    check_word,
    customer_option,
    effects_of,
    first,
    known_customer,
    open_store,
    parsed,
    shown_time,
)
from loyalcore.cli.run import db_option
from loyalcore.delivery.rendering import reader_of
from loyalcore.engine.care.contact import Standing, standings
from loyalcore.program.builtin_events import CONSENT_GIVEN, CONSENT_WITHDRAWN
from loyalcore.runner.replay import CompiledPrograms
from loyalcore.store.consents import Said, list_said

Command = Callable[..., Any]


@click.group()
def consent() -> None:
    """Who may be written to, and what they have said of it."""


@consent.command()
@click.argument("name", metavar="CUSTOMER")
@db_option
@json_option
def show(name: str, db: Path, as_json: bool) -> None:
    """Show for what, and by which channels, a customer may be written to as of their latest
    event, why not, and all that they have said of it."""
    with open_store(db) as store:
        known_customer(store, name)
        reader = reader_of(store.connection, name).customer
        programs = CompiledPrograms(store.connection)
        state = programs.current(reader)
        assert state is not None
        found = standings(programs.latest(), state)
        customers = {name, reader, *state.absorbed}
        history = [_plain(one) for one in list_said(store.connection, customers=customers)]
    if as_json:
        print_json({"customer": reader, "standing": to_builtins(found), "history": history})
        return
    if reader != name:
        click.echo(f"merged into {reader}")
    print_standings(found)
    if history:
        click.echo()
        _print(history)


def print_standings(found: Sequence[Standing]) -> None:
    """For what, and by which channels, a customer may be written to."""
    print_table(
        ("purpose", "channel", "may", "said", "since", "why not"),
        [
            (
                one.purpose,
                one.channel,
                "no" if one.reason else "yes",
                one.said or "",
                one.since or "",
                one.reason,
            )
            for one in found
        ],
        empty="The program has no messages.",
    )


@consent.command("list")
@db_option
@customer_option
@limit_option
@json_option
def list_(db: Path, customer: str | None, limit: int, as_json: bool) -> None:
    """List what customers have said of being written to, the latest first."""
    with open_store(db) as store:
        check_customer(store, customer)
        asked = None if customer is None else (customer,)
        found = list_said(store.connection, customers=asked, limit=limit + 1)
        said = [_plain(one) for one in first(found, limit)]
    if as_json:
        print_json(said)
    else:
        _print(said)


def _plain(one: Said) -> dict[str, object]:
    facts: Any = parsed(one.facts)
    return {
        "time": shown_time(one.time),
        "customer": one.customer,
        "event": one.event,
        **{name: facts.get(name) or "" for name in ("purpose", "channel", "origin", "note")},
        "decision": one.decision,
        "result": one.reason or effects_text(effects_of(one)),
    }


def _print(said: list[dict[str, object]]) -> None:
    columns = ("time", "customer", "result", "origin", "note")
    print_rows(
        columns,
        [tuple(one[column] for column in columns) for one in said],
        as_json=False,
        empty="Nobody has said anything.",
    )


def _about(command: Command) -> Command:
    """The options that say what a customer says, and of what."""
    for option in (
        click.option("--note", metavar="TEXT", default="", help="For those who ask later."),
        click.option(
            "--origin",
            metavar="TEXT",
            required=True,
            callback=saying("where"),
            help="Where they said so.",
        ),
        click.option("--channel", metavar="NAME", help="By this one only."),
        click.option("--purpose", metavar="P", help="For this one only."),
    ):
        command = option(command)
    return by_hand(command)


@consent.command()
@_about
def give(**given: Any) -> None:
    """Note that a customer may be written to: an event consent_given, decided as any other."""
    _say(CONSENT_GIVEN, **given)


@consent.command()
@_about
def withdraw(**given: Any) -> None:
    """Note that a customer may not be written to any more: an event consent_withdrawn. It holds
    at once, also for messages that wait in the outbox."""
    _say(CONSENT_WITHDRAWN, **given)


def _say(
    type_: str,
    *,
    db: Path,
    customer: str,
    purpose: str | None,
    channel: str | None,
    origin: str,
    note: str,
    hand: Hand,
) -> None:
    said = {"purpose": purpose, "channel": channel, "origin": origin, "note": note}
    data = {name: value for name, value in said.items() if value}
    with open_store(db) as store:
        loaded = latest(store)
        if purpose is not None:
            check_word("purpose", purpose, loaded.program.contact.purposes)
        act(hand, store, loaded, type_, customer, data)
