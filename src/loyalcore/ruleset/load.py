"""From the text of a ruleset to a `Ruleset`, or to every mistake in its shape."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from loyalcore.errors import Problem, did_you_mean
from loyalcore.ruleset.model import Ruleset
from loyalcore.ruleset.points import EventSpec
from loyalcore.ruleset.source import Document, Source, parse
from loyalcore.ruleset.words import FieldSpec

Path_ = tuple[str | int, ...]

_SAID: Mapping[str, str] = {
    "string_type": "expected text",
    "dict_type": "expected lines of `name: value`",
    "mapping_type": "expected lines of `name: value`",
    "model_type": "expected lines of `name: value`",
    "tuple_type": "expected a list",
    "list_type": "expected a list",
    "bool_type": "expected true or false",
    "bool_parsing": "expected true or false",
    "int_type": "expected a whole number",
    "int_parsing": "expected a whole number",
    "int_from_float": "expected a whole number",
    "too_short": "expected at least one",
}


class Draft(NamedTuple):
    """A ruleset as far as its shape is sound, and every mistake in the rest.

    What has a mistake is left out of `ruleset`, so that what stands beside it can still be
    checked; `broken` has the names of what was left out, which others may well refer to.
    `whole` is False where more is missing than can be named: a section, or a file.
    """

    ruleset: Ruleset
    document: Document
    problems: tuple[Problem, ...]
    broken: frozenset[str]
    whole: bool


def draft(source: Source) -> Draft:
    """The ruleset that `source` holds, or as much of it as has the right shape."""
    document = parse(source)
    problems = list(document.problems)
    broken: set[str] = set()
    whole = document.whole
    data: dict[str, Any] = dict(document.data)
    while True:
        try:
            ruleset = Ruleset.model_validate(data)
            return Draft(ruleset, document, tuple(problems), frozenset(broken), whole)
        except ValidationError as invalid:
            found = shape_problems(invalid, document)
            places = {problem.location for problem in problems}
            problems += [
                problem
                for problem in found
                if problem.location not in places and (document.whole or not _unread(problem))
            ]
            for error in invalid.errors():
                path = _left_out(data, error["loc"])
                broken.add(path[-1])
                whole = whole and len(path) > 1


_NEEDED = {"program": "unnamed", "events": {}}


def _unread(problem: Problem) -> bool:
    """What seems to be missing may stand in a file that could not be read."""
    return problem.code == "missing-key"


def _left_out(data: dict[str, Any], loc: Path_) -> tuple[str, ...]:
    """Take the section, or the entry of a section, at `loc` out of `data`; the path to it."""
    section = str(loc[0]) if loc else ""
    entries = data.get(section)
    if len(loc) > 1 and isinstance(entries, Mapping):
        data[section] = {name: entry for name, entry in entries.items() if name != loc[1]}
        return section, str(loc[1])
    data.pop(section, None)
    if section in _NEEDED:
        data[section] = _NEEDED[section]
    return (section,)


def shape_problems(
    invalid: ValidationError,
    document: Document,
    prefix: Path_ = (),
    keys: Callable[[Path_], list[str]] | None = None,
) -> list[Problem]:
    """What pydantic found, in the words of the author and at the author's places.

    `prefix` is where in the document the validated part stands; `keys` gives the keys
    that are known at a path inside it.
    """
    keys = keys or _known_keys
    errors = invalid.errors()
    return [
        _problem(dict(error), document, prefix, keys)
        for error in errors
        if not (error["type"] == "too_short" and _has_inside(errors, error["loc"]))
    ]


def _has_inside(errors: Sequence[ErrorDetails], loc: Path_) -> bool:
    """Whether one of the errors is inside of `loc`: then there was something, but wrong."""
    return any(error["loc"][: len(loc)] == loc != error["loc"] for error in errors)


def _problem(
    error: dict[str, Any], document: Document, prefix: Path_, keys: Callable[[Path_], list[str]]
) -> Problem:
    loc: Path_ = error["loc"]
    kind: str = error["type"]
    context: Mapping[str, Any] = error.get("ctx", {})
    if loc and loc[-1] == "[key]":
        at = document.locate(written(document.data, prefix + loc[:-1]), key=True)
        return Problem(kind if "-" in kind else "bad-name", f"'{loc[-2]}': {error['msg']}", at)
    path = written(document.data, prefix + loc)
    if kind in _OF_NAMES and _is_field(loc):  # pydantic doesn't say that it is about the key
        return Problem(kind, f"'{loc[-1]}': {error['msg']}", document.locate(path, key=True))
    if kind == "extra_forbidden":
        at = document.locate(path, key=True)
        name = str(loc[-1])
        known = keys(loc[:-1])
        hint = (
            _cut_hint(error)
            or did_you_mean(name, known)
            or (f"known here: {', '.join(known)}" if known else "")
        )
        return Problem("unknown-key", f"there is no '{name}' here", at, hint)
    if kind == "missing":
        where = " ".join(str(part) for part in loc[:-1])
        inside = f" in {where}" if where else ""
        at = document.locate(path, key=True)  # it isn't there: the place around it
        return Problem("missing-key", f"'{loc[-1]}' is missing{inside}", at)
    at = document.locate(path)
    if kind == "literal_error":
        return Problem("bad-value", f"expected {context.get('expected', 'another word')}", at)
    if "-" in kind:  # our own validators name their code
        hint = did_you_mean(str(context.get("type", "")), context.get("candidates", ()))
        if not hint and _is_field(loc):
            meant = did_you_mean(str(loc[-1]), EventSpec.model_fields)
            hint = meant and f"{meant[:-1]} instead of '{loc[-1]}'?"
        return Problem(kind, error["msg"], at, hint or _types_hint(kind))
    return Problem("bad-value", _SAID.get(kind, error["msg"]), at, _cut_hint(error))


_OF_NAMES = ("bad-name", "reserved-name")


def _is_field(loc: Path_) -> bool:
    """Whether a field of an event stands at `loc`."""
    return len(loc) == 3 and loc[0] == "events" and loc[-1] not in EventSpec.model_fields


def _types_hint(kind: str) -> str:
    from_types = (
        "types are text, id, integer, number, money, flag, date, time, [text] or line items"
    )
    return from_types if kind in ("unknown-type", "bad-field") else ""


def _cut_hint(error: Mapping[str, Any]) -> str:
    """Of `{beans: min(a, b)}` YAML makes the text `min(a` and an empty `b)`, and of
    `{text: Come, and see}` an empty `and see`."""
    if error["input"] is not None:
        return ""
    cut = str(error["loc"][-1])
    if cut.endswith((")", "]")):
        return "in braces, quote an expression with a comma"
    return "in braces, quote a text with a comma" if re.search("[ ?!]", cut) else ""


def _known_keys(loc: Path_) -> list[str]:
    """The keys that the model at `loc` knows, as they are written."""
    held: object = Ruleset
    for part in loc:
        held = _below(held, part)
    model = _model(held)
    if model is None:
        return []
    if model is FieldSpec:
        return ["type", "one_of", "required"]
    return [field.alias or name for name, field in model.model_fields.items()]


def _below(held: object, part: str | int) -> object:
    """What may stand at `part` of what is `held`: a model, or a collection of something."""
    model = _model(held)
    if model is None:
        return next((args[-1] for args in _collections(held)), None)
    if model is FieldSpec:
        return FieldSpec
    for name, field in model.model_fields.items():
        if part == (field.alias or name):
            return field.annotation
    return FieldSpec if model is EventSpec else None


def _model(held: object) -> type[BaseModel] | None:
    """The model that is `held`, itself or with short forms beside it."""
    if isinstance(held, type):
        return held if issubclass(held, BaseModel) else None
    if get_origin(held) in (dict, tuple):
        return None
    return next((model for part in get_args(held) if (model := _model(part))), None)


def _collections(held: object) -> Iterator[tuple[object, ...]]:
    """What the mappings and lists in `held` are of."""
    args = get_args(held)
    if get_origin(held) is dict:
        yield args
    elif get_origin(held) is tuple:
        yield args[:1]
    else:
        for part in args:
            yield from _collections(part)


def written(data: object, loc: Path_) -> Path_:
    """`loc` without the steps that only the widened form has: a field's `fields`, or the
    number of a single mapping where a list is read."""
    path: list[str | int] = []
    for part in loc:
        if isinstance(data, list) and len(data) == 1 and not isinstance(part, int):
            path.append(0)
            data = data[0]
        below = _child(data, part)
        if below is None and (part == "fields" or isinstance(part, int)):
            continue
        path.append(part)
        data = below
    return tuple(path)


def _child(data: object, part: str | int) -> object:
    if isinstance(data, Mapping):
        return data.get(part)
    if isinstance(data, list) and isinstance(part, int) and part < len(data):
        return data[part]
    return None
