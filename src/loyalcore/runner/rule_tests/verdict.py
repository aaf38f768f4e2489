"""A case through the step, and what it came to, held against what was expected."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from loyalcore.effects.changes import Change, Issue, Send
from loyalcore.engine.cascade import cascade
from loyalcore.engine.outcome import Decision
from loyalcore.engine.state import CustomerState, new_state
from loyalcore.program.plan import Program
from loyalcore.runner.rule_tests.cases import Case, Point
from loyalcore.runner.rule_tests.why import Reason, Taken, why_balance, why_fired, why_not
from loyalcore.values import Value, write_value

Row = tuple[object, object]  # expected and got; MISSING where the other side has more

MISSING = ""


@dataclass(frozen=True)
class Mismatch:
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
    seen: dict[str, int] = {}  # how many steps of a customer earlier points have covered
    for point in case.points:
        steps = [
            step
            for step in taken
            if step.event.customer == point.of and (point.at is None or step.event.time <= point.at)
        ]
        since = steps[seen.get(point.of, 0) :]
        seen[point.of] = len(steps)
        state = steps[-1].after if steps else case.states.get(point.of, new_state(point.of))
        failures += _look(program, point, since, state)
    return Result(case, tuple(failures), taken)


def _look(
    program: Program, point: Point, since: Sequence[Taken], state: CustomerState
) -> Iterator[Failure]:
    """The failure at `point`, if there is one."""
    decisions = [decision for step in since for decision in step.outcome.decisions]
    fired = [decision.rule for decision in decisions if decision.fired]
    changes = [change for decision in decisions for change in decision.changes]
    mismatches = [
        *_lists("decisions", point.decisions, fired),
        *_held(point.held, decisions),
        *_lists("messages", point.messages, _messages(changes)),
        *_lists("issued", point.issued, _issued(changes)),
        *_values("balance", point.balances, state.balances, 0),
        *_attributes(program, point.attributes, state),
        *_lists("customer.tags", point.tags, state.tags),
    ]
    if mismatches:
        yield Failure(
            point.label, tuple(mismatches), tuple(_reasons(program, point, mismatches, since))
        )


def _messages(changes: Iterable[Change]) -> list[str]:
    return [change.message for change in changes if isinstance(change, Send)]


def _issued(changes: Iterable[Change]) -> list[str]:
    return [change.name for change in changes if isinstance(change, Issue)]


def _lists(what: str, expected: Sequence[str] | None, got: Sequence[str]) -> Iterator[Mismatch]:
    if expected is None or tuple(expected) == tuple(got):
        return
    rows: list[Row] = []
    for _, i, j, k, m in SequenceMatcher(None, expected, got, autojunk=False).get_opcodes():
        left, right = expected[i:j], got[k:m]
        for n in range(max(len(left), len(right))):
            rows.append((_nth(left, n), _nth(right, n)))
    yield Mismatch(what, tuple(rows))


def _nth(entries: Sequence[str], number: int) -> str:
    return entries[number] if number < len(entries) else MISSING


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
    what: str, expected: Mapping[str, object], got: Mapping[str, object], default: object
) -> Iterator[Mismatch]:
    for name, wanted in expected.items():
        value = got.get(name, default)
        if value != wanted:
            yield Mismatch(f"{what}.{name}", ((wanted, value),))


def _attributes(
    program: Program, expected: Mapping[str, Value | None], state: CustomerState
) -> Iterator[Mismatch]:
    def plain(values: Mapping[str, Value | None]) -> dict[str, object]:
        return {
            name: write_value(program.attributes[name], values.get(name), program.locale)
            for name in expected
        }

    yield from _values("customer", plain(expected), plain(state.attributes), None)


def _reasons(
    program: Program, point: Point, mismatches: Iterable[Mismatch], steps: Sequence[Taken], new: int
) -> Iterator[Reason]:
    """Why, from the `steps` of the customer, the last `new` of which came since the point
    before."""
    since = steps[len(steps) - new :]
    fired = _fired(since)
    told = False
    for mismatch in mismatches:
        what, _, name = mismatch.what.partition(".")
        reasons: Iterable[Reason] = ()
        if what == "decisions":
            reasons = _why_decided(program, point.decisions or (), fired, since)
        elif what == "held":
            reasons = why_not(program, name, since)
        elif what == "balance":
            reasons = why_balance(name, steps)
        for reason in reasons:
            told = True
            yield reason
    if not told:
        yield Reason(f"these fired: {', '.join(fired) or 'none'}")


def _why_decided(
    program: Program, expected: Sequence[str], fired: Sequence[str], since: Sequence[Taken]
) -> Iterator[Reason]:
    absent, extra = Counter(expected), Counter(fired)
    if absent == extra:
        yield Reason("the rules are the same; they fire by priority, then as they are written")
    for rule in absent - extra:
        yield from why_not(program, rule, since)
    for rule in extra - absent:
        yield from why_fired(rule, since)
