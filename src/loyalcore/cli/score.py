"""`loyalcore score`: tell customers apart by their past, as the ruleset's scores say."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import click
from msgspec import to_builtins

from loyalcore.cli.insights import print_spread, spread_json
from loyalcore.cli.operators import latest
from loyalcore.cli.output import json_option, print_json, print_table
from loyalcore.cli.progress import make_progress
from loyalcore.cli.reading import TIME, check_word, open_store, shown_time
from loyalcore.cli.run import db_option, wait_option
from loyalcore.errors import UsageError
from loyalcore.program.plan import Program
from loyalcore.runner.loading import load_program
from loyalcore.runner.scoring import Scoring
from loyalcore.runner.scoring import score as score_customers
from loyalcore.values import Locale


@click.command()
@click.argument(
    "ruleset", required=False, type=click.Path(path_type=Path, exists=True, dir_okay=False)
)
@db_option
@click.option("--score", "names", multiple=True, metavar="S", help="This score only; repeatable.")
@click.option(
    "--strategy", "strategies", multiple=True, metavar="S", help="Scores of this strategy only."
)
@click.option(
    "--at",
    type=TIME,
    metavar="TIME",
    help="The instant of which the past counts; UTC where it has no offset. [the latest event's]",
)
@click.option("--dry-run", is_flag=True, help="Only tell what it would come to.")
@wait_option
@json_option
@click.pass_context
def score(
    ctx: click.Context,
    ruleset: Path | None,
    db: Path,
    names: tuple[str, ...],
    strategies: tuple[str, ...],
    at: int | None,
    dry_run: bool,
    wait: float,
    as_json: bool,
) -> None:
    """Score every customer of a store, by the scores that RULESET declares.

    Without RULESET, by those of the store's latest program. A score sees what happened up to the
    instant and nothing after it; what is due by then happens first. Who has another score than
    before gets an event of type scored at that instant, decided as any other; for all others
    nothing is written, and the same again changes nothing.

    Customers with later events than the instant count among all others, but keep the scores
    they have: what has been decided stays. Exit status 1 when an event was rejected.
    """
    with open_store(db) as store, make_progress() as progress:
        loaded = latest(store) if ruleset is None else load_program(ruleset)
        program = loaded.program
        wanted = _wanted(program, names, strategies)
        found = score_customers(
            loaded, store, wanted, at, write=not dry_run, wait=wait, told=progress.folding
        )
    if as_json:
        print_json(_json(found, program.locale))
    else:
        _print(found, program.locale, dry_run=dry_run)
    ctx.exit(1 if found.run is not None and found.run.rejected else 0)


def _wanted(program: Program, names: Sequence[str], strategies: Iterable[str]) -> Sequence[str]:
    """The scores that are asked for. Raises UsageError where there is none."""
    if not program.scores:
        raise UsageError(f"{program.name} declares no scores; see the section `scores`")
    for name in names:
        check_word("score", name, program.scores)
    by = {plan.strategy for plan in program.scores.values()}
    for strategy in strategies:
        check_word("score by the strategy", strategy, by)
    if not names and not strategies:
        return tuple(program.scores)
    return [
        name
        for name, plan in program.scores.items()
        if name in names or plan.strategy in strategies
    ]


def _print(found: Scoring, locale: Locale, *, dry_run: bool) -> None:
    changed = "would change" if dry_run else "changed"
    click.echo(f"{found.customers:,} customers at {shown_time(found.at)}")
    click.echo()
    print_table(
        ("score", "strategy", "scored", "nothing to say", changed, "later already"),
        [
            (
                one.score,
                f"{one.strategy} {one.version}",
                one.scored,
                one.unscored,
                one.changed,
                one.passed,
            )
            for one in found.scores
        ],
    )
    for one in found.scores:
        if one.parameters:
            click.echo()
            told = ", ".join(f"{name} {figure:.4g}" for name, figure in one.parameters.items())
            click.echo(f"{one.score}: {told}")
        print_spread(one.score, one.spread, one.scored, locale)
    if found.run is not None and found.run.rejected:
        rejected = sum(found.run.rejected.values())
        click.echo(f"{rejected:,} rejected; see: loyalcore rejects list", err=True)


def _json(found: Scoring, locale: Locale) -> dict[str, object]:
    return {
        "at": shown_time(found.at),
        "customers": found.customers,
        "scores": [
            {
                "score": one.score,
                "strategy": one.strategy,
                "version": one.version,
                "scored": one.scored,
                "unscored": one.unscored,
                "changed": one.changed,
                "passed": one.passed,
                "parameters": dict(one.parameters),
                "outputs": spread_json(one.spread, locale),
            }
            for one in found.scores
        ],
        "run": None if found.run is None else to_builtins(found.run),
    }
