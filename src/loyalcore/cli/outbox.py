"""`loyalcore outbox`: messages on their way out."""

from __future__ import annotations

from pathlib import Path

import click

from loyalcore.cli.output import json_option, limit_option, print_json, print_table
from loyalcore.cli.reading import (
    SHORT,
    check_customer,
    customer_option,
    first,
    open_store,
    parsed,
    shown_time,
)
from loyalcore.cli.run import db_option
from loyalcore.store.decisions import decision_ids
from loyalcore.store.outbox import list_messages


@click.group()
def outbox() -> None:
    """Messages on their way out."""


@outbox.command("list")
@db_option
@customer_option
@click.option("--message", metavar="M", help="Of this name only.")
@click.option("--status", type=click.Choice(["pending", "sent", "dead"]), help="Only these.")
@limit_option
@json_option
def list_(
    db: Path,
    customer: str | None,
    message: str | None,
    status: str | None,
    limit: int,
    as_json: bool,
) -> None:
    """List messages in the order written, each with the decision that sends it."""
    with open_store(db) as store:
        check_customer(store, customer)
        found = list_messages(
            store.connection, customer=customer, message=message, status=status, limit=limit + 1
        )
        shown = first(found, limit)
        ids = decision_ids(store.connection, [one.decision for one in shown])
    if as_json:
        print_json(
            [
                {
                    **one._asdict(),
                    "time": shown_time(one.time),
                    "due": shown_time(one.due),
                    "sent": shown_time(one.sent),
                    "data": parsed(one.data),
                    "decision": ids[one.decision],
                }
                for one in shown
            ]
        )
        return
    print_table(
        ("seq", "time", "customer", "message", "channel", "status", "attempts", "decision"),
        [
            (
                one.seq,
                shown_time(one.time),
                one.customer,
                one.message,
                one.channel,
                one.status,
                one.attempts,
                ids[one.decision][:SHORT],
            )
            for one in shown
        ],
        empty="No message is like that.",
    )
