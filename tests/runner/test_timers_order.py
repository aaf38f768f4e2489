"""In what order things come that are due at one instant, and where what leads to itself
ends (S4)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loyalcore.runner import clock, fold
from loyalcore.runner.verify import verify
from loyalcore.store import Store
from runner.histories import NewShop


def on(day: int, hour: int = 0) -> str:
    return f"{datetime(2026, 1, 1) + timedelta(days=day, hours=hour):%Y-%m-%dT%H:%MZ}"


def event(type: str, day: int, customer: str = "ann", hour: int = 0, **data: object) -> Any:
    id = f"{type} {day} {hour} {customer}"
    return {"id": id, "type": type, "customer": customer, "time": on(day, hour), **data}


def decided(shop: Any, type: str = "due", day: int = 10) -> list[str]:
    """The rules of the decisions at events of this type on that day, in order."""
    return [
        str(rule)
        for rule in shop.ask(
            "select d.rule from decisions d join event_log e on e.seq = d.event"
            " where e.type = ? and e.time like ? order by d.rowid",
            type,
            f"{on(day)[:10]}%",
        )
    ]


def told(shop: Any, day: int) -> list[tuple[str, str]]:
    """The events of that day, in order: whose, and of what type."""
    query = "select customer, type from event_log where time like ? order by seq"
    return [(str(who), str(type)) for who, type in shop.ask(query, f"{on(day)[:10]}%")]


# --- of one customer --------------------------------------------------------------------------

EVERYTHING = """
program: shop
events: {purchase: {order: id, amount: money}, visit: {}}
metrics: {spend: {sum: purchase.amount, over: 10 days}}
wallets:
  beans: {expires: 10 days}
  stars: {pending: 10 days}
  miles: {expires: 12 days}
triggers:
  crossed: {metric: spend, falls_below: 5}
  poor: {leaves: buyers}
  daily: {every: day}
  asked: {after: purchase, wait: 10 days}
  gone: {silence: purchase, for: 10 days}
  soon: {expires: miles, before: 2 days}
  ending: {ends: slow, before: 2 days}
segments: {buyers: spend > 0}
offers:
  quick: {open: {on: purchase}, lasts: 10 days, bounds: start, reach: {count: visit, at_least: 9}}
  slow: {open: {on: purchase}, lasts: 12 days, reach: {count: visit, at_least: 9}}
tiers:
  live: {by: spend, levels: {base: 0, silver: 5}}
  club: {by: spend, levels: {base: 0, silver: 5}, keep: 10 days}
stages:
  new: {}
  busy: {enter: spend > 0, leave: {to: idle, when: "tier.club == 'base'"}}
  idle: {}
rules:
  earn: {on: purchase, then: [earn: {beans: 3, stars: 2, miles: 1}]}
  any:
    on: [crossed, poor, daily, asked, gone, soon, ending,
      tier_left, tier_entered, stage_left, stage_entered]
    then: [set: {tags.told: true}]
  clock: {on: due, then: [set: {tags.clock: true}]}
  lapsed: {on: [offer_lapsed, points_expired, points_activated], then: [set: {tags.lapsed: true}]}
"""


def test_s4_of_all_that_is_due_at_one_instant(shop: Any) -> None:
    ruleset = EVERYTHING
    shop.run(ruleset, [event("purchase", 0, order="1", amount=9)], until=on(10))
    assert decided(shop) == [
        *("wallets.beans.expires", "wallets.stars.pending"),
        # Timers as they were set. That of a day is set as the day before comes.
        *("triggers.asked", "triggers.gone", "triggers.soon", "triggers.ending", "triggers.daily"),
        *("clock", "offers.quick.lapsed", "tiers.live", "tiers.club", "stages.idle"),
        *("triggers.crossed", "triggers.poor"),
    ]
    types = [type for _, type in told(shop, 10)]
    assert types == [
        *("due", "points_expired", "points_activated"),
        *("asked", "gone", "soon", "ending", "daily", "offer_lapsed"),
        *("tier_left", "tier_entered", "tier_left", "tier_entered"),
        *("stage_left", "stage_entered", "crossed", "poor"),
    ]


def test_s4_what_comes_at_the_instant_at_which_something_is_due_comes_after_it(shop: Any) -> None:
    lines = [
        event("purchase", 0, order="1", amount=9),
        event("purchase", 10, order="2", amount=9),
        event("visit", 10, "bob"),
    ]
    ruleset = EVERYTHING
    shop.run(ruleset, lines)
    ann = [type for who, type in told(shop, 10) if who == "ann"]
    assert ann.index("gone") < ann.index("poor") < ann.index("purchase")


# --- of several -------------------------------------------------------------------------------

SEVERAL = """
program: shop
events: {visit: {}, hello: {by: id}}
triggers:
  week: {after: visit, wait: 7 days}
  mondays: {every: week}
  quiet: {silence: visit, for: 7 days, repeat: 7 days}
rules:
  greet: {on: week, then: [emit: {type: hello, customer: "'bob'", data: {by: customer.id}}]}
  note: {on: [mondays, quiet, hello], then: [set: {tags.told: true}]}
"""


def test_s4_customers_come_in_the_order_of_their_names(shop: Any) -> None:
    shop.run(SEVERAL, [event("visit", 0, who) for who in ("cat", "ann", "bob")], until=on(7))
    assert told(shop, 7) == [
        *(("ann", "due"), ("ann", "week"), ("ann", "quiet")),
        # What ann's leads to for bob comes after what was due for him by then.
        *(("bob", "due"), ("bob", "hello"), ("bob", "week"), ("bob", "quiet"), ("bob", "hello")),
        *(("cat", "due"), ("cat", "week"), ("cat", "quiet"), ("bob", "hello")),
    ]


@given(
    st.lists(st.tuples(st.integers(0, 3), st.sampled_from("abc")), min_size=1, max_size=6),
    st.data(),
)
def test_s4_what_is_due_comes_by_instant_and_customer(
    new_shop: NewShop, visits: list[tuple[int, str]], data: st.DataObject
) -> None:
    lines = [event("visit", day * 7 // 2, who) for day, who in sorted({*visits})]
    with new_shop() as shop, pytest.MonkeyPatch.context() as patch:
        patch.setattr(fold, "CACHED", data.draw(st.sampled_from([0, 1, 20_000]), "cached"))
        patch.setattr(clock, "PAGE", data.draw(st.sampled_from([1, 2, 1_000]), "page"))
        batches = st.sampled_from([1, 2, 10_000])
        shop.run(SEVERAL, lines, batch=data.draw(batches, "batch"))
        shop.run(SEVERAL, until=on(40), batch=data.draw(batches, "next batch"))
        # But his who is greeted: what is due for him by then comes before the greeting.
        query = "select time, customer from events where type = 'due' and customer != 'bob'"
        dues = shop.ask(f"{query} order by seq")
        assert dues == sorted(dues)
        assert len({*dues}) == len(dues), "something was due twice at one instant"


# --- what leads to itself ---------------------------------------------------------------------


def test_what_leads_to_itself_at_once_ends_eight_deep(shop: Any) -> None:
    shop.run(
        """
program: shop
events: {visit: {}, hello: {}}
metrics: {hellos: {count: hello}, ups: {count: up}}
triggers:
  twice: {after: hello, then: hello, within: 2 days}
  up: {metric: hellos, rises_to: ups + 2}
stages:
  here: {enter: {from: there, on: hello}}
  there: {enter: {from: here, on: hello}}
tiers:
  club: {by: hellos, levels: {low: 0, high: 4}}
rules:
  go: {on: [visit, twice, stage_entered, up, tier_entered], then: [emit: {type: hello}]}
""",
        [event("visit", 0), event("visit", 1), event("visit", 9)],
        until=on(30),
    )
    skipped = shop.ask("select effects from decisions where effects like '%8 deep%'")
    assert skipped
    assert set(shop.ask("select substr(time, 1, 10) from event_log where type = 'hello'")) == {
        on(day)[:10] for day in (0, 1, 9)
    }
    with Store.open(shop.path) as store:
        assert verify(store.connection).difference is None


def test_what_leads_to_itself_in_time_goes_on_with_it(shop: Any) -> None:
    ruleset = """
program: shop
events: {visit: {}, hello: {}}
triggers:
  tick: {after: visit, wait: 1 day}
  still: {silence: hello, for: 2 days, since: enrolment}
  grown: {metric: visits, rises_to: 3}
metrics: {visits: {count: visit, over: 3 days}}
rules:
  visit: {on: tick, then: [emit: {type: visit}]}
  hello: {on: still, then: [emit: {type: hello}]}
  note: {on: grown, then: [set: {tags.told: true}]}
"""
    shop.run(ruleset, [event("visit", 0)], until=on(10))
    told = shop.ask("select type, count(*) from events where type != 'due' group by type")
    assert dict(told) == {"visit": 11, "tick": 10, "still": 5, "hello": 5, "grown": 9}


LONG = """
program: shop
timezone: Europe/Oslo
events: {purchase: {amount: money}}
metrics: {spend_month: {sum: purchase.amount, over: this month}}
triggers:
  daily: {every: day, at: '02:30'}
  gone: {silence: purchase, for: 9 days, repeat: 1 day}
tiers:
  club:
    by: spend_month
    levels: {base: 0, silver: 20}
    upgrade: at review
    review: month
    keep: end of month
rules:
  note: {on: [daily, gone], then: [set: {tags.told: true}]}
"""


def test_thirty_years_in_which_nothing_happens_are_days_one_after_another(shop: Any) -> None:
    shop.run(LONG, [event("purchase", 0, hour=10, amount=30)])
    sizes = []
    for year in (2036, 2046, 2056):
        summary = shop.run(LONG, until=f"{year}-01-01T00:00+01:00")
        days = (datetime(year, 1, 1) - datetime(year - 10, 1, 1)).days
        assert summary.fired["triggers.daily"] == days - (year == 2036)
        assert days - 9 <= summary.fired["triggers.gone"] <= days
        # Reviews of who is at the lowest level, beside what comes every day.
        assert summary.timers <= 2 * days + 10 * 12 + 2
        sizes += shop.ask("select length(state) from customers")
    assert max(sizes) - min(sizes) < 100
