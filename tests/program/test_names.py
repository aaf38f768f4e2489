"""Which names an expression may use, and which can't be given."""

from __future__ import annotations

from collections.abc import Callable

import pytest

Problems = Callable[..., list[str]]

HEAD = "program: club\nwallets: {beans: }\n"


def rule(condition: str, on: str = "purchase") -> str:
    return f"rules: {{r: {{on: {on}, when: {condition!r}, then: [{{issue: {{voucher: x}}}}]}}}}\n"


@pytest.mark.parametrize(
    "condition",
    [
        "amount > 1",
        "name == 'Ola'",  # a customer attribute
        "customer.name == 'Ola'",
        "consent.email",
        "customer.consent.email",
        "shop == 'A' and customer.shop == 'B'",  # a field, and an attribute of the same name
        "orders > 1",
        "balance.beans >= 10",
        "contains(tags, 'vip')",
        "weekday == 'friday' and hour >= 12 and year > 2000 and month == 1 and day == 1",
        "date > '2026-01-01' and time > '2026-01-01T09:00Z'",
        "event.id == 'x' and event.type == 'purchase' and event.source == 'till'",
        "customer.id == 'x' and customer.since < time",
    ],
)
def test_a_rule_may_ask_for(problems: Problems, condition: str) -> None:
    text = (
        HEAD
        + """\
customer: {name: text, shop: text, consent: {email: flag}}
events: {purchase: {amount: money, shop: text}}
metrics: {orders: {count: purchase}}
"""
        + rule(condition)
    )
    assert problems(text) == []


@pytest.mark.parametrize(
    ("where", "says"),
    [
        ("shop == 'A' and weekday == 'friday' and event.source == 'till'", None),
        ("name == 'Ola'", "there is no 'name'"),  # it would change what is kept for ever
        ("orders > 1", "there is no 'orders'"),
        ("balance.beans > 1", "there is no 'balance.beans'"),
        ("customer.id == 'x'", "there is no 'customer.id'"),
    ],
)
def test_a_metric_may_ask_for_its_event_only(
    problems: Problems, where: str, says: str | None
) -> None:
    text = (
        HEAD
        + f"""\
customer: {{name: text}}
events: {{purchase: {{shop: text}}}}
metrics: {{orders: {{count: purchase}}, some: {{count: purchase, where: {where!r}}}}}
"""
    )
    told = [] if says is None else [f"club.yaml:5:70: error: {says} [unknown-name]"]
    assert problems(text) == told


@pytest.mark.parametrize(
    ("declared", "problem"),
    [
        (
            "events: {visit: {customer: id}}",
            (
                "3:18: error: 'customer' is part of every event's envelope (give the field another"
                " name) [reserved-name]"
            ),
        ),
        (
            "events: {visit: {weekday: text}}",
            (
                "3:18: error: 'weekday' already has a meaning in every expression (give the field"
                " another name) [reserved-name]"
            ),
        ),
        (
            "events: {visit: {balance: money}}",
            (
                "3:18: error: 'balance' already has a meaning in every expression (give the field"
                " another name) [reserved-name]"
            ),
        ),
        (
            "events: {visit: {}}\ncustomer: {tags: text}",
            (
                "4:12: error: 'tags' already has a meaning in every expression (give the attribute"
                " another name) [reserved-name]"
            ),
        ),
        (
            "events: {visit: {}}\ncustomer: {since: date}",
            (
                "4:12: error: customer.since is always there (take it out, or give the attribute"
                " another name) [reserved-name]"
            ),
        ),
        (
            "events: {visit: {}}\nmetrics: {hour: {count: visit}}",
            (
                "4:11: error: 'hour' is already a name that every expression knows (give the metric"
                " another name) [reserved-name]"
            ),
        ),
        (
            "events: {visit: {}}\ncustomer: {age: integer}\nmetrics: {age: {count: visit}}",
            (
                "5:11: error: 'age' is already a customer attribute (give the metric another name)"
                " [reserved-name]"
            ),
        ),
        (
            "events: {visit: {}}\ncustomer: {seen: {web: flag}}\nmetrics: {seen: {count: visit}}",
            (
                "5:11: error: 'seen' is already a customer attribute (give the metric another name)"
                " [reserved-name]"
            ),
        ),
        (
            "events: {visit: {page: text}}\nmetrics: {page: {count: visit}}",
            (
                "4:11: error: 'page' is already a field of an event (give the metric another name)"
                " [reserved-name]"
            ),
        ),
    ],
)
def test_a_name_that_is_taken_is_refused(problems: Problems, declared: str, problem: str) -> None:
    assert problems(f"{HEAD}{declared}\n") == [f"club.yaml:{problem}"]


def test_inside_a_group_a_name_is_free(problems: Problems) -> None:
    # consent.time can't be mistaken for the time of the event.
    assert problems(HEAD + "customer: {consent: {time: time, id: id}}\nevents: {visit: {}}\n") == []


@pytest.mark.parametrize(
    ("declared", "problem"),
    [
        (
            "events: {visit: {page: {title: text}}}",
            (
                "3:24: error: an event's field can't be a group (line items are written as a list:"
                " [{sku: text}]) [bad-field]"
            ),
        ),
        (
            "events: {visit: {pages: [{parts: [{a: text}]}]}}",
            "3:34: error: a line item's field can't have fields of its own [bad-field]",
        ),
        (
            "events: {visit: {pages: [{title: {type: text, required: true}}]}}",
            "3:34: error: only a field of an event can be required [bad-field]",
        ),
        (
            "events: {visit: {}}\ncustomer: {pages: [{title: text}]}",
            "4:19: error: an attribute can't be line items [bad-field]",
        ),
        (
            "events: {visit: {}}\ncustomer: {age: {type: integer, required: true}}",
            "4:17: error: only a field of an event can be required [bad-field]",
        ),
    ],
)
def test_a_field_stands_where_it_can_be(problems: Problems, declared: str, problem: str) -> None:
    assert problems(f"{HEAD}{declared}\n") == [f"club.yaml:{problem}"]
