"""Each rule at one event: its verdict, the reason, and what stood beside it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from zoneinfo import ZoneInfo

import pytest
from msgspec import to_builtins

from loyalcore.engine.shared import Pool
from loyalcore.engine.state import CustomerState, new_state
from loyalcore.engine.step import step
from loyalcore.engine.telling.explain import explain
from loyalcore.engine.telling.explanation import (
    EntryTold,
    GroupUse,
    LimitUse,
    QuotaUse,
    RuleExplanation,
)
from loyalcore.engine.telling.profile import profile
from loyalcore.events import Event
from loyalcore.expression import Drawing
from loyalcore.program.plan import Program
from loyalcore.ruleset.source import Source
from loyalcore.runner.loading import load_from
from loyalcore.values import read_time

CLUB = """\
program: club
currency: EUR
timezone: Europe/Oslo
customer: {birthday: date}
events:
  purchase: {amount: money, channel: text, items: [{sku: id, amount: money}]}
metrics:
  orders: {count: purchase}
  spend: {sum: purchase.amount, over: 30 days}
wallets: {points: {}}
rules:
  earn:
    on: purchase
    then: [{earn: {points: amount / 10}}]
  web:
    on: purchase
    when: channel == 'web' and amount >= 20
    then: [{earn: {points: 5}}]
    limit: [1 per day, 2 per month]
    priority: 1
  birthday:
    on: purchase
    when: month(birthday) == month
    then: [{issue: {voucher: cake}}]
  summer:
    on: purchase
    when: spend > 0
    from: 2026-06-01
    until: 2026-06-30
    then: [{set: {tags.summer: true}}]
  vinyl:
    on: purchase
    when: any(line.sku == 'LP' for line in items)
    then: [{set: {tags.vinyl: true}}]
"""


@pytest.fixture(scope="module")
def program() -> Program:
    return load_from(Source({"club.yaml": CLUB}, "club.yaml"), "compiled").program


class Till:
    """A customer and what they buy; `explained` is all rules at the latest purchase."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.state: CustomerState = new_state("ann")
        self.explained: Mapping[str, RuleExplanation] = {}
        self.stepped: Mapping[str, str] = {}

    def sale(self, time: str = "2026-01-01T10:00Z", **data: object) -> Event:
        return self.program.event(
            source="till",
            id=time,
            type="purchase",
            customer="ann",
            time=read_time(time, ZoneInfo("UTC")),
            text=json.dumps(data),
        )

    def sell(self, time: str, **data: object) -> None:
        event, before = self.sale(time, **data), self.state
        self.explained = {rule.rule: rule for rule in explain(self.program, before, event).rules}
        self.state, outcome = step(self.program, before, event)
        self.stepped = {decision.rule: decision.id for decision in outcome.decisions}


@pytest.fixture
def till(program: Program) -> Till:
    return Till(program)


def test_rules_stand_in_the_order_in_which_they_decide(till: Till) -> None:
    till.sell("2026-01-01T10:00Z", amount=25)
    assert list(till.explained) == ["web", "earn", "birthday", "summer", "vinyl"]


def test_a_rule_that_fired(till: Till) -> None:
    till.sell("2026-01-01T10:00Z", amount=25.50, channel="web")
    assert till.explained["web"] == RuleExplanation(
        rule="web",
        verdict="fired",
        reason="its condition is true",
        decision=till.stepped["web"],
        condition=Drawing(
            "channel == 'web' and amount >= 20",
            True,
            True,
            (
                Drawing("channel == 'web'", True, True, (Drawing("channel", "web", None),)),
                Drawing("amount >= 20", True, True, (Drawing("amount", "25.50", None),)),
            ),
        ),
        starts=None,
        ends=None,
        limits=(
            LimitUse("1 per day", 1, "2025-12-31T23:00:00Z", ()),
            LimitUse("2 per month", 2, "2025-12-31T23:00:00Z", ()),
        ),
        facts={"amount": "25.50", "channel": "web"},
        effects=({"effect": "accrue", "wallet": "points", "points": 5},),
        entries=(EntryTold("points", 1, "accrue", "active", 5),),
    )


def test_a_rule_without_a_condition(till: Till) -> None:
    till.sell("2026-01-01T10:00Z", amount=25)
    earn = till.explained["earn"]
    assert (earn.verdict, earn.reason, earn.condition) == ("fired", "it has no condition", None)
    assert earn.decision == till.stepped["earn"]


def test_an_effect_that_could_do_nothing_says_so(till: Till) -> None:
    till.sell("2026-01-01T10:00Z")
    (effect,) = till.explained["earn"].effects
    assert effect["effect"] == "skipped"
    assert "missing" in str(effect["reason"])


def test_a_rule_held_by_a_limit_names_it_and_the_firings_that_count(till: Till) -> None:
    till.sell("2026-01-01T10:00Z", amount=25, channel="web")
    till.sell("2026-01-01T11:00Z", amount=25, channel="web")
    web = till.explained["web"]
    assert (web.verdict, web.reason) == ("held", "limit: 1 per day")
    assert web.decision == till.stepped["web"]
    assert web.effects == ()
    day, month = web.limits
    assert (day.firings, day.reached) == (("2026-01-01T10:00:00Z",), True)
    assert (month.firings, month.reached) == (("2026-01-01T10:00:00Z",), False)


def test_of_several_limits_the_one_that_holds_is_named(till: Till) -> None:
    for day in (1, 2, 3):
        till.sell(f"2026-01-0{day}T10:00Z", amount=25, channel="web")
    web = till.explained["web"]
    assert (web.verdict, web.reason) == ("held", "limit: 2 per month")
    assert [limit.reached for limit in web.limits] == [False, True]


def test_a_false_condition(till: Till) -> None:
    till.sell("2026-01-01T10:00Z", amount=19.99, channel="web")
    web = till.explained["web"]
    assert (web.verdict, web.reason, web.decision) == ("not true", "its condition is false", "")
    assert web.condition is not None
    assert [part.truth for part in web.condition.parts] == [True, False]
    assert web.facts == {"amount": "19.99", "channel": "web"}


def test_a_segment_is_opened_and_so_is_what_pauses_messages() -> None:
    text = """\
program: club
timezone: Europe/Oslo
customer: {town: text}
events: {purchase: {amount: money, town: text}, complaint: {}}
metrics: {spend: {sum: purchase.amount}}
segments: {rich: spend >= 50 and town == 'Oslo'}
pause: {promotional: spend < 10}
recovery: {complaints: {open: complaint, answered: purchase}}
rules:
  vip: {on: purchase, when: segment.rich or not paused.promotional, then: [set: {tags.vip: true}]}
"""
    program = load_from(Source({"club.yaml": text}, "club.yaml"), "compiled").program
    shop = Till(program)
    shop.sell("2026-01-01T10:00Z", amount=5, town="Bergen")
    condition = shop.explained["vip"].condition
    assert condition is not None
    rich, calm = condition.parts
    assert rich.parts == (
        Drawing(
            "spend >= 50 and town == 'Oslo'",
            False,
            False,
            (
                Drawing("spend >= 50", False, False, (Drawing("spend", "5.00", None),)),
                Drawing("town == 'Oslo'", None, None, (Drawing("town", None, None),)),
            ),
        ),
    )
    (paused,) = calm.parts
    assert paused.parts == (
        Drawing("spend < 10", True, True),
        Drawing("a case of complaints is open", False, False),
    )


def test_an_unknown_condition_names_what_is_missing(till: Till) -> None:
    till.sell("2026-01-01T10:00Z")
    assert till.explained["birthday"].reason == "its condition is unknown: birthday is missing"
    assert till.explained["web"].reason == (
        "its condition is unknown: amount and channel are missing"
    )
    condition = till.explained["web"].condition
    assert condition is not None
    assert condition.truth is None


def test_a_line_item_without_a_value_makes_a_condition_unknown(till: Till) -> None:
    till.sell("2026-01-01T10:00Z", items=[{"amount": 3}])
    assert till.explained["vinyl"].reason == ("its condition is unknown: a value in it is missing")


@pytest.mark.parametrize(
    ("time", "reason"),
    [
        ("2026-05-31T21:59:59Z", "it had not begun yet"),
        ("2026-06-30T22:00:00Z", "it had ended"),  # the last day counts whole, in Oslo
    ],
)
def test_a_rule_that_is_not_in_force(till: Till, time: str, reason: str) -> None:
    till.sell(time, amount=25)
    summer = till.explained["summer"]
    assert (summer.verdict, summer.reason, summer.decision) == ("not in force", reason, "")
    assert (summer.starts, summer.ends) == ("2026-05-31T22:00:00Z", "2026-06-30T22:00:00Z")
    assert summer.condition is not None
    assert summer.condition.truth is True


def test_explaining_changes_nothing(till: Till) -> None:
    till.sell("2026-01-01T10:00Z", amount=25, channel="web")
    before = till.state
    till.sell("2026-01-02T10:00Z", amount=25, channel="web")
    till.state = before
    first = till.explained
    till.sell("2026-01-02T10:00Z", amount=25, channel="web")
    assert till.explained == first


def test_an_explanation_is_plain_json(till: Till) -> None:
    till.sell("2026-01-01T10:00Z", amount=25, items=[{"sku": "LP", "amount": 25}])
    plain = to_builtins(list(till.explained.values()))
    assert json.loads(json.dumps(plain)) == json.loads(json.dumps(plain, default=str))
    vinyl = next(rule for rule in plain if rule["rule"] == "vinyl")
    assert vinyl["verdict"] == "fired"
    assert vinyl["facts"] == {"items": [{"sku": "LP", "amount": "25.00"}]}


def test_a_profile_is_the_customer_at_their_latest_event(till: Till) -> None:
    till.sell("2026-01-01T10:00Z", amount=25)
    till.sell("2026-03-01T10:00Z", amount=0.50)
    known = profile(till.program, till.state)
    assert (known.since, known.clock) == ("2026-01-01T10:00:00Z", "2026-03-01T10:00:00Z")
    assert known.metrics == {"orders": 2, "spend": "0.50"}
    assert known.attributes == {"birthday": None}
    assert known.balances == {"points": 2}


# --- selection --------------------------------------------------------------------------------

SELECTED = """\
program: club
timezone: Europe/Oslo
customer: {home: text}
events: {purchase: {n: integer}}
metrics: {orders: {count: purchase}}
wallets: {points: {price: 0.05}}
experiments: {test: {holdout: 100 %}}
groups:
  bonus: {stack: best, in: all, limit: 2 per day}
  all: {budget: {money: 2.00 per month}}
rules:
  r:
    on: purchase
    who: orders >= 2
    group: bonus
    schedule: {weekdays: thursday, hours: 08:00-20:00}
    cap: {points: 10 per day}
    budget: {customers: 2, count: 5 per year}
    cost: 0.10
    then: [{earn: {points: n}}]
  out: {on: purchase, experiment: test, then: [{earn: {points: 1}}]}
"""


@pytest.fixture(scope="module")
def selected() -> Program:
    return load_from(Source({"club.yaml": SELECTED}, "club.yaml"), "compiled").program


def test_a_rule_tells_for_whom_and_when_it_is(selected: Program) -> None:
    till = Till(selected)
    till.sell("2026-01-01T08:00Z", n=5)
    rule = till.explained["r"]
    assert (rule.verdict, rule.reason) == ("held", "who: orders >= 2")
    assert rule.who == Drawing("orders >= 2", False, False, (Drawing("orders", 1, None),))
    assert (rule.schedule, rule.scheduled) == ("on thursday at 08:00-20:00", True)
    till.sell("2026-01-01T19:00Z", n=5)
    rule = till.explained["r"]
    assert (rule.verdict, rule.scheduled) == ("not in force", False)
    assert rule.reason == "its schedule is on thursday at 08:00-20:00"
    assert rule.who is not None
    assert rule.who.truth is True


def test_a_rule_tells_what_was_used_before(selected: Program) -> None:
    till = Till(selected)
    till.sell("2026-01-01T08:00Z")
    till.sell("2026-01-01T09:00Z", n=7)
    assert till.explained["r"].cost == "0.45"
    pool = Pool({"budget r customers": 1, "budget group all money month 2026-01-01": 45})
    told = {rule.rule: rule for rule in explain(selected, till.state, till.sale(n=7), pool).rules}[
        "r"
    ]
    assert told.groups == (GroupUse("bonus", "best"), GroupUse("all", "all"))
    assert [(limit.limit, limit.group, len(limit.firings)) for limit in told.limits] == [
        ("2 per day", "bonus", 1)
    ]
    day, month = "2025-12-31T23:00:00Z", "2025-12-31T23:00:00Z"
    assert told.quotas == (
        QuotaUse("cap", "10 per day", "points", 10, 7, False, day),
        QuotaUse("budget", "2", "customers", 2, 1, False, None, "", True),
        QuotaUse("budget", "5 per year", "count", 5, 0, False, month),
        QuotaUse("budget", "2.00 per month", "money", "2.00", "0.45", False, month, "all"),
    )
    (effect,) = told.effects
    assert effect == {
        "effect": "accrue",
        "wallet": "points",
        "points": 3,
        "cut": 4,
        "by": "cap: 10 per day",
    }


def test_what_all_customers_share_is_as_it_was_then(selected: Program) -> None:
    till = Till(selected)
    till.sell("2026-01-01T08:00Z")
    told = explain(selected, till.state, till.sale(n=1), Pool({"budget r customers": 2})).rules[0]
    assert (told.verdict, told.reason) == ("held", "budget: 2")
    (customers,) = (quota for quota in told.quotas if quota.what == "customers")
    assert (customers.reached, customers.among) == (True, False)


def test_a_control_group_is_told(selected: Program) -> None:
    till = Till(selected)
    till.sell("2026-01-01T08:00Z", n=5)
    out = till.explained["out"]
    assert (out.verdict, out.reason) == ("held", "holdout: test")
    assert (out.experiment, out.held_out) == ("test", True)
