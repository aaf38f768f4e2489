"""`loyalcore economics`: what rules cost, whom they reached, and what that brought."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import get_args

import click

from loyalcore.calendars import Duration, read_duration
from loyalcore.cli.output import Figure, json_option, money_figure, print_json, print_table
from loyalcore.cli.period import read_period
from loyalcore.cli.progress import make_progress
from loyalcore.cli.reading import check_word, open_store, shown_time
from loyalcore.cli.run import db_option
from loyalcore.errors import UsageError
from loyalcore.runner.economics import (
    Asked,
    BudgetUse,
    By,
    Reckoning,
    budget_uses,
    reckon,
    rule_plans,
)
from loyalcore.runner.reports import now_of, program_of
from loyalcore.runner.uplift import Sample
from loyalcore.store.customers import count_customers
from loyalcore.store.decisions import count_by_rule
from loyalcore.values import Locale, ValueInvalid


@click.command()
@db_option
@click.option("--from", "from_", metavar="TIME", help="What was decided from then on.")
@click.option("--to", metavar="TIME", help="What was decided before then.")
@click.option("--rule", metavar="R", help="Of this rule only.")
@click.option(
    "--by",
    type=click.Choice(get_args(By)),
    default="rule",
    show_default=True,
    help="What each line is of.",
)
@click.option(
    "--within",
    default="30 days",
    show_default=True,
    metavar="TIME",
    help="How long afterwards a purchase is an answer.",
)
@json_option
def economics(
    db: Path,
    from_: str | None,
    to: str | None,
    rule: str | None,
    by: By,
    within: str,
    as_json: bool,
) -> None:
    """Tell what rules cost, whom they reached, and what those brought afterwards.

    `cost` is what decisions cost: a rule's own cost, points at the price of their wallet,
    messages, benefits. `responded` are customers with a purchase (an event that brings margin)
    within the time after it fired, and `margin` is all that those it reached brought then, less
    what was refunded since.

    That is what came after, not what came of it. Only a control group tells: where the rule is
    part of an experiment with a holdout, the margin of a customer who was reached is compared
    with that of one held out, each from the first time on. The interval holds the difference in
    95 of 100 such experiments (Welch).

    `--from 2026-03 --to 2026-04` is March. Months, days and times without an offset are in the
    time zone of the program.
    """
    with open_store(db) as store, make_progress() as progress:
        program = program_of(store.connection)
        since, until = read_period(from_, to, program.locale.zone)
        asked = Asked(by, _length(within), now_of(store.connection), since, until, rule)
        if rule is not None:
            known = [plan.name for plan in rule_plans(program)]
            if rule not in known:
                known += [one.rule for one in count_by_rule(store.connection)]
            check_word("rule", rule, dict.fromkeys(known))
        advance = progress.folding(count_customers(store.connection), "reckoning")
        found = reckon(store.connection, program, asked, advance)
        budgets = budget_uses(store.connection, program, asked)
    if as_json:
        print_json(_json(found, budgets, asked, program.locale))
    else:
        _print(found, budgets, asked, program.locale)


def _length(text: str) -> Duration:
    try:
        return read_duration(text)
    except ValueInvalid as error:
        raise UsageError(f"--within {text}: {error}") from None


# --- for people ---------------------------------------------------------------------------------


def _print(
    found: Sequence[Reckoning], budgets: Sequence[BudgetUse], asked: Asked, locale: Locale
) -> None:
    end = shown_time(asked.now)
    click.echo(f"money in {locale.currency}; answers within {asked.within}; as of {end}")
    click.echo()
    columns = (asked.by, "fired", "reached", "cost", "responded", "%", "margin")
    compared = asked.by in ("rule", "experiment")
    print_table(
        (*columns, "control group") if compared else columns,
        [(*_row(one, locale), _control(one)) if compared else _row(one, locale) for one in found],
        empty="Nothing was decided then.",
    )
    with_control = [one for one in found if one.held.count]
    if with_control:
        click.echo()
        click.echo("Margin of a customer, reached against held out:")
        click.echo()
        print_table(
            (asked.by, "reached", "each", "held out", "each", "difference", "95 % interval"),
            [
                (
                    one.key,
                    one.treated.count,
                    _each(one.treated, locale),
                    one.held.count,
                    _each(one.held, locale),
                    *_difference(one, locale),
                )
                for one in with_control
            ],
        )
    if budgets:
        click.echo()
        print_table(
            ("budget of", "what", "budget", "period", "used", "left"),
            [
                (
                    use.of,
                    use.what,
                    use.text,
                    use.period or "for good",
                    _amount(use.used, use, locale),
                    _amount(use.left, use, locale),
                )
                for use in budgets
            ],
        )
    for line in _notes(found, compared=compared):
        click.echo()
        click.echo(line)


def _row(one: Reckoning, locale: Locale) -> tuple[object, ...]:
    return (
        one.key,
        one.fired,
        one.reached,
        money_figure(one.cost, locale) if one.priced else None,
        one.responded,
        _percent(one.responded, one.reached),
        money_figure(one.margin, locale),
    )


def _notes(found: Sequence[Reckoning], *, compared: bool) -> Sequence[str]:
    notes = []
    if not compared and found:
        notes.append(
            "Responded and margin are what came afterwards, not what came of it; --by rule and "
            "--by experiment compare with control groups, where there are any."
        )
    elif any(one.reached and not one.held.count for one in found):
        notes.append(
            "Where there is no control group, responded and margin are what came afterwards, not "
            "what came of it: an experiment with a holdout would tell."
        )
    if running := max((one.running for one in found), default=0):
        notes.append(
            "The time to answer is not over yet for "
            + ("1 customer." if running == 1 else f"up to {running:,} customers.")
        )
    if mixed := sum(one.mixed for one in found):
        notes.append(
            f"Reached and held out both, before a merger or as an experiment began: {mixed:,}. "
            "They are in neither group."
        )
    return notes


def _control(one: Reckoning) -> str:
    if one.held.count:
        return f"{one.held.count:,} held out"
    return "nobody yet" if one.experiment else "none"


def _difference(one: Reckoning, locale: Locale) -> tuple[Figure | None, str]:
    uplift = one.uplift
    if uplift is None:
        return None, "too few customers"
    low, high = money_figure(uplift.low, locale), money_figure(uplift.high, locale)
    return money_figure(uplift.value, locale), f"{low} to {high}"


def _each(sample: Sample, locale: Locale) -> Figure | None:
    if not sample.count:
        return None
    return money_figure(Fraction(sample.total, sample.count), locale)


def _percent(part: int, whole: int) -> Figure | None:
    return Figure(f"{100 * part / whole:.1f}") if whole else None


def _amount(amount: int, use: BudgetUse, locale: Locale) -> object:
    return money_figure(amount, locale) if use.what == "money" else Figure(f"{amount:,}")


# --- for machines -------------------------------------------------------------------------------


def _json(
    found: Sequence[Reckoning], budgets: Sequence[BudgetUse], asked: Asked, locale: Locale
) -> dict[str, object]:
    return {
        "currency": locale.currency,
        "from": shown_time(asked.since),
        "to": shown_time(asked.until),
        "as_of": shown_time(asked.now),
        "within": str(asked.within),
        "by": asked.by,
        "rows": [
            {
                asked.by: one.key,
                "fired": one.fired,
                "reached": one.reached,
                "cost": money_figure(one.cost, locale) if one.priced else None,
                "responded": one.responded,
                "margin": money_figure(one.margin, locale),
                "running": one.running,
                "experiment": one.experiment or None,
                "control": _control_json(one, locale),
            }
            for one in found
        ],
        "budgets": [
            {
                **use._asdict(),
                "used": _plain(use.used, use, locale),
                "left": _plain(use.left, use, locale),
            }
            for use in budgets
        ],
    }


def _control_json(one: Reckoning, locale: Locale) -> dict[str, object] | None:
    if not one.held.count:
        return None
    uplift = one.uplift
    return {
        "treated": one.treated.count,
        "treated_margin": _each(one.treated, locale),
        "held_out": one.held.count,
        "held_out_margin": _each(one.held, locale),
        "in_both": one.mixed,
        "difference": None if uplift is None else money_figure(uplift.value, locale),
        "interval": None
        if uplift is None
        else [money_figure(uplift.low, locale), money_figure(uplift.high, locale)],
    }


def _plain(amount: int, use: BudgetUse, locale: Locale) -> object:
    return money_figure(amount, locale) if use.what == "money" else amount
