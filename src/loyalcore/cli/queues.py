"""What the commands on tasks and approvals share: one of them, and what has become of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple, cast

import click

from loyalcore.cli.effects import effect_text, value_text
from loyalcore.cli.output import print_table
from loyalcore.cli.reading import SHORT, parsed, shown_time
from loyalcore.errors import UsageError
from loyalcore.store import Store
from loyalcore.store.decisions import StoredDecision, list_decisions
from loyalcore.store.tasks import Asked, list_asked

Effect = Mapping[str, object]

as_option = click.option(
    "--as", "by", metavar="USER", required=True, help="Who says so, as in `people`."
)
role_option = click.option("--role", metavar="R", help="Of this role only.")
all_option = click.option("--all", "closed", is_flag=True, help="Also those that are closed.")


class Happened(NamedTuple):
    """A decision that opened, changed or closed a task, an approval or a case, and its effect."""

    decision: StoredDecision
    effect: Effect


def find_one(store: Store, kind: str, seq: int) -> Asked:
    """The task, or approval, of this id."""
    found = list_asked(store.connection, kind, seq=seq, closed=True)
    if not found:
        raise UsageError(f"there is no {kind} {seq}; `loyalcore {kind}s list --all` shows them")
    return found[0]


def happened(store: Store, asked: Asked) -> Iterator[Happened]:
    """What has become of it, in order, from its opening on."""
    return happened_to(store, asked.customer, asked.kind, asked.number, asked.decision)


def happened_to(
    store: Store, customer: str, kind: str, number: int, since: int
) -> Iterator[Happened]:
    """What has become of a customer's task, approval or case (`kind`) of this number, from the
    decision that opened it on."""
    for decision in list_decisions(store.connection, customer=customer):
        if decision.seq < since:
            continue
        for effect in cast("list[Effect]", parsed(decision.effects)):
            what = str(effect["effect"]).partition(" ")[0]
            if (what, effect.get("number")) == (kind, number):
                yield Happened(decision, effect)


def people_text(asked: Asked) -> str:
    """Whom it is asked of."""
    return asked.assignee or " or ".join(asked.roles) or "anyone"


def plain(asked: Asked) -> dict[str, object]:
    """All that is known of it, as JSON shows it."""
    rows = ("seq", "decision", "closing")  # numbers of the file, not for others
    fields = {name: value for name, value in asked._asdict().items() if name not in rows}
    for name in ("due", "reminded", "escalated", "created", "closed"):
        fields[name] = shown_time(getattr(asked, name))
    return {"id": asked.seq, **fields}


def told(history: list[Happened]) -> list[dict[str, object]]:
    """A history as JSON shows it."""
    return [
        {
            "time": shown_time(one.decision.time),
            "decision": one.decision.id,
            "rule": one.decision.rule,
            "effect": dict(one.effect),
        }
        for one in history
    ]


def print_head(asked: Asked, about: str, until: str) -> None:
    """What it is, and whom it is asked of. `until` says what there is time for."""
    click.echo(f"{asked.kind} {asked.seq}: {asked.name} for {asked.customer}, {asked.status}")
    if about:
        click.echo(f"  {about}")
    due = f", {until} {shown_time(asked.due)}" if asked.due is not None else ""
    click.echo(f"  asked of {people_text(asked)} at {shown_time(asked.created)}{due}")
    if asked.note:
        click.echo(f"  note: {value_text(asked.note)}")


def print_history(history: list[Happened]) -> None:
    """What has become of it."""
    click.echo()
    print_table(
        ("time", "what happened", "decision"),
        [
            (shown_time(one.decision.time), effect_text(one.effect), one.decision.id[:SHORT])
            for one in history
        ],
    )
