"""Scoring the customers of a store at an instant, in bounded memory.

    events by customer -> observe -> summaries, on disk     one customer in memory at a time
    summaries          -> fit, score -> what is another than before -> events `scored` -> a run

Nothing is written before all is computed. The events go through the same intake, fold and
transaction as all others, so that what is decided by a score can be replayed without the
strategy.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from fractions import Fraction
from hashlib import blake2b
from itertools import groupby
from operator import attrgetter
from sqlite3 import Connection
from tempfile import TemporaryFile
from typing import IO, NamedTuple

import msgspec
from msgspec import Struct

from loyalcore.engine.life import UNBORN, Life, Score
from loyalcore.engine.moment import moment_facts
from loyalcore.engine.state import Absorbed, Stored, stored_reader
from loyalcore.errors import EventInvalid, PluginError, UsageError
from loyalcore.events import Event
from loyalcore.intake import RawEvent, Staged
from loyalcore.program.builtin_events import SCORED
from loyalcore.program.figures.scores import InputPlan, ScorePlan
from loyalcore.program.plan import Program
from loyalcore.runner.carrying import Told, untold
from loyalcore.runner.insights import Spread
from loyalcore.runner.loading import Loaded
from loyalcore.runner.past import logged_event, past_of
from loyalcore.runner.run import run
from loyalcore.runner.summary import Summary as RunSummary
from loyalcore.scoring import CannotScore, Occurrence, Summary
from loyalcore.store import Store
from loyalcore.store.customers import count_customers, each_state, latest_time
from loyalcore.store.events import StoredEvent, each_of_types
from loyalcore.store.programs import latest_program
from loyalcore.values import Type, Value, write_time, write_value

SOURCE = "scoring"
"""Where the events come from."""
TOLD = 1_000  # customers between two reports of progress
STAGED = 1_000  # events staged together


@dataclass
class Scored:
    """What became of one score: `scored` customers, of whom `changed` have another score now (or
    will have, where nothing was written). Those whose latest event is after the instant are
    `passed`, where theirs would be another. `unscored` are those of whom nothing can be said.
    `parameters` are those of the strategy's model."""

    score: str
    strategy: str
    version: str
    spread: Spread
    parameters: Mapping[str, float]
    scored: int = 0
    changed: int = 0
    passed: int = 0
    unscored: int = 0


class Scoring(NamedTuple):
    """What was scored at the instant `at`, and what the run that wrote it decided (None: nothing
    was written)."""

    at: int
    customers: int
    scores: tuple[Scored, ...]
    run: RunSummary | None


def score(
    loaded: Loaded,
    store: Store,
    names: Iterable[str] = (),
    at: int | None = None,
    *,
    write: bool = True,
    wait: float = 30.0,
    told: Told = untold,
) -> Scoring:
    """Score all customers at the instant `at` (None: that of the store's latest event) by the
    scores of these names, or all that `loaded` declares; `write` what is another than before.

    Time passes to that instant first, and `loaded` takes over, as in a run without events; not
    where nothing is to be written. Raises as a run does; PluginError, with nothing scored, where
    a strategy fails.
    """
    program, connection = loaded.program, store.connection
    newest = latest_time(connection)
    if newest is None:
        raise UsageError("the store is empty: nothing was run into it yet")
    at = newest if at is None else at
    plans = [program.scores[name] for name in dict.fromkeys(names or program.scores)]
    latest = latest_program(connection)
    if write and (at > newest or latest is None or latest.hash != program.hash):
        run(loaded, store, (), until=at, wait=wait, told=told)
    with ExitStack() as stack:
        with _unmoved(connection):
            total = count_customers(connection)
            gone = told(total, "looking")
            looked = _look(connection, program, plans, at, stack, gone)
        staged = stack.enter_context(Staged())
        found = _judge(program, plans, looked, at, staged, told(looked.customers, "scoring"))
        if not write or not staged.accepted:
            return Scoring(at, looked.customers, found, None)
        progress = told(staged.accepted, "deciding")
        decided = run(loaded, store, staged, wait=wait, progress=progress, told=told)
    return Scoring(at, looked.customers, found, decided)


@contextmanager
def _unmoved(connection: Connection) -> Iterator[None]:
    """All that is read within is of one moment, whoever writes meanwhile."""
    connection.execute("begin")
    try:
        yield
    finally:
        connection.rollback()


# --- the first look: what matters of each customer --------------------------------------------


class _Known(Stored, frozen=True):
    """What a packed state says of merging and of scores."""

    clock: int
    merged: str = ""
    absorbed: Mapping[str, Absorbed] = {}
    life: Life = UNBORN


_read_known = stored_reader(_Known)


class _Customer(Struct, frozen=True, array_like=True):
    """A customer on the disk between the two looks: their clock, and their scores until now."""

    customer: str
    clock: int
    scores: Mapping[str, Score]


_write = msgspec.json.Encoder().encode
_read_customer = msgspec.json.Decoder(_Customer).decode
_read_summary = msgspec.json.Decoder(Summary | None).decode


class _Lines:
    """Values on the disk, one a line, to be gone through more than once."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file

    def add(self, value: object) -> None:
        self._file.write(_write(value))
        self._file.write(b"\n")

    def __iter__(self) -> Iterator[bytes]:
        # Each goes through it from where it stands itself: two may do so at once.
        self._file.flush()
        place = 0
        while True:
            self._file.seek(place)
            lines = self._file.readlines(1 << 20)
            if not lines:
                return
            place = self._file.tell()
            yield from lines


@contextmanager
def _lines() -> Iterator[_Lines]:
    with TemporaryFile() as file:
        yield _Lines(file)


class _Summaries:
    """The summaries of one strategy, without those of whom nothing can be said."""

    def __init__(self, lines: _Lines) -> None:
        self._lines = lines

    def __iter__(self) -> Iterator[Summary]:
        for line in self._lines:
            if (summary := _read_summary(line)) is not None:
                yield summary


@dataclass
class _Looked:
    """All customers who are not merged into others, and their summaries, in the same order."""

    known: _Lines
    summaries: Sequence[_Lines]
    customers: int = 0


def _look(
    connection: Connection,
    program: Program,
    plans: Sequence[ScorePlan],
    at: int,
    stack: ExitStack,
    progress: Callable[[int], None],
) -> _Looked:
    looked = _Looked(stack.enter_context(_lines()), [stack.enter_context(_lines()) for _ in plans])
    views = _Views(program, plans, at)
    logs = groupby(each_of_types(connection, views.types, until=at), key=attrgetter("customer"))
    ahead = next(logs, None)
    for count, (name, state) in enumerate(each_state(connection), start=1):
        if count % TOLD == 0:
            progress(TOLD)
        while ahead is not None and ahead[0] < name:
            ahead = next(logs, None)
        own = ahead[1] if ahead is not None and ahead[0] == name else ()
        known = _read_known(state.state)
        if known.merged:
            continue
        past = _readable(program, own)
        if known.absorbed:
            past = past_of(connection, program, name, known.absorbed)
        looked.known.add(_Customer(name, state.clock, known.life.scores))
        looked.customers += 1
        histories = views.of(past)
        for plan, history, lines in zip(plans, histories, looked.summaries, strict=True):
            with _blamed_on(plan):
                lines.add(plan.make.observe(history, at))
    return looked


def _readable(program: Program, log: Iterable[StoredEvent]) -> Iterator[Event]:
    for stored in log:
        try:
            yield logged_event(program, stored)
        except EventInvalid:  # of an earlier program, with other fields
            continue


class _Views:
    """How the strategies see the events of a customer. `types` are those that any looks at."""

    def __init__(self, program: Program, plans: Sequence[ScorePlan], at: int) -> None:
        self._program = program
        self._at = at
        self._count = len(plans)
        self._views: dict[str, list[tuple[int, int, InputPlan, int | None]]] = {}
        for place, plan in enumerate(plans):
            for number, one in enumerate(plan.inputs):
                since = None if one.over is None else one.over.before(at, program.locale.zone)
                self._views.setdefault(one.event, []).append((place, number, one, since))

    @property
    def types(self) -> frozenset[str]:
        return frozenset(self._views)

    def of(self, events: Iterable[Event]) -> list[list[Occurrence]]:
        """One customer's history for each plan, in the order of time."""
        histories: list[list[Occurrence]] = [[] for _ in range(self._count)]
        for event in events:
            if event.time > self._at or event.type not in self._views:
                continue
            facts = moment_facts(self._program.events[event.type], event)
            for place, number, one, since in self._views[event.type]:
                if since is not None and event.time <= since:
                    continue
                if one.where is not None and one.where(facts) is not True:
                    continue
                values = tuple(value(facts) for value in one.values)
                histories[place].append(Occurrence(number, event.time, values))
        for history in histories:
            history.sort(key=attrgetter("time"))
        return histories


@contextmanager
def _blamed_on(plan: ScorePlan) -> Iterator[None]:
    """Whatever is raised here is the strategy's fault, and says so. The text of what it raises
    is not told: it may have something of a customer in it."""
    try:
        yield
    except CannotScore as error:
        raise PluginError(f"the score {plan.name}: {error}; nothing was scored") from error
    except Exception as error:
        raise PluginError(
            f"the score {plan.name}: its strategy '{plan.strategy}' has failed with "
            f"{type(error).__name__}; nothing was scored"
        ) from error


# --- the second look: what is said of each customer -------------------------------------------


def _judge(
    program: Program,
    plans: Sequence[ScorePlan],
    looked: _Looked,
    at: int,
    staged: Staged,
    progress: Callable[[int], None],
) -> tuple[Scored, ...]:
    """Score everyone, and stage an event for everyone whose score is another."""
    judges = [
        _Judge(program, plan, lines, at)
        for plan, lines in zip(plans, looked.summaries, strict=True)
    ]
    rows = []
    for count, (line, *lines) in enumerate(
        zip(looked.known, *looked.summaries, strict=True), start=1
    ):
        customer = _read_customer(line)
        for judge, summary in zip(judges, lines, strict=True):
            raw = judge.judge(customer, _read_summary(summary))
            if raw is not None:
                rows.append(raw._replace(original=raw.record().encode()))
        if len(rows) >= STAGED:
            staged.add(rows)
            rows = []
        if count % TOLD == 0:
            progress(TOLD)
    staged.add(rows)
    return tuple(judge.found for judge in judges)


class _Judge:
    """Says one score of one customer after another."""

    def __init__(self, program: Program, plan: ScorePlan, lines: _Lines, at: int) -> None:
        self._program = program
        self._plan = plan
        self._at = at
        with _blamed_on(plan):
            self._model = plan.make.fit(_Summaries(lines), at)
            parameters = plan.make.parameters(self._model)
        self.found = Scored(
            plan.name, plan.strategy, plan.version, Spread(plan.outputs), parameters
        )

    def judge(self, customer: _Customer, summary: Summary | None) -> RawEvent | None:
        """The event that brings the customer their score; None where it is as it was."""
        plan, found, at = self._plan, self.found, self._at
        said = {} if summary is None else self._said(summary)
        if said:
            found.scored += 1
            found.spread.add(said)
        else:
            found.unscored += 1
        locale, types = self._program.locale, plan.outputs
        values = {name: write_value(types[name], value, locale) for name, value in said.items()}
        before = customer.scores.get(plan.name)
        known = before.values if before is not None and before.strategy == plan.strategy else {}
        if values == known:
            return None
        if customer.clock > at:
            found.passed += 1
            return None
        found.changed += 1
        text = json.dumps(
            {
                "score": plan.name,
                "strategy": plan.strategy,
                "version": plan.version,
                "values": values,
            },
            ensure_ascii=False,
        )
        # What it was is part of the id: a second change at the same instant is another event.
        cause = "\0".join((customer.customer, str(at), json.dumps(known, sort_keys=True), text))
        digest = blake2b(cause.encode(), digest_size=12).hexdigest()
        id = f"{write_time(at)[:10]}-{plan.name}-{digest}"
        return RawEvent(at, SOURCE, id, SCORED, customer.customer, text, SOURCE, 1, b"")

    def _said(self, summary: Summary) -> dict[str, Value]:
        """The outputs; what is missing is left out."""
        plan = self._plan
        with _blamed_on(plan):
            given = plan.make.score(summary, self._model)
            said = {output: value for output, value in given.items() if value is not None}
        for output, value in said.items():
            type_ = plan.outputs.get(output)
            if type_ is None or not _is(type_, value):
                raise PluginError(_nonsense(plan, output, type_))
        return said


def _is(type_: Type, value: Value) -> bool:
    """Whether `value` is one of the type, as values.py holds them."""
    match type_.kind:
        case "text":
            return isinstance(value, str) and (not type_.options or value in type_.options)
        case "flag":
            return isinstance(value, bool)
        case "number":
            return isinstance(value, int | Fraction) and not isinstance(value, bool)
    return isinstance(value, int) and not isinstance(value, bool)


def _nonsense(plan: ScorePlan, output: str, type_: Type | None) -> str:
    what = "which it does not declare" if type_ is None else f"which is no {type_}"
    return (
        f"the score {plan.name}: its strategy '{plan.strategy}' says '{output}', {what}; nothing "
        "was scored"
    )
