"""The data of an event, as text -> its typed values, at once where it is as usual.

Most events have just the fields that are declared, each of its JSON type. Those are decoded and
checked in one go. All others are left to who reads value by value, and tells what is wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any, Literal

from msgspec import Meta, MsgspecError, defstruct
from msgspec.json import Decoder
from msgspec.structs import asdict

from loyalcore.values import (
    MAX_INTEGER,
    MAX_TEXT,
    Locale,
    Type,
    Value,
    ValueInvalid,
    value_reader,
)

Data = dict[str, Value | None]

_JSON: Mapping[str, Any] = {
    "text": Annotated[str, Meta(max_length=MAX_TEXT)],
    "integer": Annotated[int, Meta(ge=-MAX_INTEGER, le=MAX_INTEGER)],
    "flag": bool,
}
"""What JSON has as it is. Other values are read from what JSON has of them."""


def usual_reader(
    fields: Mapping[str, Type], required: Collection[str], locale: Locale
) -> Callable[[str], Data | None]:
    """A function from the text of an event's data to the values of its `fields`, in their order;
    None where it is not as usual."""
    declared: list[Any] = [
        (name, _json_type(type_)) if name in required else (name, _json_type(type_) | None, None)
        for name, type_ in fields.items()
    ]
    usual = defstruct("Usual", declared, kw_only=True, forbid_unknown_fields=True, gc=False)
    decode = Decoder(usual, float_hook=Decimal).decode
    others = tuple(
        (name, type_, value_reader(type_), name in required)
        for name, type_ in fields.items()
        if type_.kind not in _JSON
    )

    def read(text: str) -> Data | None:
        try:
            data: Data = asdict(decode(text))
            for name, type_, read_value, needed in others:
                value = data[name]
                if value is not None:
                    value = data[name] = read_value(type_, value, locale)
                if needed and value is None:
                    return None
        except (MsgspecError, RecursionError, InvalidOperation, ValueInvalid):
            return None
        return data

    return read


def _json_type(type_: Type) -> Any:
    if type_.kind == "text" and type_.options:
        return Literal[type_.options]
    return _JSON.get(type_.kind, object)
