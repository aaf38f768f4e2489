"""Tier ladders compiled: what an author may write in them, and every mistake at its place."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from loyalcore.program.compiler import Compiled

Compile = Callable[..., Compiled]
Problems = Callable[..., list[str]]

CLUB = """\
program: club
currency: EUR
timezone: Europe/Oslo
customer: {staff: flag}
events: {purchase: {amount: money, channel: text}}
metrics:
  spend: {sum: purchase.amount, over: 365 days}
  orders: {count: purchase, over: this year}
wallets: {status: {expires: end of year}}
segments: {regular: orders >= 3, placed: not missing(tier.club)}
stages: {new: {}, loyal: {enter: orders > 2}}
tables: {}
rules:
  told: {on: purchase, when: segment.regular or segment.placed, then: [set: {tags.x: true}]}
"""


def club(ladder: str, more: str = "") -> str:
    return f"{CLUB}{more}tiers:\n  club: {ladder}\n"


GOLD = "gold: {invitation: true}"


@pytest.mark.parametrize(
    "ladder",
    [
        "{by: spend, levels: {member: 0, gold: 500}}",
        "{by: spend, levels: {member: , gold: 500.50}}",
        "{by: balance.status, levels: {member: 0, gold: orders * 2}}",
        "{by: spend / 2 + spend, levels: {gold: {at_least: 5, any: {orders: 3, spend: 10}}}}",
        "{levels: {member: {}, gold: {all: {orders: 2.5, spend: 10}, stay: {any: {orders: 1}}}}}",
        "{by: spend, levels: {silver: {at_least: 100, stay: 50}, gold: 500}, keep: end of year}",
        "{levels: {member: {}, gold: {when: segment.regular and customer.staff}}}",
        "{by: spend, levels: {gold: 5}, keep: anniversary after 1 year, grace: 1 day, warn: 1 day}",
        "{by: spend, levels: {gold: 5}, upgrade: at review, review: membership year}",
        f"{{by: spend, levels: {{member: 0, {GOLD}}}, drop: never}}",
    ],
)
def test_a_ladder_may_be_written_like_this(problems: Problems, ladder: str) -> None:
    assert problems(club(ladder)) == []


@pytest.mark.parametrize(
    ("ladder", "problem"),
    [
        (
            "{by: spned, levels: {gold: 5}}",
            "14: error: there is no 'spned' (did you mean 'spend'?) [unknown-name]",
        ),
        (
            "{by: customer.staff, levels: {gold: 5}}",
            "14: error: this is flag, where number or money should be [type]",
        ),
        (
            "{levels: {gold: 5}}",
            (
                "25: error: at_least needs the figure that the ladder goes by (write "
                "`by: balance.status` beside `levels`, or all: {orders: 12}) [bad-tier]"
            ),
        ),
        (
            "{by: spend, levels: {gold: orders}}",
            "36: error: this is integer, where money should be [type]",
        ),
        (
            "{by: spend, levels: {gold: 0.001}}",
            (
                "36: error: EUR has 2 decimals (write no more decimals than the currency has) "
                "[money-literal]"
            ),
        ),
        (
            "{levels: {gold: {all: {spend: 5, channel: 1}}}}",
            "31: error: there is no 'channel' [unknown-name]",
        ),
        (
            "{levels: {gold: {when: month == 12}}}",
            (
                "32: error: 'month' can't be watched: it is another at every moment (use a metric "
                "over a window, as {count: purchase, over: 90 days}, or a trigger on the "
                "calendar) [bad-watch]"
            ),
        ),
        (
            "{levels: {member: {}, gold: {}}}",
            (
                "31: error: everyone reaches gold; only the lowest level takes nothing (say what "
                "it takes, such as at_least: 500, or invitation: true) [bad-tier]"
            ),
        ),
        (
            "{by: spend, levels: {member: {at_least: 0, stay: 5}, gold: 10}}",
            ("58: error: nobody loses member, which takes nothing (leave `stay` out) [bad-tier]"),
        ),
        (
            "{levels: {member: {}, gold: {when: stage == 'loyal'}}}",
            (
                "3: error: a level can't hang on 'stage', which is decided with it or after it "
                "(name what leads there: a metric, a balance, an attribute or a tag) [bad-tier]"
            ),
        ),
        (
            "{levels: {member: {}, gold: {when: segment.placed}}}",
            (
                "3: error: a level can't hang on 'tier.club', which is decided with it or after "
                "it (name what leads there: a metric, a balance, an attribute or a tag) [bad-tier]"
            ),
        ),
        (
            "{by: spend, levels: {gold: 5}, keep: 12 months without activity}",
            (
                "46: error: expected how long a level is kept (such as 12 months, end of year, "
                "end of year after 12 months, or anniversary) [bad-tier]"
            ),
        ),
        (
            "{by: spend, levels: {gold: 5}, keep: for ever}",
            (
                "46: error: expected how long a level is kept (such as 12 months, end of year, "
                "end of year after 12 months, or anniversary) [bad-tier]"
            ),
        ),
        (
            "{by: spend, levels: {gold: 5}, grace: 1 month}",
            "9: error: grace and warn need keep: 12 months [bad-tier]",
        ),
        (
            "{by: spend, levels: {gold: 5}, keep: 1 year, drop: never, warn: 1 day}",
            (
                "9: error: grace and warn make no sense with drop: never, where none "
                "is lost [bad-tier]"
            ),
        ),
        (
            "{by: spend, levels: {gold: 5}, review: year}",
            ("9: error: upgrade: at review and review go together: review: year [bad-tier]"),
        ),
        (
            "{levels: {x: {benefits: {tea: 1}}, y: {when: orders > 1, benefits: {tea: yes}}}}",
            (
                "82: error: 'tea' is a text here, and a number below (write values of one type "
                "at all levels) [bad-tier]"
            ),
        ),
        (
            "{by: spend, levels: {member: 0, silver: 500, gold: 500}}",
            (
                "54: warning: gold takes no more than silver, which nobody will be at (levels are "
                "written from the lowest to the highest) [odd-tier]"
            ),
        ),
        (
            "{by: spend, levels: {gold: {at_least: 500, stay: 501}}}",
            (
                "52: warning: gold takes more to keep than to reach: who has reached it anew "
                "keeps it [odd-tier]"
            ),
        ),
        (
            "{by: spend, levels: {gold: {all: {orders: 5}}}}",
            (
                "10: warning: no level of club says at_least (write `gold: 5000`, or take `by` "
                "out) [unused]"
            ),
        ),
    ],
)
def test_a_mistake_is_told_where_it_stands(problems: Problems, ladder: str, problem: str) -> None:
    line = len(CLUB.splitlines()) + 2
    found = [one for one in problems(club(ladder)) if not one.startswith("club.yaml:10:")]
    assert found == [f"club.yaml:{line}:{problem}"]


@pytest.mark.parametrize(
    ("effect", "problem"),
    [
        ("{club: gold}", ""),
        ("{club: {level: gold, keep: 90 days}}", ""),
        (
            "{clubb: gold}",
            "there is no tier ladder 'clubb' (did you mean 'club'?) [unknown-name]",
        ),
        ("{club: glod}", "club has no level 'glod' (did you mean 'gold'?) [unknown-name]"),
        (
            "{live: gold}",
            (
                "live has no keep: who has not earned gold would lose it at once (write "
                "{level: gold, keep: 90 days}) [bad-effect]"
            ),
        ),
        ("{live: {level: gold, keep: 90 days}}", ""),
        ("{live: black}", ""),
        ("{}", "upgrade names a level: {club: gold} [bad-effect]"),
    ],
)
def test_an_upgrade_names_a_level_that_can_be_held(
    problems: Problems, effect: str, problem: str
) -> None:
    text = club(
        "{by: spend, levels: {gold: 5}, keep: 1 year}\n"
        "  live: {by: spend, levels: {gold: 5, black: {invitation: true}}}",
        f"  lift: {{on: purchase, then: [upgrade: {effect}]}}\n",
    )
    assert [one.split(": ", 2)[2] for one in problems(text)] == ([problem] if problem else [])


def test_benefits_have_one_type_and_hold_on_upwards(compiled: Compile) -> None:
    text = club(
        "{by: spend, levels: {member: {benefits: {times: 1, gift: tea, free: 2}}, "
        "silver: {at_least: 5, benefits: {times: 1.5}}, "
        "gold: {at_least: 9, benefits: {gift: cake, lounge: true}}}}",
    )
    program = compiled(text).program
    assert program.life is not None
    (ladder,) = program.life.ladders
    assert [dict(level.benefits) for level in ladder.levels] == [
        {"times": 1, "gift": "tea", "free": 2},
        {"times": 1.5, "gift": "tea", "free": 2},
        {"times": 1.5, "gift": "cake", "free": 2, "lounge": True},
    ]


@pytest.mark.parametrize(
    ("condition", "sound"),
    [
        ("benefit.club.times * 2 > 1", True),
        ("benefit.club.gift == 'tea'", True),
        ("benefit.club.gift == 'coffee'", False),
        ("benefit.club.lounge", True),
        ("tier.club in ['silver', 'gold']", True),
        ("tier.club == 'platinum'", False),
        ("tier.club.since < time", True),
    ],
)
def test_levels_and_benefits_are_names_of_their_types(
    problems: Problems, condition: str, sound: bool
) -> None:
    text = club(
        "{by: spend, levels: {silver: {at_least: 5, benefits: {times: 1, gift: tea}}, "
        "gold: {at_least: 9, benefits: {lounge: true}}}}",
        f'  asks: {{on: purchase, when: "{condition}", then: [set: {{tags.y: true}}]}}\n',
    )
    assert (problems(text) == []) is sound
