"""Rule tests of triggers, tiers and stages: where customers begin, what comes, and why not."""

from __future__ import annotations

from pathlib import Path

import pytest

from loyalcore.errors import RulesetInvalid
from runner.suites import covered, load, outcome, told, why

CLUB = """\
program: club
timezone: Europe/Oslo
customer: {vip: flag}
events: {purchase: {amount: money}, praise: {}, complaint: {}}
metrics: {spend: {sum: purchase.amount, over: 365 days}, orders: {count: purchase}}
wallets: {beans: {}}
triggers:
  quiet: {silence: purchase, for: 30 days, when: orders > 1}
  asked: {after: purchase, wait: 3 days, unless: complaint}
  unheard: {silence: praise, for: 1 year}
tiers:
  club:
    by: spend
    levels: {bronze: , silver: 100, gold: {at_least: 500, when: vip}}
    keep: 60 days
    grace: 10 days
stages:
  lead:
  client: {enter: orders >= 2}
  friend: {enter: {on: praise, when: spend > 50}, leave: {to: client, on: complaint}}
rules:
  miss: {on: quiet, then: [{earn: {beans: 5}}]}
  ask: {on: asked, then: [{earn: {beans: 1}}]}
"""


def bought(*amounts: int, expect: str, customer: str = "") -> str:
    """A test of a customer who buys on the 1st, 2nd ... of January."""
    events = "".join(
        f"      - {{type: purchase, time: 2026-01-{day:02}T12:00, amount: {amount}}}\n"
        for day, amount in enumerate(amounts, start=1)
    )
    begin = f"    customer: {{{customer}}}\n" if customer else ""
    return f"  one:\n{begin}    events:\n{events}    expect:\n{expect}"


# --- what is expected -------------------------------------------------------------------------


def test_levels_stages_and_triggers_are_seen_at_each_point(tmp_path: Path) -> None:
    tests = bought(
        60,
        60,
        expect="""\
      - {at: 2026-01-01, tier: {club: bronze}, stage: lead, decisions: []}
      - {at: 2026-01-02, tier: {club: silver}, stage: client, decisions: [tiers.club, \
stages.client]}
      - {at: 2026-01-04, decisions: [triggers.asked, ask]}
      - {at: 2026-02-01T11:59:59, decisions: [triggers.asked, ask], balance: {beans: 2}}
      - {at: 2026-02-01T12:00, decisions: [triggers.quiet, miss]}
""",
    )
    assert told(outcome(tmp_path, CLUB, tests)) == []


def test_who_begins_at_the_base_in_the_first_stage_has_moved_nowhere(tmp_path: Path) -> None:
    tests = bought(1, expect="      nothing\n")
    assert told(outcome(tmp_path, CLUB, tests)) == []
    named = bought(1, expect="      {decisions: [stages.lead]}\n")
    assert told(outcome(tmp_path, CLUB, named)) == []


def test_a_trigger_that_nothing_is_on_need_not_be_named(tmp_path: Path) -> None:
    tests = """
  one:
    events: [{type: praise, time: 2026-01-01T12:00}]
    expect:
      - {at: 2027-01-01T11:59, decisions: []}
      - {at: 2027-01-01T12:00, decisions: EXPECTED}
"""
    for expected in ("[]", "[triggers.unheard]"):
        assert told(outcome(tmp_path, CLUB, tests.replace("EXPECTED", expected))) == []
    assert told(outcome(tmp_path, CLUB, tests.replace("EXPECTED", "[triggers.asked]"))) != []


def test_no_level_is_expected_as_none(tmp_path: Path) -> None:
    ruleset = CLUB.replace("{bronze: , silver", "{silver")
    for none in ("null", "none"):
        tests = bought(1, expect=f"      {{tier: {{club: {none}}}}}\n")
        assert told(outcome(tmp_path, ruleset, tests)) == []
    tests = bought(100, expect="      {tier: {club: none}}\n")
    assert told(outcome(tmp_path, ruleset, tests)) == ["tier.club: None > silver"]


# --- who they are at the start ----------------------------------------------------------------


def test_a_level_that_somebody_has_is_kept_from_then_on_as_the_ladder_says(tmp_path: Path) -> None:
    tests = bought(
        1,
        customer="tier: {club: {level: silver, since: 2025-12-01}}",
        expect="""\
      - {at: 2026-01-01, tier: {club: silver}}
      - {at: 2026-01-29, decisions: [triggers.asked, ask]}
      - {at: 2026-01-30, tier: {club: silver}, decisions: [tiers.club]}
      - {at: 2026-02-08, tier: {club: silver}}
      - {at: 2026-02-09, tier: {club: bronze}, decisions: [tiers.club]}
""",
    )
    assert told(outcome(tmp_path, CLUB, tests)) == []


def test_an_end_may_be_said_and_lie_before_the_first_event(tmp_path: Path) -> None:
    level = "level: gold, since: 2025-01-01, until: 2025-12-20"
    tests = bought(
        1,
        customer=f"tier: {{club: {{{level}}}}}",
        expect="""\
      - {at: 2025-12-19, tier: {club: gold}, decisions: []}
      - {at: 2025-12-29, tier: {club: gold}, decisions: [tiers.club]}
      - {at: 2025-12-30, tier: {club: silver}, decisions: [tiers.club]}
      - {at: 2026-01-01, tier: {club: silver}, decisions: []}
""",
    )
    assert told(outcome(tmp_path, CLUB, tests)) == []


def test_a_level_and_a_stage_by_name_alone_hold_from_the_first_event_on(tmp_path: Path) -> None:
    tests = """
  one:
    customer: {tier: {club: gold}, stage: friend}
    events: [{type: complaint, time: 2026-01-01T12:00}]
    expect:
      - {at: 2026-01-01, tier: {club: gold}, stage: client, decisions: [stages.client]}
      - {at: 2026-03-01, tier: {club: gold}}
      - {at: 2026-03-02, decisions: [tiers.club]}
"""
    assert told(outcome(tmp_path, CLUB, tests)) == []


def test_the_same_goes_for_other_customers(tmp_path: Path) -> None:
    tests = """
  one:
    others: {bob: {tier: {club: silver}, stage: {stage: friend, since: 2020-01-01}}}
    customer: {id: ann}
    events: [{type: praise, time: 2026-01-01T12:00, customer: bob}]
    expect: [{of: bob, tier: {club: silver}, stage: friend}]
"""
    assert told(outcome(tmp_path, CLUB, tests)) == []


# --- slips ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("tests", "problem"),
    [
        (
            bought(1, expect="      {tier: {clbu: gold}}\n"),
            "6:15: error: there is no tier ladder 'clbu' (did you mean 'club'?)",
        ),
        (
            bought(1, expect="      {tier: {club: gild}}\n"),
            "6:15: error: there is no level 'gild' (did you mean 'gold'?)",
        ),
        (
            bought(1, expect="      {stage: clint}\n"),
            "6:8: error: there is no stage 'clint' (did you mean 'client'?)",
        ),
        (
            bought(1, customer="tier: {club: gild}", expect="      nothing\n"),
            "3:23: error: there is no level 'gild' (did you mean 'gold'?)",
        ),
        (
            bought(1, customer="stage: {stage: freind}", expect="      nothing\n"),
            "3:16: error: there is no stage 'freind' (did you mean 'friend'?)",
        ),
        (
            bought(1, customer="stage: {stage: friend, sinc: 1}", expect="      nothing\n"),
            "did you mean 'since'?",
        ),
        (
            bought(1, customer="tier: {club: {levl: gold}}", expect="      nothing\n"),
            "'level' is missing in tests one customer tier club",
        ),
        (
            bought(1, customer="stage: {stage: lead, since: soon}", expect="      nothing\n"),
            "3:44: error: ",
        ),
        (
            bought(1, customer="stage: {stage: lead, since: 2027-01-01}", expect="      nothing\n"),
            "3:44: error: this is later than the first event [bad-test]",
        ),
        (
            bought(1, expect="      {decisions: [triggers.quite]}\n"),
            "there is no rule 'triggers.quite' (did you mean 'triggers.quiet'?)",
        ),
        (
            "  one:\n    events: [{type: quiet, time: 2026-01-01T12:00}]\n    expect: nothing\n",
            "3:21: error: only the program itself makes events of type quiet [bad-test]",
        ),
    ],
)
def test_a_slip_is_told_at_its_place(tmp_path: Path, tests: str, problem: str) -> None:
    with pytest.raises(RulesetInvalid) as invalid:
        load(tmp_path, CLUB, tests)
    (only, *_) = invalid.value.problems
    assert problem in str(only)


def test_a_program_without_tiers_and_stages_knows_none(tmp_path: Path) -> None:
    ruleset = "program: club\nevents: {purchase: {amount: money}}\n"
    tests = bought(1, customer="tier: {club: gold}", expect="      {stage: lead}\n")
    with pytest.raises(RulesetInvalid) as invalid:
        load(tmp_path, ruleset, tests)
    said = [str(problem).partition("error: ")[2] for problem in invalid.value.problems]
    assert said == [
        "there is no tier ladder 'club' (known here: none) [unknown-name]",
        "there is no stage 'lead' (known here: none) [unknown-name]",
    ]


# --- why not ----------------------------------------------------------------------------------


def test_a_trigger_that_did_not_come_tells_when_it_would(tmp_path: Path) -> None:
    tests = bought(5, 5, expect="      {at: 2026-01-20, decisions: [triggers.quiet, miss]}\n")
    reasons = why(outcome(tmp_path, CLUB, tests))
    assert "triggers.quiet: due 2026-02-01T11:00:00Z, counted from 2026-01-02T11:00:00Z" in reasons
    assert "miss is on quiet; no such event came" in reasons


def test_a_trigger_that_was_due_and_did_not_come_shows_its_condition(tmp_path: Path) -> None:
    tests = bought(5, expect="      {at: 2026-02-20, decisions: [triggers.asked, ask, miss]}\n")
    result = outcome(
        tmp_path,
        CLUB,
        tests.replace("[triggers.asked, ask, miss]", "[triggers.asked, ask, triggers.quiet]"),
    )
    (failure,) = result.failures
    first, second = failure.reasons
    assert first.text == (
        "triggers.quiet was due at the due of 2026-01-31 12:00, but not on its condition"
    )
    assert first.drawing is not None
    assert [(part.text, part.value) for part in first.drawing.parts] == [("orders", 1)]
    assert second.text == "triggers.quiet: no timer is set; the next purchase sets one"


def test_a_level_that_was_not_reached_tells_what_is_missing(tmp_path: Path) -> None:
    tests = bought(60, expect="      {tier: {club: silver}}\n")
    result = outcome(tmp_path, CLUB, tests)
    assert told(result) == ["tier.club: silver > bronze"]
    assert why(result) == [
        "tiers.club: at bronze since 2026-01-01T11:00:00Z",
        "to reach silver, spend: 60.00 of 100.00 is not enough",
    ]


def test_a_stage_that_was_not_entered_tells_the_ways(tmp_path: Path) -> None:
    tests = bought(60, expect="      {stage: friend}\n")
    result = outcome(tmp_path, CLUB, tests)
    assert told(result) == ["stage: friend > lead"]
    assert why(result) == [
        "stages.friend: in lead since 2026-01-01T11:00:00Z",
        "to friend on praise when spend > 50, which is not so",
    ]
    again = outcome(tmp_path, CLUB, bought(60, expect="      {stage: client}\n"))
    ((failure,), (_, way)) = again.failures, again.failures[0].reasons
    assert way.text == "to client when orders >= 2, which is not so"
    assert way.drawing is not None
    assert way.drawing.parts[0].value == 1
    assert failure.point == ""


# --- coverage ---------------------------------------------------------------------------------


def test_every_trigger_level_and_stage_is_to_be_tried(tmp_path: Path) -> None:
    coverage = covered(load(tmp_path, CLUB, bought(60, 60, expect="      {stage: client}\n")))
    of_life = [gap for gap in coverage.gaps if "." in gap.rule]
    assert [tuple(gap) for gap in of_life] == [
        ("triggers.quiet", "never happened", ""),
        ("triggers.asked", "never happened", ""),
        ("stages.friend", "never happened", ""),
        ("tiers.club", "never entered", "gold"),
    ]


def test_a_level_that_an_operator_gives_is_tried_too(tmp_path: Path) -> None:
    tests = """
  one:
    events:
      - {type: set_tier, time: 2026-01-01T12:00, ladder: club, level: gold}
      - {type: set_stage, time: 2026-01-01T12:00, to: friend}
    expect: {decisions: [events.set_tier, events.set_stage], tier: {club: gold}, stage: friend}
"""
    assert told(outcome(tmp_path, CLUB, tests)) == []
    coverage = covered(load(tmp_path, CLUB, tests))
    assert not {("tiers.club", "gold"), ("stages.friend", "")} & {
        (gap.rule, gap.condition) for gap in coverage.gaps
    }
