"""`loyalcore explain`: why a customer got what they got, or did not."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import click
from msgspec import to_builtins
from rich.text import Text
from rich.tree import Tree

from loyalcore.cli.drawing import add_drawing, marked
from loyalcore.cli.effects import effect_text, value_text
from loyalcore.cli.output import console, json_option, print_json
from loyalcore.cli.reading import SHORT, check_customer, open_store
from loyalcore.cli.run import db_option
from loyalcore.engine.explain import LimitUse, QuotaUse, RuleExplanation
from loyalcore.errors import UsageError, did_you_mean
from loyalcore.runner.explanation import EventExplanation, explain_event
from loyalcore.runner.replay import CompiledPrograms
from loyalcore.store import Store
from loyalcore.store.decisions import StoredDecision, decisions_like, find_decision
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
    """Tell why a rule fired or did not: on which facts, with which values.

    Give a DECISION (its id, or the start of it), or --customer, --event, or both. With
    --rule and no event it is the latest event that the rule is on.
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
            rule = taken.rule
        else:
            logged = _event(store, customer, event, source, rule)
        explanation = explain_event(store.connection, logged)
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
    """The customer's latest event of a type that `rule` was on."""
    programs = CompiledPrograms(store.connection)
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
    if types:
        raise UsageError(f"rule '{rule}' is on {' and '.join(types)}; {customer} has had none")
    hint = did_you_mean(rule, known) or f"the rules are {', '.join(known)}"
    raise UsageError(f"there is no rule '{rule}'; {hint}")


def _of_rule(explanation: EventExplanation, rule: str) -> EventExplanation:
    rules = tuple(one for one in explanation.rules if one.rule == rule)
    if not rules:
        names = [one.rule for one in explanation.rules]
        hint = did_you_mean(rule, names) or f"those that are: {', '.join(names) or 'none'}"
        raise UsageError(f"no rule '{rule}' is on {explanation.event_type}; {hint}")
    return replace(explanation, rules=rules)


def _cause(store: Store, id: str) -> str:
    """What emitted an event, in words; empty for an event from outside."""
    decision = find_decision(store.connection, id) if id else None
    if decision is None:
        return ""
    return f"emitted by {decision.rule} for {decision.customer}, decision {decision.id[:SHORT]}"


def print_explanation(explanation: EventExplanation, cause: str) -> None:
    """An explanation for people: a tree for each rule."""
    out = console()
    source = cause or f"from {explanation.event_source}"
    out.print(
        Text.assemble(
            (f"{explanation.event_type} {explanation.event_id}", "bold"),
            f" of customer {explanation.customer}, {explanation.time}\n",
            f"{source}; program {explanation.program} {explanation.program_hash[:SHORT]}",
        )
    )
    for warning in explanation.warnings:
        out.print(Text(f"warning: {warning}", "yellow"))
    if not explanation.rules:
        out.print(Text(f"No rule is on {explanation.event_type}."))
    for rule in explanation.rules:
        out.print()
        out.print(_rule_tree(rule))


def _rule_tree(rule: RuleExplanation) -> Tree:
    fired = rule.verdict == "fired"
    mark: bool | None = fired
    if rule.verdict == "not true" and rule.condition is not None:
        mark = rule.condition.truth
    told = {
        "fired": f"fired: {rule.reason}",
        "held": f"did not fire, held back by {_its(rule.reason)}",
        "not in force": f"did not fire: {rule.reason}",
        "not true": f"did not fire: {rule.reason}",
    }[rule.verdict]
    tree = Tree(Text.assemble(marked(mark), (rule.rule, "bold"), f" {told}"))
    if rule.condition is not None:
        add_drawing(tree, rule.condition)
    if rule.starts or rule.ends:
        start = f"from {rule.starts} " if rule.starts else ""
        end = f"until {rule.ends}" if rule.ends else ""
        tree.add(Text.assemble(marked(rule.verdict != "not in force"), f"in force {start}{end}"))
    if rule.schedule:
        tree.add(Text.assemble(marked(rule.scheduled), f"scheduled {rule.schedule}"))
    if rule.who is not None:
        add_drawing(tree.add("who"), rule.who)
    for group in rule.groups:
        tree.add(Text(f"in the group {group.group}, {_STACKS[group.stack]}"))
    for limit in rule.limits:
        if limit.reached or rule.decision:
            tree.add(_limit_text(limit))
    for quota in rule.quotas:
        if quota.reached or rule.decision:
            tree.add(_quota_text(quota))
    if rule.experiment:
        part = "in" if rule.held_out else "not in"
        told = f"experiment {rule.experiment}: {part} the control group"
        tree.add(Text.assemble(marked(not rule.held_out), told))
    if fired or rule.condition is None:
        facts = ", ".join(f"{name} = {value_text(value)}" for name, value in rule.facts.items())
        if facts:
            tree.add(Text(f"on {facts}"))
    for effect in rule.effects:
        tree.add(Text(f"→ {effect_text(effect)}"))
    if rule.cost is not None:
        tree.add(Text(f"cost {value_text(rule.cost)}"))
    if rule.decision:
        tree.add(Text(f"decision {rule.decision}", "dim"))
    return tree


SHOWN = 5  # firings that are listed one by one


def _limit_text(limit: LimitUse) -> Text:
    used = len(limit.firings)
    dots = "…, " if used > SHOWN else ""
    when = f": {dots}{', '.join(limit.firings[-SHOWN:])}" if used else ""
    since = f" since {limit.since}" if limit.since else " before"
    return Text.assemble(
        marked(not limit.reached),
        f"limit {limit.limit}{_of(limit.group)}: fired {used} of {limit.times} times{since}{when}",
    )


def _quota_text(quota: QuotaUse) -> Text:
    since = f" since {quota.since}" if quota.since else " before"
    by = " by all customers" if quota.kind == "budget" else ""
    among = ", this customer among them" if quota.among else ""
    return Text.assemble(
        marked(not quota.reached),
        f"{quota.kind} of {quota.what} {quota.quota}{_of(quota.group)}: "
        f"{value_text(quota.used)} of {value_text(quota.amount)} used{by}{since}{among}",
    )


def _of(group: str) -> str:
    return f" of the group {group}" if group else ""


def _its(reason: str) -> str:
    """A reason as it is told: "its limit: 1 per day", but "exclusive: sale"."""
    own = reason.partition(":")[0] in ("limit", "cap", "budget", "group", "holdout")
    return f"its {reason}" if own else reason


_STACKS = {
    "all": "of which all fire",
    "best": "of which the best fires",
    "first": "of which the first fires",
    "exclusive": "which excludes all others after it",
}
