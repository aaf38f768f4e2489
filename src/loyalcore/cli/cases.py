"""`loyalcore cases`: what customers have opened, and what became of it."""

from __future__ import annotations

from pathlib import Path

import click

from loyalcore.cli.effects import value_text
from loyalcore.cli.listing import listing
from loyalcore.cli.output import json_option, print_json, print_table
from loyalcore.cli.queues import Happened, all_option, happened_to, print_history, told
from loyalcore.cli.reading import check_customer, check_word, first, open_store, shown_time
from loyalcore.cli.run import db_option
from loyalcore.errors import UsageError
from loyalcore.program.plan import Program
from loyalcore.runner.reports import now_of, program_of
from loyalcore.store import Store
from loyalcore.store.cases import StoredCase, list_cases

_TIMES = ("opened", "due", "reminded", "overdue", "answered", "closed")


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
    shown = first(found, limit)
    if as_json:
        print_json([_plain(one) for one in shown])
        return
    print_table(
        ("id", "recovery", "case", "customer", "opened", "due", "answered", "status"),
        [
            (
                str(one.seq),
                one.recovery,
                value_text(one.name),
                one.customer,
                shown_time(one.opened),
                shown_time(one.due),
                _answered(one),
                _status(one),
            )
            for one in shown
        ],
        empty="No case is open." if not closed else "There are no cases.",
    )


@cases.command()
@click.argument("id", type=int)
@db_option
@json_option
def show(id: int, db: Path, as_json: bool) -> None:
    """Show a case, and what has become of it."""
    with open_store(db) as store:
        found = list_cases(store.connection, seq=id, closed=True)
        if not found:
            raise UsageError(f"there is no case {id}; `loyalcore cases list --all` shows them")
        (case,) = found
        history = _history(store, case)
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
    print_history(history)


def _recoveries(program: Program) -> tuple[str, ...]:
    return () if program.life is None else tuple(program.life.recovery)


def _history(store: Store, case: StoredCase) -> list[Happened]:
    return list(happened_to(store, case.customer, "case", case.number, case.decision))


def _answered(case: StoredCase) -> str:
    return f"{shown_time(case.answered) or ''}{', late' if case.late else ''}"


def _status(case: StoredCase) -> str:
    if case.status == "open" and case.overdue is not None:
        return "overdue"
    return case.outcome or case.status


def _plain(case: StoredCase) -> dict[str, object]:
    """All that is known of it, as JSON shows it."""
    rows = ("seq", "decision", "closing", "name")  # numbers of the file, not for others
    fields = {name: value for name, value in case._asdict().items() if name not in rows}
    fields |= {name: shown_time(getattr(case, name)) for name in _TIMES}
    return {"id": case.seq, "case": case.name, **fields}
