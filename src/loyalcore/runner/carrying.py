"""What becomes of customers as another program takes over (S15): whatever it has no place for is a
problem of its ruleset, and nothing happens.

    two rulesets, held against one another -> what has a new name, or no place
    what customers have of that            -> told, and problems
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from sqlite3 import Connection
from typing import Any, NamedTuple

from loyalcore.engine.handover.activation import concerns_everyone
from loyalcore.errors import RulesetInvalid, did_you_mean
from loyalcore.program.care.contact import known_channels, known_purposes
from loyalcore.program.migration import Migration, Renames
from loyalcore.program.names import declare
from loyalcore.program.plan import Program
from loyalcore.program.report import Place, Report
from loyalcore.ruleset.dissolution import PHASES
from loyalcore.ruleset.journeys import JourneySpec
from loyalcore.ruleset.load import Draft, draft
from loyalcore.ruleset.model import Ruleset
from loyalcore.ruleset.source import Source
from loyalcore.runner.holdings import Held, Item, Key, people
from loyalcore.runner.in_force import in_force
from loyalcore.runner.loading import Loaded, load_from
from loyalcore.store.customers import count_customers, states_after
from loyalcore.store.programs import find_program

PAGE = 1_000

Told = Callable[[int, str], Callable[[int], None]]
"""Begins to tell of something: how many there are, and what is done with them. What it gives
is called with the number done since."""


def untold(total: int, what: str) -> Callable[[int], None]:
    """Tells nobody."""
    return lambda done: None


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
    if reading.gone or reading.lost or reading.moved or reading.retyped:
        held = Held(reading.moved, reading.gone, reading.lost, reading.retyped, loaded.program)
        tell = told(count_customers(connection), "checking")
        for page in _pages(connection):
            for packed in page:
                held.add(packed)
            tell(len(page))
        items = held.items()
        reading.held(held, later=later)
    return Takeover(concerns_all_of(stored.source, loaded.program), items, report)


def concerns_all_of(source: str, program: Program) -> bool:
    """Whether all customers are to be handed over to `program` from that of the `source`."""
    try:
        old = load_from(Source.from_json(source), "compiled").program
    except RulesetInvalid:  # a plugin is gone: nothing is known of how it was
        return True
    return concerns_everyone(old, program)


def _pages(connection: Connection) -> Iterator[list[bytes]]:
    last = ""
    while page := states_after(connection, last, PAGE):
        yield [state.state for _, state in page]
        last = page[-1][0]


class _Reading:
    """Holds two rulesets against one another. `moved` is what has a new name by now, or is let
    go of (""); `gone` what has no place, and where the ruleset would say so; `lost` what has none
    and needs none, for it ends; `retyped` the attributes of another type."""

    def __init__(self, old: Draft, new: Draft, program: Program, report: Report) -> None:
        self.old, self.new = old.ruleset, new.ruleset
        self.moved: dict[Key, str] = {}
        self.gone: dict[Key, Place] = {}
        self.lost: set[Key] = set()
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
        self._ending(names)
        types = declare(self.old, Report(old.document)).attributes
        for was, type_ in types.items():
            name = was if was in program.attributes else names.attributes.get(was, "")
            if name in program.attributes and program.attributes[name] != type_:
                self.retyped.add(was)
        self._names, self._attributes = names, types

    def _ending(self, names: Migration) -> None:
        """What goes on under its new name, or ends."""
        old, new = self.old, self.new
        journeys = self._ends("journey", old.journeys, new.journeys, names.journeys, "journeys.")
        for was, name in journeys.items():
            self._steps("journeys", was, name, old.journeys[was], new.journeys[name])
        won = self._ends("win-back", old.win_back, new.win_back, names.win_back, "win_back.")
        for was, name in won.items():
            self._steps("win_back", was, name, old.win_back[was], new.win_back[name])
        self._ends("case", old.recovery, new.recovery, names.recovery)
        self._ends("parted", old.dissolution, new.dissolution, names.dissolution)
        partings = self._ends("dissolution", old.dissolution, new.dissolution, names.dissolution)
        for was, name in partings.items():
            self._phases(was, name, names.wallets)
        self._ends("task", old.tasks, new.tasks, names.tasks)
        self._ends("approval", old.approvals, new.approvals, names.approvals)
        self._ends("score", old.scores, new.scores, names.scores)

    def _ends(
        self, what: str, old: Iterable[str], new: Iterable[str], names: Renames, before: str = ""
    ) -> dict[str, str]:
        """What becomes of the `old` things; those that go on, with their new names."""
        kept = {}
        for name in old:
            to = name if name in new else names.get(name)
            if to is None:
                self.lost.add((what, before + name))
            elif to != name:
                self.moved[what, before + name] = to and before + to
            if to:
                kept[name] = to
        return kept

    def _steps(self, section: str, was: str, name: str, old: JourneySpec, new: JourneySpec) -> None:
        for step in range(len(new.steps) + 1, len(old.steps) + 1):
            self.gone["step", f"{section}.{was}.{step}"] = (section, name, "steps")

    def _phases(self, was: str, name: str, wallets: Renames) -> None:
        """The phases that are left out by now, and wallets that points would come back to."""
        old, new = self.old.dissolution[was], self.new.dissolution[name]
        if old.improve is not None and new.improve is None:
            self.gone["phase", f"{was}.improving"] = ("dissolution", name)
        for phase in PHASES:
            if getattr(old.phases, phase) is not None and getattr(new.phases, phase) is None:
                self.gone["phase", f"{was}.{phase}"] = ("dissolution", name, "phases")
        if new.reopen is not None and new.reopen.restores.points:
            for wallet in self.old.wallets:
                if wallets.get(wallet, wallet) not in self.new.wallets:
                    place = ("dissolution", name, "reopen", "restores", "points")
                    self.gone["expired", f"{was}.{wallet}"] = place

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
        self._lines("journey", ("journeys",), names.journeys, old.journeys, new=True)
        self._lines("win-back", ("win_back",), names.win_back, old.win_back, new=True)
        self._lines("recovery", ("recovery",), names.recovery, old.recovery, new=True)
        self._lines("dissolution", ("dissolution",), names.dissolution, old.dissolution, new=True)
        self._lines("task", ("tasks",), names.tasks, old.tasks)
        self._lines("approval", ("approvals",), names.approvals, old.approvals)
        self._lines("score", ("scores",), names.scores, old.scores, new=True)
        self._lines("purpose", ("purposes",), names.purposes, known_purposes(old))
        self._lines("channel", ("channels",), names.channels, known_channels(old))

    def _lines(
        self, what: str, place: Place, names: Renames, old: Iterable[str], *, new: bool = False
    ) -> None:
        """`new`: of which customers may have one under each name, so that it must be a new one."""
        for was, to in names.items():
            message = hint = ""
            if was in old and new and to in old:
                message = f"the program in force has a {what} '{to}' beside '{was}'"
                hint = "customers may be in both; give it a name that is new"
            elif was not in old and to and to not in old:
                message = f"the program in force has no {what} '{was}'"
                hint = did_you_mean(was, old)
            if message:
                at = ("migration", *place, was)
                self._report.problem("bad-migration", message, at, hint=hint, key=True)

    def held(self, held: Held, *, later: bool) -> None:
        """What customers have that has no place in the new program."""
        for key, place in self.gone.items():
            what, name = key
            customers, points = held.customers[key], held.points[key]
            if not customers and not later:
                continue
            within, _, inner = name.rpartition(".")
            noun = _NOUNS[what].format(name=name, inner=inner, within=within)
            message = f"there is no {noun} any more; "
            if customers:
                message += _HAD[what].format(who=people(customers), points=points)
            else:
                message += "customers may have it by then"
            self._report.problem("not-carried", message, place, hint=_hint(what, name, place))
        for name in sorted(self.retyped):
            here = name if name in held.attributes else self._names.attributes[name]
            misfits = held.misfits[name]
            if misfits or later:
                which = f"that of {people(misfits)} does" if misfits else "some, by then, may"
                self._report.problem(
                    "not-carried",
                    f"'{here}' is {held.attributes[here]} now; {which} not fit",
                    ("customer", *here.split(".")),
                    hint="give it another name, and keep the old one beside it",
                )


_NOUNS: Mapping[str, str] = {
    "wallet": "wallet '{name}'",
    "offer": "offer '{name}'",
    "tier": "tier ladder '{name}'",
    "level": "level '{name}'",
    "stage": "stage '{name}'",
    "step": "step {inner} of {within}",
    "phase": "phase {inner} of dissolution.{within}",
    "expired": "wallet '{inner}'",
}
_HAD: Mapping[str, str] = {
    "wallet": "{points:,} points in it are those of {who}",
    "offer": "it is open for {who}",
    "tier": "it is climbed by {who}",
    "level": "it is that of {who}",
    "stage": "it is that of {who}",
    "step": "it is the next of {who}",
    "phase": "it is that of {who}",
    "expired": "what expired there would come back to {who}",
}
_KEEP: Mapping[str, str] = {
    "step": "keep it until they are through (when: false, and it does nothing), or give the "
    "journey another name and let go of this one under migration: they end it as withdrawn",
    "phase": "keep it until they are through (without lasts the next one follows at once), or "
    "give the dissolution another name and let go of this one under migration: it is withdrawn",
    "expired": "say under migration.wallets what it is called now, keep it, or let no points come "
    "back",
}


def _hint(what: str, name: str, place: Place) -> str:
    if what in _KEEP:
        return _KEEP[what]
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
