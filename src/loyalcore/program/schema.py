"""The JSON Schema of a ruleset: an editor pointed at it completes and validates.

It is made from the same models that read rulesets. The models widen short forms before
they validate; those forms are written out here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic.json_schema import models_json_schema

from loyalcore.effects.kind import AnyEffectKind
from loyalcore.ruleset.model import Ruleset
from loyalcore.ruleset.words import SCALARS, FieldSpec

DIALECT = "https://json-schema.org/draft/2020-12/schema"

Schema = dict[str, Any]

EFFECT_LISTS = {
    "RuleSpec": ("then",),
    "RewardSpec": ("then",),
    "OfferSpec": ("then", "lapsed", "revoked"),
}
MAY_BE_EMPTY = ("EventSpec", "WalletSpec", "GroupSpec")  # without anything of its own
SHORT_FORMS = {
    "PendingSpec": "14 days, or until EVENT",
    "ReferenceSpec": "the type of the earlier event",
    "ReversalSpec": "the type of the earlier event",
    "RedemptionSpec": "the field with the name of the reward",
    "OpenSpec": "the name of the offer",
}
"""What may be written as a text, and what the text says."""


def json_schema(effects: Mapping[str, AnyEffectKind]) -> Schema:
    """The schema of a ruleset file whose rules may have these `effects`."""
    models = [(Ruleset, "validation"), *((kind.model, "validation") for kind in effects.values())]
    references, schema = models_json_schema(
        models,  # type: ignore[arg-type]
        by_alias=True,
        ref_template="#/$defs/{model}",
    )
    definitions: Schema = schema["$defs"]
    definitions["FieldSpec"] = _field_schema()
    definitions["Effect"] = {
        "description": "One effect: a word, and what it does.",
        "type": "object",
        "minProperties": 1,
        "maxProperties": 1,
        "additionalProperties": False,
        "properties": {
            name: {
                "description": _first_line(kind.model.__doc__),
                **references[kind.model, "validation"],
            }
            for name, kind in effects.items()
        },
    }
    ruleset: Schema = definitions.pop("Ruleset")
    for section, keys in EFFECT_LISTS.items():
        for key in keys:
            definitions[section]["properties"][key]["items"] = {"$ref": "#/$defs/Effect"}
    for name in MAY_BE_EMPTY:
        definitions[name]["type"] = ["object", "null"]
    for name, text in SHORT_FORMS.items():
        if name in definitions:  # not every schema has every effect
            definitions[name] = _with_short_form(definitions[name], text)
    # A file that is included has sections, but no name of its own.
    ruleset.pop("required")
    return {
        "$schema": DIALECT,
        "title": "loyalcore ruleset",
        **{key: value for key, value in ruleset.items() if key != "title"},
        "$defs": definitions,
    }


def _with_short_form(section: Schema, text: str) -> Schema:
    """A section, or a text in place of it."""
    about: Schema = {key: section.pop(key) for key in ("title", "description") if key in section}
    return {**about, "anyOf": [{"type": "string", "description": text}, section]}


def _field_schema() -> Schema:
    """A field in all its forms: a type, the long form, [text], line items, or a group."""
    fields = {"type": "object", "additionalProperties": {"$ref": "#/$defs/FieldSpec"}}
    return {
        "title": "Field",
        "description": _first_line(FieldSpec.__doc__),
        "anyOf": [
            {"enum": list(SCALARS)},
            {
                "type": "object",
                "additionalProperties": False,
                "required": ["type"],
                "properties": {
                    "type": {"enum": list(SCALARS), "description": "the type of the value"},
                    "one_of": {
                        "type": "array",
                        "items": {"type": "string"},
                        "description": FieldSpec.model_fields["one_of"].description,
                    },
                    "required": {
                        "type": "boolean",
                        "description": FieldSpec.model_fields["required"].description,
                    },
                },
            },
            {
                "type": "array",
                "minItems": 1,
                "maxItems": 1,
                "items": {"anyOf": [{"const": "text"}, fields]},
            },
            {**fields, "not": {"properties": {"type": {"type": "string"}}, "required": ["type"]}},
        ],
    }


def _first_line(doc: str | None) -> str:
    return (doc or "").strip().partition("\n")[0]
