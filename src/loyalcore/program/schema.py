"""The JSON Schema of a ruleset: an editor pointed at it completes and validates.

It is made from the same models that read rulesets. The models widen short forms before
they validate; those forms are written out here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic.json_schema import models_json_schema

from loyalcore.effects.kind import AnyEffectKind
from loyalcore.ruleset.model import Ruleset
from loyalcore.ruleset.triggers import ALWAYS, KINDS, TriggerSpec
from loyalcore.ruleset.words import SCALARS, FieldSpec
from loyalcore.scoring import AnyStrategyKind

DIALECT = "https://json-schema.org/draft/2020-12/schema"

Schema = dict[str, Any]

EFFECT_LISTS = {
    "RuleSpec": ("then",),
    "RewardSpec": ("then",),
    "OfferSpec": ("then", "lapsed", "revoked"),
    "ApprovalSpec": ("approved", "rejected", "expired"),
}
# With nothing of its own.
MAY_BE_EMPTY = (
    *("EventSpec", "WalletSpec", "GroupSpec", "StageSpec", "ScoreSpec", "AskedSpec"),
    "PhaseSpec",
)
SHORT_FORMS = {
    "PendingSpec": "14 days, or until EVENT",
    "ReferenceSpec": "the type of the earlier event",
    "ReversalSpec": "the type of the earlier event",
    "RedemptionSpec": "the field with the name of the reward",
    "OpenSpec": "the name of the offer",
    "LiftSpec": "the level",
    "EscalationSpec": "the role",
    "TaskEffectSpec": "the name of the task",
    "ApprovalEffectSpec": "the name of the approval",
    "EnterSpec": "the event",
    "FarewellSpec": "the voucher",
    "SettleSpec": "expire, or pay out (at the price of the wallet)",
    "DebtSpec": "waive, or invoice (at the price of the wallet)",
    "CaseOpenSpec": "the event",
}
"""What may be written as a text, and what the text says."""
ON_EVENTS = ("ReasonSpec", "WithdrawSpec", "ReopenSpec")
"""What may be written as an event, or a list of them."""
DOING = ("ImproveSpec", "PhaseSpec", "WithdrawSpec", "ReopenSpec")
"""What may `do` one effect, or several."""
CRITERIA = ("LevelSpec", "CriteriaSpec")  # a number, or nothing at all, in their place
WAYS = {"enter": ("EntrySpec", True), "leave": ("ExitSpec", False)}
"""Of a stage: what its ways are, of which one stands for a list, and whether a text does."""


def _without(*keys: str) -> Schema:
    return {"not": {"anyOf": [{"required": [key]} for key in keys]}}


NEEDED: Mapping[str, tuple[Schema, ...]] = {
    "silence": ({"required": ["for"]},),
    "after": (
        {
            "required": ["wait"],
            "dependentRequired": {"where": ["unless"]},
            **_without("then", "within"),
        },
        {"required": ["then", "within"], **_without("wait", "unless", "at", "zone")},
    ),
    "anniversary": (_without("before"), {"required": ["before"], **_without("later")}),
    "metric": (
        *({"required": [line], **_without("against")} for line in ("rises_to", "falls_below")),
        *({"required": [line, "against"]} for line in ("rises_by", "falls_by")),
    ),
    "expires": ({"required": ["before"]},),
    "ends": ({"required": ["before"]},),
}
"""What else is asked of a kind of trigger: exactly one of these."""

REVIEWED: Schema = {
    "dependentRequired": {"grace": ["keep"], "warn": ["keep"], "review": ["upgrade"]},
    "if": {"required": ["upgrade"], "properties": {"upgrade": {"const": "at review"}}},
    "then": {"required": ["review"]},
    "else": _without("review"),
    "anyOf": [
        {"properties": {"drop": {"not": {"const": "never"}}}},
        _without("grace", "warn"),
    ],
}
"""What of a tier ladder goes together."""

ASKED: Schema = {
    "anyOf": [{"required": ["role"]}, {"required": ["assignee"]}],
}
"""What of a task goes together."""


def json_schema(
    effects: Mapping[str, AnyEffectKind], strategies: Mapping[str, AnyStrategyKind] = {}
) -> Schema:
    """The schema of a ruleset file whose rules may have these `effects`, and whose scores may be
    by these `strategies`."""
    models = [(Ruleset, "validation"), *((kind.model, "validation") for kind in effects.values())]
    models += ((kind.settings, "validation") for kind in strategies.values())
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
    outcomes = definitions["TaskSpec"]["properties"]["then"]["additionalProperties"]
    outcomes["items"] = {"$ref": "#/$defs/Effect"}
    _one_or_several(
        definitions["TaskSpec"]["properties"]["escalate"], "EscalationSpec", worded=False
    )
    definitions["TaskSpec"] |= ASKED
    _one_or_several(
        definitions["ContactSpec"]["properties"]["quiet"], "QuietHoursSpec", worded=False
    )
    people = ruleset["properties"]["people"]
    people["additionalProperties"]["anyOf"].append({"type": "null"})
    for name in MAY_BE_EMPTY:
        if name not in definitions:  # not every schema has every effect
            continue
        definitions[name]["type"] = ["object", "null"]
    for name in DOING:
        definitions[name]["properties"]["do"] |= EFFECTS
        for key in ("items", "type"):
            definitions[name]["properties"]["do"].pop(key, None)
    definitions["ReasonSpec"]["oneOf"] = [
        {"required": ["when", "for"]},
        {"required": ["silent"], **_without("when")},
        {"required": ["on"]},
    ]
    definitions["SettleSpec"] |= {"minProperties": 1, "maxProperties": 1}
    for name, text in SHORT_FORMS.items():
        if name in definitions:  # not every schema has every effect
            definitions[name] = _with_short_form(definitions[name], text)
    for name in ON_EVENTS:
        of_events = {"type": "array", "items": {"type": "string"}, "minItems": 1}
        definitions[name] = _with_short_form(definitions[name], "the event")
        definitions[name]["anyOf"].insert(1, of_events)
    for name in CRITERIA:
        definitions[name] = _with_short_form(
            definitions[name], "so much of what the ladder goes `by`", ("string", "number", "null")
        )
    for key, (name, worded) in WAYS.items():
        _one_or_several(definitions["StageSpec"]["properties"][key], name, worded=worded)
        definitions[name]["anyOf"] = [{"required": ["on"]}, {"required": ["when"]}]
    definitions["TierSpec"] |= REVIEWED
    _steps(definitions)
    _scores(definitions, ruleset, strategies, references)
    _recovery(definitions)
    definitions["TriggerSpec"]["oneOf"] = [_kind_of_trigger(kind) for kind in KINDS]
    # A file that is included has sections, but no name of its own.
    ruleset.pop("required")
    return {
        "$schema": DIALECT,
        "title": "loyalcore ruleset",
        **{key: value for key, value in ruleset.items() if key != "title"},
        "$defs": definitions,
    }


def _with_short_form(section: Schema, text: str, types: Sequence[str] = ("string",)) -> Schema:
    """A section, or a text (or another of `types`) in place of it."""
    about: Schema = {key: section.pop(key) for key in ("title", "description") if key in section}
    (type_, *others) = types
    short = {"type": [type_, *others] if others else type_, "description": text}
    return {**about, "anyOf": [short, section]}


def _one_or_several(key: Schema, name: str, *, worded: bool) -> None:
    """At `key` stands one way, or a list of them; a text is one by its condition."""
    way: Schema = {"$ref": f"#/$defs/{name}"}
    if worded:
        way = {"anyOf": [{"type": "string", "description": "the condition"}, way]}
    several = {"type": "array", "items": way}
    key |= {"anyOf": [*way.get("anyOf", (way,)), several]}
    del key["items"], key["type"]


def _steps(definitions: dict[str, Schema]) -> None:
    """A step of a journey is one line: when it comes, and an effect, several, or all of it."""
    whole = definitions["StepSpec"]
    fields = {name: key for name, key in whole["properties"].items() if name != "at"}
    for key in ("do", "else"):
        fields[key] = {"description": fields[key]["description"], **EFFECTS}
    long = {
        "type": "object",
        "additionalProperties": False,
        "properties": fields,
        "anyOf": [{"required": [key]} for key in fields],
    }
    definitions["StepSpec"] = {
        "title": whole["title"],
        "description": whole["description"],
        "type": "object",
        "minProperties": 1,
        "maxProperties": 1,
        "additionalProperties": False,
        "patternProperties": {
            r"^(now|after\s.+)$": {"anyOf": [*EFFECTS["anyOf"], long]},
            r"^(on|once)\s.+$": {"anyOf": [*EFFECTS["anyOf"], long, {"type": "null"}]},
        },
    }
    entered = ("enter", "silent", "decline")
    for name in ("JourneySpec", "WinBackSpec"):
        definitions[name]["oneOf"] = [{"required": [key]} for key in entered]


def _recovery(definitions: dict[str, Schema]) -> None:
    """What a recovery does may be one effect, or several; its promise a time, one, or several;
    and what opens a case one event, or several."""
    events = {"type": "array", "items": {"type": "string"}, "minItems": 1, "uniqueItems": True}
    definitions["CaseOpenSpec"]["anyOf"].append(events)
    for name, keys in {
        "GoodwillSpec": ("do",),
        "SurveySpec": ("do",),
        "CaseThenSpec": tuple(definitions["CaseThenSpec"]["properties"]),
    }.items():
        fields = definitions[name]["properties"]
        for key in keys:
            fields[key] = {"description": fields[key]["description"], **EFFECTS}
    promise: Schema = {"$ref": "#/$defs/PromiseSpec"}
    recovery = definitions["RecoverySpec"]
    recovery["properties"]["promise"] = {
        "description": recovery["properties"]["promise"]["description"],
        "anyOf": [{"type": "string"}, promise, {"type": "array", "items": promise}],
    }
    recovery["dependentRequired"] = {
        "satisfied": ["resolved"],
        "close": ["resolved"],
        "reopened": ["reopens"],
        "remind": ["promise", "then"],
    }


def _scores(
    definitions: dict[str, Schema],
    ruleset: Schema,
    strategies: Mapping[str, AnyStrategyKind],
    references: Mapping[Any, Schema],
) -> None:
    """What stands beside `strategy` is for the one of that name; where it is left out, for the
    one that the score is called after."""
    score = definitions["ScoreSpec"]
    own = [*score["properties"]]
    known, named = [], {}
    for name, kind in strategies.items():
        settings = references[kind.settings, "validation"]
        shape = definitions[settings["$ref"].rpartition("/")[2]]
        shape.pop("additionalProperties", None)
        shape["propertyNames"] = {"enum": [*own, *shape.get("properties", {})]}
        told = {"properties": {"strategy": {"const": name}}, "required": ["strategy"]}
        known.append({"if": told, "then": settings})
        silent: Schema = {"type": "object", "not": {"required": ["strategy"]}}
        named[name] = {"allOf": [{"$ref": "#/$defs/ScoreSpec"}, {"if": silent, "then": settings}]}
    if known:
        score["allOf"] = known
        ruleset["properties"]["scores"]["properties"] = named


_EFFECT: Schema = {"$ref": "#/$defs/Effect"}
EFFECTS: Schema = {"anyOf": [_EFFECT, {"type": "array", "items": _EFFECT, "minItems": 1}]}
"""One effect, or several."""


def _kind_of_trigger(kind: str) -> Schema:
    """What makes a trigger one of this kind: the keys that it may have, and must."""
    fields = TriggerSpec.model_fields
    keys = [kind, *KINDS[kind], *ALWAYS]
    known: Schema = {"propertyNames": {"enum": [fields[key].alias or key for key in keys]}}
    needed = NEEDED.get(kind)
    return {"required": [kind], **known, **({"oneOf": [*needed]} if needed else {})}


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
