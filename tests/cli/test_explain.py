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
        (["s1"], "no decision starts with 's1', but an event does: try --event s1"),
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


# --- what sections decide by themselves -------------------------------------------------------

CATALOGUE = """\
program: shop
events:
  visit: {beans: integer}
  purchase: {order: id, amount: money}
  refund: {order: id, amount: money, reverses: purchase}
  redeem: {reward: id, redeems: reward}
  cancel: {redeem: id, cancels: redeem}
wallets: {beans: {expires: 10 days}}
rewards: {cup: {price: {beans: 50}, who: not missing(reward), limit: once}}
offers:
  twice:
    open: {on: visit}
    lasts: 5 days
    reach: {count: purchase, at_least: 2}
    then: [earn: {beans: 5}]
rules:
  come: {on: visit, then: [earn: {beans: beans}]}
  earn: {on: purchase, then: [earn: {beans: amount}]}
"""

HAPPENED = """\
{"id": "v", "type": "visit", "time": "2026-01-01", "beans": 60}
{"id": "p1", "type": "purchase", "time": "2026-01-02", "order": "A", "amount": 40}
{"id": "p2", "type": "purchase", "time": "2026-01-03", "order": "B", "amount": 10}
{"id": "f", "type": "refund", "time": "2026-01-04", "order": "A", "amount": 10}
{"id": "r1", "type": "redeem", "time": "2026-01-05", "reward": "cup"}
{"id": "r2", "type": "redeem", "time": "2026-01-05", "reward": "cup"}
{"id": "c", "type": "cancel", "time": "2026-01-06", "redeem": "r1"}
{"id": "v2", "type": "visit", "time": "2026-01-20", "beans": 1}
"""


@pytest.fixture(scope="module")
def shop(cli: Cli, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store in which sections have decided."""
    folder = tmp_path_factory.mktemp("shop")
    (folder / "shop.yaml").write_text(CATALOGUE)
    (folder / "till.jsonl").write_text(HAPPENED.replace('{"id"', '{"customer": "ann", "id"'))
    db = folder / "shop.db"
    assert cli("run", folder / "shop.yaml", "--db", db, folder / "till.jsonl").status == 0
    return db


def told(cli: Cli, db: Path, event: str) -> list[str]:
    """The trees of an event, without its head."""
    said = cli("explain", "--db", db, "--customer", "ann", "--event", event)
    assert said.status == 0
    return list(said.out.split("\n\n")[1:])


def test_a_reward_that_was_bought_tells_lot_by_lot_what_paid(cli: Cli, shop: Path) -> None:
    (tree,) = told(cli, shop, "r1")
    assert tree.startswith("✓ rewards.cup: bought\n├── who\n│   └── ✓ not missing(reward)\n")
    assert "├── ✓ limit once: fired 0 of 1 times before\n" in tree
    assert "├── on reward = cup\n├── → -50 beans spent\n" in tree
    assert "├── beans lot 1: redeem, -50 active, +50 spent\n" in tree


def test_a_reward_that_was_not_tells_why(cli: Cli, shop: Path) -> None:
    (tree,) = told(cli, shop, "r2")
    assert tree.startswith("✗ rewards.cup: not bought: limit: once\n")
    assert "├── ✗ limit once: fired 1 of 1 times before: 2026-01-05T00:00:00Z\n" in tree


def test_a_refund_tells_what_it_took_and_of_what(cli: Cli, shop: Path) -> None:
    (tree,) = told(cli, shop, "f")
    assert tree.startswith("✓ events.refund.reverses: points were taken back\n")
    assert "├── on order = A, amount = 10.00\n" in tree
    assert "├── → -10 beans taken back: 1/4 of purchase A so far\n" in tree
    assert "├── beans lot 2: reverse, -10 active, +10 reversed\n" in tree


def test_a_cancellation_tells_what_went_back(cli: Cli, shop: Path) -> None:
    (tree,) = told(cli, shop, "c")
    assert tree.startswith("✓ events.cancel.cancels: a redemption was cancelled\n")
    assert "├── beans lot 1: cancel redemption, -50 spent, +50 active\n" in tree


def test_what_an_offer_did_stands_beside_the_rules(cli: Cli, shop: Path) -> None:
    come, opened = told(cli, shop, "v")
    assert come.startswith("✓ come fired")
    assert opened.startswith("✓ offers.twice.opened: the offer was opened\n")
    assert "→ offer twice (1) opened until 2026-01-06T00:00:00Z\n" in opened
    earn, advanced, completed = told(cli, shop, "p2")
    assert earn.startswith("✓ earn fired")
    assert advanced.startswith("✓ offers.twice.advanced: the event counted towards the offer\n")
    assert completed.startswith("✓ offers.twice: the offer was completed\n")
    assert "beans lot 4: accrue, +5 active, expires 2026-01-13T00:00:00Z\n" in completed


def test_what_the_clock_did_is_explained_too(cli: Cli, shop: Path) -> None:
    said = cli("explain", "--db", shop, "--customer", "ann", "--rule", "wallets.beans.expires")
    assert said.out.startswith("due of customer ann, 2026-01-13T00:00:00Z\n")
    assert "✓ wallets.beans.expires: points expired\n├── on lots = [" in said.out


def test_a_decision_of_a_section_is_explained_alone(cli: Cli, shop: Path) -> None:
    taken = cli("decisions", "list", "--db", shop, "--json").json
    for decision in taken:
        said = cli("explain", "--db", shop, decision["id"], "--json").json
        [only] = said["rules"] + said["sections"]
        assert (only["rule"], only["decision"]) == (decision["rule"], decision["id"])
        assert only["facts"] == decision["facts"]
        assert said["warnings"] == []
    sections = [one["rule"] for one in taken if "." in one["rule"]]
    assert "rewards.cup" in sections
    assert "wallets.beans.expires" in sections
