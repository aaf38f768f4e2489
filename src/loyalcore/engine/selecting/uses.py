"""What a redemption counted against limits, caps and budgets, and how a cancelled one no longer
does: as if it had never been."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from loyalcore.calendars import Rolling
from loyalcore.effects.changes import Change
from loyalcore.effects.kind import Facts
from loyalcore.engine.selecting.bounds import Trial, Used, budget_key, used
from loyalcore.engine.selecting.holding import cost_of, use
from loyalcore.engine.state import Uses
from loyalcore.engine.turn import Turn
from loyalcore.program.selecting.rule_plan import Quota, RulePlan


def use_all(
    turn: Turn, rule: RulePlan, pieces: Iterable[Iterable[Change]], facts: Facts
) -> tuple[Uses, int | None]:
    """Count that `rule` did each of `pieces`. Returns what that used up, and what all of it
    cost."""
    trial, cost, times = Trial(turn), None, 0
    for changes in pieces:
        done = tuple(changes)
        cost_of_piece = cost_of(trial, rule, done, facts)
        use(trial, rule, done, cost_of_piece)
        times += 1
        if cost_of_piece is not None:
            cost = cost_of_piece + (cost or 0)
    now, zone = turn.now, turn.program.locale.zone
    fired = {key: times for key, at in trial.fired.items() if turn.fired.get(key) is not at}
    gained: dict[str, int] = {}
    for quota in _kept(rule):
        amount = used(trial.used, quota, now, zone) - used(turn.used, quota, now, zone)
        if amount:
            gained[quota.key] = amount
    shared = {budget_key(quota, now, zone) for quota in _kept(rule) if quota.what == "customers"}
    turn.fired, turn.used = trial.fired, trial.used
    for key, amount in trial.draws.items():
        turn.draw(key, amount)
    drawn = {key: amount for key, amount in trial.draws.items() if key not in shared}
    return Uses(fired, gained, drawn), cost


def give_back(turn: Turn, rule: RulePlan | None, uses: Uses, time: int) -> None:
    """Count what was used at `time` no more. Of a `rule` that the program no longer has, caps
    are not known."""
    for key, times in uses.fired.items():
        if key in turn.fired:
            turn.fired = {**turn.fired, key: _without(turn.fired[key], time, times)}
    for key, amount in uses.drawn.items():
        turn.draw(key, -amount)
    zone = turn.program.locale.zone
    for quota in _kept(rule) if rule is not None else ():
        amount, before = uses.used.get(quota.key, 0), turn.used.get(quota.key, ())
        after = _less(turn, before, quota, time, amount)
        if after == before:
            continue
        turn.used = {**turn.used, quota.key: after}
        if quota.what == "customers" and not any(amount for _, amount in after):
            turn.draw(budget_key(quota, time, zone), -1)


def _kept(rule: RulePlan) -> Iterator[Quota]:
    """The quotas whose use is kept in the customer's state."""
    for bounds in rule.selection.bounds:
        yield from bounds.caps
        yield from (budget for budget in bounds.budgets if budget.what == "customers")


def _without(firings: tuple[int, ...], time: int, times: int) -> tuple[int, ...]:
    left = list(firings)
    for _ in range(min(times, left.count(time))):
        left.remove(time)
    return tuple(left)


def _less(turn: Turn, kept: Used, quota: Quota, time: int, amount: int) -> Used:
    """What is kept as used, without `amount` at `time`. Within a calendar period, and where
    there is no window, earlier uses are kept with the latest."""
    window, zone = quota.window, turn.program.locale.zone
    left = []
    for at, used_then in kept:
        same = at == time or (
            at > time
            and not isinstance(window, Rolling)
            and (window is None or time > window.since(at, zone))
        )
        taken = min(amount, used_then) if same else 0
        amount -= taken
        if used_then > taken:
            left.append((at, used_then - taken))
    return tuple(left)
