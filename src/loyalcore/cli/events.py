"""`loyalcore events`: the log of what has happened."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import cast

import click

from loyalcore.cli.effects import value_text
from loyalcore.cli.output import json_option, limit_option, print_json, print_table
from loyalcore.cli.reading import (
    check_customer,
    customer_option,
    first,
    open_store,
    parsed,
    shown_time,
    since_option,
    until_option,
)
from loyalcore.cli.run import db_option
from loyalcore.store.events import list_events


@click.group()
def events() -> None:
    """The log of what has happened."""


@events.command("list")
@db_option
@customer_option
@click.option("--type", "type_", metavar="T", help="Of this event type only.")
@since_option
@until_option
@limit_option
@json_option
def list_(
    db: Path,
    customer: str | None,
    type_: str | None,
    since: int | None,
    until: int | None,
    limit: int,
    as_json: bool,
) -> None:
    """List accepted events, the latest handled first.

    `cause` is the decision that emitted an event, empty for one from outside.
    """
    with open_store(db) as store:
        check_customer(store, customer)
        found = list_events(
            store.connection,
            customer=customer,
            type=type_,
            since=since,
            until=until,
            newest_first=True,
            limit=limit + 1,
        )
        shown = first(found, limit)
    if as_json:
        print_json(
            [
                {**event._asdict(), "time": shown_time(event.time), "data": parsed(event.data)}
                for event in shown
            ]
        )
        return
    print_table(
        ("seq", "time", "customer", "type", "source", "id", "data"),
        [
            (
                event.seq,
                shown_time(event.time),
                event.customer,
                event.type,
                event.source,
                event.id,
                value_text(cast("Mapping[str, object]", parsed(event.data))),
            )
            for event in shown
        ],
        empty="No event is like that.",
    )
