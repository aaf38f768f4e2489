"""`loyalcore approvals`: what people are asked to decide of customers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from loyalcore.cli.effects import value_text
from loyalcore.cli.listing import listing
from loyalcore.cli.operators import Hand, act, latest, operator_options
from loyalcore.cli.output import json_option, money_figure, print_json, print_table
from loyalcore.cli.parting import preview_json, print_preview
from loyalcore.cli.queues import (
    all_option,
    as_option,
    find_one,
    happened,
    people_text,
    plain,
    print_head,
    print_history,
    print_queue,
    role_option,
    told,
)
from loyalcore.cli.reading import check_customer, open_store, shown_time
from loyalcore.cli.run import db_option
from loyalcore.program.builtin_events import APPROVAL_GIVEN
from loyalcore.runner.dissolution import foresee_proposed
from loyalcore.runner.reports import now_of, outstanding_of
from loyalcore.store.tasks import Asked, list_asked


@click.group()
def approvals() -> None:
    """What people are asked to decide of customers."""


@approvals.command("list")
@listing
@role_option
@all_option
def list_(
    db: Path, customer: str | None, limit: int, as_json: bool, role: str | None, closed: bool
) -> None:
    """List the approvals that are open, those asked first on top.

    `given` counts those who have approved already.
    """
    with open_store(db) as store:
        check_customer(store, customer)
        found = list_asked(
            store.connection,
            "approval",
            customer=customer,
            role=role,
            closed=closed,
            limit=limit + 1,
        )
    print_queue("approval", found, _row, plain, limit=limit, closed=closed, as_json=as_json)


def _row(approval: Asked) -> dict[str, object]:
    return {
        "id": str(approval.seq),
        "approval": approval.name,
        "customer": approval.customer,
        "of": people_text(approval),
        "expires": shown_time(approval.due),
        "given": approval.given,
        "status": approval.status,
    }


@approvals.command()
@click.argument("id", type=int)
@db_option
@json_option
def show(id: int, db: Path, as_json: bool) -> None:
    """Show what is to be decided: the evidence, what people had tried for the customer before it
    was asked, the points that are outstanding, and what has become of it. Where a relationship is
    to be ended, also what that would come to.

    Points and tasks are as of the store's latest event.
    """
    with open_store(db) as store:
        approval = find_one(store, "approval", id)
        history = happened(store, "approval", approval)
        loaded = latest(store)
        asked = list_asked(store.connection, "task", customer=approval.customer, closed=True)
        tried = [one for one in asked if one.seq < id]
        at = now_of(store.connection)
        points = outstanding_of(store.connection, loaded.program, at=at, customer=approval.customer)
        ahead = foresee_proposed(
            store.connection, loaded.program, approval.customer, approval.number, at
        )
    plan = loaded.program.work.approvals.get(approval.name)
    about = "" if plan is None else plan.about
    evidence = history[0].effect.get("evidence", {})
    assert isinstance(evidence, dict)
    if as_json:
        print_json(
            {
                **plain(approval),
                "about": about,
                "evidence": evidence,
                "tried": [plain(one) for one in tried],
                "outstanding": [
                    {
                        "wallet": one.wallet,
                        "active": one.active,
                        "pending": one.pending,
                        "value": money_figure(one.value, loaded.program.locale),
                    }
                    for one in points
                ],
                "preview": ahead and preview_json(loaded.program, *ahead),
                "history": told(history),
            }
        )
        return
    print_head(approval, about, "expires")
    told_on = [(name, value_text(it)) for name, it in evidence.items() if not _tabular(it)]
    tables: list[tuple[Sequence[str], Sequence[Sequence[object]]]] = [
        (("evidence", "value"), told_on),
        *(_table(name, value) for name, value in evidence.items() if _tabular(value)),
        (
            ("tried", "when", "came to"),
            [(one.name, shown_time(one.created), one.outcome or one.status) for one in tried],
        ),
        (
            ("outstanding", "active", "pending", "value"),
            [
                (
                    one.wallet,
                    one.active,
                    one.pending,
                    money_figure(one.value, loaded.program.locale),
                )
                for one in points
            ],
        ),
    ]
    for columns, rows in tables:
        if rows:
            click.echo()
            print_table(columns, rows)
    if ahead is not None:
        click.echo("\nIf it is approved, and nothing else happens:\n")
        print_preview(loaded.program, *ahead)
    print_history(id, history)


def _tabular(value: object) -> bool:
    """Whether a value of the evidence is told best as a table: figures by period, say."""
    return isinstance(value, list) and all(isinstance(row, Mapping) for row in value)


def _table(name: str, rows: Any) -> tuple[Sequence[str], Sequence[Sequence[object]]]:
    """The columns and rows of such a value, under its name."""
    columns = [*dict.fromkeys(column for row in rows for column in row)]
    shown = [tuple(value_text(row.get(column, "")) for column in columns) for row in rows]
    return (f"{name}: {columns[0]}", *columns[1:]), shown


def _decide(*, id: int, db: Path, by: str, reason: str | None, hand: Hand, approved: bool) -> None:
    with open_store(db) as store:
        approval = find_one(store, "approval", id)
        data = {
            "approval": approval.name,
            "number": approval.number,
            "approved": approved,
            "by": by,
            **({} if reason is None else {"reason": reason}),
        }
        act(hand, store, latest(store), APPROVAL_GIVEN, approval.customer, data, approval)


@approvals.command()
@click.argument("id", type=int)
@db_option
@as_option
@click.option("--reason", metavar="TEXT", help="Why, for those who ask later.")
@operator_options
def approve(**given: Any) -> None:
    """Approve what is asked.

    It is an event of type approval_given, kept and decided as any other. Where several people
    must approve, each says so once. Exit status 1 when it is not open any more, or this person
    may not, or has already.
    """
    _decide(**given, approved=True)


@approvals.command()
@click.argument("id", type=int)
@db_option
@as_option
@click.option("--reason", metavar="TEXT", required=True, help="Why, for those who ask later.")
@operator_options
def reject(**given: Any) -> None:
    """Reject what is asked, for all who might approve it.

    It is an event of type approval_given, kept and decided as any other. Exit status 1 when it
    is not open any more, or this person may not, or has approved already.
    """
    _decide(**given, approved=False)
