"""The JSON Schema of rulesets: what it accepts is what the models accept."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from loyalcore.effects.builtin import EFFECTS
from loyalcore.program.schema import json_schema
from loyalcore.ruleset.model import (
    MessageSpec,
    MetricSpec,
    Ruleset,
    RuleSpec,
    TableSpec,
)
from loyalcore.ruleset.points import WalletSpec
from loyalcore.ruleset.text import Text
from loyalcore.ruleset.tree import read_tree
from loyalcore.ruleset.words import Section

ROOT = Path(__file__).parents[2]

SCHEMA = json_schema({kind.name: kind for kind in EFFECTS})
VALIDATOR = Draft202012Validator(SCHEMA)


def refused(yaml: str) -> list[str]:
    """Where in a file an editor would underline something, the deepest places only."""
    return sorted({"/".join(map(str, place)) for place in _places(yaml)})


def _places(yaml: str) -> Iterator[tuple[str | int, ...]]:
    data = _plain(read_tree(Text.of("club.yaml", yaml)).root.value)
    for error in VALIDATOR.iter_errors(data):
        yield tuple(error.absolute_path)


def _plain(value: Any) -> Any:
    """As an editor reads it: its numbers are floats."""
    match value:
        case dict():
            return {key: _plain(inner) for key, inner in value.items()}
        case list():
            return [_plain(inner) for inner in value]
        case Decimal():
            return float(value)
    return value


def test_it_is_a_schema_of_its_dialect() -> None:
    Draft202012Validator.check_schema(SCHEMA)
    assert SCHEMA["$schema"] == "https://json-schema.org/draft/2020-12/schema"


RULESETS = [
    path
    for folder in ("rulesets", "src/loyalcore/starter", "tests/benchmarks")
    for path in sorted((ROOT / folder).rglob("*.yaml"))
    if not path.stem.endswith(".test")
]


@pytest.mark.parametrize("path", RULESETS, ids=lambda path: path.name)
def test_it_accepts_every_file_of_every_ruleset_here(path: Path) -> None:
    assert len(RULESETS) >= 5
    assert refused(path.read_text("utf-8")) == []


@pytest.mark.parametrize(
    "yaml",
    [
        "rules: {r: {on: visit, then: [{send: hi}]}}",  # an included file has no name
        "events: {visit: , sign_up: {}}",
        "wallets: {beans: , stars: {rounding: half even}}",
        "include: [a.yaml, b.yaml]",
        "customer: {consent: {email: flag, sms: flag}, likes: [text]}",
        "customer: {kind: {type: {type: text}}}",  # a group with a field called type
        "events: {buy: {items: [{sku: id, type: text}]}}",
        "events: {buy: {shop: {type: text, one_of: [a, b], required: true}}}",
        "metrics: {m: {sum: buy, of: amount * 2, over: this month, where: true}}",
        "tables: {t: {key: a, columns: {a: id, b: number}, rows: [{a: x, b: 1.5}, {a: 7}]}}",
        "rules: {r: {on: [a, b], when: true, then: [{earn: {beans: 5}}], limit: [once]}}",
        "rules: {r: {on: a, then: [{set: {tags.x: false, name: 1.5}}], from: 2026-01-01}}",
        "rules: {r: {on: a, then: [{emit: {type: b, customer: friend, data: {n: 1}}}]}}",
        "messages: {hi: {text: Hello, subject: Hi, channel: email}}",
    ],
)
def test_it_accepts_what_the_models_accept(yaml: str) -> None:
    assert refused(yaml) == []
    assert model_accepts(yaml)


@pytest.mark.parametrize(
    ("yaml", "place"),
    [
        ("rulez: {}", ""),
        ("program: [club]", "program"),
        ("currency: 5", "currency"),
        ("events: [visit]", "events"),
        ("events: {buy: {amount: mony}}", "events/buy/amount"),
        ("events: {buy: {items: [text, text]}}", "events/buy/items"),
        ("events: {buy: {items: [money]}}", "events/buy/items"),
        ("events: {buy: {shop: {type: text, oneof: [a]}}}", "events/buy/shop"),
        ("events: {buy: {shop: {type: text, required: yes}}}", "events/buy/shop"),
        ("events: {buy: {shop: {type: lines}}}", "events/buy/shop"),
        ("customer: {home: {type: text, town: text}}", "customer/home"),
        ("metrics: {m: {summ: buy.amount}}", "metrics/m"),
        ("metrics: {m: {sum: [buy.amount]}}", "metrics/m/sum"),
        ("wallets: {beans: {rounding: sideways}}", "wallets/beans/rounding"),
        ("wallets: {beans: down}", "wallets/beans"),
        ("tables: {t: {columns: {a: id}, csv: t.csv}}", "tables/t"),
        ("tables: {t: {key: a, columns: {a: id}, rows: {a: b}}}", "tables/t/rows"),
        ("rules: {r: {then: [{send: hi}]}}", "rules/r"),
        ("rules: {r: {on: visit}}", "rules/r"),
        ("rules: {r: {on: visit, then: []}}", "rules/r/then"),
        ("rules: {r: {on: [a, a], then: [{send: hi}]}}", "rules/r/on"),
        ("rules: {r: {on: [], then: [{send: hi}]}}", "rules/r/on"),
        ("rules: {r: {on: visit, then: {send: hi}}}", "rules/r/then"),
        ("rules: {r: {on: visit, then: [{sned: hi}]}}", "rules/r/then/0"),
        ("rules: {r: {on: visit, then: [{send: hi, earn: {a: 1}}]}}", "rules/r/then/0"),
        ("rules: {r: {on: visit, then: [{send: [hi]}]}}", "rules/r/then/0/send"),
        ("rules: {r: {on: visit, then: [{issue: {vouch: x}}]}}", "rules/r/then/0/issue"),
        ("rules: {r: {on: visit, then: [{emit: {data: {}}}]}}", "rules/r/then/0/emit"),
        ("rules: {r: {on: visit, then: [{send: hi}], priority: high}}", "rules/r/priority"),
        ("rules: {r: {on: visit, then: [{send: hi}], whn: true}}", "rules/r"),
        ("rules: {r: {on: visit, then: [{send: hi}], from_: 2026-01-01}}", "rules/r"),
        ("messages: {hi: Hello}", "messages/hi"),
        ("messages: {hi: {subject: Hi}}", "messages/hi"),
    ],
)
def test_it_underlines_typical_mistakes(yaml: str, place: str) -> None:
    assert refused(yaml) == [place]
    assert not model_accepts(yaml)


def model_accepts(yaml: str) -> bool:
    """Whether the models, and those of the effects, accept the file as an included one."""
    tree = read_tree(Text.of("club.yaml", yaml))
    assert tree.problems == ()
    assert isinstance(tree.root.value, dict)
    try:
        ruleset = Ruleset.model_validate({"program": "club", "events": {}, **tree.root.value})
        kinds = {kind.name: kind.model for kind in EFFECTS}
        for rule in ruleset.rules.values():
            for effect in rule.then:
                ((word, below),) = effect.items()
                kinds[word].model_validate(below)
    except (ValueError, KeyError):
        return False
    return True


SECTIONS: dict[str, type[Section]] = {
    "Ruleset": Ruleset,
    "MetricSpec": MetricSpec,
    "WalletSpec": WalletSpec,
    "TableSpec": TableSpec,
    "RuleSpec": RuleSpec,
    "MessageSpec": MessageSpec,
}


@pytest.mark.parametrize("name", SECTIONS)
def test_it_knows_the_keys_that_the_models_know_and_no_others(name: str) -> None:
    section = SCHEMA if name == "Ruleset" else SCHEMA["$defs"][name]
    fields = SECTIONS[name].model_fields
    assert [*section["properties"]] == [field.alias or key for key, field in fields.items()]
    assert section["additionalProperties"] is False


def test_everything_an_editor_completes_is_explained() -> None:
    keys = {
        f"{name}.{key}": written
        for name in SECTIONS
        for key, written in (SCHEMA if name == "Ruleset" else SCHEMA["$defs"][name])[
            "properties"
        ].items()
    }
    assert [key for key, written in keys.items() if not written.get("description")] == []
    effects = SCHEMA["$defs"]["Effect"]["properties"]
    assert [*effects] == [kind.name for kind in EFFECTS]
    assert all(effect["description"] for effect in effects.values())


def test_the_effects_of_plugins_are_in_it(compiled: Callable[..., object]) -> None:
    issue = next(kind for kind in EFFECTS if kind.name == "issue")
    schema = json_schema({"grant": issue})
    assert [*schema["$defs"]["Effect"]["properties"]] == ["grant"]
