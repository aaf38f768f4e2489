"""What plugins may do to events and decisions: prepare the one, and review the other.

Both are pure, and named in the ruleset's `plugins` section; so they are found when the
program is compiled, and are part of its hash, by plugin and version.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from loyalcore.effects.changes import Change
from loyalcore.effects.kind import Facts, Formula
from loyalcore.errors import EventInvalid, did_you_mean
from loyalcore.program.extending.guard import guarded, nonsense, read_only
from loyalcore.program.extending.vocabulary import Vocabulary
from loyalcore.program.planner import RulePlanner
from loyalcore.program.report import Report
from loyalcore.ruleset.model import Ruleset
from loyalcore.ruleset.plugins import ReviewSpec
from loyalcore.values import FLAG, Value

PlannerOf = Callable[[str], RulePlanner]


@dataclass(frozen=True)
class Incoming:
    """An event as it came: its type, its customer, its time (microseconds since 1970 UTC), and
    its `data`, plain JSON. The data is a copy: what is done to it reaches nobody else."""

    type: str
    customer: str
    time: int
    data: dict[str, Any]


@dataclass(frozen=True)
class Drop:
    """No event is to come of it: it is rejected, and kept, with this reason. Nothing personal."""

    reason: str


@dataclass(frozen=True)
class Preparer:
    """A way to prepare events, as a plugin registers it.

    `name` is what the ruleset calls it, `about` a line for people. `prepare` returns the data
    that is to be read instead, or a Drop. It may change the data alone: whose event it is, of
    which type, and when it happened, stay as they came; so does what the store keeps.
    """

    name: str
    about: str
    prepare: Callable[[Incoming], Mapping[str, Any] | Drop]


@dataclass(frozen=True)
class Proposal:
    """A decision that is about to be taken: that `rule` does these `changes`, for an event of
    this type and time (the customer's clock, microseconds since 1970 UTC). `data` are the
    fields of the event, and `values` what the author tells the reviewer: typed as in
    expressions (money in minor units), None where missing. Nothing of it can be written to."""

    rule: str
    customer: str
    type: str
    time: int
    data: Mapping[str, Value | None]
    changes: tuple[Change, ...]
    values: Mapping[str, Value | None]


@dataclass(frozen=True)
class Veto:
    """The decision is held back, with this reason. Nothing personal."""

    reason: str


@dataclass(frozen=True)
class Note:
    """The decision is taken, and this is noted with it. Nothing personal."""

    text: str


@dataclass(frozen=True)
class Reviewer:
    """A way to review decisions, as a plugin registers it.

    `name` is what the ruleset calls it, `about` a line for people. `review` returns None where
    it has nothing against the decision, a Note, or a Veto. It may change nothing.
    """

    name: str
    about: str
    review: Callable[[Proposal], Veto | Note | None]


@dataclass(frozen=True)
class Review:
    """A reviewer at an event: asked `when` that holds, and told `values`."""

    name: str
    ask: Callable[[Proposal], Veto | Note | None]
    when: Formula | None = None
    values: Mapping[str, Formula] = field(default_factory=dict)

    def told(self, facts: Facts) -> Mapping[str, Value | None] | None:
        """What it is told, by these facts; None where it isn't asked."""
        if self.when is not None and self.when(facts) is not True:
            return None
        return read_only({name: value(facts) for name, value in self.values.items()})


Prepare = Callable[[Incoming], Mapping[str, Any]]


def plan_prepares(
    ruleset: Ruleset, vocabulary: Vocabulary, known: Iterable[str], report: Report
) -> Mapping[str, tuple[Prepare, ...]]:
    """Who prepares the events of each type, in order. What is wrong is reported."""
    plans: dict[str, list[Prepare]] = {}
    events = set(known)
    for name, spec in ruleset.plugins.prepare.items():
        place = ("plugins", "prepare", name)
        preparer = vocabulary.preparers.get(name)
        if preparer is None:
            _unknown("way to prepare events", name, vocabulary.preparers, place, report)
            continue
        prepare = _prepare(vocabulary.owner("preparers", name), preparer)
        for event in _events(spec.on, events, (*place, "on"), report):
            plans.setdefault(event, []).append(prepare)
    return {event: tuple(plan) for event, plan in plans.items()}


def _prepare(plugin: str, preparer: Preparer) -> Prepare:
    what = f"prepare '{preparer.name}'"
    call = guarded(plugin, what, preparer.prepare)

    def prepare(incoming: Incoming) -> Mapping[str, Any]:
        given = call(incoming)
        if isinstance(given, Drop):
            raise EventInvalid("dropped", f"prepare: {preparer.name}: {given.reason}")
        if not isinstance(given, Mapping):
            raise nonsense(plugin, what, given, "data or a Drop")
        return given

    return prepare


def plan_reviews(
    ruleset: Ruleset,
    vocabulary: Vocabulary,
    known: Iterable[str],
    planner_of: PlannerOf,
    report: Report,
) -> Mapping[str, tuple[tuple[Review, frozenset[str]], ...]]:
    """Who reviews decisions at events of each type, in order, each with the names that it
    reads. What is wrong is reported."""
    plans: dict[str, list[tuple[Review, frozenset[str]]]] = {}
    events = set(known)
    for name, spec in ruleset.plugins.review.items():
        place = ("plugins", "review", name)
        reviewer = vocabulary.reviewers.get(name)
        if reviewer is None:
            _unknown("reviewer", name, vocabulary.reviewers, place, report)
            continue
        plugin = vocabulary.owner("reviewers", name)
        for event in _events(spec.on, events, (*place, "on"), report):
            planner = planner_of(event).below(place)
            plan = _review(plugin, reviewer, spec, planner)
            plans.setdefault(event, []).append((plan, frozenset(planner.read)))
    return {event: tuple(plan) for event, plan in plans.items()}


def _review(plugin: str, reviewer: Reviewer, spec: ReviewSpec, planner: RulePlanner) -> Review:
    what = f"review '{reviewer.name}'"
    call = guarded(plugin, what, reviewer.review)

    def ask(proposal: Proposal) -> Veto | Note | None:
        verdict = call(proposal)
        if verdict is not None and not isinstance(verdict, Veto | Note):
            raise nonsense(plugin, what, verdict, "a Veto, a Note or None")
        return verdict

    when = None if spec.when is None else planner.formula(spec.when, (FLAG,), "when")
    values = {}
    for name, text in spec.values.items():
        if (formula := planner.formula(text, (), "with", name)) is not None:
            values[name] = formula
    return Review(reviewer.name, ask, when, values)


def _events(
    named: Iterable[str], known: set[str], place: tuple[str | int, ...], report: Report
) -> Iterator[str]:
    for position, event in enumerate(named):
        if event in known:
            yield event
        else:
            hint = did_you_mean(event, known)
            at = (*place, position)
            report.problem("unknown-name", f"there is no event '{event}'", at, hint=hint)


def _unknown(
    what: str, name: str, known: Iterable[str], place: tuple[str | int, ...], report: Report
) -> None:
    words = list(known)
    hint = did_you_mean(name, words) or f"plugins bring {', '.join(words) or 'none'}"
    report.problem("unknown-name", f"there is no {what} '{name}'", place, hint=hint, key=True)
