"""How relationships were ended, told from what was decided; and what one more would come to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from sqlite3 import Connection
from typing import Any

from msgspec import json

from loyalcore.engine.parting.parting_outlook import Outlook, outlook
from loyalcore.engine.state import CustomerState, new_state
from loyalcore.program.plan import Program
from loyalcore.runner.replay import current_state
from loyalcore.store.customers import load_states
from loyalcore.store.decided import Decided

BACK = "reopened"


@dataclass
class Parting:
    """The ending of one customer's relationship, from what was tried first to its `outcome` (""
    as long as there is none). `phases` has when each began; it is in the last of them, `until`
    then, or `held`. `settled` tells what became of points, and `cost` is in minor units, None
    where nothing says it."""

    customer: str
    name: str
    number: int
    reason: str
    phases: dict[str, int] = field(default_factory=dict)
    until: str = ""
    held: str = ""
    outcome: str = ""
    ended: int | None = None
    reopened: int | None = None
    settled: list[Mapping[str, Any]] = field(default_factory=list)
    cost: int | None = None

    @property
    def phase(self) -> str:
        return next(reversed(self.phases), "")

    @property
    def there(self) -> bool:
        """Whether the customer is in it: what is closed is, until it is taken up again."""
        return self.reopened is None and self.outcome in ("", "closed")


_json: Any = json.Decoder().decode


def partings(decided: Iterable[Decided]) -> list[Parting]:
    """The endings that decisions tell of, in the order begun."""
    found: list[Parting] = []
    latest: dict[str, Parting] = {}
    for one in decided:
        for effect in _json(one.effects):
            _tell(one, effect, found, latest)
        if one.cost is not None and (parting := latest.get(one.customer)) is not None:
            parting.cost = (parting.cost or 0) + one.cost
    return found


def _tell(
    one: Decided, effect: Mapping[str, Any], found: list[Parting], latest: dict[str, Parting]
) -> None:
    if effect["effect"] == "part":
        key = effect["dissolution"], effect["number"]
        parting = latest.get(one.customer)
        if parting is None or (parting.name, parting.number) != key:
            parting = Parting(one.customer, *key, effect.get("reason", ""))
            latest[one.customer] = parting
            found.append(parting)
        parting.phases[effect["phase"]] = one.time
        parting.until = effect.get("until", "")
    parting = latest.get(one.customer)
    if parting is None:
        return
    match effect:
        case {"effect": "carry", "what": "dissolution", "to": to}:
            parting.name = to
        case {"effect": "hold", "on": on}:
            parting.held = effect.get("why", "") if on else ""
            parting.until = "" if on else effect.get("until", "")
        case {"effect": "parted", "outcome": outcome} if outcome == BACK:
            parting.reopened = one.time
        case {"effect": "parted", "outcome": outcome} if parting.outcome == "closed":
            parting.outcome = outcome  # merged: it is over for another reason now
        case {"effect": "parted", "outcome": outcome}:
            parting.outcome, parting.ended = outcome, one.time
        case {"effect": "settle"}:
            parting.settled.append({"time": one.time, **effect})


@dataclass
class Summary:
    """What has become of one dissolution of the program: how often something was tried, it was
    proposed, it has begun; the outcomes; who is in which phase; why it was held back, how often;
    and the points settled, by wallet and how."""

    name: str
    improving: int = 0
    proposed: int = 0
    begun: int = 0
    reopened: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    now: Counter[str] = field(default_factory=Counter)
    held_back: Counter[str] = field(default_factory=Counter)
    settled: Counter[tuple[str, str]] = field(default_factory=Counter)
    amounts: dict[tuple[str, str], list[str]] = field(default_factory=dict)
    cost: int | None = None


def summaries(decided: Iterable[Decided], names: Iterable[str]) -> list[Summary]:
    """The dissolutions of these names, and all others that decisions tell of."""
    decided = list(decided)
    found = {name: Summary(name) for name in names}
    for parting in partings(decided):
        summary = found.setdefault(parting.name, Summary(parting.name))
        summary.improving += "improving" in parting.phases
        summary.proposed += "proposed" in parting.phases
        summary.begun += any(p not in ("improving", "proposed") for p in parting.phases)
        summary.reopened += parting.reopened is not None
        if parting.outcome:
            summary.outcomes[parting.outcome] += 1
        if parting.there:
            summary.now[parting.phase] += 1
        for it in parting.settled:
            key = it["wallet"], it["how"]
            summary.settled[key] += it["points"]
            if it.get("amount"):
                summary.amounts.setdefault(key, []).append(it["amount"])
        if parting.cost is not None:
            summary.cost = (summary.cost or 0) + parting.cost
    for one in decided:
        section, _, rest = one.rule.partition(".")
        name = rest.partition(".")[0]
        if section == "dissolution" and one.reason and name in found:
            found[name].held_back[one.reason.partition(":")[0]] += 1
    return list(found.values())


def foresee_proposed(
    connection: Connection, program: Program, customer: str, approval: int, at: int
) -> tuple[CustomerState, Outlook] | None:
    """What it would come to if the customer's approval of this number were granted; None where
    that is not about the ending of a relationship."""
    stored = load_states(connection, [customer]).get(customer)
    if stored is None:
        return None
    one = current_state(connection, program, customer, stored).life.dissolution
    if one is None or one.phase != "proposed" or one.approval != approval:
        return None
    return foresee(connection, program, customer, one.name, at)


def foresee(
    connection: Connection, program: Program, customer: str, name: str, at: int
) -> tuple[CustomerState, Outlook]:
    """What it would come to for a customer who is known, and how they are now. Nothing is
    written."""

    def load(who: str) -> CustomerState:
        stored = load_states(connection, [who]).get(who)
        if stored is None:
            return new_state(who)
        return current_state(connection, program, who, stored)

    state = load(customer)
    if state.merged:
        return state, Outlook((), (), (), "")
    return state, outlook(program, state, name, max(at, state.clock), load)
