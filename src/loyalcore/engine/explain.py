"""Why each rule did, or did not do, something at one event.

The verdict on a rule is the step's own; what stands beside it (the condition drawn, the
limits, the facts) is evaluated on what the step saw. Pure, as the step is: who asks years
later gives the state as it was, and gets what was decided then.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal
from zoneinfo import ZoneInfo

import msgspec

from loyalcore.calendars import Calendar
from loyalcore.engine.holding import in_force
from loyalcore.engine.outcome import Decision
from loyalcore.engine.shared import NOTHING, Shared
from loyalcore.engine.state import CustomerState
from loyalcore.engine.step import see, step
from loyalcore.events import Event
from loyalcore.expression import Drawing, Facts, draw, names
from loyalcore.program.plan import Program
from loyalcore.program.rule_plan import Limit, RulePlan
from loyalcore.values import Locale, read_time, write_time

YEAR_1 = read_time("0001-01-01T00:00:00Z", ZoneInfo("UTC"))  # before it nothing is written

Verdict = Literal["fired", "held", "not in force", "not true"]


@dataclass(frozen=True)
class LimitUse:
    """A limit, and the earlier firings that count against it, the oldest first.

    `since` is where the window begins: a calendar period at its first instant, which
    counts; a rolling one so long ago, which no longer does. Without it, all ever count.
    """

    limit: str
    times: int
    since: str | None
    firings: tuple[str, ...]

    @property
    def reached(self) -> bool:
        return len(self.firings) >= self.times


@dataclass(frozen=True)
class RuleExplanation:
    """One rule at one event. Values are in plain JSON form, times ISO 8601 in UTC.

    `reason` says why the verdict is what it is. `decision` is the id of the decision,
    empty where the rule took none. `condition` is None where there is none: always true.
    The rule is in force from `starts` up to but not including `ends`. `facts` are those
    that the rule rests on; `effects` is what it did.
    """

    rule: str
    verdict: Verdict
    reason: str
    decision: str
    condition: Drawing | None
    starts: str | None
    ends: str | None
    limits: tuple[LimitUse, ...]
    facts: Mapping[str, object]
    effects: tuple[Mapping[str, object], ...]


def explain(
    program: Program, state: CustomerState, event: Event, shared: Shared = NOTHING
) -> tuple[RuleExplanation, ...]:
    """Every rule on the type of `event`, in the order in which they decide.

    `state` is the customer just before it, and `shared` what all customers share, as it was
    then; neither is changed.
    """
    plan = program.events[event.type]
    _, outcome = step(program, state, event, shared)
    decisions = {decision.rule: decision for decision in outcome.decisions}
    facts = see(program, state, event).facts
    return tuple(
        _explained(rule, decisions.get(rule.name), facts, state, event, plan.locale)
        for rule in plan.rules
    )


def _explained(
    rule: RulePlan,
    decision: Decision | None,
    facts: Facts,
    state: CustomerState,
    event: Event,
    locale: Locale,
) -> RuleExplanation:
    condition = None
    if rule.condition is not None:
        condition = draw(rule.condition, facts, rule.text, locale)
    verdict, reason = _verdict(rule, decision, condition, facts, event.time)
    firings = state.fired.get(rule.name, ())
    return RuleExplanation(
        rule=rule.name,
        verdict=verdict,
        reason=reason,
        decision=decision.id if decision else "",
        condition=condition,
        starts=None if rule.start is None else write_time(rule.start),
        ends=None if rule.end is None else write_time(rule.end),
        limits=tuple(_use(limit, firings, event.time, locale) for limit in rule.limits),
        facts={
            name: value if write is None or value is None else write(value)
            for name, write in rule.reads
            for value in (facts[name],)
        },
        effects=_decode(decision.effects) if decision else (),
    )


_decode = msgspec.json.Decoder(tuple[dict[str, object], ...]).decode


def _verdict(
    rule: RulePlan, decision: Decision | None, condition: Drawing | None, facts: Facts, now: int
) -> tuple[Verdict, str]:
    if decision is not None and decision.reason:
        return "held", decision.reason
    if decision is not None:
        return "fired", "its condition is true" if condition else "it has no condition"
    if not in_force(rule, now):
        early = rule.start is not None and now < rule.start
        return "not in force", "it had not begun yet" if early else "it had ended"
    if condition is not None and condition.truth is None and rule.condition is not None:
        missing = [name for name in sorted(names(rule.condition)) if facts[name] is None]
        why = f"{_listed(missing)} missing" if missing else "a value in it is missing"
        return "not true", f"its condition is unknown: {why}"
    return "not true", "its condition is false"


def _listed(missing: list[str]) -> str:
    *others, last = missing
    return f"{', '.join(others)} and {last} are" if others else f"{last} is"


def _use(limit: Limit, firings: tuple[int, ...], now: int, locale: Locale) -> LimitUse:
    since = None if limit.window is None else limit.window.since(now, locale.zone)
    counted = firings if since is None else tuple(time for time in firings if time > since)
    if since is not None and isinstance(limit.window, Calendar):
        since += 1  # its window says the last moment before
    return LimitUse(
        limit.text,
        limit.times,
        None if since is None or since < YEAR_1 else write_time(since),
        tuple(write_time(time) for time in counted),
    )
