"""Two customers turn out to be one: what goes along, what the other gets back, and who may not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loyalcore.engine.state import CustomerState, pack_state, unpack_state

Clubs = Callable[[str], Any]

CLUB = """
customer: {name: text, city: text, size: integer}
events:
  purchase: {order: id, amount: money}
  refund: {order: id, amount: money, reverses: {event: purchase, by: order}}
  delivery: {order: id, activates: {event: purchase, by: order}}
  redeem: {reward: text, redeems: reward}
  profile: {name: text, city: text}
  merge: {into: id, merges: into}
  split: {customer_id: id, unmerges: customer_id}
wallets:
  beans: {expires: 90 days}
  cups: {pending: until delivery}
  stars: {minimum: -100}
rewards:
  mug: {price: {stars: 30}}
rules:
  earn: {on: purchase, then: [{earn: {beans: amount, cups: amount / 10}}]}
  stars: {on: purchase, cap: {stars: 20 per day}, then: [{earn: {stars: 10}}]}
  first: {on: purchase, limit: once, then: [set: {tags.buyer: true}, send: welcome]}
  profile: {on: profile, then: [set: {name: name, city: city}]}
offers:
  trio:
    open: {on: purchase}
    lasts: 30 days
    reach: {count: purchase, at_least: 3}
    then: [{earn: {stars: 50}}]
messages: {welcome: {text: Welcome.}}
"""


def merged(club: Clubs) -> Any:
    """Bob, who is also ann: he has bought twice, and she once."""
    shop = club(CLUB)
    shop.happens("purchase", "2026-01-01T10:00", "bob", order="b1", amount=10)
    shop.happens("purchase", "2026-01-02T10:00", "bob", order="b2", amount=20)
    shop.happens("purchase", "2026-01-03T10:00", "ann", order="a1", amount=40)
    shop.happens("profile", "2026-01-04T10:00", "bob", name="Bob", city="Oslo")
    shop.happens("profile", "2026-01-04T10:00", "ann", name="Ann")
    return shop.happens("merge", "2026-01-05T10:00", "bob", into="ann")


def test_everything_goes_along_and_nothing_is_lost(club: Clubs) -> None:
    shop = merged(club)
    assert shop.fired == ["events.merge.merges", "events.merge.merges"]
    assert [line for line in shop.entries if line.startswith("beans")] == [
        "beans 1 transfer out: -10 active",
        "beans 1 transfer out: +10 moved",
        "beans 4 transfer out: -20 active",
        "beans 4 transfer out: +20 moved",
        "beans 4 transfer in: +10 active",
        "beans 7 transfer in: +20 active",
    ]
    ann, bob = shop.states["ann"], shop.states["bob"]
    assert ann.account.balances == {"beans": 70, "stars": 30}
    assert ann.account.pending == {"cups": 7}
    assert ann.attributes == {"name": "Ann", "city": "Oslo"}
    assert ann.tags == ("buyer",)
    assert bob.merged == "ann"
    assert bob.account.balances == bob.account.pending == {}
    assert bob.due is None
    assert shop.outcomes[1].recount


def test_points_keep_their_expiry(club: Clubs) -> None:
    shop = merged(club).waits("2026-04-02")
    assert "beans 4 expire: +10 expired" in shop.entries
    assert shop.balance("beans") == 60


def test_later_events_are_the_other_customers(club: Clubs) -> None:
    shop = merged(club).happens("purchase", "2026-01-06T10:00", "bob", order="b3", amount=5)
    assert [outcome.event.customer for outcome in shop.outcomes] == ["ann"]
    assert shop.balance("beans") == 75
    assert shop.balance("beans", "bob") == 0


def test_what_was_done_once_is_not_done_again(club: Clubs) -> None:
    shop = club(CLUB)
    shop.happens("purchase", "2026-01-01T10:00", "bob", amount=1)
    shop.happens("purchase", "2026-01-01T11:00", "bob", amount=1)
    shop.happens("merge", "2026-01-01T12:00", "bob", into="ann")
    shop.happens("purchase", "2026-01-01T13:00", "ann", amount=1)
    assert shop.held["first"] == "limit: once"
    assert shop.held["stars"].startswith("cap: 20 per day")


def test_a_purchase_of_before_may_be_refunded_and_delivered(club: Clubs) -> None:
    shop = merged(club)
    shop.happens("delivery", "2026-01-06T10:00", "bob", order="b2")
    assert shop.fired == ["events.delivery.activates"]
    assert shop.balance("cups") == 2
    shop.happens("refund", "2026-01-07T10:00", "ann", order="b2", amount=15)
    assert shop.effects[0]["taken"] == {"beans": 15, "cups": 1, "stars": 7}
    shop.happens("refund", "2026-01-08T10:00", "bob", order="a1", amount=40)
    assert shop.effects[0]["taken"] == {"beans": 40, "cups": 4, "stars": 10}


def test_what_was_refunded_before_is_not_asked_for_again(club: Clubs) -> None:
    shop = club(CLUB)
    shop.happens("purchase", "2026-01-01T10:00", "bob", order="b1", amount=100)
    shop.happens("refund", "2026-01-02T10:00", "bob", order="b1", amount=60)
    shop.happens("merge", "2026-01-03T10:00", "bob", into="ann")
    assert shop.balance("beans") == 40
    shop.happens("refund", "2026-01-04T10:00", "bob", order="b1", amount=20)
    assert shop.balance("beans") == 20
    shop.happens("split", "2026-01-05T10:00", "ann", customer_id="bob")
    shop.happens("refund", "2026-01-06T10:00", "bob", order="b1", amount=20)
    assert shop.balance("beans", "bob") == 0
    shop.happens("refund", "2026-01-07T10:00", "bob", order="b1", amount=20)
    assert shop.held == {
        "events.refund.reverses": "nothing is left: purchase b1 was refunded in full"
    }


def test_a_refund_that_came_first_waits_on(club: Clubs) -> None:
    shop = club(CLUB)
    shop.happens("refund", "2026-01-01T10:00", "bob", order="b1", amount=5)
    shop.happens("merge", "2026-01-02T10:00", "bob", into="ann")
    shop.happens("purchase", "2026-01-03T10:00", "bob", order="b1", amount=10)
    assert "events.refund.reverses" in shop.fired
    assert shop.balance("beans") == 5


def test_open_offers_go_on_under_a_new_number(club: Clubs) -> None:
    shop = club(CLUB)
    shop.happens("purchase", "2026-01-01T10:00", "bob", amount=1)
    shop.happens("purchase", "2026-01-02T10:00", "bob", amount=1)
    shop.happens("purchase", "2026-01-03T10:00", "ann", amount=1)
    shop.happens("merge", "2026-01-05T10:00", "bob", into="ann")
    brought = shop.states["ann"].offers[1:]
    assert [(one.number, one.offer, len(one.parts)) for one in brought] == [(2, "trio", 1)]
    assert shop.states["bob"].offers == ()

    shop.happens("split", "2026-01-06T10:00", "ann", customer_id="bob")
    assert [one.number for one in shop.states["ann"].offers] == [1]
    assert [(one.number, one.ends) for one in shop.states["bob"].offers] == [
        (2, brought[0].ends),
    ]


def test_a_debt_goes_along_and_back(club: Clubs) -> None:
    shop = club(CLUB)
    shop.happens("redeem", "2026-01-01T10:00", "bob", reward="mug")
    for hour in (10, 11):
        shop.happens("purchase", f"2026-01-02T{hour}:00", "ann", amount=1)
    shop.happens("merge", "2026-01-05T10:00", "bob", into="ann")
    assert (shop.balance("stars"), shop.balance("stars", "bob")) == (-10, 0)
    assert not any(lot.owed for lot in shop.states["bob"].account.lots)
    shop.happens("split", "2026-01-06T10:00", "ann", customer_id="bob")
    assert (shop.balance("stars"), shop.balance("stars", "bob")) == (20, -30)


def test_taken_apart_each_has_what_is_left_of_their_own(club: Clubs) -> None:
    shop = merged(club)
    shop.happens("purchase", "2026-01-06T10:00", "bob", order="b3", amount=5)
    shop.happens("redeem", "2026-01-07T10:00", "ann", reward="mug")
    shop.happens("split", "2026-01-08T10:00", "ann", customer_id="bob")
    assert shop.fired == ["events.split.unmerges", "events.split.unmerges"]
    ann, bob = shop.states["ann"], shop.states["bob"]
    # What came for bob meanwhile is ann's, and so is what it earned with the offer that he had
    # begun; the mug took the stars that were opened first: hers of before, and his.
    assert ann.account.balances == {"beans": 45, "stars": 60}
    assert bob.account.balances == {"beans": 30}
    assert (ann.account.pending, bob.account.pending) == ({"cups": 4}, {"cups": 3})
    assert (ann.attributes, bob.attributes) == ({"name": "Ann"}, {"name": "Bob", "city": "Oslo"})
    assert (ann.tags, bob.tags) == (("buyer",), ("buyer",))
    assert (bob.merged, bob.formerly, ann.absorbed) == ("", ("ann",), {})

    shop.happens("purchase", "2026-01-09T10:00", "bob", order="b4", amount=1)
    assert shop.outcomes[0].event.customer == "bob"
    shop.happens("delivery", "2026-01-10T10:00", "bob", order="b2")
    assert shop.balance("cups", "bob") == 2


def test_what_has_changed_since_stays(club: Clubs) -> None:
    shop = merged(club)
    shop.happens("profile", "2026-01-06T10:00", "bob", name="Ann", city="Bergen")
    shop.happens("split", "2026-01-08T10:00", "ann", customer_id="bob")
    assert shop.states["ann"].attributes == {"name": "Ann", "city": "Bergen"}
    assert shop.states["bob"].attributes == {"name": "Bob", "city": "Oslo"}


def test_customers_may_be_merged_again(club: Clubs) -> None:
    shop = merged(club).happens("split", "2026-01-08T10:00", "ann", customer_id="bob")
    shop.happens("merge", "2026-01-09T10:00", "ann", into="bob")
    assert (shop.balance("beans"), shop.balance("beans", "bob")) == (0, 70)


@pytest.mark.parametrize(
    ("type", "customer", "data", "reason"),
    [
        ("merge", "ann", {}, "into is missing"),
        ("merge", "ann", {"into": "ann"}, "into the same customer"),
        ("merge", "bob", {"into": "ann"}, "into the same customer"),  # bob is ann already
        ("merge", "ann", {"into": "bob"}, "bob is merged into this customer"),
        ("merge", "ann", {"into": "a\nb"}, "customer has control characters"),
        ("split", "ann", {}, "customer_id is missing"),
        ("split", "ann", {"customer_id": "cat"}, "cat is not merged into this customer"),
        ("split", "cat", {"customer_id": "bob"}, "bob is not merged into this customer"),
    ],
)
def test_what_can_not_be_done_says_why(
    club: Clubs, type: str, customer: str, data: dict[str, object], reason: str
) -> None:
    shop = merged(club)
    before = shop.states["ann"]
    shop.happens(type, "2026-01-06T10:00", customer, **data)
    assert [*shop.held.values()] == [reason]
    assert shop.states["ann"].account == before.account


def test_who_was_merged_first_goes_along_and_is_taken_out_last(club: Clubs) -> None:
    shop = merged(club)
    shop.happens("merge", "2026-01-06T10:00", "ann", into="eve")
    assert shop.balance("beans", "eve") == 70
    shop.happens("purchase", "2026-01-06T12:00", "bob", order="b3", amount=5)
    assert shop.outcomes[0].event.customer == "eve"
    shop.happens("merge", "2026-01-06T13:00", "eve", into="bob")
    assert shop.held == {"events.merge.merges": "bob is merged into this customer"}
    shop.happens("split", "2026-01-06T14:00", "eve", customer_id="bob")
    reason = "bob is merged into ann; take ann out first"
    assert shop.held == {"events.split.unmerges": reason}

    shop.happens("split", "2026-01-07T10:00", "eve", customer_id="ann")
    assert (shop.balance("beans"), shop.balance("beans", "eve")) == (70, 5)
    shop.happens("split", "2026-01-08T10:00", "ann", customer_id="bob")
    assert (shop.balance("beans"), shop.balance("beans", "bob")) == (40, 30)


def test_who_is_merged_into_a_merged_customer_is_the_others(club: Clubs) -> None:
    shop = merged(club)
    shop.happens("purchase", "2026-01-06T10:00", "eve", order="e1", amount=5)
    shop.happens("merge", "2026-01-07T10:00", "eve", into="bob")
    assert shop.balance("beans") == 75
    shop.happens("split", "2026-01-08T10:00", "ann", customer_id="bob")
    reason = "eve was merged into bob since; take eve out first"
    assert shop.held == {"events.split.unmerges": reason}
    shop.happens("split", "2026-01-08T11:00", "ann", customer_id="eve")
    shop.happens("split", "2026-01-08T12:00", "ann", customer_id="bob")
    assert [shop.balance("beans", who) for who in ("ann", "bob", "eve")] == [40, 30, 5]


def test_two_who_are_merged_into_each_other_at_once_are_one(club: Clubs) -> None:
    # Both merges are emitted by one event: the second finds that the first was done.
    rules = """  both:
    on: profile
    then:
      - emit: {type: merge, customer: "'bob'", data: {into: "'eve'"}}
      - emit: {type: merge, customer: "'eve'", data: {into: "'bob'"}}
"""
    shop = club(CLUB.replace("offers:\n", rules + "offers:\n"))
    shop.happens("profile", "2026-01-01T10:00", "ann")
    assert shop.states["bob"].merged == "eve"
    assert shop.states["eve"].merged == ""
    assert shop.held == {"events.merge.merges": "bob is merged into this customer"}


def test_an_event_for_a_merged_customer_waits_for_the_others_clock(club: Clubs) -> None:
    rule = "  tell: {on: profile, then: [{emit: {type: delivery, customer: \"'bob'\"}}]}\n"
    shop = merged(lambda text: club(text.replace("offers:\n", rule + "offers:\n")))
    shop.happens("profile", "2026-01-02T10:00", "eve")
    told = shop.outcomes[-1].event
    assert (told.customer, told.time) == ("ann", shop.states["ann"].clock)


def test_frozen_wallets_stay_frozen(club: Clubs) -> None:
    rule = "  fraud: {on: profile, then: [{freeze: beans}]}\n"
    shop = club(CLUB.replace("offers:\n", rule + "offers:\n"))
    shop.happens("profile", "2026-01-01T10:00", "bob")
    shop.happens("merge", "2026-01-02T10:00", "bob", into="ann")
    assert shop.states["ann"].account.frozen == ("beans",)
    shop.happens("split", "2026-01-03T10:00", "ann", customer_id="bob")
    assert [shop.states[who].account.frozen for who in ("ann", "bob")] == [(), ("beans",)]


def test_a_state_that_is_merged_is_stored_whole(club: Clubs) -> None:
    shop = merged(club)
    for state in shop.states.values():
        packed = pack_state(shop.program, state)
        assert unpack_state(shop.program, packed, list) == state


# Whatever the two had: once taken apart again, at once, it is as if nothing had been.

deeds = st.tuples(
    st.sampled_from(["ann", "bob"]),
    st.one_of(
        st.fixed_dictionaries(
            {
                "type": st.just("purchase"),
                "order": st.sampled_from("123"),
                "amount": st.integers(1, 30),
            }
        ),
        st.fixed_dictionaries(
            {
                "type": st.just("refund"),
                "order": st.sampled_from("123"),
                "amount": st.integers(1, 30),
            }
        ),
        st.fixed_dictionaries({"type": st.just("delivery"), "order": st.sampled_from("123")}),
        st.just({"type": "redeem", "reward": "mug"}),
        st.fixed_dictionaries(
            {"type": st.just("profile")},
            optional={
                "name": st.sampled_from(["Ann", "Bob"]),
                "city": st.sampled_from(["Oslo", "Rome"]),
            },
        ),
    ),
    st.integers(0, 20),
)


def known(state: CustomerState) -> object:
    """What must be as it was: points by what becomes of them, and what else is known."""
    lots = sorted(
        (lot.wallet, lot.pending, lot.active, str((lot.activates, lot.expires)))
        for lot in state.account.lots
        if lot.pending or lot.active
    )
    account = state.account
    offers = [(one.offer, one.opened, one.ends, one.parts) for one in state.offers]
    return (
        (lots, account.balances, account.pending, state.tags, state.attributes, offers),
        (state.fired, state.used, state.waiting, state.merged, state.absorbed, state.due),
    )


@given(st.lists(deeds, max_size=12))
def test_a_merge_that_is_undone_leaves_everything_as_it_was(
    club: Clubs, history: list[tuple[str, dict[str, object], int]]
) -> None:
    shop = club(CLUB)
    day = 0
    for customer, deed, later in history:
        day += later
        time = f"2026-{1 + day // 28:02}-{1 + day % 28:02}T10:00"
        # Only bob owes: what ann owes is settled by the points that come, and stays so.
        data = {name: value for name, value in deed.items() if name != "type"}
        if deed["type"] == "redeem":
            customer = "bob"
        if "order" in data:
            data["order"] = f"{customer}-{data['order']}"
        shop.happens(str(deed["type"]), time, customer, **data)
    time = f"2026-{1 + day // 28:02}-{1 + day % 28:02}T"
    for customer in ("ann", "bob"):  # so that both are there
        shop.happens("redeem", f"{time}10:01", customer, reward="none")
    before = {customer: known(state) for customer, state in shop.states.items()}
    shop.happens("merge", f"{time}10:02", "bob", into="ann")
    together = shop.states["ann"].account
    assert shop.states["bob"].account.balances == {}
    shop.happens("split", f"{time}10:03", "ann", customer_id="bob")
    assert {customer: known(state) for customer, state in shop.states.items()} == before
    sums: dict[str, int] = {}
    for state in shop.states.values():
        for wallet, points in state.account.balances.items():
            sums[wallet] = sums.get(wallet, 0) + points
    assert {wallet: points for wallet, points in sums.items() if points} == together.balances


@pytest.mark.parametrize(
    ("events", "problem"),
    [
        (
            "{merge: {into: id, merges: whom}}",
            "merge has no field 'whom' [unknown-name]",
        ),
        (
            "{merge: {into: integer, merges: into}}",
            "merge.into is integer; customers are named by an id or text [bad-reference]",
        ),
        (
            "{split: {out: id, unmerges: out}}",
            "(declare one, such as merge: {into: id, merges: into}) [unused]",
        ),
    ],
)
def test_who_is_merged_must_be_named_by_a_field(
    problems: Callable[..., list[str]], events: str, problem: str
) -> None:
    (found,) = problems(f"program: club\nevents: {events}\n")
    assert found.endswith(problem)
