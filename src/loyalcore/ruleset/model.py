"""The sections of a ruleset, as pydantic models: the shape of the language.

These models are the one place where sections and keys are named. The language reference,
the JSON Schema and the messages about unknown keys all come from them. What needs more
than shape (names that must exist, types that must fit) is checked in program/.

Here stand the ruleset itself and the sections that decide; points.py has wallets, rewards
and events, offers.py offers, triggers.py, tiers.py, stages.py and journeys.py what time brings,
tasks.py what people are asked, recovery.py what customers are promised, dissolution.py how
relationships end, scores.py what strategies make of the past, selection.py what holds a rule
back, costs.py what effects cost, contact.py how customers are written to.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from loyalcore.calendars import read_duration
from loyalcore.ruleset.contact import SERVICE, Addresses, ContactSpec
from loyalcore.ruleset.costs import CostsSpec, PauseSpec
from loyalcore.ruleset.dissolution import DissolutionSpec
from loyalcore.ruleset.journeys import JourneySpec, WinBackSpec
from loyalcore.ruleset.migration import MigrationSpec
from loyalcore.ruleset.offers import OfferSpec
from loyalcore.ruleset.plugins import PluginsSpec
from loyalcore.ruleset.points import EventSpec, RewardSpec, WalletSpec
from loyalcore.ruleset.recovery import RecoverySpec
from loyalcore.ruleset.scores import ScoreSpec
from loyalcore.ruleset.selection import ExperimentSpec, GroupSpec, Selected
from loyalcore.ruleset.stages import StageSpec
from loyalcore.ruleset.tasks import ApprovalSpec, People, TaskSpec
from loyalcore.ruleset.tiers import TierSpec
from loyalcore.ruleset.triggers import TriggerSpec
from loyalcore.ruleset.words import (
    DurationText,
    EventTypes,
    FieldSpec,
    FileName,
    Formula,
    Label,
    Labels,
    Language,
    Names,
    Raw,
    ReplyTo,
    Section,
    Texts,
    WindowText,
    Word,
)
from loyalcore.values import ValueInvalid


class MetricSpec(Section):
    """A figure kept for each customer, up to date at every event.

    Exactly one of count, sum, average, min, max, latest, first, distinct says what it is:
    `count: purchase`, `sum: purchase.amount`. `of` gives an expression over the event
    instead of a field: `{sum: purchase, of: amount * 2}`.
    """

    count: str | None = Field(None, description="how many events of this type")
    sum: str | None = Field(None, description="the sum of a field, as purchase.amount")
    average: str | None = Field(None, description="the mean of a field")
    min: str | None = Field(None, description="the least value of a field")
    max: str | None = Field(None, description="the greatest value of a field")
    latest: str | None = Field(None, description="the value at the latest event")
    first: str | None = Field(None, description="the value at the first event")
    distinct: str | None = Field(None, description="how many different values")
    figure: dict[Word, str] | None = Field(
        None,
        description="one that a plugin brings, over a window: {median: purchase.amount}",
        min_length=1,
        max_length=1,
    )
    of: Formula | None = Field(None, description="an expression over the event, instead of a field")
    over: WindowText | None = Field(
        None,
        description="the window: 365 days, 12 months, this month, this membership year (which "
        "begins on the day of the year on which the customer came)",
    )
    ending: str | None = Field(None, description="how long ago the window ends: 90 days ago")
    where: Formula | None = Field(None, description="only events for which this holds")

    @model_validator(mode="after")
    def _one_kind(self) -> MetricSpec:
        if len([k for k in METRIC_KINDS if getattr(self, k) is not None]) != 1:
            raise PydanticCustomError(
                "bad-metric",
                "a metric is exactly one of {kinds}",
                {"kinds": ", ".join(METRIC_KINDS)},
            )
        if self.figure is not None and self.over is None:
            raise PydanticCustomError(
                "bad-metric", "a figure of a plugin needs over: the length of the window"
            )
        if self.ending is not None:
            if self.over is None:
                raise PydanticCustomError(
                    "bad-metric", "ending needs over: the length of the window"
                )
            if not self.ending.endswith(" ago"):
                raise PydanticCustomError("bad-metric", "ending is written as 90 days ago")
            try:
                read_duration(self.ending.removesuffix(" ago"))
            except ValueInvalid as error:
                raise PydanticCustomError("bad-value", "{reason}", {"reason": str(error)}) from None
        return self

    @property
    def kind(self) -> str:
        return next(kind for kind in METRIC_KINDS if getattr(self, kind) is not None)

    @property
    def source(self) -> str:
        """What it is taken from: an event type, or an event type and a field."""
        source = getattr(self, self.kind)
        if isinstance(source, dict):
            (source,) = source.values()
        assert isinstance(source, str)
        return source


FILE = "file"
"""By what messages go where nothing is said."""

METRIC_KINDS = ("count", "sum", "average", "min", "max", "latest", "first", "distinct", "figure")


class TableSpec(Section):
    """Typed reference data, looked up by key: `products[sku].category`.

    Rows stand here, or in a CSV file beside the ruleset whose header names the columns.
    """

    key: Word = Field(description="the column that names a row; no two rows may share it")
    columns: dict[Word, FieldSpec] = Field(description="the columns and their types, key included")
    rows: tuple[dict[str, Raw], ...] = Field((), description="the rows, written inline")
    csv: str | None = Field(None, description="a CSV file beside the ruleset, instead of rows")

    @model_validator(mode="after")
    def _one_origin(self) -> TableSpec:
        if (self.csv is None) == (not self.rows):
            raise PydanticCustomError("bad-table", "a table has either rows or csv")
        return self


class RuleSpec(Selected):
    """When an event arrives (`on`) and the condition holds (`when`), do `then`."""

    on: EventTypes = Field(description="the event type, or a list of them")
    when: Formula | None = Field(
        None, description="the condition; without it the rule always fires"
    )
    then: tuple[dict[str, Raw], ...] = Field(description="the effects, in order", min_length=1)


class MessageSpec(Section):
    """A message by name. Text in {{ double braces }} names a fact: {{ balance.beans }}.

    Each of its texts may be given in several languages: `text: {nb: Hei, en: Hello}`.
    """

    channel: Names = Field(
        (),
        description="what carries it; of several, the first that is allowed and has an address; "
        "without it, those under contact, else file",
    )
    purpose: Word = Field(
        SERVICE,
        description="service: it is about something; promotional: it may be paused; or one that "
        "is named under contact",
    )
    cost: Formula | None = Field(
        None, description="what it costs the business, in money; without it, what its channel does"
    )
    to: Addresses = Field(
        default_factory=dict,
        description="the customer attribute with the address, or one by channel, as it is when it "
        "is sent; without it, that under contact",
    )
    subject: Texts = Field(default_factory=dict, description="what stands above it")
    text: Texts = Field(description="what it says")
    html: Texts = Field(
        default_factory=dict, description="the same in HTML, for channels that take it"
    )
    attach: dict[FileName, Texts] = Field(
        default_factory=dict,
        description="files that go with it, by name: invitation.ics; for channels that take them",
    )
    reply_to: ReplyTo | None = Field(
        None, description="the address that answers go to, for channels that people can answer by"
    )

    @model_validator(mode="after")
    def _same_languages(self) -> MessageSpec:
        whole = self.text.keys()
        for part, texts in (("subject", self.subject), ("html", self.html), *self.attach.items()):
            if not texts.keys() <= {""} and texts.keys() != whole:
                raise PydanticCustomError(
                    "bad-message",
                    "{part} is in {own}, and text in {whole}",
                    {
                        "part": part,
                        "own": ", ".join(texts),
                        "whole": ", ".join(whole) or "one language",
                    },
                )
        return self

    def parts(self) -> Iterator[tuple[tuple[str, ...], str]]:
        """Every template of it, with its place: ("text",) or ("text", "nb")."""
        own = {("subject",): self.subject, ("text",): self.text, ("html",): self.html}
        attached = {("attach", name): texts for name, texts in self.attach.items()}
        for part, texts in (own | attached).items():
            for language, text in texts.items():
                yield ((*part, language) if language else part), text


class LanguagesSpec(Section):
    """In which language customers are written to."""

    default: Language = Field(
        "en", description="that of texts which are given in one only, and of who has no other"
    )
    of: Word | None = Field(None, description="the customer attribute with theirs: nb, en-GB")


class Ruleset(Section):
    """A loyalcore program, as written."""

    program: Label = Field(description="the name of the program")
    currency: str = Field("EUR", description="ISO 4217 code of every amount of money")
    timezone: str = Field("UTC", description="IANA name; days and months are those of this zone")
    allow_late: DurationText | None = Field(
        None,
        description="how long before a customer's latest event one may still come: it counts at "
        "its own time; without it, none",
    )
    about: str = Field("", description="what the program is, for people")
    include: Labels = Field((), description="other files that this one is made of")
    customer: dict[Word, FieldSpec] = Field(
        default_factory=dict, description="what is known of a customer"
    )
    events: dict[Label, EventSpec] = Field(
        description="what customers do, its fields, and what it does by itself"
    )
    triggers: dict[Label, TriggerSpec] = Field(
        default_factory=dict, description="events that time and change bring about"
    )
    metrics: dict[Word, MetricSpec] = Field(
        default_factory=dict, description="figures per customer"
    )
    wallets: dict[Word, WalletSpec] = Field(default_factory=dict, description="accounts of points")
    tables: dict[Word, TableSpec] = Field(default_factory=dict, description="reference data")
    segments: dict[Word, Formula] = Field(
        default_factory=dict, description="kinds of customers, each by a condition"
    )
    scores: dict[Word, ScoreSpec] = Field(
        default_factory=dict, description="what strategies make of the customers' past"
    )
    tiers: dict[Word, TierSpec] = Field(
        default_factory=dict, description="ladders of levels that customers climb"
    )
    stages: dict[Label, StageSpec] = Field(
        default_factory=dict, description="where the relationship stands, from the first stage on"
    )
    people: People = Field(default_factory=dict, description="who has which roles: {anna: adviser}")
    tasks: dict[Label, TaskSpec] = Field(
        default_factory=dict, description="what people are asked to do"
    )
    approvals: dict[Label, ApprovalSpec] = Field(
        default_factory=dict, description="what people are asked to decide"
    )
    experiments: dict[Word, ExperimentSpec] = Field(
        default_factory=dict, description="who gets which variant, and who is held out"
    )
    groups: dict[Label, GroupSpec] = Field(
        default_factory=dict, description="stacking groups of rules, and what they share"
    )
    rewards: dict[Label, RewardSpec] = Field(default_factory=dict, description="what points buy")
    offers: dict[Label, OfferSpec] = Field(
        default_factory=dict, description="what a customer may complete within a time"
    )
    journeys: dict[Label, JourneySpec] = Field(
        default_factory=dict, description="series of steps over time for one customer"
    )
    win_back: dict[Label, WinBackSpec] = Field(
        default_factory=dict, description="journeys for customers who drift away"
    )
    recovery: dict[Word, RecoverySpec] = Field(
        default_factory=dict, description="promises to answer what customers open: complaints"
    )
    dissolution: dict[Word, DissolutionSpec] = Field(
        default_factory=dict, description="how relationships are ended, and taken up again"
    )
    rules: dict[Label, RuleSpec] = Field(default_factory=dict, description="what is decided")
    messages: dict[Label, MessageSpec] = Field(default_factory=dict, description="what is sent")
    languages: LanguagesSpec = Field(
        default_factory=LanguagesSpec, description="in which language messages are"
    )
    contact: ContactSpec = Field(
        default_factory=ContactSpec,
        description="whether, when and how a customer may be written to",
    )
    pause: PauseSpec = Field(
        default_factory=PauseSpec, description="when promotional messages are not sent"
    )
    costs: CostsSpec = Field(
        default_factory=CostsSpec, description="what messages and benefits cost the business"
    )
    plugins: PluginsSpec = Field(
        default_factory=PluginsSpec, description="what plugins do to events and decisions"
    )
    migration: MigrationSpec = Field(
        default_factory=MigrationSpec, description="new names of what customers have already"
    )

    def channels_of(self, message: MessageSpec) -> tuple[str, ...]:
        """Those that a message may go by, in order."""
        return message.channel or self.contact.channels.order or (FILE,)

    def addresses_of(self, message: MessageSpec) -> Mapping[str, str]:
        """The attributes with its addresses, by channel; one without needs none."""
        own, others = message.to, self.contact.channels.to
        found = {
            channel: own.get(channel) or own.get("") or others.get(channel)
            for channel in self.channels_of(message)
        }
        return {channel: name.removeprefix("customer.") for channel, name in found.items() if name}

    @model_validator(mode="before")
    @classmethod
    def _empty_sections(cls, raw: object) -> object:
        """`wallets: {beans: }` and an event without fields are fine as they stand."""
        if not isinstance(raw, Mapping):
            return raw
        widened = dict(raw)
        for section in ("events", "wallets", "groups", "stages", "scores"):
            if isinstance(entries := raw.get(section), Mapping):
                widened[section] = {
                    name: {} if entry is None else entry for name, entry in entries.items()
                }
        return widened
