"""`loyalcore rejects`: events that were not accepted, and trying them again."""

from __future__ import annotations

from pathlib import Path

import click
from msgspec import to_builtins

from loyalcore.cli.output import json_option, limit_option, print_json, print_table
from loyalcore.cli.progress import make_progress
from loyalcore.cli.reading import SHORT, first, open_store, parsed
from loyalcore.cli.run import batch_option, db_option, matcher_option, print_summary, wait_option
from loyalcore.matching import MatcherName
from loyalcore.runner.loading import load_program
from loyalcore.runner.retry import retry as retry_rejects
from loyalcore.store.rejects import StoredReject, count_rejects, list_rejects

LONG = 60  # characters of the original in a table; all of it is in the JSON


@click.group()
def rejects() -> None:
    """Events that were not accepted, and trying them again."""


@rejects.command("list")
@db_option
@click.option("--code", metavar="CODE", help="Rejected with this code only.")
@click.option("--file", metavar="FILE", help="From the file of this name only.")
@click.option("--all", "everything", is_flag=True, help="Also those accepted since.")
@limit_option
@json_option
def list_(
    db: Path, code: str | None, file: str | None, everything: bool, limit: int, as_json: bool
) -> None:
    """List rejected events in the order of their files, with reason and original text."""
    with open_store(db) as store:
        status = None if everything else "open"
        found = list_rejects(store.connection, code=code, file=file, status=status, limit=limit + 1)
        shown = first(found, limit)
        counts = count_rejects(store.connection)
    if as_json:
        print_json([_plain(reject) for reject in shown])
        return
    print_table(
        ("reject", "code", "reason", "file", "line", "original", "status"),
        [
            (
                reject.id[:SHORT],
                reject.code,
                reject.message,
                reject.file,
                reject.line,
                _shortened(_text(reject)),
                reject.status,
            )
            for reject in shown
        ],
        empty="No reject is like that." if code or file else "No event is rejected.",
    )
    if len(counts) > 1 and len(shown) > 1 and not code and not file:
        by_code = ", ".join(f"{count:,} {code}" for code, count in counts.items())
        click.echo(f"\nopen: {by_code}")


def _plain(reject: StoredReject) -> dict[str, object]:
    """`original` as text, its bytes that are not UTF-8 shown as \\xff."""
    record = None if reject.record is None else parsed(reject.record)
    return {**reject._asdict(), "original": _text(reject), "record": record}


def _text(reject: StoredReject) -> str:
    return reject.original.decode("utf-8", "backslashreplace")


def _shortened(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= LONG else f"{line[:LONG]}…"


@rejects.command()
@click.argument("ruleset", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@db_option
@matcher_option
@batch_option
@wait_option
@json_option
@click.pass_context
def retry(
    ctx: click.Context,
    ruleset: Path,
    db: Path,
    matcher: MatcherName | None,
    batch: int,
    wait: float,
    as_json: bool,
) -> None:
    """Fold the open rejects through RULESET, as a run.

    Those that are accepted are open no more. The others stay, with the reason that they
    have now; then the exit status is 1. Lines that no event could be read from are not
    tried: correct them in their file and run that.
    """
    loaded = load_program(ruleset, matcher)
    with open_store(db) as store, make_progress() as progress:
        before = sum(count_rejects(store.connection).values())
        result = retry_rejects(
            loaded, store, batch=batch, wait=wait, progress=progress.folding(before, "retrying")
        )
    unreadable = before - result.tried
    if as_json:
        print_json(
            {
                **to_builtins(result.summary),
                "tried": result.tried,
                "unreadable": unreadable,
                "remaining": result.remaining,
                "program": loaded.program.hash,
            }
        )
    elif before:
        print_summary(result.summary, loaded.program.matcher, 0)
        click.echo()
        click.echo(f"{before - result.remaining:,} of {before:,} open rejects accepted")
        if unreadable:
            click.echo(f"{unreadable:,} can't be read as events: correct them in their files")
    else:
        click.echo("No reject is open.")
    if result.remaining:
        click.echo(
            f"{result.remaining:,} still open; see: loyalcore rejects list --db {db}", err=True
        )
    ctx.exit(1 if result.remaining else 0)
