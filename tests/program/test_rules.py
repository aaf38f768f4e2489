"""Rules: conditions, limits, validity and points, and every mistake in them at its place."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from math import ceil, floor

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from loyalcore.calendars import Calendar, Duration, Rolling
from loyalcore.effects.changes import Accrue, Skipped
from loyalcore.effects.kind import Facts
from loyalcore.program.compiler import Compiled
from loyalcore.program.selecting.rule_plan import Limit, RulePlan
from loyalcore.values import write_time

Compile = Callable[..., Compiled]
Problems = Callable[..., list[str]]

CLUB = """\
program: club
currency: EUR
timezone: Europe/Oslo
customer: {name: text}
events:
  purchase: {amount: money, n: integer, weight: number, shop: text}
  visit: {shop: text}
wallets: {beans: {rounding: ROUNDING}}
"""
DAY = 86_400_000_000


def club(rule: str, rounding: str = "down") -> str:
    return f"{CLUB.replace('ROUNDING', rounding)}rules:\n  r: {rule}\n"


def rule_of(compiled: Compile, rule: str, event: str = "purchase") -> RulePlan:
    program, warnings = compiled(club(rule))
    assert warnings == ()
    (plan,) = program.events[event].rules
    return plan


# --- on, when, priority -----------------------------------------------------------------------


def test_a_rule_knows_what_its_decisions_rest_on(compiled: Compile) -> None:
    rule = "{on: purchase, when: weekday == 'friday' and name != '', then: [earn: {beans: amount}]}"
    plan = rule_of(compiled, rule)
    assert [name for name, _ in plan.reads] == ["amount", "name", "weekday"]
    assert (plan.name, plan.text) == ("r", "weekday == 'friday' and name != ''")


def test_a_rule_on_two_events_is_checked_for_each(compiled: Compile, problems: Problems) -> None:
    rule = "{on: [purchase, visit], when: shop == 'A', then: [earn: {beans: 1}]}"
    program, _ = compiled(club(rule))
    ruled = {name: len(plan.rules) for name, plan in program.events.items() if plan.rules}
    assert ruled == {"purchase": 1, "visit": 1}
    assert problems(club(rule.replace("shop", "n").replace("'A'", "1"))) == [
        "club.yaml:10:36: error: there is no 'n' [unknown-name]"  # a visit has none
    ]


def test_rules_stand_by_priority_and_then_as_they_are_written(compiled: Compile) -> None:
    rules = "".join(
        f"  {name}: {{on: visit, priority: {priority}, then: [earn: {{beans: 1}}]}}\n"
        for name, priority in [("a", 0), ("b", 5), ("c", -1), ("d", 5), ("e", 0)]
    )
    program, _ = compiled(f"{CLUB.replace('ROUNDING', 'down')}rules:\n{rules}")
    assert [rule.name for rule in program.events["visit"].rules] == ["b", "d", "a", "e", "c"]


# --- limits -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "limit"),
    [
        ("once", Limit("once", 1, None)),
        ("3 per customer", Limit("3 per customer", 3, None)),
        ("1 per day", Limit("1 per day", 1, Calendar("day"))),
        ("2 per week", Limit("2 per week", 2, Calendar("week"))),
        ("5 per quarter", Limit("5 per quarter", 5, Calendar("quarter"))),
        ("2 per 30 days", Limit("2 per 30 days", 2, Rolling(Duration(30 * DAY)))),
        ("1000 per 6 months", Limit("1000 per 6 months", 1000, Rolling(Duration(months=6)))),
    ],
)
def test_a_limit_is_read(compiled: Compile, text: str, limit: Limit) -> None:
    plan = rule_of(compiled, f"{{on: visit, limit: {text}, then: [earn: {{beans: 1}}]}}", "visit")
    assert plan.limits == (limit,)
    assert plan.selection.bounds[0].remembered == limit.times


def test_a_rule_may_have_several_limits(compiled: Compile) -> None:
    rule = "{on: visit, limit: [1 per day, 3 per month], then: [earn: {beans: 1}]}"
    plan = rule_of(compiled, rule, "visit")
    assert [limit.text for limit in plan.limits] == ["1 per day", "3 per month"]
    assert plan.selection.bounds[0].remembered == 3


UNREADABLE = ["daily", "per day", "1 per", "1 a day", "1 per Day", "1 per this month"]
UNREADABLE += ["0 per day", "-1 per day", "1.5 per day", "1001 per day", "1 per 0 days"]


@pytest.mark.parametrize("text", UNREADABLE)
def test_a_limit_that_cannot_be_read_has_its_place(problems: Problems, text: str) -> None:
    rule = f"{{on: visit, limit: [once, '{text}'], then: [earn: {{beans: 1}}]}}"
    assert problems(club(rule)) == [
        (
            f"club.yaml:10:32: error: can't read the limit '{text}' (write 1 per day, 3 per month,"
            " 2 per 30 days or once (at most 1000 times)) [bad-limit]"
        )
    ]


# --- from and until ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("validity", "start", "end"),
    [
        ("from: 2026-06-01", "2026-05-31T22:00:00Z", None),
        ("until: 2026-08-31", None, "2026-08-31T22:00:00Z"),  # the last day counts whole
        ("from: 2026-12-24, until: 2026-12-24", "2026-12-23T23:00:00Z", "2026-12-24T23:00:00Z"),
        ("until: 2026-03-29", None, "2026-03-29T22:00:00Z"),  # a day of 23 hours
        ("from: 2026-06-01T09:00", "2026-06-01T07:00:00Z", None),
        ("until: 2026-06-01T09:00", None, "2026-06-01T07:00:00Z"),
        ("from: 2026-06-01T09:00Z", "2026-06-01T09:00:00Z", None),
        ("until: 9999-12-31", None, None),  # as people write "for ever"
    ],
)
def test_a_rule_holds_from_and_until_in_the_zone_of_the_program(
    compiled: Compile, validity: str, start: str | None, end: str | None
) -> None:
    plan = rule_of(compiled, f"{{on: visit, {validity}, then: [earn: {{beans: 1}}]}}", "visit")
    assert [bound and write_time(bound) for bound in (plan.start, plan.end)] == [start, end]


@pytest.mark.parametrize(
    ("validity", "says"),
    [
        ("from: soon", "expected a date such as 2026-01-31 or a time such as 2026-01-31T09:00"),
        ("from: 2026-02-30", "expected a date such as 2026-01-31 or a time such as"),
        ("until: 2026-02-30", "expected a date such as 2026-01-31 or a time such as"),
        ("until: ''", "expected a date such as 2026-01-31 or a time such as 2026-01-31T09:00"),
        ("from: '0001-01-01T00:00+05:00'", "expected a date such as 2026-01-31 or a time"),
        ("from: 2026-06-02, until: 2026-06-01", "the rule ends before it begins"),
        ("from: 2026-06-01T09:00, until: 2026-06-01T09:00", "the rule ends before it begins"),
        ("until: 20260601", "expected text"),
    ],
)
def test_a_day_that_cannot_be_read_is_told(problems: Problems, validity: str, says: str) -> None:
    (problem,) = problems(club(f"{{on: visit, {validity}, then: [earn: {{beans: 1}}]}}"))
    assert problem.startswith("club.yaml:10:")
    assert f": error: {says}" in problem
    assert problem.endswith("[bad-value]")


# --- points (S7) ------------------------------------------------------------------------------


def points(compiled: Compile, formula: str, rounding: str) -> Callable[[Facts], object]:
    """What the formula earns, by facts: points, None where that is nothing, or why not."""
    program, _ = compiled(club(f"{{on: purchase, then: [earn: {{beans: {formula}}}]}}", rounding))
    (rule,) = program.events["purchase"].rules
    (effect,) = rule.effects

    def earned(facts: Facts) -> object:
        match tuple(effect(facts)):
            case ():
                return None
            case (Accrue(wallet="beans", points=earned),):
                return earned
            case (Skipped(kind="earn", reason=reason),):
                return reason
        raise AssertionError

    return earned


@pytest.mark.parametrize(
    ("rounding", "earned"),
    [
        # of 0.4, 0.5, 0.6, 1.0, 1.5, 2.5 and 2.500…01 points
        ("down", [None, None, None, 1, 1, 2, 2]),
        ("up", [1, 1, 1, 1, 2, 3, 3]),
        ("half up", [None, 1, 1, 1, 2, 3, 3]),
        ("half even", [None, None, 1, 1, 2, 2, 3]),
    ],
)
def test_a_fraction_of_a_point_is_settled_as_the_wallet_says(
    compiled: Compile, rounding: str, earned: list[int | None]
) -> None:
    earn = points(compiled, "weight", rounding)
    weights = ["0.4", "0.5", "0.6", "1", "1.5", "2.5", f"2.5{'0' * 20}1"]
    assert [earn({"weight": Fraction(weight)}) for weight in weights] == earned


def test_money_earns_by_its_unit(compiled: Compile) -> None:
    earn = points(compiled, "amount", "down")
    assert [earn({"amount": minor}) for minor in (99, 100, 1_299)] == [None, 1, 12]


def test_what_cannot_be_earned_is_skipped_with_its_reason(compiled: Compile) -> None:
    earn = points(compiled, "amount / 10", "down")
    assert earn({"amount": None}) == "beans: a value that the formula needs is missing"
    assert earn({"amount": -1}) == "beans: the formula gave -1; only more than 0 is earned"
    assert earn({"amount": 999}) is None


FORMULAS: dict[str, Callable[[Fraction, int, Fraction], Fraction]] = {
    "amount": lambda amount, n, weight: amount,
    "amount / 10": lambda amount, n, weight: amount / 10,
    "amount / 3 / 7": lambda amount, n, weight: amount / 3 / 7,
    "amount * 0.15": lambda amount, n, weight: amount * Fraction(15, 100),
    "amount / 2.5": lambda amount, n, weight: amount * Fraction(2, 5),
    "n * weight / 4": lambda amount, n, weight: n * weight / 4,
    "weight / 10 + n": lambda amount, n, weight: weight / 10 + n,
    "5 * (n - 1) / 2": lambda amount, n, weight: Fraction(5 * (n - 1), 2),
    "amount / 0.01": lambda amount, n, weight: amount * 100,
}


def settle(points: Fraction, rounding: str) -> int:
    """The rounding modes said once more, in another way."""
    below = floor(points)
    match rounding:
        case "down":
            return below
        case "up":
            return ceil(points)
        case "half up":  # halves away from zero
            return int(abs(points) * 2 + 1) // 2 * (1 if points >= 0 else -1)
        case _:
            return round(points)


@given(
    st.sampled_from(sorted(FORMULAS)),
    st.sampled_from(["down", "up", "half up", "half even"]),
    st.integers(-(10**7), 10**12),
    st.integers(-100, 10**6),
    st.decimals("-100", "10000", places=4),
)
@example("amount / 10", "half up", 500, 0, 0)
@example("amount / 10", "half even", 500, 0, 0)
@example("amount / 10", "half even", 1_500, 0, 0)
@example("5 * (n - 1) / 2", "half up", 0, 0, 0)
@example("n * weight / 4", "half even", 0, 1, 10)
def test_points_are_exact_until_the_one_rounding_at_the_end(
    earners: Callable[[str, str], Callable[[Facts], object]],
    formula: str,
    rounding: str,
    minor: int,
    n: int,
    weight: object,
) -> None:
    exact = Fraction(str(weight))
    expected = settle(FORMULAS[formula](Fraction(minor, 100), n, exact), rounding)
    plain = exact.numerator if exact.denominator == 1 else exact
    earned = earners(formula, rounding)({"amount": minor, "n": n, "weight": plain})
    if expected < 0:
        assert earned == f"beans: the formula gave {expected}; only more than 0 is earned"
    else:
        assert earned == (expected or None)


@pytest.fixture(scope="module")
def earners(compiled: Compile) -> Callable[[str, str], Callable[[Facts], object]]:
    made = {
        (formula, rounding): points(compiled, formula, rounding)
        for formula in FORMULAS
        for rounding in ("down", "up", "half up", "half even")
    }
    return lambda formula, rounding: made[formula, rounding]


# --- mistakes ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rule", "problem"),
    [
        (
            "{on: purchas, then: [earn: {beans: 1}]}",
            "11: error: there is no event 'purchas' (did you mean 'purchase'?) [unknown-name]",
        ),
        (
            "{on: [visit, purchas], then: [earn: {beans: 1}]}",
            "19: error: there is no event 'purchas' (did you mean 'purchase'?) [unknown-name]",
        ),
        (
            "{on: visit, when: sohp == 'A', then: [earn: {beans: 1}]}",
            "24: error: there is no 'sohp' (did you mean 'shop'?) [unknown-name]",
        ),
        (
            "{on: visit, then: [ern: {beans: 1}]}",
            "25: error: there is no effect 'ern' (did you mean 'earn'?) [unknown-effect]",
        ),
        (
            "{on: visit, then: [conjure: {beans: 1}]}",
            (
                "25: error: there is no effect 'conjure' (effects are adjust, approval, earn,"
                " emit, freeze, issue, open, reinstate, revoke, send, set, spend, task, transfer,"
                " unfreeze, upgrade) [unknown-effect]"
            ),
        ),
        (
            "{on: visit, then: [{earn: {beans: 1}, issue: {voucher: x}}]}",
            (
                "25: error: an effect is one word and what it does, here: earn, issue (start each"
                " effect with its own dash) [bad-effect]"
            ),
        ),
        (
            "{on: visit, then: [{}]}",
            (
                "25: error: an effect is one word and what it does, here: nothing (start each"
                " effect with its own dash) [bad-effect]"
            ),
        ),
        (
            "{on: visit, then: [earn: {beans: shop}]}",
            "39: error: this is text, where number or money should be [type]",
        ),
    ],
)
def test_a_mistake_in_a_rule_has_its_place(problems: Problems, rule: str, problem: str) -> None:
    assert problems(club(rule)) == [f"club.yaml:10:{problem}"]


def test_a_place_is_found_through_folded_lines(problems: Problems) -> None:
    rule = """
    on: visit
    when: >
      shop == 'A'
      and sohp == 'B'
    then: [earn: {beans: 1}]
"""
    assert problems(club(rule)) == [
        "club.yaml:14:11: error: there is no 'sohp' (did you mean 'shop'?) [unknown-name]"
    ]
