"""`loyalcore events`: the log of what has happened."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from pathlib import Path

import click

from loyalcore.calendars import span_text
from loyalcore.cli.effects import value_text
from loyalcore.cli.listing import print_list
from loyalcore.cli.output import json_option, limit_option, print_json, print_table
from loyalcore.cli.period import read_period
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
from loyalcore.runner.late import ALLOWANCES, Lateness, late_events
from loyalcore.runner.reports import program_of
from loyalcore.store.events import StoredEvent, list_events

SECOND = 1_000_000


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

    `cause` is the decision that emitted an event, empty for one from outside. `at` is when an
    event that came late was decided.
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
    late = any(event.at is not None for event in shown)
    row = partial(_row, late=late)
    print_list(shown, row, _plain, as_json=as_json, empty="No event is like that.")


def _row(event: StoredEvent, *, late: bool) -> dict[str, object]:
    return {
        "seq": event.seq,
        "time": shown_time(event.time),
        **({"at": shown_time(event.at)} if late else {}),
        "customer": event.customer,
        "type": event.type,
        "source": event.source,
        "id": event.id,
        "data": value_text(parsed(event.data)),
    }


def _plain(event: StoredEvent) -> dict[str, object]:
    return {
        **event._asdict(),
        "time": shown_time(event.time),
        "data": parsed(event.data),
        "at": shown_time(event.at),
    }


@events.command()
@db_option
@click.option("--from", "from_", metavar="TIME", help="From this month, day or time on.")
@click.option("--to", metavar="TIME", help="Before this month, day or time.")
@json_option
def late(db: Path, from_: str | None, to: str | None, as_json: bool) -> None:
    """Tell which events came late, and by how much.

    That is by how much they were before the latest event of their customer when they came.
    Those that `allow_late` of the ruleset did not let in are rejected; of them it is told how
    many would be let in now, by how much. Months, days and times without an offset are in the
    time zone of the program.
    """
    with open_store(db) as store:
        zone = program_of(store.connection).locale.zone
        since, until = read_period(from_, to, zone)
        found = late_events(store.connection, since=since, until=until)
    if as_json:
        print_json(
            {
                "from": shown_time(since),
                "to": shown_time(until),
                "accepted": [_seconds(one) for one in found.accepted],
                "rejected": [_seconds(one) for one in found.rejected],
                "allowances": [one._asdict() for one in found.allowances],
            }
        )
        return
    _print_late("accepted", found.accepted, "No event that was accepted came late.")
    click.echo()
    _print_late("too late", found.rejected, "No event was too late.")
    if found.rejected:
        click.echo()
        print_table(("allow_late", "would let in"), found.allowances, empty=_MUCH_TOO_LATE)
        click.echo(f"\n`loyalcore rejects retry --db {db} RULESET` tries them again.")


_MUCH_TOO_LATE = f"They are more than {ALLOWANCES[-1]} late."


def _seconds(one: Lateness) -> dict[str, object]:
    return {
        "type": one.type,
        "events": one.events,
        "median_seconds": one.median // SECOND,
        "most_seconds": one.most // SECOND,
    }


def _print_late(what: str, found: Iterable[Lateness], empty: str) -> None:
    print_table(
        (what, "events", "median", "most"),
        [(one.type, one.events, span_text(one.median), span_text(one.most)) for one in found],
        empty=empty,
    )
