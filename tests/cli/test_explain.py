"""`loyalcore explain`: by decision, by customer, by event, by rule; and what is not there."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Cli = Callable[..., Any]


def test_the_latest_event_of_a_customer_with_every_rule_on_it(cli: Cli, db: Path) -> None:
    said = cli("explain", "--db", db, "--customer", "bob")
    assert said.status == 0
    head, *trees = said.out.split("\n\n")
    assert head.startswith("purchase b2 of customer bob, 2026-01-03T12:00:00Z\nfrom events; ")
    earn, web, birthday, summer, referrer = trees
    assert "✓ earn fired: it has no condition\n├── on amount = 30.00\n├── → +30 points\n" in earn
    assert "✗ web-bonus did not fire, held back by its limit: 1 per day\n" in web
    assert "├── ✓ channel == 'web' and amount >= 20\n" in web
    assert "│   ├── ✓ channel == 'web'\n│   │   └── channel = web\n" in web
    assert "✗ limit 1 per day: fired 1 of 1 times since 2026-01-02T23:00:00Z: 2026" in web
    assert "→ voucher cake" in birthday
    assert "✗ summer did not fire: it had not begun yet\n" in summer
    assert "✗ in force from 2026-05-31T22:00:00Z until 2026-06-30T22:00:00Z" in summer
    assert "✗ thank-referrer did not fire: its condition is false\n" in referrer
    assert "orders = 2" in referrer


def test_an_earlier_event_is_explained_as_things_were_then(cli: Cli, db: Path) -> None:
    said = cli("explain", "--db", db, "--customer", "bob", "--event", "b1", "--json")
    rules = {rule["rule"]: rule for rule in said.json["rules"]}
    assert {name: rule["verdict"] for name, rule in rules.items()} == {
        "earn": "fired",
        "web-bonus": "fired",
        "birthday": "fired",
        "summer": "not in force",
        "thank-referrer": "fired",
    }
    assert rules["thank-referrer"]["facts"] == {
        "customer.id": "bob",
        "orders": 1,
        "referrer": "ann",
    }
    assert said.json["warnings"] == []


def test_a_decision_by_the_start_of_its_id(cli: Cli, db: Path) -> None:
    (held,) = cli("decisions", "list", "--db", db, "--held", "--json").json
    explained = cli("explain", "--db", db, held["id"][:10].upper(), "--json").json
    (rule,) = explained["rules"]
    assert (rule["rule"], rule["decision"]) == ("web-bonus", held["id"])
    assert explained["program_hash"] == held["program_hash"]
    assert explained["event"] == held["event"]


def test_why_a_rule_did_not_fire_for_want_of_a_value(cli: Cli, db: Path) -> None:
    said = cli("explain", "--db", db, "--customer", "ann", "--event", "a1", "--rule", "birthday")
    assert said.out.split("\n\n")[1] == (
        "? birthday did not fire: its condition is unknown: birthday is missing\n"
        "└── ? month(birthday) == month is unknown\n"
        "    ├── ? month(birthday) is unknown\n"
        "    │   └── ? birthday is missing\n"
        "    └── month = 1\n"
    )


def test_with_a_rule_it_is_the_latest_event_that_the_rule_is_on(cli: Cli, db: Path) -> None:
    said = cli("explain", "--db", db, "--customer", "ann", "--rule", "bonus")
    assert "emitted by thank-referrer for bob, decision " in said.out
    assert "✓ bonus fired: it has no condition" in said.out


@pytest.mark.parametrize(
    ("arguments", "answer"),
    [
        ([], "say what to explain: a decision's id, --customer C or --event E"),
        (["zz"], "no decision starts with 'zz'; `loyalcore decisions list --db "),
        ([""], "no decision starts with ''"),
        (["b1"], "no decision starts with 'b1', but an event does: try --event b1"),
        (["ab", "--customer", "bob"], "a decision is of one customer, event and rule; leave out"),
        (["--customer", "Bob"], "there is no customer 'Bob'; 2 are known: ann, bob"),
        (["--customer", "ann", "--event", "b1"], "event 'b1' is of customer 'bob', from events"),
        (["--customer", "ann", "--event", "x"], "no event of customer 'ann' starts with 'x'; the"),
        (["--event", "x"], "no event starts with 'x'; `loyalcore events list --db "),
        (["--event", "b"], "more than one event starts with 'b': b1 (purchase from events), b2 ("),
        (["--customer", "bob", "--rule", "birthdy"], "no rule 'birthdy'; did you mean 'birthday'?"),
        (["--customer", "bob", "--rule", "bonus"], "rule 'bonus' is on referral; bob has had none"),
        (["--event", "s1", "--rule", "earn"], "no rule 'earn' is on sign_up; those that are: welc"),
    ],
)
def test_what_is_not_there_is_said(cli: Cli, db: Path, arguments: list[str], answer: str) -> None:
    said = cli("explain", "--db", db, *arguments)
    assert (said.status, said.out) == (2, "")
    assert said.err.startswith("error: ")
    assert answer in said.err


def test_a_start_that_several_decisions_share_lists_them(cli: Cli, db: Path) -> None:
    ids = [one["id"] for one in cli("decisions", "list", "--db", db, "--json").json]
    digit = next(id[0] for id in ids if sum(other[0] == id[0] for other in ids) > 1)
    said = cli("explain", "--db", db, digit)
    assert said.status == 2
    assert f"more than one decision starts with '{digit}': {digit}" in said.err
    assert "give more of it" in said.err


def test_line_items_are_told_one_by_one(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "shop.yaml").write_text(
        "program: shop\n"
        "events: {purchase: {items: [{sku: id, amount: money}]}}\n"
        "rules:\n"
        "  vinyl:\n"
        "    on: purchase\n"
        "    when: any(line.sku == 'LP' for line in items)\n"
        "    then: [{set: {tags.vinyl: true}}]\n"
    )
    (tmp_path / "till.jsonl").write_text(
        '{"id": "1", "customer": "ann", "type": "purchase", "time": "2026-01-01",'
        ' "items": [{"sku": "LP", "amount": 20}, {"sku": "CD", "amount": 9.5}]}'
    )
    db = tmp_path / "shop.db"
    assert cli("run", tmp_path / "shop.yaml", "--db", db, tmp_path / "till.jsonl").status == 0
    said = cli("explain", "--db", db, "--customer", "ann")
    assert "items = [{sku = LP, amount = 20.00}, {sku = CD, amount = 9.50}]\n" in said.out
    assert "│   ├── line 1: sku = LP, amount = 20.00\n" in said.out
    assert "│       └── ✗ line.sku == 'LP'\n" in said.out
    assert "├── → tag vinyl\n" in said.out


def test_what_may_hold_a_rule_back_is_told(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "shop.yaml").write_text(
        "program: shop\n"
        "timezone: Europe/Oslo\n"
        "events: {purchase: {amount: money}}\n"
        "metrics: {orders: {count: purchase}}\n"
        "wallets: {points: {price: 0.10}}\n"
        "experiments: {test: {holdout: 100 %}}\n"
        "groups: {bonus: {stack: best, limit: 2 per day}, sale: {stack: exclusive}}\n"
        "rules:\n"
        "  early: {on: purchase, group: sale, schedule: {hours: 06:00-07:00},\n"
        "          then: [earn: {points: 1}]}\n"
        "  double: {on: purchase, group: bonus, who: orders >= 1, cap: {points: 25 per month},\n"
        "           budget: {money: 2 per day, customers: 1}, then: [earn: {points: 20}]}\n"
        "  single: {on: purchase, group: bonus, then: [earn: {points: 10}]}\n"
        "  secret: {on: purchase, experiment: test, then: [earn: {points: 1}]}\n"
    )
    lines = [
        f'{{"id": "{who}", "customer": "{who}", "type": "purchase", "time": "{time}"}}'
        for who, time in [("ann", "2026-01-01T12:00"), ("bob", "2026-01-01T13:00")]
    ] + ['{"id": "early", "customer": "eve", "type": "purchase", "time": "2026-01-02T06:30"}']
    (tmp_path / "till.jsonl").write_text("\n".join(lines))
    db = tmp_path / "shop.db"
    assert cli("run", tmp_path / "shop.yaml", "--db", db, tmp_path / "till.jsonl").status == 0

    _, early, double, single, secret = cli("explain", "--db", db, "--event", "ann").out.split(
        "\n\n"
    )
    assert "✗ early did not fire: its schedule is at 06:00-07:00\n" in early
    assert "├── ✗ scheduled at 06:00-07:00\n" in early
    assert "└── in the group sale, which excludes all others after it" in early
    assert "✓ double fired: it has no condition\n" in double
    assert "├── who\n│   └── ✓ orders >= 1\n│       └── orders = 1\n" in double
    assert "├── in the group bonus, of which the best fires\n" in double
    assert "├── ✓ limit 2 per day of the group bonus: fired 0 of 2 times since 2025-" in double
    assert "├── ✓ cap of points 25 per month: 0 of 25 used since 2025-12-31T23:00:00Z\n" in double
    assert "├── ✓ budget of customers 1: 0 of 1 used by all customers before\n" in double
    assert "├── cost 2.00\n" in double
    assert "✗ single did not fire, held back by its group: bonus (best: double)\n" in single
    assert "✗ secret did not fire, held back by its holdout: test\n" in secret
    assert "├── ✗ experiment test: in the control group\n" in secret

    _, _, double, single, _ = cli("explain", "--db", db, "--event", "bob").out.split("\n\n")
    assert "✗ double did not fire, held back by its budget: 2 per day\n" in double
    assert "├── ✗ budget of money 2 per day: 2.00 of 2.00 used by all customers since " in double
    assert "✓ single fired" in single

    told = cli("explain", "--db", db, "--event", "early", "--json").json["rules"]
    assert {rule["rule"]: rule["reason"] for rule in told} == {
        "early": "it has no condition",
        "double": "budget: 1",
        "single": "exclusive: sale",
        "secret": "exclusive: sale",
    }
    double = told[1]
    assert (double["who"]["truth"], double["groups"]) == (
        True,
        [{"group": "bonus", "stack": "best"}],
    )
    assert [quota["used"] for quota in double["quotas"]] == [0, "0.00", 1]
