"""`loyalcore ledger verify`: is every point accounted for?"""

from __future__ import annotations

from pathlib import Path

import click

from loyalcore.cli.output import json_option, print_json
from loyalcore.cli.progress import make_progress
from loyalcore.cli.reading import open_store
from loyalcore.cli.run import db_option
from loyalcore.runner.verify import Verified
from loyalcore.runner.verify import verify as verify_store
from loyalcore.store.customers import count_customers


@click.command()
@db_option
@click.option("--quick", is_flag=True, help="Don't step the logged events again.")
@json_option
@click.pass_context
def verify(ctx: click.Context, db: Path, quick: bool, as_json: bool) -> None:
    """Compute every balance again, and name the first that is not right.

    The entries of each lot are added up: no bucket may fall below zero, and no point may come
    from nowhere or vanish. Customers' states must say the same. Then all logged events are
    decided again, and must lead to the decisions and entries that are stored.

    Exit status 1 when something is not right.
    """
    with open_store(db) as store, make_progress() as progress:
        done = verify_store(
            store.connection,
            quick=quick,
            progress=progress.folding(count_customers(store.connection), "verifying"),
        )
    if as_json:
        print_json(
            {
                "customers": done.customers,
                "entries": done.entries,
                "events": done.events,
                "changed_programs": list(done.changed),
                "difference": None if done.difference is None else done.difference._asdict(),
            }
        )
    else:
        _print(done, quick=quick)
    ctx.exit(1 if done.difference else 0)


def _print(done: Verified, *, quick: bool) -> None:
    if done.difference is not None:
        customer, where, expected, found = done.difference
        click.echo(f"customer {customer}, {where}")
        click.echo(f"  expected: {expected}")
        click.echo(f"  found:    {found}")
        for hash in done.changed:
            click.echo(
                f"The program {hash[:12]} compiles to another one here: loyalcore or a plugin has "
                "another version than when it decided."
            )
        return
    events = "events not stepped again" if quick else f"{done.events:,} events"
    click.echo(
        f"Every point is accounted for: {done.customers:,} customers, "
        f"{done.entries:,} entries, {events}."
    )
