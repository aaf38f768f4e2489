"""Triggers that events set: each comes at its exact instant, or as the other event does."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from loyalcore.engine.cascade import cascade
from loyalcore.engine.state import new_state, pack_state, unpack_state
from loyalcore.values import read_time, write_time

MakeClub = Callable[[str], Any]

DAY = 86_400_000_000
HOUR = DAY // 24


def at(shop: Any, text: str) -> int:
    return read_time(text, shop.program.locale.zone)


def came(shop: Any) -> list[tuple[str, dict[str, object]]]:
    """The triggers that came, with their fields."""
    return [
        (effect["type"], effect["data"]) for effect in shop.effects if effect["effect"] == "emit"
    ]


def when(shop: Any, text: str) -> list[tuple[str, str]]:
    """Let time pass: which triggers came, and when, in the time zone of the club."""
    shop.waits(text)
    return [
        (decision.rule.removeprefix("triggers."), write_time(outcome.event.time)[:16])
        for outcome in shop.outcomes
        for decision in outcome.decisions
        if decision.rule.startswith("triggers.")
    ]


# --- silence ----------------------------------------------------------------------------------

GONE = """
customer: {fan: flag}
events: {purchase: {amount: money}, visit: {}, profile: {fan: flag}}
metrics: {recent: {count: purchase, over: 90 days}, orders: {count: purchase}}
triggers:
  gone: {silence: purchase, for: 90 days, MORE}
rules:
  profile: {on: profile, then: [set: {fan: fan}]}
  write: {on: gone, when: recent == 0, then: [send: hello]}
messages: {hello: {text: '{{ since }} {{ times }}'}}
"""


def gone(club: MakeClub, more: str = "about: x") -> Any:
    return club(GONE.replace("MORE", more))


def test_silence_comes_so_long_after_the_latest_such_event(club: MakeClub) -> None:
    shop = gone(club)
    first = at(shop, "2026-01-01T10:00")
    shop.happens("purchase", first, amount=5).happens("visit", first + DAY)
    assert shop.waits(first + 90 * DAY - 1).fired == []
    assert shop.waits(first + 90 * DAY).fired == ["triggers.gone", "write"]  # none in 90 days
    assert came(shop) == [("gone", {"since": "2026-01-01T09:00:00Z", "times": 1})]
    assert shop.waits(first + 400 * DAY).fired == []


@pytest.mark.parametrize(("late", "comes"), [(-1, False), (0, True)])
def test_an_event_at_its_very_instant_comes_after_it(
    club: MakeClub, late: int, comes: bool
) -> None:
    shop = gone(club)
    first = at(shop, "2026-01-01T10:00")
    shop.happens("purchase", first, amount=5).happens("purchase", first + 90 * DAY + late, amount=5)
    assert ("triggers.gone" in shop.fired) is comes
    second = first + 90 * DAY + late
    assert shop.waits(second + 90 * DAY - 1).fired == []
    assert shop.waits(second + 90 * DAY).fired == ["triggers.gone", "write"]


def test_silence_repeats_until_it_is_broken_and_counts_anew_then(club: MakeClub) -> None:
    shop = gone(club, "repeat: 1 month")
    shop.happens("purchase", "2026-01-01T10:00", amount=5)
    first = [
        ("gone", "2026-04-01T09:00"),
        ("gone", "2026-05-01T09:00"),
        ("gone", "2026-06-01T09:00"),
    ]
    assert when(shop, "2026-06-15") == first
    assert [data["times"] for _, data in came(shop)] == [1, 2, 3]
    shop.happens("purchase", "2026-06-15T10:00", amount=5)
    assert when(shop, "2026-09-20") == [("gone", "2026-09-13T08:00")]
    assert came(shop) == [("gone", {"since": "2026-06-15T08:00:00Z", "times": 1})]


def test_where_the_condition_does_not_hold_it_does_not_come_but_is_counted(club: MakeClub) -> None:
    shop = gone(club, "repeat: 30 days, when: customer.fan and times < 4")
    shop.happens("purchase", "2026-01-01T10:00", amount=5)
    assert shop.waits("2026-04-15").fired == []
    shop.happens("profile", "2026-04-15T10:00", fan=True)
    assert when(shop, "2026-12-01") == [("gone", "2026-05-01T09:00"), ("gone", "2026-05-31T09:00")]
    assert [data["times"] for _, data in came(shop)] == [2, 3]
    decisions = [one for outcome in shop.outcomes for one in outcome.decisions]
    assert {one.facts for one in decisions if one.rule == "triggers.gone"} == {
        '{"customer.fan":true}'
    }


def test_before_the_first_such_event_there_is_no_silence(club: MakeClub) -> None:
    shop = gone(club).happens("visit", "2026-01-01T10:00")
    assert shop.waits("2027-01-01").fired == []


def test_it_may_begin_as_the_customer_comes(club: MakeClub) -> None:
    shop = gone(club, "since: enrolment").happens("visit", "2026-01-01T10:00")
    shop.happens("visit", "2026-02-01T10:00")
    assert when(shop, "2026-05-01") == [("gone", "2026-04-01T09:00")]
    shop.happens("purchase", "2026-05-01T10:00", amount=5)
    assert when(shop, "2027-01-01") == [("gone", "2026-07-30T08:00")]


def test_it_is_broken_by_any_of_several_events_and_by_triggers(club: MakeClub) -> None:
    shop = club("""
events: {purchase: {}, visit: {}}
triggers:
  quiet: {silence: [purchase, visit], for: 10 days}
  silent: {silence: quiet, for: 5 days}
""")
    shop.happens("purchase", "2026-01-01T10:00").happens("visit", "2026-01-05T10:00")
    assert when(shop, "2026-02-01") == [
        ("quiet", "2026-01-15T09:00"),
        ("silent", "2026-01-20T09:00"),
    ]


def test_months_of_silence_are_those_of_the_calendar(club: MakeClub) -> None:
    shop = club("events: {purchase: {}}\ntriggers: {gone: {silence: purchase, for: 1 month}}\n")
    shop.happens("purchase", "2026-01-31T10:00")
    assert when(shop, "2026-04-01") == [("gone", "2026-02-28T23:00")]  # the end of the month


# --- a late event -----------------------------------------------------------------------------


def late(club: MakeClub) -> Any:
    shop = club("""
events: {purchase: {order: id}, return: {order: id}, visit: {}, survey: {order: id}}
triggers:
  gone: {silence: purchase, for: 10 days, repeat: 30 days}
  ask: {after: purchase, wait: 3 days, unless: return}
  heard: {after: purchase, then: survey, within: 5 days}
""")
    return shop.happens("visit", "2026-01-01T00:00")


def test_s3_silence_counts_from_the_latest_event_and_never_comes_for_the_past(
    club: MakeClub,
) -> None:
    shop = club("""
events: {purchase: {}, visit: {}}
triggers: {gone: {silence: purchase, for: 10 days, repeat: 30 days}}
""")
    shop.happens("purchase", "2026-01-10T12:00").happens("visit", "2026-01-12T12:00")
    shop.happens("purchase", "2026-01-09T12:00")  # not the latest
    assert when(shop, "2026-01-31T12:00") == [("gone", "2026-01-20T11:00")]
    shop.happens("visit", "2026-01-31T12:00")
    shop.happens("purchase", "2026-01-25T12:00")  # the silence it began is not over
    assert when(shop, "2026-02-10T12:00") == [("gone", "2026-02-04T11:00")]
    shop.happens("visit", "2026-02-20T12:00")
    shop.happens("purchase", "2026-02-09T12:00")  # that is over, its repeats are not
    assert when(shop, "2026-03-30T12:00") == [("gone", "2026-03-21T11:00")]
    assert shop.states["ann"].life.timers[0].times == 2


def test_s3_of_a_late_event_comes_what_is_still_to_come(club: MakeClub) -> None:
    shop = late(club).happens("visit", "2026-01-08T00:00")
    shop.happens("purchase", "2026-01-05T00:00", order="over")  # three days ago
    shop.happens("purchase", "2026-01-05T00:01", order="a")
    assert when(shop, "2026-01-10") == [("ask", "2026-01-07T23:01")]


def test_s3_a_late_event_ends_the_waiting_of_those_before_it_alone(club: MakeClub) -> None:
    shop = (
        late(club).happens("purchase", "2026-01-05T00:00").happens("purchase", "2026-01-06T00:00")
    )
    shop.happens("return", "2026-01-05T12:00")
    assert when(shop, "2026-01-12") == [("ask", "2026-01-08T23:00")]


def test_s3_a_late_second_goes_with_a_first_that_was_before_it(club: MakeClub) -> None:
    shop = late(club).happens("purchase", "2026-01-05T00:00").happens("visit", "2026-01-20T00:00")
    assert shop.happens("survey", "2026-01-09T23:59").fired == ["triggers.heard"]
    shop = late(club).happens("survey", "2026-01-05T00:00")
    assert shop.happens("purchase", "2026-01-04T00:00").fired == []  # it was no sequence then


# --- some time after --------------------------------------------------------------------------

ASK = """
customer: {zone: text}
events:
  purchase: {order: id, amount: money, items: [{sku: text, price: money}], on: date}
  return: {purchase: id}
  profile: {zone: text}
wallets: {beans: {}}
triggers:
  ask: {after: purchase, wait: 3 days, MORE}
rules:
  zone: {on: profile, then: [set: {zone: zone}]}
  earn: {on: ask, when: any(line.price > 1 for line in items), then: [earn: {beans: amount}]}
"""


def ask(club: MakeClub, more: str = "about: x") -> Any:
    return club(ASK.replace("MORE", more))


def test_a_trigger_comes_so_long_after_each_event_with_its_fields(club: MakeClub) -> None:
    shop = ask(club)
    first = at(shop, "2026-01-01T10:00")
    items = [{"sku": "cup", "price": "2.50"}]
    shop.happens("purchase", first, order="a", amount="12.50", items=items, on="2026-01-02")
    shop.happens("purchase", first + HOUR, order="b", amount=7)
    assert shop.waits(first + 3 * DAY - 1).fired == []
    assert shop.waits(first + 3 * DAY).fired == ["triggers.ask", "earn"]
    fields = {"order": "a", "amount": "12.50", "items": items, "on": "2026-01-02"}
    assert came(shop) == [("ask", {**fields, "since": "2026-01-01T09:00:00Z"})]
    assert shop.balance("beans") == 12
    assert shop.waits(first + 3 * DAY + HOUR).fired == ["triggers.ask"]
    assert came(shop) == [
        ("ask", {"order": "b", "amount": "7.00", "since": "2026-01-01T10:00:00Z"})
    ]


@pytest.mark.parametrize(("after", "comes"), [(0, False), (3 * DAY - 1, False), (3 * DAY, True)])
def test_unless_another_event_comes_before_it(club: MakeClub, after: int, comes: bool) -> None:
    shop = ask(club, "unless: return")
    first = at(shop, "2026-01-01T10:00")
    shop.happens("purchase", first, order="a").happens("return", first + after)
    fired = shop.fired + shop.waits(first + 9 * DAY).fired
    assert ("triggers.ask" in fired) is comes


def test_what_came_before_the_first_event_does_not_count(club: MakeClub) -> None:
    shop = ask(club, "unless: return").happens("return", "2026-01-01T10:00")
    shop.happens("purchase", "2026-01-01T10:00", order="a")
    assert shop.waits("2026-01-05").fired == ["triggers.ask"]


def test_unless_the_other_is_about_it(club: MakeClub) -> None:
    shop = ask(club, "unless: return, where: purchase == earlier.order and earlier.amount > 5")
    for order, amount in (("a", 9), ("b", 9), ("c", 2)):
        shop.happens("purchase", "2026-01-01T10:00", order=order, amount=amount)
    shop.happens("return", "2026-01-02T10:00", purchase="b")
    shop.happens("return", "2026-01-02T10:00", purchase="c")
    shop.happens("return", "2026-01-02T10:00")
    shop.waits("2026-01-05")
    assert [data["order"] for _, data in came(shop)] == ["a", "c"]


def test_only_after_the_last_of_several(club: MakeClub) -> None:
    shop = ask(club, "unless: purchase")
    for day in (1, 2, 4, 8):
        shop.happens("purchase", f"2026-01-0{day}T10:00")
    assert when(shop, "2026-02-01") == [("ask", "2026-01-11T09:00")]


@pytest.mark.parametrize(
    ("time", "due"),
    [
        ("2026-01-01T08:59:59", "2026-01-04T08:00"),
        ("2026-01-01T09:00:00", "2026-01-04T08:00"),
        ("2026-01-01T09:00:01", "2026-01-05T08:00"),
        ("2026-03-26T10:00:00", "2026-03-30T07:00"),  # summer time has begun meanwhile
    ],
)
def test_it_may_wait_on_for_an_hour_of_the_day(club: MakeClub, time: str, due: str) -> None:
    shop = ask(club, "at: 09:00").happens("purchase", time)
    assert when(shop, "2026-05-01") == [("ask", due)]


def test_the_hour_may_be_that_of_the_customer(club: MakeClub) -> None:
    shop = ask(club, "at: 09:00, zone: zone")
    shop.happens("profile", "2026-01-01T10:00", zone="Asia/Kathmandu")
    shop.happens("purchase", "2026-01-01T10:00")
    assert when(shop, "2026-02-01") == [("ask", "2026-01-05T03:15")]


def test_two_events_that_are_alike_have_a_trigger_each(club: MakeClub) -> None:
    shop = ask(club)
    for _ in range(2):
        shop.happens("purchase", "2026-01-01T10:00", order="a", amount=3)
    shop.waits("2026-01-05")
    events = [event for outcome in shop.outcomes for event in outcome.emitted]
    assert [event.type for event in events] == ["ask", "ask"]
    assert len({event.id for event in events}) == 2


def test_a_trigger_may_be_after_a_trigger(club: MakeClub) -> None:
    shop = club("""
events: {purchase: {order: id}}
triggers:
  one: {after: purchase, wait: 1 day}
  two: {after: one, wait: 1 day}
""").happens("purchase", "2026-01-01T10:00", order="a")
    assert when(shop, "2026-02-01") == [("one", "2026-01-02T09:00"), ("two", "2026-01-03T09:00")]


# --- one event after another ------------------------------------------------------------------

HEARD = """
customer: {fan: flag}
events: {complaint: {case: id, text: text}, survey: {case: id, score: integer}}
triggers:
  heard: {after: complaint, then: survey, within: 14 days, MORE}
rules:
  write: {on: heard, then: [send: sorry]}
messages: {sorry: {text: '{{ score }} {{ earlier.case }}: {{ earlier.text }}, {{ earlier.time }}'}}
"""


def heard(club: MakeClub, more: str = "where: case == earlier.case") -> Any:
    return club(HEARD.replace("MORE", more))


@pytest.mark.parametrize(("later", "comes"), [(0, True), (14 * DAY - 1, True), (14 * DAY, False)])
def test_a_sequence_comes_with_its_second_event(club: MakeClub, later: int, comes: bool) -> None:
    shop = heard(club)
    first = at(shop, "2026-01-01T10:00")
    shop.happens("complaint", first, case="x", text="cold").happens(
        "survey", first + later, case="x"
    )
    assert shop.fired == (["triggers.heard", "write"] if comes else [])
    assert shop.states["ann"].due is None  # nothing is to come of it


def test_it_has_the_fields_of_both(club: MakeClub) -> None:
    shop = heard(club).happens("complaint", "2026-01-01T10:00", case="x", text="cold")
    shop.happens("survey", "2026-01-02T10:00", case="x", score=2)
    earlier = {"case": "x", "text": "cold", "time": "2026-01-01T09:00:00Z"}
    fields = {"case": "x", "score": 2, **{f"earlier.{name}": earlier[name] for name in earlier}}
    assert came(shop) == [("heard", fields)]
    (message,) = [effect for effect in shop.effects if effect["effect"] == "send"]
    assert message["values"] == {name: fields[name] for name in fields if name != "case"}


def test_sequences_that_run_into_each_other_are_told_by_what_links_them(club: MakeClub) -> None:
    shop = heard(club)
    for day, case in enumerate("xyz", start=1):
        shop.happens("complaint", f"2026-01-0{day}T10:00", case=case)
    found = []
    for day, case in enumerate("yxyqz", start=4):
        shop.happens("survey", f"2026-01-0{day}T10:00", case=case)
        found += [data["earlier.case"] for _, data in came(shop)]
    assert found == ["y", "x", "z"]


def test_without_a_link_the_latest_that_is_unused_is_the_first(club: MakeClub) -> None:
    shop = heard(club, "about: x")
    for day, case in enumerate("xyz", start=1):
        shop.happens("complaint", f"2026-01-0{day}T10:00", case=case)
    shop.happens("survey", "2026-01-03T12:00", case="q")
    assert came(shop)[0][1]["earlier.case"] == "z"
    shop.happens("complaint", "2026-01-04T10:00", case="w")
    found = []
    for day in (5, 6, 7, 8):
        shop.happens("survey", f"2026-01-0{day}T10:00", case="q")
        found += [data["earlier.case"] for _, data in came(shop)]
    assert found == ["w", "y", "x"]


def test_order_counts_at_one_instant_too(club: MakeClub) -> None:
    shop = heard(club).happens("survey", "2026-01-01T10:00", case="x")
    assert shop.happens("complaint", "2026-01-01T10:00", case="x").fired == []
    assert shop.happens("survey", "2026-01-01T10:00", case="x").fired[0] == "triggers.heard"


def test_a_first_is_not_used_up_where_the_condition_does_not_hold(club: MakeClub) -> None:
    shop = heard(club, "when: score < 3 and earlier.case != 'y'")
    shop.happens("complaint", "2026-01-01T10:00", case="x")
    shop.happens("complaint", "2026-01-02T10:00", case="y")
    assert shop.happens("survey", "2026-01-03T10:00", score=5).fired == []
    assert shop.happens("survey", "2026-01-04T10:00", score=1).fired == ["triggers.heard", "write"]
    assert came(shop)[0][1]["earlier.case"] == "x"
    assert shop.happens("survey", "2026-01-05T10:00", score=1).fired == []


def test_the_second_may_be_the_first_of_the_next(club: MakeClub) -> None:
    shop = club("""
events: {purchase: {amount: money}}
triggers: {more: {after: purchase, then: purchase, within: 7 days, where: amount > earlier.amount}}
""")
    found = []
    for day, amount in enumerate((5, 7, 6, 9, 10), start=1):
        shop.happens("purchase", f"2026-01-0{day}T10:00", amount=amount)
        found.append(bool(shop.fired))
    assert found == [False, True, False, True, True]


def test_firsts_that_nothing_can_follow_are_forgotten(club: MakeClub) -> None:
    shop = heard(club)
    for month in range(1, 10):
        shop.happens("complaint", f"2026-0{month}-01T10:00", case="x")
    assert len(shop.states["ann"].life.firsts) == 1
    late = club(HEARD.replace("MORE", "about: x") + "allow_late: 60 days\n")
    for month in range(1, 10):
        late.happens("complaint", f"2026-0{month}-01T10:00", case="x")
    assert len(late.states["ann"].life.firsts) == 3


# --- what is about to end ---------------------------------------------------------------------

POINTS = """
events: {purchase: {amount: integer}, spend: {points: integer}}
wallets: {beans: {expires: end of month after 1 month}, stars: {pending: 40 days, expires: 50 days}}
triggers:
  soon: {expires: beans, before: 7 days}
  stars-soon: {expires: stars, before: 20 days}
rules:
  earn: {on: purchase, then: [earn: {beans: amount}, earn: {stars: amount}]}
  spend: {on: spend, then: [spend: {beans: points}]}
"""


def test_points_are_told_of_before_they_expire_once_for_all_that_do(club: MakeClub) -> None:
    shop = club(POINTS).happens("purchase", "2026-01-10T10:00", amount=10)
    shop.happens("purchase", "2026-01-20T10:00", amount=5)
    shop.happens("purchase", "2026-02-20T10:00", amount=7)
    shop.happens("spend", "2026-02-20T11:00", points=3)
    due = at(shop, "2026-02-22T00:00")
    assert shop.waits(due - 1).fired == []
    assert shop.waits(due).fired == ["triggers.soon"]
    shop.happens("purchase", "2026-02-25T10:00", amount=1)  # of the next month
    assert [one for one in when(shop, "2026-05-01") if one[0] == "soon"] == [
        ("soon", "2026-03-24T22:00")
    ]


def test_what_it_tells(club: MakeClub) -> None:
    text = f"{POINTS}  on: {{on: soon, then: [earn: {{stars: 1}}]}}\n"
    shop = club(text).happens("purchase", "2026-01-10T10:00", amount=10)
    shop.happens("spend", "2026-01-20T11:00", points=3).waits("2026-02-22")
    fields = {"wallet": "beans", "points": 7, "expires": "2026-02-28T23:00:00Z"}
    assert came(shop) == [("soon", fields)]


def test_points_that_are_spent_by_then_are_not_told_of(club: MakeClub) -> None:
    shop = club(POINTS).happens("purchase", "2026-01-10T10:00", amount=10)
    shop.happens("spend", "2026-01-20T11:00", points=10)
    assert when(shop, "2026-05-01") == []


def test_nor_are_those_that_come_too_late_or_wait_to_be_active(club: MakeClub) -> None:
    shop = club(POINTS).happens("purchase", "2026-01-10T10:00", amount=10)
    # They turn active on 19 February and expire on 1 March: on 9 February there are none.
    assert when(shop, "2026-05-01") == [("soon", "2026-02-21T23:00")]
    shop.happens("purchase", "2026-05-28T10:00", amount=1)  # of June's end
    assert when(shop, "2026-06-24") == [("soon", "2026-06-23T22:00")]


def test_each_is_told_of_in_its_time_while_others_wait_to_expire(club: MakeClub) -> None:
    text = POINTS.replace("end of month after 1 month", "30 days").replace(
        "before: 7", "before: 10"
    )
    shop = club(f"{text}  on: {{on: soon, then: [spend: {{beans: 1}}]}}\n")
    for day, amount in ((1, 10), (5, 7), (5, 2)):
        shop.happens("purchase", f"2026-01-0{day}T10:00", amount=amount)
    shop.waits("2026-01-30")
    told = [(data["points"], str(data["expires"])[:10]) for _, data in came(shop)]
    assert told == [(10, "2026-01-31"), (9, "2026-02-04")]


ENDS = """
events: {purchase: {}, visit: {}}
wallets: {beans: {}}
offers:
  card:
    open: {on: purchase}
    lasts: 30 days
    at_once: 3
    reach: {count: visit, at_least: 2}
    then: [earn: {beans: 10}]
triggers: {hurry: {ends: card, before: 3 days}}
rules: {earn: {on: hurry, then: [earn: {beans: number}]}}
"""


def test_each_offer_is_told_of_before_it_ends(club: MakeClub) -> None:
    shop = club(ENDS)
    first = at(shop, "2026-01-01T10:00")
    shop.happens("purchase", first).happens("purchase", first + DAY)
    assert shop.waits(first + 27 * DAY - 1).fired == []
    assert shop.waits(first + 27 * DAY).fired == ["triggers.hurry", "earn"]
    fields = {"offer": "card", "number": 1, "until": "2026-01-31T09:00:00Z"}
    assert came(shop) == [("hurry", fields)]
    assert shop.waits(first + 28 * DAY).fired == ["triggers.hurry", "earn"]
    assert shop.balance("beans") == 3


def test_an_offer_that_is_closed_is_not_told_of(club: MakeClub) -> None:
    shop = club(ENDS).happens("purchase", "2026-01-01T10:00")
    shop.happens("visit", "2026-01-02T10:00").happens("visit", "2026-01-03T10:00")
    assert shop.states["ann"].life.timers == ()
    shop.happens("purchase", "2026-01-04T10:00").happens(
        "revoke_offer", "2026-01-05T10:00", number=2
    )
    assert shop.states["ann"].life.timers == ()
    assert shop.waits("2026-05-01").fired == []


def test_an_offer_that_ends_sooner_than_that_is_not_told_of(club: MakeClub) -> None:
    shop = club(ENDS.replace("30 days", "3 days")).happens("purchase", "2026-01-01T10:00")
    assert "triggers.hurry" not in shop.waits("2026-05-01").fired


def test_the_end_may_be_a_day(club: MakeClub) -> None:
    shop = club(ENDS.replace("lasts: 30 days", "ends: \"'2026-01-31'\""))
    shop.happens("purchase", "2026-01-01T10:00")
    assert when(shop, "2026-01-30") == [("hurry", "2026-01-28T23:00")]


def test_the_end_may_be_a_moment(club: MakeClub) -> None:
    """That belongs to the offer, so it is over just after; what is told of it is the moment."""
    ends = ENDS.replace("lasts: 30 days", "fields: {end: time}\n    ends: offer.end")
    shop = club(ends.replace("visit: {}", "visit: {}, grant: {}"))
    fields = '{"end": "2026-01-31T12:00Z"}'
    shop.happens("open_offer", "2026-01-01T10:00", offer="card", fields=fields)
    shop.waits(at(shop, "2026-01-28T13:00"))
    told = {"offer": "card", "number": 1, "until": "2026-01-31T12:00:00Z"}
    assert came(shop) == [("hurry", told)]


# --- what comes of them -----------------------------------------------------------------------


def test_a_trigger_opens_offers_counts_in_metrics_and_sets_others(club: MakeClub) -> None:
    shop = club("""
events: {purchase: {amount: money}, visit: {}}
wallets: {beans: {}}
metrics: {silences: {count: gone}}
offers:
  back: {open: {on: gone, when: times == 2}, lasts: 10 days, reach: {one: purchase},
         then: [earn: {beans: 100}]}
triggers:
  gone: {silence: purchase, for: 10 days, repeat: 10 days}
  sad: {after: gone, wait: 1 day}
rules:
  count: {on: sad, then: [earn: {beans: silences}]}
""")
    shop.happens("purchase", "2026-01-01T10:00", amount=5)
    assert shop.waits("2026-01-13").fired == ["triggers.gone", "triggers.sad", "count"]
    assert shop.waits("2026-01-23").fired == [
        *("triggers.gone", "offers.back.opened", "triggers.sad", "count")
    ]
    assert shop.balance("beans") == 3
    assert "offers.back" in shop.happens("purchase", "2026-01-24", amount=5).fired


def test_a_trigger_that_nothing_is_on_is_a_decision_and_no_event(club: MakeClub) -> None:
    shop = club("events: {purchase: {}}\ntriggers: {gone: {silence: purchase, for: 1 day}}\n")
    shop.happens("purchase", "2026-01-01T10:00").waits("2026-02-01")
    assert [outcome.event.type for outcome in shop.outcomes] == ["due"]
    assert (shop.fired, shop.effects) == (["triggers.gone"], [])


def test_all_of_it_is_kept_between_two_runs(club: MakeClub) -> None:
    shop = heard(club, "about: x").happens("complaint", "2026-01-01T10:00", case="x")
    state = shop.states["ann"]
    assert unpack_state(shop.program, pack_state(shop.program, state), lambda: ()) == state
    shop = ask(club).happens("purchase", "2026-01-01T10:00", order="x", amount="7.25")
    state = shop.states["ann"]
    assert unpack_state(shop.program, pack_state(shop.program, state), lambda: ()) == state


# --- another program --------------------------------------------------------------------------


def taken_over(shop: Any, by: Any) -> Any:
    """The customers of a club, now those of another, which has just been activated."""
    by.states = {
        name: unpack_state(by.program, pack_state(shop.program, state), lambda: ())
        for name, state in shop.states.items()
    }
    return by


def test_s15_timers_of_triggers_that_are_no_more_are_dropped(club: MakeClub) -> None:
    shop = ask(club).happens("purchase", "2026-01-01T10:00", order="a")
    by = taken_over(shop, gone(club))
    assert by.waits("2026-02-01").fired == []
    assert by.states["ann"].life.timers == ()


@pytest.mark.parametrize(
    ("since", "latest", "comes"),
    [
        ("event", {}, None),
        ("event", {"purchase": "2026-01-20T10:00"}, "2026-01-30T09:00"),
        ("event", {"purchase": "2026-01-01T10:00"}, "2026-02-10T09:00"),  # the first is over
        (
            "event",
            {"purchase": "2026-01-01T10:00", "visit": "2026-01-22T10:00"},
            "2026-02-01T09:00",
        ),
        ("enrolment", {}, "2026-02-05T09:00"),
    ],
)
def test_s15_a_silence_that_is_new_counts_from_the_latest_event(
    club: MakeClub, since: str, latest: dict[str, str], comes: str | None
) -> None:
    before = "events: {purchase: {}, visit: {}, profile: {}}\n"
    spec = f"{{silence: [purchase, visit], for: 10 days, repeat: 30 days, since: {since}}}"
    shop = club(before).happens("profile", "2025-12-27T10:00")
    by = taken_over(shop, club(f"{before}triggers: {{gone: {spec}}}\n"))
    told = {event: at(by, time) for event, time in latest.items()}
    by.happens("program_activated", "2026-01-27T10:00", latest=told)
    assert when(by, "2026-02-20")[:1] == ([("gone", comes)] if comes else [])


def test_s15_a_silence_that_has_begun_counts_by_the_new_length(club: MakeClub) -> None:
    text = "events: {purchase: {}}\ntriggers: {gone: {silence: purchase, for: 10 days}}\n"
    shop = club(text).happens("purchase", "2026-01-01T10:00")
    by = taken_over(shop, club(text.replace("10 days", "20 days")))
    by.happens("program_activated", "2026-01-05T10:00")
    assert when(by, "2026-02-20") == [("gone", "2026-01-21T09:00")]
    by = taken_over(shop, club(text.replace("10 days", "2 days")))
    by.happens("program_activated", "2026-01-05T10:00")
    assert when(by, "2026-02-20") == []  # it would have come before


def test_s15_what_has_happened_is_still_waited_for_and_its_fields_are_those_of_now(
    club: MakeClub,
) -> None:
    shop = ask(club).happens(
        "purchase", "2026-01-01T10:00", order="a", amount="2.50", on="2026-01-01"
    )
    text = ASK.replace("MORE", "about: x").replace("on: date", "on: integer, more: text")
    by = taken_over(shop, club(text)).happens("program_activated", "2026-01-02T10:00")
    assert by.waits("2026-01-09").fired == ["triggers.ask"]
    fields = {"order": "a", "amount": "2.50", "since": "2026-01-01T09:00:00Z"}
    assert came(by) == [("ask", fields)]


# --- customers who are merged -----------------------------------------------------------------

MERGED = """
events:
  purchase: {order: id}
  survey: {order: id}
  merge: {into: id, merges: into}
  split: {customer_id: id, unmerges: customer_id}
triggers:
  gone: {silence: purchase, for: 10 days}
  ask: {after: purchase, wait: 8 days}
  heard: {after: purchase, then: survey, within: 30 days, where: order == earlier.order}
rules: {on: {on: [ask, heard], then: [send: thanks]}}
messages: {thanks: {text: '{{ order }}'}}
"""


def test_what_has_happened_goes_along_and_comes_back(club: MakeClub) -> None:
    def shop() -> Any:
        both = club(MERGED).happens("purchase", "2026-01-01T10:00", "ann", order="a")
        both.happens("purchase", "2026-01-02T10:00", "bob", order="b")
        return both.happens("merge", "2026-01-03T10:00", "bob", into="ann")

    assert when(shop(), "2026-03-01") == [
        *(("ask", "2026-01-09T09:00"), ("ask", "2026-01-10T09:00"), ("gone", "2026-01-11T09:00"))
    ]
    one = shop().happens("survey", "2026-01-04T10:00", "bob", order="b")
    assert one.fired == ["triggers.heard", "on"]
    two = shop().happens("split", "2026-01-04T10:00", "ann", customer_id="bob")
    assert two.happens("survey", "2026-01-04T10:00", "ann", order="b").fired == []
    assert two.happens("survey", "2026-01-04T10:00", "bob", order="b").fired[0] == "triggers.heard"
    assert [name for name, _ in when(two, "2026-01-10T10:00")] == ["ask", "ask"]
    assert {outcome.event.customer for outcome in two.outcomes} == {"ann", "bob"}


@pytest.mark.parametrize(
    ("metrics", "due"),
    [
        ("metrics: {orders: {count: purchase, over: 1 year}}", "2026-01-12T09:00"),
        ("metrics: {orders: {count: purchase}}", "2026-01-14T09:00"),  # nobody knows: from now
        ("metrics: {a: {count: purchase, where: order == 'a', over: 1 year}}", "2026-01-14T09:00"),
    ],
)
def test_who_is_their_own_again_is_silent_since_their_latest_event_where_that_is_known(
    club: MakeClub, metrics: str, due: str
) -> None:
    shop = club(f"{MERGED}{metrics}\n").happens("purchase", "2026-01-02T10:00", "bob", order="a")
    shop.happens("merge", "2026-01-03T10:00", "bob", into="ann")
    shop.happens("split", "2026-01-04T10:00", "ann", customer_id="bob")
    gone = [time for name, time in when(shop, "2026-03-01") if name == "gone"]
    assert gone == [due]


def test_what_is_over_by_the_clock_of_the_other_comes_at_that(club: MakeClub) -> None:
    shop = club(MERGED).happens("purchase", "2026-01-02T10:00", "bob", order="b")
    for event in (
        shop.event("survey", "2026-01-20T10:00", "ann"),
        shop.event("merge", "2026-01-03T10:00", "bob", into="ann"),
    ):
        list(cascade(shop.program, shop.states, new_state, event))
    assert when(shop, "2026-01-20T10:00") == [("ask", "2026-01-20T09:00")]
