"""A case through the step, and what it came to, held against what was expected."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import zip_longest
from typing import NamedTuple, TypeVar

from loyalcore.delivery.rendering import Unrenderable, words
from loyalcore.effects.changes import (
    Change,
    ChangeCase,
    Emit,
    OpenCase,
    Send,
    Skipped,
    issued,
)
from loyalcore.engine.outcome import Decision
from loyalcore.engine.state import CustomerState, new_state
from loyalcore.engine.telling.profile import level_of, stage_of
from loyalcore.engine.telling.prospects import life_names
from loyalcore.program.plan import Program
from loyalcore.runner.rule_tests.cases import Case, Named, Point, plain_fields
from loyalcore.runner.rule_tests.sections import housekeeping
from loyalcore.runner.rule_tests.steps import Taken, take
from loyalcore.runner.rule_tests.why import (
    Reason,
    why_balance,
    why_fired,
    why_life,
    why_not,
    why_refused,
)
from loyalcore.values import Value, write_value

T = TypeVar("T")

Row = tuple[object, object]  # expected and got; MISSING where the other side has more

MISSING = ""


class Mismatch(NamedTuple):
    """One thing that is not as expected. Lists have a row for each entry, side by side."""

    what: str  # "decisions", "balance.beans", "customer.favourite"
    rows: tuple[Row, ...]


@dataclass(frozen=True)
class Failure:
    """A point at which not everything was as expected, and why."""

    point: str
    mismatches: tuple[Mismatch, ...]
    reasons: tuple[Reason, ...]


@dataclass(frozen=True)
class Result:
    """What came of a case. `taken` is every step of it, for coverage."""

    case: Case
    failures: tuple[Failure, ...]
    taken: tuple[Taken, ...]

    @property
    def passed(self) -> bool:
        return not self.failures


def run_case(program: Program, case: Case) -> Result:
    """Run `case` in memory. The same case always comes to the same result (S2)."""
    taken = tuple(take(program, case))
    failures: list[Failure] = []
    covered: dict[str, int] = {}  # how many of a customer's steps earlier points have seen
    for point in case.points:
        steps = tuple(
            step
            for step in taken
            if step.event.customer == point.of and (point.at is None or step.event.time <= point.at)
        )
        state = steps[-1].after if steps else case.states.get(point.of) or new_state(point.of)
        named = frozenset(point.decisions or ())
        view = _View(program, steps, steps[covered.get(point.of, 0) :], state, named)
        covered[point.of] = len(steps)
        if mismatches := tuple(_mismatches(point, view)):
            reasons = tuple(_reasons(point, mismatches, view))
            failures.append(Failure(point.label, mismatches, reasons))
    return Result(case, tuple(failures), taken)


class _View(NamedTuple):
    """What a point sees of its customer: all steps up to it, those since the point before,
    and the customer after them. `named` are the decisions that it names."""

    program: Program
    steps: Sequence[Taken]
    since: Sequence[Taken]
    state: CustomerState
    named: frozenset[str]

    @property
    def decisions(self) -> list[Decision]:
        return [decision for step in self.since for decision in step.outcome.decisions]

    @property
    def fired(self) -> list[str]:
        return [
            decision.rule
            for decision in self.decisions
            if decision.fired
            and (decision.rule in self.named or not housekeeping(self.program, decision))
        ]


def _mismatches(point: Point, view: _View) -> Iterator[Mismatch]:
    state = view.state
    changes = [change for decision in view.decisions for change in decision.changes]
    yield from _lists("decisions", point.decisions, view.fired)
    yield from _held(point.held, view.decisions)
    yield from _named("messages", point.messages, _messages(point, view, changes))
    yield from _named("emitted", point.emitted, _emitted(point, view, changes))
    yield from _lists("skipped", point.skipped, _skipped(changes))
    yield from _lists("issued", point.issued, _issued(changes))
    yield from _values(
        "balance", point.balances, {w: state.account.balances.get(w, 0) for w in point.balances}
    )
    yield from _values(
        "pending", point.pending, {w: state.account.pending.get(w, 0) for w in point.pending}
    )
    yield from _lists("open", point.open, [one.offer for one in state.offers if not one.closed])
    yield from _values("tier", point.tiers, {one: _level(view, one) for one in point.tiers})
    if point.stage is not None:
        yield from _values("stage", {"": point.stage}, {"": stage_of(view.program, state.life)})
    yield from _lists("tasks", point.tasks, [one.task for one in state.life.tasks])
    asked = [one.approval for one in state.life.approvals]
    yield from _lists("approvals", point.approvals, asked)
    yield from _values("journey", point.journeys, {one: _step(view, one) for one in point.journeys})
    one = state.life.dissolution
    phases = {n: one.phase if one and one.name == n else None for n in point.dissolutions}
    yield from _values("dissolution", point.dissolutions, phases)
    stand = _cases(view.steps) if point.cases else {}
    yield from _values(
        "cases",
        {".".join(case): status for case, status in point.cases.items()},
        {".".join(case): stand.get(case, "none") for case in point.cases},
    )
    yield from _attributes(view.program, point.attributes, state)
    yield from _lists("customer.tags", point.tags, state.tags)


def _level(view: _View, ladder: str) -> str | None:
    return level_of(view.program, ladder, view.state.life) or None


def _step(view: _View, name: str) -> int | None:
    """How many steps of the journey are over; None where the customer is not in it."""
    runs = (run for run in view.state.life.journeys if run.journey.partition(".")[2] == name)
    return next((run.step for run in runs), None)


def _cases(steps: Iterable[Taken]) -> dict[tuple[str, str], str]:
    """Where the customer's cases stand after `steps`, by recovery and name."""
    stand: dict[tuple[str, str], str] = {}
    every = (change for step in steps for one in step.outcome.decisions for change in one.changes)
    for change in every:
        match change:
            case OpenCase(outcome=outcome, answered=answered, overdue=overdue):
                status = outcome or ("answered" if answered else "overdue" if overdue else "open")
            case ChangeCase(how="closed", outcome=outcome):
                status = outcome
            case ChangeCase(how="reopened"):
                status = "open"
            case ChangeCase(how="moved"):
                status = "none"
            case ChangeCase(how="overdue" | "answered" | "withdrawn" as how):
                status = how
            case _:
                continue
        stand[change.recovery, change.case] = status
    return stand


def _messages(point: Point, view: _View, changes: Iterable[Change]) -> list[Named]:
    """The messages that are sent; what those say of which that is expected."""
    program = view.program
    language = str(view.state.attributes.get(program.languages.of or "") or "")

    def said(change: Send) -> str:
        try:
            return words(program, change.message, change.values, language).text.strip()
        except Unrenderable as error:
            return str(error)

    sent = [change for change in changes if isinstance(change, Send)]
    return [
        Named(one.message, None if wanted is None or wanted.says is None else said(one))
        for one, wanted in _beside(point.messages, sent, lambda one: one.message)
    ]


def _emitted(point: Point, view: _View, changes: Iterable[Change]) -> list[Named]:
    """The events that effects emit, with those of their fields that are expected."""
    made = view.program.made
    events = [one for one in changes if isinstance(one, Emit) and one.type not in made]
    return [
        Named(
            one.type,
            plain_fields(view.program, one.type, one.data, wanted.says)
            if wanted is not None and isinstance(wanted.says, Mapping)
            else None,
        )
        for one, wanted in _beside(point.emitted, events, lambda one: one.type)
    ]


def _beside(
    expected: Sequence[Named] | None, got: Sequence[T], name_of: Callable[[T], str]
) -> Iterator[tuple[T, Named | None]]:
    """Each with what is expected in its place, or else of its name elsewhere."""
    wanted = expected or ()
    for place, one in enumerate(got):
        name = name_of(one)
        nearest = sorted(enumerate(wanted), key=lambda pair: abs(pair[0] - place))
        yield one, next((named for _, named in nearest if named.name == name), None)


def _named(what: str, expected: Sequence[Named] | None, got: Sequence[Named]) -> Iterator[Mismatch]:
    if expected is not None:
        yield from _lists(what, [str(one) for one in expected], [str(one) for one in got])


def _skipped(changes: Iterable[Change]) -> list[str]:
    return [change.reason for change in changes if isinstance(change, Skipped)]


def _issued(changes: Iterable[Change]) -> list[str]:
    return [name for change in changes if (name := issued(change)) is not None]


def _lists(what: str, expected: Sequence[str] | None, got: Sequence[str]) -> Iterator[Mismatch]:
    if expected is None or tuple(expected) == tuple(got):
        return
    rows: list[Row] = []
    for _, i, j, k, m in SequenceMatcher(None, expected, got, autojunk=False).get_opcodes():
        rows += zip_longest(expected[i:j], got[k:m], fillvalue=MISSING)
    yield Mismatch(what, tuple(rows))


def _held(expected: Mapping[str, str] | None, decisions: Iterable[Decision]) -> Iterator[Mismatch]:
    """A reason is given whole, "limit: 1 per day", or without its first word."""
    if expected is None:
        return
    held = {decision.rule: decision.reason for decision in decisions if not decision.fired}
    for rule in dict.fromkeys((*expected, *held)):
        wanted, reason = expected.get(rule, MISSING), held.get(rule, MISSING)
        if wanted != reason and reason.partition(": ")[2] != (wanted or None):
            yield Mismatch(f"held.{rule}", ((wanted, reason),))


def _values(
    what: str, expected: Mapping[str, object], got: Mapping[str, object]
) -> Iterator[Mismatch]:
    for name, wanted in expected.items():
        if got[name] != wanted:
            yield Mismatch(f"{what}.{name}" if name else what, ((wanted, got[name]),))


def _attributes(
    program: Program, expected: Mapping[str, Value | None], state: CustomerState
) -> Iterator[Mismatch]:
    def plain(values: Mapping[str, Value | None]) -> dict[str, object]:
        return {
            name: write_value(program.attributes[name], values.get(name), program.locale)
            for name in expected
        }

    yield from _values("customer", plain(expected), plain(state.attributes))


def _reasons(point: Point, mismatches: Iterable[Mismatch], view: _View) -> Iterator[Reason]:
    reasons: list[Reason] = []
    for mismatch in mismatches:
        what, _, name = mismatch.what.partition(".")
        if what == "decisions":
            reasons += _why_decided(point.decisions or (), view)
        elif what == "held":
            reasons += _why(name, view)
        elif what == "messages":
            changes = [change for decision in view.decisions for change in decision.changes]
            reasons += (Reason(f"not sent: {reason}") for reason in _skipped(changes))
        elif what in ("balance", "pending"):
            reasons += why_balance(name, view.steps, what)
        elif what == "tier":
            reasons += why_life(f"tiers.{name}", view.steps)
        elif what == "journey":
            for section in ("journeys", "win_back"):
                if f"{section}.{name}" in life_names(view.program):
                    reasons += why_life(f"{section}.{name}", view.steps)
        elif what == "dissolution":
            reasons += why_life(f"dissolution.{name}", view.steps)
            reasons += why_refused(view.since)
        elif what in ("tasks", "approvals"):
            reasons += why_refused(view.since)
        elif what == "cases":
            reasons += why_life(f"recovery.{name.partition('.')[0]}", view.steps)
        elif what == "stage":
            reasons += why_life(f"stages.{point.stage}", view.steps)
    yield from reasons or [Reason(f"these fired: {', '.join(view.fired) or 'none'}")]


def _why_decided(expected: Sequence[str], view: _View) -> Iterator[Reason]:
    wanted, fired = Counter(expected), Counter(view.fired)
    if wanted == fired:
        yield Reason("the rules are the same; they fire by priority, then as they are written")
    for rule in wanted - fired:
        yield from why_not(view.program, rule, view.since)
    for rule in fired - wanted:
        yield from why_fired(rule, view.since)


def _why(rule: str, view: _View) -> Iterator[Reason]:
    if rule in view.fired:
        return why_fired(rule, view.since)
    return why_not(view.program, rule, view.since)
