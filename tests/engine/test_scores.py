"""Scores come as events: rules read the new one, and what is wrong with one is told."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from loyalcore.engine.state import pack_state, unpack_state
from loyalcore.engine.step import step
from loyalcore.engine.telling.profile import profile

MakeClub = Callable[[str], Any]

CLUB = """
events:
  purchase: {amount: money}
  merge: {into: id, merges: into}
  split: {customer_id: id, unmerges: customer_id}
scores:
  rfm: {event: purchase, amount: amount}
  risk: {strategy: churn, event: purchase}
"""
READERS = f"""{CLUB}
segments: {{worth_keeping: score.risk.risk == 'high' and score.rfm.frequency >= 4}}
rules:
  champion:
    on: scored
    when: score == 'rfm' and score.rfm.segment == 'champions'
    then: [{{issue: {{benefit: thanks}}}}]
  keep:
    on: scored
    when: segment.worth_keeping
    then: [{{issue: {{voucher: stay}}}}]
  unknown-yet:
    on: purchase
    when: missing(score.rfm.segment)
    then: [{{issue: {{benefit: welcome}}}}]
"""


def scored(
    shop: Any, time: str, score: str = "rfm", customer: str = "ann", **values: object
) -> Any:
    return shop.happens("scored", time, customer, score=score, values=values)


def says(shop: Any, customer: str = "ann") -> dict[str, dict[str, object]]:
    """What the scores of a customer say."""
    told = profile(shop.program, shop.states[customer]).scores
    return {name: dict(one.values) for name, one in told.items() if one.values}


def test_a_rule_on_scored_reads_the_score_that_has_come(club: MakeClub) -> None:
    shop = club(READERS).happens("purchase", "2026-01-01", amount=10)
    assert shop.fired == ["unknown-yet"]
    scored(shop, "2026-02-01", segment="loyal", frequency=4)
    assert shop.fired == ["scores.rfm"]
    scored(shop, "2026-03-01", segment="champions", frequency=5)
    assert shop.fired == ["scores.rfm", "champion"]
    assert shop.effects[0] == {
        "effect": "score",
        "score": "rfm",
        "values": {"segment": "champions", "frequency": 5},
    }
    scored(shop, "2026-03-02", "risk", risk="high")
    assert shop.fired == ["scores.risk", "keep"]
    assert shop.happens("purchase", "2026-04-01", amount=1).fired == []


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        ({}, "score is missing"),
        ({"score": "rmf"}, "there is no score 'rmf' (did you mean 'rfm'?)"),
        ({"score": "rfm"}, "values is missing: write it as {segment: loyal}"),
        ({"score": "rfm", "values": "loyal"}, "values is missing: write it as {segment: loyal}"),
        (
            {"score": "rfm", "values": {"segmnt": "loyal"}},
            "rfm has no 'segmnt' (did you mean 'segment'?)",
        ),
        ({"score": "rfm", "values": {"recency": "often"}}, "recency: expected a number such as"),
        ({"score": "rfm", "values": {"segment": "royal"}}, "segment: expected one of champions,"),
        (
            {"score": "rfm", "strategy": "abc", "values": {}},
            "rfm is by the strategy rfm, not by 'abc'",
        ),
    ],
)
def test_what_is_no_such_score_leaves_the_one_there_is(
    club: MakeClub, data: dict[str, object], reason: str
) -> None:
    shop = scored(club(READERS), "2026-01-01", segment="lost")
    shop.happens("scored", "2026-01-02", **data)
    assert list(shop.held) == ["events.scored"]
    assert shop.held["events.scored"].startswith(reason)
    assert says(shop) == {"rfm": {"segment": "lost"}}


def test_since_is_when_the_score_became_what_it_is(club: MakeClub) -> None:
    shop = club(
        CLUB
        + """
rules:
  lasting:
    on: purchase
    when: days_between(score.rfm.since, time) == 2
    then: [{issue: {voucher: v}}]
"""
    )
    scored(shop, "2026-01-01T12:00", segment="loyal")
    scored(shop, "2026-01-02T12:00", segment="loyal")
    assert shop.happens("purchase", "2026-01-03T12:00", amount=1).fired == ["lasting"]


def test_what_is_no_longer_said_is_missing(club: MakeClub) -> None:
    shop = scored(club(READERS), "2026-01-01", segment="loyal", recency=3)
    scored(shop, "2026-01-02", recency=3)
    assert says(shop) == {"rfm": {"recency": 3}}
    assert shop.happens("purchase", "2026-01-03", amount=1).fired == ["unknown-yet"]
    scored(shop, "2026-01-04")
    assert says(shop) == {}


def test_tiers_stages_and_lines_are_crossed_by_a_score(club: MakeClub) -> None:
    shop = club(f"""{CLUB}
segments: {{slipping_away: score.risk.risk == 'high'}}
triggers:
  slipping: {{enters: slipping_away}}
  silent: {{metric: score.risk.gaps_silent, rises_to: 3}}
tiers:
  club: {{by: score.rfm.monetary, levels: {{basic: 0, top: 5}}}}
stages:
  customer: {{}}
  partner: {{enter: score.rfm.segment == 'champions'}}
rules:
  call: {{on: slipping, then: [{{issue: {{benefit: call}}}}]}}
  write: {{on: silent, when: value == 3, then: [{{issue: {{benefit: letter}}}}]}}
""")
    scored(shop, "2026-01-01", segment="champions", monetary=5)
    assert {"tiers.club", "stages.partner"} <= {*shop.fired}
    scored(shop, "2026-01-02", "risk", risk="medium")
    assert "call" not in shop.fired
    scored(shop, "2026-01-03", "risk", risk="high", gaps_silent=2)
    assert "call" in shop.fired
    scored(shop, "2026-01-04", "risk", risk="high", gaps_silent=3)
    assert "write" in shop.fired


def test_who_is_merged_keeps_no_score_and_the_other_keeps_theirs(club: MakeClub) -> None:
    shop = scored(club(CLUB), "2026-01-01", segment="loyal")
    scored(shop, "2026-01-01", customer="bob", segment="lost")
    shop.happens("merge", "2026-01-02", "bob", into="ann")
    assert says(shop) == {"rfm": {"segment": "loyal"}}
    assert says(shop, "bob") == {}
    # What is said of one of them from now on is said of both.
    scored(shop, "2026-01-03", customer="bob", segment="champions")
    assert says(shop) == {"rfm": {"segment": "champions"}}
    shop.happens("split", "2026-01-04", customer_id="bob")
    assert (says(shop), says(shop, "bob")) == ({"rfm": {"segment": "champions"}}, {})


def test_a_late_score_never_takes_the_place_of_a_later_one(club: MakeClub) -> None:
    shop = scored(club(f"allow_late: 30 days\n{READERS}"), "2026-01-10", segment="lost")
    event = shop.event("scored", "2026-01-05", score="rfm", values={"segment": "champions"})
    after, outcome = step(shop.program, shop.states["ann"], event)
    assert [one.reason for one in outcome.decisions] == ["they were scored later than that"]
    assert after.life.scores == shop.states["ann"].life.scores


def test_another_ruleset_reads_what_it_can_of_a_score(club: MakeClub) -> None:
    """Of the same strategy, what it still says; of another, nothing."""
    shop = scored(club(READERS), "2026-01-01", segment="loyal", frequency=4)
    packed = pack_state(shop.program, shop.states["ann"])

    def read(text: str) -> dict[str, dict[str, object]]:
        other = club(text)
        state = unpack_state(other.program, packed, list)
        assert state.life.scores == shop.states["ann"].life.scores
        other.states["ann"] = state
        other.happens("purchase", "2026-02-01", amount=1)
        return {"fired": other.fired}

    thirds = """
events: {purchase: {amount: money}}
scores:
  rfm: {event: purchase, amount: amount, grades: 3, segments: {gold: {recency: 3}}}
rules:
  a: {on: purchase, when: missing(score.rfm.segment), then: [{issue: {voucher: v}}]}
  b: {on: purchase, when: score.rfm.frequency == 4, then: [{issue: {voucher: v}}]}
"""
    assert read(thirds) == {"fired": ["a", "b"]}
    by_abc = """
events: {purchase: {amount: money}}
scores:
  rfm: {strategy: abc, event: purchase, amount: amount}
rules:
  a: {on: purchase, when: missing(score.rfm.value_class), then: [{issue: {voucher: v}}]}
"""
    assert read(by_abc) == {"fired": ["a"]}
