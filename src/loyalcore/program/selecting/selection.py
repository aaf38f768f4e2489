"""What may hold a rule, a reward or an offer back: from what the author declares to plans.

`plan_selected` makes a RulePlan of anything that is selected as rules are; segments and
experiments, which are facts, are in derived.py.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date

from loyalcore.calendars import (
    PERIODS,
    Calendar,
    Rolling,
    Window,
    midnight_after,
    read_duration,
)
from loyalcore.effects.kind import Run
from loyalcore.errors import did_you_mean
from loyalcore.expression import Node, compile_true, compile_value
from loyalcore.program.figures.derived import read_experiment
from loyalcore.program.planner import RulePlanner
from loyalcore.program.report import Place, Report
from loyalcore.program.selecting.rule_plan import (
    Bounds,
    GroupPlan,
    Limit,
    Quota,
    RulePlan,
    Selection,
)
from loyalcore.program.selecting.schedule import read_schedule
from loyalcore.ruleset.model import Ruleset
from loyalcore.ruleset.selection import Bounded, Selected
from loyalcore.values import (
    FLAG,
    MONEY,
    TIME,
    Locale,
    ValueInvalid,
    read_value,
    value_writer,
)

_LIMIT = re.compile(r"(\d{1,4}) per (.+)", re.ASCII)
_AMOUNT = re.compile(r"(\d{1,15}(?:\.\d{1,9})?)(?: per (.+))?", re.ASCII)
MAX_LIMIT = 1000  # firings remembered for each customer and rule

SHARED = ("money", "count", "customers")
"""What a budget may be of, beside the points of a wallet."""


def plan_selected(
    name: str,
    spec: Selected,
    place: Place,
    planner: RulePlanner,
    effects: Iterable[Run] = (),
    condition: Node | None = None,
    text: str = "",
    *,
    last: str = "until",
) -> RulePlan:
    """The plan of what is declared at `place`: of a rule, a reward or an offer.

    Its firings are counted under `name`, which nothing else may have. Its reads are all
    that `planner` has read by then. `last` is the key of its end. Mistakes are reported; with
    them it is of no use.
    """
    report, locale = planner.report, planner.locale
    start, end = read_validity(spec, place, locale, report, last)
    selection = plan_selection(name, spec, place, planner)
    return RulePlan(
        name=name,
        condition=condition,
        text=text,
        priority=spec.priority,
        start=start,
        end=end,
        effects=tuple(effects),
        reads=tuple(
            (read, value_writer(planner.scope.names[read], locale)) for read in sorted(planner.read)
        ),
        selection=selection,
    )


def plan_selection(name: str, spec: Selected, place: Place, planner: RulePlanner) -> Selection:
    """What may hold `name` back, and what it costs."""
    ruleset, report, locale = planner.ruleset, planner.report, planner.locale
    who = None
    if spec.who is not None:
        who = planner.checked(spec.who, (FLAG,), (*place, "who"))
    cost = None
    if spec.cost is not None:
        cost = planner.checked(spec.cost, (MONEY,), (*place, "cost"))
    groups = _groups_of(spec, place, ruleset, locale, report)
    own = _bounds(name, "", spec, place, ruleset, locale, report)
    return Selection(
        who=None if who is None else compile_true(who),
        who_node=who,
        who_text=spec.who or "",
        schedule=read_schedule(spec.schedule, (*place, "schedule"), locale.zone, report),
        groups=groups,
        bounds=tuple(bounds for bounds in (own, *(group.bounds for group in groups)) if bounds),
        experiment=read_experiment(spec.experiment, (*place, "experiment"), ruleset, report),
        cost=None if cost is None else compile_value(cost),
        priced=priced(ruleset),
    )


def priced(ruleset: Ruleset) -> bool:
    """Whether anything that effects do may cost something by itself."""
    costs = ruleset.costs
    return (
        bool(costs.send or costs.issue or costs.hour)
        or any(wallet.price is not None for wallet in ruleset.wallets.values())
        or any(message.cost is not None for message in ruleset.messages.values())
    )


def check_groups(ruleset: Ruleset, locale: Locale, report: Report) -> None:
    """Report stacking groups that make no sense, whether or not a rule is in them."""
    for name, spec in ruleset.groups.items():
        at: Place = ("groups", name, "in")
        if spec.in_ is not None and spec.in_ not in ruleset.groups:
            _unknown_group(spec.in_, at, ruleset, report)
        elif name in _above(name, ruleset):
            message = f"the group '{name}' is part of itself"
            report.problem("bad-value", message, at, hint=_UNTIE)
        _group(name, ruleset, locale, report)


def _group(name: str, ruleset: Ruleset, locale: Locale, report: Report) -> GroupPlan:
    spec = ruleset.groups[name]
    bounds = _bounds(f"group {name}", name, spec, ("groups", name), ruleset, locale, report)
    return GroupPlan(name, spec.stack, spec.in_ or "", bounds)


_UNTIE = "take `in` out of one of the groups"


def _above(name: str, ruleset: Ruleset) -> list[str]:
    """The groups that a group is part of, the innermost first; itself only in a cycle."""
    above: list[str] = []
    while (group := ruleset.groups.get(name)) and group.in_ and group.in_ not in above:
        name = group.in_
        above.append(name)
    return above


def _groups_of(
    spec: Selected, place: Place, ruleset: Ruleset, locale: Locale, report: Report
) -> tuple[GroupPlan, ...]:
    if spec.group is None:
        return ()
    if spec.group not in ruleset.groups:
        _unknown_group(spec.group, (*place, "group"), ruleset, report)
        return ()
    return tuple(
        _group(name, ruleset, locale, report)
        for name in (spec.group, *_above(spec.group, ruleset))
        if name in ruleset.groups
    )


def _unknown_group(name: str, place: Place, ruleset: Ruleset, report: Report) -> None:
    known = ruleset.groups
    hint = did_you_mean(name, known) or f"groups: {', '.join(known) or 'none'}"
    report.problem("unknown-name", f"there is no group '{name}'", place, hint=hint)


def _bounds(
    key: str,
    group: str,
    spec: Bounded,
    place: Place,
    ruleset: Ruleset,
    locale: Locale,
    report: Report,
) -> Bounds:
    reading = _Quotas(key, ruleset, locale, report)
    return Bounds(
        key=key,
        limits=read_limits(spec.limit, (*place, "limit"), report),
        caps=reading.caps(spec.cap, (*place, "cap")),
        budgets=reading.budgets(spec.budget, (*place, "budget")),
        reduce=spec.edge == "reduce",
        group=group,
    )


def read_limits(texts: Iterable[str], place: Place, report: Report) -> tuple[Limit, ...]:
    """The limits that are written at `place`: `1 per day`, `1 per 7 days` (a cooldown:
    nothing for 7 days after it fired), `once`."""
    limits = (_read_limit(text, (*place, position), report) for position, text in enumerate(texts))
    return tuple(limit for limit in limits if limit is not None)


def _read_limit(text: str, place: Place, report: Report) -> Limit | None:
    if text == "once":
        return Limit(text, 1, None)
    match = _LIMIT.fullmatch(text.strip())
    if match and 0 < int(match[1]) <= MAX_LIMIT:
        times, window = int(match[1]), match[2]
        if window == "customer":
            return Limit(text, times, None)
        try:
            return Limit(text, times, _window(window))
        except ValueInvalid:
            pass
    report.problem(
        "bad-limit",
        f"can't read the limit '{text}'",
        place,
        hint=f"write 1 per day, 3 per month, 2 per 30 days or once (at most {MAX_LIMIT} times)",
    )
    return None


def _window(text: str) -> Window:
    """`day` (of the calendar) or `30 days` (rolling). Raises ValueInvalid."""
    return Calendar(text) if text in PERIODS else Rolling(read_duration(text))


class _Quotas:
    """Caps and budgets of one rule or group, which are counted under `key`."""

    def __init__(self, key: str, ruleset: Ruleset, locale: Locale, report: Report) -> None:
        self._key = key
        self._wallets = ruleset.wallets
        self._locale = locale
        self._report = report

    def caps(self, written: Mapping[str, str], place: Place) -> tuple[Quota, ...]:
        found: list[Quota] = []
        for wallet, text in written.items():
            at = (*place, wallet)
            if wallet not in self._wallets:
                hint = "a cap is of points; write a budget" if wallet in SHARED else ""
                self._unknown("wallet", wallet, at, self._wallets, hint)
            elif quota := self._quota("cap", wallet, text, at):
                found.append(quota)
        return tuple(found)

    def budgets(self, written: Mapping[str, str], place: Place) -> tuple[Quota, ...]:
        found: list[Quota] = []
        for what, text in written.items():
            at = (*place, what)
            if what in SHARED and what in self._wallets:
                message = f"a budget of {what} is not one of the wallet '{what}'"
                hint = "give the wallet another name"
                self._report.problem("reserved-name", message, at, hint=hint, key=True)
            elif what not in SHARED and what not in self._wallets:
                self._unknown("wallet", what, at, (*self._wallets, *SHARED))
            elif quota := self._quota("budget", what, text, at):
                if isinstance(quota.window, Rolling):
                    self._report.problem(
                        "bad-limit",
                        "a budget is of a calendar period, or for good",
                        at,
                        hint="write 5000 per month, or the amount alone",
                    )
                    continue
                found.append(quota)
        return tuple(found)

    def _quota(self, kind: str, what: str, text: str, place: Place) -> Quota | None:
        text = " ".join(text.split())
        match = _AMOUNT.fullmatch(text)
        try:
            if match:
                window = _window(match[2]) if match[2] else None
                amount = self._amount(what, match[1])
                if amount:
                    key = f"{kind} {self._key} {what}"
                    return Quota(text, key, what, amount, window)
        except ValueInvalid:
            pass
        what = "an amount of money" if what == "money" else "a whole number"
        self._report.problem(
            "bad-limit",
            f"can't read the {kind} '{text}'",
            place,
            hint=f"write {what} above 0, and for how long: 100 per day, 3000 per month"
            + (", 500 per 30 days" if kind == "cap" else ""),
        )
        return None

    def _amount(self, what: str, text: str) -> int:
        """In points, pieces or minor units. Raises ValueInvalid."""
        if what == "money":
            amount = read_value(MONEY, text, self._locale)
            assert isinstance(amount, int)
            return amount
        if not text.isdecimal():
            raise ValueInvalid("expected a whole number")
        return int(text)

    def _unknown(
        self, what: str, name: str, place: Place, known: Iterable[str], hint: str = ""
    ) -> None:
        listed = ", ".join(known) or "none"
        hint = hint or did_you_mean(name, known) or f"there are: {listed}"
        self._report.problem(
            "unknown-name", f"there is no {what} '{name}'", place, hint=hint, key=True
        )


def read_validity(
    spec: Selected, place: Place, locale: Locale, report: Report, last: str = "until"
) -> tuple[int | None, int | None]:
    """From when, and up to but not at when, it holds. `last` is the key of the latter."""
    start = _moment(spec.from_, (*place, "from"), locale, report, last=False)
    end = _moment(spec.until, (*place, last), locale, report, last=True)
    if start is not None and end is not None and start >= end:
        report.problem("bad-value", "the rule ends before it begins", (*place, last))
    return start, end


def _moment(
    text: str | None, place: Place, locale: Locale, report: Report, *, last: bool
) -> int | None:
    """The instant a rule begins, or (`last`) ends. A last day counts whole; 9999-12-31 is
    no end."""
    if text is None:
        return None
    try:
        if last and len(text.strip()) == len("2026-01-31"):
            day = date.fromisoformat(text.strip())
            return midnight_after(day, locale.zone)
        time = read_value(TIME, text, locale)
        if isinstance(time, int):
            return time
    except ValueError:  # ValueInvalid is one
        pass
    expected = "expected a date such as 2026-01-31 or a time such as 2026-01-31T09:00"
    report.problem("bad-value", expected, place)
    return None
