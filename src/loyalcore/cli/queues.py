"""What the commands on tasks, approvals and cases share: one of them, by its id, and what has
become of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple, TypeVar

import click

from loyalcore.cli.effects import effect_text, value_text
from loyalcore.cli.listing import print_list
from loyalcore.cli.output import print_table
from loyalcore.cli.reading import SHORT, effects_of, first, shown_time
from loyalcore.errors import UsageError
from loyalcore.store import Store
from loyalcore.store.cases import StoredCase
from loyalcore.store.decisions import StoredDecision, list_decisions
from loyalcore.store.rows import QUEUES
from loyalcore.store.tasks import Asked, list_asked

Effect = Mapping[str, object]
One = TypeVar("One")

as_option = click.option(
    "--as", "by", metavar="USER", required=True, help="Who says so, as in `people`."
)
role_option = click.option("--role", metavar="R", help="Of this role only.")
all_option = click.option("--all", "closed", is_flag=True, help="Also those that are closed.")


class Happened(NamedTuple):
    """A decision that opened, changed or closed a task, an approval or a case, and its effect."""

    decision: StoredDecision
    effect: Effect


def only(found: Sequence[One], kind: str, seq: int) -> One:
    """The one that was found, of this id. Raises UsageError where there is none."""
    if not found:
        raise UsageError(f"there is no {kind} {seq}; `loyalcore {kind}s list --all` shows them")
    return found[0]


def find_one(store: Store, kind: str, seq: int) -> Asked:
    """The task, or approval, of this id."""
    return only(list_asked(store.connection, kind, seq=seq, closed=True), kind, seq)


def happened(store: Store, kind: str, one: Asked | StoredCase) -> list[Happened]:
    """What has become of a task, approval or case (`kind`), from its opening on."""
    return [
        Happened(decision, effect)
        for decision in list_decisions(store.connection, customer=one.customer)
        if decision.seq >= one.decision
        for effect in effects_of(decision)
        if (_noun(effect), effect.get("number")) == (kind, one.number)
    ]


def _noun(effect: Effect) -> str:
    return str(effect["effect"]).partition(" ")[0]


def with_ids(store: Store, customer: str, effects: Iterable[Effect]) -> Iterator[Effect]:
    """Effects with ids, by which people ask, for the customer's own numbers."""
    for effect in effects:
        queue = next((queue for queue in QUEUES if _noun(effect) in queue.nouns), None)
        match effect:
            case {"number": int(number)} if queue is not None:
                yield {**effect, "number": queue.id_of(store.connection, customer, number)}
            case _:
                yield effect


def with_id(reason: str, asked: Asked | None) -> str:
    """A reason why nothing was done about what was asked, with its id too."""
    if asked is None:
        return reason
    return reason.replace(asked.called, f"{asked.kind} {asked.name} {asked.seq}")


def people_text(asked: Asked) -> str:
    """Whom it is asked of."""
    return asked.assignee or " or ".join(asked.roles) or "anyone"


def print_queue(
    kind: str,
    found: Sequence[One],
    row: Callable[[One], Mapping[str, object]],
    plain: Callable[[One], Mapping[str, object]],
    *,
    limit: int,
    closed: bool,
    as_json: bool,
) -> None:
    """List those that were found; they are open, or may be `closed`."""
    empty = f"There are no {kind}s." if closed else f"No {kind} is open."
    print_list(first(found, limit), row, plain, as_json=as_json, empty=empty)


_TIMES = ("opened", "created", "due", "reminded", "escalated", "overdue", "answered", "closed")


def plain(one: Asked | StoredCase) -> dict[str, object]:
    """All that is known of it, as JSON shows it."""
    rows = ("seq", "decision", "closing")  # numbers of the file, not for others
    fields = {name: value for name, value in one._asdict().items() if name not in rows}
    fields |= {name: shown_time(fields[name]) for name in _TIMES if name in fields}
    return {"id": one.seq, **fields}


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


def print_history(id: int, history: list[Happened]) -> None:
    """What has become of the one of this id."""
    click.echo()
    print_table(
        ("time", "what happened", "decision"),
        [
            (
                shown_time(one.decision.time),
                effect_text({**one.effect, "number": id}),
                one.decision.id[:SHORT],
            )
            for one in history
        ],
    )
