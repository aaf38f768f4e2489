"""`loyalcore recovery`: whether promises to answer are kept, and what comes of it."""

from __future__ import annotations

from pathlib import Path

import click

from loyalcore.cli.output import Figure, json_option, money_figure, print_json, print_table
from loyalcore.cli.period import read_period
from loyalcore.cli.reading import check_word, open_store
from loyalcore.cli.run import db_option
from loyalcore.errors import UsageError
from loyalcore.program.plan import Program
from loyalcore.runner.recovery import Kept, report
from loyalcore.runner.reports import program_of

_SECOND = 1_000_000  # microseconds
_UNITS = (("days", 86_400), ("hours", 3_600), ("minutes", 60))


@click.group()
def recovery() -> None:
    """Whether promises to answer are kept, and what comes of it."""


@recovery.command("report")
@db_option
@click.option("--recovery", "name", metavar="NAME", help="Only this one.")
@click.option("--from", "from_", metavar="DAY", help="Cases opened from this month or day on.")
@click.option("--to", metavar="DAY", help="Cases opened before this month or day.")
@json_option
def report_(db: Path, name: str | None, from_: str | None, to: str | None, as_json: bool) -> None:
    """Tell how many cases were answered in time, how they ended, and what goodwill cost.

    A case that was opened again is promised an answer anew: each promise counts by itself, in the
    period in which it was given. The answer time is the median, of those that were answered.
    """
    with open_store(db) as store:
        program = program_of(store.connection)
        names = () if program.life is None else tuple(program.life.recovery)
        if not names:
            raise UsageError(f"the program {program.name} has no recovery")
        if name is not None:
            check_word("recovery", name, names)
            names = (name,)
        since, until = read_period(from_, to, program.locale.zone)
        found = report(store.connection, names, since, until)
    if as_json:
        print_json([_json(program, one) for one in found])
        return
    print_table(
        (
            *("recovery", "opened", "again", "in time", "late", "waiting", "answer time"),
            *("outcomes", "goodwill"),
        ),
        [
            (
                one.recovery,
                one.opened,
                one.reopened,
                one.in_time,
                one.late,
                one.waiting,
                Figure(_length(one.median)),
                ", ".join(f"{count} {how}" for how, count in sorted(one.outcomes.items())),
                money_figure(one.goodwill, program.locale),
            )
            for one in found
        ],
    )


def _length(time: int | None) -> str:
    """A length of time in the largest unit of which there is one."""
    if time is None:
        return ""
    seconds = time / _SECOND
    unit, size = next((one for one in _UNITS if seconds >= one[1]), ("seconds", 1))
    return f"{seconds / size:.1f} {unit}"


def _json(program: Program, one: Kept) -> dict[str, object]:
    return {
        "recovery": one.recovery,
        "opened": one.opened,
        "reopened": one.reopened,
        "in_time": one.in_time,
        "late": one.late,
        "waiting": one.waiting,
        "median_seconds": None if one.median is None else one.median / _SECOND,
        "outcomes": dict(sorted(one.outcomes.items())),
        "goodwill": money_figure(one.goodwill, program.locale),
    }
