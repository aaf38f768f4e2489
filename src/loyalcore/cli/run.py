"""`loyalcore run`: fold events through a ruleset into a store."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from time import monotonic

import click
from msgspec import to_builtins

from loyalcore.calendars import counted
from loyalcore.cli.output import json_option, print_json, print_table
from loyalcore.cli.progress import make_progress
from loyalcore.errors import EventInvalid, UsageError
from loyalcore.intake import Form, read_names, stage
from loyalcore.intake.form import FORMATS
from loyalcore.matching import MatcherName
from loyalcore.plugins.gathering import gathered, vocabulary
from loyalcore.plugins.loading import make_manager
from loyalcore.program.builtin_events import BUILTIN_EVENTS
from loyalcore.program.plan import Program
from loyalcore.runner.clock import last_moment
from loyalcore.runner.fold import BATCH
from loyalcore.runner.loading import load_program
from loyalcore.runner.run import no_collecting
from loyalcore.runner.run import run as run_events
from loyalcore.runner.summary import Summary
from loyalcore.store import Store
from loyalcore.values import to_microseconds

db_option = click.option(
    "--db",
    required=True,
    type=click.Path(path_type=Path, dir_okay=False),
    help="The store: one SQLite file.",
)
matcher_option = click.option(
    "--matcher",
    type=click.Choice(["durable", "compiled"]),
    default=None,
    help="What matches conditions [durable where it can be imported].",
)
batch_option = click.option(
    "--batch",
    type=click.IntRange(min=1),
    default=BATCH,
    show_default=True,
    help="Events committed together.",
)
wait_option = click.option(
    "--wait",
    type=click.FloatRange(min=0),
    default=30.0,
    show_default=True,
    help="Seconds to wait for another run on the same store.",
)


@click.command()
@click.argument("ruleset", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.argument("events", nargs=-1, metavar="[EVENTS]...")
@db_option
@click.option(
    "--map",
    "names",
    multiple=True,
    metavar="NAME=COLUMN,...",
    help="Columns of other names: customer=cust_no,time=date,amount=dollars.",
)
@click.option("--type", "type_", default="", help="The event type of lines that name none.")
@click.option("--source", default="", help="The source of events that name none [file name].")
@click.option(
    "--format",
    "format_",
    default="",
    metavar="NAME",
    help=f"The form of the input: {', '.join(FORMATS)}, or one that a plugin reads [seen from "
    "the first line].",
)
@click.option(
    "--until",
    metavar="TIME",
    help="Let time pass up to here after the events, so that points expire, offers end and "
    "triggers come: a day, which counts whole in the ruleset's time zone, a time, or now.",
)
@matcher_option
@batch_option
@wait_option
@click.option("--allow-rejects", is_flag=True, help="Exit 0 even when events were rejected.")
@json_option
@click.pass_context
def run(
    ctx: click.Context,
    ruleset: Path,
    events: tuple[str, ...],
    db: Path,
    names: tuple[str, ...],
    type_: str,
    source: str,
    format_: str,
    until: str | None,
    matcher: MatcherName | None,
    batch: int,
    wait: float,
    allow_rejects: bool,
    as_json: bool,
) -> None:
    """Fold EVENTS through RULESET and record what is decided in a store.

    EVENTS are files of CloudEvents JSONL, short JSONL or CSV, plain or gzip; - or none is
    standard input (with --until, none is none). Events may come in any order: they are
    handled by time. The same events again change nothing, so a run that was cut short is
    simply run again.

    What is due by itself happens up to the time of the last event; what is due later waits
    for the next run, or for --until. No clock but that of the events is looked at, except by
    --until now.
    """
    manager = make_manager()
    loaded = load_program(ruleset, matcher, vocabulary(manager))
    program = loaded.program
    last = None if until is None else _until(until, program)
    unwritten = program.made.union(BUILTIN_EVENTS)
    declared = [event for event in program.events if event not in unwritten]
    if type_ and type_ not in program.events:
        raise UsageError(f"--type {type_}: the ruleset declares {', '.join(declared)}")
    fields = {name for event in declared for name in program.events[event].fields}
    if type_ in BUILTIN_EVENTS:
        fields |= BUILTIN_EVENTS[type_].keys()
    form = Form(
        zone=program.locale.zone,
        format=format_,
        source=source,
        type=type_ or (declared[0] if len(declared) == 1 else ""),
        names=read_names(names, fields) if names else {},
        readers=gathered(manager, "loyalcore_readers"),
    )
    nothing = () if until else ("-",)
    with (
        no_collecting(),
        Store.open(db, create=True, wait=wait) as store,
        make_progress() as progress,
        stage(events or nothing, form, progress.reading) as staged,
    ):
        started = monotonic()
        summary = run_events(
            loaded,
            store,
            staged,
            staged.rejects(),
            until=last,
            batch=batch,
            wait=wait,
            progress=progress.folding(staged.accepted),
            told=progress.folding,
        )
        seconds = monotonic() - started
    if as_json:
        print_json({**to_builtins(summary), "program": program.hash, "matcher": program.matcher})
    else:
        print_summary(summary, program.matcher, seconds)
    rejected = sum(summary.rejected.values())
    if rejected:
        click.echo(f"{rejected:,} rejected; see: loyalcore rejects list --db {db}", err=True)
    ctx.exit(1 if rejected and not allow_rejects else 0)


def _until(text: str, program: Program) -> int:
    if text == "now":
        return to_microseconds(datetime.now(UTC))
    try:
        return last_moment(text, program.locale.zone)
    except (EventInvalid, ValueError, OverflowError):
        raise UsageError(
            f"--until {text}: write a day such as 2026-12-31, a time such as 2026-12-31T09:30, "
            "or now"
        ) from None


def print_summary(summary: Summary, matcher: str, seconds: float) -> None:
    """What a run did, for people."""
    handled = summary.events + summary.timers + summary.handed_over + summary.duplicates
    handled += sum(summary.rejected.values())
    rate = f" ({handled / seconds:,.0f} a second, {matcher} matcher)" if seconds > 0.5 else ""
    click.echo(f"{counted(summary.events, 'event')} decided{rate}")
    for count, what, became in (
        (summary.emitted, "event", "emitted by rules"),
        (summary.timers, "timer", "fell due"),
        (summary.handed_over, "customer", "handed over to another program"),
        (summary.duplicates, "duplicate", "passed over"),
    ):
        if count:
            click.echo(f"{counted(count, what)} {became}")
    fired, held = summary.fired, summary.held
    rules = sorted({*fired, *held}, key=lambda rule: (-fired.get(rule, 0), rule))
    if rules:
        click.echo()
        print_table(
            ("rule", "fired", "held back"),
            [(rule, fired.get(rule, 0), held.get(rule, 0)) for rule in rules],
        )
    totals = [
        (what, name, count)
        for what, counter in (
            ("points", summary.points),
            ("points spent", summary.spent),
            ("points expired", summary.expired),
            ("points taken back", summary.reversed),
            ("issued", summary.issued),
            ("messages", summary.messages),
            ("rejected", summary.rejected),
        )
        for name, count in sorted(counter.items())
    ]
    if totals:
        click.echo()
        print_table(("", "name", "count"), totals)
