"""`loyalcore ledger`: what went into wallets and why, and what is in them."""

from __future__ import annotations

from pathlib import Path

import click

from loyalcore.cli.output import json_option, limit_option, print_rows
from loyalcore.cli.reading import (
    SHORT,
    TIME,
    check_customer,
    customer_option,
    first,
    open_store,
    shown_time,
)
from loyalcore.cli.run import db_option
from loyalcore.store import Store
from loyalcore.store.decisions import decision_ids
from loyalcore.store.ledger import list_balances, list_entries, list_wallets

wallet_option = click.option("--wallet", metavar="W", help="Of this wallet only.")
at_option = click.option(
    "--at",
    type=TIME,
    help="As it was at this instant, what happened then included; UTC where it has no offset.",
)


@click.group()
def ledger() -> None:
    """What went into wallets and why, and what is in them."""


@ledger.command()
@db_option
@customer_option
@wallet_option
@at_option
@limit_option
@json_option
def show(
    db: Path,
    customer: str | None,
    wallet: str | None,
    at: int | None,
    limit: int,
    as_json: bool,
) -> None:
    """List ledger entries, the newest first, each with the decision that made it.

    `lot` is the entry that opened the lot which the points are of.
    """
    with open_store(db) as store:
        check_customer(store, customer)
        found = list_entries(
            store.connection,
            customer=customer,
            wallet=wallet,
            until=None if at is None else at + 1,
            newest_first=True,
            limit=limit + 1,
        )
        entries = first(found, limit)
        ids = decision_ids(store.connection, [entry.decision for entry in entries])
        print_rows(
            (
                "seq",
                "time",
                "customer",
                "wallet",
                "kind",
                "bucket",
                "points",
                "rule",
                "decision",
                "event",
                "lot",
            ),
            [
                (
                    entry.seq,
                    shown_time(entry.time),
                    entry.customer,
                    entry.wallet,
                    entry.kind,
                    entry.bucket,
                    entry.points,
                    entry.rule,
                    ids[entry.decision] if as_json else ids[entry.decision][:SHORT],
                    entry.event,
                    entry.lot,
                )
                for entry in entries
            ],
            as_json=as_json,
            empty=_empty(store, wallet),
        )


@ledger.command()
@db_option
@customer_option
@wallet_option
@at_option
@limit_option
@json_option
def balance(
    db: Path,
    customer: str | None,
    wallet: str | None,
    at: int | None,
    limit: int,
    as_json: bool,
) -> None:
    """List balances by customer, wallet and bucket: now, or as they were at an instant."""
    with open_store(db) as store:
        check_customer(store, customer)
        found = list_balances(
            store.connection, customer=customer, wallet=wallet, at=at, limit=limit + 1
        )
        print_rows(
            ("customer", "wallet", "bucket", "points"),
            first(found, limit),
            as_json=as_json,
            empty=_empty(store, wallet),
        )


def _empty(store: Store, wallet: str | None) -> str:
    """Why there is nothing: a wallet by another name, perhaps."""
    if wallet is None:
        return "Nothing has been earned."
    wallets = list_wallets(store.connection)
    if wallet in wallets:
        return "Nothing has been earned."
    return f"No wallet '{wallet}' has entries; {', '.join(wallets) or 'none'} has."
