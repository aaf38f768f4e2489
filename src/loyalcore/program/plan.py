"""A compiled program: everything the step needs to know, and nothing it must look up.

A `Program` is made once from a checked ruleset (compiler.py) and never changes. For each
event type it holds an `EventPlan`: how to read the event, which metrics it enters, which
facts its rules need, and the matcher that says which of their conditions are true.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import blake2b
from typing import Any

from loyalcore.calendars import Duration
from loyalcore.effects.kind import Facts
from loyalcore.errors import EventInvalid, did_you_mean
from loyalcore.events import Event, decode_data
from loyalcore.expression import Derivation, TableType
from loyalcore.ledger.terms import Terms
from loyalcore.matching import Matcher
from loyalcore.program.builtin_events import EMITTED
from loyalcore.program.care.contact_plan import ContactPlan
from loyalcore.program.care.task_plan import WorkPlan
from loyalcore.program.event_data import usual_reader
from loyalcore.program.extending.acting import Incoming, Prepare, Review
from loyalcore.program.figures.metric_plan import LogPlan, MetricPlan
from loyalcore.program.figures.scores import ScorePlan
from loyalcore.program.migration import Migration
from loyalcore.program.offering.offer_plan import OfferPlan, OfferUse
from loyalcore.program.points.act_plan import Acts, RewardPlan
from loyalcore.program.points.costs import Costs
from loyalcore.program.points.margins import Margin
from loyalcore.program.selecting.rule_plan import RulePlan
from loyalcore.program.timing.life_plan import LifePlan, TriggerPlan
from loyalcore.ruleset.model import LanguagesSpec, MessageSpec
from loyalcore.values import Locale, Reader, Type, Value, ValueInvalid, value_reader


@dataclass(frozen=True, eq=False)
class EventPlan:
    """An event type: its fields, the logs and the running metrics it enters, its rules,
    what it does by itself (None: nothing), the rewards that it may redeem, and what it does
    to `offers`. `open_offers` says whether the names of those open are read. `triggers` are
    those that it sets, puts off or brings about; `concerns` says whether a way between stages,
    or a journey, is on it; `margin` is what it brings (None: nothing says).

    The last eight say which facts anything in it reads, by where they come from: names of
    the moment (`weekday`), pairs of fact and attribute, metrics, pairs of fact and
    wallet (active and pending), whether tags are read, names of the event and customer,
    those that are read from where the customer stands (tiers, stage), and those that a
    function makes of the others: segments and variants.
    """

    name: str
    fields: Mapping[str, Type]
    required: tuple[str, ...]
    locale: Locale
    logs: tuple[LogPlan, ...]
    running: tuple[MetricPlan, ...]
    rules: tuple[RulePlan, ...]
    matcher: Matcher
    moments: tuple[str, ...]
    attributes: tuple[tuple[str, str], ...]
    metrics: tuple[MetricPlan, ...]
    balances: tuple[tuple[str, str], ...]
    tags: bool
    identities: tuple[str, ...]
    pendings: tuple[tuple[str, str], ...] = ()
    derived: tuple[tuple[str, Callable[[Facts], Value | None]], ...] = ()
    acts: Acts | None = None
    rewards: Mapping[str, RewardPlan] = field(default_factory=dict)
    offers: OfferUse | None = None
    open_offers: bool = False
    redemptions_kept: bool = False
    standings: tuple[tuple[str, Callable[[Any], Value | None]], ...] = ()
    triggers: tuple[TriggerPlan, ...] = ()
    concerns: bool = False
    margin: Margin | None = None
    prepares: tuple[Prepare, ...] = ()
    reviews: tuple[Review, ...] = ()

    @cached_property
    def wanted(self) -> bool:
        """Whether anything in the program is on it: else none need be emitted."""
        return self.concerns or bool(
            self.rules or self.logs or self.running or self.offers or self.triggers
        )

    @cached_property
    def stacked(self) -> bool:
        """Whether one of its rules may keep another from firing."""
        return any(group.stack != "all" for rule in self.rules for group in rule.selection.groups)

    @cached_property
    def _readers(self) -> tuple[tuple[str, Type, Reader], ...]:
        return tuple((name, type_, value_reader(type_)) for name, type_ in self.fields.items())

    @cached_property
    def read_usual(self) -> Callable[[str], dict[str, Value | None] | None]:
        """The typed values of an event's data from its text, None where that is not as usual:
        then `read` says what it is, or what is wrong."""
        return usual_reader(self.fields, self.required, self.locale)

    def read(self, raw: Mapping[str, object]) -> dict[str, Value | None]:
        """The typed values of an event's data, every declared field of it.

        Fields that are not declared are passed over. Raises EventInvalid, naming the
        field but never repeating its value.
        """
        data: dict[str, Value | None] = {}
        locale = self.locale
        for name, type_, read in self._readers:
            value = raw.get(name)
            try:
                data[name] = None if value is None else read(type_, value, locale)
            except ValueInvalid as error:
                raise EventInvalid("bad-field", f"{self.name}.{name}: {error}") from None
        for name in self.required:
            if data[name] is None:
                raise EventInvalid("missing-field", f"{self.name}.{name} is required")
        return data


@dataclass(frozen=True)
class Program:
    """A ruleset compiled. `hash` names its meaning: decisions and entries carry it; `terms`
    names what timers, tiers and stage rest on ("": it has none of them)."""

    name: str
    hash: str
    locale: Locale
    attributes: Mapping[str, Type]
    metrics: Mapping[str, MetricPlan]
    logs: Mapping[str, LogPlan]
    wallets: Mapping[str, Terms]
    tables: Mapping[str, TableType]
    messages: Mapping[str, MessageSpec]
    events: Mapping[str, EventPlan]
    matcher: str
    offers: Mapping[str, OfferPlan] = field(default_factory=dict)
    life: LifePlan | None = None
    allow_late: Duration | None = None
    migration: Migration = field(default_factory=Migration)
    terms: str = ""
    languages: LanguagesSpec = field(default_factory=LanguagesSpec)
    written: Mapping[str, Mapping[str, Type]] = field(default_factory=dict)
    """What each message names, and of which type it is."""
    costs: Costs = field(default_factory=Costs)
    contact: ContactPlan = field(default_factory=ContactPlan)
    scores: Mapping[str, ScorePlan] = field(default_factory=dict)
    derived: Mapping[str, Derivation] = field(default_factory=dict)
    """What facts are made of that are made of others: segments, and what pauses messages."""
    plugins: tuple[str, ...] = ()
    """The plugins, with their versions, whose words it uses: "stamps=2.5"."""
    on_plugin_error: str = "reject"

    @cached_property
    def kept(self) -> str:
        """Names what is kept of every customer: it changes when any metric does."""
        meaning = [self.locale.currency, self.locale.zone.key]
        meaning += (f"{name}: {plan.definition}" for name, plan in self.metrics.items())
        return blake2b("\n".join(meaning).encode(), digest_size=6).hexdigest()

    @cached_property
    def plain(self) -> bool:
        """Whether what is kept of every customer is JSON as it is, but for logs."""
        return all(metric.feed.plain for metric in self.metrics.values())

    @property
    def work(self) -> WorkPlan:
        """Its tasks and approvals."""
        return WorkPlan() if self.life is None else self.life.work

    @cached_property
    def timed(self) -> bool:
        """Whether anything it does may come to its end by itself."""
        return bool(self.offers or self.life) or any(
            terms.pending is not None or terms.expiry is not None for terms in self.wallets.values()
        )

    @cached_property
    def made(self) -> frozenset[str]:
        """The event types of which only the program itself makes events."""
        return frozenset((*EMITTED, *(self.life.by_name if self.life else ())))

    @cached_property
    def merges(self) -> bool:
        """Whether it merges customers, or takes them apart again."""
        acts = [plan.acts for plan in self.events.values() if plan.acts is not None]
        return any(does.merges is not None or does.unmerges is not None for does in acts)

    def event(
        self,
        *,
        source: str,
        id: str,
        type: str,
        customer: str,
        time: int,
        text: str,
        cause: str = "",
        depth: int = 0,
    ) -> Event:
        """The event with its data read. Raises EventInvalid where the program does not
        declare its type, or a field is not of its declared type."""
        plan = self.events.get(type)
        if plan is None:
            meant = did_you_mean(type, self.events)
            hint = f" ({meant})" if meant else ""
            raise EventInvalid("unknown-event", f"the program declares no event '{type}'{hint}")
        data = None if plan.prepares else plan.read_usual(text)
        if data is None:
            raw: Mapping[str, object] = decode_data(text)
            if plan.prepares and not cause:
                for prepare in plan.prepares:
                    raw = prepare(Incoming(type, customer, time, dict(raw)))
            data = plan.read(raw)
        return Event(source, id, type, customer, time, data, text, cause, depth)

    @cached_property
    def source(self) -> str:
        """The CloudEvents source of the events that its decisions emit."""
        return f"loyalcore:{self.name}"
