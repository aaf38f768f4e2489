"""A compiled program: everything the step needs to know, and nothing it must look up.

A `Program` is made once from a checked ruleset (compiler.py) and never changes. For each
event type it holds an `EventPlan`: how to read the event, which metrics it enters, which
facts its rules need, and the matcher that says which of their conditions are true.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from hashlib import blake2b
from zoneinfo import ZoneInfo

from loyalcore.calendars import Duration, Rolling, Window
from loyalcore.effects.kind import Facts, Formula, Run
from loyalcore.errors import EventInvalid, did_you_mean
from loyalcore.events import Event, decode_data
from loyalcore.expression import Node, TableType
from loyalcore.matching import Matcher
from loyalcore.ruleset.model import MessageSpec
from loyalcore.values import Locale, Reader, Type, Value, ValueInvalid, value_reader


@dataclass(frozen=True)
class Feed:
    """What one event contributes to a metric: `value` (None for a count), and that only
    where `where` is true. `definition` tells feeds apart: equal definitions give equal
    samples, so that metrics of one feed can share a log of them."""

    event: str
    sample: Type
    value: Formula | None
    where: Callable[[Facts], bool] | None
    reads: frozenset[str]
    plain: bool  # samples are JSON as they are: no fractions, no dates
    whole: bool  # samples are integers of 64 bits
    definition: str


@dataclass(frozen=True)
class MetricPlan:
    """A figure kept for each customer, of type `type`.

    The window is (t - ending - length, t - ending], and `log` names the LogPlan that it
    looks at; without `window` it is everything so far, and `log` is empty.
    """

    name: str
    kind: str
    feed: Feed
    type: Type
    window: Window | None
    ending: Duration | None
    log: str
    definition: str

    def bounds(self, now: int, zone: ZoneInfo) -> tuple[int, int]:
        """The window that ends at `now`, or as long before it as declared: after the
        first of these moments, up to and including the second."""
        exact = self._exact
        if exact is not None:
            return now - exact[0], now - exact[1]
        assert self.window is not None
        upper = now if self.ending is None else self.ending.before(now, zone)
        return self.window.since(upper, zone), upper

    @cached_property
    def _exact(self) -> tuple[int, int] | None:
        """How long before now the window starts and ends, where no calendar is needed:
        by far the most usual window, and asked for at every event."""
        ending = self.ending or Duration()
        if not isinstance(self.window, Rolling) or self.window.length.months or ending.months:
            return None
        return self.window.length.microseconds + ending.microseconds, ending.microseconds


@dataclass(frozen=True)
class LogPlan:
    """The samples of one feed, which the windows of all its `metrics` look at. It has the
    name of the first of them."""

    name: str
    feed: Feed
    metrics: tuple[MetricPlan, ...]


@dataclass(frozen=True)
class Limit:
    """At most `times` firings for a customer within `window` (None: ever)."""

    text: str
    times: int
    window: Window | None


@dataclass(frozen=True)
class RulePlan:
    """One rule for one event type. `reads` gives the facts it rests on, as a decision
    records them. It holds from `start` up to but not including `end`."""

    name: str
    condition: Node | None
    text: str
    priority: int
    start: int | None
    end: int | None
    limits: tuple[Limit, ...]
    effects: tuple[Run, ...]
    reads: tuple[tuple[str, Callable[[Value | None], object] | None], ...]

    @property
    def remembered(self) -> int:
        """How many past firings its limits need to know of."""
        return max((limit.times for limit in self.limits), default=0)


@dataclass(frozen=True)
class EventPlan:
    """An event type: its fields, the logs and the running metrics it enters, and its rules.

    The last six say which facts anything in it reads, by where they come from: names of
    the moment (`weekday`), pairs of fact and attribute, metrics, pairs of fact and
    wallet, whether tags are read, and names of the event and customer.
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

    @cached_property
    def _readers(self) -> tuple[tuple[str, Type, Reader], ...]:
        return tuple((name, type_, value_reader(type_)) for name, type_ in self.fields.items())

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
    """A ruleset compiled. `hash` names its meaning: decisions and entries carry it."""

    name: str
    hash: str
    locale: Locale
    attributes: Mapping[str, Type]
    metrics: Mapping[str, MetricPlan]
    logs: Mapping[str, LogPlan]
    wallets: tuple[str, ...]
    tables: Mapping[str, TableType]
    messages: Mapping[str, MessageSpec]
    events: Mapping[str, EventPlan]
    matcher: str

    @cached_property
    def kept(self) -> str:
        """Names what is kept of every customer: it changes when any metric does."""
        meaning = [self.locale.currency, self.locale.zone.key]
        meaning += (f"{name}: {plan.definition}" for name, plan in self.metrics.items())
        return blake2b("\n".join(meaning).encode(), digest_size=6).hexdigest()

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
            hint = did_you_mean(type, self.events)
            raise EventInvalid(
                "unknown-event", f"the program declares no event '{type}' {hint}".strip()
            )
        data = plan.read(decode_data(text))
        return Event(source, id, type, customer, time, data, text, cause, depth)

    @property
    def source(self) -> str:
        """The CloudEvents source of the events that its decisions emit."""
        return f"loyalcore:{self.name}"
