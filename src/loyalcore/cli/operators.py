"""What operators do by hand: events as any other, through the store's latest program."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import wraps
from pathlib import Path
from typing import Any, NamedTuple
from uuid import uuid4

import click

from loyalcore.cli.effects import effects_text
from loyalcore.cli.output import json_option, print_json
from loyalcore.cli.queues import with_id, with_ids
from loyalcore.cli.reading import (
    TIME,
    check_word,
    effects_of,
    known_customer,
    open_store,
    shown_time,
)
from loyalcore.cli.run import db_option, wait_option
from loyalcore.errors import StoreError, UsageError
from loyalcore.intake import RawEvent, Staged
from loyalcore.ledger.lots import MAX_POINTS
from loyalcore.program.builtin_events import ADJUST_POINTS
from loyalcore.ruleset.source import Source
from loyalcore.runner.loading import Loaded, load_from
from loyalcore.runner.run import run
from loyalcore.store import Store
from loyalcore.store.decisions import StoredDecision, list_decisions
from loyalcore.store.events import find_event
from loyalcore.store.programs import latest_program
from loyalcore.store.tasks import Asked
from loyalcore.values import to_microseconds, write_time

SOURCE = "operator"

Command = Callable[..., Any]


class Hand(NamedTuple):
    """How an operator's event comes, and is told of: when (None: now), under which id (None: a
    new one), for how many seconds another run is waited for, and whether as JSON."""

    time: int | None
    id: str | None
    wait: float
    as_json: bool


def by_hand(command: Command) -> Command:
    """The options of a command that makes an event: for whom, when, under which id."""
    command = click.option("--customer", metavar="C", required=True, help="For this customer.")(
        operator_options(command)
    )
    return db_option(command)


def operator_options(command: Command) -> Command:
    """Those of when and under which id, for a command that names the customer, and the store,
    by itself. It gets them as one `hand`."""

    @wraps(command)
    def handed(
        *, time: int | None, id_: str | None, wait: float, as_json: bool, **given: Any
    ) -> None:
        command(**given, hand=Hand(time, id_, wait, as_json))

    for option in (
        json_option,
        wait_option,
        click.option("--id", "id_", metavar="ID", help="The event's id [a new one]."),
        click.option(
            "--time", type=TIME, help="When it happens; UTC where it has no offset. [now]"
        ),
    ):
        handed = option(handed)
    return handed


def saying(word: str) -> Callable[[click.Context, click.Parameter, str], str]:
    """A callback for an option whose text must not be blank; else it asks to say `word`."""

    def said(ctx: click.Context, option: click.Parameter, text: str) -> str:
        if not text.strip():
            raise UsageError(f"{option.opts[0]}: say {word}")
        return text

    return said


note_option = click.option(
    "--note",
    metavar="TEXT",
    required=True,
    callback=saying("why"),
    help="Why, for those who ask later.",
)


@click.command()
@by_hand
@click.option("--wallet", metavar="W", required=True, help="The wallet.")
@click.option(
    "--points",
    type=click.IntRange(-MAX_POINTS, MAX_POINTS),
    metavar="N",
    required=True,
    help="How many to give or, below 0, to take.",
)
@note_option
def adjust(db: Path, customer: str, wallet: str, points: int, note: str, hand: Hand) -> None:
    """Give points to a customer by hand, or take some.

    It is an event of type adjust_points, kept and decided as any other: what is due by then
    happens first, for all customers. No more is taken than is there. The same --id again
    changes nothing. Exit status 1 when nothing could be done.
    """
    if not points:
        raise UsageError("--points 0 changes nothing")
    with open_store(db) as store:
        loaded = latest(store)
        check_word("wallet", wallet, loaded.program.wallets)
        data = {"wallet": wallet, "points": points, "note": note}
        act(hand, store, loaded, ADJUST_POINTS, customer, data)


def latest(store: Store) -> Loaded:
    """The program of the store's latest run, to run again."""
    stored = latest_program(store.connection)
    if stored is None:
        raise UsageError(f"nothing was run into {store.path} yet")
    return load_from(Source.from_json(stored.source))


def act(
    hand: Hand,
    store: Store,
    loaded: Loaded,
    type_: str,
    customer: str,
    data: Mapping[str, object],
    asked: Asked | None = None,
) -> None:
    """Run one event of an operator, which may answer what is `asked`, and tell what came of it;
    exit 1 where nothing did."""
    now = to_microseconds(datetime.now(UTC)) if hand.time is None else hand.time
    clock = known_customer(store, customer).clock
    id = hand.id or str(uuid4())
    if now < clock and not find_event(store.connection, id=id, source=SOURCE):
        raise UsageError(
            f"--time {write_time(now)} is before the customer's latest event, "
            f"{write_time(clock)}; what has been decided stays"
        )
    raw = RawEvent(
        now, SOURCE, id, type_, customer, json.dumps(data, ensure_ascii=False), "operator", 1, b""
    )
    with Staged() as staged:
        staged.add([raw._replace(original=raw.record().encode())])
        summary = run(loaded, store, staged, wait=hand.wait)
    if summary.rejected:
        reasons = ", ".join(summary.rejected)
        raise StoreError(f"it was rejected ({reasons}); see: loyalcore rejects list")
    (event,) = find_event(store.connection, id=id, source=SOURCE)
    decisions = list_decisions(store.connection, event=event.seq)
    again = bool(summary.duplicates)
    done = any(_did(decision) for decision in decisions)
    if hand.as_json:
        print_json(
            {
                "id": id,
                "type": type_,
                "customer": customer,
                "time": shown_time(event.time),
                "again": again,
                "done": done,
                "decisions": [
                    {
                        "decision": one.id,
                        "rule": one.rule,
                        "reason": one.reason,
                        "effects": effects_of(one),
                    }
                    for one in decisions
                ],
            }
        )
    else:
        if again:
            click.echo(f"{id} was done before; nothing has changed. It came to:")
        for one in decisions:
            effects = with_ids(store, one.customer, effects_of(one))
            click.echo(f"{one.rule}: {with_id(one.reason, asked) or effects_text(effects)}")
        if not decisions:
            click.echo("Nothing came of it.")
        click.echo(f"event {id} of {SOURCE} at {shown_time(event.time)}")
    click.get_current_context().exit(0 if done else 1)


def _did(decision: StoredDecision) -> bool:
    return not decision.reason and any(
        effect["effect"] != "skipped" for effect in effects_of(decision)
    )
