"""Offers: opened, advanced, completed once, lapsed and taken back, each at its exact moment."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loyalcore.engine.offering.codes import code_of
from loyalcore.engine.shared import Pool, Tally
from loyalcore.engine.state import pack_state, unpack_state

MakeClub = Callable[[str], Any]

SHOP = """
events:
  purchase: {order: id, amount: money, channel: text, code: text, presents: code}
  refund: {order: id, amount: money, reverses: purchase}
  visit: {}
wallets: {beans: {}}
"""

THREE_VISITS = f"""{SHOP}
offers:
  three-visits:
    open: {{on: purchase, when: channel == 'club'}}
    lasts: 30 days
    bounds: BOUNDS
    reach: {{count: purchase, at_least: 3}}
    then: [earn: {{beans: 100}}]
    lapsed: [earn: {{beans: 1}}]
"""


def offers(shop: Any, customer: str = "ann") -> dict[int, str]:
    """The customer's offers, and how those that are kept were closed."""
    return {one.number: one.closed for one in shop.states[customer].offers}


def progress(shop: Any) -> list[tuple[int, str, str]]:
    """What was advanced, in order: number, progress and target."""
    return [
        (effect["number"], effect["progress"], effect["target"])
        for effect in shop.effects
        if effect["effect"] == "advance"
    ]


# --- when it counts ---------------------------------------------------------------------------


def test_a_punch_card_is_completed_once_by_the_purchase_that_reaches_it(club: MakeClub) -> None:
    shop = club(THREE_VISITS.replace("BOUNDS", "both"))
    shop.happens("purchase", "2026-01-01T10:00", channel="club", amount=5)
    assert shop.fired == ["offers.three-visits.opened", "offers.three-visits.advanced"]
    assert progress(shop) == [(1, "1", "3")]
    shop.happens("purchase", "2026-01-02", amount=5)
    assert progress(shop) == [(1, "2", "3")]
    shop.happens("purchase", "2026-01-03", amount=5)
    assert shop.fired == ["offers.three-visits.advanced", "offers.three-visits"]
    assert shop.effects[1:] == [
        {"effect": "close", "offer": "three-visits", "number": 1, "how": "completed"},
        {"effect": "accrue", "wallet": "beans", "points": 100},
    ]
    assert shop.happens("purchase", "2026-01-04", amount=5).fired == []
    assert shop.balance("beans") == 100


@pytest.mark.parametrize(
    ("bounds", "first", "last"),
    [
        ("both", True, True),
        ("start", True, False),
        ("end", False, True),
        ("neither", False, False),
    ],
)
def test_bounds_say_whether_the_first_and_the_last_moment_count(
    club: MakeClub, bounds: str, first: bool, last: bool
) -> None:
    shop = club(THREE_VISITS.replace("BOUNDS", bounds))
    shop.happens("purchase", "2026-01-01T10:00", channel="club")
    assert len(progress(shop)) == first
    shop.happens("purchase", "2026-01-01T10:00")  # another one at the same moment
    assert len(progress(shop)) == first
    shop.happens("purchase", "2026-01-01T10:00:00.000001")
    if first:
        assert shop.fired == ["offers.three-visits.advanced", "offers.three-visits"]
        shop = club(THREE_VISITS.replace("BOUNDS", bounds))
        shop.happens("purchase", "2026-01-01T10:00", channel="club")
    assert shop.happens("purchase", "2026-01-31T09:59:59.999999").fired == [
        "offers.three-visits.advanced"
    ]
    shop.happens("purchase", "2026-01-31T10:00")
    if last:
        assert shop.fired == ["offers.three-visits.advanced", "offers.three-visits"]
    else:
        assert shop.fired == ["offers.three-visits.lapsed"]


def test_an_offer_lapses_at_its_exact_moment(club: MakeClub) -> None:
    opening = ("purchase", "2026-01-01T10:00")
    excluded = club(THREE_VISITS.replace("BOUNDS", "start")).happens(*opening, channel="club")
    assert excluded.waits("2026-01-31T09:59:59.999999").fired == []
    assert excluded.waits("2026-01-31T10:00").fired == ["offers.three-visits.lapsed"]
    assert excluded.states["ann"].offers == ()
    assert excluded.balance("beans") == 1
    included = club(THREE_VISITS.replace("BOUNDS", "both")).happens(*opening, channel="club")
    assert included.waits("2026-01-31T10:00").fired == []
    assert included.waits("2026-01-31T10:00:00.000001").fired == ["offers.three-visits.lapsed"]
    assert included.states["ann"].due is None


LASTING = f"""{SHOP}
offers:
  card:
    open: {{on: visit}}
    lasts: LASTS
    bounds: start
    reach: {{count: purchase, at_least: 9}}
"""


@pytest.mark.parametrize(
    ("lasts", "opened", "lapses"),
    [
        ("1 month", "2026-01-31T10:00", "2026-02-28T23:00Z"),  # no 31 February: its end
        ("1 month", "2028-01-29T10:00", "2028-02-29T09:00Z"),
        ("1 year", "2028-02-29T10:00", "2029-02-28T23:00Z"),
        ("1 month", "2026-03-15T10:00", "2026-04-15T08:00Z"),  # by the clock on the wall
        ("30 days", "2026-03-15T10:00", "2026-04-14T09:00Z"),  # 720 hours
        ("1 month", "2026-02-28T02:30", "2026-03-28T01:30Z"),
        ("1 month", "2026-09-25T02:30", "2026-10-25T00:30Z"),  # the first of two
    ],
)
def test_an_offer_lasts_by_the_calendar(
    club: MakeClub, lasts: str, opened: str, lapses: str
) -> None:
    shop = club(LASTING.replace("LASTS", lasts)).happens("visit", opened)
    (opening,) = shop.effects
    assert opening["ends"] == lapses.replace("Z", ":00Z")
    moment = datetime.fromisoformat(lapses)
    before = (moment - timedelta(microseconds=1)).isoformat()
    assert shop.waits(before).fired == []
    assert shop.waits(lapses).fired == ["offers.card.lapsed"]


ENDING = f"""{SHOP}
offers:
  card:
    fields: {{last_day: date}}
    open: {{on: visit}}
    ends: offer.last_day
    bounds: BOUNDS
    reach: {{count: purchase, at_least: 9}}
"""


@pytest.mark.parametrize("bounds", ["both", "neither"])
def test_a_last_day_counts_whole(club: MakeClub, bounds: str) -> None:
    text = ENDING.replace("BOUNDS", bounds).replace("visit: {}", "visit: {last_day: date}")
    shop = club(text).happens("visit", "2026-03-01", last_day="2026-03-29")  # a day of 23 hours
    assert shop.happens("purchase", "2026-03-29T23:59:59.999999").fired == ["offers.card.advanced"]
    assert shop.happens("purchase", "2026-03-30T00:00").fired == ["offers.card.lapsed"]


def test_an_offer_without_a_future_is_not_opened(club: MakeClub) -> None:
    text = ENDING.replace("BOUNDS", "both").replace("visit: {}", "visit: {last_day: date}")
    shop = club(text).happens("visit", "2026-03-01", last_day="2026-02-28")
    assert shop.held == {"offers.card.opened": "its time is over"}
    assert shop.happens("visit", "2026-03-01").held == {
        "offers.card.opened": "when it ends is missing"
    }
    assert shop.happens("visit", "2026-03-01", last_day="9999-12-31").fired == [
        "offers.card.opened"
    ]
    assert shop.states["ann"].due is None


# --- several at once --------------------------------------------------------------------------

OVERLAPPING = f"""{SHOP}
offers:
  card:
    open: {{on: visit}}
    at_once: 2
    lasts: 10 days
    consumes: CONSUMES
    reach: {{count: purchase, at_least: 2}}
    then: [earn: {{beans: offer.number}}]
"""


def test_overlapping_openings_advance_each_for_itself(club: MakeClub) -> None:
    shop = club(OVERLAPPING.replace("CONSUMES", "false"))
    shop.happens("visit", "2026-01-01").happens("purchase", "2026-01-02")
    shop.happens("visit", "2026-01-03").happens("purchase", "2026-01-04")
    assert progress(shop) == [(1, "2", "2"), (2, "1", "2")]
    assert shop.balance("beans") == 1
    shop.happens("purchase", "2026-01-05")
    assert shop.balance("beans") == 3


def test_of_overlapping_openings_the_oldest_consumes_the_event(club: MakeClub) -> None:
    shop = club(OVERLAPPING.replace("CONSUMES", "true"))
    shop.happens("visit", "2026-01-01").happens("visit", "2026-01-02")
    advanced = []
    for day in range(3, 7):
        advanced += progress(shop.happens("purchase", f"2026-01-0{day}"))
    assert advanced == [(1, "1", "2"), (1, "2", "2"), (2, "1", "2"), (2, "2", "2")]


def test_no_more_are_open_at_once_than_may_be(club: MakeClub) -> None:
    shop = club(OVERLAPPING.replace("CONSUMES", "false"))
    shop.happens("visit", "2026-01-01").happens("visit", "2026-01-02")
    assert shop.happens("visit", "2026-01-03").held == {"offers.card.opened": "at once: 2"}
    shop.happens("visit", "2026-01-11T00:00:00.000001")  # when the first has lapsed
    assert shop.fired == ["offers.card.lapsed", "offers.card.opened"]


def test_an_event_is_consumed_by_the_highest_priority_then_the_first_opened(
    club: MakeClub,
) -> None:
    shop = club(f"""{SHOP}
offers:
  late: {{open: {{on: visit, when: hour == 11}}, consumes: true, reach: {{one: purchase}}}}
  early: {{open: {{on: visit, when: hour == 10}}, consumes: true, reach: {{one: purchase}}}}
  high:
    open: {{on: visit, when: hour == 12}}
    priority: 1
    consumes: true
    reach: {{one: purchase, where: amount >= 100}}
  other: {{open: {{on: visit, when: hour == 12}}, reach: {{one: purchase}}}}
""")
    for hour in (10, 11, 12):
        shop.happens("visit", f"2026-01-01T{hour}:00")
    assert shop.happens("purchase", "2026-01-02", amount=50).fired == [
        "offers.early",
        "offers.other",
    ]
    assert shop.happens("purchase", "2026-01-03", amount=100).fired == ["offers.high"]
    assert shop.happens("purchase", "2026-01-04", amount=50).fired == ["offers.late"]


def test_an_offer_that_a_completion_opens_waits_for_the_next_event(club: MakeClub) -> None:
    shop = club(f"""{SHOP}
offers:
  step: {{open: {{on: visit}}, reach: {{one: purchase}}, then: [open: step]}}
""").happens("visit", "2026-01-01")
    for day in (2, 3):
        assert shop.happens("purchase", f"2026-01-0{day}").fired == ["offers.step"]
        assert offers(shop) == {day: ""}


# --- catalogues carried by events, formulas ---------------------------------------------------


def test_target_and_reward_come_from_the_event_that_opens_it(club: MakeClub) -> None:
    shop = club("""
events:
  offered: {offer_id: id, target: money, reward: integer, last_day: date}
  purchase: {amount: money}
wallets: {beans: {}}
offers:
  spend-more:
    fields: {spend: money, reward: integer, last_day: date}
    open: {on: offered, with: {spend: target}}
    ends: offer.last_day
    at_once: 10
    reach: {sum: purchase.amount, at_least: offer.spend}
    then: [earn: {beans: offer.reward}]
""")
    shop.happens("offered", "2026-01-01", target=20, reward=7, last_day="2026-01-31")
    assert (
        shop.effects
        == [
            {
                "effect": "open",
                "offer": "spend-more",
                "fields": {"spend": "20.00", "reward": 7, "last_day": "2026-01-31"},
                "number": 1,
                "ends": "2026-01-31T23:00:00Z",
            }
        ]
        or shop.effects[0]["fields"]["reward"] == 7
    )
    shop.happens("offered", "2026-01-02", target=30, reward=9, last_day="2026-01-10")
    shop.happens("purchase", "2026-01-03", amount="19.99")
    assert progress(shop) == [(1, "19.99", "20.00"), (2, "19.99", "30.00")]
    shop.happens("purchase", "2026-01-04", amount="0.01")
    assert shop.balance("beans") == 7
    shop.happens("purchase", "2026-01-05", amount=10)
    assert shop.balance("beans") == 16


def test_a_completion_knows_what_it_completes(club: MakeClub) -> None:
    shop = club(f"""{SHOP}
offers:
  big:
    open: {{on: visit}}
    reach: {{sum: purchase.amount, at_least: 10, where: channel == 'web'}}
    then:
      - earn: {{beans: offer.progress - offer.target}}
      - earn: {{beans: offer.number * 100}}
      - set: {{tags.fast: time - offer.opened < days(2)}}
""")
    shop.happens("visit", "2026-01-01").happens("purchase", "2026-01-02", amount=99)
    assert shop.fired == []
    shop.happens("purchase", "2026-01-02", amount=13, channel="web")
    assert [effect.get("points") for effect in shop.effects] == [None, None, 3, 100, None]
    assert shop.states["ann"].tags == ("fast",)


# --- effects, operators -----------------------------------------------------------------------

OPENED = f"""{SHOP}
customer: {{fan: flag}}
offers:
  gift:
    fields: {{beans: {{type: integer, required: true}}}}
    who: customer.fan
    reach: {{one: purchase}}
    then: [earn: {{beans: offer.beans}}]
    revoked: [earn: {{beans: 1}}, emit: {{type: told}}]
rules:
  fan: {{on: purchase, when: channel == 'fan', then: [set: {{fan: true}}]}}
  give: {{on: visit, then: [open: {{gift: {{beans: 50}}}}]}}
  take: {{on: purchase, when: channel == 'none', then: [earn: {{beans: 5}}, revoke: gift]}}
""".replace("visit: {}", "visit: {}\n  told: {}")


def test_rules_open_offers_for_those_whom_they_are_for(club: MakeClub) -> None:
    shop = club(OPENED).happens("visit", "2026-01-01")
    assert shop.effects == [
        {"effect": "skipped", "kind": "open", "reason": "gift: who: customer.fan"}
    ]
    shop.happens("purchase", "2026-01-02", channel="fan").happens("visit", "2026-01-03")
    assert shop.effects == [
        {"effect": "open", "offer": "gift", "fields": {"beans": 50}, "number": 1}
    ]
    shop.happens("purchase", "2026-01-04")
    assert shop.balance("beans") == 50


def test_an_offer_that_a_rule_revokes_is_not_completed_by_that_event(club: MakeClub) -> None:
    shop = club(OPENED).happens("purchase", "2026-01-02", channel="fan")
    shop.happens("visit", "2026-01-03").happens("purchase", "2026-01-04", channel="none")
    assert shop.fired == ["take", "offers.gift.revoked"]
    assert shop.balance("beans") == 6
    assert [outcome.event.type for outcome in shop.outcomes] == ["purchase", "told"]
    assert shop.happens("purchase", "2026-01-05", channel="none").effects[-1] == {
        "effect": "skipped",
        "kind": "revoke",
        "reason": "gift: none is open",
    }


def test_operators_open_and_revoke_offers(club: MakeClub) -> None:
    shop = club(OPENED).happens("purchase", "2026-01-02", channel="fan")
    reasons = {
        '{"beans": 7}': {},
        '{"beans": "many"}': {"offers.gift.opened": "beans: expected a number such as 12.50"},
        '{"bean": 7}': {"offers.gift.opened": "it has no field 'bean' did you mean 'beans'?"},
        "{}": {"offers.gift.opened": "beans is missing"},
        "[]": {"offers.gift.opened": "fields is not a JSON object"},
    }
    for fields, held in reasons.items():
        shop.happens("open_offer", "2026-01-03", offer="gift", fields=fields)
        assert shop.held == held
    shop.happens("open_offer", "2026-01-03", offer="gifts", fields="{}")
    assert shop.held == {"events.open_offer": "there is no offer 'gifts' did you mean 'gift'?"}
    shop.happens("revoke_offer", "2026-01-04", offer="gift", number=2)
    assert shop.held == {"events.revoke_offer": "none is open"}
    shop.happens("revoke_offer", "2026-01-04", offer="gift", number=1)
    assert shop.fired == ["offers.gift.revoked"]
    assert shop.states["ann"].offers == ()


def test_openings_are_limited_and_shared_by_all(club: MakeClub) -> None:
    shop = club(f"""{SHOP}
offers:
  gift:
    open: {{on: visit}}
    from: 2026-01-02
    until: 2026-01-31
    limit: 2 per customer
    budget: {{count: 3}}
    at_once: 5
    reach: {{one: purchase}}
""")
    assert shop.happens("visit", "2026-01-01").fired == []
    for held in ({}, {}, {"offers.gift.opened": "limit: 2 per customer"}):
        assert shop.happens("visit", "2026-01-02").held == held
    for held in ({}, {"offers.gift.opened": "budget: 3"}):
        assert shop.happens("visit", "2026-01-02", "bob").held == held
    assert shop.happens("visit", "2026-02-01", "bob").fired == []


def test_a_cap_cuts_what_completions_give(club: MakeClub) -> None:
    shop = club(f"""{SHOP}
offers:
  gift:
    open: {{on: visit}}
    cap: {{beans: 15 per day}}
    reach: {{one: purchase}}
    then: [earn: {{beans: 10}}]
""")
    for _ in range(3):
        shop.happens("visit", "2026-01-01").happens("purchase", "2026-01-01")
    assert shop.balance("beans") == 15
    assert shop.held == {"offers.gift": "cap: 15 per day"}
    shop.happens("purchase", "2026-01-02")  # it is still open
    assert shop.balance("beans") == 25


def test_rules_see_which_offers_are_open_and_what_becomes_of_them(club: MakeClub) -> None:
    shop = club(
        f"""{SHOP}
offers:
  gift: {{open: {{on: visit}}, lasts: 1 day, reach: {{one: purchase}}}}
rules:
  has: {{on: purchase, when: "'gift' in open_offers", then: [earn: {{beans: 1}}]}}
  done: {{on: offer_completed, when: offer == 'gift', then: [earn: {{beans: 10}}]}}
  lost: {{on: offer_lapsed, then: [earn: {{beans: 100}}]}}
""".replace("offer == 'gift'", "number == 1")
    )
    assert shop.happens("purchase", "2026-01-01").fired == []
    shop.happens("visit", "2026-01-01").happens("purchase", "2026-01-01")
    assert shop.fired == ["has", "offers.gift", "done"]
    shop.happens("visit", "2026-01-02").waits("2026-01-04")
    assert shop.fired == ["offers.gift.lapsed", "lost"]


def test_a_program_without_the_offer_lets_it_lapse(club: MakeClub) -> None:
    shop = club(THREE_VISITS.replace("BOUNDS", "both"))
    shop.happens("purchase", "2026-01-01", channel="club")
    other = club(SHOP)
    other.states = shop.states
    assert other.happens("purchase", "2026-01-02").fired == []
    assert other.waits("2026-03-01").fired == ["offers.three-visits.lapsed"]
    assert other.states["ann"].offers == ()


# --- codes ------------------------------------------------------------------------------------

PRESENTS = "events.purchase.presents"


def voucher(code: str, more: str = "") -> str:
    return f"""{SHOP}
offers:
  fifteen-off:
    {more}
    code: {code}
    reach: {{one: purchase, where: amount >= 10}}
    then: [earn: {{beans: 15}}]
"""


def test_a_personal_code_is_good_for_its_own_opening_alone(club: MakeClub) -> None:
    shop = club(voucher("personal", "open: {on: visit}\n    at_once: 2\n    lasts: 10 days"))
    shop.happens("visit", "2026-01-01")
    assert shop.effects[0]["coded"] is True
    shop.happens("visit", "2026-01-02")
    first, second = (code_of("", one.code) for one in shop.states["ann"].offers)
    assert first != second
    assert shop.happens("purchase", "2026-01-03", amount=10).fired == []
    shop.happens("purchase", "2026-01-03", amount=10, code=second.lower().replace("-", " "))
    assert shop.fired == ["offers.fifteen-off"]
    assert offers(shop) == {1: "", 2: "completed"}
    shop.happens("purchase", "2026-01-04", amount=10, code=second)
    assert shop.held == {PRESENTS: "the code was used already"}
    shop.happens("purchase", "2026-01-04", amount=9, code=first)
    assert shop.held == {PRESENTS: "the event does not count towards what the code is for"}
    shop.happens("purchase", "2026-01-04", "bob", amount=10, code=first)
    assert shop.held == {PRESENTS: "the code is unknown"}
    shop.happens("purchase", "2026-01-12", amount=10, code=first)
    assert shop.held == {PRESENTS: "the code has expired"}
    assert shop.balance("beans") == 15


def test_a_generic_code_opens_the_offer_for_who_presents_it(club: MakeClub) -> None:
    text = voucher("SUMMER26", "limit: once\n    budget: {count: 2}\n    until: 2026-08-31")
    shop = club(text).happens("purchase", "2026-07-01", amount=10, code="summer-26")
    assert shop.fired == ["offers.fifteen-off.opened", "offers.fifteen-off"]
    shop.happens("purchase", "2026-07-02", amount=10, code="SUMMER26")
    assert shop.held == {PRESENTS: "limit: once"}
    shop.happens("purchase", "2026-07-02", "bob", amount=9, code="SUMMER26")
    assert shop.held == {PRESENTS: "the event does not count towards what the code is for"}
    shop.happens("purchase", "2026-07-02", "bob", amount=10, code="SUMMER 26")
    assert shop.balance("beans", "bob") == 15
    shop.happens("purchase", "2026-07-02", "cy", amount=10, code="SUMMER26")
    assert shop.held == {PRESENTS: "budget: 2"}
    shop.happens("purchase", "2026-09-01", "cy", amount=10, code="SUMMER26")
    assert shop.held == {PRESENTS: "not in force"}


def test_each_code_of_a_batch_is_good_once(club: MakeClub) -> None:
    shop = club(voucher("batch", "limit: 5 per customer"))
    shop.shared = Tally(Pool(codes={"AAA1": "fifteen-off", "AAA2": "fifteen-off", "B": "gone"}))
    assert shop.happens("purchase", "2026-01-01", amount=9, code="aaa-1").held
    shop.happens("purchase", "2026-01-01", amount=10, code="aaa-1")
    assert shop.balance("beans") == 15
    shop.happens("purchase", "2026-01-02", "bob", amount=10, code="AAA1")
    assert shop.held == {PRESENTS: "the code was used already"}
    shop.happens("purchase", "2026-01-02", "bob", amount=10, code="AAA2")
    assert shop.balance("beans", "bob") == 15
    for code in ("AAA3", "B"):
        shop.happens("purchase", "2026-01-03", amount=10, code=code)
        assert shop.held == {PRESENTS: "the code is unknown"}


def test_a_code_that_is_to_be_opened_first_is_for_who_has_it_open(club: MakeClub) -> None:
    shop = club(voucher("WELCOME", "open: {on: visit}"))
    shop.happens("purchase", "2026-01-01", amount=10, code="WELCOME")
    assert shop.held == {PRESENTS: "fifteen-off is not open for the customer"}
    shop.happens("visit", "2026-01-01").happens("purchase", "2026-01-01", amount=10)
    assert shop.fired == []
    assert shop.happens("purchase", "2026-01-01", amount=10, code="WELCOME").fired


# --- refunds ----------------------------------------------------------------------------------


def challenge(refunds: str, reach: str = "{sum: purchase.amount, at_least: 100}") -> str:
    return f"""{SHOP}
offers:
  spend: {{open: {{on: visit}}, lasts: 30 days, refunds: {refunds}, reach: {reach},
    then: [earn: {{beans: 50}}]}}
"""


def spent(shop: Any, *amounts: int) -> Any:
    """A shop where ann has opened the offer and bought for these amounts, one a day."""
    shop.happens("visit", "2026-01-01")
    for number, amount in enumerate(amounts, start=1):
        shop.happens("purchase", f"2026-01-0{number + 1}", order=str(number), amount=amount)
    return shop


def test_an_open_offer_falls_back_by_the_share_that_is_refunded(club: MakeClub) -> None:
    shop = spent(club(challenge("keep")), 40, 50)
    shop.happens("refund", "2026-01-05", order="1", amount=10)
    assert shop.fired == ["events.refund.reverses", "offers.spend.rejudged"]
    assert progress(shop) == [(1, "80.00", "100.00")]
    shop.happens("refund", "2026-01-06", order="1", amount=30)
    assert progress(shop) == [(1, "50.00", "100.00")]


@pytest.mark.parametrize(("refunds", "left"), [("keep", 50), ("share", 40)])
def test_what_a_completion_gave_is_kept_or_shared(club: MakeClub, refunds: str, left: int) -> None:
    shop = spent(club(challenge(refunds)), 50, 50)
    assert shop.balance("beans") == 50
    assert shop.states["ann"].offers == ()
    shop.happens("refund", "2026-01-05", order="2", amount=10)
    assert shop.balance("beans") == left


def test_a_completion_that_a_refund_undoes_gives_all_back_and_is_open_again(
    club: MakeClub,
) -> None:
    shop = spent(club(challenge("rejudge")), 60, 50)
    shop.happens("refund", "2026-01-05", order="1", amount=10)
    assert shop.balance("beans") == 50  # 100 are left: enough
    shop.happens("refund", "2026-01-06", order="2", amount="0.01")
    assert shop.fired == ["events.refund.reverses", "offers.spend.rejudged"]
    assert shop.effects[1:] == [
        {"effect": "advance", "offer": "spend", "number": 1, "progress": "99.99",
         "target": "100.00"},
        {"effect": "close", "offer": "spend", "number": 1, "how": "reopened"},
        {"effect": "reverse", "origin": "offers.spend:1", "share": "1", "taken": {"beans": 50},
         "forgiven": {}},
    ]  # fmt: skip
    assert shop.balance("beans") == 0
    assert offers(shop) == {1: ""}
    shop.happens("purchase", "2026-01-07", order="3", amount="0.01")
    assert shop.balance("beans") == 50


def test_a_completion_undone_after_its_time_has_lapsed(club: MakeClub) -> None:
    shop = spent(club(challenge("rejudge")), 60, 50)
    shop.happens("refund", "2026-02-05", order="1", amount=60)
    assert shop.effects[2] == {"effect": "close", "offer": "spend", "number": 1, "how": "lapsed"}
    assert shop.balance("beans") == 0
    assert shop.waits("2027-01-01").fired == []


def test_who_has_completed_an_offer_is_not_told_that_it_has_lapsed(club: MakeClub) -> None:
    lost = challenge("rejudge").replace("refunds:", "lapsed: [set: {tags.late: true}], refunds:")
    tells = "rules: {lost: {on: offer_lapsed, then: [set: {tags.lost: true}]}}"
    shop = spent(club(f"{lost}{tells}"), 60, 50)
    shop.happens("refund", "2026-02-05", order="1", amount=60)
    assert shop.fired == ["events.refund.reverses", "offers.spend.rejudged", "lost"]
    assert shop.states["ann"].tags == ("lost",)


def test_a_count_falls_back_only_when_all_is_refunded(club: MakeClub) -> None:
    shop = spent(club(challenge("rejudge", "{count: purchase, at_least: 2}")), 60, 50)
    shop.happens("refund", "2026-01-05", order="1", amount=59)
    assert shop.balance("beans") == 50
    shop.happens("refund", "2026-01-05", order="1", amount=1)
    assert shop.balance("beans") == 0
    assert offers(shop) == {1: ""}


def test_points_that_are_spent_are_taken_back_as_the_refund_says(club: MakeClub) -> None:
    text = (
        challenge("rejudge", "{one: purchase}")
        + """
rules:
  use: {on: visit, when: balance.beans > 0, then: [spend: {beans: 30}]}
"""
    )
    shop = spent(
        club(
            text.replace("reverses: purchase", "reverses: {event: purchase, take: POLICY}").replace(
                "POLICY", "may go negative"
            )
        ),
        60,
    )
    shop.happens("visit", "2026-01-03").happens("refund", "2026-01-05", order="1", amount=60)
    assert shop.balance("beans") == -30


def test_a_refund_that_came_first_undoes_what_its_purchase_completes(club: MakeClub) -> None:
    shop = club(challenge("rejudge")).happens("visit", "2026-01-01")
    shop.happens("refund", "2026-01-02", order="1", amount=100)
    shop.happens("purchase", "2026-01-03", order="1", amount=100)
    assert shop.balance("beans") == 0
    assert offers(shop) == {1: ""}


# --- whatever happens -------------------------------------------------------------------------

HOUR = 3_600_000_000
JANUARY = int(datetime(2026, 1, 1, tzinfo=UTC).timestamp()) * 1_000_000

histories = st.lists(
    st.tuples(
        st.integers(0, 4),  # hours since the event before it
        st.sampled_from(("visit", "purchase", "purchase", "purchase")),
        st.integers(0, 5000),
    ),
    max_size=25,
)


@given(histories, st.sampled_from(("both", "start", "end", "neither")), st.booleans())
def test_progress_is_what_a_recount_of_the_history_gives(
    club: MakeClub,
    history: list[tuple[int, str, int]],
    bounds: str,
    counted: bool,
) -> None:
    reach = "count: purchase" if counted else "sum: purchase.amount"
    shop = club(f"""
events:
  visit: {{}}
  purchase: {{amount: money}}
offers:
  card:
    open: {{on: visit}}
    lasts: 5 hours
    at_once: 3
    bounds: {bounds}
    reach: {{{reach}, at_least: {3 if counted else 60}}}
""")
    opened: dict[int, list[Any]] = {}  # number: opening, contributions, completed
    now = JANUARY
    for hours, type_, cents in history:
        now += hours * HOUR
        shop.happens(type_, now, **({"amount": f"{cents / 100:.2f}"} if type_ != "visit" else {}))
        target = 3 if counted else 6000
        last = 5 * HOUR + (bounds in ("both", "end"))
        if type_ == "visit":
            running = [one for one in opened.values() if now < one[0] + last and not one[2]]
            if len(running) < 3:
                opened[len(opened) + 1] = [now, [], False]
        for one in opened.values() if type_ == "purchase" else ():
            early = now == one[0] and bounds not in ("both", "start")
            if not one[2] and not early and now < one[0] + last:
                one[1].append(1 if counted else cents)
                one[2] = sum(one[1]) >= target
        expected = {
            number: sum(one[1])
            for number, one in opened.items()
            if not one[2] and now < one[0] + last
        }
        state = shop.states["ann"]
        assert expected == {
            one.number: sum(Fraction(part.amount) for part in one.parts) for one in state.offers
        }
        packed = pack_state(shop.program, state)
        assert unpack_state(shop.program, packed, lambda: ()) == state
