"""`loyalcore program`: which rules are in force when, what differs between them, and the step
from one to another."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from sqlite3 import Connection

import click

from loyalcore.cli.output import json_option, print_json, print_rows
from loyalcore.cli.progress import make_progress
from loyalcore.cli.reading import SHORT, check_word, open_store, shown_time
from loyalcore.cli.run import batch_option, db_option, matcher_option, wait_option
from loyalcore.errors import EventInvalid, RulesetInvalid, UsageError
from loyalcore.matching import MatcherName
from loyalcore.program.difference import Difference, difference
from loyalcore.ruleset.load import draft
from loyalcore.ruleset.source import Source
from loyalcore.runner.activation import is_later
from loyalcore.runner.carrying import Takeover, takeover
from loyalcore.runner.clock import last_moment
from loyalcore.runner.in_force import earliest, in_force
from loyalcore.runner.loading import Loaded, load_from, load_program
from loyalcore.runner.run import activate as put_in_force
from loyalcore.store.activations import BEGINNING, decided_by, list_activations
from loyalcore.store.customers import count_customers
from loyalcore.store.programs import Program, find_program, list_programs, programs_like

ACTIVE = "active"


@click.group()
def program() -> None:
    """The programs of a store: which is in force when, and what is another in the next."""


@program.command("list")
@db_option
@json_option
def list_(db: Path, as_json: bool) -> None:
    """List the programs that have decided in a store, or are to.

    `from` is the instant from which one is in force, empty for the first; `until` that from
    which another is. One that was in force twice stands there twice. `compiles` says whether
    it is the same program here as when it was stored.
    """
    with open_store(db) as store:
        rows = list(_listed(store.connection))
    print_rows(
        ("hash", "name", "from", "until", "state", "first run", "last run", "events", "compiles"),
        [row if as_json else (row[0][:SHORT], *row[1:]) for row in rows],
        as_json=as_json,
        empty="Nothing was run into this store yet.",
    )


def _listed(
    connection: Connection,
) -> list[tuple[str, str, str | None, str | None, str, str | None, str | None, int, str]]:
    stored = {one.id: one for one in list_programs(connection)}
    compiles = {number: _compiles(one) for number, one in stored.items()}
    activations = list_activations(connection)
    decided = {one.program: one for one in decided_by(connection)}
    now = in_force(connection)
    rows = []
    for place, one in enumerate(activations):
        following = activations[place + 1].at if place + 1 < len(activations) else None
        state = "over" if one.begun is not None else "planned"
        if now is not None and one.seq == now.seq:
            state = ACTIVE if one.done else "taking over"
        did = decided[one.program]
        rows.append(
            (
                stored[one.program].hash,
                stored[one.program].name,
                None if one.at == BEGINNING else shown_time(one.at),
                None if following in (None, BEGINNING) else shown_time(following),
                state,
                shown_time(did.first),
                shown_time(did.last),
                did.events,
                compiles[one.program],
            )
        )
    return rows


def _compiles(stored: Program) -> str:
    try:
        here = load_from(Source.from_json(stored.source), "compiled").program.hash
    except RulesetInvalid as invalid:
        return f"no: {invalid.problems[0]}"
    return "yes" if here == stored.hash else f"as another: {here[:SHORT]}"


@program.command()
@click.argument("hash_", metavar="HASH")
@db_option
@click.option("--file", "file", metavar="NAME", help="Only this file of it, as it was.")
@json_option
def show(hash_: str, db: Path, file: str | None, as_json: bool) -> None:
    """Print the source of a program, every file of it.

    HASH is the beginning of its hash, or `active`.
    """
    with open_store(db) as store:
        stored = _stored(store.connection, hash_)
    source = Source.from_json(stored.source)
    if file is not None:
        check_word("file", file, source.files)
        click.echo(source.files[file], nl=False)
    elif as_json:
        print_json({"hash": stored.hash, "name": stored.name, **json.loads(stored.source)})
    else:
        for name in (source.main, *(name for name in source.files if name != source.main)):
            click.echo(f"# --- {name} ---")
            click.echo(source.files[name], nl=not source.files[name].endswith("\n"))


@program.command()
@click.argument("old", metavar="A")
@click.argument("new", metavar="B")
@click.option(
    "--db",
    type=click.Path(path_type=Path, dir_okay=False),
    help="The store: one SQLite file. Not needed where A and B are both files.",
)
@json_option
@click.pass_context
def diff(ctx: click.Context, old: str, new: str, db: Path | None, as_json: bool) -> None:
    """Say in plain words what is another in program B than in program A.

    Each is a ruleset's path, or of the store the beginning of a hash, or `active`. Exit
    status 0 when they are the same, 1 when they differ, 2 when one can't be found.
    """
    before, after = _asked(old, db), _asked(new, db)
    found = differences(before, after)
    if as_json:
        print_json([one._asdict() | {"text": str(one)} for one in found])
    else:
        _print(found)
    ctx.exit(1 if found else 0)


@program.command()
@click.argument("ruleset", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@db_option
@click.option(
    "--at",
    "at",
    metavar="TIME",
    help="From when on; a day begins at midnight, in the ruleset's time zone. [the store's "
    "latest event]",
)
@click.option("--dry-run", is_flag=True, help="Tell what would come of it, and do nothing.")
@matcher_option
@batch_option
@wait_option
@json_option
def activate(
    ruleset: Path,
    db: Path,
    at: str | None,
    dry_run: bool,
    matcher: MatcherName | None,
    batch: int,
    wait: float,
    as_json: bool,
) -> None:
    """Put a program in force: it decides all that comes from TIME on.

    Tells what is another in it, and what becomes of what customers have. What can't be
    carried over is told before anything is done. A TIME that is still to come is planned: the
    run that reaches it lets everything happen that is due before, and goes on with this
    program. For the instant of a plan, another plan takes its place; to call one off, plan
    the program that is in force.
    """
    loaded = load_program(ruleset, matcher)
    time = None if at is None else _instant(at, loaded)
    with open_store(db) as store, make_progress() as progress:
        connection = store.connection
        first = earliest(connection)
        later = is_later(connection, time)
        now = in_force(connection)
        found: Sequence[Difference] = ()
        if now is not None:
            stored = find_program(connection, id=now.program)
            assert stored is not None
            found = differences(Source.from_json(stored.source), loaded.source)
        told = takeover(loaded, connection, later=later, told=progress.folding)
        if not as_json:
            _print(found)
        told.check()
        customers = count_customers(connection)
        handed_over = 0
        if not dry_run:
            summary = put_in_force(
                loaded, store, time, batch=batch, wait=wait, told=progress.folding
            )
            handed_over = 0 if summary is None else summary.handed_over
    from_ = time if time is not None and later else first
    if as_json:
        print_json(
            {
                "program": loaded.program.hash,
                "from": None if from_ == BEGINNING else shown_time(from_),
                "planned": later,
                "done": not dry_run,
                "everyone": told.everyone,
                "handed_over": handed_over,
                "differences": [one._asdict() | {"text": str(one)} for one in found],
                "carried": [one._asdict() | {"text": str(one)} for one in told.items],
            }
        )
        return
    _tell_carried(told, customers)
    verb = "would be" if dry_run else "is"
    when = "the beginning" if from_ == BEGINNING else str(shown_time(from_))
    what = f"{loaded.program.name} ({loaded.program.hash[:SHORT]})"
    click.echo(f"{what} {verb} {'planned' if later else 'in force'} from {when} on.")
    if handed_over:
        click.echo(f"{handed_over:,} customers were handed over.")


def _tell_carried(told: Takeover, customers: int) -> None:
    for one in told.items:
        click.echo(str(one))
    if told.everyone and customers:
        click.echo(f"All {customers:,} customers are handed over, one by one.")


def differences(old: Source, new: Source) -> Sequence[Difference]:
    """What is another in the ruleset `new` than in `old`, as far as both can be read."""
    return difference(draft(old), draft(new))


def _print(found: Sequence[Difference]) -> None:
    for one in found:
        click.echo(str(one))
    if not found:
        click.echo("Nothing is another.")


def _asked(text: str, db: Path | None) -> Source:
    """The source of the program that is asked for. Raises UsageError or RulesetInvalid."""
    path = Path(text)
    if path.is_file():
        return load_program(path, "compiled").source
    if db is None:
        raise UsageError(f"there is no file {text}; for a program of a store, give --db")
    with open_store(db) as store:
        return Source.from_json(_stored(store.connection, text).source)


def _stored(connection: Connection, text: str) -> Program:
    """The program of the store whose hash begins so, or that is `active`."""
    if text == ACTIVE:
        now = in_force(connection)
        if now is None:
            raise UsageError("no program is in force yet: nothing was run into this store")
        found = [one for one in list_programs(connection) if one.id == now.program]
    else:
        found = programs_like(connection, text)
    if len(found) == 1:
        return found[0]
    if found:
        raise UsageError(f"{len(found)} programs have a hash that begins with {text}; write more")
    known = ", ".join(one.hash[:SHORT] for one in list_programs(connection)) or "none"
    raise UsageError(f"there is no program {text} in the store; there is {known}")


def _instant(text: str, loaded: Loaded) -> int:
    zone = loaded.program.locale.zone
    try:
        return last_moment(text if len(text.strip()) != 10 else f"{text.strip()}T00:00", zone)
    except (EventInvalid, ValueError, OverflowError):
        raise UsageError(
            f"--at {text}: write a day such as 2026-12-31, or a time such as 2026-12-31T09:30"
        ) from None
