"""Rule tests of what happens by itself: time passes, points move, rewards and offers end."""

from __future__ import annotations

from pathlib import Path

import pytest

from loyalcore.errors import RulesetInvalid
from runner.suites import covered, load, outcome, told, why

POINTS = """\
program: club
timezone: Europe/Oslo
events:
  purchase: {amount: money}
  refund: {purchase: id, reverses: purchase}
  redeem: {reward: text, redeems: reward}
wallets:
  beans: {pending: 14 days, expires: 90 days}
  stars: {expires: 30 days without activity}
rewards:
  espresso: {price: {stars: 10}}
rules:
  earn: {on: purchase, then: [{earn: {beans: amount}}]}
  star: {on: purchase, budget: {stars: 25 per day}, then: [{earn: {stars: 10}}]}
  tell: {on: points_expired, when: wallet == 'beans', then: [{send: gone}]}
messages: {gone: {text: '{{ points }} are gone'}}
"""

OFFERS = """\
program: club
events:
  purchase: {amount: money, code: text, presents: code}
  sign_up: {}
wallets: {beans: {}}
offers:
  three-visits:
    open: {on: sign_up}
    lasts: 10 days
    reach: {count: purchase, at_least: 3}
    then: [{earn: {beans: 100}}]
    lapsed: [{earn: {beans: 1}}]
  cup:
    open: {on: sign_up}
    code: personal
    reach: {one: purchase}
    then: [{earn: {beans: 7}}]
  summer:
    code: batch
    reach: {one: purchase}
    then: [{earn: {beans: 20}}]
"""


# --- points -----------------------------------------------------------------------------------


def test_time_passes_up_to_each_point(tmp_path: Path) -> None:
    tests = """
  beans come and go:
    events:
      - {type: purchase, time: 2026-01-01T12:00, amount: 20}
    expect:
      - {at: 2026-01-14, decisions: [earn, star], balance: {beans: 0}, pending: {beans: 20}}
      - {at: 2026-01-15, decisions: [], balance: {beans: 20}, pending: {beans: 0}}
      - {at: 2026-01-30, balance: {stars: 10}}
      - {at: 2026-01-31T11:59:59, balance: {stars: 10}}
      - {at: 2026-01-31T12:00, balance: {stars: 0}, decisions: [wallets.stars.expires]}
      - {at: 2026-04-01T12:59, balance: {beans: 20}, messages: []}
      - {at: 2026-04-01T13:00, balance: {beans: 0}, messages: [gone], decisions: [tell]}
"""
    assert told(outcome(tmp_path, POINTS, tests)) == []


def test_time_passes_for_every_customer_of_the_test(tmp_path: Path) -> None:
    tests = """
  both:
    customer: {id: ann}
    others: {bob: {balance: {stars: 5}}}
    events: [{type: purchase, time: 2026-01-01, amount: 1}]
    expect:
      - {at: 2026-01-30, of: bob, balance: {stars: 5}}
      - {at: 2026-01-31, of: bob, balance: {stars: 0}}
"""
    assert told(outcome(tmp_path, POINTS, tests)) == []


def test_known_points_of_a_wallet_with_terms_do_not_expire(tmp_path: Path) -> None:
    tests = """
  known:
    customer: {balance: {beans: 5}}
    events: [{type: purchase, time: 2026-01-01, amount: 1}]
    expect: [{at: 2030-01-01, balance: {beans: 5}}]
"""
    assert told(outcome(tmp_path, POINTS, tests)) == []


def test_what_sections_decide_is_named_by_its_place(tmp_path: Path) -> None:
    tests = """
  bought and brought back:
    rule: [rewards.espresso, events.refund.reverses]
    events:
      - {type: purchase, time: 2026-01-01T10:00, id: p1, amount: 20}
      - {type: redeem, time: 2026-01-01T11:00, reward: espresso}
      - {type: redeem, time: 2026-01-01T12:00, reward: espresso}
      - {type: refund, time: 2026-01-02, purchase: p1}
    expect:
      decisions: [earn, star, rewards.espresso, events.refund.reverses]
      held: {rewards.espresso: "0 of 10 stars"}
      balance: {stars: 0}
      pending: {beans: 0}
"""
    assert told(outcome(tmp_path, POINTS, tests)) == []


def test_budgets_are_shared_by_the_customers_of_a_test(tmp_path: Path) -> None:
    tests = """
  three customers:
    events:
      - {type: purchase, time: 2026-01-01T10:00, customer: ann, amount: 1}
      - {type: purchase, time: 2026-01-01T10:01, customer: bob, amount: 1}
      - {type: purchase, time: 2026-01-01T10:02, customer: cat, amount: 1}
    expect:
      - {of: ann, balance: {stars: 10}}
      - {of: bob, balance: {stars: 10}}
      - {of: cat, balance: {stars: 5}}
"""
    assert told(outcome(tmp_path, POINTS, tests)) == []


def test_it_is_told_what_moved_points_and_what_held_a_section_back(tmp_path: Path) -> None:
    tests = """
  too dear:
    events:
      - {type: purchase, time: 2026-01-01T10:00, amount: 20}
      - {type: redeem, time: 2026-01-01T11:00, reward: espresso}
      - {type: redeem, time: 2026-01-01T12:00, reward: espresso}
    expect:
      decisions: [earn, star, rewards.espresso, rewards.espresso, events.refund.reverses]
      balance: {stars: 10}
      pending: {beans: 0}
"""
    result = outcome(tmp_path, POINTS, tests)
    assert told(result) == [
        "decisions: rewards.espresso > ",
        "decisions: events.refund.reverses > ",
        "balance.stars: 10 > 0",
        "pending.beans: 0 > 20",
    ]
    held = "rewards.espresso was held back at the redeem of 2026-01-01 12:00"
    assert why(result) == [
        f"{held}: insufficient balance: 0 of 10 stars",
        "events.refund.reverses: nothing brought it about",
        "star at the purchase of 2026-01-01 10:00: +10 stars",
        "rewards.espresso at the redeem of 2026-01-01 11:00: -10 stars",
        "earn at the purchase of 2026-01-01 10:00: +20 beans",
    ]


@pytest.mark.parametrize("type", ["due", "points_expired"])
def test_events_that_only_the_program_makes_are_no_part_of_a_test(
    tmp_path: Path, type: str
) -> None:
    tests = f"""
  forged:
    events: [{{type: {type}, time: 2026-01-01}}]
    expect: nothing
"""
    with pytest.raises(RulesetInvalid, match="only the program itself makes events of type"):
        load(tmp_path, POINTS, tests)


def test_coverage_asks_for_what_sections_do(tmp_path: Path) -> None:
    tests = """
  one:
    events: [{type: purchase, time: 2026-01-01, amount: 20}]
    expect: {balance: {stars: 10}}
"""
    coverage = covered(load(tmp_path, POINTS, tests))
    assert [gap.rule for gap in coverage.gaps if gap.what == "never happened"] == [
        "rewards.espresso",
        "events.refund.reverses",
    ]


# --- offers -----------------------------------------------------------------------------------


def test_offers_are_open_until_they_end(tmp_path: Path) -> None:
    tests = """
  lapsed:
    events:
      - {type: sign_up, time: 2026-01-01}
      - {type: purchase, time: 2026-01-02, amount: 1}
    expect:
      - at: 2026-01-02
        decisions: [offers.three-visits.opened, offers.cup.opened]
        open: [three-visits, cup]
      - {at: 2026-01-12, decisions: [offers.three-visits.lapsed], open: cup, balance: {beans: 1}}
"""
    assert told(outcome(tmp_path, OFFERS, tests)) == []


def test_steps_towards_an_offer_may_be_named(tmp_path: Path) -> None:
    tests = """
  steps:
    events:
      - {type: sign_up, time: 2026-01-01}
      - {type: purchase, time: 2026-01-02, amount: 1}
      - {type: purchase, time: 2026-01-03, amount: 1}
      - {type: purchase, time: 2026-01-04, amount: 1}
    expect:
      - {at: 2026-01-01, open: [three-visits, cup]}
      - {at: 2026-01-02, decisions: [offers.three-visits.advanced]}
      - {at: 2026-01-03, decisions: []}
      - {decisions: [offers.three-visits], open: cup, balance: {beans: 100}}
"""
    assert told(outcome(tmp_path, OFFERS, tests)) == []


def test_a_personal_code_is_presented_by_the_name_of_its_offer(tmp_path: Path) -> None:
    tests = """
  cup:
    events:
      - {type: purchase, time: 2025-12-31, amount: 1, code: {code of: cup}}
      - {type: sign_up, time: 2026-01-01}
      - {type: purchase, time: 2026-01-02, amount: 1, code: {code of: cup}}
      - {type: purchase, time: 2026-01-03, amount: 1, code: {code of: cup}}
    expect:
      - {at: 2025-12-31, held: {events.purchase.presents: the code is unknown}}
      - {at: 2026-01-02, balance: {beans: 7}, open: three-visits}
      - held: {events.purchase.presents: the code was used already}
        balance: {beans: 7}
"""
    assert told(outcome(tmp_path, OFFERS, tests)) == []


def test_codes_of_a_batch_are_told_with_the_test(tmp_path: Path) -> None:
    tests = """
  summer:
    codes: {summer: [SUN-1]}
    events:
      - {type: purchase, time: 2026-01-02, customer: ann, amount: 1, code: sun 1}
      - {type: purchase, time: 2026-01-03, customer: bob, amount: 1, code: SUN1}
    expect:
      - {of: ann, balance: {beans: 20}}
      - {of: bob, held: {events.purchase.presents: the code was used already}}
"""
    assert told(outcome(tmp_path, OFFERS, tests)) == []


def test_offers_that_are_not_there_are_mistakes(tmp_path: Path) -> None:
    tests = """
  slips:
    codes: {cup: [A]}
    events: [{type: purchase, time: 2026-01-02, amount: 1, code: {code of: summer}}]
    expect: {open: [four-visits], decisions: [offers.cup.closed]}
"""
    with pytest.raises(RulesetInvalid) as caught:
        load(tmp_path, OFFERS, tests)
    assert sorted(problem.message for problem in caught.value.problems) == [
        "there is no offer 'four-visits'",
        "there is no offer with a batch of codes 'cup'",
        "there is no offer with personal codes 'summer'",
        "there is no rule 'offers.cup.closed'",
    ]


CONTACT = """\
program: club
events: {visit: {}}
rules: {offer: {on: visit, then: [send: offer]}}
messages: {offer: {purpose: promotional, text: Come.}}
contact: {consent: {promotional: register}, caps: {all: once}}
"""


def test_why_a_message_is_not_sent_can_be_expected_and_is_told(tmp_path: Path) -> None:
    tests = """\
  once:
    events:
      - {type: visit, time: 2026-01-01}
      - {type: consent_given, time: 2026-01-02}
      - {type: visit, time: 2026-01-03}
      - {type: visit, time: 2026-01-04}
    expect:
      - {at: 2026-01-01, messages: [], skipped: "offer: by file: no consent"}
      - {at: 2026-01-03, messages: [offer], skipped: []}
      - {at: 2026-01-04, skipped: ["offer: cap: once of all"]}
"""
    assert outcome(tmp_path, CONTACT, tests).passed
    wrong = tests.replace('messages: [], skipped: "offer: by file: no consent"', "messages: offer")
    wrong = wrong.replace("messages: offer", "messages: [offer]")
    (failure,) = outcome(tmp_path, CONTACT, wrong).failures
    assert [reason.text for reason in failure.reasons] == ["not sent: offer: by file: no consent"]
