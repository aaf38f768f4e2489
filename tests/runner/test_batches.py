"""The file doesn't tell how it was written: in what batches, runs, order or process (S2, S11)."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from runner.histories import Line, NewShop, run_anyhow

RULESET = """
program: shop
currency: EUR
timezone: Europe/Oslo
customer: {share: number, seen: date, name: text}
events:
  purchase: {amount: money, kilos: number, friend: id}
  hello: {by: id, worth: number}
  rename: {name: {type: text, required: true}}
metrics:
  orders: {count: purchase}
  spend: {sum: purchase.amount, over: 3 days}
  before: {sum: purchase.amount, over: 2 days, ending: 2 days ago}
  mean: {average: purchase.kilos, over: this month}
  friends: {distinct: hello.by}
wallets: {points: {rounding: half even}, stars: {}}
rules:
  earn:
    on: purchase
    priority: 1
    then: [earn: {points: amount / 3}]
  often:
    on: purchase
    when: orders >= 2 and spend > before
    limit: [1 per day, 2 per 4 days]
    then: [earn: {stars: 1}, issue: {voucher: cake}, set: {tags.often: true}]
  tell:
    on: purchase
    when: not missing(friend)
    then: [emit: {type: hello, customer: friend, data: {by: customer.id, worth: mean / 3}}]
  back:
    on: hello
    when: friends < 3
    then:
      - earn: {points: worth}
      - send: thanks
      - emit: {type: hello, customer: by, data: {by: customer.id, worth: worth}}
  heavy:
    on: [purchase, hello]
    when: mean > 1 or share > 0.5
    then: [set: {share: mean / 7, seen: date}]
  rename:
    on: rename
    limit: once
    then: [set: {name: name}, send: welcome]
messages:
  thanks: {text: 'Thank you, from {{ by }}.'}
  welcome: {text: 'Welcome {{ name }}, you have {{ balance.points }}.'}
"""

CUSTOMERS = ["ann", "bob", "cat", "dan"]

# What a customer does, some of which will be refused.
deeds = st.one_of(
    st.fixed_dictionaries(
        {"type": st.just("purchase"), "amount": st.sampled_from([0, 1, "2.50", 10, "much"])},
        optional={
            "kilos": st.sampled_from([0, 1, "0.1", 3]),
            "friend": st.sampled_from([*CUSTOMERS, "eve"]),
        },
    ),
    st.fixed_dictionaries({"type": st.just("hello"), "by": st.sampled_from(CUSTOMERS)}),
    st.fixed_dictionaries(
        {"type": st.just("rename")}, optional={"name": st.sampled_from(["Ann", "Bo"])}
    ),
    st.just({"type": "unheard-of"}),
)


@st.composite
def several(draw: st.DrawFn) -> list[Line]:
    """Lines of events in the order of a run, with repetitions, and ids used twice."""
    lines: list[Line] = []
    minute = 0
    for number, deed in enumerate(draw(st.lists(deeds, min_size=1, max_size=25))):
        minute += draw(st.sampled_from([0, 0, 1, 720, 3 * 1440]))
        source = draw(st.sampled_from(["till", "web"]))
        envelope = {"id": f"{number:03}", "customer": draw(st.sampled_from(CUSTOMERS))}
        lines.append({**envelope, "source": source, "time": time(minute), **deed})
    lines += draw(st.lists(st.sampled_from(lines), max_size=4))
    for line in draw(st.lists(st.sampled_from(lines), max_size=2)):
        minute += 1
        lines.append({**line, "time": time(minute), "type": "hello"})
    return sorted(lines, key=lambda line: (line["time"], line["source"], line["id"]))


def time(minute: int) -> str:
    days, minute = divmod(minute, 1440)
    return f"2026-{1 + days // 28:02}-{1 + days % 28:02}T{minute // 60:02}:{minute % 60:02}Z"


@given(several(), st.data())
def test_s2_s11_batches_runs_files_order_and_matcher_change_nothing(
    new_shop: NewShop, lines: list[Line], data: st.DataObject
) -> None:
    with new_shop() as simple, new_shop() as odd:
        simple.run(RULESET, lines)
        run_anyhow(odd, RULESET, lines, data)
        assert odd.history() == simple.history()
        odd.check()


def test_histories_come_to_something(shop: Any) -> None:
    # Guards the test above: a history that decides nothing would prove nothing.
    lines = [
        {"id": str(n), "customer": CUSTOMERS[n % 4], "type": "purchase", "time": time(n * 700)}
        | {"amount": n, "kilos": n % 5, "friend": CUSTOMERS[n % 3]}
        for n in range(40)
    ]
    lines.append({"id": "r", "customer": "ann", "type": "rename", "time": time(9), "name": "Ann"})
    summary = shop.run(RULESET, lines)
    assert {*summary.fired} == {"earn", "often", "tell", "back", "heavy", "rename"}
    assert summary.held.keys() == {"often"}
    assert summary.emitted > 40
