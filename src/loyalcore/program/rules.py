"""Rules: conditions, effects, limits and validity, compiled for each event type."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from fractions import Fraction

from pydantic import ValidationError

from loyalcore.calendars import PERIODS, Calendar, Rolling, read_duration
from loyalcore.effects.kind import Facts, Formula, MessagePlan, Run
from loyalcore.errors import did_you_mean
from loyalcore.expression import (
    Arithmetic,
    Literal,
    Node,
    Scope,
    check,
    compile_value,
)
from loyalcore.expression import names as names_read
from loyalcore.expression.functions import half_up
from loyalcore.program.messages import TemplateInvalid, template_names
from loyalcore.program.names import Names
from loyalcore.program.report import Place, Report
from loyalcore.program.rule_plan import Limit, RulePlan
from loyalcore.program.vocabulary import Vocabulary
from loyalcore.ruleset.load import shape_problems
from loyalcore.ruleset.model import Ruleset, RuleSpec
from loyalcore.values import (
    FLAG,
    MONEY,
    NUMBER,
    TIME,
    Locale,
    Number,
    Type,
    ValueInvalid,
    read_time,
    read_value,
    value_writer,
)

Plain = Callable[[Facts], object]
Points = Callable[[Facts], int | None]

_LIMIT = re.compile(r"(\d{1,4}) per (.+)", re.ASCII)
MAX_LIMIT = 1000  # firings remembered for each customer and rule


def plan_rule(name: str, spec: RuleSpec, planner: RulePlanner) -> RulePlan | None:
    """The rule for one of the events it is on, or None where a mistake was reported."""
    place: Place = ("rules", name)
    report, locale = planner.report, planner.locale
    condition = None
    if spec.when is not None:
        condition = planner.checked(spec.when, (FLAG,), (*place, "when"))
    effects = [
        run
        for position, written in enumerate(spec.then)
        if (run := _plan_effect(written, (*place, "then", position), planner)) is not None
    ]
    limits = [
        limit
        for position, text in enumerate(spec.limit)
        if (limit := _read_limit(text, (*place, "limit", position), report)) is not None
    ]
    start = _moment(spec.from_, (*place, "from"), locale, report, last=False)
    end = _moment(spec.until, (*place, "until"), locale, report, last=True)
    if start is not None and end is not None and start >= end:
        report.problem("bad-value", "the rule ends before it begins", (*place, "until"))
    if report.broken:
        return None
    return RulePlan(
        name=name,
        condition=condition,
        text=spec.when or "",
        priority=spec.priority,
        start=start,
        end=end,
        limits=tuple(limits),
        effects=tuple(effects),
        reads=tuple(
            (read, value_writer(planner.scope.names[read], locale)) for read in sorted(planner.read)
        ),
    )


def _plan_effect(written: Mapping[str, object], place: Place, planner: RulePlanner) -> Run | None:
    report, kinds = planner.report, planner.vocabulary.effects
    if len(written) != 1:
        words = ", ".join(written) or "nothing"
        report.problem(
            "bad-effect",
            f"an effect is one word and what it does, here: {words}",
            place,
            hint="start each effect with its own dash",
        )
        return None
    ((word, below),) = written.items()
    kind = kinds.get(word)
    if kind is None:
        hint = did_you_mean(word, kinds) or f"effects are {', '.join(kinds)}"
        report.problem(
            "unknown-effect", f"there is no effect '{word}'", (*place, word), hint=hint, key=True
        )
        return None
    try:
        spec = kind.model.model_validate(below)
    except ValidationError as invalid:
        known = [field.alias or name for name, field in kind.model.model_fields.items()]
        report.add(
            shape_problems(
                invalid, report.document, (*place, word), lambda loc: [] if loc else known
            )
        )
        return None
    run: Run | None = kind.plan(spec, planner.below((*place, word)))
    return run


def _read_limit(text: str, place: Place, report: Report) -> Limit | None:
    if text == "once":
        return Limit(text, 1, None)
    match = _LIMIT.fullmatch(text.strip())
    if match and 0 < int(match[1]) <= MAX_LIMIT:
        times, window = int(match[1]), match[2]
        if window in PERIODS:
            return Limit(text, times, Calendar(window))
        if window == "customer":
            return Limit(text, times, None)
        try:
            return Limit(text, times, Rolling(read_duration(window)))
        except ValueInvalid:
            pass
    report.problem(
        "bad-limit",
        f"can't read the limit '{text}'",
        place,
        hint=f"write 1 per day, 3 per month, 2 per 30 days or once (at most {MAX_LIMIT} times)",
    )
    return None


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
            return None if day == date.max else read_time(day + timedelta(days=1), locale.zone)
        time = read_value(TIME, text, locale)
        if isinstance(time, int):
            return time
    except ValueError:  # ValueInvalid is one
        pass
    expected = "expected a date such as 2026-01-31 or a time such as 2026-01-31T09:00"
    report.problem("bad-value", expected, place)
    return None


class RulePlanner:
    """The Planner of one rule on one event: it checks expressions in the rule's scope,
    remembers every name they read and (in `sent`) every message, and reports mistakes where
    they stand."""

    def __init__(
        self,
        ruleset: Ruleset,
        names: Names,
        scope: Scope,
        locale: Locale,
        vocabulary: Vocabulary,
        report: Report,
        sent: set[str],
        place: Place = (),
        read: set[str] | None = None,
    ) -> None:
        self.ruleset = ruleset
        self.names = names
        self.scope = scope
        self.locale = locale
        self.vocabulary = vocabulary
        self.report = report
        self.sent = sent
        self.place = place
        self.read: set[str] = set() if read is None else read

    def below(self, place: Place) -> RulePlanner:
        """The same planner, for what stands at `place`."""
        return RulePlanner(
            self.ruleset,
            self.names,
            self.scope,
            self.locale,
            self.vocabulary,
            self.report,
            self.sent,
            place,
            self.read,
        )

    def checked(self, text: str, wants: tuple[Type, ...], place: Place) -> Node | None:
        node, mistakes = check(text, self.scope, *wants)
        self.report.mistakes(mistakes, place)
        if node is not None:
            self.read |= names_read(node)
        return node

    def problem(self, code: str, message: str, *at: str | int, hint: str = "") -> None:
        self.report.problem(code, message, (*self.place, *at), hint=hint)

    def _unknown(self, what: str, name: str, at: tuple[str | int, ...], hint: str) -> None:
        is_key = at[-1:] == (name,)  # as the wallet in `earn: {beans: 1}`
        place = (*self.place, *at)
        message = f"there is no {what} '{name}'"
        self.report.problem("unknown-name", message, place, hint=hint, key=is_key)

    def formula(self, text: str, wants: tuple[Type, ...], *at: str | int) -> Formula | None:
        node = self.checked(text, wants, (*self.place, *at))
        return None if node is None else compile_value(node)

    def writer(self, text: str, want: Type, *at: str | int) -> Plain | None:
        node = self.checked(text, (want,), (*self.place, *at))
        return None if node is None else self._writer(node)

    def _writer(self, node: Node) -> Plain:
        value, write = compile_value(node), value_writer(node.type, self.locale)
        if write is None:
            return value

        def written(facts: Facts) -> object:
            found = value(facts)
            return None if found is None else write(found)

        return written

    def points(self, wallet: str, text: str, *at: str | int) -> Points | None:
        spec = self.ruleset.wallets.get(wallet)
        if spec is None:
            known = self.ruleset.wallets
            hint = did_you_mean(wallet, known) or f"wallets: {', '.join(known) or 'none'}"
            self._unknown("wallet", wallet, at, hint)
            return None
        node = self.checked(text, (NUMBER, MONEY), (*self.place, *at))
        return None if node is None else _points(node, spec.rounding, self.locale)

    def attribute(self, name: str, *at: str | int) -> Type | None:
        known = self.names.attributes
        type_ = known.get(name.removeprefix("customer."))
        if type_ is None:
            hint = did_you_mean(name, known)
            self._unknown("attribute", name, at, hint)
        return type_

    def event(self, name: str, *at: str | int) -> Mapping[str, Type] | None:
        fields = self.names.events.get(name)
        if fields is None:
            hint = did_you_mean(name, self.names.events)
            self._unknown("event", name, at, hint)
        return fields

    def template(self, message: str, *at: str | int) -> MessagePlan | None:
        spec = self.ruleset.messages.get(message)
        if spec is None:
            hint = did_you_mean(message, self.ruleset.messages)
            self._unknown("message", message, at, hint)
            return None
        self.sent.add(message)
        writers: dict[str, Plain] = {}
        for part in ("subject", "text"):
            text: str = getattr(spec, part)
            for name in sorted(names_in(text, ("messages", message, part), self.report)):
                writer = self._named(name, message, part)
                if writer is not None:
                    writers[name] = writer
        ready = tuple(sorted(writers.items()))
        return MessagePlan(
            message, spec.channel, lambda facts: {name: write(facts) for name, write in ready}
        )

    def _named(self, name: str, message: str, part: str) -> Plain | None:
        node, mistakes = check(name, self.scope)
        if node is None:
            first = mistakes[0]
            rule = self.place[1]
            self.report.problem(
                first.code,
                f"{first.message} (sent by rule '{rule}')",
                ("messages", message, part),
                hint=first.hint,
            )
            return None
        self.read |= names_read(node)
        return self._writer(node)


def names_in(text: str, place: Place, report: Report) -> frozenset[str]:
    """The names in the template at `place`; none where a mistake was reported."""
    try:
        return template_names(text)
    except TemplateInvalid as error:
        report.problem("bad-template", str(error), place, hint="name values as {{ balance.beans }}")
        return frozenset()


def _points(node: Node, rounding: str, locale: Locale) -> Points:
    """Whole points of the formula `node`: exact until the one rounding at the end (S7)."""
    scale = locale.unit if node.type.kind == "money" else 1
    # Most formulas end in `/ 10`: rounding the quotient at once avoids a Fraction.
    match node:
        case Arithmetic(op="/", left=left, right=Literal(value=int() as by) as right):
            if right.type.kind != "money" and by > 0:
                scale, node = scale * by, left
    value = compile_value(node)
    whole = _ROUNDINGS[rounding]

    def points(facts: Facts) -> int | None:
        amount = value(facts)
        return None if amount is None else whole(amount, scale)  # type: ignore[arg-type]

    return points


_ROUNDINGS: Mapping[str, Callable[[Number, int], int]] = {
    # Towards zero is not "down": -0.5 points rounded down are -1.
    "down": lambda amount, scale: amount // scale,
    "up": lambda amount, scale: -(-amount // scale),
    "half up": lambda amount, scale: half_up(Fraction(amount, scale)),
    "half even": lambda amount, scale: round(Fraction(amount, scale)),
}
