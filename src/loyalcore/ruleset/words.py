"""What the sections of a ruleset are written with: names, expressions, lists, typed fields.

Short forms are widened here and in the sections: a field may be written as the name of its
type, as `[text]`, or as a list of one mapping for line items; a list of one as that one.
"""

from __future__ import annotations

import keyword
import re
from decimal import Decimal
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetJsonSchemaHandler,
    PlainSerializer,
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
    return worded(raw)


def worded(raw: object) -> object:
    """What is read as text may stand as a bare YAML number."""
    if isinstance(raw, int | Decimal) and not isinstance(raw, bool):
        return format(raw, "f") if isinstance(raw, Decimal) else str(raw)
    return raw


def readable(read: Any) -> AfterValidator:
    """A text that `read` (from calendars) must be able to read."""

    def validate(text: str) -> str:
        try:
            read(text)
        except ValueInvalid as error:
            raise PydanticCustomError("bad-value", "{reason}", {"reason": str(error)}) from None
        return text

    return AfterValidator(validate)


_LANGUAGE = re.compile(r"[a-z]{2,3}([-_][A-Z][a-z]{3})?([-_]([A-Z]{2}|[0-9]{3}))?", re.ASCII)


def _language(name: str) -> str:
    if not _LANGUAGE.fullmatch(name):
        raise PydanticCustomError("bad-name", "a language is written as nb, en or en-GB")
    return name


Language = Annotated[str, AfterValidator(_language)]


def _texts(raw: object) -> object:
    """A text in one language only stands under no name."""
    if isinstance(raw, str):
        return {"": raw}
    if isinstance(raw, dict) and raw:
        return raw
    raise PydanticCustomError("bad-value", "expected text, or texts by language as in nb: Hei")


def _as_written(texts: dict[str, str]) -> object:
    return texts if texts.keys() - {""} else texts.get("", "")


_BY_LANGUAGE = {"type": "object", "additionalProperties": {"type": "string"}, "minProperties": 1}

Texts = Annotated[
    dict[Annotated[str, AfterValidator(lambda name: name and _language(name))], str],
    BeforeValidator(_texts),
    PlainSerializer(_as_written),
    WithJsonSchema({"anyOf": [{"type": "string"}, _BY_LANGUAGE], "title": "texts"}),
]

# What texts may be attached as, by how the name of the file ends: the media type.
ATTACHED = {
    ".csv": "text/csv",
    ".html": "text/html",
    ".ics": "text/calendar",
    ".json": "application/json",
    ".txt": "text/plain",
    ".vcf": "text/vcard",
    ".xml": "application/xml",
}
_FILE_NAME = re.compile(r"\w[\w .-]{0,99}")


def _file_name(name: str) -> str:
    if not _FILE_NAME.fullmatch(name) or not name.endswith(tuple(ATTACHED)):
        raise PydanticCustomError(
            "bad-name",
            "an attachment is named by letters, digits, blanks and .-_ and ends in {all}",
            {"all": ", ".join(ATTACHED)},
        )
    return name


def _reply_to(address: str) -> str:
    if not address or any(mark.isspace() for mark in address):
        raise PydanticCustomError("bad-value", "an address is written without blanks")
    return address


FileName = Annotated[str, AfterValidator(_file_name)]
ReplyTo = Annotated[str, AfterValidator(_reply_to)]
Word = Annotated[str, AfterValidator(_word)]
Label = Annotated[str, AfterValidator(_label)]
Formula = Annotated[
    str,
    BeforeValidator(_formula),
    WithJsonSchema({"type": ["string", "number", "boolean"], "title": "expression"}),
]
WindowText = Annotated[str, readable(read_window)]
DurationText = Annotated[str, readable(read_duration)]
Raw = Annotated[Any, WithJsonSchema({})]


class Section(BaseModel):
    """Base of every section: unknown keys are refused, and nothing changes once read. Its
    validator is made when it is first needed: most commands read no ruleset."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)


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


def listed(raw: object) -> object:
    """One stands for a list of one."""
    return raw if isinstance(raw, list | tuple) else [raw]


def _each_once(names: tuple[str, ...]) -> tuple[str, ...]:
    for place, name in enumerate(names):
        if name in names[:place]:
            raise PydanticCustomError("bad-value", "'{name}' is named twice", {"name": name})
    return names


_TEXTS = {"type": "array", "items": {"type": "string"}}

Labels = Annotated[
    tuple[str, ...],
    BeforeValidator(listed),
    WithJsonSchema({"anyOf": [{"type": "string"}, _TEXTS]}),
]
Names = Annotated[
    tuple[Label, ...],
    AfterValidator(_each_once),
    BeforeValidator(listed),
    WithJsonSchema({"anyOf": [{"type": "string"}, {**_TEXTS, "uniqueItems": True}]}),
]
EventTypes = Annotated[
    tuple[str, ...],
    Field(min_length=1),
    AfterValidator(_each_once),
    BeforeValidator(listed),
    WithJsonSchema({"anyOf": [{"type": "string"}, {**_TEXTS, "minItems": 1, "uniqueItems": True}]}),
]


def on_event(raw: object) -> object:
    """An event type, or a list of them, for a section that begins with `on`."""
    return {"on": raw} if isinstance(raw, str | list | tuple) else raw
