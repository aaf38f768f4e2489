"""Which program is in force when, and what becomes of customers as another takes over (S15).

    run RULESET -> is it in force, or planned?  -> else it takes over from the latest event on
    planned     -> its instant comes in a run   -> what is due before that happens first

Before that, what customers have is gone through: whatever the new program has no place for is
a problem of its ruleset, and nothing happens.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import chain
from sqlite3 import Connection
from typing import Any, NamedTuple

import msgspec
from msgspec import Struct

from loyalcore.engine.activation import concerns_everyone
from loyalcore.engine.life import UNBORN, Life
from loyalcore.engine.state import Instance
from loyalcore.errors import RulesetInvalid, StoreError, UsageError, did_you_mean
from loyalcore.intake import RawEvent
from loyalcore.ledger.lots import EMPTY, Account
from loyalcore.matching import MatcherName
from loyalcore.program.migration import Renames
from loyalcore.program.names import declare
from loyalcore.program.plan import Program
from loyalcore.program.report import Place, Report
from loyalcore.ruleset.load import Draft, draft
from loyalcore.ruleset.model import Ruleset
from loyalcore.ruleset.source import Source
from loyalcore.runner.loading import Loaded, load_from
from loyalcore.store import programs
from loyalcore.store.activations import BEGINNING, Activation, list_activations
from loyalcore.store.customers import count_customers, latest_time, states_after
from loyalcore.store.programs import find_program
from loyalcore.values import ValueInvalid, read_value, write_time

PAGE = 1_000

Told = Callable[[int, str], Callable[[int], None]]
"""Begins to tell of something: how many there are, and what is done with them. What it gives
is called with the number done since."""


def untold(total: int, what: str) -> Callable[[int], None]:
    """Tells nobody."""
    return lambda done: None


# --- the course of programs -------------------------------------------------------------------


def in_force(connection: Connection) -> Activation | None:
    """The activation that counts now: the last that has begun."""
    begun = [one for one in list_activations(connection) if one.begun is not None]
    return begun[-1] if begun else None


def planned(connection: Connection) -> Activation | None:
    """The next activation that has not begun."""
    return next((one for one in list_activations(connection) if one.begun is None), None)


def previous(connection: Connection, activation: Activation) -> Activation | None:
    """The one that an activation took over from."""
    before = None
    for one in list_activations(connection):
        if one.seq == activation.seq:
            break
        before = one if one.begun is not None else before
    return before


def earliest(connection: Connection) -> int:
    """The instant from which another program can be in force: the latest event's."""
    now = in_force(connection)
    return max(latest_time(connection) or BEGINNING, BEGINNING if now is None else now.at)


def is_later(connection: Connection, at: int | None) -> bool:
    """Whether what is activated at the instant `at` (None: now) is only planned. Raises
    UsageError where that is over, or nothing is in force that it could take over from."""
    first = earliest(connection)
    if at is not None and in_force(connection) is None:
        raise UsageError(
            "the first program of a store is in force from the beginning; leave out the time"
        )
    if at is not None and at < first:
        raise UsageError(
            f"{write_time(at)} is over: the latest event here is at {write_time(first)}, and what "
            "has been decided stays"
        )
    return at is not None and at > first


def instant_of_run(loaded: Loaded, connection: Connection, told: Told = untold) -> int | None:
    """The instant from which the program that is to be run takes over; None where it is in
    force or planned already. Raises RulesetInvalid where it can't, and UsageError where an
    operator has activated another one instead of it."""
    stored = find_program(connection, hash=loaded.program.hash)
    activations = list_activations(connection)
    now = in_force(connection)
    if now is None:
        return BEGINNING
    number = None if stored is None else stored.id
    if now.program == number:
        return None
    mine = [place for place, one in enumerate(activations) if one.program == number]
    if any(activations[place].begun is None for place in mine):
        return None
    since = [one for one in activations[mine[-1] :] if one.begun is not None] if mine else []
    if any(one.run is None for one in since[1:]):
        other = programs.find_program(connection, id=now.program)
        assert other is not None
        raise UsageError(
            f"{loaded.program.name} ({loaded.program.hash[:12]}) is in force no more: "
            f"{other.hash[:12]} took over{_from(now.at)}. Run that one, or make this one active "
            "again: loyalcore program activate"
        )
    takeover(loaded, connection, told=told).check()
    return earliest(connection)


def _from(at: int) -> str:
    return "" if at == BEGINNING else f" at {write_time(at)}"


class Course:
    """The programs of a store by number, compiled as they come into force."""

    def __init__(self, loaded: Loaded, connection: Connection) -> None:
        self._loaded = loaded
        self._connection = connection

    def program(self, number: int) -> Program:
        """A program of the store, to decide by. Raises StoreError where it is another here."""
        stored = find_program(self._connection, id=number)
        if stored is None:
            raise StoreError(f"the store has lost its program number {number}; it is damaged")
        if stored.hash == self._loaded.program.hash:
            return self._loaded.program
        matcher: MatcherName = (
            "durable" if self._loaded.program.matcher == "durable" else "compiled"
        )
        try:
            program = load_from(Source.from_json(stored.source), matcher).program
        except RulesetInvalid as invalid:
            raise StoreError(
                f"the program {stored.name} ({stored.hash[:12]}), which is to decide, can't be "
                f"compiled here: {invalid.problems[0]}"
            ) from None
        if program.hash != stored.hash:
            raise StoreError(
                f"the program {stored.name} ({stored.hash[:12]}), which is to decide, is another "
                f"one here ({program.hash[:12]}): loyalcore or a plugin has another version. "
                "Activate its ruleset again: loyalcore program activate"
            )
        return program

    def concerns_everyone(self, activation: Activation, program: Program) -> bool:
        """Whether all customers are to be handed over to `program`."""
        before = previous(self._connection, activation)
        stored = None if before is None else find_program(self._connection, id=before.program)
        return stored is None or _concerns_everyone(stored.source, program)

    def check(self, activation: Activation) -> None:
        """Raise StoreError where what was planned can't be done any more."""
        stored = find_program(self._connection, id=activation.program)
        assert stored is not None
        source = Source.from_json(stored.source)
        try:
            takeover(Loaded(self.program(activation.program), source), self._connection).check()
        except RulesetInvalid as invalid:
            raise StoreError(
                f"{stored.name} ({stored.hash[:12]}), which is to take over"
                f"{_from(activation.at)}, can't: {invalid.problems[0]}. Plan another one for that "
                "instant: loyalcore program activate"
            ) from None


def _concerns_everyone(source: str, program: Program) -> bool:
    try:
        old = load_from(Source.from_json(source), "compiled").program
    except RulesetInvalid:  # a plugin is gone: nothing is known of how it was
        return True
    return concerns_everyone(old, program)


class Ahead:
    """Events in the order of a run, taken up to an instant."""

    def __init__(self, events: Iterable[RawEvent]) -> None:
        self._events = iter(events)
        self._next = next(self._events, None)

    @property
    def time(self) -> int | None:
        """That of the next event."""
        return None if self._next is None else self._next.time

    def before(self, end: int | None) -> Iterator[RawEvent]:
        """The events before `end`, or all."""
        if end is None:
            first, self._next = self._next, None
            return self._events if first is None else chain((first,), self._events)
        return self._before(end)

    def _before(self, end: int) -> Iterator[RawEvent]:
        while self._next is not None and self._next.time < end:
            event, self._next = self._next, next(self._events, None)
            yield event


# --- what customers have ----------------------------------------------------------------------


class Item(NamedTuple):
    """Something that customers have: so many of them, and so many points. `to` is what the new
    program calls it; "" where it lets go of it, None where it has no place for it."""

    what: str
    name: str
    to: str | None
    customers: int
    points: int


class Takeover(NamedTuple):
    """What it comes to where a program takes over. `everyone`: customers are handed over one by
    one. `problems` stand in its way; `items` are what it carries, or not."""

    everyone: bool
    items: tuple[Item, ...]
    report: Report

    def check(self) -> None:
        """Raise RulesetInvalid where it can't."""
        if self.report.broken:
            raise RulesetInvalid([p for p in self.report.problems if p.severity == "error"])


def takeover(
    loaded: Loaded, connection: Connection, *, later: bool = False, told: Told = untold
) -> Takeover:
    """What it comes to where the program takes over from the one in force; `later`, when
    customers may have whatever that one gives them."""
    new = draft(loaded.source)
    report = Report(new.document)
    now = in_force(connection)
    stored = None if now is None else find_program(connection, id=now.program)
    if stored is None:
        return Takeover(everyone=False, items=(), report=report)
    old = draft(Source.from_json(stored.source))
    reading = _Reading(old, new, loaded.program, report)
    reading.identity(empty=not count_customers(connection))
    reading.lines()
    items: tuple[Item, ...] = ()
    if reading.gone or reading.moved or reading.retyped:
        held = _Held(reading, loaded.program)
        tell = told(count_customers(connection), "checking")
        for page in _pages(connection):
            for packed in page:
                held.add(packed)
            tell(len(page))
        items = held.items()
        reading.held(held, later=later)
    return Takeover(_concerns_everyone(stored.source, loaded.program), items, report)


def _pages(connection: Connection) -> Iterator[list[bytes]]:
    last = ""
    while page := states_after(connection, last, PAGE):
        yield [state.state for _, state in page]
        last = page[-1][0]


Key = tuple[str, str]
"""What it is, and its name."""


class _Reading:
    """Holds two rulesets against one another. `moved` is what has a new name by now, or is let
    go of (""); `gone` what has no place, and where the ruleset would say so; `retyped` the
    attributes of another type."""

    def __init__(self, old: Draft, new: Draft, program: Program, report: Report) -> None:
        self.old, self.new = old.ruleset, new.ruleset
        self.moved: dict[Key, str] = {}
        self.gone: dict[Key, Place] = {}
        self.retyped: set[str] = set()
        self._report = report
        names = program.migration
        kept = self._part("wallet", ("wallets",), self.old.wallets, self.new.wallets, names.wallets)
        kept = self._part("offer", ("offers",), self.old.offers, self.new.offers, names.offers)
        kept = self._part("tier", ("tiers",), self.old.tiers, self.new.tiers, names.tiers)
        for was, ladder in kept.items():
            self._part(
                "level",
                ("levels", ladder),
                self.old.tiers[was].levels,
                self.new.tiers[ladder].levels,
                names.levels.get(ladder, {}),
                f"{was}.",
                f"{ladder}.",
            )
        self._part("stage", ("stages",), self.old.stages, self.new.stages, names.stages)
        for name in self.old.dissolution:
            if name not in self.new.dissolution:
                self.moved["dissolution", name] = ""  # withdrawn
        types = declare(self.old, Report(old.document)).attributes
        for was, type_ in types.items():
            name = was if was in program.attributes else names.attributes.get(was, "")
            if name in program.attributes and program.attributes[name] != type_:
                self.retyped.add(was)
        self._names, self._attributes = names, types

    def _part(
        self,
        what: str,
        place: Place,
        old: Iterable[str],
        new: Iterable[str],
        names: Renames,
        before: str = "",
        after: str = "",
    ) -> dict[str, str]:
        """What becomes of the `old` things; those that go on, with their new names."""
        kept = {}
        for name in old:
            to = name if name in new else names.get(name)
            if to is None:
                self.gone[what, before + name] = ("migration", *place)
            elif to != name:
                self.moved[what, before + name] = to and after + to
            if to:
                kept[name] = to
        return kept

    def identity(self, *, empty: bool) -> None:
        """What a program can't change as long as there are customers."""
        if empty:
            return
        if self.new.program != self.old.program:
            self._report.problem(
                "other-program",
                f"the program of this store is called '{self.old.program}'",
                ("program",),
                hint="its name stays, for experiments and the events it makes rest on it; run "
                "another program into a store of its own",
            )
        if self.new.currency != self.old.currency and _has_money(self.old):
            self._report.problem(
                "other-program",
                f"the amounts in this store are {self.old.currency}, not {self.new.currency}",
                ("currency",),
                hint="run it into a store of its own",
            )

    def lines(self) -> None:
        """The lines of the migration section: each is of something that the program in force
        has, or of what has its new name there already."""
        names, old = self._names, self.old
        self._lines("attribute", ("attributes",), names.attributes, self._attributes)
        self._lines("wallet", ("wallets",), names.wallets, old.wallets)
        self._lines("offer", ("offers",), names.offers, old.offers)
        self._lines("tier ladder", ("tiers",), names.tiers, old.tiers)
        for ladder, levels in names.levels.items():
            was = next((was for was, to in names.tiers.items() if to == ladder), ladder)
            was = was if was in old.tiers else ladder
            known = old.tiers[was].levels if was in old.tiers else {}
            self._lines(f"level of {was}", ("levels", ladder), levels, known)
        self._lines("stage", ("stages",), names.stages, old.stages)

    def _lines(self, what: str, place: Place, names: Renames, old: Iterable[str]) -> None:
        for was, to in names.items():
            if was in old or not to or to in old:
                continue
            self._report.problem(
                "bad-migration",
                f"the program in force has no {what} '{was}'",
                ("migration", *place, was),
                hint=did_you_mean(was, old),
                key=True,
            )

    def held(self, held: _Held, *, later: bool) -> None:
        """What customers have that has no place in the new program."""
        for key, place in self.gone.items():
            what, name = key
            customers, points = held.customers[key], held.points[key]
            if not customers and not later:
                continue
            message = f"there is no {_NOUNS[what]} '{name}' any more; "
            if customers:
                message += _HAD[what].format(who=_people(customers), points=points)
            else:
                message += "customers may have it by then"
            self._report.problem("not-carried", message, place, hint=_hint(what, name, place))
        for name in sorted(self.retyped):
            here = name if name in held.attributes else self._names.attributes[name]
            misfits = held.misfits[name]
            if misfits or later:
                which = f"that of {_people(misfits)} does" if misfits else "some, by then, may"
                self._report.problem(
                    "not-carried",
                    f"'{here}' is {held.attributes[here]} now; {which} not fit",
                    ("customer", *here.split(".")),
                    hint="give it another name, and keep the old one beside it",
                )


_NOUNS: Mapping[str, str] = {
    "wallet": "wallet",
    "offer": "offer",
    "tier": "tier ladder",
    "level": "level",
    "stage": "stage",
}
_HAD: Mapping[str, str] = {
    "wallet": "{points:,} points in it are those of {who}",
    "offer": "it is open for {who}",
    "tier": "it is climbed by {who}",
    "level": "it is that of {who}",
    "stage": "it is that of {who}",
}


def _people(customers: int) -> str:
    return f"{customers:,} customer{'s' * (customers != 1)}"


def _hint(what: str, name: str, place: Place) -> str:
    section = ".".join(str(part) for part in place)
    name = name.rpartition(".")[2] if what == "level" else name
    let_go = "" if what == "wallet" else f", or let go of it ({name}: )"
    return f"say under {section} what it is called now ({name}: NEW){let_go}, or keep it"


def _has_money(ruleset: Ruleset) -> bool:
    fields = [spec.fields for spec in ruleset.events.values()]
    fields += [ruleset.customer, *(spec.columns for spec in ruleset.tables.values())]
    fields += [spec.fields for spec in ruleset.offers.values()]
    return any(_money_in(spec) for one in fields for spec in one.values())


def _money_in(spec: Any) -> bool:
    return spec.type == "money" or any(_money_in(inner) for inner in spec.fields.values())


class _Having(Struct):
    """What of a packed state may need a new name."""

    attributes: Mapping[str, Any] = {}
    account: Account = EMPTY
    offers: tuple[Instance, ...] = ()
    life: Life = UNBORN
    merged: str = ""


_having = msgspec.json.Decoder(_Having).decode


class _Held:
    """Counts who has what of all that is moved, gone, or of another type."""

    def __init__(self, reading: _Reading, program: Program) -> None:
        self.customers: Counter[Key] = Counter()
        self.points: Counter[Key] = Counter()
        self.misfits: Counter[str] = Counter()
        self.attributes = program.attributes
        self._reading, self._program = reading, program
        self._asked = {*reading.moved, *reading.gone}

    def add(self, packed: bytes) -> None:
        """Count one customer."""
        having = _having(packed)
        if having.merged:
            return
        for key in set(_keys(having)) & self._asked:
            self.customers[key] += 1
        account = having.account
        for sums in (account.balances, account.pending):
            for wallet, points in sums.items():
                self.points["wallet", wallet] += points
        for name in self._reading.retyped & having.attributes.keys():
            here = name if name in self.attributes else self._program.migration.attributes[name]
            try:
                read_value(self.attributes[here], having.attributes[name], self._program.locale)
            except ValueInvalid:
                self.misfits[name] += 1

    def items(self) -> tuple[Item, ...]:
        """All that anyone has, as the new program will have it."""
        reading = self._reading
        return tuple(
            Item(*key, reading.moved.get(key), count, self.points[key])
            for key, count in sorted(self.customers.items())
        )


def _keys(having: _Having) -> Iterator[Key]:
    for wallet in (*having.account.balances, *having.account.pending):
        yield "wallet", wallet
    for offer in having.offers:
        if not offer.closed:
            yield "offer", offer.offer
    for ladder, rank in having.life.tiers.items():
        if rank.level:
            yield "tier", ladder
            yield "level", f"{ladder}.{rank.level}"
    if having.life.stage is not None:
        yield "stage", having.life.stage.stage
    if (parting := having.life.dissolution) is not None and not parting.closed:
        yield "dissolution", parting.name
