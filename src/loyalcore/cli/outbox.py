"""`loyalcore outbox`: messages on their way out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from time import time_ns
from typing import Any, NamedTuple

import click

from loyalcore.cli.effects import value_text
from loyalcore.cli.listing import print_list
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
from loyalcore.delivery.rendering import Unrenderable, reader_of, rendered
from loyalcore.errors import UsageError
from loyalcore.runner.replay import CompiledPrograms
from loyalcore.store import Store
from loyalcore.store import outbox as messages
from loyalcore.store.decisions import decision_ids
from loyalcore.store.schema import transaction

Command = Callable[..., Any]


@click.group()
def outbox() -> None:
    """Messages on their way out."""


class _Filters(NamedTuple):
    """Which messages are meant."""

    customer: str | None
    message: str | None
    channel: str | None
    status: str | None


def _filters(*statuses: str) -> Callable[[Command], Command]:
    """The options that say which messages."""
    options = (
        customer_option,
        click.option("--message", metavar="M", help="Of this name only."),
        click.option("--channel", metavar="NAME", help="By this channel only."),
        click.option("--status", type=click.Choice(statuses), help="Only these."),
    )

    def add(command: Command) -> Command:
        for option in reversed(options):
            command = option(command)
        return command

    return add


@outbox.command("list")
@db_option
@click.option("--key", metavar="KEY", help="The one that channels know by this key.")
@_filters(*messages.STATUSES)
@limit_option
@json_option
def list_(
    db: Path,
    key: str | None,
    customer: str | None,
    message: str | None,
    channel: str | None,
    status: str | None,
    limit: int,
    as_json: bool,
) -> None:
    """List messages in the order written, each with what it is for, the channel that was
    chosen, the decision that sends it, and why it isn't sent, or waits."""
    with open_store(db) as store:
        check_customer(store, customer)
        found = messages.list_messages(
            store.connection,
            key=key,
            customer=customer,
            message=message,
            channel=channel,
            status=status,
            limit=limit + 1,
        )
        shown = first(found, limit)
        ids = decision_ids(store.connection, [one.decision for one in shown])
    row, plain = partial(_row, ids=ids), partial(_plain, ids=ids)
    print_list(shown, row, plain, as_json=as_json, empty="No message is like that.")


def _row(one: messages.Message, ids: Mapping[int, str]) -> dict[str, object]:
    return {
        "seq": one.seq,
        "time": shown_time(one.time),
        "customer": one.customer,
        "message": one.message,
        "purpose": one.purpose,
        "channel": one.channel,
        "status": one.status,
        "attempts": one.attempts,
        "decision": ids[one.decision][:SHORT],
        "reason": one.reason or "",
    }


def _plain(one: messages.Message, ids: Mapping[int, str]) -> dict[str, object]:
    plain = one._asdict()
    del plain["program"], plain["lease"]
    return {
        **plain,
        "time": shown_time(one.time),
        "due": shown_time(one.due),
        "sent": shown_time(one.sent),
        "data": parsed(one.data),
        "decision": ids[one.decision],
    }


@outbox.command()
@click.argument("seq", type=int)
@db_option
@json_option
def show(seq: int, db: Path, as_json: bool) -> None:
    """Show the message SEQ (its number in `outbox list`) and the words that are sent."""
    with open_store(db) as store:
        one = _known(store, seq)
        plain = _plain(one, decision_ids(store.connection, [one.decision]))
        words: dict[str, object]
        try:
            programs = CompiledPrograms(store.connection)
            known = reader_of(store.connection, one.customer).attributes
            made = rendered(one, programs, known, html=True)
        except Unrenderable as error:
            words = {"problem": str(error)}
        else:
            words = {"subject": made.subject, "text": made.text, "html": made.html}
            words = {part: text for part, text in words.items() if text}
            words |= {file.name: file.text for file in made.attachments}
    if as_json:
        print_json({**plain, **words})
        return
    print_table(
        ("message", str(one.seq)),
        [
            (name, value_text(value))
            for name, value in plain.items()
            if name not in ("seq", "data") and value is not None
        ],
    )
    for part, text in words.items():
        click.echo(f"\n{part}:\n{str(text).rstrip()}")


@outbox.command()
@click.argument("seqs", metavar="[SEQ]...", type=int, nargs=-1)
@db_option
@_filters("pending", "withheld", "dead", "cancelled")
def retry(
    seqs: tuple[int, ...],
    db: Path,
    customer: str | None,
    message: str | None,
    channel: str | None,
    status: str | None,
) -> None:
    """Let messages be tried at once, as if for the first time: those of these numbers, or
    all that the options name.

    That is for dead letters, once what was wrong is put right; for those that wait for their
    next try; for those that were withheld, which are if their customer still may not be written
    to; and for those that were cancelled.
    """
    filters = _Filters(customer, message, channel, status)
    _change(db, seqs, filters, messages.revive, "to be tried again")


@outbox.command()
@click.argument("seqs", metavar="[SEQ]...", type=int, nargs=-1)
@db_option
@_filters("pending", "withheld", "dead")
@click.option("--reason", default="by an operator", show_default=True, help="Why, for people.")
def cancel(
    seqs: tuple[int, ...],
    db: Path,
    customer: str | None,
    message: str | None,
    channel: str | None,
    status: str | None,
    reason: str,
) -> None:
    """Give up messages that are not sent: those of these numbers, or all that the options
    name. One that is just being sent is not stopped."""

    def given_up(connection: Any, chosen: Sequence[int], now: int) -> int:
        return messages.cancel(connection, chosen, now, reason)

    filters = _Filters(customer, message, channel, status)
    _change(db, seqs, filters, given_up, "cancelled")


def _change(
    db: Path,
    seqs: Sequence[int],
    filters: _Filters,
    change: Callable[[Any, Sequence[int], int], int],
    done: str,
) -> None:
    if bool(seqs) == any(filters):
        raise UsageError("name messages by their numbers, or by options such as --status dead")
    with open_store(db) as store:
        check_customer(store, filters.customer)
        for seq in seqs:
            _known(store, seq)
        with transaction(store.connection, db):
            chosen = seqs or [
                one.seq
                for one in messages.list_messages(
                    store.connection,
                    customer=filters.customer,
                    message=filters.message,
                    channel=filters.channel,
                    status=filters.status,
                )
                if one.status != "sent"
            ]
            count = change(store.connection, chosen, time_ns() // 1_000)
    click.echo(f"{count:,} {done}")
    if count < len(chosen):
        click.echo(f"{len(chosen) - count:,} are sent, being sent, or settled already", err=True)


def _known(store: Store, seq: int) -> messages.Message:
    found = messages.list_messages(store.connection, seq=seq)
    if not found:
        raise UsageError(f"there is no message {seq}; see: loyalcore outbox list --db {store.path}")
    return found[0]
