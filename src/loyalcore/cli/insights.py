"""`loyalcore insights`: how the customers divide by their scores, and who they are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from itertools import islice
from pathlib import Path

import click

from loyalcore.cli.output import Figure, json_option, limit_option, print_json, print_table
from loyalcore.cli.reading import check_word, first, open_store, shown_time
from loyalcore.cli.run import db_option
from loyalcore.errors import UsageError, did_you_mean
from loyalcore.program.figures.scores import ScorePlan
from loyalcore.program.plan import Program
from loyalcore.runner.insights import Insight, Range, Spread, Told, customers_of
from loyalcore.runner.insights import insights as find_insights
from loyalcore.runner.reports import program_of
from loyalcore.values import Locale, Type, Value, ValueInvalid, read_value, write_money, write_value


@click.command()
@db_option
@click.option("--score", "names", multiple=True, metavar="S", help="Of this score only.")
@click.option(
    "--of",
    "wanted",
    multiple=True,
    metavar="OUTPUT=VALUE",
    help="List the customers of whom the score says this: segment=lost.",
)
@limit_option
@json_option
def insights(
    db: Path, names: tuple[str, ...], wanted: tuple[str, ...], limit: int, as_json: bool
) -> None:
    """Tell how many customers each score says what of, as they were last scored.

    With --of, list those customers instead, by name. Whoever was merged into another counts as
    that one.
    """
    with open_store(db) as store:
        program = program_of(store.connection)
        if not program.scores:
            raise UsageError(f"{program.name} declares no scores; see the section `scores`")
        for name in names:
            check_word("score", name, program.scores)
        if wanted:
            plan = _the_one(program, names)
            asked = dict(_asked(plan, one, program.locale) for one in wanted)
            told = customers_of(store.connection, program, plan, asked)
            listed = first(list(islice(told, limit + 1)), limit)
            _print_customers(plan, listed, program.locale, as_json=as_json)
            return
        found = find_insights(store.connection, program, names or program.scores)
    if as_json:
        print_json([_json(one, program.locale) for one in found])
    else:
        _print(found, program.locale)


def _the_one(program: Program, names: Sequence[str]) -> ScorePlan:
    if len(names) != 1 and len(program.scores) != 1:
        raise UsageError("--of: say of which one, with --score")
    return program.scores[names[0] if names else next(iter(program.scores))]


def _asked(plan: ScorePlan, text: str, locale: Locale) -> tuple[str, Value]:
    output, equals, word = text.partition("=")
    if not equals or output not in plan.outputs:
        hint = did_you_mean(output, plan.outputs) or f"it says {', '.join(plan.outputs)}"
        raise UsageError(f"--of {text}: write OUTPUT=VALUE; {hint}")
    try:
        value = read_value(plan.outputs[output], word, locale)
    except ValueInvalid as error:
        raise UsageError(f"--of {text}: {error}") from None
    if value is None:
        raise UsageError(f"--of {text}: say what {output} is")
    return output, value


def _print(found: Sequence[Insight], locale: Locale) -> None:
    for number, one in enumerate(found):
        if number:
            click.echo()
        since = "" if one.oldest is None else f", as of {shown_time(one.newest)}"
        click.echo(f"{one.plan.name} ({one.plan.strategy}): {one.scored:,} scored{since}")
        print_spread(one.plan.name, one.spread, one.scored, locale)


def print_spread(name: str, spread: Spread, scored: int, locale: Locale) -> None:
    """What a score says of so many customers, in tables."""
    if not scored:
        return
    for output, words in spread.words.items():
        click.echo()
        print_table(
            (f"{name}.{output}", "customers", "%"),
            [(word, count, _percent(count, scored)) for word, count in words.items()],
        )
    if spread.figures:
        click.echo()
        print_table(
            (name, "customers", "least", "mean", "greatest"),
            [
                (output, *_range(spread.outputs[output], figures, locale))
                for output, figures in spread.figures.items()
            ],
        )


def _range(type_: Type, figures: Range, locale: Locale) -> tuple[object, ...]:
    if not figures.count:
        return 0, None, None, None
    three = (figures.least, figures.mean, figures.greatest)
    return figures.count, *(_figure(type_, one, locale) for one in three)


def _figure(type_: Type, figure: int | Fraction, locale: Locale) -> Figure:
    if type_.kind == "money":
        return Figure(write_money(round(figure), locale.exponent))
    return Figure(f"{figure:,}" if isinstance(figure, int) else f"{float(figure):,.2f}")


def _percent(part: int, whole: int) -> Figure | None:
    return Figure(f"{100 * part / whole:.1f}") if whole else None


def _print_customers(
    plan: ScorePlan, told: Sequence[Told], locale: Locale, *, as_json: bool
) -> None:
    def plain(values: Mapping[str, Value]) -> dict[str, object]:
        return {
            output: write_value(type_, values.get(output), locale)
            for output, type_ in plan.outputs.items()
        }

    if as_json:
        rows = [{"customer": one.customer, "since": shown_time(one.since)} for one in told]
        print_json(
            [{**row, "values": plain(one.values)} for row, one in zip(rows, told, strict=True)]
        )
        return
    print_table(
        ("customer", "since", *plan.outputs),
        [(one.customer, shown_time(one.since), *plain(one.values).values()) for one in told],
        empty="Of no customer.",
    )


# --- for machines -------------------------------------------------------------------------------


def _json(one: Insight, locale: Locale) -> dict[str, object]:
    return {
        "score": one.plan.name,
        "strategy": one.plan.strategy,
        "scored": one.scored,
        "unscored": one.unscored,
        "oldest": shown_time(one.oldest),
        "newest": shown_time(one.newest),
        "outputs": spread_json(one.spread, locale),
    }


def spread_json(spread: Spread, locale: Locale) -> dict[str, object]:
    """What a score says of all, output by output."""
    return {
        **{output: dict(words) for output, words in spread.words.items()},
        **{
            output: {
                "customers": figures.count,
                **{
                    name: str(_figure(spread.outputs[output], figure, locale)).replace(",", "")
                    for name, figure in (
                        ("least", figures.least),
                        ("mean", figures.mean),
                        ("greatest", figures.greatest),
                    )
                    if figures.count
                },
            }
            for output, figures in spread.figures.items()
        },
    }
