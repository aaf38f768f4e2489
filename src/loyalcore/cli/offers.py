"""`loyalcore offers`: what is open for a customer, opened and taken back by hand, and codes."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import click

from loyalcore.cli.effects import value_text
from loyalcore.cli.operators import Hand, act, by_hand, latest
from loyalcore.cli.output import json_option, print_json, print_rows
from loyalcore.cli.reading import check_word, known_customer, open_store, shown_time
from loyalcore.cli.run import db_option, wait_option
from loyalcore.engine.offering.presented import batch_key
from loyalcore.engine.telling.showing import open_offers
from loyalcore.errors import UsageError
from loyalcore.program.builtin_events import OPEN_OFFER, REVOKE_OFFER
from loyalcore.program.offering.offer_plan import BATCH
from loyalcore.runner.batches import make_codes
from loyalcore.runner.replay import current_state
from loyalcore.runner.reports import now_of, program_of
from loyalcore.store.codes import list_batches

MOST = 1_000_000  # codes made at once: what memory holds


@click.group()
def offers() -> None:
    """What is open for a customer, opened and taken back by hand, and codes."""


@offers.command("list")
@db_option
@click.option("--customer", metavar="C", required=True, help="Of this customer.")
@json_option
def list_(db: Path, customer: str, as_json: bool) -> None:
    """List the offers that are open for a customer, as of the store's latest event.

    `target` is empty where it hangs on the event that comes next.
    """
    with open_store(db) as store:
        stored = known_customer(store, customer)
        program = program_of(store.connection)
        state = current_state(store.connection, program, customer, stored)
        found = open_offers(program, state, now_of(store.connection))
    rows = [
        (
            one.offer,
            one.number,
            shown_time(one.opened),
            shown_time(one.until),
            one.progress,
            one.target,
            one.code,
            dict(one.fields) if as_json else value_text(one.fields),
        )
        for one in found
    ]
    print_rows(
        ("offer", "number", "opened", "until", "progress", "target", "code", "fields"),
        rows,
        as_json=as_json,
        empty=f"No offer is open for {customer}.",
    )


@offers.command()
@click.argument("offer")
@db_option
@click.option(
    "--count",
    type=click.IntRange(min=1, max=MOST),
    metavar="N",
    help="Make so many. Without it, tell how many there are.",
)
@click.option("--batch", metavar="NAME", help="The batch they belong to [a new number].")
@wait_option
@json_option
def codes(
    offer: str, db: Path, count: int | None, batch: str | None, wait: float, as_json: bool
) -> None:
    """Make codes for an offer that has `code: batch`, one a line, or tell how many were used.

    No code can be guessed, and none is ever made twice. Who presents one uses it up. They are
    told only once: keep them.
    """
    with open_store(db) as store:
        program = program_of(store.connection)
        check_word("offer", offer, program.offers)
        if program.offers[offer].code != BATCH:
            raise UsageError(f"{offer} has no codes in batches; it must say `code: batch`")
        batches = list_batches(store.connection, offer, batch_key(""))
        if count is None:
            shown = [one for one in batches if batch in (None, one.batch)]
            print_rows(
                ("offer", "batch", "codes", "used"),
                shown,
                as_json=as_json,
                empty=f"No codes were made for {offer}; --count makes some.",
            )
            return
        name = str(len(batches) + 1) if batch is None else batch
        made = make_codes(store, offer, name, count, wait=wait)
    _print_codes(offer, name, made, as_json=as_json)


def _print_codes(offer: str, batch: str, made: Sequence[str], *, as_json: bool) -> None:
    if as_json:
        print_json({"offer": offer, "batch": batch, "codes": made})
        return
    for code in made:
        click.echo(code)
    click.echo(f"{len(made):,} codes made for {offer}, batch {batch}.", err=True)


@offers.command("open")
@click.argument("offer")
@by_hand
@click.option(
    "--field",
    "fields",
    multiple=True,
    metavar="NAME=VALUE",
    help="A field of the offer; again for others.",
)
def open_(offer: str, db: Path, customer: str, fields: tuple[str, ...], hand: Hand) -> None:
    """Open an offer for a customer by hand.

    It is an event of type open_offer, kept and decided as any other. Exit status 1 when the
    offer could not be opened.
    """
    values = {}
    for field in fields:
        name, equals, value = field.partition("=")
        if not name or not equals:
            raise UsageError(f"--field {field}: expected NAME=VALUE")
        values[name] = value
    with open_store(db) as store:
        loaded = latest(store)
        check_word("offer", offer, loaded.program.offers)
        text = json.dumps(values, ensure_ascii=False)
        data = {"offer": offer, "fields": text}
        act(hand, store, loaded, OPEN_OFFER, customer, data)


@offers.command()
@click.argument("offer")
@by_hand
@click.option("--number", type=int, metavar="N", help="Only the one of this number [all].")
def revoke(offer: str, db: Path, customer: str, number: int | None, hand: Hand) -> None:
    """Take back an offer that is open for a customer.

    It is an event of type revoke_offer, kept and decided as any other. Exit status 1 when
    none was open.
    """
    with open_store(db) as store:
        loaded = latest(store)
        check_word("offer", offer, loaded.program.offers)
        data = {"offer": offer} | ({} if number is None else {"number": number})
        act(hand, store, loaded, REVOKE_OFFER, customer, data)
