"""Rewards: the catalogue, compiled for each event type that redeems."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from loyalcore.effects.kind import Facts
from loyalcore.expression import compile_true
from loyalcore.program.planner import RulePlanner
from loyalcore.program.points.act_plan import Redeems, RewardPlan
from loyalcore.program.report import Place
from loyalcore.program.selecting.rules import plan_effects
from loyalcore.program.selecting.selection import plan_selected
from loyalcore.ruleset.points import RewardSpec
from loyalcore.values import FLAG

PlannerOf = Callable[[str], RulePlanner]


class Catalogue(NamedTuple):
    """The rewards that an event type may redeem, by name, and the names that they read."""

    rewards: dict[str, RewardPlan]
    read: frozenset[str]


def plan_catalogue(event: str, redeems: Redeems, planner_of: PlannerOf) -> Catalogue:
    """Every reward, as `event` redeems it."""
    rewards, read = {}, set()
    for name, spec in planner_of(event).ruleset.rewards.items():
        planner = planner_of(event)
        planner.read.add(redeems.reward)
        if redeems.quantity:
            planner.read.add(redeems.quantity)
        rewards[name] = _plan_reward(name, spec, planner)
        read |= planner.read
    return Catalogue(rewards, frozenset(read))


def _plan_reward(name: str, spec: RewardSpec, planner: RulePlanner) -> RewardPlan:
    place: Place = ("rewards", name)
    price = _plan_price(spec, planner.below((*place, "price")))
    visible = None
    if spec.visible is not None:
        visible = planner.checked(spec.visible, (FLAG,), (*place, "visible"))
    effects = plan_effects(spec.then, (*place, "then"), planner)
    return RewardPlan(
        name=name,
        rule=plan_selected(f"rewards.{name}", spec, place, planner, effects),
        price=price,
        stock=spec.stock,
        visible=None if visible is None else compile_true(visible),
        visible_text=spec.visible or "",
    )


def _plan_price(spec: RewardSpec, planner: RulePlanner) -> dict[str, Callable[[Facts], int | None]]:
    price = {}
    for wallet, text in spec.price.items():
        points = planner.points(wallet, text, wallet)
        if points is not None:
            price[wallet] = points
        declared = planner.ruleset.wallets.get(wallet)
        if declared is not None and declared.kind == "qualifying":
            message = f"{wallet} is a qualifying wallet: its points are counted, not spent"
            planner.problem("bad-reward", message, wallet)
    return price
