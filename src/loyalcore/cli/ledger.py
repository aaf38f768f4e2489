"""`loyalcore ledger`: what went into wallets and why, and what is in them."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import click

from loyalcore.cli.ledger_reports import liability, statement
from loyalcore.cli.listing import listing
from loyalcore.cli.operators import adjust
from loyalcore.cli.output import print_rows
from loyalcore.cli.reading import (
    SHORT,
    TIME,
    check_customer,
    check_wallet,
    event_text,
    first,
    open_store,
    shown_time,
)
from loyalcore.cli.verify import verify
from loyalcore.ledger.standing import standings
from loyalcore.runner.reports import holdings, program_of
from loyalcore.store import Store
from loyalcore.store.customers import latest_time
from loyalcore.store.decisions import decision_ids
from loyalcore.store.ledger import Cause, causes, list_entries

wallet_option = click.option("--wallet", metavar="W", help="Of this wallet only.")


@click.group()
def ledger() -> None:
    """What went into wallets and why, and what is in them."""


@ledger.command()
@listing
@wallet_option
@click.option("--lot", type=click.IntRange(min=1), metavar="N", help="Of this lot only.")
@click.option(
    "--at",
    type=TIME,
    help="As it was at this instant, what happened then included; UTC where it has no offset.",
)
def show(
    db: Path,
    customer: str | None,
    wallet: str | None,
    lot: int | None,
    at: int | None,
    limit: int,
    as_json: bool,
) -> None:
    """List ledger entries, the newest first, each with the decision that made it.

    An entry is points into a bucket of a lot, or out of it where they are below 0. Lots are
    numbered for each customer; points of one came together and expire together. The entry
    that opens a lot says when its points turn active and expire.
    """
    with open_store(db) as store:
        check_customer(store, customer)
        check_wallet(store, wallet)
        found = list_entries(
            store.connection,
            customer=customer,
            wallet=wallet,
            lot=lot,
            until=None if at is None else at + 1,
            newest_first=True,
            limit=limit + 1,
        )
        entries = first(found, limit)
        ids = decision_ids(store.connection, [entry.decision for entry in entries])
        events = causes(store.connection, {entry.event for entry in entries})
        print_rows(
            (
                "seq",
                "time",
                "customer",
                "wallet",
                "lot",
                "kind",
                "bucket",
                "points",
                "activates",
                "expires",
                "rule",
                "event",
                "decision",
            ),
            [
                (
                    entry.seq,
                    shown_time(entry.time),
                    entry.customer,
                    entry.wallet,
                    entry.lot,
                    entry.kind,
                    entry.bucket,
                    entry.points,
                    shown_time(entry.activates),
                    shown_time(entry.expires),
                    entry.rule,
                    _event(events[entry.event], as_json),
                    ids[entry.decision] if as_json else ids[entry.decision][:SHORT],
                )
                for entry in entries
            ],
            as_json=as_json,
            empty="No points were moved.",
        )


@ledger.command()
@listing
@wallet_option
@click.option(
    "--at",
    type=TIME,
    help="At this instant, what happens then included; UTC where it has no offset. "
    "[the latest event of the store]",
)
def balance(
    db: Path,
    customer: str | None,
    wallet: str | None,
    at: int | None,
    limit: int,
    as_json: bool,
) -> None:
    """List balances by customer and wallet, and what expires next.

    `balance` is what may be spent, less what is `owed`; `pending` points wait. At an instant
    after the latest event, points that turn active or expire by then are counted so, by the
    store's latest program, as they will be if nothing else happens.
    """
    with open_store(db) as store:
        check_customer(store, customer)
        check_wallet(store, wallet)
        print_rows(
            ("customer", "wallet", "balance", "owed", "pending", "expiring", "expires"),
            first(_balances(store, customer, wallet, at, limit + 1), limit),
            as_json=as_json,
            empty="Nobody has any points.",
        )


def _balances(
    store: Store, customer: str | None, wallet: str | None, at: int | None, limit: int
) -> list[tuple[object, ...]]:
    instant = latest_time(store.connection) if at is None else at
    if instant is None:
        return []
    program = program_of(store.connection)
    asked = (wallet,) if wallet is not None else tuple(program.wallets)
    named = asked if customer is not None else ()

    def rows() -> Iterator[tuple[object, ...]]:
        for held in holdings(store.connection, program, at=instant, customer=customer):
            for stands in standings(
                held.account, program.wallets, program.locale.zone, held.since, named
            ):
                if wallet in (None, stands.wallet):
                    yield (held.customer, *stands[:-1], shown_time(stands.expires))

    return list(islice(rows(), limit))


def _event(event: Cause, as_json: bool) -> str:
    source = "" if as_json else event.source  # machines get every id
    return event_text(event.type, event.id, source)


for command in (statement, liability, verify, adjust):
    ledger.add_command(command)
