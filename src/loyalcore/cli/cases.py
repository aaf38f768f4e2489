"""`loyalcore cases`: what customers have opened, and what became of it."""

from __future__ import annotations

from pathlib import Path

import click

from loyalcore.cli.effects import value_text
from loyalcore.cli.listing import listing
from loyalcore.cli.output import json_option, print_json
from loyalcore.cli.queues import all_option, happened, only, plain, print_history, print_queue, told
from loyalcore.cli.reading import check_customer, check_word, open_store, shown_time
from loyalcore.cli.run import db_option
from loyalcore.program.plan import Program
from loyalcore.runner.reports import now_of, program_of
from loyalcore.store.cases import StoredCase, list_cases


@click.group()
def cases() -> None:
    """What customers have opened, and what became of it."""


@cases.command("list")
@listing
@click.option("--recovery", metavar="NAME", help="Of this recovery only.")
@click.option("--overdue", is_flag=True, help="Only those that were to be answered by now.")
@all_option
def list_(
    db: Path,
    customer: str | None,
    limit: int,
    as_json: bool,
    recovery: str | None,
    overdue: bool,
    closed: bool,
) -> None:
    """List the cases that are open, those opened first on top.

    What is overdue is so as of the store's latest event. One that is answered is open until it is
    resolved.
    """
    with open_store(db) as store:
        check_customer(store, customer)
        if recovery is not None:
            check_word("recovery", recovery, _recoveries(program_of(store.connection)))
        found = list_cases(
            store.connection,
            customer=customer,
            recovery=recovery,
            overdue=now_of(store.connection) if overdue else None,
            closed=closed,
            limit=limit + 1,
        )
    print_queue("case", found, _row, _plain, limit=limit, closed=closed, as_json=as_json)


def _row(case: StoredCase) -> dict[str, object]:
    return {
        "id": str(case.seq),
        "recovery": case.recovery,
        "case": value_text(case.name),
        "customer": case.customer,
        "opened": shown_time(case.opened),
        "due": shown_time(case.due),
        "answered": _answered(case),
        "status": _status(case),
    }


@cases.command()
@click.argument("id", type=int)
@db_option
@json_option
def show(id: int, db: Path, as_json: bool) -> None:
    """Show a case, and what has become of it."""
    with open_store(db) as store:
        case = only(list_cases(store.connection, seq=id, closed=True), "case", id)
        history = happened(store, "case", case)
    if as_json:
        print_json({**_plain(case), "history": told(history)})
        return
    name = value_text(case.name)
    click.echo(f"case {id}: {name} of {case.recovery}, for {case.customer}, {_status(case)}")
    due = f", to be answered before {shown_time(case.due)}" if case.due is not None else ""
    times = f", {case.times} times" if case.times > 1 else ""
    click.echo(f"  opened at {shown_time(case.opened)}{times}{due}")
    if case.answered is not None:
        click.echo(f"  answered at {_answered(case)}")
    print_history(id, history)


def _recoveries(program: Program) -> tuple[str, ...]:
    return () if program.life is None else tuple(program.life.recovery)


def _answered(case: StoredCase) -> str:
    return f"{shown_time(case.answered) or ''}{', late' if case.late else ''}"


def _status(case: StoredCase) -> str:
    if case.status == "open" and case.overdue is not None:
        return "overdue"
    return case.outcome or case.status


def _plain(case: StoredCase) -> dict[str, object]:
    fields = plain(case)
    return {"id": case.seq, "case": fields.pop("name"), **fields}
