"""An explanation in words: a tree for each rule, and for what sections decided."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from rich.text import Text
from rich.tree import Tree

from loyalcore.cli.drawing import add_drawing, marked
from loyalcore.cli.effects import effect_text, value_text
from loyalcore.cli.output import console
from loyalcore.cli.prospects import add_prospect
from loyalcore.cli.reading import SHORT, event_text
from loyalcore.cli.sections import section_text
from loyalcore.engine.telling.explanation import EntryTold, LimitUse, QuotaUse, RuleExplanation
from loyalcore.runner.explanation import EventExplanation


def print_explanation(explanation: EventExplanation, cause: str) -> None:
    """An explanation for people: a tree for each rule."""
    out = console()
    source = cause or f"from {explanation.event_source}"
    event = event_text(explanation.event_type, explanation.event_id, explanation.event_source)
    late = "" if explanation.at is None else f", late: decided at {explanation.at}"
    out.print(
        Text.assemble(
            (event, "bold"),
            f" of customer {explanation.customer}, {explanation.time}{late}\n",
            f"{source}; program {explanation.program} {explanation.program_hash[:SHORT]}",
        )
    )
    for warning in explanation.warnings:
        out.print(Text(f"warning: {warning}", "yellow"))
    if not explanation.rules and not explanation.sections:
        out.print(Text(f"No rule is on {explanation.event_type}."))
    for rule in explanation.rules:
        out.print()
        out.print(_tree(rule, f" {_rule_text(rule)}"))
    for section in explanation.sections:
        out.print()
        out.print(_section(section))


def _section(section: RuleExplanation) -> Tree:
    if section.verdict == "not true" and section.prospect is not None:
        tree = Tree(
            Text.assemble((section.rule, "bold"), f" did not decide here: {section.reason}")
        )
    else:
        reason = "" if section.verdict == "fired" else section.reason
        told = f": {section_text(section.rule, reason)}"
        tree = _tree(section, told, _entries(section.entries))
        if section.prospect is not None:
            tree.add(Text(f"now {section.prospect.now}"))
    if section.prospect is not None:
        add_prospect(tree, section.prospect)
    return tree


def _rule_text(rule: RuleExplanation) -> str:
    return {
        "fired": f"fired: {rule.reason}",
        "held": f"did not fire, held back by {_its(rule.reason)}",
        "not in force": f"did not fire: {rule.reason}",
        "not true": f"did not fire: {rule.reason}",
    }[rule.verdict]


def _tree(rule: RuleExplanation, told: str, entries: Sequence[str] = ()) -> Tree:
    fired = rule.verdict == "fired"
    mark: bool | None = fired
    if rule.verdict == "not true" and rule.condition is not None:
        mark = rule.condition.truth
    tree = Tree(Text.assemble(marked(mark), (rule.rule, "bold"), told))
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
        control = f"experiment {rule.experiment}: {part} the control group"
        tree.add(Text.assemble(marked(not rule.held_out), control))
    if fired or rule.condition is None:
        facts = ", ".join(f"{name} = {value_text(value)}" for name, value in rule.facts.items())
        if facts:
            tree.add(Text(f"on {facts}"))
    for effect in rule.effects:
        tree.add(Text(f"→ {effect_text(effect)}{_share(effect)}"))
    for entry in entries:
        tree.add(Text(entry))
    if rule.cost is not None:
        tree.add(Text(f"cost {value_text(rule.cost)}"))
    if rule.decision:
        tree.add(Text(f"decision {rule.decision}", "dim"))
    return tree


def _share(effect: Mapping[str, object]) -> str:
    """Of what a refund takes points back, and how much of it."""
    match effect:
        case {"effect": "reverse", "origin": str(origin), "share": share}:
            part = "all" if share == "1" else share
            return f": {part} of {origin.replace(':', ' ', 1)} so far"
    return ""


def _entries(entries: Iterable[EntryTold]) -> Sequence[str]:
    """The movements of points, a line for each lot and kind."""
    moves: dict[tuple[str, int, str], list[str]] = {}
    for entry in entries:
        parts = moves.setdefault((entry.wallet, entry.lot, entry.kind), [])
        parts.append(f"{entry.points:+,} {entry.bucket}")
        if entry.activates:
            parts.append(f"activates {entry.activates}")
        if entry.expires:
            parts.append(f"expires {entry.expires}")
    return [
        f"{wallet} lot {lot}: {kind}, {', '.join(parts)}"
        for (wallet, lot, kind), parts in moves.items()
    ]


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
