"""`loyalcore dissolution`: relationships that are ended, how far that has come, and by whom."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from loyalcore.cli.effects import effects_text
from loyalcore.cli.listing import print_list
from loyalcore.cli.operators import Command, Hand, act, latest, operator_options, saying
from loyalcore.cli.output import Figure, json_option, money_figure, print_json, print_table
from loyalcore.cli.parting import preview_json, print_preview
from loyalcore.cli.queues import as_option
from loyalcore.cli.reading import (
    TIME,
    check_word,
    effects_of,
    known_customer,
    open_store,
    parsed,
    shown_time,
)
from loyalcore.cli.run import db_option
from loyalcore.errors import UsageError
from loyalcore.program.builtin_events import (
    PAUSE_DISSOLUTION,
    REOPEN_DISSOLUTION,
    RESUME_DISSOLUTION,
    WITHDRAW_DISSOLUTION,
)
from loyalcore.program.plan import Program
from loyalcore.runner.dissolution import Parting, Summary, foresee, partings, summaries
from loyalcore.runner.reports import now_of, program_of
from loyalcore.store.decided import DISSOLUTION, Decided
from loyalcore.values import read_decimal


@click.group()
def dissolution() -> None:
    """Relationships that are ended, how far that has come, and what it would come to."""


@dissolution.command("list")
@db_option
@click.option("--phase", metavar="P", help="Of this phase only.")
@click.option("--all", "closed", is_flag=True, help="Also those that have ended.")
@json_option
def list_(db: Path, phase: str | None, closed: bool, as_json: bool) -> None:
    """List the customers who are in a dissolution: the phase, since when, and until when."""
    with open_store(db) as store:
        found = partings(DISSOLUTION.each_decided(store.connection))
    shown = [one for one in found if (closed or one.there) and phase in (None, one.phase)]
    print_list(shown, _row, _plain, as_json=as_json, empty="Nobody is in a dissolution.")


def _row(one: Parting) -> dict[str, object]:
    return {
        "customer": one.customer,
        "dissolution": one.name,
        "reason": one.reason,
        "phase": one.phase,
        "since": shown_time(one.phases[one.phase]),
        "until": _until(one),
    }


def _until(one: Parting) -> str:
    if one.reopened is not None:
        return f"reopened {shown_time(one.reopened)}"
    if one.outcome:
        return one.outcome
    return f"held: {one.held}" if one.held else one.until


def _plain(one: Parting) -> dict[str, object]:
    return {
        "customer": one.customer,
        "dissolution": one.name,
        "number": one.number,
        "reason": one.reason,
        "phase": one.phase,
        "phases": {phase: shown_time(time) for phase, time in one.phases.items()},
        "until": one.until or None,
        "held": one.held or None,
        "outcome": one.outcome or None,
        "ended": shown_time(one.ended),
        "reopened": shown_time(one.reopened),
        "settled": [{**it, "time": shown_time(it["time"])} for it in one.settled],
    }


@dissolution.command()
@click.argument("customer")
@db_option
@json_option
def show(customer: str, db: Path, as_json: bool) -> None:
    """Show how a customer's relationship was ended: each phase, and everything that was decided
    of it, also what was held back, and why."""
    with open_store(db) as store:
        known_customer(store, customer)
        decided = DISSOLUTION.decided_of(store.connection, customer)
    found = partings(decided)
    if as_json:
        print_json(
            {
                "customer": customer,
                "dissolutions": [_plain(one) for one in found],
                "history": [_decided(one) for one in decided],
            }
        )
        return
    print_table(
        ("time", "decided by", "what"),
        [(shown_time(one.time), one.rule, one.reason or _what(one)) for one in decided],
        empty=f"Nothing was decided yet of parting with {customer}.",
    )


def _decided(one: Decided) -> dict[str, object]:
    return {
        "time": shown_time(one.time),
        "decision": one.decision,
        "rule": one.rule,
        "reason": one.reason,
        "facts": parsed(one.facts),
        "effects": effects_of(one),
    }


def _what(one: Decided) -> str:
    return effects_text(effect for effect in effects_of(one) if effect["effect"] != "emit")


@dissolution.command()
@db_option
@json_option
def report(db: Path, as_json: bool) -> None:
    """Tell what dissolutions have come to: how many were tried to be improved, proposed and
    begun, the outcomes, who is in which phase, and the points settled."""
    with open_store(db) as store:
        program = program_of(store.connection)
        found = summaries(DISSOLUTION.each_decided(store.connection), _names(program))
    if as_json:
        print_json([_summary(program, one) for one in found])
        return
    print_table(
        ("dissolution", "improving", "proposed", "begun", "in it now", "outcomes", "reopened"),
        [
            (
                one.name,
                one.improving,
                one.proposed,
                one.begun,
                ", ".join(f"{count} {phase}" for phase, count in one.now.items()) or "nobody",
                ", ".join(f"{count} {how}" for how, count in sorted(one.outcomes.items()))
                or "none",
                one.reopened,
            )
            for one in found
        ],
        empty="The program has no dissolutions.",
    )
    rows = [(one.name, *settled) for one in found for settled in _settled(program, one)]
    if rows:
        click.echo()
        print_table(("dissolution", "wallet", "settled", "points", "amount"), rows)


def _names(program: Program) -> list[str]:
    return [one.name for one in program.life.dissolutions] if program.life is not None else []


def _settled(program: Program, one: Summary) -> Iterator[tuple[str, str, int, Figure | None]]:
    """What was left, by wallet: how it was settled, how many points, and what was paid, or is to
    be, in all."""
    for key, points in sorted(one.settled.items()):
        amounts = map(read_decimal, one.amounts.get(key, ()))
        minor = [int((amount or 0) * program.locale.unit) for amount in amounts]
        yield *key, points, money_figure(sum(minor) if minor else None, program.locale)


def _summary(program: Program, one: Summary) -> dict[str, object]:
    return {
        "dissolution": one.name,
        "improving": one.improving,
        "proposed": one.proposed,
        "begun": one.begun,
        "now": dict(one.now),
        "outcomes": dict(sorted(one.outcomes.items())),
        "reopened": one.reopened,
        "held_back": dict(sorted(one.held_back.items())),
        "settled": [
            {"wallet": wallet, "how": how, "points": points, "amount": amount}
            for wallet, how, points, amount in _settled(program, one)
        ],
        "cost": money_figure(one.cost, program.locale),
    }


@dissolution.command()
@click.argument("customer")
@db_option
@click.option("--name", metavar="D", help="Which one, where the program has several.")
@click.option(
    "--at",
    type=TIME,
    help="As if approved then; UTC where it has no offset. [the store's latest event]",
)
@json_option
def preview(customer: str, db: Path, name: str | None, at: int | None, as_json: bool) -> None:
    """Show what it would come to, were it approved and nothing else happened: what each wallet
    holds and what would become of it, when each phase would begin, and what would be sent.

    It is what a run would decide, by the same step; but nothing is written. Of one that has
    begun it shows what is still to come.
    """
    with open_store(db) as store:
        known_customer(store, customer)
        program = program_of(store.connection)
        names = _names(program)
        if not names:
            raise UsageError(f"the program {program.name} has no dissolution")
        if name is None and len(names) > 1:
            raise UsageError(f"--name: which one: {', '.join(names)}")
        name = name or names[0]
        check_word("dissolution", name, names)
        time = now_of(store.connection) if at is None else at
        state, ahead = foresee(store.connection, program, customer, name, time)
    if state.merged:
        raise UsageError(f"{customer} is merged into {state.merged}; ask for that one")
    one = state.life.dissolution
    if one is not None and one.name != name:
        raise UsageError(f"{customer} is in {one.place} already: {one.phase}")
    if as_json:
        print_json(preview_json(program, state, ahead))
    else:
        print_preview(program, state, ahead)


# --- by hand ----------------------------------------------------------------------------------


def _by_hand(command: Command) -> Command:
    """The options of a command on one customer's: who says so, and why."""
    command = operator_options(command)
    for option in (
        click.option(
            "--reason",
            metavar="TEXT",
            required=True,
            callback=saying("why"),
            help="Why, for those who ask later.",
        ),
        as_option,
        db_option,
        click.argument("customer"),
    ):
        command = option(command)
    return command


def _say(type_: str, *, customer: str, db: Path, by: str, reason: str, hand: Hand) -> None:
    with open_store(db) as store:
        act(hand, store, latest(store), type_, customer, {"by": by, "reason": reason})


@dissolution.command()
@_by_hand
def pause(**given: Any) -> None:
    """Hold it where it is: no phase begins until it is let go on.

    It is an event of type pause_dissolution. Exit status 1 when the customer is in none, or this
    person may not.
    """
    _say(PAUSE_DISSOLUTION, **given)


@dissolution.command()
@_by_hand
def resume(**given: Any) -> None:
    """Let it go on: what was left of the phase is still to come.

    It is an event of type resume_dissolution. Exit status 1 when nobody holds it, or this person
    may not.
    """
    _say(RESUME_DISSOLUTION, **given)


@dissolution.command()
@_by_hand
def withdraw(**given: Any) -> None:
    """End it before it is closed: the relationship goes on.

    It is an event of type withdraw_dissolution. Exit status 1 when the customer is in none, or
    this person may not.
    """
    _say(WITHDRAW_DISSOLUTION, **given)


@dissolution.command()
@_by_hand
def reopen(**given: Any) -> None:
    """Take up again what is closed, whenever that was, with what the ruleset says comes back.

    It is an event of type reopen_dissolution. Exit status 1 when nothing is closed, or this
    person may not.
    """
    _say(REOPEN_DISSOLUTION, **given)
