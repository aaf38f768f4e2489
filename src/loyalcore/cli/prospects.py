"""What is to come of a trigger, a tier ladder or the stage, as part of a drawn explanation."""

from __future__ import annotations

from rich.text import Text
from rich.tree import Tree

from loyalcore.cli.drawing import add_drawing, marked
from loyalcore.cli.effects import value_text
from loyalcore.engine.ladders.tier_outlook import Need, Outlook
from loyalcore.engine.telling.prospects import Prospect, WayTold


def add_prospect(tree: Tree, prospect: Prospect) -> None:
    """Add what comes when, and what that takes, below `tree`."""
    for coming in prospect.timers[1:]:
        tree.add(Text(f"also due {coming.due}, counted from {coming.since}"))
    if prospect.condition is not None:
        add_drawing(tree, prospect.condition)
    if prospect.tier is not None:
        _add_tier(tree, prospect.tier)
    for way in prospect.ways:
        _add_way(tree, way)


def _add_tier(tree: Tree, tier: Outlook) -> None:
    if tier.next is not None:
        _add_needs(tree, f"to reach {tier.next}", tier.to_next)
    if tier.level is not None and tier.to_stay:
        _add_needs(tree, f"to stay at {tier.level}", tier.to_stay)
    if tier.projected_at is not None:
        level = tier.projected or "no level"
        tree.add(Text(f"at {level} from {tier.projected_at} on, if nothing happens until then"))


def _add_needs(tree: Tree, what: str, needs: tuple[Need, ...]) -> None:
    branch = tree.add(Text(what))
    together = [need for need in needs if not need.one_of]
    one_of = [need for need in needs if need.one_of]
    for need in together:
        branch.add(need_text(need))
    if one_of:
        met = any(need.met for need in one_of)
        any_of = branch.add(Text.assemble(marked(met), "one of"))
        for need in one_of:
            any_of.add(need_text(need))


def need_text(need: Need) -> Text:
    """What a level takes, and how much of it is there."""
    if need.wanted is None:
        return Text.assemble(marked(need.met), need.figure)
    text = f"{need.figure}: {value_text(need.have)} of {value_text(need.wanted)}"
    missing = "" if need.met else f", {value_text(need.missing)} missing"
    return Text.assemble(marked(need.met), text, missing)


def _add_way(tree: Tree, way: WayTold) -> None:
    branch = tree.add(Text.assemble(marked(way.open), f"to {way.to} {way.how}"))
    if way.condition is not None:
        for part in way.condition.parts or (way.condition,):
            add_drawing(branch, part)
