"""`loyalcore stages`: where customers stand, how they move between stages, and moves by hand."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import click

from loyalcore.cli.effects import value_text
from loyalcore.cli.operators import Hand, act, latest, note_option, operator_options
from loyalcore.cli.output import Figure, json_option, print_json, print_table
from loyalcore.cli.period import period_text, read_period
from loyalcore.cli.reading import SHORT, check_word, known_customer, open_store, parsed, shown_time
from loyalcore.cli.run import db_option
from loyalcore.engine.points.standing import read_kept
from loyalcore.errors import UsageError
from loyalcore.program.builtin_events import SET_STAGE
from loyalcore.program.plan import Program
from loyalcore.program.timing.life_plan import StagesPlan
from loyalcore.runner.reports import now_of, program_of
from loyalcore.runner.stages import Flow, Standings, Stayed, flows, history, standings
from loyalcore.store.stages import moves_of

_DAY = 86_400_000_000


class _OrFlow(click.Group):
    """Draws the flow where no other command is named."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if args and (args[0] in self.commands or args[0] in ctx.help_option_names):
            return super().parse_args(ctx, args)
        if args and not args[0].startswith("-"):
            return super().parse_args(ctx, args)  # a command that there is not
        return super().parse_args(ctx, ["flow", *args])


@click.group(cls=_OrFlow)
def stages() -> None:
    """Where customers stand, how they move between stages, and moves by hand.

    Without a command it is `flow`: `loyalcore stages --db FILE`.
    """


# --- flow -------------------------------------------------------------------------------------


@stages.command()
@db_option
@click.option("--from", "from_", metavar="DAY", help="From this month, day or time on.")
@click.option("--to", metavar="DAY", help="Before this month, day or time.")
@json_option
def flow(db: Path, from_: str | None, to: str | None, as_json: bool) -> None:
    """Draw how customers moved between stages in a period, and count who is in each now.

    `--from 2026-03 --to 2026-04` is March. Months, days and times without an offset are in
    the time zone of the program. `median days` is how long they had been in the stage that
    they left. Customers who were merged count as one; each of their moves counts.
    """
    with open_store(db) as store:
        program = program_of(store.connection)
        plan = _plan(program)
        zone = program.locale.zone
        since, until = read_period(from_, to, zone)
        now = now_of(store.connection)
        standing = standings(store.connection)
        found = flows(store.connection, since, until, standing.owners)
    if as_json:
        print_json(
            {
                "from": shown_time(since),
                "to": shown_time(until),
                "at": shown_time(now),
                "flows": [
                    {
                        "from": one.was or None,
                        "to": one.stage,
                        "moves": one.moves,
                        "customers": one.customers,
                        "median_days": _days(one.median),
                    }
                    for one in _in_order(plan, found)
                ],
                "stages": [
                    {"stage": stage or None, "customers": count, "responsible": who}
                    for stage, count, who in _now(plan, standing)
                ],
            }
        )
        return
    click.echo(f"{period_text(from_, to)} ({zone.key})")
    click.echo()
    print_table(
        ("from", "to", "moves", "customers", "median days"),
        [
            (one.was or "(new)", one.stage, one.moves, one.customers, _days_text(one.median))
            for one in _in_order(plan, found)
        ],
        empty="Nobody moved.",
    )
    click.echo()
    print_table(
        (f"stage at {shown_time(now)}", "customers", "responsible"),
        [(stage or "(none yet)", count, who) for stage, count, who in _now(plan, standing)],
    )


def _plan(program: Program) -> StagesPlan:
    plan = program.life.stages if program.life is not None else None
    if plan is None:
        raise UsageError(f"the program {program.name} has no stages")
    return plan


def _in_order(plan: StagesPlan, found: list[Flow]) -> list[Flow]:
    """By the stage that was left, then by that which was entered, as the program has them;
    those that it has no more come last."""
    place = {stage: number for number, stage in enumerate(("", *plan.stages))}
    last = len(place)
    return sorted(
        found, key=lambda one: (place.get(one.was, last), place.get(one.stage, last), one[:2])
    )


def _now(plan: StagesPlan, standing: Standings) -> Iterator[tuple[str, int, str]]:
    """Each stage with who is in it now, and who is responsible; others only where somebody is
    in them."""
    for stage in plan.stages:
        yield stage, standing.stages.get(stage, 0), plan.responsible[stage]
    for stage, count in sorted(standing.stages.items()):
        if stage not in plan.responsible:
            yield stage, count, ""


def _days(length: int | None) -> float | None:
    """Days, to a tenth of one."""
    return None if length is None else round(length / _DAY, 1)


def _days_text(length: int | None) -> Figure | None:
    return None if length is None else Figure(f"{_days(length):,.1f}")


# --- one customer -----------------------------------------------------------------------------


@stages.command()
@click.argument("customer")
@db_option
@json_option
def show(customer: str, db: Path, as_json: bool) -> None:
    """Show the stages that a customer has been in: since when, for how long, and why.

    The last is counted up to the latest event of the store.
    """
    with open_store(db) as store:
        stored = known_customer(store, customer)
        program = program_of(store.connection)
        responsible = _plan(program).responsible
        now = now_of(store.connection)
        merged = read_kept(stored.state).merged
        found = history(moves_of(store.connection, customer))
    if as_json:
        print_json(
            {
                "customer": customer,
                "merged": merged or None,
                "at": shown_time(now),
                "stages": [_stayed_json(one, now, responsible) for one in found],
            }
        )
        return
    if merged:
        click.echo(f"{customer} is merged into {merged}, whose stage counts")
    print_table(
        ("since", "stage", "days", "because", "facts", "decision"),
        [
            (
                shown_time(one.move.time),
                one.move.stage,
                _days_text(_length(one, now)),
                one.move.way or "begins here",
                value_text(parsed(one.move.facts)),
                one.move.decision[:SHORT],
            )
            for one in found
        ],
        empty=f"{customer} has been in no stage yet.",
    )
    if found and not merged and (who := responsible.get(found[-1].move.stage)):
        click.echo()
        click.echo(f"responsible: {who}")


def _length(one: Stayed, now: int) -> int:
    return (now if one.until is None else one.until) - one.move.time


def _stayed_json(one: Stayed, now: int, responsible: Mapping[str, str]) -> dict[str, object]:
    move = one.move
    return {
        "stage": move.stage,
        "was": move.was or None,
        "since": shown_time(move.time),
        "until": shown_time(one.until),
        "days": _days(_length(one, now)),
        "way": move.way,
        "facts": parsed(move.facts),
        "responsible": responsible.get(move.stage, ""),
        "decision": move.decision,
    }


# --- by hand ----------------------------------------------------------------------------------


@stages.command("set")
@click.argument("customer")
@click.argument("stage")
@db_option
@note_option
@operator_options
def set_(customer: str, stage: str, db: Path, note: str, hand: Hand) -> None:
    """Set the stage of a customer by hand, however long they have been in theirs.

    It is an event of type set_stage, kept and decided as any other. It stands until another
    event, or time, leads on from there. Exit status 1 when nothing was changed.
    """
    with open_store(db) as store:
        loaded = latest(store)
        check_word("stage", stage, _plan(loaded.program).stages)
        act(hand, store, loaded, SET_STAGE, customer, {"to": stage, "note": note})
