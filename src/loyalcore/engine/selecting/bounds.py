"""How much there may be of a rule: its limits, caps and budgets, and those of its groups.

What is wanted is fitted into what is left (`fit`), and what was done is counted (`count`).
Caps and limits are each customer's, kept in their state; budgets are shared by all (S14).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from fractions import Fraction
from functools import lru_cache
from typing import Protocol
from zoneinfo import ZoneInfo

from loyalcore.calendars import Calendar
from loyalcore.effects.changes import (
    Accrue,
    Change,
    ChangeTask,
    CreateTask,
    Send,
    Skipped,
    issued,
)
from loyalcore.effects.kind import Facts
from loyalcore.events import Event
from loyalcore.expression.functions import half_up
from loyalcore.program.plan import Program
from loyalcore.program.selecting.rule_plan import Bounds, Quota, RulePlan
from loyalcore.values import to_datetime

Used = tuple[tuple[int, int], ...]


class Register(Protocol):
    """Where it is counted: a Turn, or a trial of one."""

    program: Program
    event: Event
    now: int
    fired: Mapping[str, tuple[int, ...]]
    used: Mapping[str, Used]

    def drawn(self, key: str) -> int: ...

    def draw(self, key: str, amount: int) -> None: ...


class Trial:
    """What would be counted if it were done: nothing of it reaches the register it is of."""

    def __init__(self, register: Register) -> None:
        self.program = register.program
        self.event = register.event
        self.now = register.now
        self.fired = register.fired
        self.used = register.used
        self.draws: dict[str, int] = {}
        self._drawn = register.drawn

    def drawn(self, key: str) -> int:
        return self._drawn(key) + self.draws.get(key, 0)

    def draw(self, key: str, amount: int) -> None:
        self.draws[key] = self.draws.get(key, 0) + amount


def over_limits(register: Register, rule: RulePlan) -> str:
    """Which of the limits of `rule` its earlier firings have reached; empty where none."""
    now, zone = register.now, register.program.locale.zone
    for bounds in rule.selection.bounds:
        firings = register.fired.get(bounds.key, ())
        for limit in bounds.limits:
            if len(firings) < limit.times:
                continue
            if limit.window is None or firings[-limit.times] > limit.window.since(now, zone):
                return f"limit: {limit.text}{bounds.of}"
    return ""


def fit(
    register: Register, rule: RulePlan, wanted: Iterable[Change], facts: Facts
) -> tuple[list[Change], str]:
    """What is left of `wanted` within the caps and budgets of `rule`, and which of them holds
    it back; empty where none does.

    Points beyond a cap or budget are cut, in the order of the effects; those of which
    nothing is left are Skipped. The rule is held back where they may not be cut (`refuse`),
    where nothing that it wants is left, and where `count` or `customers` are used up. A
    budget of money cuts points that have a price; it holds the rule back where what it costs
    beside them is too much, or is not known.
    """
    changes, every = list(wanted), rule.selection.bounds
    zone = register.program.locale.zone
    for bounds in every:
        for cap in bounds.caps:
            label = f"cap: {cap.text}{bounds.of}"
            left = cap.amount - used(register.used, cap, register.now, zone)
            changes, short = _fit_points(changes, cap.what, left, label)
            if _refused(bounds, changes, short):
                return changes, label
    for bounds in every:
        for budget in bounds.budgets:
            label = f"budget: {budget.text}{bounds.of}"
            left = budget.amount - register.drawn(budget_key(budget, register.now, zone))
            match budget.what:
                case "count":
                    if left < 1:
                        return changes, label
                case "customers":
                    if left < 1 and not used(register.used, budget, register.now, zone):
                        return changes, label
                case "money":
                    cost = cost_of(register, rule, changes, facts)
                    if cost is None and rule.selection.cost is not None:
                        return changes, f"{label}, and what it costs is not known"
                    if cost is not None and cost > left:
                        beside = cost_of(register, rule, _beside_points(changes), facts) or 0
                        if beside > left:
                            return changes, label
                        changes = _fit_money(register, changes, left - beside, label)
                        if _refused(bounds, changes, short=True):
                            return changes, label
                case wallet:
                    changes, short = _fit_points(changes, wallet, left, label)
                    if _refused(bounds, changes, short):
                        return changes, label
    return changes, ""


def count(register: Register, rule: RulePlan, done: Iterable[Change], cost: int | None) -> None:
    """Count that `rule` fired, did `done` and cost so many minor units."""
    changes = tuple(done)
    zone, now = register.program.locale.zone, register.now
    for bounds in rule.selection.bounds:
        if bounds.limits:
            firings = (*register.fired.get(bounds.key, ()), now)[-bounds.remembered :]
            register.fired = {**register.fired, bounds.key: firings}
        for cap in bounds.caps:
            if points := _earned(changes, cap.what):
                use_up(register, cap, points)
        for budget in bounds.budgets:
            match budget.what:
                case "count":
                    amount = 1
                case "customers":
                    amount = 0 if used(register.used, budget, now, zone) else 1
                    use_up(register, budget, 1)  # each time: some may be given back
                case "money":
                    amount = cost or 0
                case wallet:
                    amount = _earned(changes, wallet)
            if amount:
                register.draw(budget_key(budget, now, zone), amount)


def cost_of(
    register: Register, rule: RulePlan, changes: Iterable[Change], facts: Facts
) -> Fraction | int | None:
    """What the rule costs with these changes, in minor units, exactly: by its own formula,
    the price of points, and what messages and benefits cost. None where nothing says,
    or the formula lacks a value; a formula that comes to less than nothing counts as nothing."""
    cost: Fraction | int | None = None
    selection = rule.selection
    if selection.cost is not None:
        value = selection.cost(facts)
        if not isinstance(value, int | Fraction):
            return None
        cost = max(value, 0)
    if selection.priced:
        for change in changes:
            if (price := price_of(register.program, change)) is not None:
                cost = (cost or 0) + price
    return cost


def price_of(program: Program, change: Change) -> Fraction | int | None:
    """What `change` costs the business, in minor units, exactly; None where nothing says."""
    if type(change) is Accrue:  # by far the most usual
        price = program.wallets[change.wallet].price
        return None if price is None else change.points * price
    if type(change) is Send:
        return program.costs.messages.get((change.message, change.channel))
    if isinstance(change, CreateTask | ChangeTask):
        return _price_of_work(program, change)
    name = issued(change)
    return None if name is None else program.costs.issued.get(name)


def _price_of_work(program: Program, change: CreateTask | ChangeTask) -> Fraction | None:
    """What the work on a task costs: as it is given, what it is thought to take; as it is done,
    how much more or less than that it was, where that is said."""
    minute = program.costs.minutes.get(change.task)
    if minute is None or (plan := program.work.tasks.get(change.task)) is None:
        return None
    if isinstance(change, CreateTask):
        return plan.minutes * minute if plan.minutes else None
    return None if change.minutes is None else (change.minutes - plan.minutes) * minute


def whole_price(program: Program, changes: Iterable[Change]) -> int | None:
    """What `changes` cost by themselves, rounded once, half up; None where nothing says."""
    prices = [price for change in changes if (price := price_of(program, change)) is not None]
    return half_up(sum(prices)) if prices else None


def whole_cost(
    register: Register, rule: RulePlan, changes: Iterable[Change], facts: Facts
) -> int | None:
    """`cost_of`, rounded once, half up."""
    cost = cost_of(register, rule, changes, facts)
    return cost if cost is None or isinstance(cost, int) else half_up(cost)


def worth(program: Program, changes: Iterable[Change]) -> Fraction | int:
    """What the points of `changes` are worth to a customer, in minor units: by their
    wallet's price, or one each where it has none."""
    total: Fraction | int = 0
    for change in changes:
        if type(change) is Accrue:
            price = program.wallets[change.wallet].price
            total += change.points * (1 if price is None else price)
    return total


def used(kept: Mapping[str, Used], quota: Quota, now: int, zone: ZoneInfo) -> int:
    """How much the customer has used of it within the window that ends now."""
    return sum(amount for _, amount in _within(kept.get(quota.key, ()), quota, now, zone))


def budget_key(budget: Quota, now: int, zone: ZoneInfo) -> str:
    """Under what key all customers draw on it: that of the period which is now."""
    window = budget.window
    if not isinstance(window, Calendar):
        return budget.key
    return f"{budget.key} {_period(window.period, window.since(now, zone), zone)}"


@lru_cache(maxsize=1024)
def _period(period: str, since: int, zone: ZoneInfo) -> str:
    """The name of the period after `since`: "month 2026-03-01"."""
    return f"{period} {to_datetime(since + 1, zone).date()}"


def _within(kept: Used, quota: Quota, now: int, zone: ZoneInfo) -> Iterator[tuple[int, int]]:
    if quota.window is None:
        yield from kept
    elif kept:
        since = quota.window.since(now, zone)
        yield from (each for each in kept if each[0] > since)


def use_up(register: Register, quota: Quota, amount: int) -> None:
    """Keep that so much was used now, and what else is in the window."""
    now, zone = register.now, register.program.locale.zone
    kept = tuple(_within(register.used.get(quota.key, ()), quota, now, zone))
    if quota.window is None or isinstance(quota.window, Calendar):  # it all ends at once
        kept = ((now, sum(each for _, each in kept) + amount),)
    elif kept and kept[-1][0] == now:
        kept = (*kept[:-1], (now, kept[-1][1] + amount))
    else:
        kept = (*kept, (now, amount))
    register.used = {**register.used, quota.key: kept}


def _earned(changes: Iterable[Change], wallet: str) -> int:
    points = 0
    for change in changes:
        if type(change) is Accrue and change.wallet == wallet:
            points += change.points
    return points


def _beside_points(changes: Iterable[Change]) -> Iterable[Change]:
    return [change for change in changes if type(change) is not Accrue]


def _price(register: Register, wallet: str) -> Fraction | int | None:
    return register.program.wallets[wallet].price


def _refused(bounds: Bounds, changes: list[Change], short: bool) -> bool:
    """Whether what was too much holds the rule back: nothing may be cut, or all of it was."""
    return short and (not bounds.reduce or all(type(change) is Skipped for change in changes))


def _fit_points(
    changes: list[Change], wallet: str, left: int, label: str
) -> tuple[list[Change], bool]:
    """The changes with no more than `left` points of `wallet`, and whether that cut any."""
    if _earned(changes, wallet) <= left:
        return changes, False
    fitting: list[Change] = []
    short = False
    for change in changes:
        if type(change) is Accrue and change.wallet == wallet:
            points = max(0, min(change.points, left))
            left -= points
            short = short or points < change.points
            change = _cut(change, points, label)
        fitting.append(change)
    return fitting, short


def _fit_money(
    register: Register, changes: list[Change], left: Fraction | int, label: str
) -> list[Change]:
    """The changes with no more points than `left` minor units pay for."""
    fitting: list[Change] = []
    for change in changes:
        if type(change) is Accrue and (price := _price(register, change.wallet)):
            points = min(change.points, int(left // price))
            left -= points * price
            change = _cut(change, points, label)
        fitting.append(change)
    return fitting


def _cut(change: Accrue, points: int, label: str) -> Accrue | Skipped:
    if points == change.points:
        return change
    if not points:
        return Skipped("earn", f"{change.wallet}: {label}")
    return Accrue(change.wallet, points, change.cut + change.points - points, label)
