"""Stages compiled: what an author may write in them, and every mistake at its place."""

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
customer: {vip: flag, amount: text}
events:
  purchase: {amount: money, place: text}
  agreed: {}
wallets: {beans: {}}
metrics: {orders: {count: purchase}, recent: {count: purchase, over: 90 days}}
segments: {regular: recent >= 2, weekend: weekday == 'sunday'}
tiers: {club: {by: orders, levels: {silver: 1, gold: 10}}}
rules: {any: {on: purchase, when: segment.regular or segment.weekend, then: [earn: {beans: 1}]}}
stages:
"""


def club(*stages: str) -> str:
    return CLUB + "".join(f"  {stage}\n" for stage in stages)


@pytest.mark.parametrize(
    "stages",
    [
        ("a:", "b: {enter: orders >= 1}"),
        ("a:", "b: {enter: [orders >= 1, {from: a, on: agreed}], dwell: 3 months}"),
        ("a:", "b: {enter: segment.regular and customer.vip, responsible: Ann, about: known}"),
        ("a: {leave: {to: b, on: [purchase, agreed]}}", "b: {leave: {to: a, when: recent == 0}}"),
        ("a:", "b: {enter: {on: purchase, when: amount > 5 and weekday == 'monday'}}"),
        ("a:", "b: {enter: tier.club == 'gold' and balance.beans > 5}"),
        ("a:", "b: {enter: stage == 'a'}", "c: {enter: {from: [a, b], on: set_tier}}"),
        ("a: {enter: {from: b, when: recent == 0}}", "b: {enter: orders >= 1}"),
        ("a:", "b: {enter: {on: tier_entered, when: level == 'gold'}}"),
    ],
)
def test_stages_may_be_written_like_this(problems: Problems, stages: tuple[str, ...]) -> None:
    assert problems(club(*stages)) == []


@pytest.mark.parametrize(
    ("stages", "problem"),
    [
        (
            ("first:", "b: {enter: {from: frist, when: orders > 0}}"),
            "15:21: error: there is no stage 'frist' (did you mean 'first'?) [unknown-name]",
        ),
        (
            ("a:", "b: {enter: orders > 0, leave: {to: zzz, on: agreed}}"),
            "15:38: error: there is no stage 'zzz' (stages: a, b) [unknown-name]",
        ),
        (
            ("a:", "b: {enter: orders > 0, leave: {to: b, on: agreed}}"),
            "15:38: error: a way from 'b' to itself leads nowhere (take it out, or",
        ),
        (
            ("a:", "b: {enter: {from: [a, b], on: agreed}}"),
            "15:25: error: a way from 'b' to itself leads nowhere (take it out, or",
        ),
        (
            ("a: {enter: recent == 0}", "b: {enter: orders > 0}"),
            "14:14: error: everyone begins in 'a', so no stage before it leads there (say from",
        ),
        (
            ("a:", "b: {enter: {on: agred}}"),
            "15:19: error: there is no event 'agred' (did you mean 'agreed'?) [unknown-name]",
        ),
        (
            ("a:", "b: {enter: {on: [agreed, stage_left]}}"),
            "15:28: error: a way can't be on stage_left: stages would lead to one another",
        ),
        (
            ("a:", "b: {enter: {from: a}}"),
            "15:14: error: say at which event (on), or when [bad-stage]",
        ),
        (
            ("a:", "b: {enter: orders > 0 and odrers > 1}"),
            "15:29: error: there is no 'odrers' (did you mean 'orders'?) [unknown-name]",
        ),
        (
            ("a:", "b: {enter: [recent > 0, {when: orders}]}"),
            "15:34: error: this is integer, where a condition should be (compare it with",
        ),
        (("a:", "b: {enter: place == 'web'}"), "15:14: error: there is no 'place' [unknown-name]"),
        (
            ("a:", "b: {enter: {on: agreed, when: place == 'web'}}"),
            "15:33: error: there is no 'place' [unknown-name]",
        ),
        (
            ("a:", "b: {enter: hour >= 9}"),
            "15:14: error: 'hour' can't be watched: it is another at every moment",
        ),
        (
            ("a:", "b: {enter: segment.weekend}"),
            "15:14: error: 'weekday' can't be watched: it is another at every moment",
        ),
        (
            ("a:", "b: {enter: stage == 'c'}"),
            "15:23: error: it is never 'c' (it is one of a, b) [unknown-option]",
        ),
        (
            ("a:", "b: {enter: orders > 0, dwell: long}"),
            "15:33: error: expected a length of time such as 90 days",
        ),
        (
            ("a:", "b:", "c: {enter: {from: b, when: orders > 0}}"),
            "15:3: warning: no way leads from 'a' to 'b' (say when it is entered, unless only",
        ),
    ],
)
def test_every_mistake_is_told_at_its_place(
    problems: Problems, stages: tuple[str, ...], problem: str
) -> None:
    assert problems(club(*stages))[0].startswith(f"club.yaml:{problem}")


def test_a_stage_that_only_unreached_ones_lead_to_is_unreached_too(problems: Problems) -> None:
    told = problems(club("a:", "b:", "c: {enter: {from: b, when: orders > 0}}"))
    assert [line.split(" (")[0] for line in told] == [
        "club.yaml:15:3: warning: no way leads from 'a' to 'b'",
        "club.yaml:16:3: warning: no way leads from 'a' to 'c'",
    ]


def test_a_stage_with_a_mistake_is_missed_nowhere_else(problems: Problems) -> None:
    # `first` is left out for its mistake: others may lead from it, and nobody begins in `b`.
    told = problems(
        club(
            "first: {dwel: 1 day}", "b: {enter: {from: first, when: orders > 0}}", "c: {enter: vip}"
        )
    )
    assert len(told) == 1
    assert "dwel" in told[0]


def test_the_ways_out_of_each_stage_in_the_order_tried(compiled: Compile) -> None:
    ruleset = club(
        "a: {leave: [{to: c, on: agreed}, {to: b, on: purchase, when: 'amount  >  5'}]}",
        "b: {enter: [orders > 0, recent > 0]}",
        "c: {enter: {from: [a, d], when: orders > 9}}",
        "d: {enter: customer.vip}",
    )
    life = compiled(ruleset).program.life
    assert life is not None
    assert life.stages is not None
    assert {
        stage: [(way.to, way.text) for way in ways] for stage, ways in life.stages.ways.items()
    } == {
        "a": [
            ("c", "on agreed"),
            ("b", "on purchase when amount > 5"),
            ("d", "when customer.vip"),
            ("c", "when orders > 9"),
            ("b", "when orders > 0"),
            ("b", "when recent > 0"),
        ],
        "b": [("d", "when customer.vip")],
        "c": [("d", "when customer.vip")],
        "d": [("c", "when orders > 9")],
    }
    assert life.stages.on == {"agreed", "purchase"}


def test_what_is_only_for_people_changes_no_hash(compiled: Compile) -> None:
    plain = compiled(club("a:", "b: {enter: orders > 0}")).program.hash
    told = compiled(club("a: {about: all}", "b: {enter: orders > 0, about: some}")).program.hash
    assert told == plain
    assert compiled(club("a:", "b: {enter: orders > 1}")).program.hash != plain


def test_a_rule_may_ask_for_the_stage(problems: Problems) -> None:
    text = club("a:", "b: {enter: orders > 0}").replace(
        "when: segment.regular or segment.weekend",
        "when: stage == 'b' and (segment.regular or segment.weekend or stage.since < time)",
    )
    assert problems(text) == []
    assert problems(text.replace("stage == 'b'", "stage == 'z'"))[0].endswith("[unknown-option]")
