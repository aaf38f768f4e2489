"""What may hold a rule back, read from a ruleset; and every mistake in it at its place."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from loyalcore.calendars import Calendar, Duration, Rolling
from loyalcore.program.compiler import Compiled
from loyalcore.program.selecting.rule_plan import Bounds, Quota, RulePlan

Compile = Callable[..., Compiled]
Problems = Callable[..., list[str]]

CLUB = """\
program: club
currency: EUR
timezone: Europe/Oslo
customer: {home: text}
events: {visit: {n: integer, amount: money}}
metrics: {orders: {count: visit}}
wallets: {beans: {}}
"""
DAY = 86_400_000_000
EARN = "then: [earn: {beans: 1}]"


def club(rule: str, more: str = "") -> str:
    """A club with the rule `r` in line 9, or as many lines later as there are in `more`."""
    return f"{CLUB}{more}rules:\n  r: {{on: visit, {rule}, {EARN}}}\n"


def rule_of(compiled: Compile, rule: str, more: str = "") -> RulePlan:
    program, warnings = compiled(club(rule, more))
    assert warnings == ()
    (plan,) = program.events["visit"].rules
    return plan


# --- what it costs nothing to leave out -------------------------------------------------------


def test_a_rule_that_nothing_holds_back_is_free(compiled: Compile) -> None:
    assert rule_of(compiled, "when: orders > 1, priority: 1").free


@pytest.mark.parametrize(
    ("rule", "more"),
    [
        ("limit: once", ""),
        ("from: 2026-01-01", ""),
        ("until: 2026-12-31", ""),
        ("who: orders > 1", ""),
        ("schedule: {weekdays: monday}", ""),
        ("cap: {beans: 1}", ""),
        ("budget: {count: 1}", ""),
        ("cost: 1", ""),
        ("group: g", "groups: {g: }\n"),
        ("experiment: e", "experiments: {e: {holdout: 1 %}}\n"),
    ],
)
def test_a_rule_with_more_is_not(compiled: Compile, rule: str, more: str) -> None:
    assert not rule_of(compiled, rule, more).free


def test_points_with_a_price_cost_something_whoever_earns_them(compiled: Compile) -> None:
    program, _ = compiled(club("priority: 1").replace("beans: {}", "beans: {price: 0.005}"))
    assert program.events["visit"].rules[0].selection.priced


# --- caps and budgets -------------------------------------------------------------------------


def test_caps_and_budgets_are_read(compiled: Compile) -> None:
    rule = (
        "limit: once, cap: {beans: 100 per 30 days}, edge: refuse, "
        "budget: {beans: 5, money: 49.50 per month, count: 3 per  day, customers: 100}"
    )
    plan = rule_of(compiled, rule)
    assert plan.selection.bounds == (
        Bounds(
            key="r",
            limits=plan.limits,
            caps=(
                Quota("100 per 30 days", "cap r beans", "beans", 100, Rolling(Duration(30 * DAY))),
            ),
            budgets=(
                Quota("5", "budget r beans", "beans", 5, None),
                Quota("49.50 per month", "budget r money", "money", 4950, Calendar("month")),
                Quota("3 per day", "budget r count", "count", 3, Calendar("day")),
                Quota("100", "budget r customers", "customers", 100, None),
            ),
            reduce=False,
        ),
    )


@pytest.mark.parametrize(
    ("rule", "problem"),
    [
        (
            "cap: {benas: 5}",
            "24: error: there is no wallet 'benas' (did you mean 'beans'?) [unknown-name]",
        ),
        (
            "cap: {money: 5}",
            (
                "24: error: there is no wallet 'money' (a cap is of points; write a budget)"
                " [unknown-name]"
            ),
        ),
        (
            "budget: {monye: 5}",
            "27: error: there is no wallet 'monye' (did you mean 'money'?) [unknown-name]",
        ),
        (
            "budget: {pies: 5}",
            (
                "27: error: there is no wallet 'pies' (there are: beans, money, count, customers)"
                " [unknown-name]"
            ),
        ),
        (
            "budget: {beans: 5 per 30 days}",
            (
                "34: error: a budget is of a calendar period, or for good (write 5000 per month, or"
                " the amount alone) [bad-limit]"
            ),
        ),
        *(
            (
                f"cap: {{beans: {amount}}}",
                (
                    f"31: error: can't read the cap '{amount}' (write a whole number above 0, and"
                    " for how long: 100 per day, 3000 per month, 500 per 30 days) [bad-limit]"
                ),
            )
            for amount in ("0", "-5", "1.5", "5 a day", "5 per Day", "5 per 0 days", "much")
        ),
        *(
            (
                f"budget: {{money: {amount}}}",
                (
                    f"34: error: can't read the budget '{amount}' (write an amount of money above"
                    " 0, and for how long: 100 per day, 3000 per month) [bad-limit]"
                ),
            )
            for amount in ("0.00", "5.001", "EUR 5")
        ),
        (
            "cost: n",
            "24: error: this is integer, where money should be [type]",
        ),
        (
            "who: orders",
            "23: error: this is integer, where a condition should be",
        ),
        (
            "who: oders > 1",
            "23: error: there is no 'oders' (did you mean 'orders'?) [unknown-name]",
        ),
    ],
)
def test_a_mistake_in_what_bounds_a_rule_has_its_place(
    problems: Problems, rule: str, problem: str
) -> None:
    (found,) = problems(club(rule))
    assert found.startswith(f"club.yaml:9:{problem}")


def test_a_budget_can_not_be_of_a_wallet_that_is_called_as_one(problems: Problems) -> None:
    text = club("budget: {count: 5}").replace("{beans: {}}", "{beans: {}, count: {}}")
    assert problems(text) == [
        (
            "club.yaml:9:27: error: a budget of count is not one of the wallet 'count' (give the"
            " wallet another name) [reserved-name]"
        )
    ]


# --- schedules --------------------------------------------------------------------------------


def test_a_schedule_is_told_as_it_is_written(compiled: Compile) -> None:
    rule = "schedule: {weekdays: [monday, friday], hours: 08:00-11:30, dates: 24 December}"
    schedule = rule_of(compiled, rule).selection.schedule
    assert schedule is not None
    assert schedule.text == "on monday, friday at 08:00-11:30 on 24 December"


HOURS = "expected hours such as 08:00-11:30, or 22:00-02:00 past midnight [bad-value]"
DAYS = "expected a day such as 2026-12-24 or, of each year, 24 December [bad-value]"


@pytest.mark.parametrize(
    ("schedule", "problem"),
    [
        (
            "weekdays: [monday, tusday]",
            (
                "expected a weekday: monday, tuesday, wednesday, thursday, friday, saturday, sunday"
                " (did you mean 'tuesday'?) [bad-value]"
            ),
        ),
        *(
            (f"hours: '{hours}'", HOURS)
            for hours in ("8-11", "08:00", "08:60-09:00", "24:00-01:00")
        ),
        (
            "hours: 08:00-08:00",
            "these hours end when they begin; leave them out for all day [bad-value]",
        ),
        *(
            (f"dates: {day}", DAYS)
            for day in ("31 April", "0 May", "5 Mai", "2026-02-29", "easter")
        ),
    ],
)
def test_a_schedule_that_can_not_be_read_has_its_place(
    problems: Problems, schedule: str, problem: str
) -> None:
    (found,) = problems(club(f"schedule: {{{schedule}}}"))
    assert found.startswith("club.yaml:9:")
    assert found.endswith(f" error: {problem}")


def test_the_last_hour_of_a_day_ends_at_24(problems: Problems) -> None:
    assert problems(club("schedule: {hours: 22:00-24:00}")) == []


# --- groups -----------------------------------------------------------------------------------


def test_a_rule_has_the_bounds_of_all_its_groups(compiled: Compile) -> None:
    more = "groups: {a: {limit: once, in: b}, b: {in: c}, c: {cap: {beans: 5}, stack: best}}\n"
    selection = rule_of(compiled, "group: a", more).selection
    assert [group.name for group in selection.groups] == ["a", "b", "c"]
    assert [(bounds.key, bounds.of) for bounds in selection.bounds] == [
        ("group a", " (group a)"),
        ("group c", " (group c)"),
    ]


@pytest.mark.parametrize(
    ("groups", "rule", "found"),
    [
        (
            "{sale: }",
            "group: sales",
            ["10:25: error: there is no group 'sales' (did you mean 'sale'?) [unknown-name]"],
        ),
        (
            "{sale: {in: all}}",
            "group: sale",
            ["8:21: error: there is no group 'all' (groups: sale) [unknown-name]"],
        ),
        (
            "{a: {in: b}, b: {in: a}, c: {in: a}}",
            "group: c",
            [
                (
                    "8:18: error: the group 'a' is part of itself (take `in` out of one of the"
                    " groups) [bad-value]"
                ),
                (
                    "8:30: error: the group 'b' is part of itself (take `in` out of one of the"
                    " groups) [bad-value]"
                ),
            ],
        ),
        (
            "{a: {limit: daily, cap: {bean: 1}}}",
            "group: a",
            [
                (
                    "8:21: error: can't read the limit 'daily' (write 1 per day, 3 per month, 2 per"
                    " 30 days or once (at most 1000 times)) [bad-limit]"
                ),
                "8:34: error: there is no wallet 'bean' (did you mean 'beans'?) [unknown-name]",
            ],
        ),
    ],
)
def test_a_mistake_in_a_group_has_its_place(
    problems: Problems, groups: str, rule: str, found: list[str]
) -> None:
    told = problems(club(rule, f"groups: {groups}\n"))
    assert told == [f"club.yaml:{one}" for one in found]


# --- segments and experiments -----------------------------------------------------------------


def test_a_segment_and_what_it_is_made_of_are_only_there_where_they_are_read(
    compiled: Compile,
) -> None:
    more = "segments: {a: orders > 5 and home == 'x', b: variant.e == 'y'}\n"
    more += "experiments: {e: {variants: {x: 1, y: 1}}}\n"

    def made(rule: str) -> tuple[list[str], int]:
        program, _ = compiled(club(rule, more))
        plan = program.events["visit"]
        return [name for name, _ in plan.derived], len(plan.metrics)

    assert made("when: segment.a") == (["segment.a"], 1)
    assert made("who: segment.b") == (["variant.e", "segment.b"], 0)
    assert made("who: n > 1") == ([], 0)


@pytest.mark.parametrize(
    ("segment", "problem"),
    [
        ("orders", "15: error: this is integer, where a condition should be"),
        ("n > 5", "15: error: there is no 'n'"),  # a field of an event, not of the customer
        ("segment.b", "15: error: there is no 'segment.b'"),
    ],
)
def test_a_segment_is_a_condition_on_the_customer(
    problems: Problems, segment: str, problem: str
) -> None:
    found = problems(club("priority: 1", f"segments: {{a: {segment}, b: true}}\n"))
    assert found[0].startswith(f"club.yaml:8:{problem}")


@pytest.mark.parametrize(
    ("experiment", "expected"),
    [
        ("variants: {a: 1, b: 2.5}", []),
        ("variants: {a: 40 %, b: 60 %}, holdout: 12.5 %", []),
        ("holdout: 0 %, variants: {a: 1}", []),
        (
            "variants: {a: 40 %, b: 50 %}",
            [
                (
                    "the shares of the variants don't add up to 100 % (of those who are not held"
                    " out, each has its share; weights can be any numbers) [bad-value]"
                )
            ],
        ),
        ("variants: {a: 0, b: 5}", ["expected a weight above 0, such as 50 or 50 % [bad-value]"]),
        ("variants: {a: half}", ["expected a weight above 0, such as 50 or 50 % [bad-value]"]),
        ("holdout: 10", ["expected a share of the customers, such as 10 % [bad-value]"]),
        ("holdout: 101 %", ["expected a share of the customers, such as 10 % [bad-value]"]),
        (
            "holdout: 0",
            [
                (
                    "an experiment has variants, a holdout, or both (variants: {short: 50, long:"
                    " 50}, holdout: 10 %) [bad-value]"
                )
            ],
        ),
    ],
)
def test_the_shares_of_an_experiment_make_sense(
    problems: Problems, experiment: str, expected: list[str]
) -> None:
    found = problems(club("experiment: e", f"experiments: {{e: {{{experiment}}}}}\n"))
    assert [one.partition("error: ")[2] for one in found] == expected


def test_a_rule_is_part_of_an_experiment_that_is_there(problems: Problems) -> None:
    more = "experiments: {welcome: {holdout: 10 %}}\n"
    assert problems(club("experiment: welcom", more)) == [
        (
            "club.yaml:10:30: error: there is no experiment 'welcom' (did you mean 'welcome'?)"
            " [unknown-name]"
        )
    ]


def test_a_variant_is_one_of_those_that_are_declared(problems: Problems) -> None:
    more = "experiments: {e: {variants: {short: 1, long: 1}, holdout: 10 %}, f: {holdout: 5 %}}\n"
    assert problems(club("when: variant.e == 'holdout' and variant.f == 'treatment'", more)) == []
    (found,) = problems(club("when: variant.e == 'shrt'", more))
    assert "it is never 'shrt' (did you mean 'short'?)" in found
