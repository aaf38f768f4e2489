"""Redemptions: rewards of the catalogue bought with points, all or nothing, and cancelled.

So many of a reward at once are as many redemptions of one in a row, but with one price to be
paid: its limits, caps and budgets count each, and its effects happen for each. Only messages
are sent once.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from itertools import chain

from msgspec.structs import replace

from loyalcore.effects.changes import CancelRedemption, Change, Reverse, Send, Spend
from loyalcore.engine.apply import apply, why_not_spend
from loyalcore.engine.decide import record, rested_on
from loyalcore.engine.handover.activation import carry_points
from loyalcore.engine.points.fallen import fallen_in
from loyalcore.engine.points.origins import forget, key_of, still_known, too_late
from loyalcore.engine.selecting.bounds import Trial
from loyalcore.engine.selecting.holding import cost_of, fitted, held, use
from loyalcore.engine.selecting.uses import give_back, use_all
from loyalcore.engine.state import Uses
from loyalcore.engine.turn import Turn
from loyalcore.program.points.act_plan import Redeems, Reference, RewardPlan
from loyalcore.values import write_time

MAX_QUANTITY = 1_000  # of one reward at once


def redeem(turn: Turn, redeems: Redeems) -> None:
    """Buy what the event of `turn` names, or tell why it can't be had."""
    event = turn.event
    name = event.data[redeems.reward]
    reward = turn.plan.rewards.get(str(name))
    if reward is None:
        reason = f"{redeems.reward} is missing" if name is None else "unknown reward"
        record(turn, f"events.{event.type}.redeems", {redeems.reward: name}, (), reason)
        return
    quantity = event.data[redeems.quantity] if redeems.quantity else 1
    quantity = quantity if isinstance(quantity, int) else 1
    rule = reward.rule
    price, reason = _price(turn, reward, quantity)
    reason = _not_offered(turn, reward) or reason or _not_there(turn, reward, quantity, price)
    pieces: list[list[Change]] = []
    if not reason:
        pieces, reason = _pieces(turn, reward, quantity)
    read = rested_on(rule, turn.facts)
    if reason:
        record(turn, rule.name, read, (), reason)
        return
    acts = turn.plan.acts
    if acts is not None and acts.origin is not None:
        turn.redemptions = still_known(turn, acts.origin, turn.redemptions)
    if reward.stock is not None:
        turn.draw(stock_key(reward.name), quantity)
    spent = apply(turn, Spend(price, _id(turn), reward.name, quantity))
    done = [[apply(turn, change) for change in piece] for piece in pieces]
    uses, cost = use_all(turn, rule, done, turn.facts)
    if (redemption := turn.redemptions.get(turn.origin)) is not None:
        turn.redemptions = {**turn.redemptions, turn.origin: replace(redemption, uses=uses)}
    record(turn, rule.name, read, (spent, *chain.from_iterable(done)), cost=cost)


def cancel(turn: Turn, reference: Reference) -> None:
    """Give back what the redemption that the event of `turn` names has cost, to the lots it
    came from, and what it used up of stock, limits, caps and budgets. Points that it earned
    are taken back, as far as the balance goes; vouchers and benefits stay."""
    event = turn.event
    id = event.data[reference.by]
    name, read = f"events.{event.type}.cancels", {reference.by: id}
    key = key_of(reference.event, str(id))
    redemption = turn.redemptions.get(key)
    if redemption is None:
        reason = f"{reference.by} is missing" if id is None else f"no {reference.event} {id}"
        record(turn, name, read, (), reason)
        return
    if not redemption.quantity:
        record(turn, name, read, (), "already cancelled")
        return
    if too_late(turn, reference, redemption.time, event.time):
        was = f"{reference.event} {id} was at {write_time(redemption.time)}"
        record(turn, name, read, (), f"too late: {was}")
        return
    price = {
        wallet: turn.book.give_back(taken, turn.now) for wallet, taken in redemption.taken.items()
    }
    carried = carry_points(turn)
    taken, forgiven = turn.book.reverse(key, Fraction(1), "within balance", turn.now)
    entries = turn.entries()
    cancelled = replace(redemption, quantity=0, taken={}, uses=Uses())
    turn.redemptions = {**turn.redemptions, key: cancelled}
    reward = turn.program.events[reference.event].rewards.get(redemption.reward)
    if reward is not None and reward.stock is not None:
        turn.draw(stock_key(reward.name), -redemption.quantity)
    give_back(turn, None if reward is None else reward.rule, redemption.uses, redemption.time)
    changes: list[Change] = [CancelRedemption(str(id), price), *carried, *fallen_in(entries)]
    if taken or forgiven:
        changes.append(Reverse(key, "1", taken, forgiven))
    record(turn, name, read, changes, entries=entries)
    forget(turn)


def stock_key(reward: str) -> str:
    """Under what key all customers draw on the stock of a reward."""
    return f"rewards.{reward}:stock"


def _id(turn: Turn) -> str:
    """By what a redemption can be cancelled."""
    return turn.origin.partition(":")[2] or turn.event.id


def _price(turn: Turn, reward: RewardPlan, quantity: int) -> tuple[Mapping[str, int], str]:
    """Points by wallet for so many; or why there is no such price."""
    if not 0 < quantity <= MAX_QUANTITY:
        return {}, f"{quantity} at once; from 1 to {MAX_QUANTITY:,} can be had"
    price = {}
    for wallet, formula in reward.price.items():
        points = formula(turn.facts)
        if points is None:
            return {}, f"{wallet}: a value that the price needs is missing"
        if points < 0:
            return {}, f"{wallet}: the price came to {points}"
        if points:
            price[wallet] = points * quantity
    return price, ""


def _not_offered(turn: Turn, reward: RewardPlan) -> str:
    """Why the reward is not on offer to this customer now; empty where it is."""
    rule, now, facts = reward.rule, turn.now, turn.facts
    schedule, who = rule.selection.schedule, rule.selection.who
    if turn.plan.redemptions_kept and turn.origin in turn.redemptions:
        return f"there is a {turn.event.type} {_id(turn)} already"
    if reward.visible is not None and not reward.visible(facts):
        return f"not visible: {reward.visible_text}"
    if who is not None and not who(facts):
        return f"not eligible: {rule.selection.who_text}"
    if rule.start is not None and now < rule.start:
        return "not on offer yet"
    if rule.end is not None and now >= rule.end:
        return "not on offer any more"
    if schedule is not None and not schedule.open(now):
        return f"on offer only {schedule.text}"
    return ""


def _not_there(turn: Turn, reward: RewardPlan, quantity: int, price: Mapping[str, int]) -> str:
    """What there is too little of: the reward, or points."""
    if reward.stock is not None:
        left = max(0, reward.stock - turn.drawn(stock_key(reward.name)))
        if left < quantity:
            return "out of stock" if not left else f"out of stock: {left} of {quantity} left"
    return why_not_spend(turn, price)


def _pieces(turn: Turn, reward: RewardPlan, quantity: int) -> tuple[list[list[Change]], str]:
    """What each of so many wants done, within all limits; or what holds them back."""
    rule, facts, basket = reward.rule, turn.facts, Trial(turn)
    wanted: list[Change] = []
    for run in rule.effects:
        wanted += run(facts)
    pieces: list[list[Change]] = []
    for _ in range(quantity):
        if reason := held(basket, rule, wanted, facts):
            return [], reason
        changes = fitted(basket, rule, wanted, facts)
        use(basket, rule, changes, cost_of(basket, rule, changes, facts))
        pieces.append(changes)
        wanted = [change for change in wanted if type(change) is not Send]
    return pieces, ""
