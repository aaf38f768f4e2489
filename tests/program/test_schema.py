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
from loyalcore.ruleset.migration import MigrationSpec
from loyalcore.ruleset.model import (
    MessageSpec,
    MetricSpec,
    Ruleset,
    RuleSpec,
    TableSpec,
)
from loyalcore.ruleset.offers import OfferSpec, OpeningSpec, ReachSpec
from loyalcore.ruleset.points import (
    EventSpec,
    PendingSpec,
    RedemptionSpec,
    ReferenceSpec,
    ReversalSpec,
    RewardSpec,
    WalletSpec,
)
from loyalcore.ruleset.recovery import (
    CaseOpenSpec,
    CaseThenSpec,
    GoodwillSpec,
    PromiseSpec,
    RecoverySpec,
    SurveySpec,
)
from loyalcore.ruleset.selection import ExperimentSpec, GroupSpec, ScheduleSpec
from loyalcore.ruleset.stages import EntrySpec, ExitSpec, StageSpec
from loyalcore.ruleset.tasks import ApprovalSpec, EscalationSpec, TaskSpec
from loyalcore.ruleset.text import Text
from loyalcore.ruleset.tiers import CriteriaSpec, LevelSpec, TierSpec
from loyalcore.ruleset.tree import read_tree
from loyalcore.ruleset.triggers import TriggerSpec
from loyalcore.ruleset.words import Section
from loyalcore.scoring.builtin import STRATEGIES

ROOT = Path(__file__).parents[2]

SCHEMA = json_schema(
    {kind.name: kind for kind in EFFECTS}, {kind.name: kind for kind in STRATEGIES}
)
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
        "wallets: {beans: {pending: 14 days, expires: 24 months, minimum: -500, price: 0.01}}",
        "wallets: {beans: {pending: until delivery, minimum: none, maximum: 5, kind: qualifying}}",
        "wallets: {beans: {pending: {until: delivery, lapse: 60 days}, transferable: true}}",
        "events: {refund: {order: id, amount: money, reverses: purchase}}",
        "events: {refund: {n: id, reverses: {event: buy, by: n, take: pending only}}}",
        "events: {sent: {order: id, activates: {event: purchase, matching: event.id}}}",
        "events: {redeem: {reward: id, n: integer, redeems: {reward: reward, quantity: n}}}",
        "events: {undo: {id_: id, cancels: redeem, presents: code, merges: a, unmerges: b}}",
        "segments: {regulars: orders > 3, everyone: true}",
        "experiments: {letter: {variants: {short: 50, long: 50 %}, holdout: 10 %}}",
        "groups: {bonus: , best: {stack: best, in: bonus, cap: {beans: 100 per day}}}",
        "groups: {all: {budget: {money: 99.50, customers: 100}, edge: refuse, limit: once}}",
        "rewards: {cup: {price: {beans: 90}, stock: 5, visible: segment.regulars}}",
        "rewards: {cup: {price: {beans: orders * 2}, then: [{issue: {voucher: cup}}]}}",
        "offers: {card: {reach: {count: buy, at_least: 3}, lasts: 30 days, at_once: 5}}",
        "offers: {big: {open: {on: [a, b], with: {goal: 5}}, reach: {one: buy, where: true}}}",
        "offers: {code: {reach: {one: buy}, code: 2026, bounds: start, refunds: keep}}",
        "offers: {o: {fields: {goal: money}, reach: {sum: buy.amount, at_least: offer.goal}}}",
        "offers: {o: {reach: {one: buy}, lapsed: [{send: hi}], revoked: [{send: hi}]}}",
        "rules: {r: {on: a, then: [{send: hi}], who: true, schedule: {hours: 08:00-11:30}}}",
        "rules: {r: {on: a, then: [{send: hi}], group: bonus, experiment: letter, cost: 2}}",
        "triggers: {quiet: {silence: buy, for: 90 days, repeat: 30 days, since: enrolment}}",
        "triggers: {ask: {after: [a, b], wait: 3 days, unless: c, where: a == earlier.a}}",
        "triggers: {back: {after: a, then: b, within: 14 days, where: a == earlier.a}}",
        "triggers: {rent: {every: month, on: 15, at: 09:00, zone: zone}, day: {every: day}}",
        "triggers: {end: {every: quarter, on: last}, eve: {every: year, on: 24 December}}",
        "triggers: {once: {once: 2026-12-24, when: true, about: Christmas}}",
        "triggers: {near: {anniversary: birthday, before: 7 days}, old: {anniversary: born}}",
        "triggers: {big: {metric: spend, rises_to: 1000}, less: {metric: spend, falls_below: 9.5}}",
        "triggers: {more: {metric: a, rises_by: 30 %, against: b}}",
        "triggers: {in: {enters: vips}, out: {leaves: vips}}",
        "triggers: {gone: {expires: beans, before: 14 days}, end: {ends: card, before: 3 days}}",
        "tiers: {club: {by: spend, levels: {bronze: , silver: 5000, gold: spend * 2}}}",
        "tiers: {club: {levels: {a: {all: {orders: 12}, any: {spend: 5, days: 3}, when: true}}}}",
        "tiers: {club: {by: x, levels: {a: {at_least: 5, stay: 4}}, keep: 1 year, grace: 1 day}}",
        "tiers: {club: {levels: {a: {stay: {when: vip}}}, upgrade: at review, review: year}}",
        "tiers: {c: {levels: {a: {invitation: true, benefits: {rate: 1.5, free: true, n: x}}}}}",
        "tiers: {c: {levels: {a: 0}, keep: anniversary, warn: 30 days}, d: {levels: {a: }}}",
        "stages: {lead: , client: {enter: orders > 0, dwell: 7 days, responsible: Ann}}",
        "stages: {a: {enter: [{from: [b], on: buy}, orders > 3], leave: {to: b, when: true}}}",
        "stages: {a: {enter: {on: [x, y], when: orders > 1}, leave: [{to: b, on: z}]}}",
        "people: {anna: adviser, bo: [adviser, manager], cid: }",
        "tasks: {call: {role: adviser, due: 3 days, remind: 1 day, escalate: manager}}",
        "tasks: {call: {role: adviser, remind: 1 hour, escalate: manager}}",
        "tasks: {call: {assignee: adviser, due: 3 days, escalate: [{after: 1 day, to: a}, b]}}",
        "tasks: {call: {role: a, outcomes: [x, y], then: {x: [{send: hi}], y: []}, about: Call}}",
        "approvals: {end: {role: [a, b], eyes: 2, expires: 30 days, approved: [{send: hi}]}}",
        "approvals: {end: {role: a, rejected: [{task: call}], expired: [{approval: end}]}}",
        "rules: {r: {on: a, then: [{task: call}, {task: {call: , b: {note: x, due: 1 day}}}]}}",
        "rules: {r: {on: a, then: [{approval: end}, {approval: {end: {lost: amount * 2}}}]}}",
        "rules: {r: {on: a, then: [upgrade: {club: gold, vip: {level: one, keep: 9 days}}]}}",
        "recovery: {a: {open: x, answered: y, promise: 2 days, task: t, pause: none, about: Why}}",
        "recovery: {a: {open: [x, z], answered: [y], promise: {when: b, within: 1 hour}}}",
        "recovery: {a: {open: {on: x, when: b}, answered: y, resolved: z, close: 1 day}}",
        "recovery: {a: {open: x, case: k, answered: y, goodwill: {do: {send: m}}, then: {}}}",
        "recovery: {a: {open: x, answered: y, reopened: z, reopens: 9 days}}",
        "migration: {wallets: {stars: beans}, levels: {club: {silver: plus}}, stages: {a: b}}",
        "allow_late: 2 days",
        "contact: {consent: {promotional: register, news: {email: vip, sms: true}}}",
        "contact: {quiet: {hours: 21:00-08:00, zone: zone, purposes: service}}",
        "contact: {quiet: [{weekdays: [sunday]}, {hours: [21:00-08:00]}], caps: {a: [1 per day]}}",
        "contact: {channels: {order: [email, sms], prefer: likes, to: {email: mail}}}",
        "messages: {m: {text: Hi, channel: [email, sms], to: {email: mail}}, n: {text: Hi, to: x}}",
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
        ("contact: {consent: {promotional: []}}", "contact/consent/promotional"),
        ("contact: {quiet: 21:00-08:00}", "contact/quiet"),
        ("contact: {chanels: {}}", "contact"),
        ("messages: {m: {text: Hi, to: [mail]}}", "messages/m/to"),
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
        ("wallets: {beans: {minimum: much}}", "wallets/beans/minimum"),
        ("wallets: {beans: {pending: 14}}", "wallets/beans/pending"),
        ("wallets: {beans: {pending: {untill: a}}}", "wallets/beans/pending"),
        ("wallets: {beans: {transferable: yes}}", "wallets/beans/transferable"),
        ("events: {refund: {reverses: [buy]}}", "events/refund/reverses"),
        ("events: {refund: {reverses: {evnt: buy}}}", "events/refund/reverses"),
        ("events: {refund: {reverses: {event: buy, take: all}}}", "events/refund/reverses"),
        ("events: {refund: {reverse: buy}}", "events/refund/reverse"),
        ("events: {sent: {activates: {event: buy, take: all}}}", "events/sent/activates"),
        ("events: {redeem: {redeems: {quantity: n}}}", "events/redeem/redeems"),
        ("segments: {regulars: [orders > 3]}", "segments/regulars"),
        ("experiments: {letter: {variant: {a: 1}}}", "experiments/letter"),
        ("experiments: {letter: {variants: [a, b]}}", "experiments/letter/variants"),
        ("groups: {bonus: {stack: worst}}", "groups/bonus/stack"),
        ("groups: {bonus: {priority: 1}}", "groups/bonus"),
        ("rewards: {cup: {name: Cup}}", "rewards/cup"),
        ("rewards: {cup: {price: {}}}", "rewards/cup/price"),
        ("rewards: {cup: {price: {beans: 1}, stock: 0}}", "rewards/cup/stock"),
        ("rewards: {cup: {price: {beans: 1}, then: [{sned: hi}]}}", "rewards/cup/then/0"),
        ("offers: {card: {lasts: 1 day}}", "offers/card"),
        ("offers: {card: {reach: {cuont: buy, at_least: 3}}}", "offers/card/reach"),
        ("offers: {card: {reach: {one: buy}, open: joined}}", "offers/card/open"),
        ("offers: {card: {reach: {one: buy}, open: {on: []}}}", "offers/card/open"),
        ("offers: {card: {reach: {one: buy}, refunds: forget}}", "offers/card/refunds"),
        ("offers: {card: {reach: {one: buy}, lapsed: [{sned: hi}]}}", "offers/card/lapsed/0"),
        ("rules: {r: {on: a, then: [{send: hi}], cap: 5}}", "rules/r/cap"),
        ("rules: {r: {on: a, then: [{send: hi}], budget: {money: [5]}}}", "rules/r/budget/money"),
        ("rules: {r: {on: a, then: [{send: hi}], schedule: {days: a}}}", "rules/r/schedule"),
        ("messages: {hi: {subject: Hi}}", "messages/hi"),
        ("triggers: {quiet: {for: 90 days}}", "triggers/quiet"),
        ("triggers: {quiet: {silence: buy}}", "triggers/quiet"),
        ("triggers: {quiet: {silence: buy, for: 90 days, at: 09:00}}", "triggers/quiet"),
        ("triggers: {quiet: {silence: buy, for: 1 day, since: ever}}", "triggers/quiet/since"),
        ("triggers: {two: {silence: buy, for: 90 days, every: day}}", "triggers/two"),
        ("triggers: {ask: {after: buy}}", "triggers/ask"),
        ("triggers: {ask: {after: buy, wait: 1 day, then: sell, within: 1 day}}", "triggers/ask"),
        ("triggers: {ask: {after: buy, wait: 1 day, within: 1 day}}", "triggers/ask"),
        ("triggers: {ask: {after: buy, wait: 1 day, where: a == earlier.a}}", "triggers/ask"),
        ("triggers: {ask: {after: buy, then: sell}}", "triggers/ask"),
        ("triggers: {ask: {after: a, then: b, within: 1 day, at: 09:00}}", "triggers/ask"),
        ("triggers: {rent: {every: fortnight}}", "triggers/rent/every"),
        ("triggers: {near: {anniversary: born, before: 1 day, later: 1 day}}", "triggers/near"),
        ("triggers: {big: {metric: spend}}", "triggers/big"),
        ("triggers: {big: {metric: spend, rises_to: 5, falls_below: 5}}", "triggers/big"),
        ("triggers: {big: {metric: spend, rises_to: 5, against: other}}", "triggers/big"),
        ("triggers: {big: {metric: spend, rises_by: 30 %}}", "triggers/big"),
        ("triggers: {gone: {expires: beans}}", "triggers/gone"),
        ("tiers: {club: {by: spend}}", "tiers/club"),
        ("tiers: {club: {levels: [gold]}}", "tiers/club/levels"),
        ("tiers: {club: {levels: {}}}", "tiers/club/levels"),
        ("tiers: {club: {levels: {gold: {atleast: 5}}}}", "tiers/club/levels/gold"),
        ("tiers: {club: {levels: {gold: true}}}", "tiers/club/levels/gold"),
        ("tiers: {club: {levels: {a: {invitation: yes}}}}", "tiers/club/levels/a"),
        ("tiers: {club: {levels: {a: {benefits: {x: [1]}}}}}", "tiers/club/levels/a"),
        ("tiers: {club: {levels: {a: 0}, drop: two levels}}", "tiers/club/drop"),
        ("tiers: {club: {levels: {a: 0}, upgrade: at review}}", "tiers/club"),
        ("tiers: {club: {levels: {a: 0}, review: year}}", "tiers/club"),
        ("tiers: {club: {levels: {a: 0}, grace: 30 days}}", "tiers/club"),
        ("tiers: {c: {levels: {a: 0}, keep: 1 day, drop: never, warn: 1 day}}", "tiers/c"),
        ("stages: {lead: {entry: true}}", "stages/lead"),
        ("tasks: {call: {about: Call}}", "tasks/call"),
        ("tasks: {call: {role: a, due: 1 day, escalate: {after: 1 day}}}", "tasks/call/escalate"),
        ("tasks: {call: {role: a, then: {x: [{sned: hi}]}}}", "tasks/call/then/x/0"),
        ("approvals: {end: {eyes: 2}}", "approvals/end"),
        ("approvals: {end: {role: a, eyes: 0}}", "approvals/end/eyes"),
        ("stages: {lead: {enter: {from: a}}}", "stages/lead/enter"),
        ("stages: {lead: {leave: orders > 3}}", "stages/lead/leave"),
        ("stages: {lead: {leave: {when: orders > 3}}}", "stages/lead/leave"),
        ("recovery: {a: {open: x}}", "recovery/a"),
        ("recovery: {a: {open: x, answered: y, close: 1 day}}", "recovery/a"),
        ("recovery: {a: {open: x, answered: y, reopened: z}}", "recovery/a"),
        ("recovery: {a: {open: x, answered: y, pause: all}}", "recovery/a/pause"),
        ("recovery: {a: {open: x, answered: y, promise: [{when: b}]}}", "recovery/a/promise"),
        ("recovery: {a: {open: x, answered: y, then: {ended: {send: m}}}}", "recovery/a/then"),
        ("recovery: {a: {open: {when: b}, answered: y}}", "recovery/a/open"),
        ("migration: {wallet: {stars: beans}}", "migration"),
        ("migration: {levels: {silver: plus}}", "migration/levels/silver"),
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
        for effect in _effects(ruleset):
            ((word, below),) = effect.items()
            kinds[word].model_validate(below)
    except (ValueError, KeyError):
        return False
    return True


def _effects(ruleset: Ruleset) -> Iterator[dict[str, Any]]:
    for rule in ruleset.rules.values():
        yield from rule.then
    for reward in ruleset.rewards.values():
        yield from reward.then
    for offer in ruleset.offers.values():
        yield from (*offer.then, *offer.lapsed, *offer.revoked)
    for task in ruleset.tasks.values():
        yield from (effect for effects in task.then.values() for effect in effects)
    for approval in ruleset.approvals.values():
        yield from (*approval.approved, *approval.rejected, *approval.expired)


SECTIONS: dict[str, type[Section]] = {
    "Ruleset": Ruleset,
    "MetricSpec": MetricSpec,
    "EventSpec": EventSpec,
    "ReferenceSpec": ReferenceSpec,
    "ReversalSpec": ReversalSpec,
    "RedemptionSpec": RedemptionSpec,
    "WalletSpec": WalletSpec,
    "PendingSpec": PendingSpec,
    "TableSpec": TableSpec,
    "ExperimentSpec": ExperimentSpec,
    "GroupSpec": GroupSpec,
    "RewardSpec": RewardSpec,
    "OfferSpec": OfferSpec,
    "OpeningSpec": OpeningSpec,
    "ReachSpec": ReachSpec,
    "ScheduleSpec": ScheduleSpec,
    "RuleSpec": RuleSpec,
    "MessageSpec": MessageSpec,
    "TriggerSpec": TriggerSpec,
    "TierSpec": TierSpec,
    "LevelSpec": LevelSpec,
    "CriteriaSpec": CriteriaSpec,
    "StageSpec": StageSpec,
    "EntrySpec": EntrySpec,
    "ExitSpec": ExitSpec,
    "TaskSpec": TaskSpec,
    "EscalationSpec": EscalationSpec,
    "ApprovalSpec": ApprovalSpec,
    "MigrationSpec": MigrationSpec,
    "RecoverySpec": RecoverySpec,
    "CaseOpenSpec": CaseOpenSpec,
    "PromiseSpec": PromiseSpec,
    "GoodwillSpec": GoodwillSpec,
    "SurveySpec": SurveySpec,
    "CaseThenSpec": CaseThenSpec,
}


def described(name: str) -> dict[str, Any]:
    """The section in the schema: itself, or the longer of its forms."""
    section: dict[str, Any] = SCHEMA if name == "Ruleset" else SCHEMA["$defs"][name]
    return section if "properties" in section else section["anyOf"][1]


@pytest.mark.parametrize("name", SECTIONS)
def test_it_knows_the_keys_that_the_models_know_and_no_others(name: str) -> None:
    section = described(name)
    fields = SECTIONS[name].model_fields
    assert [*section["properties"]] == [field.alias or key for key, field in fields.items()]
    others = {"$ref": "#/$defs/FieldSpec"} if name == "EventSpec" else False
    assert section["additionalProperties"] == others


def test_everything_an_editor_completes_is_explained() -> None:
    keys = {
        f"{name}.{key}": written
        for name in SECTIONS
        for key, written in described(name)["properties"].items()
    }
    assert [key for key, written in keys.items() if not written.get("description")] == []
    effects = SCHEMA["$defs"]["Effect"]["properties"]
    assert [*effects] == [kind.name for kind in EFFECTS]
    assert all(effect["description"] for effect in effects.values())


def test_the_effects_of_plugins_are_in_it(compiled: Callable[..., object]) -> None:
    issue = next(kind for kind in EFFECTS if kind.name == "issue")
    schema = json_schema({"grant": issue}, {})
    assert [*schema["$defs"]["Effect"]["properties"]] == ["grant"]
