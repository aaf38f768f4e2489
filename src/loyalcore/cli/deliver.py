"""`loyalcore deliver`: send the messages that wait in the outbox."""

from __future__ import annotations

import signal
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from threading import Event
from time import time_ns
from types import FrameType

import click

from loyalcore.cli.output import json_option, print_json, print_table
from loyalcore.cli.reading import check_word, open_store
from loyalcore.cli.run import db_option
from loyalcore.delivery.deliver import deliver as deliver_messages
from loyalcore.delivery.lane import Tally
from loyalcore.delivery.settings import read_settings
from loyalcore.errors import UsageError
from loyalcore.plugins.gathering import channel_kinds
from loyalcore.plugins.loading import make_manager
from loyalcore.runner.replay import CompiledPrograms
from loyalcore.store.outbox import count_due

NEEDS_SETTINGS = "needs settings: give it a part of the file that --settings names"

settings_option = click.option(
    "--settings",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    help="The settings of channels: a .toml or .yaml file.",
)


@click.command()
@db_option
@click.option("--channel", "names", multiple=True, metavar="NAME", help="By this one only.")
@settings_option
@click.option("--follow", is_flag=True, help="Go on with what falls due, until stopped.")
@click.option("--limit", type=click.IntRange(min=1), help="Try so many messages at most.")
@json_option
@click.pass_context
def deliver(
    ctx: click.Context,
    db: Path,
    names: tuple[str, ...],
    settings: Path | None,
    follow: bool,
    limit: int | None,
    as_json: bool,
) -> None:
    """Send the messages of the outbox that are due.

    May go on beside a run, and beside others of its kind: none sends what another is
    sending. What fails is tried again later, by the next `deliver` or the same with
    --follow, and is a dead letter in the end. Killed at any time, it loses nothing; what it
    was sending is sent again, with the same key. A message is withheld where its customer may
    not be written to by now (contact, pause), and waits where the hours are quiet.

    Exit status 1 when there are new dead letters, or messages for a channel that can't be
    used.
    """
    kinds = channel_kinds(make_manager())
    channels = read_settings(settings, kinds)
    for name in names:
        if name in kinds and name not in channels:
            raise UsageError(f"the channel '{name}' {NEEDS_SETTINGS}")
        check_word("channel", name, channels)
    if names:
        channels = {name: channels[name] for name in names}
    open_store(db).close()
    with _stopped_by_signals() as stop:
        tallies = deliver_messages(
            db, channels, CompiledPrograms, stop=stop, follow=follow, limit=limit
        )
    with open_store(db) as store:
        waiting = count_due(store.connection, time_ns() // 1_000)
    unusable = {} if names else {n: count for n, count in waiting.items() if n not in channels}
    if as_json:
        print_json(
            {
                "channels": {name: asdict(tally) for name, tally in tallies.items()},
                "unusable": unusable,
            }
        )
    else:
        _print(tallies)
    for name, count in unusable.items():
        why = NEEDS_SETTINGS if name in kinds else "no plugin gives and --settings doesn't name"
        click.echo(f"{count:,} due for the channel '{name}', which {why}", err=True)
    if withheld := sum(tally.withheld for tally in tallies.values()):
        click.echo(
            f"{withheld:,} withheld; see: loyalcore outbox list --db {db} --status withheld",
            err=True,
        )
    dead = sum(tally.dead for tally in tallies.values())
    if dead:
        click.echo(f"{dead:,} dead; see: loyalcore outbox list --db {db} --status dead", err=True)
    ctx.exit(1 if dead or unusable else 0)


def _print(tallies: Mapping[str, Tally]) -> None:
    print_table(
        ("channel", "sent", "to be tried again", "dead"),
        [
            (name, tally.sent, tally.later + tally.throttled, tally.dead)
            for name, tally in tallies.items()
            if tally != Tally()
        ],
        empty="Nothing is due.",
    )


@contextmanager
def _stopped_by_signals() -> Iterator[Event]:
    """Set when somebody asks to end; then what is being sent is still waited for. Asked once
    more, it ends at once."""
    stop = Event()
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

    def end(number: int, frame: FrameType | None) -> None:
        stop.set()
        for known, handler in before.items():
            signal.signal(known, handler)

    for number in before:
        signal.signal(number, end)
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
