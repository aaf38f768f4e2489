"""Tests as written -> cases that can run: every name known to the program, every value typed.

A name that the program does not know is a Problem of the test, at its place, never a
failure: a test with a slip in it would otherwise pass or fail for the wrong reason.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from msgspec.json import Encoder
from msgspec.structs import replace

from loyalcore.engine.life import Rank, Stay
from loyalcore.engine.shared import NOTHING, Pool
from loyalcore.engine.state import BEGINNING, CustomerState, new_state
from loyalcore.errors import EventInvalid, Location, did_you_mean
from loyalcore.events import Event, EventKey, check_name
from loyalcore.intake.envelope import read_moment
from loyalcore.ledger.book import Book
from loyalcore.ledger.lots import EMPTY, Account
from loyalcore.program.builtin_events import SCORED
from loyalcore.program.offering.offer_plan import BATCH, PERSONAL, plain_code
from loyalcore.program.plan import EventPlan, Program
from loyalcore.program.report import Place, Report
from loyalcore.program.timing.life_plan import LadderPlan
from loyalcore.ruleset.dissolution import STATES
from loyalcore.ruleset.load import written
from loyalcore.runner.clock import last_moment
from loyalcore.runner.rule_tests.model import (
    CustomerSpec,
    EventSpec,
    Expected,
    KnownSpec,
    PointSpec,
    RankSpec,
    TestFileSpec,
    TestSpec,
)
from loyalcore.runner.rule_tests.sections import decision_names
from loyalcore.runner.rule_tests.standing import placed, rank_at
from loyalcore.values import TIME, Type, Value, ValueInvalid, read_value, write_value

CUSTOMER = "c1"  # whose events they are, where a test doesn't say
CODE_OF = "code of"
STATUSES = (
    *("open", "overdue", "answered"),
    *("satisfied", "unsatisfied", "resolved", "lapsed", "withdrawn", "none"),
)
"""Where a case may stand; none where there is no such case."""

_json = Encoder(decimal_format="number").encode


class Named(NamedTuple):
    """A message or event by its name, and what it says, as far as that is looked at: the text,
    or some fields in plain form."""

    name: str
    says: str | Mapping[str, object] | None = None

    def __str__(self) -> str:
        if self.says is None or isinstance(self.says, str):
            return self.name if self.says is None else f"{self.name}: {self.says}"
        said = (f"{name}: {value}" for name, value in self.says.items())
        return f"{self.name}: {{{', '.join(said)}}}"


@dataclass(frozen=True)
class Point:
    """What one customer is expected to be like at a time, and since the point before.

    None is what is not looked at. `attributes`, `balances`, `tiers`, `journeys` and
    `dissolutions` are looked at name by name, `cases` by recovery and name.
    """

    label: str  # as written: "2026-01-31 of ola", or "" at the end
    at: int | None
    of: str
    decisions: tuple[str, ...] | None
    held: Mapping[str, str] | None
    messages: tuple[Named, ...] | None
    skipped: tuple[str, ...] | None
    issued: tuple[str, ...] | None
    emitted: tuple[Named, ...] | None = None
    balances: Mapping[str, int] = field(default_factory=dict)
    pending: Mapping[str, int] = field(default_factory=dict)
    open: tuple[str, ...] | None = None
    tiers: Mapping[str, str | None] = field(default_factory=dict)
    stage: str | None = None
    tasks: tuple[str, ...] | None = None
    approvals: tuple[str, ...] | None = None
    journeys: Mapping[str, int | None] = field(default_factory=dict)
    dissolutions: Mapping[str, str | None] = field(default_factory=dict)
    cases: Mapping[tuple[str, str], str] = field(default_factory=dict)
    attributes: Mapping[str, Value | None] = field(default_factory=dict)
    tags: tuple[str, ...] | None = None


@dataclass(frozen=True)
class Case:
    """One test, ready to run: who is known, what happens in order, what is expected.

    `presented` has the events that present the personal code of an offer, with the offer:
    what it is can only be told when they happen. `shared` has the codes of batches.
    """

    name: str
    location: Location
    rules: frozenset[str]  # that it is about
    states: Mapping[str, CustomerState]
    events: tuple[Event, ...]
    points: tuple[Point, ...]
    presented: Mapping[EventKey, str] = field(default_factory=dict)
    shared: Pool = NOTHING

    @property
    def until(self) -> int:
        """How far time passes: to the last event, or the last point's time."""
        times = [event.time for event in self.events]
        times += [point.at for point in self.points if point.at is not None]
        return max(times)


def read_cases(path: Path, spec: TestFileSpec, program: Program, report: Report) -> Iterator[Case]:
    """The cases of a test file. What is wrong is reported; then the cases are of no use."""
    for name, test in spec.tests.items():
        yield _Reading(program, report, ("tests", name)).case(name, test, path)


def _expected(points: Iterable[Point]) -> Iterator[str]:
    """The rules that points expect to fire, or to be held back."""
    for point in points:
        yield from point.decisions or ()
        yield from point.held or ()


def _tags(known: KnownSpec) -> tuple[str, ...] | None:
    """As a customer's state has them."""
    return None if known.tags is None else tuple(sorted(set(known.tags)))


class _Reading:
    """Reads one test against its program. `place` is where the test stands."""

    def __init__(self, program: Program, report: Report, place: Place) -> None:
        self.program = program
        self.report = report
        self.place = place
        self.rules = decision_names(program)
        self.presented: dict[EventKey, str] = {}

    def case(self, name: str, test: TestSpec, path: Path) -> Case:
        main = test.customer.id or CUSTOMER
        self.whose(test)
        points = tuple(self.points(test, main))
        about = self.names("rule", test.rule, self.rules, "rule")
        location = self.report.document.locate(self.place, key=True)
        events = tuple(self.events(test, main))
        first = min((event.time for event in events), default=BEGINNING)
        states = {main: self.state(main, test.customer, first, "customer")}
        for customer, known in test.others.items():
            if customer == main:
                message = f"'{main}' is the test's own customer"
                self.problem("bad-test", message, "others", customer)
            states[customer] = self.state(customer, known, first, "others", customer)
        return Case(
            name=name,
            location=location._replace(file=str(path.parent / location.file)),
            rules=frozenset(about or _expected(points)),
            states=states,
            events=events,
            points=points,
            presented=self.presented,
            shared=Pool(codes=dict(self.codes(test.codes))),
        )

    def whose(self, test: TestSpec) -> None:
        """A point that names nobody is about the test's customer: there must be one."""
        if test.customer.id or any(event.customer is None for event in test.events):
            return
        for number, point in enumerate(test.expect):
            if point.of is None:
                self.problem(
                    "bad-test",
                    "whose decisions are meant? Every event names a customer",
                    *("expect", number),
                    hint="say it with of: CUSTOMER, or give the test a customer with an id",
                )

    def problem(self, code: str, message: str, *at: str | int, hint: str = "") -> None:
        self.report.problem(code, message, self.path(*at), hint=hint)

    def unknown(self, what: str, name: str, known: Iterable[str], *at: str | int) -> None:
        known = tuple(known)
        hint = did_you_mean(name, known) or f"known here: {_listed(name, known)}"
        self.report.problem(
            "unknown-name", f"there is no {what} '{name}'", self.path(*at), hint=hint, key=True
        )

    def path(self, *at: str | int) -> Place:
        return written(self.report.document.data, (*self.place, *at))

    def names(
        self, what: str, names: Iterable[str], known: Iterable[str], *at: str | int
    ) -> tuple[str, ...]:
        """`names`, each of which must be among the `known` ones."""
        names, known = tuple(names), tuple(known)
        for number, name in enumerate(names):
            if name not in known:
                self.unknown(what, name, known, *at, number)
        return names

    # --- what is known at the start ---------------------------------------------------------

    def state(self, customer: str, known: CustomerSpec, first: int, *at: str) -> CustomerState:
        """The customer before the first event, which is at the time `first`."""
        state = new_state(customer)
        since = self.value(TIME, known.since, *at, "since")
        attributes = dict(self.attributes(known.attributes, *at))
        state = replace(
            state,
            since=since if isinstance(since, int) else state.since,
            attributes={name: value for name, value in attributes.items() if value is not None},
            tags=_tags(known) or (),
            account=self.account(known.balance, first, *at, "balance"),
        )
        came = state.since if isinstance(since, int) else first
        stay = None
        if (stage := known.stage) is not None:
            self.stage(stage.stage, *at, "stage")
            entered = self.begun(stage.since, came, first, *at, "stage", "since")
            stay = Stay(stage.stage, entered)
        ranks = dict(self.ranks(known.tier, came, first, *at, "tier"))
        return placed(self.program, state, ranks, stay)

    def ranks(
        self, tier: Mapping[str, RankSpec], came: int, first: int, *at: str | int
    ) -> Iterator[tuple[str, Rank]]:
        """The levels that the customer has, by ladder."""
        for name, spec in tier.items():
            ladder = self.ladder(name, spec.level, *at, name)
            since = self.begun(spec.since, came, first, *at, name, "since")
            until = self.value(TIME, spec.until, *at, name, "until")
            if ladder is not None:
                kept = until if isinstance(until, int) else None
                yield name, rank_at(self.program, ladder, spec.level, since, came, kept)

    def begun(self, since: str | None, came: int, first: int, *at: str | int) -> int:
        """Since when something holds of the customer, by the first event."""
        begun = self.value(TIME, since, *at)
        if not isinstance(begun, int):
            return came
        if begun > first:
            self.problem("bad-test", "this is later than the first event", *at)
        return begun

    def ladder(self, name: str, level: str | None, *at: str | int) -> LadderPlan | None:
        """The ladder of this name that has this `level`; reported where there is none."""
        ladders = self.program.life.ladders if self.program.life is not None else ()
        found = next((ladder for ladder in ladders if ladder.name == name), None)
        if found is None:
            self.unknown("tier ladder", name, [ladder.name for ladder in ladders], *at)
        elif level is not None and level not in (known := [one.name for one in found.levels]):
            self.unknown("level", level, known, *at)
            return None
        return found

    def stage(self, stage: str, *at: str | int) -> str:
        life = self.program.life
        stages = life.stages.stages if life is not None and life.stages is not None else ()
        if stage not in stages:
            self.unknown("stage", stage, stages, *at)
        return stage

    def journeys(self, expected: Mapping[str, int | None], *at: str | int) -> dict[str, int | None]:
        """How many steps are over, by the name of a journey or of a win-back."""
        life = self.program.life
        known = [journey.name for journey in life.journeys] if life is not None else []
        for name in expected:
            if name not in known:
                self.unknown("journey", name, known, *at, name)
        return dict(expected)

    def dissolutions(
        self, expected: Mapping[str, str | None], *at: str | int
    ) -> dict[str, str | None]:
        """The phase, by the name of a dissolution."""
        life = self.program.life
        known = [one.name for one in life.dissolutions] if life is not None else []
        for name, phase in expected.items():
            if name not in known:
                self.unknown("dissolution", name, known, *at, name)
            if phase is not None and phase not in STATES:
                self.unknown("phase", phase, STATES, *at, name)
        return dict(expected)

    def opened(
        self, expected: Mapping[str, Mapping[str, str]], *at: str | int
    ) -> dict[tuple[str, str], str]:
        """Where cases stand, by recovery and name."""
        known = self.program.life.recovery if self.program.life is not None else {}
        for recovery, cases in expected.items():
            if recovery not in known:
                self.unknown("recovery", recovery, known, *at, recovery)
            for case, status in cases.items():
                if status not in STATUSES:
                    hint = did_you_mean(status, STATUSES) or f"one of: {', '.join(STATUSES)}"
                    message = f"no case is ever '{status}'"
                    self.problem("bad-test", message, *at, recovery, case, hint=hint)
        return {
            (recovery, case): status
            for recovery, cases in expected.items()
            for case, status in cases.items()
        }

    def account(self, points: Mapping[str, int], first: int, *at: str | int) -> Account:
        """Points from before the test, as one lot of each wallet, as if of its first event.
        It never expires, or by inactivity only."""
        idle = {name: terms for name, terms in self.program.wallets.items() if terms.idle}
        book = Book(EMPTY, idle, self.program.locale.zone, first)
        for wallet, balance in self.balances(points, *at).items():
            if balance:
                book.adjust(wallet, balance, first)
        return book.account

    def codes(self, codes: Mapping[str, Iterable[str]]) -> Iterator[tuple[str, str]]:
        """The codes of batches, as they are compared, each with its offer."""
        batches = [name for name, offer in self.program.offers.items() if offer.code == BATCH]
        for offer, of_offer in codes.items():
            if offer not in batches:
                self.unknown("offer with a batch of codes", offer, batches, "codes", offer)
            for code in of_offer:
                yield plain_code(code), offer

    def balances(self, points: Mapping[str, int], *at: str | int) -> Mapping[str, int]:
        for wallet in points:
            if wallet not in self.program.wallets:
                self.unknown("wallet", wallet, self.program.wallets, *at, wallet)
        return points

    def attributes(
        self, raw: Mapping[str, object], *at: str | int, above: tuple[str, ...] = ()
    ) -> Iterator[tuple[str, Value | None]]:
        """Attributes by dotted name, from a mapping nested as the ruleset declares them."""
        known = self.program.attributes
        for key, below in raw.items():
            name = ".".join((*above, key))
            if name in known:
                yield name, self.value(known[name], below, *at, key)
            elif isinstance(below, Mapping) and any(k.startswith(f"{name}.") for k in known):
                yield from self.attributes(below, *at, key, above=(*above, key))
            else:
                self.unknown("attribute", name, known, *at, key)

    def value(self, type_: Type, raw: object, *at: str | int) -> Value | None:
        try:
            return read_value(type_, raw, self.program.locale)
        except ValueInvalid as error:
            self.problem("bad-value", str(error), *at)
            return None

    # --- what happens -----------------------------------------------------------------------

    def events(self, test: TestSpec, main: str) -> list[Event]:
        """The events in the order of a run (S3), each with an id of its own."""
        read: dict[tuple[str, str], Event] = {}
        for number, spec in enumerate(test.events):
            event = self.event(number, spec, main)
            if event is not None and read.setdefault((event.source, event.id), event) is not event:
                self.problem("bad-test", f"another event has the id '{event.id}'", "events", number)
        return sorted(read.values(), key=lambda event: event.key)

    def event(self, number: int, spec: EventSpec, main: str) -> Event | None:
        at: Place = ("events", number)
        plan = self.program.events.get(spec.type)
        if plan is None:
            hint = did_you_mean(spec.type, self.program.events)
            self.problem("unknown-name", f"there is no event '{spec.type}'", *at, "type", hint=hint)
            return None
        if spec.type in self.program.made:
            message = f"only the program itself makes events of type {spec.type}"
            self.problem("bad-test", message, *at, "type")
            return None
        fields, presented = self.presents(spec.fields, plan, at)
        declared = self.said(fields, at) if spec.type == SCORED else fields
        if not self.fields(declared, plan.fields, at):
            return None
        try:
            time = read_moment(spec.time, self.program.locale.zone)
            event = self.program.event(
                source=spec.source,
                id=f"{number + 1:04}" if spec.id is None else spec.id,
                type=spec.type,
                customer=main if spec.customer is None else spec.customer,
                time=time,
                text=_json(fields).decode(),
            )
            check_name("customer", event.customer)
            check_name("id", event.id)
        except EventInvalid as error:
            wrong = error.code == "bad-time"
            self.problem("bad-value", str(error), *at, *(("time",) if wrong else ()))
            return None
        if presented:
            self.presented[event.key] = presented
        return event

    def presents(
        self, fields: Mapping[str, object], plan: EventPlan, at: Place
    ) -> tuple[Mapping[str, object], str]:
        """The fields, a text in the place of {code of: OFFER}, and that offer, if any."""
        name = plan.offers.presents if plan.offers is not None else ""
        match fields.get(name):
            case {"code of": str(offer), **rest} if not rest:
                personal = [
                    one.name for one in self.program.offers.values() if one.code == PERSONAL
                ]
                if offer not in personal:
                    self.unknown("offer with personal codes", offer, personal, *at, name, CODE_OF)
                return {**fields, name: f"{CODE_OF} {offer}"}, offer
        return fields, ""

    def said(self, fields: Mapping[str, object], at: Place) -> Mapping[str, object]:
        """The fields of an event `scored` but for what the score says, which is checked here."""
        score, values = fields.get("score"), fields.get("values")
        plan = self.program.scores.get(str(score))
        if plan is None:
            self.unknown("score", str(score), self.program.scores, *at, "score")
        elif isinstance(values, Mapping):
            self.fields(values, plan.outputs, (*at, "values"))
        return {name: value for name, value in fields.items() if name != "values"}

    def fields(self, raw: Mapping[str, object], types: Mapping[str, Type], at: Place) -> bool:
        """Whether all fields are declared and well typed. A run passes over what the
        program does not declare; in a test that is a slip."""
        good = True
        for name, value in raw.items():
            if name not in types:
                self.unknown("field", name, types, *at, name)
                good = False
            elif types[name].kind == "lines" and isinstance(value, list):
                for number, item in enumerate(value):
                    inner = types[name].fields
                    if isinstance(item, Mapping):
                        good = self.fields(item, inner, (*at, name, number)) and good
            else:
                try:
                    read_value(types[name], value, self.program.locale)
                except ValueInvalid as error:
                    self.problem("bad-value", str(error), *at, name)
                    good = False
        return good

    # --- what is expected -------------------------------------------------------------------

    def points(self, test: TestSpec, main: str) -> Iterator[Point]:
        before: int | None = None
        ended = False
        for number, spec in enumerate(test.expect):
            at: Place = ("expect", number)
            time = None if spec.at is None else self.moment(spec.at, *at, "at")
            if spec.at is None:
                ended = True
            elif ended or (before is not None and time is not None and time < before):
                self.problem("bad-test", "points stand in order of time", *at, "at")
            before = time if time is not None else before
            yield self.point(spec, time, main, *at)

    def point(self, spec: PointSpec, at: int | None, main: str, *place: str | int) -> Point:
        program = self.program
        expected = spec.customer or KnownSpec()
        nothing: tuple[str, ...] | None = () if spec.empty else None
        held = spec.held
        for rule in held or ():
            if rule not in self.rules:
                self.unknown("rule", rule, self.rules, *place, "held", rule)
        return Point(
            label=" of ".join(text for text in (spec.at or "", spec.of or "") if text),
            at=at,
            of=main if spec.of is None else spec.of,
            decisions=nothing
            if spec.decisions is None
            else self.names("rule", spec.decisions, self.rules, *place, "decisions"),
            held=held,
            skipped=spec.skipped,
            messages=None
            if spec.messages is None
            else tuple(self.messages(spec.messages, *place, "messages")),
            emitted=None
            if spec.emitted is None
            else tuple(self.emitted(spec.emitted, *place, "emitted")),
            issued=spec.issued,
            balances=self.balances(spec.balance or {}, *place, "balance"),
            pending=self.balances(spec.pending or {}, *place, "pending"),
            open=None
            if spec.open is None
            else self.names("offer", spec.open, program.offers, *place, "open"),
            tiers=dict(self.levels(spec.tier or {}, *place, "tier")),
            stage=None if spec.stage is None else self.stage(spec.stage, *place, "stage"),
            tasks=None
            if spec.tasks is None
            else self.names("task", spec.tasks, program.work.tasks, *place, "tasks"),
            approvals=None
            if spec.approvals is None
            else self.names(
                "approval", spec.approvals, program.work.approvals, *place, "approvals"
            ),
            dissolutions=self.dissolutions(spec.dissolution or {}, *place, "dissolution"),
            journeys=self.journeys(spec.journey or {}, *place, "journey"),
            cases=self.opened(spec.cases or {}, *place, "cases"),
            attributes=dict(self.attributes(expected.attributes, *place, "customer")),
            tags=_tags(expected),
        )

    def messages(self, expected: Iterable[Expected], *at: str | int) -> Iterator[Named]:
        for number, one in enumerate(expected):
            name, says = _named(one)
            if name not in self.program.messages:
                self.unknown("message", name, self.program.messages, *at, number)
            if says is not None and not isinstance(says, str):
                self.problem("bad-value", "expected the text of the message", *at, number, name)
            yield Named(name, says.strip() if isinstance(says, str) else None)

    def emitted(self, expected: Iterable[Expected], *at: str | int) -> Iterator[Named]:
        for number, one in enumerate(expected):
            name, says = _named(one)
            plan = self.program.events.get(name)
            if plan is None:
                self.unknown("event", name, self.program.events, *at, number)
            elif isinstance(says, Mapping) and self.fields(says, plan.fields, (*at, number, name)):
                yield Named(name, plain_fields(self.program, name, says, says))
            else:
                if says is not None and not isinstance(says, Mapping):
                    self.problem("bad-value", "expected fields of the event", *at, number, name)
                yield Named(name)

    def levels(
        self, levels: Mapping[str, str | None], *at: str | int
    ) -> Iterator[tuple[str, str | None]]:
        """The levels that are expected, by ladder; None where there should be none."""
        for name, level in levels.items():
            none = level in (None, "none")  # which no level can be called
            if self.ladder(name, None if none else level, *at, name) is not None:
                yield name, None if none else level

    def moment(self, text: str, *at: str | int) -> int | None:
        """The time of a point; a day counts whole, as in a rule's `until`."""
        try:
            return last_moment(text, self.program.locale.zone)
        except (EventInvalid, ValueError, OverflowError):
            self.problem("bad-value", "expected a day such as 2026-01-31, or a time on it", *at)
            return None


def plain_fields(
    program: Program, event: str, data: Mapping[str, object], fields: Iterable[str]
) -> Mapping[str, object]:
    """Some fields of an event in plain form, however they were written."""
    types, locale = program.events[event].fields, program.locale

    def plain(type_: Type, raw: object) -> object:
        return None if raw is None else write_value(type_, read_value(type_, raw, locale), locale)

    return {name: plain(types[name], data.get(name)) for name in fields}


def _named(expected: Expected) -> tuple[str, object]:
    return (expected, None) if isinstance(expected, str) else next(iter(expected.items()))


_FEW = 20


def _listed(name: str, known: tuple[str, ...]) -> str:
    """The names that are known; of many, a few, of the section that `name` begins with."""
    if len(known) <= _FEW:
        return ", ".join(known) or "none"
    section, _, _ = name.partition(".")
    alike = [one for one in known if one.startswith(f"{section}.")]
    return ", ".join([*(alike or known)[:_FEW], "..."])
