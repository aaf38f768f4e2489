"""The sections of a rule-test file, as pydantic models: `<name>.test.yaml`.

As with the ruleset's own models, shape is said here and nowhere else. That the rules,
wallets and fields which a test names exist is checked against the program (cases.py).
"""

from __future__ import annotations

from collections.abc import Mapping, Sized
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema
from pydantic_core import PydanticCustomError

from loyalcore.ruleset.words import Labels, Section

Path_ = tuple[str | int, ...]


def _worded(raw: object) -> object:
    """An id may be a bare YAML number; keep it as its text."""
    return str(raw) if isinstance(raw, int) and not isinstance(raw, bool) else raw


def _some(raw: object) -> object:
    """Refuses what is empty before it is read: pydantic's own least length would also
    complain where entries are there, but have mistakes."""
    if isinstance(raw, Sized) and not raw:
        raise PydanticCustomError("bad-value", "expected at least one")
    return raw


Id = Annotated[
    str,
    BeforeValidator(_worded),
    Field(min_length=1),
    WithJsonSchema({"type": ["string", "integer"]}),
]


class EventSpec(BaseModel):
    """One event in short form: its envelope, and beside it the fields of its type.

    Where it presents the personal code of an offer, nobody knows the code when the test is
    written: `code: {code of: birthday-cup}` is that of the latest one open for the customer,
    or else of the latest there was.
    """

    model_config = ConfigDict(extra="allow", frozen=True)

    type: str = Field(description="a declared event type")
    time: str = Field(description="when: 2026-01-31T09:30, in the program's time zone")
    customer: Id | None = Field(None, description="whose it is; without it, the test's customer")
    id: Id | None = Field(None, description="its id; without it, its number in the test")
    source: Id = Field("test", description="where it came from")

    @property
    def fields(self) -> Mapping[str, object]:
        return self.model_extra or {}


class KnownSpec(BaseModel):
    """What is known of a customer: tags, and beside them attributes by name."""

    model_config = ConfigDict(extra="allow", frozen=True)

    tags: Labels | None = Field(None, description="all the tags")

    @property
    def attributes(self) -> Mapping[str, object]:
        return self.model_extra or {}


def _named(key: str) -> BeforeValidator:
    """What has a name and times may be written as the name alone."""
    return BeforeValidator(lambda raw: {key: raw} if isinstance(raw, str) else raw)


class RankSpec(Section):
    """A level that a customer has; `gold` is short for `{level: gold}`."""

    level: str = Field(description="the level")
    since: str | None = Field(
        None, description="since when; without it, since the customer is known"
    )
    until: str | None = Field(
        None, description="how long it is kept; without it, as the ladder says, from then on"
    )


class StaySpec(Section):
    """A stage that a customer is in; `client` is short for `{stage: client}`."""

    stage: str = Field(description="the stage")
    since: str | None = Field(
        None, description="since when; without it, since the customer is known"
    )


class CustomerSpec(KnownSpec):
    """A customer before the first event."""

    id: Id | None = Field(None, description="who they are, where it matters")
    since: str | None = Field(None, description="the time of their first event, of long ago")
    tier: dict[str, Annotated[RankSpec, _named("level")]] = Field(
        default_factory=dict,
        description="levels by ladder: {club: gold}, {club: {level: gold, until: 2026-12-31}}",
    )
    stage: Annotated[StaySpec | None, _named("stage")] = Field(
        None, description="the stage: client, {stage: client, since: 2026-01-01}"
    )
    balance: dict[str, int] = Field(
        default_factory=dict,
        description="points by wallet, which don't expire, or only by inactivity from the first "
        "event on",
    )


def _one(raw: object) -> object:
    if isinstance(raw, str) or (isinstance(raw, Mapping) and len(raw) == 1):
        return raw
    raise PydanticCustomError("bad-test", "expected a name, or one name: what is expected of it")


Expected = Annotated[str | dict[str, Any], BeforeValidator(_one)]
"""Something by its name, or with what is expected of it beside."""


def _none(raw: object) -> object:
    return None if raw == "none" else raw


class PointSpec(Section):
    """What should hold at a point in time, of one customer.

    Lists are exact and in order, and cover the time since the point before. Of balances
    and attributes, only those that are named are looked at. A point that expects nothing
    at all says that no rule may fire.

    What sections decide by themselves stands among the decisions too: `rewards.espresso`,
    `offers.three-visits`, `offers.three-visits.lapsed`, `events.refund.reverses`, a trigger that
    comes (`triggers.quiet`), a move on a ladder (`tiers.club`), a stage that is entered
    (`stages.client`), what becomes of a task (`tasks.call.done`, `tasks.call.escalated`), an
    approval (`approvals.dissolve.approved`) or a case (`recovery.complaints.answered`). Points
    that turn active or expire (`wallets.beans.expires`), steps towards an offer
    (`offers.three-visits.advanced`), reminders of tasks, and that they are handed on, triggers
    that nothing is on, and how everyone begins,
    in the first stage or at a level that takes nothing, need not be named: those that are not
    are passed over.
    """

    at: str | None = Field(
        None,
        description="after everything up to this time (or day), what is due by itself too; "
        "without it, at the end",
    )
    of: Id | None = Field(None, description="which customer; without it, the test's customer")
    decisions: tuple[str, ...] | None = Field(None, description="the rules that fire, no others")
    held: dict[str, str] | None = Field(
        None, description="the rules that are held back, each with what holds it: 1 per day"
    )
    balance: dict[str, int] | None = Field(None, description="points by wallet")
    pending: dict[str, int] | None = Field(None, description="points by wallet, not yet active")
    open: Labels | None = Field(
        None, description="the offers that are open, in the order of their opening"
    )
    tier: dict[str, str | None] | None = Field(
        None, description="levels by ladder: {club: gold}; none where there is none"
    )
    stage: str | None = Field(None, description="the stage")
    tasks: Labels | None = Field(None, description="the tasks that are open, in the order asked")
    approvals: Labels | None = Field(None, description="the approvals that are open, likewise")
    journey: dict[str, Annotated[int | None, BeforeValidator(_none)]] | None = Field(
        None,
        description="by journey, how many of its steps are over: {onboarding: 2}; none where the "
        "customer is not in it",
    )
    dissolution: dict[str, Annotated[str | None, BeforeValidator(_none)]] | None = Field(
        None,
        description="by dissolution, the phase: {partners: notice}; none where the customer is "
        "not in it",
    )
    cases: dict[str, dict[Id, str]] | None = Field(
        None,
        description="by recovery, where cases stand: {complaints: {t-1: answered}}; open, overdue, "
        "answered, or their outcome",
    )
    customer: KnownSpec | None = Field(None, description="attributes, and all the tags")
    messages: tuple[Expected, ...] | None = Field(
        None, description="the messages that are sent, by name or with what they say: {hello: Hi!}"
    )
    emitted: tuple[Expected, ...] | None = Field(
        None,
        description="the events that effects emit, by type or with some of their fields: "
        "{ask: {about: prices}}",
    )
    skipped: Labels | None = Field(
        None,
        description="why effects could do nothing, as decisions tell it: messages that may not go, "
        "points that are not there",
    )
    issued: tuple[str, ...] | None = Field(None, description="the benefits and vouchers issued")

    @property
    def empty(self) -> bool:
        """Whether nothing is expected: then nothing may happen."""
        return self.model_fields_set <= {"at", "of"}


def _points(raw: object) -> object:
    if raw is None or raw == "nothing":
        return [{}]
    return [raw] if isinstance(raw, Mapping) else _some(raw)


def _expect_schema() -> dict[str, Any]:
    point = PointSpec.model_json_schema()
    several = {"type": "array", "items": point, "minItems": 1}
    return {"anyOf": [{"enum": ["nothing", None]}, point, several]}


class TestSpec(Section):
    """Events of a customer, and what is expected of the rules: at one point, or at several
    in order of time."""

    __test__ = False  # for pytest: not a class of tests

    rule: Labels = Field((), description="what this is about; without it, every rule it expects")
    customer: CustomerSpec = Field(CustomerSpec(), description="the customer at the start")
    others: dict[str, CustomerSpec] = Field(
        default_factory=dict, description="other customers at the start, by id"
    )
    codes: dict[str, Labels] = Field(
        default_factory=dict, description="codes of batches, by offer: {summer: [SUN-1, SUN-2]}"
    )
    events: Annotated[tuple[EventSpec, ...], BeforeValidator(_some)] = Field(
        description="what happens"
    )
    expect: Annotated[
        tuple[PointSpec, ...], BeforeValidator(_points), WithJsonSchema(_expect_schema())
    ] = Field(description="what should come of it; empty: nothing may")


class TestFileSpec(Section):
    """A rule-test file: `coffee-club.test.yaml` beside `coffee-club.yaml`."""

    __test__ = False

    include: Labels = Field((), description="other files of tests that this one is made of")
    ruleset: str | None = Field(
        None, description="the ruleset, from this folder; without it, the one of the same name"
    )
    tests: Annotated[dict[str, TestSpec], BeforeValidator(_some)] = Field(
        description="the tests, each by a sentence"
    )


def known_keys(loc: Path_) -> list[str]:
    """The keys that may stand at `loc` of a test file, for hints."""
    match loc:
        case ():
            model: type[BaseModel] = TestFileSpec
        case ("tests", _):
            model = TestSpec
        case ("tests", _, "expect", _):
            model = PointSpec
        case ("tests", _, "customer", "tier", _) | ("tests", _, "others", _, "tier", _):
            model = RankSpec
        case ("tests", _, "customer", "stage") | ("tests", _, "others", _, "stage"):
            model = StaySpec
        case _:
            return []
    return list(model.model_fields)
