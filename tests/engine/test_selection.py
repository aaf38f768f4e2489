"""What holds back a rule whose condition is true: who, schedule, limits, caps, budgets, groups
and experiments (S4, S13, S14)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loyalcore.effects.changes import Accrue, Skipped

MakeClub = Callable[[str], Any]

SHOP = """
customer: {channel: text, birthday: date}
events:
  purchase: {amount: money, n: integer, channel: text}
  visit: {}
metrics: {orders: {count: purchase}}
wallets: {beans: {}, stars: {price: 0.05}, seals: {price: 0.003}}
"""

DAY = 86_400_000_000


def shop_with(club: MakeClub, rule: str, more: str = "") -> Any:
    """A shop with one rule, `r`, on purchases; by default it earns `n` beans."""
    then = "" if "then:" in rule else "then: [earn: {beans: n}]"
    parts = ", ".join(part for part in ("on: purchase", rule, then) if part)
    return club(f"{SHOP}{more}\nrules:\n  r: {{{parts}}}\n")


def beans(shop: Any, customer: str = "ann") -> int:
    return int(shop.states[customer].account.balances.get("beans", 0))


# --- who and when -----------------------------------------------------------------------------


def test_s4_a_rule_is_held_for_whom_it_is_not(club: MakeClub) -> None:
    shop = shop_with(club, "who: orders >= 2, limit: once")
    assert shop.happens("purchase", "2026-01-01", n=1).held == {"r": "who: orders >= 2"}
    assert shop.happens("purchase", "2026-01-02", n=1).fired == ["r"]


def test_s6_who_must_be_known_to_be_true(club: MakeClub) -> None:
    shop = shop_with(club, "who: year(birthday) < 2000")
    assert shop.happens("purchase", "2026-01-01", n=1).held == {"r": "who: year(birthday) < 2000"}


SCHEDULE = "schedule: {weekdays: [tuesday, wednesday], hours: [08:00-11:30, 22:00-02:00]}"


@pytest.mark.parametrize(
    ("time", "open_"),
    [
        ("2026-01-06T07:59:59.999999", False),  # a tuesday
        ("2026-01-06T08:00", True),
        ("2026-01-06T11:29:59.999999", True),
        ("2026-01-06T11:30", False),
        ("2026-01-06T21:59:59.999999", False),
        ("2026-01-06T22:00", True),
        ("2026-01-08T01:59:59.999999", True),  # the night of wednesday
        ("2026-01-08T02:00", False),
        ("2026-01-08T08:00", False),
        ("2026-01-06T01:00", False),  # the night of monday
    ],
)
def test_a_schedule_is_by_the_clock_on_the_wall(club: MakeClub, time: str, open_: bool) -> None:
    shop = shop_with(club, SCHEDULE).happens("purchase", time, n=1)
    assert (shop.fired, shop.held) == (["r"] if open_ else [], {})


def test_hours_are_those_of_the_zone_whatever_the_clock_change(club: MakeClub) -> None:
    shop = shop_with(club, "schedule: {hours: 02:00-03:00}")
    # 2026-03-29 has no such hour in Oslo, 2026-10-25 has it twice
    assert shop.happens("purchase", "2026-03-29T00:30Z", n=1).fired == []
    assert shop.happens("purchase", "2026-03-29T01:00Z", n=1).fired == []
    assert shop.happens("purchase", "2026-10-25T00:30Z", n=1).fired == ["r"]
    assert shop.happens("purchase", "2026-10-25T01:30Z", n=1).fired == ["r"]
    assert shop.happens("purchase", "2026-10-25T02:00Z", n=1).fired == []


def test_a_schedule_of_days_of_the_calendar(club: MakeClub) -> None:
    shop = shop_with(club, "schedule: {dates: [2026-12-24, 29 February, 6 december]}")
    days = ["2026-02-28", "2026-12-06", "2026-12-24", "2027-12-06", "2027-12-24", "2028-02-29"]
    open_ = [day for day in days if shop.happens("purchase", f"{day}T23:59", n=1).fired]
    assert open_ == ["2026-12-06", "2026-12-24", "2027-12-06", "2028-02-29"]


def test_hours_past_midnight_belong_to_the_day_they_begin_on(club: MakeClub) -> None:
    shop = shop_with(club, "schedule: {dates: 31 December, hours: 20:00-04:00}")
    assert shop.happens("purchase", "2026-12-31T03:00", n=1).fired == []
    assert shop.happens("purchase", "2026-12-31T20:00", n=1).fired == ["r"]
    assert shop.happens("purchase", "2027-01-01T03:59", n=1).fired == ["r"]


# --- limits -----------------------------------------------------------------------------------


def test_a_limit_of_one_in_a_time_is_a_cooldown(club: MakeClub) -> None:
    shop = shop_with(club, "limit: 1 per 7 days, who: orders > 0")
    assert shop.happens("purchase", "2026-01-01T12:00", n=1).fired == ["r"]
    assert shop.happens("purchase", "2026-01-08T11:59:59.999999", n=1).held == {
        "r": "limit: 1 per 7 days"
    }
    assert shop.happens("purchase", "2026-01-08T12:00", n=1).fired == ["r"]


# --- caps -------------------------------------------------------------------------------------


def test_a_cap_cuts_points_to_what_is_left(club: MakeClub) -> None:
    shop = shop_with(club, "cap: {beans: 100 per day}")
    shop.happens("purchase", "2026-01-01T10:00", n=70)
    ((decision,),) = (one.decisions for one in shop.outcomes)
    assert decision.changes == (Accrue("beans", 70),)
    ((decision,),) = (
        one.decisions for one in shop.happens("purchase", "2026-01-01T11:00", n=70).outcomes
    )
    assert decision.changes == (Accrue("beans", 30, 40, "cap: 100 per day"),)
    assert shop.happens("purchase", "2026-01-01T12:00", n=1).held == {"r": "cap: 100 per day"}
    assert beans(shop) == 100


def test_a_cap_that_refuses_lets_all_points_through_or_none(club: MakeClub) -> None:
    shop = shop_with(club, "cap: {beans: 100 per day}, edge: refuse")
    assert shop.happens("purchase", "2026-01-01", n=70).fired == ["r"]
    assert shop.happens("purchase", "2026-01-01", n=31).held == {"r": "cap: 100 per day"}
    assert shop.happens("purchase", "2026-01-01", n=30).fired == ["r"]
    assert beans(shop) == 100


def test_a_rule_does_the_rest_where_a_cap_leaves_no_points(club: MakeClub) -> None:
    rule = "cap: {beans: 5}, then: [earn: {beans: n, stars: 1}, set: {tags.came: true}]"
    shop = shop_with(club, rule).happens("purchase", "2026-01-01", n=5)
    ((decision,),) = (one.decisions for one in shop.happens("purchase", "2036-01-01", n=5).outcomes)
    assert decision.changes[:2] == (Skipped("earn", "beans: cap: 5"), Accrue("stars", 1))
    assert shop.states["ann"].account.balances == {"beans": 5, "stars": 2}


PERIODS = [
    ("day", "2026-03-29T23:59:59.999999+02:00"),  # 23 hours long in Oslo
    ("day", "2026-10-25T23:59:59.999999+01:00"),  # 25 hours
    ("week", "2026-03-29T23:59:59.999999"),
    ("month", "2028-02-29T23:59:59.999999"),
    ("quarter", "2026-09-30T23:59:59.999999"),
    ("year", "2026-12-31T23:59:59.999999"),
]


@pytest.mark.parametrize(("period", "last"), PERIODS)
@pytest.mark.parametrize("kind", ["cap", "budget"])
def test_s5_what_is_per_period_begins_anew_at_local_midnight(
    club: MakeClub, period: str, last: str, kind: str
) -> None:
    shop = shop_with(club, f"{kind}: {{beans: 10 per {period}}}")
    assert shop.happens("purchase", last, n=10).fired == ["r"]
    again = shop.states["ann"].clock
    assert shop.happens("purchase", again, n=1).held == {"r": f"{kind}: 10 per {period}"}
    assert shop.happens("purchase", again + 1, n=10).fired == ["r"]
    assert shop.happens("purchase", again + 1, n=1).fired == []


def test_s5_a_rolling_cap_is_half_open_to_the_microsecond(club: MakeClub) -> None:
    shop = shop_with(club, "cap: {beans: 10 per 30 days}")
    shop.happens("purchase", "2026-01-01T12:00", n=6).happens("purchase", "2026-01-05T12:00", n=4)
    assert shop.happens("purchase", "2026-01-31T11:59:59.999999", n=6).fired == []
    assert shop.happens("purchase", "2026-01-31T12:00", n=10).fired == ["r"]
    assert beans(shop) == 16
    assert shop.happens("purchase", "2026-02-04T12:00", n=10).fired == ["r"]
    assert beans(shop) == 20


def test_only_what_a_window_still_sees_is_kept(club: MakeClub) -> None:
    shop = shop_with(club, "cap: {beans: 10 per 30 days}")
    for day in range(1, 29):
        shop.happens("purchase", f"2026-01-{day:02}", n=1)
    shop.happens("purchase", "2026-06-01", n=1).happens("purchase", "2026-06-01", n=2)
    (kept,) = shop.states["ann"].used.values()
    assert [amount for _, amount in kept] == [3]


def test_a_cap_is_of_each_customer(club: MakeClub) -> None:
    shop = shop_with(club, "cap: {beans: 10}")
    shop.happens("purchase", "2026-01-01", n=10).happens("purchase", "2026-01-01", "bob", n=10)
    assert (beans(shop), beans(shop, "bob")) == (10, 10)


def test_a_cap_counts_what_a_wallet_could_hold_in_the_end(club: MakeClub) -> None:
    shop = club("""
events: {purchase: {n: integer}, gift: {n: integer}}
wallets: {beans: {maximum: 10}}
rules: {r: {on: purchase, cap: {beans: 15}, then: [earn: {beans: n}]}}
""")
    shop.happens("purchase", "2026-01-01", n=12)
    (kept,) = shop.states["ann"].used.values()
    assert [amount for _, amount in kept] == [10]


# --- budgets ----------------------------------------------------------------------------------


def test_s14_a_budget_of_points_is_shared_by_all(club: MakeClub) -> None:
    shop = shop_with(club, "budget: {beans: 100 per month}")
    shop.happens("purchase", "2026-01-01", "ann", n=70)
    shop.happens("purchase", "2026-01-02", "bob", n=70)
    assert shop.effects[0] | {"effect": ""} == {
        "effect": "",
        "wallet": "beans",
        "points": 30,
        "cut": 40,
        "by": "budget: 100 per month",
    }
    assert shop.happens("purchase", "2026-01-03", "eve", n=1).held == {"r": "budget: 100 per month"}
    assert shop.happens("purchase", "2026-02-01", "eve", n=1).fired == ["r"]


def test_a_budget_of_counts_is_of_firings(club: MakeClub) -> None:
    shop = shop_with(club, "budget: {count: 2 per day}")
    done = [shop.happens("purchase", "2026-01-01", who, n=1).fired for who in ("a", "b", "c")]
    assert done == [["r"], ["r"], []]
    assert shop.happens("purchase", "2026-01-02", "c", n=1).fired == ["r"]


def test_the_first_customers_are_in_for_good(club: MakeClub) -> None:
    shop = shop_with(club, "budget: {customers: 2}")
    assert shop.happens("purchase", "2026-01-01", "ann", n=1).fired == ["r"]
    assert shop.happens("purchase", "2026-01-02", "ann", n=1).fired == ["r"]
    assert shop.happens("purchase", "2026-01-03", "bob", n=1).fired == ["r"]
    assert shop.happens("purchase", "2026-01-04", "eve", n=1).held == {"r": "budget: 2"}
    assert shop.happens("purchase", "2036-01-04", "ann", n=1).fired == ["r"]
    assert shop.happens("purchase", "2036-01-05", "eve", n=1).held == {"r": "budget: 2"}


def test_the_first_customers_of_each_month(club: MakeClub) -> None:
    shop = shop_with(club, "budget: {customers: 1 per month}")
    assert shop.happens("purchase", "2026-01-01", "ann", n=1).fired == ["r"]
    assert shop.happens("purchase", "2026-01-31", "bob", n=1).fired == []
    assert shop.happens("purchase", "2026-02-01", "bob", n=1).fired == ["r"]
    assert shop.happens("purchase", "2026-02-01", "ann", n=1).fired == []
    assert shop.happens("purchase", "2026-02-02", "bob", n=1).fired == ["r"]


def test_a_budget_of_money_is_of_costs(club: MakeClub) -> None:
    shop = shop_with(
        club, "cost: 2.50, budget: {money: 5.00 per month}, then: [set: {tags.a: true}]"
    )
    assert shop.happens("purchase", "2026-01-01", "ann").fired == ["r"]
    assert [one.decisions[0].cost for one in shop.outcomes] == [250]
    assert shop.happens("purchase", "2026-01-01", "bob").fired == ["r"]
    assert shop.happens("purchase", "2026-01-01", "eve").held == {"r": "budget: 5.00 per month"}


def test_a_budget_of_money_cuts_points_that_have_a_price(club: MakeClub) -> None:
    # a star costs 5 cents: beside the card for 1 euro there is room for 20 of them
    shop = shop_with(club, "cost: 1, budget: {money: 2}, then: [earn: {stars: n, beans: 9}]")
    shop.happens("purchase", "2026-01-01", n=30)
    ((decision,),) = (one.decisions for one in shop.outcomes)
    assert decision.changes == (Accrue("stars", 20, 10, "budget: 2"), Accrue("beans", 9))
    assert decision.cost == 200
    assert shop.happens("purchase", "2026-01-02", n=1).held == {"r": "budget: 2"}


def test_a_budget_of_money_that_refuses_cuts_nothing(club: MakeClub) -> None:
    shop = shop_with(club, "budget: {money: 1}, edge: refuse, then: [earn: {stars: n}]")
    assert shop.happens("purchase", "2026-01-01", n=21).held == {"r": "budget: 1"}
    assert shop.happens("purchase", "2026-01-01", n=20).fired == ["r"]


def test_what_has_a_cost_that_nobody_knows_draws_on_no_budget(club: MakeClub) -> None:
    shop = shop_with(club, "cost: amount, budget: {money: 100}")
    assert shop.happens("purchase", "2026-01-01", n=1).held == {
        "r": "budget: 100, and what it costs is not known"
    }
    assert shop.happens("purchase", "2026-01-01", n=1, amount=100).fired == ["r"]


@pytest.mark.parametrize(
    ("then", "cost", "expected"),
    [
        ("earn: {beans: 100}", "", None),
        ("earn: {beans: 100}", "cost: 0.01", 1),
        ("earn: {stars: 3}", "", 15),
        ("earn: {seals: 1}", "", 0),  # 0.3 of a cent
        ("earn: {seals: 5}", "", 2),  # 1.5: rounded once, half up
        ("earn: {seals: 5, stars: 1}", "cost: amount / 3", 40),  # 1.5 + 5 + 33⅓
        ("earn: {stars: 1}", "cost: amount - 2", 5),
        ("earn: {stars: 0}", "", None),
    ],
)
def test_s10_a_decision_says_what_it_costs(
    club: MakeClub, then: str, cost: str, expected: int | None
) -> None:
    rule = ", ".join(part for part in (cost, f"then: [{then}]") if part)
    shop = shop_with(club, rule).happens("purchase", "2026-01-01", amount=1)
    ((decision,),) = (one.decisions for one in shop.outcomes)
    assert (decision.fired, decision.cost) == (True, expected)


def test_a_rule_that_is_held_uses_up_nothing(club: MakeClub) -> None:
    bounds = "limit: 2 per day, cap: {beans: 5 per day}, budget: {count: 2 per day, customers: 1}"
    shop = shop_with(club, f"{bounds}, edge: refuse, who: orders != 2")
    held = [shop.happens("purchase", "2026-01-01", n=n).held.get("r") for n in (2, 2, 9, 3, 1)]
    assert held == [None, "who: orders != 2", "cap: 5 per day", None, "limit: 2 per day"]
    assert [draw for one in shop.outcomes for draw in one.draws] == []


@given(
    events=st.lists(
        st.tuples(st.sampled_from("abc"), st.integers(0, 60), st.integers(0, 3)), max_size=25
    ),
    edge=st.sampled_from(["reduce", "refuse"]),
)
def test_s14_no_budget_and_no_cap_is_ever_overdrawn(
    club: MakeClub, events: list[tuple[str, int, int]], edge: str
) -> None:
    shop = club(f"""{SHOP}
groups:
  all: {{budget: {{money: 3.00 per day, stars: 70 per day}}, cap: {{stars: 40 per 2 days}}}}
rules:
  r: {{on: purchase, group: all, edge: {edge}, budget: {{stars: 50 per day, count: 4 per day}},
      cost: 0.10, then: [earn: {{stars: n}}, earn: {{stars: n / 2, seals: n}}]}}
  s: {{on: purchase, group: all, edge: {edge}, cap: {{stars: 30 per day}}, cost: amount / 3,
      then: [earn: {{stars: n}}]}}
""")
    now = 1_767_222_000_000_000
    earned: list[tuple[str, str, int, int, int]] = []
    for customer, n, days in events:
        now += days * DAY // 2
        for outcome in shop.happens("purchase", now, customer, n=n, amount=1).outcomes:
            for one in outcome.decisions:
                stars = sum(
                    change.points
                    for change in one.changes
                    if isinstance(change, Accrue) and change.wallet == "stars"
                )
                earned.append((customer, one.rule, now, stars, one.cost or 0))
                assert one.fired or (stars, one.cost) == (0, None)
    day = {time: shop_day(time) for _, _, time, _, _ in earned}
    for on in set(day.values()):
        today = [each for each in earned if day[each[2]] == on]
        assert sum(cost for *_, cost in today) <= 300
        assert sum(stars for *_, stars, _ in today) <= 70
        assert sum(stars for _, rule, _, stars, _ in today if rule == "r") <= 50
        for who in "abc":
            assert sum(s for c, rule, _, s, _ in today if (c, rule) == (who, "s")) <= 30
    for _, _, time, _, _ in earned:
        for who in "abc":
            window = (s for c, _, t, s, _ in earned if c == who and time - 2 * DAY < t <= time)
            assert sum(window) <= 40


def shop_day(time: int) -> int:
    """The day in Oslo, in a winter month."""
    return (time + 3_600_000_000) // DAY


# --- groups -----------------------------------------------------------------------------------


def stack(club: MakeClub, groups: str, rules: str) -> Any:
    return club(f"{SHOP}\ngroups: {groups}\nrules:\n{rules}")


THREE = """
  a: {on: purchase, group: g, then: [earn: {beans: 5}]}
  b: {on: purchase, group: g, then: [earn: {beans: n}]}
  c: {on: purchase, group: g, priority: -1, then: [earn: {beans: 7}]}
  other: {on: purchase, priority: -5, then: [earn: {beans: 1}]}
"""


def test_all_of_a_group_fire_together(club: MakeClub) -> None:
    shop = stack(club, "{g: }", THREE).happens("purchase", "2026-01-01", n=1)
    assert shop.fired == ["a", "b", "c", "other"]


def test_the_best_of_a_group_fires(club: MakeClub) -> None:
    shop = stack(club, "{g: {stack: best}}", THREE)
    assert shop.happens("purchase", "2026-01-01", n=1).fired == ["c", "other"]
    assert shop.held == {"a": "group: g (best: c)", "b": "group: g (best: c)"}
    assert shop.happens("purchase", "2026-01-02", n=7).fired == ["b", "other"]  # as much, earlier
    assert shop.happens("purchase", "2026-01-03", n=8).fired == ["b", "other"]


def test_the_best_is_by_what_points_are_worth(club: MakeClub) -> None:
    shop = stack(
        club,
        "{g: {stack: best}}",
        """
  beans: {on: purchase, group: g, then: [earn: {beans: 9}]}
  stars: {on: purchase, group: g, then: [earn: {stars: 2}]}
  seals: {on: purchase, group: g, then: [earn: {seals: 30}]}
""",
    )
    assert shop.happens("purchase", "2026-01-01").fired == ["stars"]  # 10 cents; 9, and 9


def test_the_first_of_a_group_fires(club: MakeClub) -> None:
    shop = stack(club, "{g: {stack: first}}", THREE).happens("purchase", "2026-01-01", n=1)
    assert shop.fired == ["a", "other"]
    assert shop.held == {"b": "group: g (first: a)", "c": "group: g (first: a)"}


def test_an_exclusive_group_shuts_out_what_comes_after_it(club: MakeClub) -> None:
    rules = f"  before: {{on: purchase, priority: 9, then: [earn: {{beans: 1}}]}}{THREE}"
    shop = stack(club, "{g: {stack: exclusive}}", rules).happens("purchase", "2026-01-01", n=1)
    assert shop.fired == ["before", "a", "b", "c"]
    assert shop.held == {"other": "exclusive: g"}


def test_an_exclusive_group_of_which_nothing_fires_shuts_out_nothing(club: MakeClub) -> None:
    shop = stack(
        club,
        "{g: {stack: exclusive}}",
        """
  a: {on: purchase, group: g, limit: once, then: [earn: {beans: 1}]}
  z: {on: purchase, then: [earn: {beans: 1}]}
""",
    )
    assert shop.happens("purchase", "2026-01-01").fired == ["a"]
    assert shop.happens("purchase", "2026-01-02").fired == ["z"]
    assert shop.held == {"a": "limit: once"}


def test_a_rule_that_is_held_wins_no_group(club: MakeClub) -> None:
    shop = stack(
        club,
        "{g: {stack: best}}",
        """
  big: {on: purchase, group: g, limit: once, then: [earn: {beans: 10}]}
  capped: {on: purchase, group: g, cap: {beans: 13}, then: [earn: {beans: 8}]}
  small: {on: purchase, group: g, then: [earn: {beans: 6}]}
""",
    )
    assert shop.happens("purchase", "2026-01-01").fired == ["big"]
    assert shop.happens("purchase", "2026-01-02").fired == ["capped"]
    assert shop.held == {"big": "limit: once", "small": "group: g (best: capped)"}
    # the cap leaves 5 of 8, which is less than 6
    assert shop.happens("purchase", "2026-01-03").fired == ["small"]
    assert shop.held["capped"] == "group: g (best: small)"


def test_a_group_is_chosen_anew_where_its_winner_can_not_fire_after_all(club: MakeClub) -> None:
    # `first` uses up the budget of the outer group that `big` is in too.
    shop = stack(
        club,
        "{outer: {budget: {count: 1}}, g: {stack: best}}",
        """
  first: {on: purchase, group: outer, then: [earn: {beans: 1}]}
  big: {on: purchase, group: h, then: [earn: {beans: 10}]}
  small: {on: purchase, group: g, then: [earn: {beans: 6}]}
""".replace("group: h", "group: g, limit: once, budget: {count: 1}"),
    )
    shop.happens("purchase", "2026-01-01")
    assert shop.fired == ["first", "big"]
    assert shop.happens("purchase", "2026-01-02", "bob").fired == ["small"]
    assert shop.held == {"first": "budget: 1 (group outer)", "big": "budget: 1"}


def test_a_winner_that_an_earlier_rule_leaves_nothing_gives_way(club: MakeClub) -> None:
    shop = stack(
        club,
        "{both: {limit: 1 per day}, g: {stack: best, in: all}, all: , one: {in: both}}",
        """
  early: {on: purchase, group: both, priority: 1, then: [earn: {beans: 1}]}
  late: {on: purchase, group: one, then: [earn: {beans: 10}]}
  small: {on: purchase, group: g, then: [earn: {beans: 6}]}
""",
    )
    assert shop.happens("purchase", "2026-01-01").fired == ["early", "small"]
    assert shop.held == {"late": "limit: 1 per day (group both)"}


def test_groups_nest(club: MakeClub) -> None:
    shop = stack(
        club,
        "{top: {stack: best}, pair: {in: top}, single: {stack: first, in: top}}",
        """
  one: {on: purchase, group: pair, then: [earn: {beans: 4}]}
  two: {on: purchase, group: pair, then: [earn: {beans: n}]}
  three: {on: purchase, group: single, then: [earn: {beans: 6}]}
  four: {on: purchase, group: single, then: [earn: {beans: 100}]}
  five: {on: purchase, group: top, then: [earn: {beans: 5}]}
""",
    )
    assert shop.happens("purchase", "2026-01-01", n=3).fired == ["one", "two"]
    assert shop.held == {
        "three": "group: top (best: one)",
        "four": "group: single (first: three)",
        "five": "group: top (best: one)",
    }
    assert shop.happens("purchase", "2026-01-02", n=1).fired == ["three"]
    assert shop.held["one"] == shop.held["two"] == "group: top (best: three)"


def test_an_exclusive_group_inside_another_shuts_out_its_siblings(club: MakeClub) -> None:
    shop = stack(
        club,
        "{top: , only: {stack: exclusive, in: top}}",
        """
  a: {on: purchase, group: only, then: [earn: {beans: 1}]}
  b: {on: purchase, group: top, then: [earn: {beans: 1}]}
  c: {on: purchase, group: only, then: [earn: {beans: 1}]}
""",
    )
    assert shop.happens("purchase", "2026-01-01").fired == ["a", "c"]
    assert shop.held == {"b": "exclusive: only"}


def test_a_group_bounds_its_rules_together(club: MakeClub) -> None:
    shop = stack(
        club,
        "{g: {cap: {beans: 10 per day}, in: top}, top: {limit: 3 per day}}",
        """
  a: {on: [purchase, visit], group: g, then: [earn: {beans: 6}]}
  b: {on: purchase, group: g, then: [earn: {beans: 6}]}
""",
    )
    shop.happens("purchase", "2026-01-01")
    assert [effect["points"] for effect in shop.effects] == [6, 4]
    assert shop.effects[1]["by"] == "cap: 10 per day (group g)"
    assert shop.happens("visit", "2026-01-01").held == {"a": "cap: 10 per day (group g)"}
    shop.happens("visit", "2026-01-02").happens("purchase", "2026-01-02")
    assert shop.held == {"b": "cap: 10 per day (group g)"}
    assert beans(shop) == 20


@given(
    ns=st.lists(st.integers(0, 50), min_size=1, max_size=6),
    of=st.lists(st.sampled_from(["", "g", "h"]), min_size=3, max_size=3),
)
def test_groups_that_bound_nothing_change_nothing(
    club: MakeClub, ns: list[int], of: list[str]
) -> None:
    def told(groups: list[str]) -> list[object]:
        rules = "\n".join(
            f"  r{number}: {{on: purchase, {f'group: {group},' if group else ''} limit: 3 per day, "
            f"priority: {number % 2}, then: [earn: {{beans: n + {number}}}]}}"
            for number, group in enumerate(groups)
        )
        shop = stack(club, "{g: , h: {in: g}}", f"{rules}\n")
        return [
            (shop.happens("purchase", f"2026-01-01T{at:02}:00", n=n).effects, shop.held)
            for at, n in enumerate(ns)
        ]

    assert told(of) == told(["", "", ""])


# --- segments and experiments -----------------------------------------------------------------


def test_a_segment_is_a_fact(club: MakeClub) -> None:
    shop = shop_with(club, "when: segment.regulars", "segments: {regulars: orders >= 3}")
    fired = [shop.happens("purchase", f"2026-01-0{day}", n=1).fired for day in (1, 2, 3)]
    assert fired == [[], [], ["r"]]


def test_s6_a_segment_of_something_missing_is_missing(club: MakeClub) -> None:
    segments = "segments: {young: year(birthday) > 2000}"
    rule = "when: not segment.young or missing(segment.young), who: not segment.young"
    shop = shop_with(club, rule, segments).happens("purchase", "2026-01-01", n=1)
    assert shop.held == {"r": "who: not segment.young"}


def test_a_segment_reads_an_attribute_that_a_field_of_the_event_hides(club: MakeClub) -> None:
    shop = club(f"""{SHOP}
segments: {{web: channel == 'web'}}
rules:
  set: {{on: visit, then: [set: {{channel: "'web'"}}]}}
  r: {{on: purchase, when: segment.web and channel == 'till', then: [earn: {{beans: 1}}]}}
""")
    assert shop.happens("purchase", "2026-01-01", channel="till").fired == []
    assert shop.happens("visit", "2026-01-02").happens("purchase", "2026-01-03").fired == []
    assert shop.happens("purchase", "2026-01-04", channel="till").fired == ["r"]


EXPERIMENT = "experiments: {test: {variants: {short: 30, long: 70}, holdout: 10 %}}"


def variants(club: MakeClub, experiment: str, customers: int) -> list[str]:
    words = ["short", "long"] if "variants" in experiment else ["treatment"]
    rules = "".join(
        f"  {word}: {{on: visit, when: variant.test == '{word}', then: [earn: {{beans: 1}}]}}\n"
        for word in [*words, "holdout"]
    )
    shop = club(f"{SHOP}\n{experiment}\nrules:\n{rules}")
    found = []
    for number in range(customers):
        ((variant,),) = (shop.happens("visit", "2026-01-01", f"c{number}").fired,)
        found.append(variant)
    return found


def test_s13_variants_come_in_their_shares_after_the_holdout(club: MakeClub) -> None:
    found = variants(club, EXPERIMENT, 2000)
    shares = {name: found.count(name) / 2000 for name in ("holdout", "short", "long")}
    assert shares["holdout"] == pytest.approx(0.10, abs=0.03)
    assert shares["short"] == pytest.approx(0.27, abs=0.03)
    assert shares["long"] == pytest.approx(0.63, abs=0.03)


def test_s13_another_holdout_moves_nobody_to_another_variant(club: MakeClub) -> None:
    few = variants(club, EXPERIMENT, 300)
    many = variants(club, EXPERIMENT.replace("10 %", "50 %"), 300)
    assert {pair for pair in zip(few, many, strict=True) if pair[0] != pair[1]} == {
        ("short", "holdout"),
        ("long", "holdout"),
    }


def test_s13_a_variant_is_the_same_for_ever(club: MakeClub) -> None:
    # A golden answer: another release must not move customers to another group.
    found = variants(club, EXPERIMENT.replace("10 %", "30 %"), 12)
    assert (
        " ".join(found)
        == "holdout long holdout short short long holdout long holdout long long holdout"
    )


def test_an_experiment_of_a_control_group_alone(club: MakeClub) -> None:
    found = variants(club, "experiments: {test: {holdout: 50 %}}", 200)
    assert found.count("treatment") + found.count("holdout") == 200
    assert 70 < found.count("holdout") < 130


def test_s13_the_control_group_is_recorded_and_uses_up_nothing(club: MakeClub) -> None:
    bounds = "limit: once, cap: {beans: 5}, budget: {count: 1}"
    shop = shop_with(club, f"experiment: test, {bounds}", "experiments: {test: {holdout: 100 %}}")
    for day in (1, 2):
        assert shop.happens("purchase", f"2026-01-0{day}", n=1).held == {"r": "holdout: test"}
        assert [one.draws for one in shop.outcomes] == [()]
    assert (shop.states["ann"].fired, shop.states["ann"].used) == ({}, {})


def test_s13_who_is_held_out_is_told_last(club: MakeClub) -> None:
    shop = shop_with(
        club, "experiment: test, who: orders > 1", "experiments: {test: {holdout: 100 %}}"
    )
    assert shop.happens("purchase", "2026-01-01", n=1).held == {"r": "who: orders > 1"}
    assert shop.happens("purchase", "2026-01-02", n=1).held == {"r": "holdout: test"}


def test_s13_a_group_goes_on_without_the_rule_that_is_held_out(club: MakeClub) -> None:
    shop = club(f"""{SHOP}
experiments: {{test: {{holdout: 100 %}}}}
groups: {{g: {{stack: best}}}}
rules:
  big: {{on: purchase, group: g, experiment: test, then: [earn: {{beans: 10}}]}}
  tiny: {{on: purchase, group: g, experiment: test, then: [earn: {{beans: 1}}]}}
  small: {{on: purchase, group: g, then: [earn: {{beans: 5}}]}}
""")
    # `tiny` would not have won either: it is told as it is for everybody else
    assert shop.happens("purchase", "2026-01-01").fired == ["small"]
    assert shop.held == {"big": "holdout: test", "tiny": "group: g (best: small)"}
