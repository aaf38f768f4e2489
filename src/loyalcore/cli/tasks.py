"""`loyalcore tasks`: what people are asked to do for customers."""

from __future__ import annotations

from pathlib import Path

import click

from loyalcore.cli.effects import value_text
from loyalcore.cli.listing import listing
from loyalcore.cli.operators import Hand, act, latest, operator_options
from loyalcore.cli.output import json_option, print_json
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
from loyalcore.cli.reading import check_customer, check_word, open_store, shown_time
from loyalcore.cli.run import db_option
from loyalcore.program.builtin_events import TASK_ASSIGNED, TASK_DONE
from loyalcore.runner.reports import now_of
from loyalcore.store.tasks import Asked, list_asked


@click.group()
def tasks() -> None:
    """What people are asked to do for customers."""


@tasks.command("list")
@listing
@role_option
@click.option("--assignee", metavar="USER", help="Of this person only.")
@click.option("--overdue", is_flag=True, help="Only those that were to be done by now.")
@all_option
def list_(
    db: Path,
    customer: str | None,
    limit: int,
    as_json: bool,
    role: str | None,
    assignee: str | None,
    overdue: bool,
    closed: bool,
) -> None:
    """List the tasks that are open, those asked first on top.

    What is overdue is so as of the store's latest event. A task that was escalated is one of
    each role that it went to.
    """
    with open_store(db) as store:
        check_customer(store, customer)
        found = list_asked(
            store.connection,
            "task",
            customer=customer,
            role=role,
            assignee=assignee,
            overdue=now_of(store.connection) if overdue else None,
            closed=closed,
            limit=limit + 1,
        )
    print_queue("task", found, _row, plain, limit=limit, closed=closed, as_json=as_json)


def _row(task: Asked) -> dict[str, object]:
    return {
        "id": str(task.seq),
        "task": task.name,
        "customer": task.customer,
        "for": people_text(task),
        "due": shown_time(task.due),
        "status": f"{task.status}: {task.outcome}" if task.outcome else task.status,
        "note": value_text(task.note),
    }


@tasks.command()
@click.argument("id", type=int)
@db_option
@json_option
def show(id: int, db: Path, as_json: bool) -> None:
    """Show a task, and what has become of it."""
    with open_store(db) as store:
        task = find_one(store, "task", id)
        history = happened(store, "task", task)
        plan = latest(store).program.work.tasks.get(task.name)
    about = "" if plan is None else plan.about
    if as_json:
        print_json({**plain(task), "about": about, "history": told(history)})
        return
    print_head(task, about, "due")
    print_history(id, history)


@tasks.command()
@click.argument("id", type=int)
@db_option
@as_option
@click.option("--outcome", metavar="O", help="What it came to.")
@click.option("--note", metavar="TEXT", help="More about it.")
@click.option(
    "--minutes",
    type=click.IntRange(min=0),
    metavar="N",
    help="How much work it was, where that is not what the task says it takes.",
)
@operator_options
def done(
    id: int,
    db: Path,
    by: str,
    outcome: str | None,
    note: str | None,
    minutes: int | None,
    hand: Hand,
) -> None:
    """Say that a task is done, and what it came to.

    It is an event of type task_done, kept and decided as any other. Exit status 1 when it is
    not open any more, or not for this person.
    """
    with open_store(db) as store:
        task = find_one(store, "task", id)
        loaded = latest(store)
        plan = loaded.program.work.tasks.get(task.name)
        if plan is not None and plan.outcomes and outcome is not None:
            check_word(f"outcome of {task.name}", outcome, plan.outcomes)
        data = {"task": task.name, "number": task.number, "by": by}
        data |= {} if outcome is None else {"outcome": outcome}
        data |= {} if note is None else {"note": note}
        data |= {} if minutes is None else {"minutes": minutes}
        act(hand, store, loaded, TASK_DONE, task.customer, data, task)


@tasks.command()
@click.argument("id", type=int)
@db_option
@as_option
@click.option("--to", metavar="USER", required=True, help="Whose it is from now on.")
@operator_options
def assign(id: int, db: Path, by: str, to: str, hand: Hand) -> None:
    """Hand a task on to a person, or take it.

    It is an event of type task_assigned, kept and decided as any other. Exit status 1 when it
    is not open any more, or the person has none of its roles.
    """
    with open_store(db) as store:
        task = find_one(store, "task", id)
        data = {"task": task.name, "number": task.number, "to": to, "by": by}
        act(hand, store, latest(store), TASK_ASSIGNED, task.customer, data, task)
