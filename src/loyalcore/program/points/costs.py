"""Costs: from what the author declares to exact amounts, in minor units of money."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction

from loyalcore.expression import Scope, check, compile_value
from loyalcore.program.report import Place, Report
from loyalcore.ruleset.costs import EVERYONE
from loyalcore.ruleset.model import Ruleset
from loyalcore.values import NUMBER, Number


@dataclass(frozen=True)
class Costs:
    """What effects cost each time, in minor units, exact: messages by name and channel ("": the
    dearest that it may go by), and what is issued by name. `minutes` is what a minute of work on
    a task costs, by the task's name."""

    messages: Mapping[tuple[str, str], Number] = field(default_factory=dict)
    issued: Mapping[str, Number] = field(default_factory=dict)
    minutes: Mapping[str, Fraction] = field(default_factory=dict)


def read_costs(ruleset: Ruleset, scope: Scope, report: Report) -> Costs:
    """The costs of every message that has one, of benefits and vouchers, and of work on tasks.
    Reports those that make no sense."""
    spec = ruleset.costs
    channels = _prices(spec.send, ("costs", "send"), scope, report)
    messages: dict[tuple[str, str], Number] = {}
    for name, message in ruleset.messages.items():
        going = dict.fromkeys(ruleset.channels_of(message))
        costs = {channel: channels[channel] for channel in going if channel in channels}
        if message.cost is not None:
            cost = read_price(message.cost, ("messages", name, "cost"), scope, report)
            costs = {} if cost is None else dict.fromkeys(going, cost)
        if costs:
            messages[name, ""] = max(costs.values())
            messages |= {(name, channel): cost for channel, cost in costs.items()}
    hours = _prices(spec.hour, ("costs", "hour"), scope, report)
    return Costs(
        messages,
        _prices(spec.issue, ("costs", "issue"), scope, report),
        {
            name: Fraction(hour, 60)
            for name, task in ruleset.tasks.items()
            if (hour := hours.get(task.role or "", hours.get(EVERYONE))) is not None
        },
    )


def _prices(
    written: Mapping[str, str], place: Place, scope: Scope, report: Report
) -> dict[str, Number]:
    found = {
        name: read_price(text, (*place, name), scope, report) for name, text in written.items()
    }
    return {name: price for name, price in found.items() if price is not None}


def read_price(
    text: str,
    place: Place,
    scope: Scope,
    report: Report,
    *,
    code: str = "bad-value",
    what: str = "a cost",
) -> Number | None:
    """Minor units of money, exact: what is priced may well cost less than one of them, so it is
    read as a number of major ones."""
    node, mistakes = check(text, scope, NUMBER)
    report.mistakes(mistakes, place)
    if node is None:
        return None
    price = compile_value(node)({})
    if not isinstance(price, int | Fraction) or price < 0:
        report.problem(code, f"{what} is 0 or more, in money", place)
        return None
    price *= scope.locale.unit
    return price.numerator if price.denominator == 1 else price
