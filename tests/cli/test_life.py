"""What the command line tells of triggers, tiers and stages: of a customer, and why not."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Cli = Callable[..., Any]

CLUB = """\
program: club
timezone: Europe/Oslo
customer: {vip: flag, birthday: date}
events: {purchase: {amount: money}, praise: {}, complaint: {}, joined: {birthday: date}}
metrics: {spend: {sum: purchase.amount, over: 365 days}, orders: {count: purchase}}
wallets: {beans: {expires: 1 year}}
triggers:
  quiet: {silence: purchase, for: 30 days, when: orders > 1 and weekday == 'sunday'}
  asked: {after: purchase, wait: 3 days, unless: complaint}
  back: {after: complaint, then: purchase, within: 14 days}
  near: {anniversary: birthday, before: 7 days}
  opening: {once: 2026-01-02}
  big: {metric: spend, rises_to: 500}
  poor: {metric: spend, falls_below: 100}
  fading: {expires: beans, before: 14 days}
  ending: {ends: card, before: 3 days}
tiers:
  club:
    by: spend
    levels:
      bronze:
      silver: 100
      gold: {at_least: 500, any: {orders: 5, spend: 2000}, when: vip}
    keep: 60 days
stages:
  lead: {responsible: The shop}
  client: {enter: orders >= 2, dwell: 90 days, responsible: Ann Oe}
  friend: {enter: {on: praise, when: spend > 50}, leave: {to: client, on: complaint}}
offers:
  card: {lasts: 9 days, open: {on: complaint}, reach: {count: purchase, at_least: 9}}
rules:
  birthday: {on: joined, then: [{set: {birthday: birthday}}]}
  ask:
    on: [asked, quiet, near, back, opening, big, poor, fading, ending]
    then: [{set: {tags.asked: true}}]
"""

EVENTS = """\
{"id": "a1", "customer": "ann", "type": "purchase", "time": "2026-01-01T12:00", "amount": 60}
{"id": "a2", "customer": "ann", "type": "purchase", "time": "2026-01-02T12:00", "amount": 60}
{"id": "b1", "customer": "bob", "type": "joined", "time": "2026-01-02T12:00", \
"birthday": "1990-05-08"}
{"id": "b2", "customer": "bob", "type": "complaint", "time": "2026-01-03T12:00"}
{"id": "a3", "customer": "ann", "type": "praise", "time": "2026-01-07T12:00"}
"""


@pytest.fixture(scope="module")
def db(folded: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    return folded(tmp_path_factory.mktemp("club"), CLUB, EVENTS)


def told(cli: Cli, db: Path, customer: str, rule: str, *more: str) -> list[str]:
    """What is said of the rule, line by line, under the head of the event."""
    said = cli("explain", "--db", db, "--customer", customer, "--rule", rule, *more)
    assert said.status == 0, said.err
    assert "warning" not in said.out
    head, tree = said.out.split("\n\n")
    assert head.count("\n") == 1
    return [line.rstrip() for line in tree.splitlines()]


# --- triggers ---------------------------------------------------------------------------------


def test_a_trigger_tells_when_it_is_due_and_what_it_comes_on_then(cli: Cli, db: Path) -> None:
    assert told(cli, db, "ann", "triggers.quiet") == [
        (
            "triggers.quiet did not decide here: due 2026-02-01T11:00:00Z, counted from "
            "2026-01-02T11:00:00Z"
        ),
        "└── ✓ orders > 1 and weekday == 'sunday'",
        "    ├── ✓ orders > 1",
        "    │   └── orders = 2",
        "    └── ✓ weekday == 'sunday'",
        "        └── weekday = sunday",
    ]


@pytest.mark.parametrize(
    ("customer", "trigger", "now"),
    [
        ("bob", "quiet", "no timer is set; the next purchase sets one"),
        ("ann", "asked", "no timer is set; the next purchase sets one"),
        ("ann", "back", "no complaint waits for purchase"),
        ("bob", "back", "waits for purchase until 2026-01-17T11:00:00Z"),
        ("ann", "near", "birthday is missing"),
        ("bob", "near", "due 2026-04-30T22:00:00Z, counted from 2026-01-02T11:00:00Z"),
        ("ann", "opening", "it does not come again"),
        ("ann", "fading", "no beans expire that were not told of"),
        ("ann", "ending", "no card is open that ends and was not told of"),
        ("bob", "ending", "due 2026-01-09T11:00:00Z, counted from 2026-01-03T11:00:00Z"),
    ],
)
def test_a_trigger_tells_what_it_waits_for(
    cli: Cli, db: Path, customer: str, trigger: str, now: str
) -> None:
    first, *_ = told(cli, db, customer, f"triggers.{trigger}")
    assert first == f"triggers.{trigger} did not decide here: {now}"


def test_of_several_timers_all_are_told(cli: Cli, db: Path) -> None:
    assert told(cli, db, "ann", "triggers.asked", "--event", "a2") == [
        (
            "triggers.asked did not decide here: due 2026-01-04T11:00:00Z, counted from "
            "2026-01-01T11:00:00Z, the first of 2"
        ),
        "└── also due 2026-01-05T11:00:00Z, counted from 2026-01-02T11:00:00Z",
    ]


def test_a_line_is_drawn_with_the_figure(cli: Cli, db: Path) -> None:
    assert told(cli, db, "ann", "triggers.big") == [
        "triggers.big did not decide here: the line is not crossed yet",
        "└── ✗ spend >= 500",
        "    └── spend = 120.00",
    ]
    first, *_ = told(cli, db, "bob", "triggers.poor")
    assert first.endswith("the line is crossed already; it comes once it is crossed anew")


def test_the_event_of_a_trigger_tells_what_brought_it_about(cli: Cli, db: Path) -> None:
    said = cli("explain", "--db", db, "--customer", "ann", "--rule", "ask").out
    assert said.startswith("asked of customer ann, 2026-01-05T11:00:00Z\nemitted by triggers.asked")
    (decision,) = cli(
        "decisions", "list", "--db", db, "--rule", "triggers.asked", "--limit", "1", "--json"
    ).json
    assert decision["id"][:12] in said
    cause = cli("explain", "--db", db, decision["id"]).out
    assert "✓ triggers.asked: the trigger came\n" in cause
    assert "→ event asked for ann\n" in cause


# --- tiers ------------------------------------------------------------------------------------


def test_a_ladder_tells_what_is_missing(cli: Cli, db: Path) -> None:
    assert told(cli, db, "ann", "tiers.club") == [
        (
            "tiers.club did not decide here: at silver since 2026-01-02T11:00:00Z, kept until "
            "2026-03-03T11:00:00Z"
        ),
        "├── to reach gold",
        "│   ├── ✗ spend: 120.00 of 500.00, 380.00 missing",
        "│   ├── ✗ vip",
        "│   └── ✗ one of",
        "│       ├── ✗ orders: 2 of 5, 3 missing",
        "│       └── ✗ spend: 120.00 of 2000.00, 1880.00 missing",
        "├── to stay at silver",
        "│   └── ✓ spend: 120.00 of 100.00",
        "└── at silver from 2026-03-03T11:00:00Z on, if nothing happens until then",
    ]


def test_where_it_was_moved_the_decision_stands_beside_what_is_to_come(cli: Cli, db: Path) -> None:
    lines = told(cli, db, "ann", "tiers.club", "--event", "a2")
    assert lines[0].startswith("✓ tiers.club: ")
    assert any("→ club silver until 2026-03-03T11:00:00Z (was bronze)" in line for line in lines)
    assert "├── now at silver since 2026-01-02T11:00:00Z, kept until 2026-03-03T11:00:00Z" in lines
    assert "├── to reach gold" in lines


# --- stages -----------------------------------------------------------------------------------


def test_a_stage_tells_the_ways_to_it(cli: Cli, db: Path) -> None:
    assert told(cli, db, "ann", "stages.friend") == [
        (
            "stages.friend did not decide here: in client since 2026-01-02T11:00:00Z, "
            "at least until 2026-04-02T11:00:00Z"
        ),
        "└── ✓ to friend on praise when spend > 50",
        "    └── spend = 120.00",
    ]
    assert told(cli, db, "bob", "stages.client") == [
        "stages.client did not decide here: in lead since 2026-01-02T11:00:00Z",
        "└── ✗ to client when orders >= 2",
        "    └── orders = 0",
    ]
    assert told(cli, db, "bob", "stages.friend")[1:] == [
        "└── ✗ to friend on praise when spend > 50"
    ]


def test_a_stage_that_no_way_leads_to_tells_the_others(cli: Cli, db: Path) -> None:
    first, *ways = told(cli, db, "ann", "stages.lead")
    assert first.endswith("; no way leads from there to lead")
    assert ways[0] == "└── ✓ to friend on praise when spend > 50"


# --- in JSON, and where there is nothing ------------------------------------------------------


def test_machines_get_what_is_to_come_too(cli: Cli, db: Path) -> None:
    said = cli("explain", "--db", db, "--customer", "ann", "--rule", "tiers.club", "--json").json
    (section,) = said["sections"]
    assert (section["rule"], section["verdict"]) == ("tiers.club", "not true")
    tier = section["prospect"]["tier"]
    assert (tier["level"], tier["next"]) == ("silver", "gold")
    assert tier["to_next"][0]["missing"] == "380.00"
    assert said["rules"] == []


def test_a_slip_in_its_name_is_told(cli: Cli, db: Path) -> None:
    said = cli("explain", "--db", db, "--customer", "ann", "--rule", "tiers.clbu")
    assert said.status == 2
    assert "there is no rule 'tiers.clbu'; did you mean 'tiers.club'?" in said.err


# --- a customer -------------------------------------------------------------------------------


def test_a_customer_shows_where_they_stand(cli: Cli, db: Path) -> None:
    ann = cli("customer", "show", "ann", "--db", db, "--json").json
    assert (ann["tiers"], ann["stage"], ann["timers"]) == (
        {
            "club": {
                "level": "silver",
                "since": "2026-01-02T11:00:00Z",
                "until": "2026-03-03T11:00:00Z",
                "grace": None,
            }
        },
        {"stage": "client", "since": "2026-01-02T11:00:00Z", "responsible": "Ann Oe"},
        [{"trigger": "quiet", "due": "2026-02-01T11:00:00Z", "since": "2026-01-02T11:00:00Z"}],
    )
    lines = [
        " ".join(line.split())
        for line in cli("customer", "show", "ann", "--db", db).out.splitlines()
    ]
    assert "club silver 2026-01-02T11:00:00Z 2026-03-03T11:00:00Z" in lines
    assert "client 2026-01-02T11:00:00Z Ann Oe" in lines
    assert "2026-02-01T11:00:00Z quiet 2026-01-02T11:00:00Z" in lines
