"""Triggers compiled: what an author may write in them, and every mistake at its place."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from loyalcore.program.compiler import Compiled

Compile = Callable[..., Compiled]
Problems = Callable[..., list[str]]

CLUB = """\
program: club
currency: EUR
timezone: Europe/Oslo
customer: {birthday: date, zone: text, fan: flag, order: text}
events:
  purchase: {order: id, amount: money, items: [{sku: text}]}
  return: {purchase: id, amount: integer}
  visit: {order: id}
wallets: {beans: {expires: 12 months}, idle: {expires: 1 year without purchase}, kept: {}}
metrics: {orders: {count: purchase}, spend: {sum: purchase.amount, over: 90 days}}
segments: {big: spend > 100}
offers:
  card: {open: {on: purchase}, lasts: 30 days, reach: {count: visit, at_least: 3}}
  open-end: {open: {on: purchase}, reach: {one: visit}}
triggers:
  other: {every: day}
"""


def club(trigger: str, more: str = "") -> str:
    return f"{CLUB}  it: {trigger}\n{more or RULES}"


RULES = "rules: {earn: {on: [other, it], when: segment.big, then: [earn: {beans: 1}]}}\n"


@pytest.mark.parametrize(
    "trigger",
    [
        "{silence: purchase, for: 90 days}",
        "{silence: [purchase, visit], for: 3 months, repeat: 1 week, since: enrolment}",
        "{silence: other, for: 90 days, when: times < 3 and orders > 1 and segment.big}",
        "{after: purchase, wait: 3 days, when: amount > 10 and customer.fan and order != 'x'}",
        "{after: purchase, wait: 3 days, unless: return, where: purchase == earlier.order}",
        "{after: [purchase, visit], wait: 1 hour, at: 09:00, zone: zone, when: order == 'a'}",
        "{after: purchase, wait: 1 day, unless: purchase}",
        "{after: purchase, then: purchase, within: 7 days, where: amount > earlier.amount}",
        "{after: purchase, then: [visit, return], within: 7 days, when: earlier.amount > 5}",
        "{after: visit, then: return, within: 7 days, where: time > earlier.time}",
        "{after: points_expired, then: tier_left, within: 7 days, where: earlier.points > 5}",
        "{expires: beans, before: 14 days, when: points > 10 and weekday == 'monday'}",
        "{ends: card, before: 2 days, when: until > '2026-01-01'}",
        "{metric: spend, rises_to: 500, when: value > 600 and orders > 3}",
        "{anniversary: birthday, before: 7 days, when: years >= 18}",
        "{every: month, on: last, when: balance.beans > 10}",
    ],
)
def test_a_trigger_may_be_written_like_this(problems: Problems, trigger: str) -> None:
    assert problems(club(trigger)) == []


@pytest.mark.parametrize(
    ("trigger", "problem"),
    [
        (
            "{silence: purchse, for: 1 day}",
            "17: error: there is no event 'purchse' (did you mean 'purchase'?) [unknown-name]",
        ),
        (
            "{after: visit, wait: 1 day, unless: [purchase, retrun]}",
            "54: error: there is no event 'retrun' (did you mean 'return'?) [unknown-name]",
        ),
        (
            "{after: visit, then: it, within: 1 day}",
            "28: error: a trigger can't be on itself (declare 'it' first) [bad-trigger]",
        ),
        (
            "{silence: due, for: 1 day}",
            (
                "17: error: a trigger can't be on 'due', which is everything that time brings "
                "(name what it brings, such as points_expired, or another trigger) [bad-trigger]"
            ),
        ),
        (
            "{after: visit, then: return, within: 1 day, where: earlier.amount > 1}",
            (
                "58: error: there is no 'earlier.amount' (did you mean 'earlier.time'?) "
                "[unknown-name]"
            ),
        ),
        (
            "{after: visit, wait: 1 day, unless: [return, purchase], where: purchase == 'x'}",
            "70: error: there is no 'purchase' [unknown-name]",
        ),
        (
            "{after: purchase, then: return, within: 1 day, where: amount}",
            (
                "61: error: this is integer, where a condition should be (compare it with "
                "something, as in orders > 0) [not-a-condition]"
            ),
        ),
        (
            "{after: purchase, then: [visit, return], within: 1 day, when: order == 'x'}",
            "69: error: there is no 'order' here (write customer.order) [unknown-name]",
        ),
        (
            "{silence: visit, for: 1 day, when: event.type == 'due'}",
            "42: error: there is no 'event.type' [unknown-name]",
        ),
        (
            "{metric: spend, rises_to: 5, when: hour > 9}",
            (
                "42: error: 'hour' can't be watched: it is another at every moment (use a metric "
                "over a window, as {count: purchase, over: 90 days}, or a trigger on the calendar) "
                "[bad-watch]"
            ),
        ),
        (
            "{after: visit, wait: 1 day, at: 25:00}",
            "39: error: expected an hour of the day such as 09:00 [bad-value]",
        ),
        (
            "{expires: baens, before: 1 day}",
            "17: error: there is no wallet 'baens' (did you mean 'beans'?) [unknown-name]",
        ),
        (
            "{expires: kept, before: 1 day}",
            "17: error: points of 'kept' never expire (say when in the wallet) [bad-trigger]",
        ),
        (
            "{expires: idle, before: 1 day}",
            (
                "17: error: when points of 'idle' expire is known only as they do: by inactivity "
                "(use a silence, of the events that keep them alive) [bad-trigger]"
            ),
        ),
        (
            "{ends: crad, before: 1 day}",
            "14: error: there is no offer 'crad' (did you mean 'card'?) [unknown-name]",
        ),
        (
            "{ends: open-end, before: 1 day}",
            "14: error: the offer 'open-end' never ends (give it lasts or ends) [bad-trigger]",
        ),
    ],
)
def test_a_mistake_is_told_where_it_stands(problems: Problems, trigger: str, problem: str) -> None:
    assert problems(club(trigger)) == [f"club.yaml:17:{problem}"]


def test_a_trigger_is_on_those_above_it(problems: Problems) -> None:
    below = "  below: {every: day}\nrules: {all: {on: [other, it, below], then: [send: m]}}\n"
    below += "messages: {m: {text: Hello}}\n"
    assert problems(club("{silence: below, for: 1 day}", below)) == [
        (
            "club.yaml:17:17: error: a trigger may be on those above it, and 'below' is not one "
            "that is sound (declare 'below' first) [bad-trigger]"
        )
    ]


@pytest.mark.parametrize("name", ["purchase", "tier_entered"])
def test_a_trigger_has_a_name_of_its_own(problems: Problems, name: str) -> None:
    text = club("{every: day}").replace("  it:", f"  {name}:").replace(", it]", "]")
    message = f"there is an event '{name}' already (give the trigger another name)"
    assert f"club.yaml:17:3: error: {message} [reserved-name]" in problems(text)


def test_what_follows_from_a_trigger_with_a_mistake_is_not_told(problems: Problems) -> None:
    (problem,) = problems(club("{after: purchse, wait: 1 day}"))
    assert "purchse" in problem


def test_a_metric_is_not_named_as_a_field_of_a_trigger(problems: Problems) -> None:
    text = club("{silence: purchase, for: 1 day}").replace("orders:", "times:")
    assert problems(text) == [
        (
            "club.yaml:10:11: error: 'times' is already a field of an event (give the metric "
            "another name) [reserved-name]"
        )
    ]


FIELDS = [
    ("{silence: purchase, for: 90 days}", {"since": "time", "times": "integer"}),
    ("{after: visit, wait: 1 day}", {"order": "id", "since": "time"}),
    ("{after: [purchase, visit], wait: 1 day}", {"order": "id", "since": "time"}),
    ("{after: [purchase, return], wait: 1 day}", {"since": "time"}),
    (
        "{after: visit, then: return, within: 1 day}",
        {
            "purchase": "id",
            "amount": "integer",
            "earlier.order": "id",
            "earlier.time": "time",
        },
    ),
    (
        "{after: [purchase, visit], then: [return, purchase], within: 1 day}",
        {"earlier.order": "id", "earlier.time": "time"},
    ),
    ("{every: month}", {}),
    ("{once: '2026-12-24'}", {}),
    ("{anniversary: birthday}", {"years": "integer", "since": "date"}),
    ("{anniversary: customer.since}", {"years": "integer", "since": "time"}),
    ("{metric: spend, rises_to: 500}", {"value": "money"}),
    ("{metric: orders, rises_to: 5}", {"value": "integer"}),
    ("{enters: big}", {}),
    ("{expires: beans, before: 1 day}", {"wallet": "text", "points": "integer", "expires": "time"}),
    ("{ends: card, before: 1 day}", {"offer": "text", "number": "integer", "until": "time"}),
]


@pytest.mark.parametrize(("trigger", "fields"), FIELDS)
def test_its_event_has_fields(compiled: Compile, trigger: str, fields: dict[str, str]) -> None:
    program = compiled(club(trigger)).program
    assert {n: str(t) for n, t in program.events["it"].fields.items()} == fields


@pytest.mark.parametrize(
    ("metric", "kind"),
    [
        ("{sum: purchase, of: amount * 2}", "money"),
        ("{average: return.amount}", "number"),
        ("{max: return.amount, over: 9 days}", "integer"),
    ],
)
def test_the_value_of_a_metric_has_its_type(compiled: Compile, metric: str, kind: str) -> None:
    text = club("{metric: spend, rises_to: 5}").replace(
        "{sum: purchase.amount, over: 90 days}", metric
    )
    text = text.replace("{big: spend > 100}", "{big: orders > 1}")
    assert str(compiled(text).program.events["it"].fields["value"]) == kind


def test_a_sequence_of_sequences_has_the_fields_of_its_own_two_events(compiled: Compile) -> None:
    text = club(
        "{after: visit, then: return, within: 1 day}",
        (
            "  two: {after: it, then: purchase, within: 1 day}\n"
            "  third: {after: visit, then: it, within: 1 day}\n"
            "  wait: {after: it, wait: 1 day}\n"
        ),
    )
    events = compiled(text).program.events
    assert [*events["two"].fields] == [
        *("order", "amount", "items", "earlier.purchase", "earlier.amount", "earlier.time")
    ]
    assert [*events["third"].fields] == ["purchase", "amount", "earlier.order", "earlier.time"]
    assert [*events["wait"].fields][2:] == ["earlier.order", "earlier.time", "since"]


def test_fields_with_a_dot_are_read_in_rules_metrics_and_messages(problems: Problems) -> None:
    rules = """
rules:
  say:
    on: it
    when: earlier.amount > 10 and amount <= 3 and segment.big
    then: [send: thanks]
messages: {thanks: {text: 'For {{ earlier.order }}: {{ earlier.amount }}, {{ earlier.time }}'}}
"""
    text = club("{after: purchase, then: return, within: 9 days}", rules)
    text = text.replace("orders:", "returned: {sum: it, of: earlier.amount}, orders:")
    assert problems(text.replace("  other: {every: day}\n", "")) == []
