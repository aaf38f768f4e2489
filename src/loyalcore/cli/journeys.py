"""`loyalcore journeys`: who is in which journey, and what journeys have brought."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import click

from loyalcore.cli.output import (
    Figure,
    json_option,
    money_figure,
    print_json,
    print_rows,
    print_table,
)
from loyalcore.cli.period import read_period
from loyalcore.cli.reading import check_word, known_customer, open_store, shown_time
from loyalcore.cli.run import db_option
from loyalcore.errors import UsageError
from loyalcore.program.plan import Program
from loyalcore.runner.journeys import Brought, Group, report, travels
from loyalcore.runner.reports import program_of
from loyalcore.store.decided import JOURNEYS


@click.group()
def journeys() -> None:
    """Who is in which journey, and what journeys have brought."""


@journeys.command("list")
@db_option
@json_option
def list_(db: Path, as_json: bool) -> None:
    """List the journeys of the program, win-backs among them: who entered, and is in them."""
    with open_store(db) as store:
        program = program_of(store.connection)
        found = report(store.connection, _places(program), None, None)
    rows = [
        (
            one.journey,
            one.treated.entered + one.held_out.entered,
            one.held_out.entered,
            sum(one.treated.now.values()) + sum(one.held_out.now.values()),
        )
        for one in found
    ]
    in_words = ("journey", "entered", "held out", "in it now")
    columns = ("journey", "entered", "held_out", "now") if as_json else in_words
    print_rows(columns, rows, as_json=as_json, empty="The program has no journeys.")


@journeys.command()
@click.argument("customer")
@db_option
@json_option
def show(customer: str, db: Path, as_json: bool) -> None:
    """Show the journeys that a customer has entered: since when, how far, and how they ended."""
    with open_store(db) as store:
        known_customer(store, customer)
        program = program_of(store.connection)
        found = travels(JOURNEYS.decided_of(store.connection, customer))
    rows = [
        {
            "journey": one.journey,
            "number": one.number,
            "entered": shown_time(one.entered),
            "held_out": one.held_out,
            "steps": one.steps,
            "ended": shown_time(one.ended),
            "outcome": one.outcome or None,
            "cost": money_figure(one.cost, program.locale),
        }
        for one in found
    ]
    if as_json:
        print_json({"customer": customer, "journeys": rows})
        return
    print_table(
        ("journey", "entered", "steps", "ended", "outcome", "cost"),
        [
            (
                f"{row['journey']}{' (held out)' if row['held_out'] else ''}",
                row["entered"],
                row["steps"],
                row["ended"],
                row["outcome"] or "in it now",
                row["cost"],
            )
            for row in rows
        ],
        empty=f"{customer} has entered no journey yet.",
    )


@journeys.command("report")
@db_option
@click.option("--journey", metavar="NAME", help="Only this one.")
@click.option("--from", "from_", metavar="DAY", help="Who entered from this month or day on.")
@click.option("--to", metavar="DAY", help="Who entered before this month or day.")
@json_option
def report_(
    db: Path, journey: str | None, from_: str | None, to: str | None, as_json: bool
) -> None:
    """Tell what journeys have brought: outcomes, rates, uplift and cost.

    A rate is of all who entered, but for those who are mistaken, merged or withdrawn; who is
    still in it has not returned yet. The uplift is the difference of the rates of those treated
    and held out, with its 95 % confidence interval (Newcombe 1998, method 10).
    """
    tell(db, "journeys", journey, from_, to, as_json)


def tell(
    db: Path, section: str, name: str | None, from_: str | None, to: str | None, as_json: bool
) -> None:
    """Print the report on the journeys of a section, or one of them."""
    with open_store(db) as store:
        program = program_of(store.connection)
        places = [place for place in _places(program) if place.startswith(f"{section}.")]
        if not places:
            other = "journeys report" if section == "win_back" else "win-back report"
            hint = f"; see `loyalcore {other}`" if _places(program) else ""
            raise UsageError(f"the program {program.name} has no {section}{hint}")
        if name is not None:
            check_word("journey", name, [place.partition(".")[2] for place in places])
            places = [f"{section}.{name}"]
        since, until = read_period(from_, to, program.locale.zone)
        found = report(store.connection, places, since, until)
    if as_json:
        print_json([_json(program, one) for one in found])
        return
    print_table(
        ("journey", "", "entered", "in it now", "outcomes", "rate", "cost", "per return"),
        [row for one in found for row in _rows(program, one)],
    )
    click.echo()
    for one in found:
        click.echo(f"{one.journey}: {_uplift_text(one)}")


def _places(program: Program) -> Iterable[str]:
    return tuple(program.life.by_place) if program.life is not None else ()


def _rows(program: Program, one: Brought) -> Iterator[tuple[object, ...]]:
    for name, group in (("treated", one.treated), ("held out", one.held_out)):
        if not group.entered and name == "held out":
            continue
        now = ", ".join(f"{count} after step {step}" for step, count in sorted(group.now.items()))
        outcomes = ", ".join(f"{count} {how}" for how, count in sorted(group.outcomes.items()))
        rate = "" if group.rate is None else f"{group.rate:.1%}"
        yield (
            one.journey,
            name,
            group.entered,
            now or "nobody",
            outcomes or "none",
            Figure(rate),
            money_figure(group.cost, program.locale),
            money_figure(group.cost_per_won, program.locale),
        )


def _uplift_text(one: Brought) -> str:
    uplift = one.uplift
    if uplift is None:
        return "no uplift is known: nobody is held out, or has entered"
    difference, low, high = (f"{100 * number:+.1f}" for number in uplift)
    sure = "" if uplift.low > 0 or uplift.high < 0 else "; it may be none"
    return f"uplift {difference} points (95 % confidence: {low} to {high}{sure})"


def _json(program: Program, one: Brought) -> dict[str, object]:
    def group(of: Group) -> dict[str, object]:
        return {
            "entered": of.entered,
            "now": {str(step): count for step, count in sorted(of.now.items())},
            "outcomes": dict(sorted(of.outcomes.items())),
            "won": of.won,
            "counted": of.counted,
            "rate": of.rate,
            "cost": money_figure(of.cost, program.locale),
            "cost_per_won": money_figure(of.cost_per_won, program.locale),
        }

    uplift = one.uplift
    return {
        "journey": one.journey,
        "treated": group(one.treated),
        "held_out": group(one.held_out),
        "held_back": dict(sorted(one.held_back.items())),
        "uplift": None if uplift is None else uplift._asdict(),
    }
