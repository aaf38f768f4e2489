"""Triggers in a store: how it is run changes nothing of what comes, and the log tells it again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from runner.histories import Line, NewShop, histories, on, run_anyhow

RULESET = """
program: shop
timezone: Europe/Oslo
events:
  purchase: {order: id, amount: money}
  return: {order: id}
  complaint: {case: id}
  survey: {case: id, score: integer}
metrics: {silences: {count: gone}, spend: {sum: purchase.amount, over: 20 days}}
wallets: {beans: {expires: 30 days}}
offers:
  back:
    open: {on: gone, when: times == 1}
    lasts: 10 days
    reach: {one: purchase}
    then: [earn: {beans: 50}]
triggers:
  gone: {silence: purchase, for: 9 days, repeat: 5 days, when: silences < 6}
  quiet: {silence: [purchase, survey], for: 1 month, since: enrolment}
  ask: {after: purchase, wait: 3 days, at: '09:00', unless: return, where: order == earlier.order}
  heard: {after: complaint, then: survey, within: 4 days, where: case == earlier.case}
  pay-day: {every: month, on: last}
  rich: {metric: spend, rises_to: 40}
  soon: {expires: beans, before: 7 days}
  hurry: {ends: back, before: 2 days}
  sorry: {after: heard, wait: 1 day}
rules:
  earn: {on: purchase, then: [earn: {beans: amount}]}
  write: {on: [gone, quiet, pay-day], then: [send: hello]}
  ask: {on: ask, then: [send: asked]}
  score: {on: heard, when: score < 3, then: [send: sorry]}
  thank: {on: [rich, sorry], then: [earn: {beans: 5}]}
  warn: {on: [soon, hurry], then: [emit: {type: complaint, customer: "'cat'", data: {case: "'w'"}}]}
messages:
  hello: {text: '{{ silences }}'}
  asked: {text: '{{ order }} {{ amount }} {{ since }}'}
  sorry: {text: '{{ case }} {{ earlier.time }}'}
"""

CUSTOMERS = ["ann", "bob", "cat"]


@given(
    histories(
        lambda number: st.sampled_from(
            [
                {"type": "purchase", "amount": 17, "order": "x"},
                {"type": "purchase", "amount": 25, "order": "y"},
                {"type": "return", "order": "x"},
                {"type": "complaint", "case": "w"},
                {"type": "survey", "case": "w", "score": 2},
            ]
        ),
        gaps=[0, 1, 24, 71, 72, 216, 300],
        customers=CUSTOMERS,
        most=8,
    ),
    st.data(),
)
def test_s2_s4_s11_batches_runs_and_looks_between_change_nothing(
    new_shop: NewShop, lines: list[Line], data: st.DataObject
) -> None:
    until = on(days=100)
    with new_shop() as simple, new_shop() as odd:
        simple.run(RULESET, lines, until=until)
        run_anyhow(odd, RULESET, lines, data, until=until, between=True)
        assert odd.history() == simple.history()
        odd.check()


def busy() -> Iterator[dict[str, object]]:
    kinds: Sequence[Mapping[str, object]] = (
        {"type": "purchase", "amount": 25, "order": "x"},
        {"type": "complaint", "case": "w"},
        {"type": "survey", "case": "w", "score": 2},
        {"type": "purchase", "amount": 25, "order": "y"},
        {"type": "return", "order": "x"},
    )
    for n in range(30):
        customer = CUSTOMERS[n // 5 % 2]
        yield {"id": n, "customer": customer, "time": on(n * 40), **kinds[n % len(kinds)]}


def test_histories_come_to_something(shop: Any) -> None:
    # Guards the test above: a history that decides nothing would prove nothing.
    summary = shop.run(RULESET, [*busy()], until=on(days=90))
    assert summary.fired.keys() >= {
        *(f"triggers.{name}" for name in ("gone", "quiet", "ask", "heard", "pay-day", "rich")),
        *("triggers.soon", "triggers.hurry", "triggers.sorry", "offers.back.opened"),
        *("earn", "write", "ask", "score", "thank", "warn"),
    }


def test_nobody_else_makes_the_event_of_a_trigger(shop: Any) -> None:
    lines = [{"id": 1, "type": "gone", "customer": "ann", "time": on(0)}]
    assert shop.run(RULESET, lines).rejected == {"reserved-type": 1}


def test_the_fields_of_a_trigger_are_in_the_log(shop: Any) -> None:
    shop.run(
        RULESET,
        [
            {"id": 1, "type": "complaint", "customer": "ann", "time": on(0), "case": "w"},
            {"id": 2, "type": "survey", "customer": "ann", "time": on(5), "case": "w", "score": 1},
        ],
    )
    assert shop.ask("select data from events where type = 'heard'") == [
        '{"case":"w","score":1,"earlier.case":"w","earlier.time":"2026-01-01T00:00:00Z"}'
    ]
    assert shop.ask("select count(*) from outbox where message = 'sorry'") == [1]
