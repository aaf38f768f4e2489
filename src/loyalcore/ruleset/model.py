"""The sections of a ruleset, as pydantic models: the shape of the language.

These models are the one place where sections and keys are named. The language reference,
the JSON Schema and the messages about unknown keys all come from them. What needs more
than shape (names that must exist, types that must fit) is checked in program/.

Short forms are widened here: a field may be written as the name of its type, as
`[text]`, or as a list of one mapping for line items; a rule's `limit` may be one text.
"""

from __future__ import annotations

import keyword
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetJsonSchemaHandler,
    WithJsonSchema,
    model_validator,
)
from pydantic_core import CoreSchema, PydanticCustomError

from loyalcore.calendars import read_duration, read_window
from loyalcore.values import Type, ValueInvalid

SCALARS = ("text", "id", "integer", "number", "money", "flag", "date", "time")

_WORD = re.compile(r"[a-z][a-z0-9_]*", re.ASCII)
_LABEL = re.compile(r"[A-Za-z][A-Za-z0-9_.\-]*", re.ASCII)


def _word(name: str) -> str:
    if not _WORD.fullmatch(name) or len(name) > 64:
        raise PydanticCustomError(
            "bad-name",
            "a name that expressions use has small letters, digits and _, and starts with a letter",
        )
    if keyword.iskeyword(name) or name in {"true", "false", "null", "none"}:
        raise PydanticCustomError("reserved-name", "this word has a meaning in expressions")
    return name


def _label(name: str) -> str:
    if not _LABEL.fullmatch(name) or len(name) > 128:
        raise PydanticCustomError(
            "bad-name", "a name has letters, digits, - _ and ., and starts with a letter"
        )
    return name


def _formula(raw: object) -> object:
    """An expression may be a bare YAML number or true/false; keep it as its text."""
    if isinstance(raw, bool):
        return "true" if raw else "false"
    if isinstance(raw, int | Decimal):
        return format(raw, "f") if isinstance(raw, Decimal) else str(raw)
    return raw


def _readable(read: Any) -> AfterValidator:
    """A text that `read` (from calendars) must be able to read."""

    def validate(text: str) -> str:
        try:
            read(text)
        except ValueInvalid as error:
            raise PydanticCustomError("bad-value", "{reason}", {"reason": str(error)}) from None
        return text

    return AfterValidator(validate)


Word = Annotated[str, AfterValidator(_word)]
Label = Annotated[str, AfterValidator(_label)]
Formula = Annotated[
    str,
    BeforeValidator(_formula),
    WithJsonSchema({"type": ["string", "number", "boolean"], "title": "expression"}),
]
WindowText = Annotated[str, _readable(read_window)]
DurationText = Annotated[str, _readable(read_duration)]
Raw = Annotated[Any, WithJsonSchema({})]


class Section(BaseModel):
    """Base of every section: unknown keys are refused, and nothing changes once read."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def _scalar(name: str) -> str:
    """The name of a type as authors write it. Line items, lists and groups have no name."""
    if name not in SCALARS:
        raise PydanticCustomError(
            "unknown-type",
            "there is no type '{type}'",
            {"type": name, "candidates": list(SCALARS)},
        )
    return name


class FieldSpec(Section):
    """A typed field of an event, a line item, a customer attribute or a table.

    Short forms: `amount: money`, `interests: [text]`, and for line items
    `items: [{sku: text, amount: money}]`.
    """

    type: str = Field(description="text, id, integer, number, money, flag, date or time")
    one_of: tuple[str, ...] = Field((), description="the only words a text may be")
    required: bool = Field(False, description="an event without it is rejected", strict=True)
    fields: dict[Word, FieldSpec] = Field(default_factory=dict)

    @model_validator(mode="before")
    @classmethod
    def _widen(cls, raw: object) -> object:
        match raw:
            case str():
                return {"type": _scalar(raw)}
            case ["text"]:
                return {"type": "texts"}
            case [{**fields}]:
                return {"type": "lines", "fields": fields}
            case {"type": str(name), **others}:
                if "fields" in others:
                    raise PydanticCustomError(
                        "bad-field", "fields of a field are written without the word: {sku: text}"
                    )
                return {"type": _scalar(name), **others}
            case {**fields}:
                return {"type": "group", "fields": fields}
        raise PydanticCustomError(
            "bad-field", "a field is the name of a type, [text], or a list of one set of fields"
        )

    @model_validator(mode="after")
    def _words_of_a_text(self) -> FieldSpec:
        if self.one_of and self.type != "text":
            raise PydanticCustomError("bad-field", "only a text has a list of words (one_of)")
        return self

    @classmethod
    def __get_pydantic_json_schema__(
        cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        return {"$comment": "field"}  # the recursive short forms are written in schema.py

    @property
    def value_type(self) -> Type:
        """The type of the values of this field."""
        return Type(
            self.type, self.one_of, {name: spec.value_type for name, spec in self.fields.items()}
        )


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
    of: Formula | None = Field(None, description="an expression over the event, instead of a field")
    over: WindowText | None = Field(None, description="the window: 365 days, 12 months, this month")
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
        assert isinstance(source, str)
        return source


METRIC_KINDS = ("count", "sum", "average", "min", "max", "latest", "first", "distinct")


class WalletSpec(Section):
    """An account of points. Formulas are exact; `rounding` makes whole points of them."""

    rounding: Literal["down", "up", "half up", "half even"] = Field(
        "down", description="how a fraction of a point is settled"
    )
    name: str = Field("", description="what people call these points")


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


def _listed(raw: object) -> object:
    return raw if isinstance(raw, list | tuple) else [raw]


def _each_once(names: tuple[str, ...]) -> tuple[str, ...]:
    for place, name in enumerate(names):
        if name in names[:place]:
            raise PydanticCustomError("bad-value", "'{name}' is named twice", {"name": name})
    return names


_TEXTS = {"type": "array", "items": {"type": "string"}}

Labels = Annotated[
    tuple[str, ...],
    BeforeValidator(_listed),
    WithJsonSchema({"anyOf": [{"type": "string"}, _TEXTS]}),
]
EventTypes = Annotated[
    tuple[str, ...],
    Field(min_length=1),
    AfterValidator(_each_once),
    BeforeValidator(_listed),
    WithJsonSchema({"anyOf": [{"type": "string"}, {**_TEXTS, "minItems": 1, "uniqueItems": True}]}),
]


class RuleSpec(Section):
    """When an event arrives (`on`) and the condition holds (`when`), do `then`."""

    on: EventTypes = Field(description="the event type, or a list of them")
    when: Formula | None = Field(
        None, description="the condition; without it the rule always fires"
    )
    then: tuple[dict[str, Raw], ...] = Field(description="the effects, in order", min_length=1)
    limit: Labels = Field(
        (), description="1 per day, 3 per month, 2 per 30 days, once (for each customer)"
    )
    priority: int = Field(
        0, description="higher goes first; equal ones in the order written", strict=True
    )
    from_: str | None = Field(None, alias="from", description="the first day (or time) it holds")
    until: str | None = Field(None, description="the last day it holds, or the time it ends")
    about: str = Field("", description="why this rule exists, for people")


class MessageSpec(Section):
    """A message by name. Text in {{ double braces }} names a fact: {{ balance.beans }}."""

    channel: Label = Field("file", description="what carries it")
    subject: str = Field("", description="what stands above it")
    text: str = Field(description="what it says")


class Ruleset(Section):
    """A loyalcore program, as written."""

    program: Label = Field(description="the name of the program")
    currency: str = Field("EUR", description="ISO 4217 code of every amount of money")
    timezone: str = Field("UTC", description="IANA name; days and months are those of this zone")
    about: str = Field("", description="what the program is, for people")
    include: Labels = Field((), description="other files that this one is made of")
    customer: dict[Word, FieldSpec] = Field(
        default_factory=dict, description="what is known of a customer"
    )
    events: dict[Label, dict[Word, FieldSpec]] = Field(
        description="what customers do, and its fields"
    )
    metrics: dict[Word, MetricSpec] = Field(
        default_factory=dict, description="figures per customer"
    )
    wallets: dict[Word, WalletSpec] = Field(default_factory=dict, description="accounts of points")
    tables: dict[Word, TableSpec] = Field(default_factory=dict, description="reference data")
    rules: dict[Label, RuleSpec] = Field(default_factory=dict, description="what is decided")
    messages: dict[Label, MessageSpec] = Field(default_factory=dict, description="what is sent")

    @model_validator(mode="before")
    @classmethod
    def _empty_sections(cls, raw: object) -> object:
        """`wallets: {beans: }` and an event without fields are fine as they stand."""
        if not isinstance(raw, Mapping):
            return raw
        widened = dict(raw)
        for section in ("events", "wallets"):
            if isinstance(entries := raw.get(section), Mapping):
                widened[section] = {
                    name: {} if entry is None else entry for name, entry in entries.items()
                }
        return widened
