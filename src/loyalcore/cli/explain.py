"""`loyalcore explain`: why a customer got what they got, or did not."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import click
from msgspec import to_builtins

from loyalcore.cli.explanation import print_explanation
from loyalcore.cli.output import json_option, print_json
from loyalcore.cli.reading import SHORT, check_customer, open_store
from loyalcore.cli.run import db_option
from loyalcore.engine.telling.explanation import RuleExplanation
from loyalcore.engine.telling.prospects import life_names
from loyalcore.errors import UsageError, did_you_mean
from loyalcore.runner.explanation import EventExplanation, explain_event
from loyalcore.runner.replay import CompiledPrograms
from loyalcore.store import Store
from loyalcore.store.decisions import (
    StoredDecision,
    decisions_like,
    find_decision,
    list_decisions,
)
from loyalcore.store.events import StoredEvent, events_like, find_event, list_events


@click.command()
@click.argument("decision", required=False)
@db_option
@click.option("--customer", metavar="C", help="Explain an event of this customer [their latest].")
@click.option("--event", metavar="E", help="The event, by its id or the start of it.")
@click.option("--source", metavar="S", help="The source of the event, where two have its id.")
@click.option("--rule", metavar="R", help="Only this rule [every rule on the event].")
@json_option
def explain(
    decision: str | None,
    db: Path,
    customer: str | None,
    event: str | None,
    source: str | None,
    rule: str | None,
    as_json: bool,
) -> None:
    """Tell why a rule fired or did not, and what sections of the ruleset decided by themselves
    (rewards, offers, wallets, refunds, triggers, tiers, stages): on which facts, with which
    values.

    Give a DECISION (its id, or the start of it), or --customer, --event, or both. With
    --rule and no event it is the latest event that the rule is on. Of a trigger, a tier
    ladder or a stage (--rule triggers.quiet, tiers.club, stages.client) it also tells what is
    to come: when it is due, or what is missing.
    """
    with open_store(db) as store:
        if decision is not None:
            if customer or event or source or rule:
                raise UsageError(
                    "a decision is of one customer, event and rule; leave out --customer, "
                    "--event, --source and --rule"
                )
            taken = _decision(store, decision)
            (logged,) = find_event(store.connection, seq=taken.event)
            explanation = _of_decision(explain_event(store.connection, logged), taken)
        else:
            logged = _event(store, customer, event, source, rule)
            explanation = explain_event(store.connection, logged, rule or "")
            if rule is not None:
                explanation = _of_rule(explanation, rule)
        if as_json:
            print_json(to_builtins(explanation))
        else:
            print_explanation(explanation, _cause(store, explanation.cause))


def _decision(store: Store, id: str) -> StoredDecision:
    """The decision whose id starts so. Raises UsageError unless there is exactly one."""
    found = decisions_like(store.connection, id.lower(), limit=5) if id else []
    if len(found) == 1 or (found and found[0].id == id):
        return found[0]
    if found:
        dots = ", …" if len(found) == 5 else ""
        some = ", ".join(f"{one.id[:SHORT]} ({one.rule} for {one.customer})" for one in found[:4])
        raise UsageError(
            f"more than one decision starts with '{id}': {some}{dots}; give more of it"
        )
    if id and events_like(store.connection, id, limit=1):
        raise UsageError(f"no decision starts with '{id}', but an event does: try --event {id}")
    raise UsageError(
        f"no decision starts with '{id}'; `loyalcore decisions list --db {store.path}` shows them"
    )


def _event(
    store: Store, customer: str | None, event: str | None, source: str | None, rule: str | None
) -> StoredEvent:
    """The event that is asked for. Raises UsageError unless there is exactly one."""
    check_customer(store, customer)
    if event is not None:
        return _event_named(store, customer, source, event)
    if customer is None or source is not None:
        raise UsageError("say what to explain: a decision's id, --customer C or --event E")
    if rule is not None:
        return _latest_on(store, customer, rule)
    return list_events(store.connection, customer=customer, newest_first=True, limit=1)[0]


def _event_named(store: Store, customer: str | None, source: str | None, id: str) -> StoredEvent:
    """The event whose id is, or is the only one to start with, `id`."""
    found = events_like(store.connection, id, customer=customer, source=source, limit=5)
    exact = [one for one in found if one.id == id]
    if len(exact) == 1 or len(found) == 1:
        return (exact or found)[0]
    of = f" of customer '{customer}'" if customer else ""
    if found:
        some = ", ".join(f"{one.id} ({one.type} from {one.source})" for one in found[:4])
        dots = ", …" if len(found) == 5 else ""
        narrower = "add --source" if exact else "give more of it"
        raise UsageError(f"more than one event{of} starts with '{id}': {some}{dots}; {narrower}")
    if others := events_like(store.connection, id, limit=1):
        (other,) = others
        raise UsageError(f"event '{id}' is of customer '{other.customer}', from {other.source}")
    if customer is not None:
        latest = list_events(store.connection, customer=customer, newest_first=True, limit=3)
        some = ", ".join(f"{one.id} ({one.type})" for one in latest)
        raise UsageError(f"no event{of} starts with '{id}'; the latest are {some}")
    raise UsageError(
        f"no event starts with '{id}'; `loyalcore events list --db {store.path}` shows them"
    )


def _latest_on(store: Store, customer: str, rule: str) -> StoredEvent:
    """The customer's latest event of a type that `rule` was on; or, of a section of the
    ruleset, that it decided."""
    programs = CompiledPrograms(store.connection)
    latest_event = list_events(store.connection, customer=customer, newest_first=True, limit=1)[0]
    life = life_names(programs[latest_event.program])
    if rule in life:  # what matters is how it stands by now
        return latest_event
    types: dict[str, None] = {}
    known: dict[str, None] = {}
    for logged in list_events(store.connection, customer=customer, newest_first=True):
        plans = programs[logged.program].events
        rules = [plan.name for plan in plans[logged.type].rules]
        if rule in rules:
            return logged
        for name, plan in plans.items():
            known |= dict.fromkeys(one.name for one in plan.rules)
            if any(one.name == rule for one in plan.rules):
                types[name] = None
    decided = list_decisions(
        store.connection, customer=customer, rule=rule, newest_first=True, limit=1
    )
    if decided:  # by a section of the ruleset
        (latest,) = find_event(store.connection, seq=decided[0].event)
        return latest
    if types:
        raise UsageError(f"rule '{rule}' is on {' and '.join(types)}; {customer} has had none")
    hint = did_you_mean(rule, [*known, *life]) or f"the rules are {', '.join(known)}"
    raise UsageError(f"there is no rule '{rule}'; {hint}")


def _of_decision(explanation: EventExplanation, taken: StoredDecision) -> EventExplanation:
    """What is told of one decision alone; of its rule, where it comes out differently here."""
    rules, sections = explanation.rules, explanation.sections
    exact = any(one.decision == taken.id for one in (*rules, *sections))

    def wanted(one: RuleExplanation) -> bool:
        return one.decision == taken.id if exact else one.rule == taken.rule

    return replace(
        explanation,
        rules=tuple(filter(wanted, rules)),
        sections=tuple(filter(wanted, sections)),
    )


def _of_rule(explanation: EventExplanation, rule: str) -> EventExplanation:
    rules = tuple(one for one in explanation.rules if one.rule == rule)
    sections = tuple(one for one in explanation.sections if one.rule == rule)
    if not rules and not sections:
        names = [one.rule for one in (*explanation.rules, *explanation.sections)]
        hint = did_you_mean(rule, names) or f"those that are: {', '.join(names) or 'none'}"
        raise UsageError(f"no rule '{rule}' is on {explanation.event_type}; {hint}")
    return replace(explanation, rules=rules, sections=sections)


def _cause(store: Store, id: str) -> str:
    """What emitted an event, in words; empty for an event from outside."""
    decision = find_decision(store.connection, id) if id else None
    if decision is None:
        return ""
    return f"emitted by {decision.rule} for {decision.customer}, decision {decision.id[:SHORT]}"
