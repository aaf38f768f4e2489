"""What is read at once is what is read value by value."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from loyalcore.errors import EventInvalid
from loyalcore.events import decode_data
from loyalcore.program.event_data import usual_reader
from loyalcore.program.plan import EventPlan

RULESET = """
program: club
events:
  purchase:
    amount: {type: money, required: true}
    channel: {type: text, one_of: [web, shop], required: true}
    wish: text
    till: {type: id, required: true}
    quantity: integer
    weight: number
    gift: flag
    birthday: date
    when: time
    labels: [text]
    items: [{sku: text, price: money}]
  blank: {}
  odd: {mro: text, self: {type: money, required: true}}
currency: EUR
timezone: Europe/Oslo
"""

WHOLE = {"amount": 12, "channel": "web", "till": "7"}


@pytest.fixture(scope="module")
def purchase(compiled: Callable[..., Any]) -> EventPlan:
    plan: EventPlan = compiled(RULESET).program.events["purchase"]
    return plan


@pytest.mark.parametrize(
    "text",
    [
        '{"amount":12.50,"channel":"web","till":"7"}',
        '{"amount":"12.50","channel":"shop","till":7,"wish":"ann","quantity":3,"gift":true}',
        '{"till":"7","channel":"web","amount":1,"quantity":null,"labels":["a"],"birthday":"2026-01-31"}',
        '{"amount":1,"channel":"web","till":"7","items":[{"sku":"x","price":0.5}],"weight":1.25}',
    ],
)
def test_what_is_as_usual_is_read_at_once(purchase: EventPlan, text: str) -> None:
    read = purchase.read_usual(text)
    assert read == purchase.read(decode_data(text))
    assert read is not None
    assert list(read) == list(purchase.fields)


@pytest.mark.parametrize(
    "changed",
    [
        {"extra": 1},
        {"amount": None},
        {"amount": "1.234"},
        {"channel": "mail"},
        {"channel": ""},
        {"till": ""},
        {"quantity": "3"},
        {"quantity": 2**63},
        {"gift": "yes"},
        {"wish": "x" * 10_001},
        {"birthday": "soon"},
    ],
)
def test_all_else_is_left_to_who_tells_what_is_wrong(
    purchase: EventPlan, changed: dict[str, object]
) -> None:
    assert purchase.read_usual(msgspec.json.encode({**WHOLE, **changed}).decode()) is None


@pytest.mark.parametrize("text", ["[]", "{", '{"amount":1e9999999999999999999}', ""])
def test_what_is_no_data_is_left_too(purchase: EventPlan, text: str) -> None:
    assert purchase.read_usual(text) is None


def test_an_event_without_fields() -> None:
    read = usual_reader({}, (), None)  # type: ignore[arg-type]
    assert read("{}") == {}
    assert read('{"amount":1}') is None


def test_fields_may_be_called_as_what_python_knows(compiled: Callable[..., Any]) -> None:
    odd: EventPlan = compiled(RULESET).program.events["odd"]
    assert odd.read_usual('{"self":2.5}') == {"mro": None, "self": 250}


NUMBERS = [
    *("0", "-0.0", "0.5", "-0.05", "12.340", "12.3400000000000000000000000000000000000000001"),
    *("1e2", "1.5E+1", "125e-2", "1e-3", "1e400", "1e-400", "1e99999999999999999999"),
    *("92233720368547758.07", "92233720368547758.08", "-92233720368547758.08"),
    *("9223372036854775808", "123456789012345678901234567890", "99999999999999999999.5"),
]

scalars = st.one_of(
    st.sampled_from(NUMBERS).map(lambda text: msgspec.Raw(text.encode())),
    st.none(),
    st.booleans(),
    st.integers(),
    st.decimals(allow_nan=False, allow_infinity=False, places=3),
    st.text(max_size=5),
    st.sampled_from(["web", "12.50", "2026-01-31", "2026-01-31T09:30:00Z", "1/3", "true", " "]),
)
values = st.one_of(scalars, st.lists(scalars, max_size=2), st.dictionaries(st.just("sku"), scalars))
NAMES = [
    *("amount", "channel", "wish", "till", "quantity"),
    *("weight", "gift", "birthday", "when", "labels"),
]


@given(
    data=st.dictionaries(st.sampled_from([*NAMES, "items", "extra"]), values), usual=st.booleans()
)
def test_whatever_comes_both_agree(
    purchase: EventPlan, data: dict[str, object], usual: bool
) -> None:
    encode = msgspec.json.Encoder(decimal_format="number").encode
    text = encode({**WHOLE, **data} if usual else data).decode()
    if (read := purchase.read_usual(text)) is None:
        return
    try:
        slowly = purchase.read(decode_data(text))
    except EventInvalid as error:
        raise AssertionError(f"{text} was read") from error
    assert read == slowly
    assert [type(value) for value in read.values()] == [type(value) for value in slowly.values()]
