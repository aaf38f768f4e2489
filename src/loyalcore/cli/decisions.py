"""`loyalcore decisions`: which rules fired, and which were held back."""

from __future__ import annotations

from pathlib import Path

import click

from loyalcore.cli.effects import effects_text
from loyalcore.cli.listing import print_list
from loyalcore.cli.output import json_option, limit_option
from loyalcore.cli.reading import (
    SHORT,
    check_customer,
    customer_option,
    effects_of,
    event_text,
    first,
    open_store,
    parsed,
    shown_time,
    since_option,
    until_option,
)
from loyalcore.cli.run import db_option
from loyalcore.store.decisions import StoredDecision, count_by_rule, list_decisions


@click.group()
def decisions() -> None:
    """Which rules fired, and which were held back."""


@decisions.command("list")
@db_option
@customer_option
@click.option("--rule", metavar="R", help="Of this rule only.")
@since_option
@until_option
@click.option("--fired/--held", default=None, help="Only rules that fired, or were held back.")
@limit_option
@json_option
def list_(
    db: Path,
    customer: str | None,
    rule: str | None,
    since: int | None,
    until: int | None,
    fired: bool | None,
    limit: int,
    as_json: bool,
) -> None:
    """List decisions, the newest first. `loyalcore explain DECISION` tells the reason."""
    with open_store(db) as store:
        check_customer(store, customer)
        found = list_decisions(
            store.connection,
            customer=customer,
            rule=rule,
            since=since,
            until=until,
            fired=fired,
            newest_first=True,
            limit=limit + 1,
        )
        shown = first(found, limit)
        empty = "No decision is like that."
        if rule is not None and not shown:
            rules = ", ".join(count.rule for count in count_by_rule(store.connection))
            empty = f"{empty} These rules have decided: {rules or 'none'}."
    print_list(shown, _row, _plain, as_json=as_json, empty=empty)


def _row(decision: StoredDecision) -> dict[str, object]:
    return {
        "decision": decision.id[:SHORT],
        "time": shown_time(decision.time),
        "customer": decision.customer,
        "rule": decision.rule,
        "result": decision.reason or "fired",
        "effects": effects_text(effects_of(decision)),
        "event": event_text(decision.event_type, decision.event_id, decision.event_source),
    }


def _plain(decision: StoredDecision) -> dict[str, object]:
    return {
        **decision._asdict(),
        "time": shown_time(decision.time),
        "facts": parsed(decision.facts),
        "effects": effects_of(decision),
    }
