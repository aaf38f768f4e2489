"""Which names an expression may use, what type each has, and where its fact comes from."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Mapping
from typing import Any

from msgspec import Struct

from loyalcore.effects.kind import Facts
from loyalcore.expression.functions import WEEKDAYS
from loyalcore.program.builtin_events import BUILTIN_EVENTS
from loyalcore.program.report import Report
from loyalcore.ruleset.contact import ContactSpec
from loyalcore.ruleset.model import Ruleset
from loyalcore.ruleset.selection import ExperimentSpec
from loyalcore.ruleset.words import FieldSpec
from loyalcore.values import DATE, FLAG, ID, INTEGER, TEXT, TEXTS, TIME, Type, Value

MOMENTS: Mapping[str, Type] = {
    "time": TIME,
    "date": DATE,
    "weekday": Type("text", WEEKDAYS),
    "year": INTEGER,
    "month": INTEGER,
    "day": INTEGER,
    "hour": INTEGER,
}
IDENTITIES: Mapping[str, Type] = {
    "event.id": ID,
    "event.type": TEXT,
    "event.source": TEXT,
    "customer.id": ID,
    "customer.since": TIME,
}
OPEN_OFFERS = "open_offers"
PAUSED = "paused.promotional"
"""Whether promotional messages are paused, for any cause; only of a ruleset that has one."""

CONTACT = "contact"

GROUPS = (
    "event",
    "customer",
    "balance",
    "pending",
    "segment",
    "variant",
    "tier",
    "benefit",
    "stage",
    "earlier",
    "journey",
    "dissolution",
    "recovery",
    "entry",
    "offer",
    "tags",
    "paused",
    OPEN_OFFERS,
)
ENVELOPE = ("customer", "type", "id", "source", "subject", "specversion", "data")


HOLDOUT = "holdout"  # the variant of an experiment's control group
TREATMENT = "treatment"  # that of all others, where the experiment names none
NOT_REQUIRED = "only a field of an event can be required"


class OfferNames(Struct, frozen=True):
    """The fields of an offer, and what opening it reads."""

    fields: Mapping[str, Type]
    reads: frozenset[str]


class Standing(Struct, frozen=True):
    """A fact that a customer's Life has: its type, and how it is read from there."""

    type: Type
    read: Callable[[Any], Value | None]


class Pause(Struct, frozen=True):
    """A cause for which promotional messages are not sent: what it is called among the facts,
    `why` in words, whether it `holds`, and of which facts that is made."""

    name: str
    why: str
    holds: Callable[[Facts], Value | None]
    reads: frozenset[str]


class Names(Struct):
    """The names of a program, by where they come from."""

    attributes: dict[str, Type] = {}
    events: dict[str, dict[str, Type]] = {}
    metrics: dict[str, Type] = {}
    wallets: tuple[str, ...] = ()
    segments: tuple[str, ...] = ()
    variants: dict[str, Type] = {}
    pauses: list[Pause] = []
    contacts: dict[str, Type] = {}
    standings: dict[str, Standing] = {}
    offers: dict[str, OfferNames] = {}
    revocations: set[str] = set()  # what taking any offer back reads
    written: dict[str, dict[str, Type]] = {}  # by messages

    @property
    def figures(self) -> dict[str, Type]:
        """What a trigger may watch for crossing a line: metrics, and what scores say."""
        scores = {n: one.type for n, one in self.standings.items() if n.startswith("score.")}
        return {**self.metrics, **scores}

    def of_event(self, event: str) -> dict[str, Type]:
        """What a metric may read: the event's fields and its moment."""
        own = {name: t for name, t in IDENTITIES.items() if name.startswith("event.")}
        return {**MOMENTS, **own, **self.events[event]}

    def of_customer(self) -> dict[str, Type]:
        """What is known of a customer at any event: what a segment may read."""
        return {
            **self.attributes,
            **{f"customer.{name}": type_ for name, type_ in self.attributes.items()},
            **self.metrics,
            **{f"balance.{wallet}": INTEGER for wallet in self.wallets},
            **{f"pending.{wallet}": INTEGER for wallet in self.wallets},
            **{f"variant.{name}": type_ for name, type_ in self.variants.items()},
            **{name: standing.type for name, standing in self.standings.items()},
            "tags": TEXTS,
            OPEN_OFFERS: TEXTS,
            **MOMENTS,
            **IDENTITIES,
        }

    def of_anyone(self) -> dict[str, Type]:
        """What is the same at every event: what an offer may read that any event may open.
        An attribute that a field of some event hides is there as customer.NAME only."""
        fields = {name for event in self.events.values() for name in event}
        names = {
            **self.of_customer(),
            **{f"segment.{name}": FLAG for name in self.segments},
            **({PAUSED: FLAG} if self.pauses else {}),
            **self.contacts,
        }
        return {name: type_ for name, type_ in names.items() if name not in fields}

    def of_rule(self, event: str) -> dict[str, Type]:
        """What a rule on `event` may read. A field of the event hides an attribute of the
        same name, which is still there as customer.NAME."""
        return {
            **self.of_customer(),
            **{f"segment.{name}": FLAG for name in self.segments},
            **({PAUSED: FLAG} if self.pauses else {}),
            **self.contacts,
            **self.of_event(event),
        }


def variants_of(spec: ExperimentSpec) -> tuple[str, ...]:
    """The variants that customers may get who are not held out."""
    return tuple(spec.variants) or (TREATMENT,)


def declare(ruleset: Ruleset, report: Report) -> Names:
    """The names that `ruleset` declares. Reports those that can't be told apart."""
    names = Names(wallets=tuple(ruleset.wallets), segments=tuple(ruleset.segments))
    groups = _groups(ruleset)
    names.attributes = dict(_flattened(ruleset.customer, (), groups, report))
    names.variants = {
        name: Type("text", (*variants_of(spec), HOLDOUT))
        for name, spec in ruleset.experiments.items()
    }
    for event, declared in ruleset.events.items():
        if event in BUILTIN_EVENTS:
            report.problem(
                "reserved-name",
                f"every program knows the event '{event}'",
                ("events", event),
                hint="take it out, or give yours another name",
                key=True,
            )
        for name, spec in declared.fields.items():
            place = ("events", event, name)
            if name in ENVELOPE:
                report.problem(
                    "reserved-name",
                    f"'{name}' is part of every event's envelope",
                    place,
                    hint="give the field another name",
                    key=True,
                )
            elif name in MOMENTS or name in groups:
                report.problem(
                    "reserved-name",
                    f"'{name}' already has a meaning in every expression",
                    place,
                    hint="give the field another name",
                    key=True,
                )
            elif spec.type == "group":
                report.problem(
                    "bad-field",
                    "an event's field can't be a group",
                    place,
                    hint="line items are written as a list: [{sku: text}]",
                )
            elif spec.type == "lines":
                _line_items(spec, place, report)
        names.events[event] = {
            name: spec.value_type for name, spec in declared.fields.items() if spec.type != "group"
        }
    names.events |= {event: dict(fields) for event, fields in BUILTIN_EVENTS.items()}
    _apart(ruleset, names, report)
    return names


def _line_items(spec: FieldSpec, place: tuple[str, ...], report: Report) -> None:
    for name, inner in spec.fields.items():
        if inner.type in ("group", "lines"):
            report.problem(
                "bad-field", "a line item's field can't have fields of its own", (*place, 0, name)
            )
        if inner.required:
            report.problem("bad-field", NOT_REQUIRED, (*place, 0, name))


def _groups(ruleset: Ruleset) -> tuple[str, ...]:
    """The first parts of names that have a meaning: of one that only a section gives, where the
    ruleset has that."""
    return GROUPS if ruleset.contact == ContactSpec() else (*GROUPS, CONTACT)


def _flattened(
    fields: Mapping[str, FieldSpec],
    above: tuple[str, ...],
    groups: Container[str],
    report: Report,
) -> Iterable[tuple[str, Type]]:
    for name, spec in fields.items():
        path = (*above, name)
        place = ("customer", *path)
        if spec.required:
            report.problem("bad-field", NOT_REQUIRED, place)
        if not above and (name in MOMENTS or name in groups):
            report.problem(
                "reserved-name",
                f"'{name}' already has a meaning in every expression",
                place,
                hint="give the attribute another name",
                key=True,
            )
        elif not above and name in ("id", "since"):
            report.problem(
                "reserved-name",
                f"customer.{name} is always there",
                place,
                hint="take it out, or give the attribute another name",
                key=True,
            )
        elif spec.type == "group":
            yield from _flattened(spec.fields, path, groups, report)
        elif spec.type == "lines":
            report.problem("bad-field", "an attribute can't be line items", place)
        else:
            yield ".".join(path), spec.value_type


def _apart(ruleset: Ruleset, names: Names, report: Report) -> None:
    """A metric must not share its name with anything it could be mistaken for."""
    for metric in ruleset.metrics:
        place = ("metrics", metric)
        if metric in MOMENTS or metric in _groups(ruleset):
            what = "a name that every expression knows"
        elif metric in ruleset.customer:
            what = "a customer attribute"
        elif any(metric in fields for fields in names.events.values()):
            what = "a field of an event"
        else:
            continue
        report.problem(
            "reserved-name",
            f"'{metric}' is already {what}",
            place,
            hint="give the metric another name",
            key=True,
        )
