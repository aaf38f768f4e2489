"""`loyalcore tier`: where customers stand on tier ladders, what is missing, and levels by hand."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import click
from msgspec import to_builtins

from loyalcore.cli.effects import effect_text, value_text
from loyalcore.cli.operators import Hand, act, latest, note_option, operator_options
from loyalcore.cli.output import (
    Figure,
    json_option,
    limit_option,
    print_json,
    print_rows,
    print_table,
)
from loyalcore.cli.reading import (
    SHORT,
    check_word,
    first,
    known_customer,
    open_store,
    parsed,
    shown_time,
)
from loyalcore.cli.run import db_option
from loyalcore.engine.ladders.tier_outlook import Need, Outlook, outlook
from loyalcore.engine.points.standing import read_kept
from loyalcore.errors import UsageError
from loyalcore.program.builtin_events import SET_TIER
from loyalcore.program.plan import Program
from loyalcore.program.timing.life_plan import LadderPlan
from loyalcore.runner.replay import current_state
from loyalcore.runner.reports import now_of, program_of
from loyalcore.runner.tiers import Moved, history, ranked

ladder_option = click.option("--ladder", metavar="L", help="Of this tier ladder only.")


@click.group()
def tier() -> None:
    """Where customers stand on tier ladders, what is missing, and levels by hand."""


def _ladders(program: Program, ladder: str | None) -> Sequence[LadderPlan]:
    """Those of the program, or the one that is asked for."""
    ladders = program.life.ladders if program.life is not None else ()
    if not ladders:
        raise UsageError(f"the program {program.name} has no tiers")
    if ladder is None:
        return ladders
    check_word("tier ladder", ladder, [one.name for one in ladders])
    return [one for one in ladders if one.name == ladder]


# --- one customer -----------------------------------------------------------------------------


@tier.command()
@click.argument("customer")
@db_option
@ladder_option
@json_option
def show(customer: str, db: Path, ladder: str | None, as_json: bool) -> None:
    """Show a customer's levels as of the store's latest event: until when, what they bring,
    what is missing to the next and to stay, what will become of them, and how they came about.

    `projected` is the level that the customer will have then if nothing else happens.
    """
    with open_store(db) as store:
        stored = known_customer(store, customer)
        program = program_of(store.connection)
        ladders = _ladders(program, ladder)
        merged = read_kept(stored.state).merged
        now = max(now_of(store.connection), stored.clock)
        state = current_state(store.connection, program, customer, stored)
        found = [] if merged else [outlook(program, one, state, now) for one in ladders]
        names = {one.name for one in ladders}
        moved = [one for one in history(store.connection, customer) if one.ladder in names]
    if as_json:
        print_json(
            {
                "customer": customer,
                "merged": merged or None,
                "at": shown_time(now),
                "ladders": to_builtins(found),
                "history": [_moved_json(one) for one in moved],
            }
        )
        return
    if merged:
        click.echo(f"{customer} is merged into {merged}, whose levels count")
    for one in found:
        _print_outlook(one)
    print_table(
        ("time", "ladder", "what", "by", "facts", "decision"),
        [
            (
                shown_time(one.decision.time),
                one.ladder,
                effect_text(one.change),
                one.decision.rule,
                value_text(parsed(one.decision.facts)),
                one.decision.id[:SHORT],
            )
            for one in moved
        ],
        empty=f"Nothing has become of {customer}'s levels yet.",
    )


def _print_outlook(one: Outlook) -> None:
    click.echo(f"{one.ladder}: {one.level or 'no level'}{_times(one)}")
    if one.benefits:
        click.echo(f"  brings {value_text(one.benefits)}")
    if one.projected_at is not None:
        click.echo(
            f"  if nothing else happens, {one.projected or 'no level'} at {one.projected_at}"
        )
    rows = [
        *((f"to {one.next}", need) for need in one.to_next),
        *((f"to stay {one.level}", need) for need in one.to_stay),
    ]
    if rows:
        print_table(
            ("", "figure", "has", "wanted", "missing"),
            [
                (what, _figure(need), *map(_number, (need.have, need.wanted)), _missing(need))
                for what, need in rows
            ],
        )
    click.echo()


def _times(one: Outlook) -> str:
    since = "" if one.since is None else f" since {one.since}"
    if one.grace is not None:
        return f"{since}, in grace until {one.grace}"
    return since if one.until is None else f"{since}, kept until {one.until}"


def _figure(need: Need) -> str:
    return f"{need.figure} (one of these)" if need.one_of else need.figure


def _number(value: object) -> object:
    return None if value is None else Figure(value)


def _missing(need: Need) -> object:
    if need.wanted is None:
        return "holds" if need.met else "does not hold"
    return Figure("nothing") if need.met else _number(need.missing)


def _moved_json(one: Moved) -> dict[str, object]:
    decision = one.decision
    return {
        "time": shown_time(decision.time),
        "ladder": one.ladder,
        "change": one.change,
        "rule": decision.rule,
        "facts": parsed(decision.facts),
        "decision": decision.id,
    }


# --- all customers ----------------------------------------------------------------------------


@tier.command("list")
@db_option
@ladder_option
@click.option("--level", metavar="L", help="At this level only.")
@click.option("--customers", is_flag=True, help="List the customers themselves.")
@limit_option
@json_option
def list_(
    db: Path, ladder: str | None, level: str | None, customers: bool, limit: int, as_json: bool
) -> None:
    """Count the customers at each level, or list them."""
    with open_store(db) as store:
        ladders = _ladders(program_of(store.connection), ladder)
        words = [(one.name, rank.name) for one in ladders for rank in one.levels]
        if level is not None:
            check_word("level", level, dict.fromkeys(word for _, word in words))
        found = (
            one for one in ranked(store.connection, ladders) if level is None or one.level == level
        )
        if customers:
            _print_customers(
                [
                    (
                        one.customer,
                        one.ladder,
                        one.level,
                        shown_time(None if one.rank is None else one.rank.since),
                        shown_time(None if one.rank is None else one.rank.until),
                        shown_time(None if one.rank is None else one.rank.grace),
                    )
                    for one, _ in zip(found, range(limit + 1), strict=False)
                ],
                limit,
                as_json=as_json,
            )
            return
        counts: dict[tuple[str, str | None], int] = dict.fromkeys(words, 0)
        for one in found:
            counts[one.ladder, one.level] = counts.get((one.ladder, one.level), 0) + 1
    rows = [(name, word, count) for (name, word), count in counts.items() if level in (None, word)]
    if not as_json:
        rows = [(name, word or "(none)", count) for name, word, count in _by_ladder(rows, ladders)]
    print_rows(("ladder", "level", "customers"), rows, as_json=as_json)


def _by_ladder(
    rows: Iterable[tuple[str, str | None, int]], ladders: Iterable[LadderPlan]
) -> list[tuple[str, str | None, int]]:
    """Ladder by ladder; those without a level come last."""
    place = {one.name: number for number, one in enumerate(ladders)}
    return sorted(rows, key=lambda row: (place[row[0]], row[1] is None))


def _print_customers(rows: Sequence[Sequence[object]], limit: int, *, as_json: bool) -> None:
    print_rows(
        ("customer", "ladder", "level", "since", "until", "grace"),
        first(rows, limit),
        as_json=as_json,
        empty="Nobody is there.",
    )


# --- by hand ----------------------------------------------------------------------------------


@tier.command("set")
@click.argument("customer")
@click.argument("ladder")
@click.argument("level", required=False)
@db_option
@note_option
@operator_options
def set_(customer: str, ladder: str, level: str | None, db: Path, note: str, hand: Hand) -> None:
    """Put a customer at a level by hand, or have them keep theirs anew; without LEVEL, take
    theirs away.

    It is an event of type set_tier, kept and decided as any other. The level is kept as long
    as the ladder says, from then on. Exit status 1 when nothing was changed.
    """
    with open_store(db) as store:
        loaded = latest(store)
        (found,) = _ladders(loaded.program, ladder)
        if level is not None:
            check_word(f"level of {ladder}", level, [one.name for one in found.levels])
        data = {"ladder": ladder, "note": note} | ({} if level is None else {"level": level})
        act(hand, store, loaded, SET_TIER, customer, data)
