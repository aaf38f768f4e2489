"""`loyalcore ledger statement` and `liability`: what a controller asks for."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import click

from loyalcore.cli.output import Figure, json_option, money_figure, print_json, print_table
from loyalcore.cli.period import period_text, read_period
from loyalcore.cli.reading import (
    TIME,
    check_wallet,
    event_text,
    known_customer,
    open_store,
    shown_time,
)
from loyalcore.cli.run import db_option
from loyalcore.ledger.report import ENOUGH, Liability, Movement, Statement, statements
from loyalcore.runner.reports import Outstandings, liabilities, now_of, program_of
from loyalcore.store.ledger import Cause, balances_before, causes, list_entries
from loyalcore.values import Locale

# --- statement --------------------------------------------------------------------------------


@click.command()
@db_option
@click.option("--customer", metavar="C", required=True, help="Of this customer.")
@click.option("--from", "from_", metavar="TIME", help="From this month, day or time on.")
@click.option("--to", metavar="TIME", help="Before this month, day or time.")
@click.option("--wallet", metavar="W", help="Of this wallet only.")
@json_option
def statement(
    db: Path,
    customer: str,
    from_: str | None,
    to: str | None,
    wallet: str | None,
    as_json: bool,
) -> None:
    """Tell every movement of a customer's points in a period, wallet by wallet.

    `--from 2026-03 --to 2026-04` is March. Months, days and times without an offset are in
    the time zone of the program. `points` is by how much the balance changed, `pending` the
    points that wait: earned, but not to be spent yet.
    """
    with open_store(db) as store:
        known_customer(store, customer)
        check_wallet(store, wallet)
        program = program_of(store.connection)
        zone = program.locale.zone
        since, until = read_period(from_, to, zone)
        entries = list_entries(
            store.connection, customer=customer, wallet=wallet, since=since, until=until
        )
        before = {} if since is None else balances_before(store.connection, customer, time=since)
        if wallet is not None:
            before = {name: points for name, points in before.items() if name == wallet}
        events = causes(store.connection, {entry.event for entry in entries})
    made = statements(before, entries)
    if as_json:
        print_json(
            {
                "customer": customer,
                "from": shown_time(since),
                "to": shown_time(until),
                "wallets": [_statement_json(one, events) for one in made],
            }
        )
        return
    click.echo(f"{customer}, {period_text(from_, to)} ({zone.key})")
    for one in made:
        click.echo()
        _print_statement(one, events, shown_time(since), shown_time(until))
    if not made:
        click.echo("No points were moved.")


def _print_statement(
    one: Statement, events: Mapping[int, Cause], since: str | None, until: str | None
) -> None:
    rows: list[tuple[object, ...]] = [
        (since, "opening balance", "", "", None, None, one.opening, one.opening_pending)
    ]
    rows += (
        (
            shown_time(move.time),
            _told(move, events),
            move.rule,
            event_text(cause.type, cause.id, cause.source),
            _signed(move.points),
            _signed(move.pending),
            move.balance,
            move.waiting,
        )
        for move in one.movements
        for cause in (events[move.event],)
    )
    rows.append((until, "closing balance", "", "", None, None, one.closing, one.closing_pending))
    click.echo(one.wallet)
    print_table(
        ("time", "movement", "rule", "event", "points", "pending", "balance", "waiting"), rows
    )


def _told(move: Movement, events: Mapping[int, Cause]) -> str:
    """A movement in words, with what the event that made it says of it."""
    said = json.loads(events[move.event].data)
    match events[move.event].type, said:
        case "adjust_points", {"note": str(note)}:
            return f"{move.what}: {note}"
        case "points_received", {"sender": str(sender)}:
            return f"{move.what} from {sender}"
    if move.pending > 0 and move.activates is not None:
        return f"{move.what} until {shown_time(move.activates)}"
    return move.what


def _signed(points: int) -> Figure:
    return Figure(f"{points:+,}" if points else "")


def _statement_json(one: Statement, events: Mapping[int, Cause]) -> dict[str, object]:
    return {
        "wallet": one.wallet,
        "opening": one.opening,
        "opening_pending": one.opening_pending,
        "movements": [
            {
                "time": shown_time(move.time),
                "what": _told(move, events),
                "rule": move.rule,
                "event_type": events[move.event].type,
                "event": events[move.event].id,
                "points": move.points,
                "pending": move.pending,
                "balance": move.balance,
                "waiting": move.waiting,
            }
            for move in one.movements
        ],
        "closing": one.closing,
        "closing_pending": one.closing_pending,
    }


# --- liability --------------------------------------------------------------------------------


@click.command()
@db_option
@click.option(
    "--at",
    type=TIME,
    help="At this instant, what happens then included; UTC where it has no offset. "
    "[the latest event of the store]",
)
@click.option(
    "--by",
    type=click.Choice(["month", "wallet"]),
    default="month",
    show_default=True,
    help="Also by the month in which points expire, or by wallet alone.",
)
@json_option
@click.pass_context
def liability(ctx: click.Context, db: Path, at: int | None, by: str, as_json: bool) -> None:
    """Tell what points are outstanding, when they expire, and what they cost.

    `value` is active and pending points at the price of the wallet. `breakage` estimates how
    many of them will never be asked for: the share of points that expired unused among lots
    whose life is over; it is not taken off. `expired` is what has expired for good so far.
    What customers owe is never set off. Qualifying points are no liability and left out.

    Exit status 1 when customers' states and the entries do not come to the same.
    """
    with open_store(db) as store:
        program = program_of(store.connection)
        instant = now_of(store.connection) if at is None else at
        made = liabilities(store.connection, program, at=instant)
    if as_json:
        print_json(_liability_json(made, program.locale))
    else:
        _print_liability(made, program.locale, by_month=by == "month")
    for difference in made.differences:
        click.echo(f"error: {difference}", err=True)
    if made.differences:
        click.echo(f"`loyalcore ledger verify --db {db}` tells where.", err=True)
        ctx.exit(1)


def _print_liability(made: Outstandings, locale: Locale, *, by_month: bool) -> None:
    click.echo(f"at {shown_time(made.at)}, values in {locale.currency}")
    if by_month and made.wallets:
        click.echo()
        print_table(
            ("wallet", "expires in", "active", "pending", "value"),
            [
                (
                    part.wallet,
                    part.month,
                    part.active,
                    part.pending,
                    money_figure(part.value, locale),
                )
                for wallet in made.wallets
                for part in wallet.months
            ],
            empty="Nothing is outstanding.",
        )
    click.echo()
    print_table(
        ("wallet", "active", "pending", "value", "breakage", "its value", "expired", "owed"),
        [
            (
                one.wallet,
                one.active,
                one.pending,
                money_figure(one.value, locale),
                _estimate(one),
                money_figure(one.breakage_value, locale),
                one.expired,
                one.owed,
            )
            for one in made.wallets
        ],
        empty="Nothing is outstanding.",
    )


def _estimate(one: Liability) -> str:
    if one.rate is None:
        return f"not enough history (under {ENOUGH} lots)"
    return f"{one.breakage:,} ({float(one.rate):.1%})"


def _liability_json(made: Outstandings, locale: Locale) -> dict[str, object]:
    return {
        "at": shown_time(made.at),
        "currency": locale.currency,
        "wallets": [
            {
                "wallet": one.wallet,
                "active": one.active,
                "pending": one.pending,
                "value": money_figure(one.value, locale),
                "owed": one.owed,
                "expired": one.expired,
                "breakage_rate": None if one.rate is None else str(one.rate),
                "breakage": one.breakage,
                "breakage_value": money_figure(one.breakage_value, locale),
                "months": [
                    {
                        "expires": part.month,
                        "active": part.active,
                        "pending": part.pending,
                        "value": money_figure(part.value, locale),
                    }
                    for part in one.months
                ],
            }
            for one in made.wallets
        ],
        "differences": list(made.differences),
    }
